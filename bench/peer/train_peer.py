"""Trains the peer's models from a feature set that `forewarn etl` wrote: `xgboost_calibrated` and the forecasters.

The sizes are the product's (models.md): three time-ordered folds of 200 trees of depth 3; sigmoid calibration of the
classifier, isotonic calibration of the forecasters. Writes boosters as JSON and the rest to peer.json.

Usage: train_peer.py FEATURES_FOLDER OUT_FOLDER
"""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import xgboost
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TimeSeriesSplit

COMMON = {"objective": "binary:logistic", "eta": 0.05, "max_depth": 3, "subsample": 0.8, "min_child_weight": 10,
          "tree_method": "hist", "nthread": 1, "seed": 42, "base_score": 0.5}


def fit_folds(rows, labels, extra, calibrate, out, name):
    folds = []
    for past, later in TimeSeriesSplit(3).split(rows):
        if len(set(labels[past])) < 2 or len(set(labels[later])) < 2:
            continue
        booster = xgboost.train({**COMMON, **extra}, xgboost.DMatrix(rows[past], labels[past]), 200)
        margin = booster.predict(xgboost.DMatrix(rows[later]), output_margin=True)
        file = f"{name}_{len(folds)}.json"
        booster.save_model(out / file)
        folds.append({"file": file, **calibrate(margin, labels[later])})
    return folds


def sigmoid(margin, labels):
    fit = LogisticRegression(C=1e6).fit(margin.reshape(-1, 1), labels)
    return {"a": float(fit.coef_[0, 0]), "b": float(fit.intercept_[0])}


def isotonic(margin, labels):
    fit = IsotonicRegression(out_of_bounds="clip").fit(margin, labels)
    return {"x": fit.X_thresholds_.tolist(), "y": fit.y_thresholds_.tolist()}


def main():
    features, out = Path(sys.argv[1]), Path(sys.argv[2])
    if (features / "latest").is_dir():
        features = features / "latest"
    out.mkdir(parents=True, exist_ok=True)
    point = json.loads(sys.stdin.read())  # the point features, in order
    train = pq.read_table(features / "train" / "part-0.parquet").to_pandas()
    rows = train[point].to_numpy(np.float32)
    peer = {"features": point, "medians": np.median(rows, axis=0).tolist(), "threshold": 0.5,
            "classifier": fit_folds(rows, train["anomaly_label"].to_numpy(int), {"colsample_bytree": 0.8}, sigmoid, out,
                                    "classifier"),
            "forecasters": {}}
    for hours in (1, 3, 6):
        table = pq.read_table(features / f"windows_{hours}h.parquet").to_pandas()
        labels = table["anomaly_within"].to_numpy(int)
        names = [c for c in table.columns if "_t-" in c or c.endswith(("_t0", "_wmean", "_wstd", "_wtrend"))]
        peer["sensors"] = [c[:-len("_t0")] for c in names if c.endswith("_t0")]
        weight = float((labels == 0).sum() / max(1, (labels == 1).sum()))
        peer["forecasters"][str(hours)] = fit_folds(
            table[names].to_numpy(np.float32), labels, {"colsample_bytree": 0.7, "scale_pos_weight": weight}, isotonic,
            out, f"forecaster_{hours}")
    (out / "peer.json").write_text(json.dumps(peer))


if __name__ == "__main__":
    main()
