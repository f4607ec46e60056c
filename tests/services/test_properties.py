"""The three services against their own OpenAPI documents: Schemathesis makes requests, good and bad, and holds every reply
against the document. With and without a model, signed in and not. All checks are on. FOREWARN_EXAMPLES sets the examples an
operation (10; the full run takes 200), FOREWARN_PHASES which phases run (the full run adds `coverage`, which goes through the
bounds of every parameter)."""

import os
import shutil
import subprocess
import sys

import pytest
import services

EXAMPLES = os.environ.get("FOREWARN_EXAMPLES", "10")
PHASES = os.environ.get("FOREWARN_PHASES", "examples,fuzzing,stateful")
# Event streams never end, and a client that signs itself out tests nothing afterwards: that one is asked without a sign-in
# only (Schemathesis then makes accounts of its own).
STREAMS = ["^/live$", "^/sensors/stream$"]
ENDS_THE_SIGN_IN = ["^/auth/logout$"]
ACCEPTED = '"2xx", "3xx", "401", "403", "404", "409", "429", "5xx"'  # Schemathesis's own list
REFUSED = '"400", "401", "403", "404", "405", "406", "409", "415", "422", "428", "429", "5xx", "413"'
# Schemathesis's own list and 413: a wrong body that is larger than the path takes is refused before it is read.
TOO_LARGE = f"""
[checks.negative_data_rejection]
expected-statuses = [{REFUSED}]
"""
# No schema can say which password is the account's, so a well-formed request with a wrong one is refused: 422.
WRONG_PASSWORD = f"""
[[operations]]
include-path = "/auth/password"
[operations.checks.positive_data_acceptance]
expected-statuses = [{ACCEPTED}, "422"]
"""
# Without a model 503 is what the documents promise. Other 5xx stay faults, and 503 one where a document does not name it.
# Which inputs there are is the model's to say, so without one /explain answers every object: 200, method "unavailable".
NO_MODEL = f"""
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "503"]
[[operations]]
include-path-regex = "/explain$"
[operations.checks.negative_data_rejection]
expected-statuses = [{REFUSED}, "200"]
"""


def run_schemathesis(url, token, has_model, folder):
    # The token is given by the name of its scheme: Schemathesis then also asks without it and with wrong ones.
    config = f'[auth.openapi.bearer]\nbearer = "{token}"\n' if token else ""
    (folder / "schemathesis.toml").write_text(config + TOO_LARGE + ("" if has_model else NO_MODEL) + WRONG_PASSWORD)
    skip = "|".join(STREAMS + (ENDS_THE_SIGN_IN if token else []))
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--url", url, "--checks", "all",
               "--phases", PHASES, "--max-examples", EXAMPLES, "--seed", "42", "--exclude-path-regex", skip, "--request-timeout", "30",
               "--suppress-health-check", "all", "--no-color"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder)
    assert done.returncode == 0, done.stdout[-8000:]
    print(next(line.strip() for line in done.stdout.splitlines() if " generated, " in line))


@pytest.fixture(scope="module", params=["with a model", "without a model"])
def up(request, tmp_path_factory, trained):
    data = tmp_path_factory.mktemp("up") / "data"
    has_model = request.param == "with a model"
    if has_model:
        shutil.copytree(trained, data)
    with services.Up(data, "--no-train").started(ready=has_model) as running:
        running.has_model = has_model
        yield running


@pytest.mark.parametrize("service, signed_in", [("sensors", False), ("inference", False), ("gateway", False), ("gateway", True)])
def test_every_reply_is_as_the_document_says(up, service, signed_in, tmp_path):
    token = up.sign_in()["Authorization"].removeprefix("Bearer ") if signed_in else None
    run_schemathesis(up.url(service), token, up.has_model, tmp_path)
    assert up.child.poll() is None, "the process ended"
