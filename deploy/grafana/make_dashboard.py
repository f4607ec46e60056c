#!/usr/bin/env python3
"""Writes dashboards/plant-risk-overview.json: ten panels in three rows as operators know them, then skill and warnings.

A dashboard is one long JSON file with little to read in it; this is the part that a person changes.
"""

import json
from pathlib import Path

SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def panel(kind, title, description, unit, targets, place, **more):
    x, y, w, h = place
    defaults = {"unit": unit, "min": 0, **more.pop("defaults", {})}
    return {"type": kind, "title": title, "description": description, "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": w, "h": h},
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": more.pop("options", {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                                            "tooltip": {"mode": "multi", "sort": "desc"}}),
            "targets": [{"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
                        for i, (expr, legend) in enumerate(targets)], **more}


def series(title, description, unit, targets, place, stacked=False):
    custom = {"drawStyle": "line", "fillOpacity": 20 if stacked else 0, "lineWidth": 1,
              "stacking": {"mode": "normal" if stacked else "none"}}
    return panel("timeseries", title, description, unit, targets, place, defaults={"custom": custom})


def p95(metric, by):
    return f"histogram_quantile(0.95, sum by (le{by}) (rate({metric}_bucket[$__rate_interval])))"


SINGLE = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
# The bands are shares of the served model's own threshold: 1 is the threshold.
RISK_BANDS = {"mode": "absolute", "steps": [{"color": "#8a8f98", "value": None}, {"color": "#e0a100", "value": 0.7},
                                           {"color": "#d0342c", "value": 1}]}
PANELS = [
    panel("gauge", "Last risk, in thresholds", "The newest risk score of /predict divided by the threshold of the model in "
          "use: from 1 on it is an alarm.", "none",
          [("max(inference_last_risk_score) / max(inference_threshold)", "risk")], (0, 0, 8, 8), options=SINGLE,
          defaults={"max": 2, "decimals": 2, "thresholds": RISK_BANDS}),
    series("Inference requests", "Predictions answered a second.", "reqps",
           [("sum(rate(inference_requests_total[$__rate_interval]))", "/predict")], (8, 0, 8, 8)),
    series("High-risk predictions", "Predictions a second whose risk was .7 or more.", "reqps",
           [("sum(rate(inference_high_risk_total[$__rate_interval]))", "high risk")], (16, 0, 8, 8)),
    series("Latency, 95th percentile", "Of /predict inside the inference service, and of the gateway's inference calls by "
           "type.", "s", [(p95("inference_latency_seconds", ""), "inference"),
                          (p95("gateway_infer_latency_seconds", ", type"), "gateway {{type}}")], (0, 8, 8, 8)),
    panel("stat", "Requests in this range", "How often each was asked in the dashboard's time range.", "short",
          [("sum(increase(inference_requests_total[$__range]))", "predict"),
           ("sum by (horizon) (increase(forecast_requests_total[$__range]))", "forecast {{horizon}}"),
           ("sum by (type) (increase(gateway_infer_total[$__range]))", "gateway {{type}}")], (8, 8, 8, 8), options=SINGLE,
          defaults={"decimals": 0}),
    series("Gateway inferences by type", "Successful inferences through the gateway a second, stacked.", "reqps",
           [("sum by (type) (rate(gateway_infer_total[$__rate_interval]))", "{{type}}")], (16, 8, 8, 8), stacked=True),
    series("Gateway latency by type, 95th percentile", "From request to stored answer.", "s",
           [(p95("gateway_infer_latency_seconds", ", type"), "{{type}}")], (0, 16, 6, 8)),
    series("Live readings served", "GET /sensors/live a second.", "reqps",
           [("sum(rate(sensor_live_reads_total[$__rate_interval]))", "live")], (6, 16, 6, 8)),
    series("History reads served", "GET /sensors/history a second.", "reqps",
           [("sum(rate(sensor_history_reads_total[$__rate_interval]))", "history")], (12, 16, 6, 8)),
    series("Scenario activations", "How often each scenario was switched on, an hour.", "short",
           [("sum by (scenario) (increase(sensor_scenario_activations_total[1h]))", "{{scenario}}")], (18, 16, 6, 8)),
    panel("table", "Models in service", "Every served name with its version. Skill: 1 beats the trivial baselines, 0 not "
          "shown, -1 worse than trivial.", "none",
          [("inference_model_skill * on (name) group_left (version) inference_model_info", "")], (0, 24, 12, 8),
          options={"showHeader": True}, transformations=[{"id": "organize", "options": {
              "excludeByName": {"Time": True, "instance": True, "job": True, "__name__": True}}}]),
    series("Warnings", "Active now by horizon, and raised an hour.", "short",
           [("max by (horizon) (gateway_warnings_active)", "active {{horizon}}"),
            ("sum by (horizon) (increase(gateway_warnings_total[1h]))", "raised {{horizon}}")], (12, 24, 12, 8)),
]
for panel_id, each in enumerate(PANELS, 1):
    each["id"] = panel_id
    for target in each["targets"]:
        if each["type"] == "table":
            target |= {"format": "table", "instant": True}

DASHBOARD = {
    "uid": "plant-risk-overview", "title": "Plant Alarm Risk Overview", "tags": ["forewarn"], "schemaVersion": 39,
    "version": 1, "editable": False, "refresh": "15s", "time": {"from": "now-1h", "to": "now"}, "timezone": "browser",
    "templating": {"list": [{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus",
                             "current": {"text": "Prometheus", "value": "prometheus"}}]},
    "annotations": {"list": []}, "panels": PANELS,
}

if __name__ == "__main__":
    out = Path(__file__).parent / "dashboards" / "plant-risk-overview.json"
    out.write_text(json.dumps(DASHBOARD, indent=1) + "\n")
