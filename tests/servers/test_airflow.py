"""The DAGs in a real Airflow 2.10 with a home of its own, calling the real program: what is imported, what a run leaves
behind, and what a bad file does not."""

import csv
import json
import subprocess

import boto3
import pytest
import services
import stack
from airflow_home import Airflow


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    return Airflow(tmp_path_factory.mktemp("airflow"))


@pytest.fixture(scope="module")
def ingested(airflow):
    """60 days of the simulated plant, one workbook a tag, through the DAG."""
    stack.forewarn("simulate", "--hours", 1440, "--out", airflow.drop / "books")
    airflow.ingest("books")
    return airflow


def files_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_dags_are_imported_without_an_error(airflow):
    program = ("import json; from airflow.models import DagBag; bag = DagBag(include_examples=False); "
               "print(json.dumps([bag.import_errors, {d: sorted(bag.dags[d].task_ids) for d in bag.dags}]))")
    done = subprocess.run([stack.venv("airflow") / "python", "-c", program], env=airflow.env, capture_output=True, text=True,
                          check=True)
    errors, dags = json.loads(done.stdout.splitlines()[-1])
    assert errors == {}
    assert dags == {"ingest_etl_local_drop": ["etl", "great_expectations_validation", "resolve_source_path"],
                    "train_models_local": ["train_and_register"]}


def test_a_folder_of_workbooks_becomes_features(ingested):
    manifest = json.loads((ingested.features / "latest" / "manifest.json").read_text())
    assert manifest
    assert len(files_of(ingested.features / "latest")) > 1


def test_a_file_that_fails_the_suite_stops_at_the_gate_and_nothing_is_written(ingested, tmp_path):
    with open(services.labelled_table(tmp_path), newline="") as file:
        rows = list(csv.DictReader(file))
    rows[10]["anomaly_label"] = "7"
    with open(ingested.drop / "bad.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    before = files_of(ingested.features)
    done = ingested.ingest("bad.csv", check=False)
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "AirflowFailException" in said, said[-4000:]
    assert "anomaly_label" in said
    assert files_of(ingested.features) == before


def test_a_path_outside_the_drop_folder_is_refused(ingested):
    before = files_of(ingested.features)
    done = ingested.ingest("../home/airflow.cfg", check=False)
    assert done.returncode != 0 and "not inside the drop folder" in done.stdout + done.stderr
    assert files_of(ingested.features) == before


def test_training_registers_versions(ingested):
    ingested("dags", "test", "train_models_local")
    rows = json.loads(stack.forewarn("--data-dir", ingested.data, "models", "list", "--json").stdout)
    runs = {row["run_name"] for row in rows}
    assert {"rf_soft_alarm", "gradient_boosting"} <= runs, runs
    assert not any(row["aliases"] for row in rows), "promotion is manual unless told otherwise"


def test_features_go_to_the_object_store_and_versions_to_mlflow(ingested, tmp_path):
    with stack.s3_server(tmp_path / "s3") as store, stack.mlflow_server("mlflow2", tmp_path / "mlflow") as mlflow:
        client = boto3.client("s3", endpoint_url=store.url, region_name="us-east-1", aws_access_key_id=stack.S3_USER,
                              aws_secret_access_key=stack.S3_PASSWORD)
        client.create_bucket(Bucket="features")
        env = {**store.env_of_clients, "FEATURES_URI": "s3://features/plant_alarm", "MLFLOW_TRACKING_URI": mlflow.url}
        ingested.ingest("books", env=env)
        keys = [o["Key"] for o in client.list_objects_v2(Bucket="features", Prefix="plant_alarm/latest/")["Contents"]]
        assert "plant_alarm/latest/manifest.json" in keys
        ingested("dags", "test", "train_models_local", env=env)
        found = services.call(mlflow.url + "/api/2.0/mlflow/model-versions/search")["model_versions"]
        assert found and all(v["status"] == "READY" for v in found), found
