"""What scale-out computes in pieces is what one machine computes at once."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import forewarn


@pytest.fixture(scope="module")
def table(plant) -> forewarn.Frame:
    frame = forewarn.label(plant, forewarn.simulate(plant, 400, seed=9)).table
    holes = frame["pdt31008"].copy()
    holes[::37] = np.nan
    kept = np.delete(np.arange(400), [50, 51, 52, 200])  # a table with rows missing
    frame = frame.with_column("pdt31008", holes).to_pandas().iloc[kept]
    return forewarn.Frame(frame)


@pytest.mark.parametrize("size", [13, 60, 1000])
def test_blocks_joined_are_the_whole(plant, table, size):
    before, after = forewarn.halo(plant)
    assert (before, after) == (48, 5)
    rows, border = len(table), int(len(table) * 0.8)
    whole = forewarn.build_dataset(plant, table)
    features, windows, within = None, [], []
    for begin in range(0, rows, size):
        end = min(begin + size, rows)
        first = max(0, begin - before)
        block = forewarn.build_block(plant, table[first:min(rows, end + after)], first=first, begin=begin, end=end,
                                     table_rows=rows, train_rows=border)
        features = block.features if features is None else features.append(block.features)
        part, _, targets = block.windows("3h", "train")
        windows.append(part.values)
        within.append(targets)
    assert features == whole.train.append(whole.valid)
    expected = whole.windows("3h", "train")
    np.testing.assert_array_equal(np.concatenate(windows), expected["windows"].values)
    np.testing.assert_array_equal(np.concatenate(within), expected["anomaly_within"])


def test_a_short_halo_is_refused(plant, table):
    with pytest.raises(ValueError, match="48 and 5 are needed"):
        forewarn.build_block(plant, table[60:200], first=60, begin=100, end=150, table_rows=len(table), train_rows=300)


def test_synthetic_rows_are_the_data_sets(plant, table):
    whole = forewarn.build_dataset(plant, table)
    train, smote = whole.train, whole.train_smote
    inputs = [name for name in train.names if name != "anomaly_label"]
    few = min((train["anomaly_label"] == k).sum() for k in (0, 1))
    minority = train["anomaly_label"] == (1 if (train["anomaly_label"] == 1).sum() == few else 0)
    rows = forewarn.over_sample(np.column_stack([train[n][minority] for n in inputs]), len(train) - 2 * few)
    for column, name in enumerate(inputs):
        if name != "regime":
            np.testing.assert_array_equal(rows[:, column], smote[name][len(train):])
    with pytest.raises(ValueError, match="needs more than 5"):
        forewarn.over_sample(np.zeros((5, 3)), 10)


def test_rows_stay_where_they_are(plant):
    times = ["2020-01-02 00:00", None, "2020-01-01T00:00:00", "no time", "2020-01-01 00:00"]
    rows = forewarn.read_rows(pa.table({"timestamp": times, "x": ["1", "2", "Bad", "4", None]}), plant)
    assert len(rows) == 5 and rows.not_numbers == {"x": 1}
    got = pa.table(rows).to_pandas()
    assert got["timestamp"].isna().tolist() == [False, True, False, True, False]
    assert got["timestamp"][0] == pd.Timestamp("2020-01-02")
    np.testing.assert_array_equal(got["x"], [1, 2, np.nan, 4, np.nan])


def test_quantiles_of_alarm_rules_are_named(plant):
    assert forewarn.alarm_quantiles(plant) == []
    text = plant.text.replace('"pdt31008_max > 300",', '"pdt31008_max > quantile(pdt31008_max, 0.99)",')
    assert forewarn.alarm_quantiles(forewarn.Plant.parse(text)) == [("pdt31008_max", 0.99)]
