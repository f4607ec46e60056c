"""Starting and stopping the product's processes, for tests and benchmarks. Every process is ended by its own pid."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from product import DATA, PROGRAM, call, forewarn, free_port, wait_until

SERVICES = ("sensors", "inference", "gateway")


def stop(child, seconds=30):
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    return child.returncode


@contextlib.contextmanager
def process(command, log=None, **kwargs):
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(open(log, "ab")) if log else subprocess.DEVNULL
        child = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=out, stderr=out, **kwargs)
        try:
            yield child
        finally:
            stop(child)


class Up:
    """`forewarn up` on free ports over a data folder."""

    def __init__(self, data, *flags, prefix=(), env=None, log=None):
        self.ports = {name: free_port() for name in SERVICES}
        self.command = [*prefix, PROGRAM, "--data-dir", data, "up", "--listen", "127.0.0.1", *flags]
        self.env = {f"FOREWARN_{name.upper()}_PORT": str(port) for name, port in self.ports.items()} | (env or {})
        self.log, self.child = log, None

    def url(self, service="gateway"):
        return f"http://127.0.0.1:{self.ports[service]}"

    def start(self, ready=True):
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(open(self.log, "ab")) if self.log else subprocess.DEVNULL
            self.child = subprocess.Popen(list(map(str, self.command)), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                          env={**os.environ, **self.env})
        try:
            wait_until(lambda: call(self.url() + ("/ready" if ready else "/health")), self.child)
        except BaseException:  # who asks for it in a `with` would not get to its end
            stop(self.child)
            raise
        return self

    def kill(self):
        self.child.kill()
        self.child.wait()

    @contextlib.contextmanager
    def started(self, ready=True):
        self.start(ready)
        try:
            yield self
        finally:
            stop(self.child)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        stop(self.child)

    def sign_in(self, name="tester", password="a-good-password"):
        """A bearer header; the account is made at its first use."""
        try:
            token = call(self.url() + "/auth/register", {"username": name, "password": password})["access_token"]
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise
            form = urllib.request.Request(self.url() + "/auth/login", f"username={name}&password={password}".encode(),
                                          {"Content-Type": "application/x-www-form-urlencoded"})
            with urllib.request.urlopen(form, timeout=60) as reply:
                token = json.loads(reply.read())["access_token"]
        return {"Authorization": f"Bearer {token}"}


def stored_ids(url, headers):
    """Of every prediction in an account's history, page by page."""
    ids, before = set(), ""
    while True:
        page = call(url + f"/history?limit=1000{before}", None, headers)
        ids |= {row["id"] for row in page}
        if len(page) < 1000:
            return ids
        before = f"&before={page[-1]['id']}"


def postgres_programs():
    """The folder of the newest PostgreSQL's programs, or None."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), default=None)


@contextlib.contextmanager
def postgres():
    """A PostgreSQL server of one's own on a Unix socket; the URL of an empty database. It syncs every commit, as a server in
    use does. It does not run as root, so root starts it as the user `postgres`."""
    programs = postgres_programs()
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="fw-pg-") as folder:
        if user:
            shutil.chown(folder, "postgres")
        subprocess.run([programs / "initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "forewarn", "-E", "UTF8"], check=True,
                       stdout=subprocess.DEVNULL, cwd=folder, **user)
        with process([programs / "postgres", "-D", f"{folder}/data", "-c", "listen_addresses=", "-k", folder], cwd=folder,
                     **user) as server:
            url = f"postgresql://forewarn@/postgres?host={folder}"
            ask = [programs / "pg_isready", "-q", "-h", folder]
            wait_until(lambda: subprocess.run(ask).returncode == 0, server)
            yield url
            server.send_signal(signal.SIGINT)  # ends its connections and stops
            server.wait()


def resident_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no process {pid}")


def labelled_table(folder):
    """The real labelled table, or 60 days of the simulated plant where it is absent."""
    table = DATA / "gas-treatment" / "labeled_dataset.csv"
    if table.is_file():
        return table
    print("the real data is not here: 60 days of the simulated plant instead", file=sys.stderr)
    forewarn("simulate", "--hours", 1440, "--out", folder / "raw.csv")
    forewarn("label", folder / "raw.csv", "--out", folder / "labelled.csv")
    return folder / "labelled.csv"


def train(folder, data, only=None):
    """Features of the labelled table, trained and promoted into a data folder; the features' folder."""
    features = folder / "features"
    forewarn("etl", labelled_table(folder), "--out", features)
    forewarn("--data-dir", data, "train", "--features", features, "--no-verdicts", *(["--only", only] if only else []))
    for row in json.loads(forewarn("--data-dir", data, "models", "list", "--json").stdout):
        forewarn("--data-dir", data, "models", "promote", row["name"], row["version"])
    return features
