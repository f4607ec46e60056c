"""The rules and every expression of the dashboard against a real Prometheus that scrapes a real `up`; an alert on its
way to a real Alertmanager."""

import json
import shutil
import subprocess
import urllib.parse
import urllib.request

import pytest
import yaml
from services import Up
from stack import ROOT, Component, answers, call, free_port, running, wait_until

DEPLOY = ROOT / "deploy"
JOBS = {"inference-api": "inference", "frontend-api": "gateway", "mock-sensor-api": "sensors"}


@pytest.fixture(scope="module")
def monitored(trained, tmp_path_factory):
    """`up` after some traffic, Prometheus beside it with the deployed jobs and rules, one second apart."""
    folder = tmp_path_factory.mktemp("prometheus")
    data = shutil.copytree(trained, folder / "data")
    up = Up(data, "--seconds-per-hour", "0.2", log=folder / "up.log")
    alerts, port = free_port(), free_port()
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    assert {c["job_name"] for c in config["scrape_configs"]} == set(JOBS)
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    for job in config["scrape_configs"]:
        job["static_configs"] = [{"targets": [f"127.0.0.1:{up.ports[JOBS[job['job_name']]]}"]}]
    config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [f"127.0.0.1:{alerts}"]}]}]
    rules = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule.pop("for", None)  # nobody waits for minutes here
    (folder / "rules.yml").write_text(yaml.safe_dump(rules))
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    manager = Component(["prometheus-alertmanager", f"--config.file={DEPLOY}/alertmanager/alertmanager.yml",
                         f"--storage.path={folder}/alerts", f"--web.listen-address=127.0.0.1:{alerts}",
                         "--cluster.listen-address="], folder / "alertmanager.log")
    prometheus = Component(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
                            f"--web.listen-address=127.0.0.1:{port}"], folder / "prometheus.log")
    prometheus.url, manager.url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{alerts}"
    prometheus.up, prometheus.manager = up, manager
    with running(manager, answers(manager.url + "/-/ready")), up, running(prometheus, answers(prometheus.url + "/-/ready")):
        yield prometheus


def query(prometheus, expression):
    reply = call(f"{prometheus.url}/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
    assert reply["status"] == "success"
    return reply["data"]["result"]


def use_everything(up, head):
    """One of each request that a panel counts."""
    row = {"features": {"te301020": 109.8, "pdt31008": 340, "lt301031": 8}}
    call(up.url("inference") + "/predict", row)
    call(up.url() + "/infer/predict", row, head)
    hours = [{"te301020": 107.0 + i / 10, "pdt31008": 220.0 + i, "pdt31001": 6.2, "pdt31007": 53, "fq31050": 84,
              "lt301031": 47 - i, "lic31012_pv": 80, "lic31002_pv": 70, "fic31011_pv": 413} for i in range(12)]
    for horizon in (1, 3, 6):
        call(up.url("inference") + "/forecast", {"recent_observations": hours, "horizon": horizon})
    call(up.url() + "/infer/forecast", {"recent_observations": hours, "horizon": 1}, head)
    call(up.url("sensors") + "/sensors/live")
    call(up.url("sensors") + "/sensors/history?limit=10")
    call(up.url("sensors") + "/scenarios/activate", {"name": "multi_alarm"})


def expressions():
    board = json.loads((DEPLOY / "grafana" / "dashboards" / "plant-risk-overview.json").read_text())
    panels = [p for p in board["panels"] if p["type"] != "row"]
    return [(p["title"], t["expr"].replace("$__rate_interval", "1m").replace("$__range", "5m"))
            for p in panels for t in p.get("targets", [])]


def test_promtool_accepts_the_configuration_and_the_rules_tests():
    for arguments in (["check", "rules", "rules.yml"], ["test", "rules", "rules_test.yml"]):
        done = subprocess.run(["promtool", *arguments], cwd=DEPLOY / "prometheus", capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("service", sorted(JOBS.values()))
def test_promtool_has_nothing_against_the_metrics(monitored, service):
    with urllib.request.urlopen(monitored.up.url(service) + "/metrics", timeout=10) as reply:
        done = subprocess.run(["promtool", "check", "metrics"], input=reply.read(), capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_all_three_services_are_scraped(monitored):
    wait_until(lambda: {r["metric"]["job"] for r in query(monitored, "up == 1")} == set(JOBS))


def test_every_expression_of_the_dashboard_gives_data(monitored):
    head = monitored.up.sign_in()
    missing = {expression: title for title, expression in expressions()}
    assert len(missing) >= 14

    def all_there():
        use_everything(monitored.up, head)
        for expression in list(missing):
            values = [float(r["value"][1]) for r in query(monitored, expression)]
            if any(v == v for v in values):
                missing.pop(expression)
        return not missing

    try:
        wait_until(all_there, seconds=60)
    except TimeoutError:
        pytest.fail(f"no data for {missing}")


def test_every_rule_can_be_evaluated_and_reads_metrics_that_are_there(monitored):
    groups = call(monitored.url + "/api/v1/rules")["data"]["groups"]
    rules = [r for g in groups for r in g["rules"]]
    assert len(rules) >= 7
    wait_until(lambda: all(r["health"] == "ok" for g in call(monitored.url + "/api/v1/rules")["data"]["groups"]
                           for r in g["rules"]))
    for metric in ("inference_model_info", "inference_model_skill", "inference_latency_seconds_bucket",
                   "gateway_plant_stale", "gateway_warnings_active", "gateway_warnings_total"):
        assert query(monitored, metric), metric


def test_a_service_that_went_away_is_an_alert_at_alertmanager(monitored):
    monitored.up.kill()

    def told():
        alerts = call(monitored.manager.url + "/api/v2/alerts")
        return {a["labels"]["job"] for a in alerts if a["labels"]["alertname"] == "ForewarnServiceDown"} == set(JOBS)

    wait_until(told, seconds=60)
    monitored.up.start()
    wait_until(lambda: len(query(monitored, "up == 1")) == 3)
