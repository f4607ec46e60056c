"""Features, windows, labels and the data set: bit for bit what `forewarn etl` and `label` write."""

import json

import numpy as np
import pandas as pd
import pytest

import forewarn
from conftest import parquet


def assert_equal_bits(got: forewarn.Frame, expected: pd.DataFrame) -> None:
    assert got.names == [c for c in expected.columns if c != "timestamp"]
    np.testing.assert_array_equal(got.times, expected["timestamp"].to_numpy("datetime64[us]"))
    for name in got.names:
        ours, theirs = got[name].view(np.int64), expected[name].to_numpy(float).view(np.int64)
        assert (ours == theirs).all(), name


def test_the_data_set_is_the_etls(plant, labelled, features_folder):
    dataset = forewarn.build_dataset(plant, labelled)
    assert dataset.digest == json.loads((features_folder / "manifest.json").read_text())["input_digest"]
    assert_equal_bits(dataset.train, parquet(features_folder / "train" / "part-0.parquet"))
    assert_equal_bits(dataset.valid, parquet(features_folder / "valid" / "part-0.parquet"))
    smote = parquet(features_folder / "train_smote.parquet")
    assert np.isnat(dataset.train_smote.times).sum() == smote["timestamp"].isna().sum() > 0
    assert_equal_bits(dataset.train_smote, smote)


@pytest.mark.parametrize("horizon", ["1h", "3h", "6h"])
@pytest.mark.parametrize("part", ["train", "valid"])
def test_windows_and_targets_are_the_etls(plant, labelled, features_folder, horizon, part):
    got = forewarn.build_dataset(plant, labelled).windows(horizon, part)
    expected = parquet(features_folder / f"windows_{'' if part == 'train' else 'valid_'}{horizon}.parquet")
    assert got["windows"].names == list(expected.columns[:-2])
    assert got["windows"].values.dtype == np.float32
    np.testing.assert_array_equal(got["windows"].values, expected[got["windows"].names].to_numpy())
    np.testing.assert_array_equal(got["anomaly_label"], expected["anomaly_label"])
    np.testing.assert_array_equal(got["anomaly_within"], expected["anomaly_within"])


def test_point_features_equal_pandas(plant, labelled):
    frame = forewarn.features(plant, labelled)
    table = frame.to_pandas()
    for column in ["pdt31008", "lt301031", "lic31002_pv", "te301020"]:
        rolled = table[column].rolling(13, min_periods=1)
        np.testing.assert_allclose(frame[f"{column}_roll_mean"], rolled.mean(), rtol=0, atol=1e-9)
        np.testing.assert_allclose(frame[f"{column}_roll_std"], rolled.std().fillna(0), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(frame["pdt31008_delta"], table["pdt31008"].diff().fillna(0))
    assert set(plant.point_features) <= set(frame.names)


def test_windows_equal_numpy(plant, labelled):
    windows = forewarn.windows(plant, labelled, include_last=True)
    sensors = np.column_stack([labelled[s] for s in plant.sensors])
    assert windows.end_row.tolist() == list(range(plant.window, len(labelled) + 1))
    stacked = np.lib.stride_tricks.sliding_window_view(sensors, plant.window, axis=0).transpose(0, 2, 1)
    flat = stacked.reshape(len(windows), -1).astype(np.float32)
    np.testing.assert_array_equal(windows.values[:, :flat.shape[1]], flat)
    statistics = np.hstack([stacked.mean(1), stacked.std(1), stacked[:, -1] - stacked[:, 0]])
    np.testing.assert_allclose(windows.values[:, flat.shape[1]:], statistics, rtol=1e-6, atol=1e-5)
    assert windows.names == plant.window_features


def test_the_live_stream_gives_the_batchs_bits(plant, labelled):
    normalised, _ = forewarn.normalise(plant, labelled)
    batch = forewarn.features(plant, labelled)
    windows = forewarn.windows(plant, normalised, include_last=True)
    stream = forewarn.FeatureStream(plant, labelled.names)
    columns = np.column_stack([labelled[n] for n in labelled.names])
    for r in range(len(labelled)):
        stream.push(labelled.times[r], columns[r])
        point = np.array([batch[name][r] for name in plant.point_features])
        assert stream.point().tobytes() == point.tobytes()
        if r + 1 < plant.window:
            assert stream.window() is None
        else:
            assert stream.window().tobytes() == windows.values[r + 1 - plant.window].tobytes()
    with pytest.raises(ValueError):
        stream.push(labelled.times[0], columns[0])


def test_labels_are_the_command_lines(cli, plant, gas_data, tmp_path):
    cleaned = forewarn.Frame.read_csv(str(gas_data / "cleaned_dataset.csv"), plant=plant)
    labelled = forewarn.label(plant, cleaned)
    report = cli.json("label", gas_data / "cleaned_dataset.csv", "--out", tmp_path / "labelled.parquet")
    assert_equal_bits(labelled.table, parquet(tmp_path / "labelled.parquet"))
    assert labelled.table["anomaly_label"].sum() == 263
    assert {k: v for k, v in report.items() if k not in ("read", "out")} == labelled.report
    assert 0 < labelled.rule_alarm.sum() < 263


def test_normalise_tells_what_it_changed(plant, labelled):
    holes = labelled["lic31012_sp"].copy()
    holes[3:5] = np.nan
    values = labelled["pdt31008"].copy()
    values[7] = np.nan
    table = labelled.with_column("lic31012_sp", holes).with_column("pdt31008", values)
    frame, report = forewarn.normalise(plant, table)
    assert report["fixed_setpoints"] == {"lic31012_sp": 2} and report["nulls_to_zero"] == {"pdt31008": 1}
    assert frame["lic31012_sp"][3] == 80 and frame["pdt31008"][7] == 0


def test_a_missing_column_is_the_command_lines_error(cli, plant, labelled, labelled_csv, tmp_path):
    table = pd.read_csv(labelled_csv).drop(columns="PDT31008")
    table.to_csv(tmp_path / "cut.csv", index=False)
    said = cli.run("etl", tmp_path / "cut.csv", "--out", tmp_path / "out", "--no-gate", check=False)
    with pytest.raises(KeyError) as caught:
        forewarn.build_dataset(plant, forewarn.Frame.read_csv(str(tmp_path / "cut.csv")))
    assert str(caught.value) in said.stderr


def test_another_plant_needs_only_its_file():
    plant = forewarn.Plant.load("tennessee-eastman")
    assert not plant.labelled and plant.interval_seconds == 180
    times = np.datetime64("2000-01-01", "us") + np.arange(40) * np.timedelta64(3, "m")
    rng = np.random.default_rng(0)
    frame = forewarn.Frame.from_columns(times, {c: rng.normal(50, 1, 40) for c in plant.sensors})
    dataset = forewarn.build_dataset(plant, frame)
    assert len(dataset.train) == 32 and not dataset.labelled
    with pytest.raises(KeyError):
        dataset.windows("1h", "train")
