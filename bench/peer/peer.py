"""The peer of the HTTP benchmark: what a careful Python team would serve. FastAPI, xgboost and shap over numpy arrays;
no data frame, no tracking server, boosters loaded once. Run with uvicorn, one worker:

    PEER_MODELS=FOLDER uvicorn --app-dir bench/peer peer:app --port PORT --no-access-log
"""

import json
import os
from pathlib import Path

import numpy as np
import shap
import xgboost
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel

FOLDER = Path(os.environ["PEER_MODELS"])
PEER = json.loads((FOLDER / "peer.json").read_text())
FEATURES = PEER["features"]
INDEX = {name: i for i, name in enumerate(FEATURES)}
MEDIANS = np.array(PEER["medians"], np.float32)
SENSORS = PEER["sensors"]
MODEL = {"name": "plant_alarm_champion", "version": 1, "skill": "not judged"}


def load(file):
    booster = xgboost.Booster(model_file=str(FOLDER / file))
    booster.set_param({"nthread": 1})
    return booster


CLASSIFIER = [(load(f["file"]), f["a"], f["b"]) for f in PEER["classifier"]]
EXPLAINERS = [shap.TreeExplainer(booster) for booster, _, _ in CLASSIFIER]
BASE = float(np.mean([np.ravel(e.expected_value)[0] for e in EXPLAINERS]))
FORECASTERS = {int(h): [(load(f["file"]), np.array(f["x"]), np.array(f["y"])) for f in folds]
               for h, folds in PEER["forecasters"].items()}
app = FastAPI(openapi_url=None)


class PointRequest(BaseModel):
    features: dict[str, float]


class ForecastRequest(BaseModel):
    horizon: int = 1
    recent_observations: list[dict[str, float]]


def point_row(features):
    row = MEDIANS.copy()
    given = np.zeros(len(row), bool)
    ignored = []
    for name, value in features.items():
        i = INDEX.get(name)
        if i is None:
            ignored.append(name)
        else:
            row[i] = value
            given[i] = True
    return row.reshape(1, -1), [FEATURES[i] for i in np.flatnonzero(~given)], ignored


def risk_of(row):
    total = 0.0
    for booster, a, b in CLASSIFIER:
        margin = booster.inplace_predict(row, predict_type="margin")[0]
        total += 1.0 / (1.0 + np.exp(-(a * margin + b)))
    return float(total / len(CLASSIFIER))


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.post("/predict")
async def predict(request: PointRequest):
    row, imputed, ignored = point_row(request.features)
    risk = risk_of(row)
    return JSONResponse({"risk_score": risk, "alarm": int(risk >= PEER["threshold"]), "threshold": PEER["threshold"],
                         "status": "ok", "model": MODEL, "imputed": imputed, "ignored": ignored})


@app.post("/forecast")
async def forecast(request: ForecastRequest):
    folds = FORECASTERS.get(request.horizon)
    if folds is None or len(request.recent_observations) < 12:
        raise HTTPException(422, "horizon must be 1, 3 or 6 and at least 12 rows are needed")
    rows = np.array([[row[s] for s in SENSORS] for row in request.recent_observations[-12:]])
    window = np.concatenate([rows.ravel(), rows.mean(axis=0), rows.std(axis=0), rows[-1] - rows[0]])
    window = window.astype(np.float32).reshape(1, -1)
    total = 0.0
    for booster, x, y in folds:
        total += np.interp(booster.inplace_predict(window, predict_type="margin")[0], x, y)
    probability = float(total / len(folds))
    return JSONResponse({"anomaly_probability": probability, "alarm": int(probability >= PEER["threshold"]),
                         "horizon_hours": request.horizon, "n_observations": len(request.recent_observations),
                         "threshold": PEER["threshold"], "status": "ok", "model": MODEL, "ignored": []})


@app.post("/explain")
async def explain(request: PointRequest):
    row, _, _ = point_row(request.features)
    values = np.mean([e.shap_values(row)[0] for e in EXPLAINERS], axis=0)
    order = np.argsort(-np.abs(values))
    return JSONResponse({
        "local_importance": [{"feature": FEATURES[i], "value": float(row[0, i]), "shap_value": float(values[i])}
                             for i in order],
        "base_value": BASE, "output_value": float(BASE + values.sum()), "output": "log-odds", "risk_score": risk_of(row),
        "method": "shap_tree"})
