import stack
import pytest
import services


@pytest.fixture(scope="session")
def features(tmp_path_factory):
    """A feature set of the labelled table."""
    folder = tmp_path_factory.mktemp("features")
    stack.forewarn("etl", services.labelled_table(folder), "--out", folder / "set")
    return folder / "set"


@pytest.fixture(scope="session")
def trained(tmp_path_factory, features):
    """A data folder whose embedded registry holds every model, each promoted. Not to be served in place."""
    data = tmp_path_factory.mktemp("trained") / "data"
    stack.forewarn("--data-dir", data, "train", "--features", features, "--no-verdicts")
    for row in services.json.loads(stack.forewarn("--data-dir", data, "models", "list", "--json").stdout):
        stack.forewarn("--data-dir", data, "models", "promote", row["name"], row["version"])
    return data
