"""The whole stack at work: a dropped file goes through the watcher, Airflow's scheduler, the object store and MLflow into
the inference service; a bad one stops at the gate."""

import csv
import json
import signal

import boto3
import pytest
import requests
import services
import stack
from airflow_home import PASSWORD, USER, airflow_server
from test_mlflow import RUNS, move_alias, served_version

INGEST, TRAIN = "ingest_etl_local_drop", "train_models_local"


class Stack:
    """PostgreSQL, MinIO, MLflow 2.17 and Airflow 2.10 as compose.yml wires them, and the watcher in Airflow mode."""

    def __init__(self, folder, s3, mlflow, airflow):
        self.folder, self.s3, self.mlflow, self.airflow = folder, s3, mlflow, airflow
        self.drop = airflow.drop
        self.watcher = None
        self.bucket = boto3.client("s3", endpoint_url=s3.url, region_name="us-east-1", aws_access_key_id=stack.S3_USER,
                                   aws_secret_access_key=stack.S3_PASSWORD)

    def start_watcher(self):
        env = {"AIRFLOW_URL": self.airflow.url, "AIRFLOW_ADMIN_USER": USER, "AIRFLOW_ADMIN_PASSWORD": PASSWORD}
        self.watcher = stack.Service(["--data-dir", self.folder / "watcher", "watch", self.drop], self.folder / "watch.log", env)
        self.watcher.start(lambda: "watching" in self.watcher.said())

    def put(self, source, name):
        (self.drop / f"{name}.part").write_bytes(source.read_bytes())
        (self.drop / f"{name}.part").rename(self.drop / name)

    def fate_of(self, name):
        """The report beside the file, once it has met its fate."""
        def look():
            for fate in ("processed", "rejected"):
                if (self.drop / fate / name).exists():
                    return fate, json.loads((self.drop / fate / f"{name}.report.json").read_text())
            return None
        return stack.wait_until(look, self.watcher.child)

    def stored(self):
        listed = self.bucket.list_objects_v2(Bucket="features").get("Contents", [])
        return {o["Key"]: o["ETag"] for o in listed}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chain")
    with (stack.postgres_server(folder / "postgres") as postgres, stack.s3_server(folder / "s3") as s3,
          airflow_server(folder / "airflow", postgres) as airflow):
        postgres.create("mlflow")
        with stack.mlflow_server("mlflow2", folder / "mlflow", postgres.url("mlflow", "postgresql+psycopg2"),
                                 "s3://mlflow-artifacts", s3.env_of_clients) as mlflow:
            made = Stack(folder, s3, mlflow, airflow)
            for bucket in ("mlflow-artifacts", "features"):
                made.bucket.create_bucket(Bucket=bucket)
            airflow.start({**s3.env_of_clients, "FEATURES_URI": "s3://features/plant_alarm", "MLFLOW_TRACKING_URI": mlflow.url})
            made.start_watcher()
            try:
                yield made
            finally:
                made.watcher.stop()


def test_a_dropped_file_becomes_a_model_in_service(whole, tmp_path):
    whole.put(services.labelled_table(tmp_path), "Labelled 2014.CSV")
    with stack.Clock("drop to features"):
        fate, report = whole.fate_of("Labelled 2014.CSV")
    assert fate == "processed" and report["kind"] == "labelled table" and report["validation"]["success"], report
    run = report["airflow"]["run_id"]
    assert run == f"Labelled_2014-{report['sha256'][:12]}"
    assert report["airflow"]["state"] == "success" == whole.airflow.run_state(INGEST, run)
    stored = whole.stored()
    assert "plant_alarm/latest/manifest.json" in stored
    assert any(key.startswith(f"plant_alarm/runs/{run}/") for key in stored), list(stored)

    reply = whole.airflow.rest("POST", f"dags/{TRAIN}/dagRuns", json={"dag_run_id": "train-1"})
    assert reply.status_code == 200, reply.text
    with stack.Clock("training"):
        stack.wait_until(lambda: whole.airflow.run_state(TRAIN, "train-1") in ("success", "failed"))
    assert whole.airflow.run_state(TRAIN, "train-1") == "success"
    call = f"{whole.mlflow.url}/api/2.0/mlflow"
    experiment = requests.get(f"{call}/experiments/get-by-name", {"experiment_name": "plant_alarm_training"},
                              timeout=30).json()["experiment"]["experiment_id"]
    runs = requests.post(f"{call}/runs/search", json={"experiment_ids": [experiment], "max_results": 100}, timeout=30).json()["runs"]
    assert {r["info"]["run_name"] for r in runs} == RUNS and len(runs) == 12
    versions = requests.get(f"{call}/model-versions/search", {"max_results": 100}, timeout=30).json()["model_versions"]
    assert {v["run_id"] for v in versions} == {r["info"]["run_id"] for r in runs}

    with stack.inference_service(whole.folder / "inference", tmp_path, registry=whole.mlflow.url,
                                 env=whole.s3.env_of_clients) as service:
        for version in (1, 2):
            move_alias(whole.mlflow, version)
            with stack.Clock(f"version {version} in service"):
                stack.wait_until(lambda v=version: served_version(service.url) == v, seconds=60)
        answer = services.call(service.url + "/predict", {"te301020": 107.2, "pdt31008": 225.0})
        assert 0 <= answer["risk_score"] <= 1


def test_a_bad_file_stops_at_the_gate_and_nothing_is_written(whole, tmp_path):
    with open(services.labelled_table(tmp_path), newline="") as file:
        rows = list(csv.DictReader(file))
    rows[10]["anomaly_label"] = "7"
    with open(tmp_path / "bad.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    before = whole.stored()
    whole.put(tmp_path / "bad.csv", "bad.csv")
    fate, report = whole.fate_of("bad.csv")
    assert fate == "rejected" and report["outcome"] == "rejected", report
    assert not report["validation"]["success"] and "anomaly_label" in report["reason"]
    assert "FAILS" in (whole.drop / "rejected" / "bad.csv.report.txt").read_text()
    assert whole.stored() == before
    # Its run failed at once: trying again would not change the file.
    tasks = whole.airflow.rest("GET", f"dags/{INGEST}/dagRuns/{report['airflow']['run_id']}/taskInstances").json()
    tries = {t["task_id"]: (t["state"], t["try_number"]) for t in tasks["task_instances"]}
    assert tries["great_expectations_validation"] == ("failed", 1), tries
    assert tries["etl"][0] == "upstream_failed"


def test_workbooks_wait_for_their_set_and_a_killed_watcher_goes_on(whole, tmp_path):
    stack.forewarn("simulate", "--hours", 1440, "--out", tmp_path / "books")
    for book in sorted((tmp_path / "books").iterdir()):
        whole.put(book, book.name)
    stack.wait_until(lambda: "Airflow's run workbooks-" in whole.watcher.said(), whole.watcher.child)
    whole.watcher.child.send_signal(signal.SIGKILL)
    whole.watcher.child.wait()
    whole.start_watcher()

    def done():
        return [p for p in (whole.drop / "processed").glob("workbooks-*") if p.is_dir()]
    [folder] = stack.wait_until(done, whole.watcher.child)
    report = json.loads((folder.parent / f"{folder.name}.report.json").read_text())
    assert report["kind"] == "set of one-tag workbooks" and report["airflow"]["state"] == "success"
    assert f"run {folder.name} is there already" in whole.watcher.said()
    listed = whole.airflow.rest("GET", f"dags/{INGEST}/dagRuns").json()["dag_runs"]
    assert sum(r["dag_run_id"] == folder.name for r in listed) == 1
    assert not any((whole.drop / ".airflow").iterdir())
    assert any(key.startswith(f"plant_alarm/runs/{folder.name}/") for key in whole.stored())


def test_the_same_bytes_again_are_no_second_run(whole, tmp_path):
    before, runs = whole.stored(), whole.airflow.rest("GET", f"dags/{INGEST}/dagRuns").json()["total_entries"]
    for fate in ("processed", "rejected"):
        name = {"processed": "Labelled 2014.CSV", "rejected": "bad.csv"}[fate]
        report = whole.drop / fate / f"{name}.report.json"
        report.unlink()
        whole.put(whole.drop / fate / name, name)
        stack.wait_until(lambda r=report, n=name: r.exists() and not (whole.drop / n).exists(), whole.watcher.child)
        assert whole.fate_of(name)[0] == fate
    assert whole.airflow.rest("GET", f"dags/{INGEST}/dagRuns").json()["total_entries"] == runs
    assert whole.stored() == before
