"""`forewarn ingest` against the same steps written in pandas, on random irregular readings with gaps."""

import numpy as np
import pandas as pd
import pytest

from product import ROOT

PLANT = ROOT / "plants" / "gas-treatment.toml"
TAGS = ["te301020", "pdt31008", "pdt31001", "pdt31007", "fq31050", "lt301031", "lt31013"]
CONTROLLERS = ["lic31012", "lic31002", "fic31011"]
SERIES = TAGS + [f"{c}_{part}" for c in CONTROLLERS for part in ("pv", "op", "sp")]
WITH_EXTREMES = TAGS + [f"{c}_pv" for c in CONTROLLERS]
VOLATILE = ["pdt31008", "lt301031", "fq31050", "te301020"]
START = pd.Timestamp("2014-12-23 08:00")


def random_readings(seed, hours=24 * 28):
    """Long table of readings at irregular times with gaps of all lengths, shuffled, some twice and some bad."""
    rng = np.random.default_rng(seed)
    parts = []
    for number, name in enumerate(SERIES):
        count = int(rng.integers(200, 6000))
        seconds = rng.integers(0, hours * 3600, count)
        for _ in range(int(rng.integers(3, 9))):  # gaps from minutes to days; some at the beginning and at the end
            begin = rng.integers(-20, hours) * 3600
            length = rng.choice([2, 5, 6, 7, 8, 9, 10, 11, 30, 60]) * 3600 + rng.integers(0, 3600)
            seconds = seconds[(seconds < begin) | (seconds >= begin + length)]
        values = np.round(50 + 10 * number + rng.normal(0, 3, len(seconds)).cumsum() / 10, 3)
        if name.endswith("_sp"):
            values = rng.choice([65.0, 70.0, 71.0, 80.0], len(seconds))
            keep = rng.random(len(seconds)) < 0.02
            seconds, values = seconds[keep], values[keep]
        parts.append(pd.DataFrame({"tag": name, "timestamp": START + pd.to_timedelta(seconds, unit="s"), "value": values}))
    table = pd.concat(parts)
    table["quality"] = np.where(rng.random(len(table)) < 0.01, "bad", "good")
    again = table.sample(frac=0.03, random_state=seed)
    again = again.assign(value=again["value"] + 1, quality="good")
    return pd.concat([table, again]).sample(frac=1, random_state=seed).reset_index(drop=True)


def reference(readings):
    """data.md's Ingest, step by step in pandas."""
    good = readings[readings["quality"] == "good"].drop_duplicates(["tag", "timestamp"], keep="last")
    binned = {name: part.set_index("timestamp")["value"].sort_index().resample("1h")
              for name, part in good.groupby("tag")}
    medians = {name: bins.median() for name, bins in binned.items()}
    first = min(m.first_valid_index() for m in medians.values())
    last = max(m.last_valid_index() for m in medians.values())
    grid = pd.date_range(first, last, freq="1h")
    out = pd.DataFrame(index=grid)
    ahead = pd.Series(0, index=grid)
    for bit, name in enumerate(SERIES):
        column = medians[name].reindex(grid).ffill(limit=6)
        if name == "lic31012_sp":
            column = column.fillna(80.0)
        elif name.endswith("_sp"):
            column = column.ffill()
        before = column.isna()
        column = column.interpolate(method="time", limit=3)
        column = column.fillna(column.median())
        ahead += before.astype(int) * (1 << bit)
        out[name] = column
        if name in WITH_EXTREMES:
            for suffix, extreme in (("_max", binned[name].max()), ("_min", binned[name].min())):
                out[name + suffix] = extreme.reindex(grid).fillna(column)
    out["lt31013_saturated"] = (out["lt31013"] > 100).astype(int)
    for c in CONTROLLERS:
        out[f"{c}_deviation"] = out[f"{c}_pv"] - out[f"{c}_sp"]
        out[f"{c}_deviation_max"] = out[f"{c}_pv_max"] - out[f"{c}_sp"]
    for name in VOLATILE:
        window = out[name].rolling(3, min_periods=1)
        out[f"{name}_roll3h_mean"] = window.mean()
        out[f"{name}_roll3h_std"] = window.std().fillna(0)
    out["hour_of_day"] = grid.hour
    out["day_of_week"] = grid.dayofweek
    out["filled"] = ahead
    return out


def check_balance(report):
    for series in report["series"]:
        fate = (series["accepted"] + series["rejected"] + series["bad_quality"]["count"] + series["duplicates"]["count"])
        assert series["rows_read"] == fate, series["tag"]


def assert_equal(ours, theirs):
    assert list(ours.index) == list(theirs.index)
    assert set(ours.columns) == set(theirs.columns)
    for name in theirs.columns:
        # pandas' rolling std keeps running sums: it is the one that is off in the last digits
        bound = 1e-7 if name.endswith("_std") else 1e-9
        difference = (ours[name] - theirs[name]).abs()
        assert difference.notna().all(), name
        assert difference.max() <= bound, (name, difference.idxmax(), difference.max())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_equals_pandas(forewarn, tmp_path, seed, ending):
    readings = random_readings(seed)
    source, out = tmp_path / f"readings.{ending}", tmp_path / f"table.{ending}"
    if ending == "csv":
        readings.to_csv(source, index=False)
    else:
        readings.to_parquet(source, index=False)
    report = forewarn.json("--plant", PLANT, "ingest", source, "--out", out)
    ours = pd.read_csv(out, parse_dates=["timestamp"]) if ending == "csv" else pd.read_parquet(out)
    assert_equal(ours.set_index("timestamp"), reference(readings))
    check_balance(report)
    for step in ("forward", "sp_fixed", "carried", "interpolated", "median"):  # the data put every step to use
        assert sum(series["cells"][step] for series in report["series"]) > 0, step
    counts = {series["tag"]: series for series in report["series"]}
    for name, part in readings.groupby("tag"):
        assert counts[name]["rows_read"] == len(part)
        assert counts[name]["bad_quality"]["count"] == (part["quality"] == "bad").sum()
        good = part[part["quality"] == "good"]
        assert counts[name]["duplicates"]["count"] == good.duplicated("timestamp").sum()
        kept = good.drop_duplicates("timestamp", keep="last")["value"]
        for what in ("min", "max", "mean", "std", "median"):
            assert counts[name][what] == pytest.approx(getattr(kept, what)(), abs=1e-9)


def test_workbooks_equal_the_long_csv(forewarn, tmp_path):
    """The same readings as one XLSX a tag, written by openpyxl: the same table."""
    readings = random_readings(11, hours=24 * 7)
    readings = readings[readings["quality"] == "good"].drop_duplicates(["tag", "timestamp"], keep="last")
    source = tmp_path / "readings.csv"
    readings.to_csv(source, index=False)
    folder = tmp_path / "workbooks"
    folder.mkdir()
    names = {"te301020": "TT301020", "fq31050": "TT31050", "lic31012": "LT31012", "lic31002": "LT31002", "fic31011": "LT31011"}
    for owner in TAGS + CONTROLLERS:
        columns = [owner] if owner in TAGS else [f"{owner}_pv", f"{owner}_op", f"{owner}_sp"]
        wide = {}
        for place, name in enumerate(columns):
            part = readings[readings["tag"] == name].reset_index(drop=True)
            wide[4 * place] = part["value"]
            wide[4 * place + 1] = part["timestamp"]
        sheet = pd.DataFrame(wide).reindex(columns=range(4 * len(columns) - 2))
        sheet.to_excel(folder / f"Export_{names.get(owner, owner.upper())}_2014.xlsx", index=False, startrow=1)
    report = forewarn.json("--plant", PLANT, "ingest", folder, "--out", tmp_path / "a.parquet")
    check_balance(report)
    forewarn.run("--plant", PLANT, "ingest", source, "--out", tmp_path / "b.parquet")
    a, b = pd.read_parquet(tmp_path / "a.parquet"), pd.read_parquet(tmp_path / "b.parquet")
    pd.testing.assert_frame_equal(a, b, rtol=0, atol=1e-9)


def test_columns_contain_those_of_the_original_table(forewarn, gas_data, tmp_path):
    source = tmp_path / "readings.csv"
    random_readings(3).to_csv(source, index=False)
    forewarn.run("--plant", PLANT, "ingest", source, "--out", tmp_path / "table.csv")
    wanted = [name.lower() for name in pd.read_csv(gas_data / "cleaned_dataset.csv", nrows=1).columns]
    assert set(wanted) <= set(pd.read_csv(tmp_path / "table.csv", nrows=1).columns)
