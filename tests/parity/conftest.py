"""Fixtures of the parity tests: the forewarn program and the real data, by environment variables.

FOREWARN_BIN          the program (default: build/release/forewarn)
FOREWARN_SHARED_DATA  the folder with gas-treatment/ and tennessee-eastman/ (default: ../shared/data); tests that
                      need it skip, saying so, where it is absent
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Forewarn:
    """Runs the program with a data folder of its own; a failed run fails the test with what the program said."""

    def __init__(self, program: Path, data_dir: Path):
        self.program = program
        self.data_dir = data_dir

    def run(self, *arguments, check=True, stdin=None, env=None, cwd=None):
        command = [str(self.program), "--data-dir", str(self.data_dir), *map(str, arguments)]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, cwd=cwd,
                              env={**os.environ, **(env or {})}, timeout=600)
        if check:
            assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}: {done.stderr}"
        return done

    def json(self, *arguments, **options):
        """The run's machine output: one JSON value on stdout and nothing else."""
        return json.loads(self.run(*arguments, "--json", **options).stdout)


@pytest.fixture(scope="session")
def forewarn_bin() -> Path:
    program = Path(os.environ.get("FOREWARN_BIN", ROOT / "build" / "release" / "forewarn")).resolve()
    assert program.is_file(), f"no program at {program}: run `make build` or set FOREWARN_BIN"
    return program


@pytest.fixture(scope="session")
def parity_probe(forewarn_bin) -> Path:
    """The test tool of probe.cc; it stands beside the program, or where FOREWARN_BUILD says."""
    probe = Path(os.environ.get("FOREWARN_BUILD", forewarn_bin.parent)).resolve() / "parity_probe"
    assert probe.is_file(), f"no test tool at {probe}: run `make build` or set FOREWARN_BUILD"
    return probe


@pytest.fixture(scope="session")
def forewarn(forewarn_bin, tmp_path_factory) -> Forewarn:
    return Forewarn(forewarn_bin, tmp_path_factory.mktemp("forewarn-data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = Path(os.environ.get("FOREWARN_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data is not here ({folder}); set FOREWARN_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def gas_data(shared_data) -> Path:
    return shared_data / "gas-treatment"


@pytest.fixture(scope="session")
def te_data(shared_data) -> Path:
    return shared_data / "tennessee-eastman"


@pytest.fixture(scope="session")
def gas_features(forewarn, gas_data, tmp_path_factory) -> Path:
    """The real labelled table through `etl`: the folder `latest`."""
    out = tmp_path_factory.mktemp("features")
    forewarn.run("etl", gas_data / "labeled_dataset.csv", "--out", out)
    return out / "latest"
