"""The ETL against pandas on the real table: point features, windows, targets, split, SMOTE's rows, the files themselves."""

import hashlib
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from etl_reference import POINT, WINDOW, reference, window_reference

@pytest.fixture(scope="module")
def expected(gas_data):
    return reference(gas_data / "labeled_dataset.csv")


@pytest.fixture(scope="module")
def parts(gas_features):
    return (pd.read_parquet(gas_features / "train" / "part-0.parquet"),
            pd.read_parquet(gas_features / "valid" / "part-0.parquet"))


def test_every_column_equals_pandas(parts, expected):
    got = pd.concat(parts, ignore_index=True)
    assert list(got["timestamp"]) == list(expected["timestamp"])
    missing = set(expected.columns) - set(got.columns)
    assert not missing
    for column in expected.columns.drop("timestamp"):
        worst = np.abs(got[column].to_numpy(float) - expected[column].to_numpy(float)).max()
        assert worst <= 1e-9, f"{column} is off by {worst}"
    assert set(got.columns) - set(expected.columns) == {"rule_alarm"}


def test_point_features_are_all_there_in_order_of_the_plant_file(parts, forewarn):
    for part in parts:
        assert set(POINT) <= set(part.columns)
        assert np.isfinite(part[POINT].to_numpy(float)).all()


def test_split_is_the_first_four_fifths(parts, expected):
    train, valid = parts
    assert len(train) == int(len(expected) * 0.8) == 538
    assert len(valid) == 135
    assert train["timestamp"].max() < valid["timestamp"].min()


def test_rule_alarm_is_the_rules_alone(parts, expected):
    got = pd.concat(parts, ignore_index=True)
    rules = ((expected["pdt31008_max"] > 300) | (expected["lic31002_deviation_max"].abs() > 10)
             | (expected["lt301031_roll3h_std"] > 20))
    assert (got["rule_alarm"] == rules.astype(int)).all()
    assert 0 < rules.sum() < expected["anomaly_label"].sum()


@pytest.mark.parametrize("hours", [1, 3, 6])
@pytest.mark.parametrize("part", ["train", "valid"])
def test_windows_and_targets_equal_pandas_exactly(gas_features, expected, hours, part):
    name = f"windows_{hours}h.parquet" if part == "train" else f"windows_valid_{hours}h.parquet"
    got = pd.read_parquet(gas_features / name)
    windows = window_reference(expected)
    label = expected["anomaly_label"].to_numpy(int)
    rows = range(WINDOW, len(expected) - hours + 1)
    train_rows = int(len(expected) * 0.8)
    rows = [i for i in rows if (i + hours - 1 < train_rows) == (part == "train")]
    assert list(got.columns) == list(windows.columns) + ["anomaly_label", "anomaly_within"]
    assert len(windows.columns) == 135
    assert len(got) == len(rows)
    features = got.iloc[:, :135]
    assert (features.dtypes == np.float32).all()
    assert (features.to_numpy() == windows.iloc[rows].to_numpy()).all()
    assert (got["anomaly_label"].to_numpy() == [label[i + hours - 1] for i in rows]).all()
    assert (got["anomaly_within"].to_numpy() == [label[i:i + hours].max() for i in rows]).all()


def test_smote_keeps_the_real_rows_and_makes_the_classes_equal(gas_features, parts):
    train = parts[0]
    smote = pd.read_parquet(gas_features / "train_smote.parquet")
    assert smote.iloc[:len(train)].equals(train.astype(smote.dtypes))
    synthetic = smote.iloc[len(train):]
    counts = smote["anomaly_label"].value_counts()
    assert counts[0] == counts[1]
    assert synthetic["timestamp"].isna().all()
    assert (synthetic["regime"] == 2).all() and (synthetic["anomaly_label"] == 1).all()


def test_smote_rows_lie_between_a_minority_row_and_one_of_its_five_nearest(gas_features, parts):
    from sklearn.neighbors import NearestNeighbors  # what imbalanced-learn asks

    train = parts[0]
    smote = pd.read_parquet(gas_features / "train_smote.parquet")
    columns = train.columns.drop(["timestamp", "anomaly_label"])
    minority = train.loc[train["anomaly_label"] == 1, columns].to_numpy(float)
    synthetic = smote.iloc[len(train):][columns].to_numpy(float)
    neighbours = NearestNeighbors(n_neighbors=6).fit(minority).kneighbors(minority, return_distance=False)[:, 1:]
    base = np.repeat(np.arange(len(minority)), 5)
    start, step = minority[base], minority[neighbours.ravel()] - minority[base]
    length = (step ** 2).sum(axis=1)
    used = set()
    for row in synthetic:
        share = np.divide(((row - start) * step).sum(axis=1), length, out=np.zeros(len(length)), where=length > 0)
        off = np.abs(start + np.clip(share, 0, 1)[:, None] * step - row).max(axis=1)
        assert off.min() <= 1e-8
        used.add(base[off.argmin()])
    assert len(used) > len(minority) / 4


def test_smote_has_imbalanced_learns_geometry(gas_features, parts):
    """As many rows as imbalanced-learn makes, and as far from the minority rows, within what two seeds differ by."""
    from imblearn.over_sampling import SMOTE

    train = parts[0]
    smote = pd.read_parquet(gas_features / "train_smote.parquet")
    columns = train.columns.drop(["timestamp", "anomaly_label"])
    real = train[columns].to_numpy(float)
    peers = [SMOTE(k_neighbors=5, random_state=seed).fit_resample(real, train["anomaly_label"])[0][len(train):]
             for seed in range(20)]
    ours = smote.iloc[len(train):][columns].to_numpy(float)
    assert len(ours) == len(peers[0])
    for column in ["pdt31008", "lt301031", "te301020_roll_mean"]:
        at = list(columns).index(column)
        means = [p[:, at].mean() for p in peers]
        assert abs(ours[:, at].mean() - np.mean(means)) <= 4 * np.std(means)


def test_files_carry_what_the_manifest_says(gas_features):
    manifest = json.loads((gas_features / "manifest.json").read_text())
    assert manifest["plant"] == "gas-treatment"
    assert manifest["labelled"] is True
    run = gas_features.resolve()
    on_disk = {str(p.relative_to(run)) for p in run.rglob("*.parquet")}
    assert on_disk == {f["path"] for f in manifest["files"]}
    for entry in manifest["files"]:
        path = gas_features / entry["path"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
        assert pq.ParquetFile(path).metadata.num_rows == entry["rows"]
    schema = pq.read_schema(gas_features / "train" / "part-0.parquet")
    assert schema.field("timestamp").type == pa.timestamp("us")
    assert schema.field("anomaly_label").type == pa.int64()
    assert schema.field("pdt31008").type == pa.float64()


def test_the_run_stands_beside_latest(gas_features):
    manifest = json.loads((gas_features / "manifest.json").read_text())
    run = gas_features.parent / "runs" / manifest["run"]
    assert (run / "manifest.json").read_bytes() == (gas_features / "manifest.json").read_bytes()


def test_two_runs_write_the_same_bytes(forewarn, gas_data, gas_features, tmp_path):
    forewarn.run("etl", gas_data / "labeled_dataset.csv", "--out", tmp_path / "again", "--threads", "1")
    for path in gas_features.resolve().rglob("*.parquet"):
        twin = tmp_path / "again" / "latest" / path.relative_to(gas_features.resolve())
        assert twin.read_bytes() == path.read_bytes(), path.name


def messy_table(expected: pd.DataFrame) -> pd.DataFrame:
    """The real table with what historians do to tables: shuffled, duplicated, holes, text, odd names."""
    table = expected[[c for c in expected.columns if "_roll_" not in c and not c.endswith("_delta")
                      and c != "failure_frequency_48"]].head(200).astype(object)
    table = table.drop(columns=["lic31002_deviation", "hour_of_day", "day_of_week"])
    rng = np.random.default_rng(5)
    for column in ["pdt31008", "te301020", "fic31011_pv", "lic31002_sp"]:
        table.loc[rng.choice(200, 9, replace=False), column] = None
    table.loc[rng.choice(200, 5, replace=False), "lt301031"] = "Bad"
    table.loc[3, "lic31012_sp"] = 0
    table.loc[4, "lic31012_sp"] = None
    table["timestamp"] = table["timestamp"].astype(str)
    table.loc[7, "timestamp"] = "no time"
    twice = table.iloc[[20, 21]].copy()
    twice["pdt31008"] = 111.5
    table = pd.concat([table.sample(frac=1, random_state=1), twice])
    return table.rename(columns={"pdt31008": " PDT31008 ", "te301020": "Te301020"})


def test_a_messy_table_equals_pandas(forewarn, expected, tmp_path):
    path = tmp_path / "messy.csv"
    messy_table(expected).to_csv(path, index=False)
    report = forewarn.json("etl", path, "--out", tmp_path / "out", "--no-gate")
    want = reference(path)
    got = pd.concat([pd.read_parquet(tmp_path / "out" / "latest" / p / "part-0.parquet") for p in ["train", "valid"]],
                    ignore_index=True)
    assert list(got["timestamp"]) == list(want["timestamp"])
    for column in want.columns.drop("timestamp"):
        np.testing.assert_allclose(got[column].to_numpy(float), want[column].to_numpy(float), rtol=0, atol=1e-9,
                                   err_msg=column)
    assert report["input"]["rows_without_time"] == 1
    assert report["input"]["duplicate_times"] == 2
    assert report["input"]["not_numbers"] == {"lt301031": 5}
    assert report["normalised"]["fixed_setpoints"] == {"lic31012_sp": 2}
    assert report["normalised"]["nulls_to_zero"]["pdt31008"] >= 8
    assert "lic31002_deviation" in report["normalised"]["computed"]


def test_cutting_the_table_changes_no_earlier_feature(forewarn, gas_data, parts, tmp_path):
    whole = pd.concat(parts, ignore_index=True)
    table = pd.read_csv(gas_data / "labeled_dataset.csv", dtype=str)
    for rows in [2, 40, 333]:
        table.head(rows).to_csv(tmp_path / "cut.csv", index=False)
        forewarn.run("etl", tmp_path / "cut.csv", "--out", tmp_path / "cut")
        got = pd.concat([pd.read_parquet(tmp_path / "cut" / "latest" / p / "part-0.parquet")
                         for p in ["train", "valid"]], ignore_index=True)
        assert (got[POINT].to_numpy(float) == whole[POINT].head(rows).to_numpy(float)).all()


def test_csv_and_parquet_give_the_same_features(forewarn, gas_data, gas_features, tmp_path):
    table = pd.read_csv(gas_data / "labeled_dataset.csv", parse_dates=["timestamp"], float_precision="round_trip")
    table.to_parquet(tmp_path / "table.parquet", index=False)
    forewarn.run("etl", tmp_path / "table.parquet", "--out", tmp_path / "out")
    a, b = (json.loads((f / "manifest.json").read_text()) for f in [gas_features, tmp_path / "out" / "latest"])
    assert a["input_digest"] == b["input_digest"]
    assert a["files"] == b["files"]


def test_the_gate_stops_a_bad_table_with_exit_code_3(forewarn, gas_data, tmp_path):
    table = pd.read_csv(gas_data / "labeled_dataset.csv", dtype=str)
    table.loc[5, "anomaly_label"] = "2"
    table.to_csv(tmp_path / "bad.csv", index=False)
    done = forewarn.run("etl", tmp_path / "bad.csv", "--out", tmp_path / "out", check=False)
    assert done.returncode == 3
    assert not (tmp_path / "out").exists()
    assert "anomaly_label" in done.stderr


@pytest.mark.parametrize("content, said", [
    (b"", "empty"), (b"\x00\x01\x02" * 50, ""), (b"a,b\n1,2\n", "timestamp"), (b"timestamp,pdt31008\n", "")])
def test_bad_input_is_one_line_and_no_output(forewarn, tmp_path, content, said):
    (tmp_path / "in.csv").write_bytes(content)
    done = forewarn.run("etl", tmp_path / "in.csv", "--out", tmp_path / "out", "--no-gate", check=False)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_unlabelled_table_of_a_labelled_plant_says_what_to_do(forewarn, gas_data, tmp_path):
    done = forewarn.run("etl", gas_data / "cleaned_dataset.csv", "--out", tmp_path / "out", "--no-gate", check=False)
    assert done.returncode == 1
    assert "forewarn label" in done.stderr


def tennessee_table(path) -> pd.DataFrame:
    values = np.loadtxt(path)
    values = values.T if values.shape[0] == 52 else values
    names = [f"xmeas_{i}" for i in range(1, 42)] + [f"xmv_{i}" for i in range(1, 12)]
    table = pd.DataFrame(values, columns=names)
    table.insert(0, "timestamp", pd.date_range("2000-01-01", periods=len(table), freq="3min"))
    return table


def test_tennessee_eastman_goes_the_same_way_without_labels(forewarn, te_data, tmp_path):
    table = tennessee_table(te_data / "d00.dat")
    table.to_csv(tmp_path / "d00.csv", index=False)
    forewarn.run("--plant", "tennessee-eastman", "etl", tmp_path / "d00.csv", "--out", tmp_path / "out")
    latest = tmp_path / "out" / "latest"
    files = {str(p.relative_to(latest.resolve())) for p in latest.resolve().rglob("*.parquet")}
    assert files == {"train/part-0.parquet", "valid/part-0.parquet"}
    got = pd.concat([pd.read_parquet(latest / p / "part-0.parquet") for p in ["train", "valid"]], ignore_index=True)
    assert (got[table.columns.drop("timestamp")].to_numpy() == table.drop(columns="timestamp").to_numpy()).all()
    assert not [c for c in got.columns if "anomaly" in c or "alarm" in c or "_roll_" in c]
