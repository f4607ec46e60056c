"""The three services against their own OpenAPI documents: Schemathesis makes requests, good and bad, and holds every reply
against the document. With and without a model, signed in and not. All checks are on. FOREWARN_EXAMPLES sets the examples an
operation (20; the full run takes 200)."""

import os
import shutil
import subprocess
import sys

import pytest
import services

EXAMPLES = os.environ.get("FOREWARN_EXAMPLES", "20")
# Event streams never end; a client that signs itself out or changes its password tests nothing afterwards. The latter two are
# asked without a sign-in, and by test_faults.py.
STREAMS = ["^/live$", "^/sensors/stream$"]
ENDS_THE_SIGN_IN = ["^/auth/logout$", "^/auth/password$"]


def run_schemathesis(url, token, folder):
    # The token is given by the name of its scheme: Schemathesis then also asks without it and with wrong ones.
    config = f'[auth.openapi.bearer]\nbearer = "{token}"\n' if token else ""
    (folder / "schemathesis.toml").write_text(config)
    skip = "|".join(STREAMS + (ENDS_THE_SIGN_IN if token else []))
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--url", url, "--checks", "all",
               "--max-examples", EXAMPLES, "--seed", "42", "--exclude-path-regex", skip, "--request-timeout", "30",
               "--suppress-health-check", "all", "--no-color"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder)
    assert done.returncode == 0, done.stdout[-8000:]
    print(next(line.strip() for line in done.stdout.splitlines() if "generated" in line))


@pytest.fixture(scope="module", params=["with a model", "without a model"])
def up(request, tmp_path_factory, trained):
    data = tmp_path_factory.mktemp("up") / "data"
    if request.param == "with a model":
        shutil.copytree(trained, data)
    with services.Up(data, "--no-train").started(ready=request.param == "with a model") as running:
        yield running


@pytest.mark.parametrize("service, signed_in", [("sensors", False), ("inference", False), ("gateway", False), ("gateway", True)])
def test_every_reply_is_as_the_document_says(up, service, signed_in, tmp_path):
    token = up.sign_in()["Authorization"].removeprefix("Bearer ") if signed_in else None
    run_schemathesis(up.url(service), token, tmp_path)
    assert up.child.poll() is None, "the process ended"
