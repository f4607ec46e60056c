"""deploy/compose.yml in containers: PostgreSQL, MinIO, MLflow and Airflow behind the three services, started by `make up
ENGINE=podman`. A file dropped into the watcher's folder becomes features in MinIO by Airflow, models in MLflow, and forecasts
through nginx's port. How the images come about without a registry: pods.py. Grafana and Spark cannot be had so and are not
started."""

import subprocess

import pods
import pytest
import requests
from stack import CACHE, ROOT, forewarn, wait_until

SERVED = ["postgres", "minio", "mlflow", "airflow-webserver", "airflow-scheduler", "inference", "sensors", "gateway", "nginx",
          "prometheus", "alertmanager"]
ONCE = ["minio-volume", "minio-bootstrap", "airflow-init"]
USERS = {"minio": 10001, "mlflow": 10001, "airflow-webserver": 50000, "airflow-scheduler": 50000, "inference": 10001,
         "sensors": 10001, "gateway": 10001, "nginx": 101, "prometheus": 65534, "alertmanager": 65534}
PORTS = ["POSTGRES_PORT", "MINIO_PORT", "MINIO_CONSOLE_PORT", "MLFLOW_PORT", "AIRFLOW_PORT", "STACK_PROMETHEUS_PORT"]
pytestmark = [*pods.POSSIBLE, pytest.mark.skipif(not all((CACHE / "bin" / name).exists() for name in ("minio", "mc")),
                                                 reason="MinIO and its client are not built; tools/setup.sh servers needs go")]


def images(folder):
    made = pods.front_images(folder)
    for name in ("postgres", "python"):
        pods.stand_in(name, BASE_IMAGE=pods.BASE)
    for name in ("minio", "mc"):
        pods.stand_in(name, CACHE / "bin", BASE_IMAGE=pods.BASE)
    python = f"{pods.MADE}-python:latest"
    airflow = pods.stand_in("airflow", ROOT / "tests" / "servers", PYTHON_IMAGE=python)
    made |= {"POSTGRES_IMAGE": f"{pods.MADE}-postgres:latest", "MINIO_IMAGE": f"{pods.MADE}-minio:latest",
             "MINIO_MC_IMAGE": f"{pods.MADE}-mc:latest", "MLFLOW_IMAGE": f"{pods.MADE}-shipped-mlflow:latest",
             "AIRFLOW_IMAGE": f"{pods.MADE}-shipped-airflow:latest"}
    for name, arguments in {"mlflow": [f"PYTHON_IMAGE={python}"],
                            "airflow": [f"FOREWARN_IMAGE={made['FOREWARN_IMAGE']}", f"AIRFLOW_BASE={airflow}"]}.items():
        flags = [word for argument in arguments for word in ("--build-arg", argument)]
        pods.podman("build", "--pull=never", *flags, "-f", ROOT / "deploy" / "containers" / f"{name}.Containerfile", "-t",
                    made[f"{name.upper()}_IMAGE"], ROOT)
    return made


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    made = pods.Stack(tmp_path_factory.mktemp("whole"), images(tmp_path_factory.mktemp("image")), "forewarn-whole",
                      [*ONCE, *SERVED, "file-watcher"], PORTS, frontend=False)
    made.remove()  # of a run that was cut off
    made.make("init")
    try:
        yield made.up()
    finally:
        made.remove()


@pytest.mark.parametrize("service", SERVED)
def test_the_health_check_of_every_container_passes(stack, service):
    wait_until(lambda: stack.health(service).returncode == 0, seconds=120)


@pytest.mark.parametrize("service", USERS)
def test_nothing_runs_as_root_or_has_a_capability(stack, service):
    assert int(stack.sh(service, "id -u").stdout) == USERS[service]
    status = dict(line.split(":", 1) for line in stack.sh(service, "cat /proc/1/status").stdout.splitlines())
    assert set(status["CapEff"].strip()) == {"0"} and status["NoNewPrivs"].strip() == "1"
    assert stack.sh(service, "touch /written", check=False).returncode != 0


class Airflow:
    def __init__(self, stack):
        settings = (stack.folder / "deploy" / ".env").read_text().splitlines()
        values = dict(line.split("=", 1) for line in settings if line and line[0] != "#")
        self.url = f"http://127.0.0.1:{stack.ports['AIRFLOW_PORT']}/api/v1/dags"
        self.auth = (values["AIRFLOW_ADMIN_USER"], values["AIRFLOW_ADMIN_PASSWORD"])

    def runs(self, dag):
        reply = requests.get(f"{self.url}/{dag}/dagRuns", auth=self.auth, timeout=10)
        return [run["state"] for run in reply.json()["dag_runs"]] if reply.status_code == 200 else []

    def ended_well(self, dag):
        states = self.runs(dag)
        assert "failed" not in states
        return states == ["success"]


def test_a_dropped_file_becomes_features_models_and_forecasts(stack, tmp_path):
    airflow, table = Airflow(stack), tmp_path / "history.csv"
    forewarn("simulate", "--hours", 4320, "--out", table)
    watcher = stack.container("file-watcher")
    with open(table, "rb") as file:
        subprocess.run(["podman", "exec", "-i", watcher, "sh", "-c", "cat >/data_drop/history.csv"], stdin=file, check=True)
    wait_until(lambda: airflow.ended_well("ingest_etl_local_drop"), seconds=120)
    assert "plant_alarm" in stack.sh("minio", "ls /data/features").stdout
    started = requests.post(f"{airflow.url}/train_models_local/dagRuns", json={"conf": {}}, auth=airflow.auth, timeout=10)
    assert started.status_code == 200, started.text
    wait_until(lambda: airflow.ended_well("train_models_local"), seconds=300)

    mlflow = f"http://127.0.0.1:{stack.ports['MLFLOW_PORT']}/api/2.0/mlflow"
    models = requests.get(mlflow + "/registered-models/search", timeout=10).json()["registered_models"]
    assert len(models) == 10
    wait_until(stack.ready, seconds=60)  # the newest versions, until one is promoted
    user = stack.sign_in("whole")
    assert stack.predicts(user)

    def serves():
        reply = requests.post(stack.url + "/api/predict", json={"features": {"te301020": 109.8}}, headers=user, timeout=10)
        return reply.json()["model"]["version"]

    assert serves() > 1
    alias = {"name": "plant_alarm_champion", "alias": "champion", "version": "1"}
    assert requests.post(mlflow + "/registered-models/alias", json=alias, timeout=10).status_code == 200
    wait_until(lambda: serves() == 1, seconds=60)
    assert requests.post(stack.url + "/infer/auto", headers=user, timeout=10).status_code == 200
    stored = pods.podman("exec", stack.container("postgres"), "psql", "-U", "postgres", "-d", "forewarn", "-Atc",
                         "select count(*) from history").stdout
    assert int(stored) == 2


def test_down_leaves_the_volumes_only(stack):
    stack.make("down")
    assert not stack.containers() and not stack.of("network", "ls")
    assert f"{stack.project}_postgres-data" in stack.of("volume", "ls")
