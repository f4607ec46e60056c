"""The compose files as podman-compose reads them, and what they ask of images and of the program."""

import shutil
import subprocess
import sys

import pytest
import yaml
from stack import ROOT, forewarn

FILES = ["compose.yml", "compose.frontend.yml"]


@pytest.fixture(scope="module")
def deploy(tmp_path_factory):
    """A copy with passwords of its own."""
    folder = tmp_path_factory.mktemp("deploy") / "deploy"
    shutil.copytree(ROOT / "deploy", folder, ignore=shutil.ignore_patterns(".env", "secrets"))
    subprocess.run([folder / "init.sh"], check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="module", params=FILES)
def resolved(request, deploy):
    done = subprocess.run([sys.executable, "-m", "podman_compose", "-f", request.param, "config"], cwd=deploy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


@pytest.mark.parametrize("file", FILES)
def test_it_follows_the_compose_specification(file, tmp_path):
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, ROOT / "deploy" / file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / file
    wrong.write_text((ROOT / "deploy" / file).read_text().replace("healthcheck:", "health_check:", 1))
    assert subprocess.run([*check, wrong], capture_output=True).returncode != 0


def test_every_service_that_stays_has_a_health_check(resolved):
    for name, service in resolved["services"].items():
        stays = service.get("restart") != "no" and name != "file-watcher"  # serves nothing; started again when it ends
        assert bool(service.get("healthcheck")) == stays, name


def test_podman_compose_reads_it_and_every_image_is_fully_qualified(resolved):
    for name, service in resolved["services"].items():
        assert service["image"].split("/")[0] in {"docker.io", "quay.io", "localhost"}, name
        assert ":" in service["image"].split("/")[-1], name


def test_ports_are_published_on_loopback_and_need_no_privilege(resolved):
    for service in resolved["services"].values():
        for port in service.get("ports", []):
            address, host, _ = str(port).rsplit(":", 2)
            assert address == "127.0.0.1" and int(host) >= 1024, port
        assert not service.get("privileged")


def test_every_command_of_the_program_exists(resolved):
    for name, service in resolved["services"].items():
        if "localhost/forewarn:" not in service["image"]:
            continue
        health = service.get("healthcheck", {}).get("test", [])
        for command in filter(None, [service.get("command"), health[2:] if "forewarn" in health else None]):
            words = [w for w in command[:2] if not w.startswith(("/", "-", "http"))]
            assert forewarn(*words, "--help").returncode == 0, (name, command)


def test_init_changes_no_password_that_is_there(deploy):
    before = {p: p.read_bytes() for p in [deploy / ".env", *sorted((deploy / "secrets").iterdir())]}
    subprocess.run([deploy / "init.sh"], check=True, stdout=subprocess.DEVNULL)
    assert {p: p.read_bytes() for p in before} == before
    assert all(before.values())
