"""The program under test: where it is, one command of it to its end, and what every test of running processes needs. Nothing
waits a fixed time; every process is ended by its own pid."""

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("FOREWARN_BIN", ROOT / "build" / "release" / "forewarn")).resolve()
DATA = Path(os.environ.get("FOREWARN_SHARED_DATA", ROOT.parent / "shared" / "data"))  # tests that need it skip, saying so
PATIENCE = 600  # seconds after which a wait is a failure, on a machine that does much else


def forewarn(*arguments, check=True, env=None, stdin=None, cwd=None):
    """Runs the program; a failed run fails the test with what the program said."""
    assert PROGRAM.is_file(), f"no program at {PROGRAM}: run `make build` or set FOREWARN_BIN"
    command = [str(PROGRAM), *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, cwd=cwd, timeout=PATIENCE,
                          env={**os.environ, **(env or {})})
    if check:
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}: {done.stderr}"
    return done


class CommandLine:
    """The program with a data folder of its own."""

    def __init__(self, home: Path):
        self.program, self.home = PROGRAM, home

    def run(self, *arguments, **options):
        return forewarn("--data-dir", self.home, *arguments, **options)

    def json(self, *arguments, **options):
        """The run's machine output: one JSON value on stdout and nothing else."""
        return json.loads(self.run("--json", *arguments, **options).stdout)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(check, child=None, seconds=300, passing=(urllib.error.URLError, ConnectionError, TimeoutError)):
    """Asks again and again until `check` gives something true; the answer. A child that ended is a failure; errors that are
    `passing` mean "not yet"."""
    deadline = time.monotonic() + seconds
    problem = None
    while time.monotonic() < deadline:
        if child is not None and child.poll() is not None:
            raise RuntimeError(f"the process ended with code {child.returncode}")
        try:
            answer = check()
            if answer:
                return answer
        except passing as error:
            problem = error
        time.sleep(0.002)
    raise TimeoutError(f"not ready after {seconds} s: {problem}")


def call(url, body=None, headers=None, method=None, timeout=60):
    """One request; the reply's JSON. Raises urllib's HTTPError for what is no success."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    with urllib.request.urlopen(request, timeout=timeout) as reply:
        return json.loads(reply.read() or b"null")
