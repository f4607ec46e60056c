"""Rows for the tests of many: seed.py STORE USER HISTORY WARNINGS, into the store of a stopped forewarn."""

import json
import sqlite3
import sys

store, user, history, warnings = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
base_us = 1_700_000_000_000_000
model = {"name": "seeded", "version": 1, "skill": "skill"}

with sqlite3.connect(store) as db:
    (user_id,) = db.execute("SELECT id FROM users WHERE username = ?", (user,)).fetchone()

    def row(i):
        kind, hours = [("predict", None), ("forecast_3h", 3), ("auto_1h", 1)][i % 3]
        risk = (i * 37 % 1000) / 1000
        result = {"alarm": int(risk >= 0.5), "threshold": 0.5, "status": "ok", "model": model}
        result.update({"risk_score": risk} if hours is None else {"anomaly_probability": risk, "n_observations": 12})
        return (user_id, kind, json.dumps({"seeded": i}), json.dumps(result), base_us + i * 1_000_000)

    db.executemany(
        "INSERT INTO history (user_id, type, input, result, ts_us) VALUES (?, ?, ?, ?, ?)", map(row, range(history))
    )
    # Long before the plant's own time, so that they stand in nobody's way; all ended.
    drivers = json.dumps([{"feature": "seeded", "value": 1.0, "shap_value": 0.5}])
    hour = 3_600_000_000  # plant time is in microseconds
    (first,) = db.execute("SELECT COALESCE(MIN(plant_time), 1600000000000000) FROM risk_hours").fetchone()
    db.executemany(
        "INSERT INTO warnings (horizon, horizon_hours, plant_rise, plant_told, rise_us, plant_end, outcome, probability,"
        " peak_probability, threshold, drivers, model, version, skill) VALUES ('1h', 1, ?, ?, ?, ?, 'false', .6, .7, .5, ?, 'seeded', 1, 'skill')",
        (
            (first - (warnings - i + 10) * 3 * hour, first - ((warnings - i + 10) * 3 - 1) * hour, base_us + i,
             first - ((warnings - i + 10) * 3 - 2) * hour, drivers)
            for i in range(warnings)
        ),
    )
