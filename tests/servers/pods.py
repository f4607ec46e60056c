"""The compose stacks under podman, for the tests: images made here, and a stack by the front door's make targets.

No image is pulled. The base is a Debian made by debootstrap; what the stacks take from other makers is Debian's or pip's, in
images of tests/servers/containers that stand for the makers' own. The product's image is the shipped Containerfile's
`runtime` stage over the program that is already built: compiling it again in the `build` stage takes minutes.
FOREWARN_IMAGE_BUILD=full does compile it there, with this machine's ccache."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from stack import PROGRAM, ROOT, free_port, wait_until

HERE = Path(__file__).resolve().parent / "containers"
MADE = "localhost/forewarn-test"
BASE = f"{MADE}-debian:bookworm"
os.environ["CONTAINERS_CONF"] = str(HERE / "containers.conf")

NEEDED = ["podman", "runc", "debootstrap", "jq", "curl"]
MISSING = [name for name in NEEDED if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
POSSIBLE = [
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}; run tools/setup.sh servers"),
    pytest.mark.skipif(os.geteuid() != 0, reason="debootstrap makes the base image as root only"),
]


def run(*command, check=True, **kwargs):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=3600, **kwargs)
    assert not check or done.returncode == 0, f"{command}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done


def podman(*arguments, check=True):
    return run("podman", *arguments, check=check)


def free(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) != 0


def product_image(folder):
    flags = ["--pull=never", "--build-arg", f"BASE_IMAGE={BASE}"]
    if os.environ.get("FOREWARN_IMAGE_BUILD") == "full":
        cache = Path(os.environ.get("CCACHE_DIR", Path.home() / ".cache" / "ccache"))
        cache.mkdir(parents=True, exist_ok=True)
        flags += ["--volume", f"{cache}:/root/.cache/ccache"]
    else:
        run("cmake", "--install", Path(PROGRAM).parent, "--strip", "--prefix", folder / "opt" / "forewarn")
        flags += ["--build-context", f"build={folder}"]
    run("make", "-C", ROOT, "images", "ENGINE=podman", "STACK=frontend", f"FOREWARN_IMAGE={MADE}:latest",
        f"BUILD_FLAGS={' '.join(flags)}")


def stand_in(name, context=HERE, **arguments):
    """Builds the image that stands for one that cannot be pulled; its name."""
    flags = [word for key, value in arguments.items() for word in ("--build-arg", f"{key}={value}")]
    podman("build", "--pull=never", *flags, "-f", HERE / f"{name}.Containerfile", "-t", f"{MADE}-{name}:latest", context)
    return f"{MADE}-{name}:latest"


def front_images(folder):
    """The images of the operator's stack, as the compose files' variables name them."""
    run(HERE / "base.sh", BASE)
    product_image(folder)
    return {"FOREWARN_IMAGE": f"{MADE}:latest"} | {
        f"{name.upper()}_IMAGE": stand_in(name, BASE_IMAGE=BASE) for name in ("nginx", "prometheus", "alertmanager")}


class Stack:
    """The stack by the front door's make targets, over a copy of deploy/ with passwords of its own."""

    def __init__(self, folder, images, project, services, ports, frontend=True):
        shutil.copytree(ROOT / "deploy", folder / "deploy", ignore=shutil.ignore_patterns(".env", "secrets"))
        shutil.copy(ROOT / "Makefile", folder)
        self.folder, self.project, self.services, self.frontend = folder, project, services, frontend
        self.ports = {name: free_port() for name in ports}
        self.ports["UI_PORT"] = 8088 if free(8088) else free_port()
        self.env = {**os.environ, **images, **{name: str(port) for name, port in self.ports.items()},
                    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}  # this environment's podman-compose
        self.url = f"http://127.0.0.1:{self.ports['UI_PORT']}"

    def make(self, target, *arguments):
        return run("make", target, "ENGINE=podman", *(["STACK=frontend"] if self.frontend else []), f"PROJECT={self.project}",
                   *arguments, cwd=self.folder, env=self.env)

    def up(self):
        self.make("up", f"SERVICES={' '.join(self.services)}")
        return self

    def container(self, service):
        return f"{self.project}_{service}_1"

    def of(self, *arguments, name="{{.Name}}"):
        """What `podman ps`, `volume ls` or `network ls` names of this stack."""
        return podman(*arguments, "--filter", f"label=io.podman.compose.project={self.project}", "--format", name).stdout.split()

    def containers(self):
        return self.of("ps", "-a", name="{{.Names}}")

    def ready(self):
        try:
            return requests.get(self.url + "/ready", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def health(self, service):
        return podman("healthcheck", "run", self.container(service), check=False)

    def sh(self, service, script, check=True):
        return podman("exec", self.container(service), "sh", "-c", script, check=check)

    def sign_in(self, name):
        account = {"username": name, "password": "a-good-password"}
        requests.post(self.url + "/auth/register", json=account, timeout=10)
        reply = requests.post(self.url + "/auth/login", data=account, timeout=10)
        assert reply.status_code == 200, reply.text
        return {"Authorization": f"Bearer {reply.json()['access_token']}"}

    def sign_in_again(self, name):
        """The same when the gateway has just been started."""
        def answers():
            with contextlib.suppress(requests.RequestException):
                return requests.get(self.url + "/health", timeout=5).status_code == 200
        wait_until(answers, seconds=60)
        return self.sign_in(name)

    def predicts(self, user):
        """Through nginx and the gateway, and through nginx alone."""
        return all(requests.post(self.url + path, json={"features": {"te301020": 109.8}}, headers=user, timeout=10).status_code == 200
                   for path in ("/frontend/infer/predict", "/api/predict"))

    def remove(self):
        for name in self.containers():
            podman("rm", "-f", "--depend", "-t", "5", name, check=False)
        for kind in ("network", "volume"):
            for name in self.of(kind, "ls"):
                podman(kind, "rm", "-f", name, check=False)
