"""The command line beside the package: what one says, the other must say, bit for bit."""

import pathlib

import pandas as pd
import pytest

from product import DATA, ROOT, CommandLine

import forewarn

GAS = DATA / "gas-treatment"


@pytest.fixture(scope="session")
def cli(tmp_path_factory) -> CommandLine:
    return CommandLine(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def plant() -> forewarn.Plant:
    return forewarn.Plant.load(str(ROOT / "plants" / "gas-treatment.toml"))


@pytest.fixture(scope="session")
def gas_data() -> pathlib.Path:
    if not GAS.is_dir():
        pytest.skip(f"the real data is not here ({GAS}); set FOREWARN_SHARED_DATA")
    return GAS


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
