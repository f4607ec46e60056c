"""The operator's stack in containers, as docs/deployment.md tells: images built, started by `make up ENGINE=podman
STACK=frontend`, toured through nginx's port, taken down, started again.

No image is pulled. The base is a Debian made here by debootstrap; nginx, Prometheus and Alertmanager are Debian's, in images
of tests/servers/containers that stand for the makers' own; Grafana cannot be had so and is not started. The product's image
is the shipped Containerfile's `runtime` stage over the program that is already built: compiling it again in the `build` stage
takes minutes. FOREWARN_IMAGE_BUILD=full does compile it there, with this machine's ccache."""

import contextlib
import json
import os
import re
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
PROJECT = "forewarn-test"
SERVED = ["sensors", "inference", "gateway", "nginx", "prometheus", "alertmanager"]
OURS = {"sensors", "inference", "gateway"}
os.environ["CONTAINERS_CONF"] = str(HERE / "containers.conf")

NEEDED = ["podman", "runc", "debootstrap", "jq", "curl"]
MISSING = [name for name in NEEDED if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}; run tools/setup.sh servers"),
    pytest.mark.skipif(os.geteuid() != 0, reason="debootstrap makes the base image as root only"),
]


def run(*command, check=True, **kwargs):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=3600, **kwargs)
    assert not check or done.returncode == 0, f"{command}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done


def podman(*arguments, check=True):
    return run("podman", *arguments, check=check)


def names(*arguments):
    return podman(*arguments, "--filter", f"label=io.podman.compose.project={PROJECT}", "--format", "{{.Name}}").stdout.split()


def containers():
    return podman("ps", "-a", "--filter", f"label=io.podman.compose.project={PROJECT}", "--format", "{{.Names}}").stdout.split()


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


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    run(HERE / "base.sh", BASE)
    for name in ("nginx", "prometheus", "alertmanager"):
        podman("build", "--pull=never", "--build-arg", f"BASE_IMAGE={BASE}", "-f", HERE / f"{name}.Containerfile", "-t",
               f"{MADE}-{name}:latest", HERE)
    product_image(tmp_path_factory.mktemp("image"))
    return {"FOREWARN_IMAGE": f"{MADE}:latest"} | {
        f"{name.upper()}_IMAGE": f"{MADE}-{name}:latest" for name in ("nginx", "prometheus", "alertmanager")}


class Stack:
    """The stack by the front door's make targets, over a copy of deploy/ with passwords of its own."""

    def __init__(self, folder, images):
        shutil.copytree(ROOT / "deploy", folder / "deploy", ignore=shutil.ignore_patterns(".env", "secrets"))
        shutil.copy(ROOT / "Makefile", folder)
        self.folder = folder
        self.ports = {name: free_port() for name in ("SENSORS_PORT", "GATEWAY_PORT", "INFERENCE_PORT", "PROMETHEUS_PORT")}
        self.ports["UI_PORT"] = 8088 if free(8088) else free_port()
        self.env = {**os.environ, **images, **{name: str(port) for name, port in self.ports.items()},
                    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}  # this environment's podman-compose
        self.url = f"http://127.0.0.1:{self.ports['UI_PORT']}"

    def make(self, target, *arguments):
        return run("make", target, "ENGINE=podman", "STACK=frontend", f"PROJECT={PROJECT}", *arguments, cwd=self.folder, env=self.env)

    def up(self):
        self.make("up", f"SERVICES=trainer {' '.join(SERVED)}")
        wait_until(self.ready)
        return self

    def ready(self):
        try:
            return requests.get(self.url + "/ready", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def health(self, service):
        return podman("healthcheck", "run", f"{PROJECT}_{service}_1", check=False)

    def sh(self, service, script, check=True):
        return podman("exec", f"{PROJECT}_{service}_1", "sh", "-c", script, check=check)

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


def remove_all():
    for name in containers():
        podman("rm", "-f", "-t", "5", name, check=False)
    for kind in ("network", "volume"):
        for name in names(kind, "ls"):
            podman(kind, "rm", "-f", name, check=False)


@pytest.fixture(scope="module")
def stack(images, tmp_path_factory):
    remove_all()  # of a run that was cut off
    made = Stack(tmp_path_factory.mktemp("containers"), images)
    made.make("init")
    try:
        yield made.up()
    finally:
        remove_all()


@pytest.mark.parametrize("service", SERVED)
def test_the_health_check_of_every_container_passes(stack, service):
    assert podman("inspect", "--format", "{{.Config.Healthcheck}}", f"{PROJECT}_{service}_1").stdout.strip() != "<nil>"
    wait_until(lambda: stack.health(service).returncode == 0, seconds=60)
    assert f"{PROJECT}_{service}_1" in stack.make("ps").stdout


def test_a_health_check_fails_when_the_service_does_not_answer(stack):
    podman("pause", f"{PROJECT}_gateway_1")
    try:
        assert stack.health("nginx").returncode != 0  # its check asks the gateway through it
    finally:
        podman("unpause", f"{PROJECT}_gateway_1")
    wait_until(lambda: stack.health("nginx").returncode == 0, seconds=60)


def test_the_trainer_ended_well_and_said_so(stack):
    assert podman("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", f"{PROJECT}_trainer_1").stdout.split() == ["exited", "0"]
    assert "every model is trained and promoted" in stack.make("logs").stdout


@pytest.mark.parametrize("service", SERVED)
def test_nothing_runs_as_root_writes_to_its_root_or_gains_a_privilege(stack, service):
    assert int(stack.sh(service, "id -u").stdout) == {"nginx": 101}.get(service, 10001 if service in OURS else 65534)
    written = stack.sh(service, "touch /written", check=False)
    assert written.returncode != 0 and "Read-only file system" in written.stderr
    status = stack.sh(service, "cat /proc/1/status").stdout
    assert re.search(r"^Uid:\s+[1-9]", status, re.M)
    assert re.search(r"^CapEff:\s+0+$", status, re.M) and re.search(r"^CapBnd:\s+0+$", status, re.M)
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.M)


@pytest.mark.parametrize("prefix", ["", "/frontend"])
def test_readme_s_session_runs_through_the_front_door(stack, prefix):
    blocks = re.findall(r"^```\n(.*?)^```", (ROOT / "README.md").read_text(), re.S | re.M)
    typed = next(block for block in blocks if "/auth/register" in block)
    lines = [re.sub(r"\s+# .*", "", line[2:]) for line in typed.splitlines() if line.startswith("$ ")]
    assert lines[0].startswith("G=http://127.0.0.1:7501;") and "/live" in lines[-1]
    lines[0] = lines[0].replace("http://127.0.0.1:7501", stack.url + prefix)
    lines[-1] = f"timeout 60 {lines[-1]} | grep -m 1 '^event: '"
    script = "\n".join(lines).replace("anna", "anna" + prefix.strip("/"))
    said = run("bash", "-euc", script).stdout
    assert "access_token" in said and '"active":"multi_alarm"' in said and "event: " in said


def test_the_tour_passes_through_the_front_door(stack):
    user, url = stack.sign_in("tour"), stack.url
    page = requests.get(url + "/", timeout=10)
    assert page.status_code == 200 and page.headers["Content-Type"].startswith("text/html")
    for script in re.findall(r'(?:src|href)="(?:\./|/)?([^":]+\.(?:js|css))"', page.text):
        assert requests.get(f"{url}/{script}", timeout=10).status_code == 200, script
    row = {"features": {"te301020": 109.8, "pdt31008": 340, "lt301031": 8}}
    direct = requests.post(url + "/api/predict", json=row, headers=user, timeout=10).json()
    stored = requests.post(url + "/frontend/infer/predict", json=row, headers=user, timeout=10).json()
    assert direct["risk_score"] == stored["risk_score"] and stored["recommendation"]
    explained = requests.post(url + "/frontend/infer/explain", json=row, headers=user, timeout=10).json()
    assert explained["local_importance"]
    total = explained["base_value"] + sum(driver["shap_value"] for driver in explained["local_importance"])
    assert total == pytest.approx(explained["output_value"], abs=1e-6)
    readings = requests.get(url + "/sensor/sensors/history?n=24", headers=user, timeout=10).json()["readings"]
    window = [{k: v for k, v in reading.items() if isinstance(v, (int, float))} for reading in readings]
    for horizon in (1, 3, 6):
        answer = requests.post(url + "/infer/forecast", json={"horizon": horizon, "recent_observations": window}, headers=user, timeout=10)
        assert answer.status_code == 200 and 0 <= answer.json()["anomaly_probability"] <= 1, answer.text
    assert requests.post(url + "/infer/auto", headers=user, timeout=10).status_code == 200
    kinds = [entry["type"] for entry in requests.get(url + "/history", headers=user, timeout=10).json()]
    assert kinds == ["auto_1h", "forecast_6h", "forecast_3h", "forecast_1h", "predict"]
    assert len(requests.get(url + "/history.csv", headers=user, timeout=10).text.splitlines()) == 1 + len(kinds)
    assert requests.get(url + "/frontend/warnings", headers=user, timeout=10).status_code == 200
    models = requests.get(url + "/api/models", headers=user, timeout=10).json()["models"]
    assert len(models) == 10 and models["plant_alarm_champion"]["status"] == "loaded"


@pytest.mark.parametrize("path", ["/api/models", "/sensor/sensors/live", "/frontend/history", "/history"])
def test_nothing_is_shown_without_a_sign_in(stack, path):
    assert requests.get(stack.url + path, timeout=10).status_code == 401


@pytest.mark.parametrize("path", ["/", "/api/health", "/sensor/health", "/frontend/health", "/no-such-page"])
def test_the_front_door_sets_its_headers(stack, path):
    headers = requests.get(stack.url + path, timeout=10).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "/" not in headers.get("Server", "")


def test_the_front_door_keeps_its_limits(stack):
    assert requests.post(stack.url + "/api/predict", data=b" " * (2 << 20), timeout=10).status_code == 413
    assert requests.delete(stack.url + "/api/predict", timeout=10).status_code == 405
    form = {"username": "nobody", "password": "wrong-password"}
    assert 429 in {requests.post(stack.url + "/auth/login", data=form, timeout=10).status_code for _ in range(60)}


def test_prometheus_scrapes_all_three_and_knows_its_alertmanager(stack):
    prometheus = f"http://127.0.0.1:{stack.ports['PROMETHEUS_PORT']}/api/v1"

    def scraped():
        targets = requests.get(prometheus + "/targets", timeout=10).json()["data"]["activeTargets"]
        return {t["labels"]["job"] for t in targets if t["health"] == "up"} == {"inference-api", "frontend-api", "mock-sensor-api"}

    wait_until(scraped, seconds=60)
    assert requests.get(prometheus + "/alertmanagers", timeout=10).json()["data"]["activeAlertmanagers"]
    assert requests.get(prometheus + "/rules", timeout=10).json()["data"]["groups"]


def test_a_service_whose_process_dies_is_started_again(stack):
    inspect = ("inspect", "--format", "{{.State.Pid}}", f"{PROJECT}_inference_1")
    before = int(podman(*inspect).stdout)
    os.kill(before, 9)
    wait_until(lambda: int(podman(*inspect).stdout) not in (0, before), seconds=60)
    user = stack.sign_in("restarted")
    wait_until(lambda: stack.predicts(user), seconds=60)


def test_containers_with_a_new_address_are_found_again(stack):
    address = ("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
    restarted = [f"{PROJECT}_{service}_1" for service in ("inference", "sensors", "gateway")]
    before = podman(*address, *restarted).stdout.split()
    podman("restart", "-t", "10", *restarted)
    assert not set(before) & set(podman(*address, *restarted).stdout.split())
    user = stack.sign_in_again("readdressed")
    wait_until(lambda: stack.predicts(user), seconds=60)
    wait_until(stack.ready, seconds=60)
    assert requests.get(stack.url + "/sensor/sensors/live", headers=user, timeout=10).status_code == 200


def test_the_memory_of_every_container_is_told(stack):
    told = json.loads(podman("stats", "--no-stream", "--format", "json", *[f"{PROJECT}_{s}_1" for s in SERVED]).stdout)
    for row in told:
        print(f"{row['name']}: {row['mem_usage']}")
    assert {row["name"] for row in told} == {f"{PROJECT}_{s}_1" for s in SERVED}


def test_down_leaves_the_data_alone_and_the_next_up_goes_on_with_it(stack):
    user = stack.sign_in("keeper")
    assert stack.predicts(user)
    history = requests.get(stack.url + "/history", headers=user, timeout=10).json()
    version = requests.get(stack.url + "/api/models", headers=user, timeout=10).json()["models"]["plant_alarm_champion"]["version"]
    stack.make("down")
    assert not containers() and not names("network", "ls")
    assert not stack.ready()
    assert set(names("volume", "ls")) == {f"{PROJECT}_forewarn-data", f"{PROJECT}_prometheus-data"}
    stack.up()
    assert "every model is there" in stack.make("logs").stdout
    assert requests.get(stack.url + "/history", headers=user, timeout=10).json() == history  # the same account, token and rows
    models = requests.get(stack.url + "/api/models", headers=user, timeout=10).json()["models"]
    assert models["plant_alarm_champion"]["version"] == version


def test_an_old_podman_compose_is_refused_with_what_to_do(stack):
    old = Path("/usr/bin/podman-compose")
    if not old.exists() or "1.0." not in run(old, "--version", check=False).stdout:
        pytest.skip("no podman-compose 1.0 on this machine")
    done = run("make", "up", "ENGINE=podman", "STACK=frontend", f"PROJECT={PROJECT}", cwd=stack.folder, check=False,
               env={**stack.env, "PATH": "/usr/bin:/bin"})
    assert done.returncode == 2 and "pipx install podman-compose" in done.stderr
