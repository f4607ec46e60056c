"""SHAP of 10,000 rows on one thread: shap_bench against the installed XGBoost wheel, the same trees.

Usage: shap_peer.py PATH_TO_SHAP_BENCH. Needs the newest `xgboost` or `xgboost-cpu` wheel and numpy.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import xgboost


def main():
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        subprocess.run([sys.argv[1], "--export", folder], check=True)
        native = json.loads((folder / "seconds.json").read_text())
        rows = np.fromfile(folder / "rows.f64").reshape(10000, -1).astype(np.float32)
        matrix = xgboost.DMatrix(rows)
        for name in ("boosted", "forest"):
            shap = np.zeros((len(rows), rows.shape[1]))
            seconds = 0.0
            for fold in range(3):
                booster = xgboost.Booster(model_file=str(folder / f"{name}{fold}.json"))
                booster.set_param({"nthread": 1})
                best = np.inf
                for _ in range(2):
                    start = time.perf_counter()
                    values = booster.predict(matrix, pred_contribs=True)
                    best = min(best, time.perf_counter() - start)
                seconds += best
                shap += values[:, :-1] / 3
            ours = np.fromfile(folder / f"{name}.shap.f64").reshape(shap.shape)
            difference = np.abs(ours - shap).max()
            assert difference < 5e-5, f"{name}: the values differ by {difference}"
            print(f"SHAP of 10,000 rows, {name}: {native[name]:.3f} s against {seconds:.3f} s of xgboost "
                  f"{xgboost.__version__}: {seconds / native[name]:.1f}x (wanted: 1.5x)")


if __name__ == "__main__":
    main()
