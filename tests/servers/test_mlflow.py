"""The registry on a real MLflow server, 2.17 and 3: what Forewarn stores MLflow's clients read, and the other way round."""

import json
import shutil
from pathlib import Path

import pytest
import requests
from stack import (Clock, forewarn, inference_service, mlflow_server, postgres_server, python, s3_server, wait_until)

RUNS = {"gradient_boosting", "xgboost_calibrated", "xgboost_leafwise_calibrated", "rf_soft_alarm", "lr_soft_alarm",
        "isolation_forest", "regime_classifier", "deviation_predictor", "pca", "forecaster_1h", "forecaster_3h",
        "forecaster_6h"}
CHAMPION = "plant_alarm_champion"
SCRIPTS = Path(__file__).parent


@pytest.fixture(scope="module", params=["mlflow2", "mlflow3"])
def server(request, tmp_path_factory, features):
    """2.17 as the full stack runs it, PostgreSQL and an object store behind it; 3 with SQLite and a folder. Every run
    of the plant file trained and registered there."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "mlflow3":
        with mlflow_server("mlflow3", folder / "server") as started:
            yield filled(started, folder, features)
        return
    with postgres_server(folder / "postgres") as postgres, s3_server(folder / "s3") as s3:
        postgres.create("mlflow")
        forewarn_bucket(s3, "mlflow-artifacts")
        with mlflow_server("mlflow2", folder / "server", postgres.url("mlflow", "postgresql+psycopg2"),
                           "s3://mlflow-artifacts", s3.env_of_clients) as started:
            yield filled(started, folder, features)


def forewarn_bucket(s3, name):
    import boto3
    keys = s3.env_of_clients
    boto3.client("s3", endpoint_url=s3.url, aws_access_key_id=keys["AWS_ACCESS_KEY_ID"], region_name="us-east-1",
                 aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"]).create_bucket(Bucket=name)


def filled(server, folder, features):
    server.folder, server.data = folder, folder / "data"
    server.table = next((features / "latest" / "valid").glob("*.parquet"))
    with Clock("training into MLflow"):
        forewarn("--data-dir", server.data, "--registry", server.url, "train", "--features", features, "--no-verdicts")
    return server


def move_alias(server, version, name=CHAMPION):
    """The call of MLflow's documentation, as a runbook has it."""
    reply = requests.post(f"{server.url}/api/2.0/mlflow/registered-models/alias",
                          json={"name": name, "alias": "champion", "version": str(version)}, timeout=30)
    assert reply.status_code == 200, reply.text


def rest(server, path, **query):
    reply = requests.get(f"{server.url}/api/2.0/mlflow/{path}", query, timeout=30)
    assert reply.status_code == 200, reply.text
    return reply.json()


def served_version(url, name=CHAMPION):
    return requests.get(f"{url}/models", timeout=10).json()["models"].get(name, {}).get("version")


def scores(url, rows, name=None):
    return [requests.post(f"{url}/predict", json=row, params={"model": name} if name else None, timeout=10)
            .json()["risk_score"] for row in rows]


def test_twelve_runs_and_their_versions_are_there(server):
    found = rest(server, "experiments/get-by-name", experiment_name="plant_alarm_training")["experiment"]
    runs = requests.post(f"{server.url}/api/2.0/mlflow/runs/search",
                         json={"experiment_ids": [found["experiment_id"]], "max_results": 100}, timeout=30).json()["runs"]
    assert {run["info"]["run_name"] for run in runs} == RUNS
    for run in runs:
        assert run["info"]["status"] == "FINISHED"
        assert run["data"]["metrics"] and run["data"]["params"], run["info"]["run_name"]
        assert run["inputs"]["dataset_inputs"][0]["dataset"]["name"] == "plant_alarm_features"
    versions = rest(server, "model-versions/search", max_results=100)["model_versions"]
    assert sum(v["name"] == CHAMPION for v in versions) == 4
    assert {v["run_id"] for v in versions} == {run["info"]["run_id"] for run in runs}
    assert "every file as it was registered" in forewarn("--registry", server.url, "models", "verify").stderr


@pytest.mark.parametrize("client", ["mlflow2", "mlflow3"])
def test_mlflow_s_python_client_gives_the_scores_that_are_served(server, client, tmp_path):
    move_alias(server, 2)
    env = {"MLFLOW_TRACKING_URI": server.url}
    theirs = json.loads(python(client, SCRIPTS / "client_predict.py", f"models:/{CHAMPION}@champion", server.table, env=env))
    with inference_service(server.data, tmp_path, registry=server.url) as service:
        wait_until(lambda: served_version(service.url) == 2)
        ours = scores(service.url, theirs["rows"])
    assert len(ours) > 100
    assert max(abs(a - b) for a, b in zip(ours, theirs["scores"], strict=True)) <= 1e-6


def test_a_moved_alias_answers_within_seconds_and_a_server_that_is_away_changes_nothing(server, tmp_path):
    move_alias(server, 1)
    row = {"te301020": 107.2, "pdt31008": 225.0}
    with inference_service(server.data, tmp_path, registry=server.url) as service:
        wait_until(lambda: served_version(service.url) == 1)
        before = scores(service.url, [row])
        move_alias(server, 3)
        with Clock("a moved alias in service"):
            wait_until(lambda: served_version(service.url) == 3, seconds=60)
        after = scores(service.url, [row])
        assert after != before
        server.kill()
        wait_until(lambda: "the models in service stay" in service.said())
        assert scores(service.url, [row]) == after
        # A service that starts while the server is away has the copy.
        with inference_service(shutil.copytree(server.data, tmp_path / "other", ignore=shutil.ignore_patterns("run")),
                               tmp_path / "other", registry=server.url) as second:
            wait_until(lambda: served_version(second.url) == 3)
            assert scores(second.url, [row]) == after
        server.start(server.ready)
        with Clock("back after the server's start"):
            wait_until(lambda: "reachable again" in service.said(), seconds=60)
        move_alias(server, 1)
        wait_until(lambda: served_version(service.url) == 1, seconds=60)


@pytest.mark.parametrize("kind", ["sklearn", "xgboost"])
def test_an_onnx_model_that_python_registered_is_served(server, kind, tmp_path):
    client = server.environment
    name = CHAMPION
    theirs = json.loads(python(client, SCRIPTS / "client_register.py", server.table, kind, name,
                               env={"MLFLOW_TRACKING_URI": server.url}))
    move_alias(server, theirs["version"])
    with inference_service(server.data, tmp_path, registry=server.url) as service:
        wait_until(lambda: served_version(service.url) == theirs["version"])
        ours = scores(service.url, theirs["rows"])
    assert max(abs(a - b) for a, b in zip(ours, theirs["scores"], strict=True)) <= 1e-6
    move_alias(server, 1)


def test_operators_that_are_not_known_are_listed(server):
    client = server.environment
    theirs = json.loads(python(client, SCRIPTS / "client_register.py", server.table, "unsupported", "elsewhere_champion",
                               env={"MLFLOW_TRACKING_URI": server.url}))
    refused = forewarn("--registry", server.url, "models", "show", f"elsewhere_champion:{theirs['version']}", check=False)
    assert refused.returncode != 0
    assert "operator 'Scan' is not supported; supported are:" in refused.stderr, refused.stderr


@pytest.mark.parametrize("client", ["mlflow2", "mlflow3"])
def test_the_official_client_reads_the_embedded_registry(client, trained, tmp_path, features):
    data = shutil.copytree(trained, tmp_path / "data")
    with inference_service(data, tmp_path) as service:
        env = {"MLFLOW_TRACKING_URI": service.url}
        read = json.loads(python(client, SCRIPTS / "client_read.py", CHAMPION, env=env))
        assert CHAMPION in read["models"] and read["versions"] == [1, 2, 3, 4]
        assert read["champion"] == served_version(service.url)
        assert {"MLmodel", "model.onnx", "forewarn.json", "manifest.json"} <= set(read["files"])
        assert read["metrics"]["f1_anomaly"] > 0
        table = next((features / "latest" / "valid").glob("*.parquet"))
        theirs = json.loads(python(client, SCRIPTS / "client_predict.py", f"models:/{CHAMPION}@champion", table, env=env))
        ours = scores(service.url, theirs["rows"])
        assert max(abs(a - b) for a, b in zip(ours, theirs["scores"], strict=True)) <= 1e-6
        move_alias(service, 1)
        wait_until(lambda: served_version(service.url) == 1, seconds=60)
