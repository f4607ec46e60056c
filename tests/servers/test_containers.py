"""The operator's stack in containers, as docs/deployment.md tells: images built, started by `make up ENGINE=podman
STACK=frontend`, toured through nginx's port, taken down, started again. How the images come about without a registry:
pods.py. Grafana cannot be had so and is not started."""

import json
import os
import re
from pathlib import Path

import pods
import pytest
import requests
from stack import ROOT, wait_until

SERVED = ["sensors", "inference", "gateway", "nginx", "prometheus", "alertmanager"]
OURS = {"sensors", "inference", "gateway"}
pytestmark = pods.POSSIBLE


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    images = pods.front_images(tmp_path_factory.mktemp("image"))
    made = pods.Stack(tmp_path_factory.mktemp("containers"), images, "forewarn-test", ["trainer", *SERVED],
                      ["SENSORS_PORT", "GATEWAY_PORT", "INFERENCE_PORT", "PROMETHEUS_PORT"])
    made.remove()  # of a run that was cut off
    made.make("init")
    try:
        made.up()
        wait_until(made.ready)
        yield made
    finally:
        made.remove()


@pytest.mark.parametrize("service", SERVED)
def test_the_health_check_of_every_container_passes(stack, service):
    assert pods.podman("inspect", "--format", "{{.Config.Healthcheck}}", stack.container(service)).stdout.strip() != "<nil>"
    wait_until(lambda: stack.health(service).returncode == 0, seconds=60)
    assert stack.container(service) in stack.make("ps").stdout


def test_a_health_check_fails_when_the_service_does_not_answer(stack):
    pods.podman("pause", stack.container("gateway"))
    try:
        assert stack.health("nginx").returncode != 0  # its check asks the gateway through it
    finally:
        pods.podman("unpause", stack.container("gateway"))
    wait_until(lambda: stack.health("nginx").returncode == 0, seconds=60)


def test_the_trainer_ended_well_and_said_so(stack):
    assert pods.podman("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", stack.container("trainer")).stdout.split() == ["exited", "0"]
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
    said = pods.run("bash", "-euc", script).stdout
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
    inspect = ("inspect", "--format", "{{.State.Pid}}", stack.container("inference"))
    before = int(pods.podman(*inspect).stdout)
    os.kill(before, 9)
    wait_until(lambda: int(pods.podman(*inspect).stdout) not in (0, before), seconds=60)
    user = stack.sign_in("restarted")
    wait_until(lambda: stack.predicts(user), seconds=60)


def test_containers_with_a_new_address_are_found_again(stack):
    address = ("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
    restarted = [stack.container(service) for service in ("inference", "sensors", "gateway")]
    before = pods.podman(*address, *restarted).stdout.split()
    pods.podman("restart", "-t", "10", *restarted)
    assert not set(before) & set(pods.podman(*address, *restarted).stdout.split())
    user = stack.sign_in_again("readdressed")
    wait_until(lambda: stack.predicts(user), seconds=60)
    wait_until(stack.ready, seconds=60)
    assert requests.get(stack.url + "/sensor/sensors/live", headers=user, timeout=10).status_code == 200


def test_the_memory_of_every_container_is_told(stack):
    told = json.loads(pods.podman("stats", "--no-stream", "--format", "json", *[stack.container(s) for s in SERVED]).stdout)
    for row in told:
        print(f"{row['name']}: {row['mem_usage']}")
    assert {row["name"] for row in told} == {stack.container(s) for s in SERVED}


def test_down_leaves_the_data_alone_and_the_next_up_goes_on_with_it(stack):
    user = stack.sign_in("keeper")
    assert stack.predicts(user)
    history = requests.get(stack.url + "/history", headers=user, timeout=10).json()
    version = requests.get(stack.url + "/api/models", headers=user, timeout=10).json()["models"]["plant_alarm_champion"]["version"]
    stack.make("down")
    assert not stack.containers() and not stack.of("network", "ls")
    assert not stack.ready()
    assert set(stack.of("volume", "ls")) == {f"{stack.project}_forewarn-data", f"{stack.project}_prometheus-data"}
    stack.up()
    wait_until(stack.ready)
    assert "every model is there" in stack.make("logs").stdout
    assert requests.get(stack.url + "/history", headers=user, timeout=10).json() == history  # the same account, token and rows
    models = requests.get(stack.url + "/api/models", headers=user, timeout=10).json()["models"]
    assert models["plant_alarm_champion"]["version"] == version


def test_an_old_podman_compose_is_refused_with_what_to_do(stack):
    old = Path("/usr/bin/podman-compose")
    if not old.exists() or "1.0." not in pods.run(old, "--version", check=False).stdout:
        pytest.skip("no podman-compose 1.0 on this machine")
    done = pods.run("make", "up", "ENGINE=podman", "STACK=frontend", f"PROJECT={stack.project}", cwd=stack.folder, check=False,
               env={**stack.env, "PATH": "/usr/bin:/bin"})
    assert done.returncode == 2 and "pipx install podman-compose" in done.stderr
