"""The three services against their own OpenAPI documents: Schemathesis makes requests, good and bad, and holds every reply
against the document. With and without a model, signed in and not. FOREWARN_EXAMPLES sets the examples an operation (25;
the full run takes 200)."""

import os
import subprocess
import sys

import pytest
import services

EXAMPLES = os.environ.get("FOREWARN_EXAMPLES", "25")
# Event streams never end, and a client that signs itself out tests nothing afterwards.
STREAMS = "/live$|/sensors/stream$"
ENDS_THE_SESSION = "/auth/logout$|/auth/password$"


def run_schemathesis(url, headers, skip):
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--url", url, "--checks", "all",
               "--max-examples", EXAMPLES, "--seed", "42", "--exclude-path-regex", skip, "--request-timeout", "10",
               "--no-color"]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-8000:]


@pytest.fixture(scope="module", params=["with a model", "without a model"])
def up(request, tmp_path_factory, trained):
    import shutil

    data = tmp_path_factory.mktemp("up") / "data"
    if request.param == "with a model":
        shutil.copytree(trained, data)
    with services.Up(data, "--no-train").start(ready=request.param == "with a model") as running:
        yield running


@pytest.mark.parametrize("service", services.SERVICES)
@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "not signed in"])
def test_every_reply_is_as_the_document_says(up, service, signed_in):
    headers = up.sign_in() if signed_in else {}
    run_schemathesis(up.url(service), headers, f"{STREAMS}|{ENDS_THE_SESSION}" if signed_in else STREAMS)
    assert up.child.poll() is None, "the process ended"
