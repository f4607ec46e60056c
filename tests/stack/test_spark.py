"""Spark on a standalone master with two workers: the same bits as one machine, whatever happens to a worker."""

import json
import pathlib
import subprocess

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import forewarn
from conftest import wait_for_page
from product import call, free_port

TABLES = ["train/part-0.parquet", "valid/part-0.parquet", "train_smote.parquet"]
HORIZONS = ["1h", "3h", "6h"]


def read_set(folder: pathlib.Path, table: str) -> pa.Table:
    """A table of a feature set, whole or in parts."""
    manifest = json.loads((folder / "manifest.json").read_text())
    parts = manifest.get("parts", {}).get(table, [table])
    # a Spark column may be narrower in one part (synthetic rows hold fractions where real ones are whole)
    return pa.concat_tables([pq.read_table(folder / part) for part in parts], promote_options="permissive")


def assert_same_bits(got: pa.Table, expected: pa.Table) -> None:
    assert got.column_names == expected.column_names
    assert got.num_rows == expected.num_rows
    for name in expected.column_names:
        a, b = got[name].to_pandas(), expected[name].to_pandas()
        if name == "timestamp":
            assert (a.to_numpy("datetime64[us]") == b.to_numpy("datetime64[us]")).all() or \
                (a.isna() == b.isna()).all() and (a.dropna() == b.dropna()).all(), name
            continue
        a, b = a.to_numpy(float), b.to_numpy(float)
        assert (a.view(np.int64) == b.view(np.int64)).all(), name


@pytest.fixture(scope="session")
def native_features(forewarn_cli, labelled_table, tmp_path_factory) -> pathlib.Path:
    out = tmp_path_factory.mktemp("native")
    forewarn_cli.run("etl", labelled_table, "--out", out)
    return out / "latest"


@pytest.fixture(scope="session")
def spark_features(spark_cluster, labelled_table, tmp_path_factory) -> pathlib.Path:
    """Blocks of about a hundred rows, so that every halo is used."""
    out = tmp_path_factory.mktemp("spark-features")
    report = spark_cluster.run("etl", labelled_table, "--out", out, "--block-rows", 100)
    assert report["smote"]["applied"]
    return out / "latest"


@pytest.mark.parametrize("table", TABLES)
def test_features_are_the_native_ones_bit_for_bit(spark_features, native_features, table):
    assert len(json.loads((spark_features / "manifest.json").read_text())["parts"]["train/part-0.parquet"]) > 3
    assert_same_bits(read_set(spark_features, table), read_set(native_features, table))


@pytest.mark.parametrize("horizon", HORIZONS)
@pytest.mark.parametrize("part", ["", "valid_"])
def test_windows_are_the_native_ones_bit_for_bit(spark_features, native_features, horizon, part):
    table = f"windows_{part}{horizon}.parquet"
    got = read_set(spark_features, table)
    assert got.schema.field(0).type == pa.float32()
    ends = got["end_row"].to_pylist()
    assert ends == sorted(ends)
    assert_same_bits(got.drop_columns(["end_row"]), read_set(native_features, table))


def test_the_native_trainer_reads_what_spark_wrote(forewarn_cli, spark_features, native_features, tmp_path):
    folders = {}
    for name, features in [("spark", spark_features), ("native", native_features)]:
        registry = f"local:{tmp_path / name}"
        forewarn_cli.run("--registry", registry, "train", "--features", features, "--only",
                         "xgboost_calibrated,gradient_boosting,forecaster_6h", "--no-verdicts")
        for model in ["plant_alarm_champion:1", "plant_alarm_champion:2", "plant_alarm_forecaster_6h"]:
            folders[name, model] = tmp_path / f"{name}-{model}"
            forewarn_cli.run("--registry", registry, "models", "export", model, folders[name, model])
    for model in ["plant_alarm_champion:1", "plant_alarm_champion:2", "plant_alarm_forecaster_6h"]:
        assert (folders["spark", model] / "model.onnx").read_bytes() == \
            (folders["native", model] / "model.onnx").read_bytes()


@pytest.fixture(scope="session")
def fleet(tmp_path_factory) -> pathlib.Path:
    """Three units with their own timelines, in several files: holes, nulls, duplicates, text, rows without a time."""
    plant = forewarn.Plant.load("gas-treatment")
    rng = np.random.default_rng(5)
    parts = []
    for unit, (hours, seed) in {"north": (1500, 1), "south": (900, 2), "west": (2600, 3)}.items():
        table = forewarn.label(plant, forewarn.simulate(plant, hours, seed=seed)).table.to_pandas()
        table.insert(1, "Unit", unit)
        table = table.drop(index=rng.choice(hours, hours // 20, replace=False))
        for column in ["pdt31008", "te301020", "lic31012_sp"]:
            table.loc[rng.choice(table.index, 30, replace=False), column] = np.nan
        parts.append(table)
    table = pd.concat(parts)
    twice = table.sample(40, random_state=1).assign(pdt31008=111.5)
    table = pd.concat([table.sample(frac=1, random_state=2), twice])
    folder = tmp_path_factory.mktemp("fleet")
    for i, start in enumerate(range(0, len(table), 1200)):
        table.iloc[start:start + 1200].to_parquet(folder / f"part-{i}.parquet", index=False)
    return folder


def native_unit(fleet: pathlib.Path, unit: str) -> forewarn.Dataset:
    plant = forewarn.Plant.load("gas-treatment")
    table = pd.concat([pd.read_parquet(path) for path in sorted(fleet.glob("*.parquet"))])
    return forewarn.build_dataset(plant, forewarn.Frame(table[table["Unit"] == unit].drop(columns="Unit")))


def test_units_are_each_by_themselves_and_a_killed_worker_changes_nothing(spark_cluster, fleet, tmp_path):
    """A worker dies with kill -9 while tasks run; the result is the one of an undisturbed run, bit for bit, and each
    unit's is what one machine makes of it."""
    args = ["etl", fleet, "--by", "unit", "--block-rows", 60]
    spark_cluster.want(2)
    spark_cluster.run(*args, "--out", tmp_path / "calm")
    spark_cluster.want(2)
    port = free_port()
    job = subprocess.Popen(spark_cluster.command(*args, "--out", tmp_path / "killed", conf=(
        f"spark.ui.port={port}", "spark.port.maxRetries=1")), env=spark_cluster.env, cwd=spark_cluster.folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def in_the_middle() -> bool:
        base = f"http://127.0.0.1:{port}/api/v1/applications"
        stages = call(f"{base}/{call(base)[0]['id']}/stages?status=active")
        return any(stage["numTasks"] > 20 and 3 <= stage["numCompleteTasks"] < stage["numTasks"] - 10
                   for stage in stages)

    wait_for_page(in_the_middle, job)
    victim = next(w for w in spark_cluster.workers if w.child.poll() is None)
    victim.kill()
    out, err = job.communicate()
    assert job.returncode == 0, err[-6000:]
    spark_cluster.want(2)

    calm, killed = tmp_path / "calm" / "latest", tmp_path / "killed" / "latest"
    names = [*TABLES, *(f"windows_{part}{h}.parquet" for h in HORIZONS for part in ("", "valid_"))]
    for name in names:
        assert read_set(killed, name).equals(read_set(calm, name)), name
    manifest = json.loads((killed / "manifest.json").read_text())
    assert manifest["units"] == 3 and manifest["input"]["duplicate_times"] == 40
    for unit in ["north", "south", "west"]:
        native = native_unit(fleet, unit)
        for table, frame in [("train/part-0.parquet", native.train), ("valid/part-0.parquet", native.valid)]:
            rows = read_set(killed, table)
            rows = rows.filter(pa.compute.equal(rows["unit"], unit)).drop_columns(["unit"])
            assert_same_bits(rows, pa.table(frame))
        windows = read_set(killed, "windows_3h.parquet")
        windows = windows.filter(pa.compute.equal(windows["unit"], unit))
        expected = native.windows("3h", "train")
        assert windows["end_row"].to_pylist() == expected["windows"].end_row.tolist()
        got = np.column_stack([windows[c].to_numpy() for c in expected["windows"].names])
        assert (got.view(np.int32) == expected["windows"].values.view(np.int32)).all()
        assert windows["anomaly_within"].to_pylist() == expected["anomaly_within"].tolist()


@pytest.fixture(scope="session")
def trained(spark_cluster, spark_features, tmp_path_factory) -> tuple[str, dict]:
    """A classifier and a forecaster grown by XGBoost on both workers, in a local registry."""
    registry = f"local:{tmp_path_factory.mktemp('registry')}"
    spark_cluster.want(2)
    reports = {}
    for run in ["xgboost_calibrated", "forecaster_3h"]:
        reports[run] = spark_cluster.run("train", "--features", spark_features, "--run", run, "--registry", registry)
    return registry, reports


def test_the_command_line_reads_and_explains_models_grown_on_spark(forewarn_cli, trained, labelled_table):
    registry, reports = trained
    assert reports["xgboost_calibrated"]["registered"] == [{"name": "plant_alarm_champion", "version": 1}]
    listed = {row["name"]: row for row in forewarn_cli.json("--registry", registry, "models", "list")}
    assert listed["plant_alarm_champion"]["metrics"] == pytest.approx(reports["xgboost_calibrated"]["metrics"])
    assert forewarn_cli.json("--registry", registry, "models", "verify")["faults"] == []
    rows = forewarn_cli.json("--registry", registry, "explain", labelled_table)
    total = [sum(v for k, v in row.items() if k.startswith("shap_")) + row["base_value"] for row in rows]
    np.testing.assert_allclose(total, [row["output_value"] for row in rows], atol=1e-6)
    valid = reports["xgboost_calibrated"]["metrics"]
    assert 0.5 < valid["roc_auc_anomaly"] <= 1 and 0 < valid["brier_score"] < 0.3


def test_stored_trees_are_xgboosts_trees(labelled_table):
    """The margins of a booster of the newest release, and those of our trees read from its file."""
    import xgboost

    plant = forewarn.Plant.load("gas-treatment")
    table = forewarn.features(plant, forewarn.Frame.read_csv(str(labelled_table), plant=plant)).to_pandas()
    x, y = table[plant.point_features].to_numpy(), table["anomaly_label"].to_numpy()
    x[::7, 3] = np.nan
    booster = xgboost.XGBClassifier(n_estimators=60, max_depth=4, learning_rate=0.2, base_score=0.3).fit(x, y).get_booster()
    for form in ["json", "ubj"]:
        trees = forewarn.Trees.from_xgboost(bytes(booster.save_raw(form)))
        expected = booster.predict(xgboost.DMatrix(x), output_margin=True)
        # Our leaves are snapped (model.h, SnapLeaves): each by at most 2^-23 of the greatest sum there can be.
        bound = len(trees) * 2.0 ** -23 * sum(abs(tree["Gain"][tree["Feature"] == "Leaf"]).max() for _, tree in
                                              booster.trees_to_dataframe().groupby("Tree"))
        np.testing.assert_allclose(trees.margin(x), expected, rtol=0, atol=bound)


def test_scores_are_the_command_lines_bit_for_bit(spark_cluster, forewarn_cli, trained, labelled_table, spark_features,
                                                  tmp_path):
    registry, _ = trained
    for model, command, columns in [("plant_alarm_champion", ["predict"], ["risk_score", "alarm"]),
                                    ("plant_alarm_forecaster_3h", ["forecast", "--rolling", "--horizon", "3"],
                                     ["probability", "alarm"])]:
        out = tmp_path / model
        report = spark_cluster.run("score", labelled_table, "--model", model, "--registry", registry, "--out", out,
                                   "--block-rows", 90)
        assert report["features"] == "computed" and report["columns"] == columns
        got = pd.read_parquet(out).sort_values("timestamp", ignore_index=True)
        expected = forewarn_cli.json("--registry", registry, *command, labelled_table)
        for column in columns:
            want = np.array([np.nan if row[column] is None else row[column] for row in expected])
            np.testing.assert_array_equal(got[column], want)
    given = spark_cluster.run("score", spark_features / "valid", "--model", "plant_alarm_champion", "--registry",
                              registry, "--out", tmp_path / "given")
    assert given["features"] == "given"
    scores, whole = (pd.read_parquet(tmp_path / name).set_index("timestamp")["risk_score"].sort_index()
                     for name in ("given", "plant_alarm_champion"))  # Spark reads a set's parts in no order
    assert scores.index.equals(whole.index[-len(scores):])
    np.testing.assert_array_equal(scores, whole.tail(len(scores)))


def test_failures_are_one_line_that_says_what_to_do(spark_cluster, labelled_table, tmp_path):
    table = pd.read_csv(labelled_table)
    table.drop(columns="anomaly_label").to_csv(tmp_path / "bare.csv", index=False)
    assert "run 'forewarn label' on it first" in spark_cluster.fail("etl", tmp_path / "bare.csv", "--out", tmp_path / "o")
    table.loc[100, "anomaly_label"] = 3
    table.to_csv(tmp_path / "bad.csv", index=False)
    assert "a label is 0 or 1" in spark_cluster.fail("etl", tmp_path / "bad.csv", "--out", tmp_path / "o")
    assert not (tmp_path / "o" / "latest").exists()
    assert "xgboost_calibrated" in spark_cluster.fail("train", "--features", tmp_path, "--run", "pca", "--out",
                                                      tmp_path / "m")
