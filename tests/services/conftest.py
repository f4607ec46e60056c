import resource
import shutil

import pytest
import services

# A thousand connections at both ends; the processes started here inherit the limit.
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else max(soft, 8192), hard))


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A data folder with every model of the plant file trained and promoted. Tests copy it (fresh_data)."""
    folder = tmp_path_factory.mktemp("trained")
    services.train(folder, folder / "data")
    return folder / "data"


@pytest.fixture
def fresh_data(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "data")
