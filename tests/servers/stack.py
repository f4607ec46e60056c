"""The real components, started for a test on free ports of this machine and ended by their own pids. Each is a context
manager that gives the component once it answers."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import services
from component import Component, answers, running
from product import PROGRAM, ROOT, call, forewarn, free_port, wait_until  # noqa: F401: the tests' own names

CACHE = ROOT / "build" / "_cache"
S3_USER, S3_PASSWORD = "forewarn-test", "forewarn-test-secret"


def venv(name):
    return CACHE / "venvs" / name / "bin"


@contextlib.contextmanager
def mlflow_server(name, folder, backend=None, artifacts=None, env=None, port=None):
    """`name` is mlflow2 or mlflow3; SQLite and a folder unless told otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    path = {"PATH": f"{venv(name)}:{os.environ['PATH']}", "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    server = Component([venv(name) / "mlflow", "server", "--host", "127.0.0.1", "--port", port, "--workers", "1",
                        "--backend-store-uri", backend or f"sqlite:///{folder}/mlflow.db", "--serve-artifacts",
                        "--artifacts-destination", artifacts or folder / "artifacts"], folder / "log",
                       {**path, **(env or {})}, cwd=folder)
    server.environment, server.url = name, f"http://127.0.0.1:{port}"
    server.ready = answers(server.url + "/health")
    with running(server, server.ready):
        yield server


def s3_environment(url, user=S3_USER, password=S3_PASSWORD):
    return {"MLFLOW_S3_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": user, "AWS_SECRET_ACCESS_KEY": password,
            "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}


@contextlib.contextmanager
def s3_server(folder, port=None):
    """MinIO; moto's server where MinIO could not be built (then `.real` is false: it checks no keys)."""
    folder.mkdir(parents=True, exist_ok=True)
    port, minio = port or free_port(), CACHE / "bin" / "minio"
    if minio.exists():
        server = Component([minio, "server", folder / "data", "--address", f"127.0.0.1:{port}", "--console-address",
                            f"127.0.0.1:{free_port()}"], folder / "log",
                           {"MINIO_ROOT_USER": S3_USER, "MINIO_ROOT_PASSWORD": S3_PASSWORD, "MINIO_UPDATE": "off"})
        health = "/minio/health/ready"
    else:
        server = Component([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port], folder / "log")
        health = "/moto-api/data.json"
    server.real, server.url, server.data = minio.exists(), f"http://127.0.0.1:{port}", folder / "data"
    server.env_of_clients = s3_environment(server.url)
    server.ready = answers(server.url + health)
    with running(server, server.ready):
        yield server


@contextlib.contextmanager
def postgres_server(folder):
    """A PostgreSQL cluster of its own; `.url(database)`. The server refuses to run as root, so it runs as its user, in a folder
    of that user's: pytest's are closed to others."""
    folder.mkdir(parents=True, exist_ok=True)
    bindir = services.postgres_programs()
    user = "postgres" if os.geteuid() == 0 else None
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="fw-pg-", ignore_cleanup_errors=True) as cluster:
        if user:
            shutil.chown(cluster, user)
        subprocess.run([bindir / "initdb", "-D", f"{cluster}/data", "-U", "postgres", "--auth=trust", "--no-sync"], check=True,
                       stdout=subprocess.DEVNULL, user=user, cwd="/")
        server = Component([bindir / "postgres", "-D", f"{cluster}/data", "-p", port, "-k", cluster, "-c",
                            "listen_addresses=127.0.0.1"], folder / "log", cwd="/", user=user)
        asks = ["-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]
        server.port = port
        server.ready = lambda: subprocess.run([bindir / "pg_isready", "-q", *asks]).returncode == 0
        server.url = lambda database, scheme="postgresql": f"{scheme}://postgres@127.0.0.1:{port}/{database}"
        server.create = lambda database: subprocess.run([bindir / "createdb", *asks, database], check=True)
        try:
            server.start(server.ready)
            yield server
        finally:
            server.stop(signal.SIGINT)  # does not wait for clients


@contextlib.contextmanager
def kafka_broker(folder):
    """One KRaft node; `.brokers` is its address."""
    folder.mkdir(parents=True, exist_ok=True)
    port, controller = free_port(), free_port()
    config = folder / "server.properties"
    config.write_text(f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={folder}/logs
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
""")
    java = ["java", "-Xmx512m", "-cp", f"{CACHE}/kafka/lib/*"]
    subprocess.run([*java, "kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", config], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    broker = Component([*java, "kafka.Kafka", config], folder / "log", cwd=folder)
    broker.brokers = f"127.0.0.1:{port}"

    def ready():
        from confluent_kafka.admin import AdminClient
        try:
            return AdminClient({"bootstrap.servers": broker.brokers, "log_level": 0}).list_topics(timeout=2).brokers
        except Exception:  # noqa: BLE001: the client raises its own type for "not there yet"
            return None

    broker.ready = ready
    with running(broker, ready):
        yield broker


class Service:
    """`forewarn serve NAME` or any other long command of the program, with its log; ended by its pid."""

    def __init__(self, arguments, log, env=None):
        self.component = Component([PROGRAM, *arguments], log, env)

    def start(self, ready):
        self.component.start(ready)
        return self

    def __getattr__(self, name):
        return getattr(self.component, name)


@contextlib.contextmanager
def inference_service(data, folder, *flags, registry=None, env=None):
    port = free_port()
    service = Service(["--data-dir", data, *(["--registry", registry] if registry else []), "serve", "inference",
                       "--listen", f"127.0.0.1:{port}", *flags], folder / "inference.log", env)
    service.url = f"http://127.0.0.1:{port}"
    try:
        yield service.start(answers(service.url + "/health"))
    finally:
        service.stop()


def python(name, script, *arguments, env=None):
    """Runs a script in one of the environments; its standard output."""
    program = venv(name) / "python" if name else sys.executable
    done = subprocess.run([program, script, *map(str, arguments)], capture_output=True, text=True, timeout=600,
                          env={**os.environ, **(env or {})})
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.strip().splitlines()[-1]  # MLflow says more before it


class Clock:
    """How long something took, printed for the reader of the log; nothing is asserted on it."""

    def __init__(self, what):
        self.what = what

    def __enter__(self):
        self.begin = time.monotonic()

    def __exit__(self, *_):
        print(f"{self.what}: {time.monotonic() - self.begin:.2f} s")
