"""Plants, the simulated plant, ingest, fill and derive."""

import pickle

import numpy as np
import pandas as pd
import pytest

import forewarn
from conftest import parquet
from product import ROOT


def test_plants_are_found_by_name_and_carry_their_file():
    assert {"gas-treatment", "tennessee-eastman"} <= set(forewarn.Plant.known())
    plant = forewarn.Plant.load("gas-treatment")
    assert len(plant.sensors) == 9 and len(plant.point_features) == 28 and len(plant.window_features) == 135
    assert plant.horizons == {"1h": 1, "3h": 3, "6h": 6}
    assert plant.describe("te301020") == {"label": "DEA amine temperature D304", "unit": "°C", "low": 104.1,
                                          "high": 110.6}
    copy = pickle.loads(pickle.dumps(plant))
    assert copy.text == plant.text and copy.sensors == plant.sensors


def test_unknown_and_wrong_plants_are_told(tmp_path):
    with pytest.raises(KeyError, match="unknown plant 'gas-treatmnt'.*gas-treatment"):
        forewarn.Plant.load("gas-treatmnt")
    with pytest.raises(OSError):
        forewarn.Plant.load(str(tmp_path / "none.toml"))
    with pytest.raises(ValueError, match="my.toml:1"):
        forewarn.Plant.parse("[plant]\nname = 1\n", "my.toml")


def test_the_simulated_plant_is_the_command_lines(cli, plant, tmp_path):
    cli.run("--seed", "7", "simulate", "--hours", "300", "--out", tmp_path / "history.parquet")
    expected = parquet(tmp_path / "history.parquet")
    frame = forewarn.simulate(plant, 300, seed=7)
    assert frame.names == list(expected.columns[1:])
    for name in frame.names:
        assert (frame[name].view(np.int64) == expected[name].to_numpy(float).view(np.int64)).all(), name
    with pytest.raises(ValueError):
        forewarn.simulate(plant, 0)
    with pytest.raises(KeyError, match="pressure_rise"):
        forewarn.simulate(plant, 10, scenario="pressure")


@pytest.fixture(scope="module")
def readings() -> pd.DataFrame:
    """Irregular, unsorted readings with duplicates, bad ones and holes."""
    rng = np.random.default_rng(11)
    parts = []
    for tag, mean in [("TE301020", 107.0), ("pdt31008", 220.0), ("lic31012_pv", 80.0), ("stranger", 1.0)]:
        hours = np.sort(rng.choice(240 * 60, 900, replace=False))
        hours = hours[(hours < 60 * 60) | (hours > 75 * 60)]
        parts.append(pd.DataFrame({"tag": tag, "timestamp": np.datetime64("2020-01-01", "us") + hours * np.timedelta64(1, "m"),
                                   "value": rng.normal(mean, 1, len(hours)), "quality": 0}))
    table = pd.concat(parts).sample(frac=1, random_state=3, ignore_index=True)
    table.loc[5, "value"] = np.nan
    table.loc[6, "quality"] = 2
    return pd.concat([table, table.head(3)], ignore_index=True)


def test_ingest_is_the_command_lines(cli, plant, readings, tmp_path):
    path = tmp_path / "long.csv"
    text = readings.assign(timestamp=readings["timestamp"].astype(str),
                           quality=readings["quality"].map({0: "good", 2: "bad"}))
    text.to_csv(path, index=False)
    cli.run("ingest", path, "--out", tmp_path / "table.parquet")
    expected = parquet(tmp_path / "table.parquet")
    frame, report = forewarn.ingest(plant, readings)
    assert frame.names == list(expected.columns[1:])
    np.testing.assert_array_equal(frame.times, expected["timestamp"].to_numpy("datetime64[us]"))
    for name in frame.names:
        np.testing.assert_array_equal(frame[name], expected[name].to_numpy(float), err_msg=name)
    series = {s["tag"]: s for s in report["series"]}
    assert series["te301020"]["rows_read"] == (readings["tag"] == "TE301020").sum()


def test_ingest_medians_equal_pandas(plant, readings):
    frame, _ = forewarn.ingest(plant, readings, live=True)
    good = readings[(readings["quality"] == 0) & (readings["tag"] == "pdt31008")].dropna()
    good = good.drop_duplicates("timestamp", keep="last").set_index("timestamp")["value"]
    hourly = good.resample("h").median().reindex(pd.to_datetime(frame.times)).ffill(limit=6)
    np.testing.assert_allclose(frame["pdt31008"], hourly, rtol=0, atol=1e-12)


def test_bad_readings_tables_are_told(plant, readings):
    with pytest.raises(ValueError, match="no 'value' column"):
        forewarn.ingest(plant, readings.drop(columns="value"))
    with pytest.raises(ValueError, match="quality is 7"):
        forewarn.ingest(plant, readings.assign(quality=7))
    with pytest.raises(ValueError, match="no usable reading"):
        forewarn.ingest(plant, readings[readings["tag"] == "stranger"])


def test_fill_equals_pandas(plant):
    rng = np.random.default_rng(2)
    times = np.datetime64("2020-01-01", "us") + np.arange(400) * np.timedelta64(1, "h")
    values = rng.normal(220, 5, 400)
    values[rng.random(400) < 0.3] = np.nan
    values[100:125] = np.nan
    frame, counts = forewarn.fill(plant, forewarn.Frame.from_columns(times, {"pdt31008": values, "other": values}))
    want = pd.Series(values).ffill(limit=6)
    want = want.interpolate(limit=3, limit_direction="forward")
    want = want.fillna(want.median())
    np.testing.assert_allclose(frame["pdt31008"], want, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(frame["other"], values)
    assert sum(counts["pdt31008"].values()) == 400 and counts["pdt31008"]["median"] > 0
    live, _ = forewarn.fill(plant, forewarn.Frame.from_columns(times, {"pdt31008": values}), live=True)
    np.testing.assert_array_equal(live["pdt31008"], pd.Series(values).ffill(limit=6))


def test_derive_adds_what_follows_from_the_series(plant):
    table = forewarn.simulate(plant, 100).select(["lic31002_pv", "lic31002_sp", "lic31002_pv_max", "lt301031"])
    frame, added = forewarn.derive(plant, table)
    assert {"lic31002_deviation", "lic31002_deviation_max", "lt301031_roll3h_std", "hour_of_day"} <= set(added)
    np.testing.assert_array_equal(frame["lic31002_deviation"], table["lic31002_pv"] - table["lic31002_sp"])
    want = pd.Series(table["lt301031"]).rolling(3, min_periods=1).std().fillna(0)
    np.testing.assert_allclose(frame["lt301031_roll3h_std"], want, atol=1e-9)
    assert forewarn.derive(plant, frame)[1] == []


def test_the_package_ships_the_plant_files_of_the_repository():
    import pathlib
    shipped = pathlib.Path(forewarn.__file__).parent / "plants"
    for path in (ROOT / "plants").rglob("*"):
        if path.is_file():
            assert (shipped / path.relative_to(ROOT / "plants")).read_bytes() == path.read_bytes()
