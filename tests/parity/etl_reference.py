"""The ETL's contract (data.md, "ETL: features") in pandas: what test_etl.py compares with and bench/etl_bench.py races."""

import numpy as np
import pandas as pd

SENSORS = ["te301020", "pdt31008", "pdt31001", "pdt31007", "fq31050", "lt301031", "lic31012_pv", "lic31002_pv",
           "fic31011_pv"]
POINT = SENSORS + [
    "lic31012_op", "lic31002_op", "fic31011_op", "lic31012_deviation", "lic31002_deviation", "fic31011_deviation",
    "hour_of_day", "day_of_week", "pdt31008_roll_mean", "pdt31008_roll_std", "lt301031_roll_mean",
    "lt301031_roll_std", "lic31002_pv_roll_mean", "lic31002_pv_roll_std", "te301020_roll_mean", "te301020_roll_std",
    "pdt31008_delta", "lt301031_delta", "lic31002_pv_delta"]
ROLLED = ["pdt31008", "lt301031", "lic31002_pv", "fic31011_pv", "te301020"]
DELTAS = ["pdt31008", "lt301031", "lic31002_pv"]
WINDOW = 12


def reference(path) -> pd.DataFrame:
    """The contract in pandas (data.md, "ETL: features")."""
    table = pd.read_csv(path, float_precision="round_trip")
    table.columns = [c.strip().lower() for c in table.columns]
    table["timestamp"] = pd.to_datetime(table["timestamp"], errors="coerce")
    table = table.dropna(subset=["timestamp"]).sort_values("timestamp", kind="stable")
    table = table.drop_duplicates("timestamp", keep="last").reset_index(drop=True)
    for column in table.columns.drop("timestamp"):
        table[column] = pd.to_numeric(table[column], errors="coerce").astype(float)
    table["lic31012_sp"] = table["lic31012_sp"].replace(0, np.nan).fillna(80)
    table = table.fillna(0)
    for controller in ["lic31012", "lic31002", "fic31011"]:
        if f"{controller}_deviation" not in table:
            table[f"{controller}_deviation"] = table[f"{controller}_pv"] - table[f"{controller}_sp"]
    if "hour_of_day" not in table:
        table["hour_of_day"] = table["timestamp"].dt.hour.astype(float)
        table["day_of_week"] = table["timestamp"].dt.dayofweek.astype(float)
    for column in ROLLED:
        rolled = table[column].rolling(13, min_periods=1)
        table[f"{column}_roll_mean"] = rolled.mean()
        table[f"{column}_roll_std"] = rolled.std().fillna(0)
    for column in DELTAS:
        table[f"{column}_delta"] = table[column].diff().fillna(0)
    table["failure_frequency_48"] = table["anomaly_label"].rolling(49, min_periods=1).sum()
    return table


def window_reference(table: pd.DataFrame) -> pd.DataFrame:
    """Row i: the window of rows i-12 … i-1, in float32."""
    sensors = table[SENSORS]
    parts = [sensors.shift(lag).set_axis([f"{s}_t-{lag - 1}" if lag > 1 else f"{s}_t0" for s in SENSORS], axis=1)
             for lag in range(WINDOW, 0, -1)]
    rolled = sensors.rolling(WINDOW)
    parts.append(rolled.mean().shift(1).add_suffix("_wmean"))
    parts.append(rolled.std(ddof=0).shift(1).add_suffix("_wstd"))
    parts.append((sensors.shift(1) - sensors.shift(WINDOW)).add_suffix("_wtrend"))
    return pd.concat(parts, axis=1).astype(np.float32)
