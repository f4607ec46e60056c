"""An AIRFLOW_HOME of its own over the shipped DAGs: the command line, and the scheduler with the web server behind its REST
interface."""

import contextlib
import json
import os
import secrets
import subprocess

import requests
import services
import stack

DAGS = stack.ROOT / "deploy" / "airflow" / "dags"
USER, PASSWORD = "admin", "airflow-test-secret"


class Airflow:
    """On SQLite unless told another database; `ingest` is `airflow dags test`: every task in one process, no scheduler."""

    def __init__(self, folder, env=None):
        self.folder = folder
        self.drop, self.features, self.data = folder / "drop", folder / "features", folder / "data"
        self.drop.mkdir()
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "MLFLOW", "FOREWARN"))}
        self.env = {**inherited, "AIRFLOW_HOME": str(folder / "home"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                    "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS), "FOREWARN_BIN": str(services.PROGRAM), "RETRY_SECONDS": "0",
                    "DATA_DROP_PATH": str(self.drop), "FOREWARN_DATA_DIR": str(self.data), "FEATURES_URI": str(self.features),
                    "PYTHONDONTWRITEBYTECODE": "1", "PATH": f"{stack.venv('airflow')}:{os.environ['PATH']}", **(env or {})}
        self("db", "migrate")

    def __call__(self, *arguments, check=True, env=None):
        done = subprocess.run([stack.venv("airflow") / "airflow", *arguments], env={**self.env, **(env or {})},
                              capture_output=True, text=True, timeout=900)
        if check:
            assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return done

    def ingest(self, source, **kwargs):
        return self("dags", "test", "ingest_etl_local_drop", "-c", json.dumps({"source_path": source}), **kwargs)

    def rest(self, method, path, **kwargs):
        return requests.request(method, f"{self.url}/api/v1/{path}", auth=(USER, PASSWORD), timeout=60, **kwargs)

    def run_state(self, dag, run):
        return self.rest("GET", f"dags/{dag}/dagRuns/{run}").json().get("state")


@contextlib.contextmanager
def airflow_server(folder, postgres):
    """Scheduler (LocalExecutor on PostgreSQL, as compose.yml has it) and web server; `.env` may be added to before."""
    folder.mkdir(parents=True, exist_ok=True)
    postgres.create("airflow")
    port = stack.free_port()
    home = Airflow(folder, {"AIRFLOW__CORE__EXECUTOR": "LocalExecutor", "AIRFLOW__CORE__PARALLELISM": "2",
                            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.url("airflow", "postgresql+psycopg2"),
                            "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.1", "AIRFLOW__WEBSERVER__WORKERS": "1",
                            "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(port),
                            "AIRFLOW__WEBSERVER__SECRET_KEY": secrets.token_hex(16),
                            "AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR": "False",
                            "AIRFLOW__API__AUTH_BACKENDS": "airflow.api.auth.backend.basic_auth"})
    home("users", "create", "-u", USER, "-p", PASSWORD, "-r", "Admin", "-f", "a", "-l", "b", "-e", "a@example.org")
    home.url = f"http://127.0.0.1:{port}"
    program = stack.venv("airflow") / "airflow"

    def start(env):
        home.env.update(env)
        home.scheduler = stack.Component([program, "scheduler"], folder / "scheduler.log", home.env)
        home.webserver = stack.Component([program, "webserver"], folder / "webserver.log", home.env)
        home.webserver.start(stack.answers(home.url + "/health"))
        home.scheduler.start(lambda: requests.get(home.url + "/health", timeout=5).json()["scheduler"]["status"] == "healthy")
        stack.wait_until(lambda: home.rest("GET", "dags/ingest_etl_local_drop").status_code == 200)

    home.start = start
    home.scheduler = home.webserver = None
    try:
        yield home
    finally:
        for part in (home.scheduler, home.webserver):
            if part is not None:
                part.stop()
