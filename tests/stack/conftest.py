"""Real components, started by their pid on free ports and stopped by it."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "gas-treatment"
PATIENCE = 600  # seconds until something that starts is given up


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get_json(url: str):
    with urllib.request.urlopen(url, timeout=10) as reply:
        return json.load(reply)


def wait_for(ready, what: str, process: subprocess.Popen | None = None):
    """ready() until it gives something true; its value."""
    pause = threading.Event()
    for _ in range(PATIENCE * 5):
        if process is not None and process.poll() is not None:
            raise AssertionError(f"{what}: the process ended with {process.returncode}")
        with contextlib.suppress(OSError, ValueError, KeyError, IndexError):
            if found := ready():
                return found
        pause.wait(0.2)
    raise AssertionError(f"{what}: not ready within {PATIENCE} s")


class Forewarn:
    def __init__(self, home: pathlib.Path):
        self.program = pathlib.Path(os.environ.get("FOREWARN_BIN", ROOT / "build" / "release" / "forewarn"))
        self.home = home

    def run(self, *args, stdin: str | None = None) -> str:
        done = subprocess.run([str(self.program), "--data-dir", str(self.home), *map(str, args)], input=stdin,
                              capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, f"forewarn {args}: exit {done.returncode}\n{done.stderr}"
        return done.stdout

    def json(self, *args, stdin: str | None = None):
        return json.loads(self.run("--json", *args, stdin=stdin))


@pytest.fixture(scope="session")
def forewarn_cli(tmp_path_factory) -> Forewarn:
    cli = Forewarn(tmp_path_factory.mktemp("home"))
    if not cli.program.exists():
        pytest.fail(f"{cli.program} is missing: run `make build` first, or set FOREWARN_BIN")
    return cli


@pytest.fixture(scope="session")
def gas_data() -> pathlib.Path:
    if not DATA.is_dir():
        pytest.skip(f"the real data is not in {DATA.relative_to(ROOT.parent)}")
    return DATA


@pytest.fixture(scope="session")
def labelled_table(forewarn_cli, tmp_path_factory) -> pathlib.Path:
    """A labelled CSV: the real one, else sixty simulated days."""
    if (DATA / "labeled_dataset.csv").exists():
        return DATA / "labeled_dataset.csv"
    folder = tmp_path_factory.mktemp("table")
    forewarn_cli.run("simulate", "--hours", 24 * 60, "--out", folder / "history.csv")
    forewarn_cli.run("label", folder / "history.csv", "--out", folder / "labelled.csv")
    return folder / "labelled.csv"


class Process:
    """A server of a test: its own session, its output in a file, ended by its pid."""

    def __init__(self, command: list[str], log: pathlib.Path, env: dict[str, str]):
        self.log = log
        self.out = open(log, "wb")
        self.popen = subprocess.Popen(command, stdout=self.out, stderr=subprocess.STDOUT, env=env, cwd=log.parent)

    @property
    def pid(self) -> int:
        return self.popen.pid

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.popen.wait()

    def stop(self) -> None:
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
        self.out.close()


class SparkCluster:
    """A standalone master and two workers of one core each."""

    def __init__(self, folder: pathlib.Path):
        import pyspark

        self.folder = folder
        self.launcher = str(pathlib.Path(pyspark.__file__).parent / "bin" / "spark-class")
        self.env = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable,
                    "SPARK_WORKER_DIR": str(folder), "SPARK_LOCAL_DIRS": str(folder / "local")}
        self.port, self.web = free_port(), free_port()
        self.url = f"spark://127.0.0.1:{self.port}"
        self.workers: list[Process] = []
        self.master = self._start("master", "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port",
                                  str(self.port), "--webui-port", str(self.web))
        wait_for(lambda: self.state(), "Spark's master", self.master.popen)

    def _start(self, name: str, *args: str) -> Process:
        return Process([self.launcher, *args], self.folder / f"{name}.log", self.env)

    def state(self) -> dict:
        return get_json(f"http://127.0.0.1:{self.web}/json/")

    def alive(self) -> int:
        return sum(worker["state"] == "ALIVE" for worker in self.state()["workers"])

    def add_worker(self) -> Process:
        number = len(self.workers)
        worker = self._start(f"worker-{number}", "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1",
                             "--webui-port", "0", "--cores", "1", "--memory", "3g", "--work-dir",
                             str(self.folder / f"work-{number}"), self.url)
        self.workers.append(worker)
        return worker

    def want(self, count: int) -> None:
        """`count` workers, started where some are missing."""
        for _ in range(count - sum(w.popen.poll() is None for w in self.workers)):
            self.add_worker()
        wait_for(lambda: self.alive() >= count, f"{count} workers")

    def stop(self) -> None:
        for process in [*self.workers, self.master]:
            process.stop()

    def command(self, *args, conf: tuple[str, ...] = ()) -> list[str]:
        settings = ["spark.driver.host=127.0.0.1", "spark.executor.memory=2g", "spark.driver.memory=3g", *conf]
        command = [sys.executable, "-m", "forewarn.spark", str(args[0]), "--master", self.url, "--json"]
        for setting in settings:
            command += ["--conf", setting]
        return command + [str(a) for a in args[1:]]

    def run(self, *args, conf: tuple[str, ...] = ()) -> dict:
        done = subprocess.run(self.command(*args, conf=conf), capture_output=True, text=True, env=self.env,
                              cwd=self.folder)
        assert done.returncode == 0, f"{args}: exit {done.returncode}\n{done.stderr[-6000:]}"
        return json.loads(done.stdout.strip().splitlines()[-1])

    def fail(self, *args) -> str:
        done = subprocess.run(self.command(*args), capture_output=True, text=True, env=self.env, cwd=self.folder)
        assert done.returncode == 1, f"{args}: exit {done.returncode}\n{done.stderr[-6000:]}"
        return done.stderr.strip().splitlines()[-1]


@pytest.fixture(scope="session")
def spark_cluster(tmp_path_factory):
    cluster = SparkCluster(tmp_path_factory.mktemp("spark"))
    try:
        cluster.want(2)
        yield cluster
    finally:
        cluster.stop()
