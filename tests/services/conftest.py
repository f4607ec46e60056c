import shutil

import pytest
import services


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A data folder with every model of the plant file trained and promoted. Tests copy it (fresh_data)."""
    folder = tmp_path_factory.mktemp("trained")
    services.train(folder, folder / "data")
    return folder / "data"


@pytest.fixture
def fresh_data(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "data")
