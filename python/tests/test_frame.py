"""Frames come from and go to other tables without losing a bit, and without copies on the way out."""

import gc
import pickle
import threading

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import forewarn


@pytest.fixture
def table() -> pa.Table:
    times = pa.array(np.arange("2020-01-01T00", "2020-01-01T06", dtype="datetime64[h]").astype("datetime64[us]"))
    return pa.table({"timestamp": times, "a": pa.array([1.5, None, -0.0, 4, 5, 6.25]),
                     "b": pa.array([1, 2, 3, None, 5, 6], pa.int64())})


def test_arrow_goes_in_and_comes_back(table):
    frame = forewarn.Frame(table)
    assert frame.names == ["a", "b"]
    assert len(frame) == 6
    back = frame.to_arrow()
    assert back.schema.field("timestamp").type == pa.timestamp("us")
    assert back["timestamp"].equals(table["timestamp"])
    assert back["a"].equals(table["a"])
    assert back["b"].to_pylist() == [1, 2, 3, None, 5, 6]
    assert back["a"].null_count == 1
    assert forewarn.Frame(back) == frame


def test_the_way_out_copies_nothing(table):
    frame = forewarn.Frame(table)
    address = frame["a"].__array_interface__["data"][0]
    assert frame.to_arrow()["a"].chunk(0).buffers()[1].address == address
    assert frame.to_pandas()["a"].to_numpy().__array_interface__["data"][0] == address
    polars = frame.to_polars()["b"].to_arrow().buffers()[1]
    assert polars.address == frame["b"].__array_interface__["data"][0]


def test_views_keep_the_frame_alive_and_cannot_be_written(table):
    frame = forewarn.Frame(table)
    cells, times, arrow = frame["a"], frame.times, frame.to_arrow()
    del frame
    gc.collect()
    assert cells[5] == 6.25 and arrow["a"][5].as_py() == 6.25
    assert times[1] == np.datetime64("2020-01-01T01")
    with pytest.raises(ValueError):
        cells[0] = 7


@pytest.mark.parametrize("make", [lambda t: t, lambda t: t.to_pandas(), lambda t: pl.DataFrame(t),
                                  lambda t: pa.RecordBatchReader.from_batches(t.schema, t.to_batches(max_chunksize=2))])
def test_pyarrow_pandas_polars_and_streams_are_the_same_frame(table, make):
    assert forewarn.Frame(make(table)) == forewarn.Frame(table)


def test_filtered_and_shuffled_rows_bring_no_column_of_their_own(table):
    rows = table.to_pandas()
    assert forewarn.Frame(rows[rows["b"] != 2]).names == ["a", "b"]
    assert forewarn.Frame(rows.sample(frac=1, random_state=1)).names == ["a", "b"]
    assert forewarn.Frame(rows.set_index("timestamp")).names == ["a", "b"]


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(),
                                  pa.uint64(), pa.float16(), pa.float32(), pa.float64()])
def test_numbers_of_any_width(kind):
    values = np.array([0, 1, 7, 100], dtype=kind.to_pandas_dtype())
    table = pa.table({"timestamp": pa.array(range(4), pa.timestamp("s")),
                      "x": pa.array(values, kind, mask=np.array([False, False, True, False]))})
    got = forewarn.Frame(table)["x"]
    assert got[0] == 0 and got[1] == 1 and np.isnan(got[2]) and got[3] == 100


def test_slices_with_offsets_and_nulls_are_read_from_their_own_beginning(table):
    # an Arrow slice shares its parent's buffers, bitmaps included
    assert forewarn.Frame(table.slice(1, 4)) == forewarn.Frame(table)[1:5]
    text = pa.table({"timestamp": table["timestamp"], "x": pa.array(["1", "2", None, "4", "5", "6"])})
    assert forewarn.Frame(text.slice(2))["x"].tolist()[1:] == [4, 5, 6]


def test_text_dictionaries_truth_values_and_views():
    times = pa.array(range(3), pa.timestamp("ms"))
    word = "a text longer than twelve bytes"
    table = pa.table({"timestamp": times, "flag": pa.array([True, None, False]),
                      "text": pa.array(["1.5", "Bad", None]),
                      "coded": pa.array(["3", "4", "3"]).dictionary_encode(),
                      "view": pa.array(["7", word, None]).cast(pa.string_view()),
                      "nothing": pa.nulls(3)})
    frame = forewarn.Frame(table)
    np.testing.assert_array_equal(frame["flag"], [1, np.nan, 0])
    np.testing.assert_array_equal(frame["text"], [1.5, np.nan, np.nan])
    np.testing.assert_array_equal(frame["coded"], [3, 4, 3])
    np.testing.assert_array_equal(frame["view"], [7, np.nan, np.nan])
    assert np.isnan(frame["nothing"]).all()
    assert frame.set_aside["not_numbers"] == {"text": 1, "view": 1}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_of_any_unit_and_zone(unit):
    local = pd.date_range("2021-06-01", periods=3, freq="h")
    table = pa.table({"timestamp": pa.array(local).cast(pa.timestamp(unit)), "x": [1.0, 2.0, 3.0]})
    plain = forewarn.Frame(table)
    assert plain.times.tolist() == [t.to_pydatetime() for t in local]
    zoned = table.set_column(0, "timestamp", pa.array(local.tz_localize("UTC")).cast(pa.timestamp(unit, "UTC")))
    warsaw = forewarn.Frame(zoned, zone="Europe/Warsaw")
    assert (warsaw.times - plain.times == np.timedelta64(2, "h")).all()


def test_times_as_text_are_read():
    frame = forewarn.Frame(pd.DataFrame({"Timestamp": ["2020-01-02 03:00", "no time", "2020-01-01T00:00:00Z"],
                                         " X ": [1.0, 2.0, 3.0]}))
    assert frame["x"].tolist() == [3, 1]
    assert frame.set_aside["unreadable_times"] == 1 and frame.set_aside["out_of_order"] == 1


def test_duplicates_keep_the_last_row_and_are_told():
    times = pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-01"])
    frame = forewarn.Frame(pd.DataFrame({"timestamp": times, "x": [1.0, 2.0, 3.0]}))
    assert frame["x"].tolist() == [3, 2]
    assert frame.set_aside["duplicate_times"] == 1


def test_csv_reads_as_pandas_reads_it(labelled_csv):
    frame = forewarn.Frame.read_csv(str(labelled_csv))
    expected = pd.read_csv(labelled_csv, float_precision="round_trip", parse_dates=["timestamp"])
    assert frame.names == [c.lower() for c in expected.columns[1:]]
    for column in expected.columns[1:]:
        np.testing.assert_array_equal(frame[column.lower()], expected[column].to_numpy(float))
    assert forewarn.Frame(expected) == frame


def test_from_columns_select_with_column_append_and_slice():
    times = np.arange("2020-01-01", "2020-01-05", dtype="datetime64[D]")
    frame = forewarn.Frame.from_columns(times, {"a": [1, 2, 3, 4], "b": np.float32([1.5, np.nan, 3, 4])})
    assert frame.select(["b"]).names == ["b"]
    assert "a" in frame and "z" not in frame
    more = frame.with_column("c", frame["a"] * 2)
    assert more["c"].tolist() == [2, 4, 6, 8] and "c" not in frame
    assert frame[:2].append(frame[2:]) == frame
    assert len(frame[1:-1]) == 2
    assert frame.digest() == forewarn.Frame(frame.to_arrow()).digest()


@pytest.mark.parametrize("data, words", [
    (pa.table({"x": [1.0]}), "no 'timestamp' column; the table has: x"),
    (pa.table({"timestamp": pa.array([0], pa.timestamp("s")), "x": [float("inf")]}), "is infinite"),
    (pa.table({"timestamp": pa.array([0], pa.timestamp("s")), "x": [[1, 2]]}), "column 'x' holds cells of Arrow type"),
    (pa.table({"timestamp": pa.array([0], pa.timestamp("s")), "x": [1.0], "X ": [2.0]}), "two columns are named 'x'"),
    (pa.table({"timestamp": [1.0]}), "holds numbers, not times"),
    ([1, 2, 3], "a list is no table"),
    (pa.chunked_array([[1.0]]), "not a single column"),
])
def test_bad_tables_say_what_is_wrong(data, words):
    with pytest.raises(ValueError, match="(?s)" + words.replace("(", r"\(")) as caught:
        forewarn.Frame(data)
    assert isinstance(caught.value, forewarn.Error)


def test_unknown_names_list_the_known_ones(table):
    frame = forewarn.Frame(table)
    with pytest.raises(KeyError) as caught:
        frame["aa"]
    assert str(caught.value) == "unknown column 'aa' (did you mean 'a'?); known: a, b"
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    for bad in [lambda: forewarn.Frame.from_columns(["2020-01-02", "2020-01-01"], {"a": [1, 2]}),
                lambda: forewarn.Frame.from_columns(["2020-01-01"], {"a": [1, 2]}),
                lambda: forewarn.Frame.from_columns(["NaT"], {"a": [1]}),
                lambda: forewarn.Frame.from_columns(["2020-01-01"], {"a": [np.inf]}),
                lambda: frame[::2], lambda: frame.append(frame), lambda: frame.with_column("c", [1])]:
        with pytest.raises(forewarn.errors.InvalidInput):
            bad()


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(OSError) as caught:
        forewarn.Frame.read_csv(str(tmp_path / "none.csv"))
    assert "none.csv" in str(caught.value) and isinstance(caught.value, forewarn.Error)


def test_a_failing_source_is_told_in_its_own_words(table):
    def batches():
        yield table.to_batches()[0]
        raise RuntimeError("the wire was cut")

    reader = pa.RecordBatchReader.from_batches(table.schema, batches())
    with pytest.raises(ValueError, match="the wire was cut"):
        forewarn.Frame(reader)


def test_many_threads_read_one_frame(plant):
    frame = forewarn.simulate(plant, 500, seed=3)
    expected = forewarn.features(plant, frame).digest()
    got = []

    def work():
        for _ in range(5):
            got.append(forewarn.features(plant, forewarn.Frame(frame.to_arrow())).digest())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert got == [expected] * 20
