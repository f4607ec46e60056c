"""`forewarn validate` against Great Expectations on pandas: verdicts, counts and partial lists on 40 tables."""

import datetime
import json
import math
import os
import random

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
import numpy as np
import pandas as pd
import pytest

from product import ROOT

TABLES = 40
CHECKS = 60  # expectations a table, drawn from some 260; FOREWARN_PARITY_ALL=1 takes all (ten minutes)
CHUNK = 30   # Great Expectations' time grows faster than a suite's length
TEXTS = ["alpha", "Beta", "12", "12.5", "", "äöü ß", "a,b", 'say "no"', "line\nbreak", "2015-01-02", "-7", "x" * 300]
REGEXES = [r"^a", r"\d", r"^\d+$", r"(?i)BETA", r"[äöü]+", r"^.$", r"\w+\s\w+", r"x{300}", r"^(?P<n>[a-z])(?P=n)?", r"\Z",
           r"no\"$", r"^-?\d+(\.\d+)?\Z", r".*", r"\.0$", r"e[-+]\d\d", r"[[]", "\u00e4", r"\u00df", r"a|b|", r"^2015",
           r"(unclosed", r"\K", r"*", r"(?R)", r"a++", r"(?<=1)2", r":00"]
TYPES = ["int", "int64", "float", "float64", "str", "object", "O", "datetime64", "datetime64[ns]", "bool", "Timestamp",
         "int32", "nonsense", "string", "STR", "Int", "float32", "datetime", "list"]


def make_table(number: int) -> pd.DataFrame:
    rng = np.random.default_rng(number)
    rows = [0, 1, 2, 7, 40, 200][number % 6]
    start = pd.Timestamp("2015-01-01") + pd.Timedelta(hours=int(rng.integers(0, 100)))
    step = pd.Timedelta(["1h", "1D", "1ms", "90s"][number % 4])
    time = pd.Series([start + i * step for i in range(rows)], dtype="datetime64[ns]")
    holes = rng.random(rows) < 0.2
    walk = np.round(rng.normal(0, 3, rows).cumsum(), 3)
    columns = {
        "timestamp": time,
        "shuffled": pd.Series(rng.permutation(time.to_numpy()), dtype="datetime64[ns]"),
        "gappy_time": time.where(~holes),
        "days": time.dt.normalize(),
        "level": walk,
        "gappy": np.where(holes, np.nan, walk),
        "count": rng.integers(-3, 4, rows),
        "gappy_count": np.where(holes, np.nan, rng.integers(0, 3, rows).astype(float)),
        "label": (rng.random(rows) < 0.3).astype(np.int64),
        "wide": np.where(rng.random(rows) < 0.5, 1.5e17, 2.5e-7) * rng.integers(1, 4, rows),
        "steps": np.arange(rows),
        "text": pd.Series(rng.choice(TEXTS, rows), dtype=object),
        "gappy_text": pd.Series(rng.choice(TEXTS, rows), dtype=object).where(~holes, None),
        "nothing": np.full(rows, np.nan),
    }
    for name in rng.choice(list(columns), int(rng.integers(0, 5)), replace=False):
        columns.pop(name)
    return pd.DataFrame(columns)


def make_expectations(number: int) -> list:
    """Every kind of expectation over every kind of column, arguments drawn at random."""
    pick = random.Random(number)
    names = ["timestamp", "shuffled", "gappy_time", "days", "level", "gappy", "count", "gappy_count", "label", "wide",
             "steps", "text", "gappy_text", "nothing", "absent"]
    bounds = [None, 0, 1, -2.5, 3, 1e17, "2", True, "2015-01-02T03:00:00", "2015-01-01 00:00:00", "2015-01-03"]
    values = [[0, 1], [], [1], [1.0, 2.5], ["12", "alpha"], [True], [None, 0], ["2015-01-02"], ["2015-01-02", "x"],
              [0, "12"], ["2015-01-01T05:00:00", "2015-01-03"], [3, 5, 7]]
    out = []

    def add(kind, **kwargs):
        if pick.random() < 0.4 and kind.startswith("column_values"):
            kwargs["mostly"] = pick.choice([0, 0.3, 0.5, 0.8, 0.9, 0.95, 1])
        out.append({"type": "expect_" + kind, "kwargs": kwargs})

    for name in names:
        add("column_to_exist", column=name)
        add("column_to_exist", column=name, column_index=pick.choice([0, 1, 2, -1, -20, 50]))
        for kind in ("to_not_be_null", "to_be_null", "to_be_unique"):
            add("column_values_" + kind, column=name)
        for _ in range(2):
            add("column_values_to_be_in_set", column=name, value_set=pick.choice(values))
        add("column_values_to_be_increasing", column=name)
        add("column_values_to_be_increasing", column=name, strictly=pick.choice([True, False]))
        for _ in range(3):
            add("column_values_to_match_regex", column=name, regex=pick.choice(REGEXES))
            add("column_values_to_be_of_type", column=name, type_=pick.choice(TYPES))
            for kind in ("column_values_to_be_between", "column_mean_to_be_between"):
                low, high = pick.choice(bounds), pick.choice(bounds)
                if low is None and high is None:
                    low = 0  # refused when a suite is read
                add(kind, column=name, min_value=low, max_value=high, strict_min=pick.choice([True, False]),
                    strict_max=pick.choice([True, False]))
    for low, high in ((None, None), (1, None), (None, 7), (2, 40), (7, 7)):
        add("table_row_count_to_be_between", min_value=low, max_value=high, strict_min=pick.choice([True, False]),
            strict_max=pick.choice([True, False]))
    add("table_column_count_to_equal", value=pick.choice([14, 12, 10]))
    for chosen in (names[:-1], names, pick.sample(names, 3), []):
        add("table_columns_to_match_set", column_set=chosen, exact_match=pick.choice([True, False, None]))
    return out


def gx_results(table: pd.DataFrame, expectations: list):
    """The suite as Great Expectations saves it, and its results by the number kept in each expectation's meta."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batch = (context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
             .get_batch(batch_parameters={"dataframe": table}))
    numbered = [{**e, "meta": {"number": i}} for i, e in enumerate(expectations)]
    saved, results = None, {}
    for start in range(0, len(numbered), CHUNK):
        suite = context.suites.add(gx.ExpectationSuite(name=f"parity{start}", expectations=numbered[start:start + CHUNK]))
        result = batch.validate(suite).to_json_dict()
        assert result["success"] == all(r["success"] for r in result["results"])
        results.update(by_number(result))
        text = json.loads(json.dumps(suite.to_json_dict(), default=str))
        if saved is None:
            saved = text
        else:
            saved["expectations"] += text["expectations"]
    return saved, results


def by_number(result: dict) -> dict:
    return {r["expectation_config"]["meta"]["number"]: r for r in result["results"]}


def raised(result: dict) -> bool:
    info = result["exception_info"]
    if "raised_exception" in info:
        return info["raised_exception"]
    return any(each["raised_exception"] for each in info.values())


def plain(value):
    """Great Expectations leaves numpy and pandas values in its results; NaN stands for null in some, null in others."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)) or value == "NaT":
        return None
    if isinstance(value, (pd.Timestamp, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, np.generic):
        return value.item()
    return value


def assert_alike(ours, theirs, where):
    if isinstance(theirs, dict):
        assert isinstance(ours, dict) and ours.keys() == theirs.keys(), (where, ours, theirs)
        for key in theirs:
            assert_alike(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), (where, ours, theirs)
        for i, (a, b) in enumerate(zip(ours, theirs)):
            assert_alike(a, b, f"{where}[{i}]")
    elif isinstance(theirs, float) and isinstance(ours, (int, float)):
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12), where
    else:
        assert ours == theirs and type(ours) is type(theirs), (where, ours, theirs)


def same_moment(ours, theirs) -> bool:
    """Means of times: pandas keeps nanoseconds, a table microseconds."""
    if not all(isinstance(t, str) and t[:2] == "20" for t in (ours, theirs)):
        return False
    return abs(pd.Timestamp(ours) - pd.Timestamp(theirs)) < pd.Timedelta("2us")


def compare(forewarn, read_back, path, tmp_path, number):
    expectations = make_expectations(number)
    if "FOREWARN_PARITY_ALL" not in os.environ:
        expectations = random.Random(number).sample(expectations, CHECKS)
    suite, theirs_by = gx_results(read_back, expectations)
    suite_path = tmp_path / "suite.json"
    suite_path.write_text(json.dumps(suite))
    good = sum(r["success"] for r in theirs_by.values())
    done = forewarn.run("validate", path, "--suite", suite_path, "--out", tmp_path / "result.json", check=False, cwd=ROOT)
    assert done.returncode == (0 if good == len(expectations) else 3), done.stderr
    ours = json.loads((tmp_path / "result.json").read_text())
    ours_by = by_number(ours)
    assert ours_by.keys() == theirs_by.keys()
    different = []
    for i, theirs in theirs_by.items():
        try:
            compare_one(ours_by[i], theirs)
        except AssertionError as error:
            config = theirs["expectation_config"]
            different.append(f"{config['type']} {config['kwargs']}: {error}")
    assert not different, f"table {number}:\n" + "\n".join(different)
    assert ours["success"] == (good == len(expectations))
    assert_alike(ours["statistics"],
                 {"evaluated_expectations": len(expectations), "successful_expectations": good,
                  "unsuccessful_expectations": len(expectations) - good, "success_percent": good / len(expectations) * 100},
                 "statistics")


def compare_one(mine, theirs):
    assert raised(mine) == raised(theirs), (mine["exception_info"], theirs["exception_info"])
    assert mine["success"] == theirs["success"], (mine["result"], theirs["result"])
    a, b = plain(mine["result"]), plain(theirs["result"])
    if not same_moment(a.get("observed_value"), b.get("observed_value")):
        assert_alike(a, b, "result")


@pytest.mark.parametrize("number", range(TABLES))
def test_verdicts_and_counts_equal_on_parquet(forewarn, tmp_path, number):
    table = make_table(number)
    path = tmp_path / "table.parquet"
    # text stays text where a column has no value
    table.astype({c: "string" for c in ("text", "gappy_text") if c in table}).to_parquet(path)
    compare(forewarn, table, path, tmp_path, number)


@pytest.mark.parametrize("number", [3, 4, 5, 9, 10, 11])
def test_verdicts_and_counts_equal_on_csv(forewarn, tmp_path, number):
    table = make_table(number)
    # times in CSV are read by name: only the table's own time column, in both
    table = table.drop(columns=[c for c in ("shuffled", "gappy_time", "days") if c in table])
    path = tmp_path / "table.csv"
    table.to_csv(path, index=False)
    read_back = pd.read_csv(path)
    if "timestamp" in read_back:
        read_back["timestamp"] = pd.to_datetime(read_back["timestamp"], format="ISO8601").astype("datetime64[ns]")
    compare(forewarn, read_back, path, tmp_path, number)


def test_default_suite_on_the_real_table(forewarn, gas_data, tmp_path):
    done = forewarn.run("validate", gas_data / "labeled_dataset.csv", "--out", tmp_path / "r.json", cwd=ROOT)
    assert done.returncode == 0
    assert json.loads((tmp_path / "r.json").read_text())["statistics"]["successful_expectations"] == 6
    failed = forewarn.run("validate", gas_data / "cleaned_dataset.csv", check=False, cwd=ROOT)
    assert failed.returncode == 3 and "expect_column_to_exist anomaly_label" in failed.stderr


@pytest.mark.parametrize("entry", [
    {"type": "expect_column_to_exist", "kwargs": {}},
    {"type": "expect_column_to_exist", "kwargs": {"column": 3}},
    {"type": "expect_column_values_to_be_unqiue", "kwargs": {"column": "a"}},
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "a", "mostly": 1.2}},
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "a", "colour": 1}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": "abc"}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "a"}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "a"}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "a", "value_set": None}},
    {"type": "expect_column_values_to_be_of_type", "kwargs": {"column": "a"}},
    {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 5, "max_value": 2}},
])
def test_what_great_expectations_refuses_is_refused(forewarn, tmp_path, entry):
    with pytest.raises(Exception):
        _, result = gx_results(pd.DataFrame({"a": [1]}), [entry])
        if len(result) != 1:  # an unknown kind is skipped with a warning, not refused; here it is an error
            raise LookupError(entry["type"])
    table = tmp_path / "t.csv"
    table.write_text("timestamp,a\n2020-01-01 00:00:00,1\n")
    suite = tmp_path / "suite.json"
    suite.write_text(json.dumps({"name": "bad", "expectations": [entry], "meta": {}}))
    done = forewarn.run("validate", table, "--suite", suite, "--out", tmp_path / "r.json", check=False, cwd=ROOT)
    assert done.returncode == 1, done.stderr
    assert "expectation 1" in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "r.json").exists()
