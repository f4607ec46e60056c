"""Fixtures of the parity tests: the forewarn program and the real data, by environment variables.

FOREWARN_BIN          the program (default: build/release/forewarn)
FOREWARN_SHARED_DATA  the folder with gas-treatment/ and tennessee-eastman/ (default: ../shared/data); tests that
                      need it skip, saying so, where it is absent
"""

import os
from pathlib import Path

import pytest
from product import DATA, PROGRAM, CommandLine


@pytest.fixture(scope="session")
def forewarn_bin() -> Path:
    assert PROGRAM.is_file(), f"no program at {PROGRAM}: run `make build` or set FOREWARN_BIN"
    return PROGRAM


@pytest.fixture(scope="session")
def parity_probe(forewarn_bin) -> Path:
    """The test tool of probe.cc; it stands beside the program, or where FOREWARN_BUILD says."""
    probe = Path(os.environ.get("FOREWARN_BUILD", forewarn_bin.parent)).resolve() / "parity_probe"
    assert probe.is_file(), f"no test tool at {probe}: run `make build` or set FOREWARN_BUILD"
    return probe


@pytest.fixture(scope="session")
def forewarn(forewarn_bin, tmp_path_factory) -> CommandLine:
    return CommandLine(tmp_path_factory.mktemp("forewarn-data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"the real data is not here ({DATA}); set FOREWARN_SHARED_DATA")
    return DATA


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
