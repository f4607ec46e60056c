"""The command line beside the package: what one says, the other must say, bit for bit."""

import json
import os
import pathlib
import subprocess

import pandas as pd
import pytest

import forewarn

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "gas-treatment"


class CommandLine:
    def __init__(self, program: pathlib.Path, home: pathlib.Path):
        self.program = program
        self.home = home

    def run(self, *args, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess:
        done = subprocess.run([str(self.program), "--data-dir", str(self.home), *map(str, args)], input=stdin,
                              capture_output=True, text=True, cwd=ROOT)
        if check and done.returncode != 0:
            raise AssertionError(f"forewarn {args}: exit {done.returncode}\n{done.stderr}")
        return done

    def json(self, *args, stdin: str | None = None):
        return json.loads(self.run("--json", *args, stdin=stdin).stdout)


@pytest.fixture(scope="session")
def cli(tmp_path_factory) -> CommandLine:
    program = pathlib.Path(os.environ.get("FOREWARN_BIN", ROOT / "build" / "release" / "forewarn"))
    if not program.exists():
        pytest.fail(f"{program} is missing: run `make build` first, or set FOREWARN_BIN")
    return CommandLine(program, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def plant() -> forewarn.Plant:
    return forewarn.Plant.load(str(ROOT / "plants" / "gas-treatment.toml"))


@pytest.fixture(scope="session")
def gas_data() -> pathlib.Path:
    if not DATA.is_dir():
        pytest.skip(f"the real data is not in {DATA.relative_to(ROOT.parent)}")
    return DATA


@pytest.fixture(scope="session")
def labelled_csv(gas_data) -> pathlib.Path:
    return gas_data / "labeled_dataset.csv"


@pytest.fixture(scope="session")
def labelled(labelled_csv, plant) -> forewarn.Frame:
    return forewarn.Frame.read_csv(str(labelled_csv), plant=plant)


@pytest.fixture(scope="session")
def features_folder(cli, labelled_csv, tmp_path_factory) -> pathlib.Path:
    out = tmp_path_factory.mktemp("features")
    cli.run("etl", labelled_csv, "--out", out)
    return out / "latest"


@pytest.fixture(scope="session")
def registry(cli, features_folder) -> str:
    """A registry with one version of each kind of model, promoted."""
    runs = "xgboost_calibrated,rf_soft_alarm,lr_soft_alarm,isolation_forest,regime_classifier,deviation_predictor,pca," \
           "forecaster_3h"
    uri = f"local:{cli.home / 'registry'}"
    cli.run("--registry", uri, "train", "--features", features_folder, "--only", runs, "--no-verdicts")
    return uri


def parquet(path: pathlib.Path) -> pd.DataFrame:
    return pd.read_parquet(path)
