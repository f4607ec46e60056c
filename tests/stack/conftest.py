"""Real components, started by their pid on free ports and stopped by it."""

import functools
import json
import os
import pathlib
import subprocess
import sys

import pytest
from component import Component
from product import DATA, PATIENCE, CommandLine, call, free_port, wait_until

# What Spark's pages answer, or do not, before they are there.
wait_for_page = functools.partial(wait_until, seconds=PATIENCE, passing=(OSError, ValueError, KeyError, IndexError))


@pytest.fixture(scope="session")
def forewarn_cli(tmp_path_factory) -> CommandLine:
    return CommandLine(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def gas_data() -> pathlib.Path:
    if not DATA.is_dir():
        pytest.skip(f"the real data is not here ({DATA}); set FOREWARN_SHARED_DATA")
    return DATA / "gas-treatment"


@pytest.fixture(scope="session")
def labelled_table(forewarn_cli, tmp_path_factory) -> pathlib.Path:
    """A labelled CSV: the real one, else sixty simulated days."""
    if (DATA / "gas-treatment" / "labeled_dataset.csv").exists():
        return DATA / "gas-treatment" / "labeled_dataset.csv"
    folder = tmp_path_factory.mktemp("table")
    forewarn_cli.run("simulate", "--hours", 24 * 60, "--out", folder / "history.csv")
    forewarn_cli.run("label", folder / "history.csv", "--out", folder / "labelled.csv")
    return folder / "labelled.csv"


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
        self.workers: list[Component] = []
        self.master: Component | None = None

    def start(self) -> None:
        self.master = self._start("master", "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port",
                                  str(self.port), "--webui-port", str(self.web))
        wait_for_page(self.state, self.master.child)

    def _start(self, name: str, *args: str) -> Component:
        return Component([self.launcher, *args], self.folder / f"{name}.log", self.env, cwd=self.folder).launch()

    def state(self) -> dict:
        return call(f"http://127.0.0.1:{self.web}/json/")

    def alive(self) -> int:
        return sum(worker["state"] == "ALIVE" for worker in self.state()["workers"])

    def add_worker(self) -> Component:
        number = len(self.workers)
        worker = self._start(f"worker-{number}", "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1",
                             "--webui-port", "0", "--cores", "1", "--memory", "3g", "--work-dir",
                             str(self.folder / f"work-{number}"), self.url)
        self.workers.append(worker)
        return worker

    def want(self, count: int) -> None:
        """`count` workers, started where some are missing."""
        for _ in range(count - sum(w.child.poll() is None for w in self.workers)):
            self.add_worker()
        wait_for_page(lambda: self.alive() >= count)

    def stop(self) -> None:
        for process in [*self.workers, self.master]:
            if process is not None:
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
        cluster.start()
        cluster.want(2)
        yield cluster
    finally:
        cluster.stop()
