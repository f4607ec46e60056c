"""`forewarn up` and `forewarn serve`: from an empty folder to served models, through kill -9 and back."""
import json
import os
import pathlib
import select
import signal
import time
from urllib.parse import urlencode, urlsplit

from logged_service import Http
from product import forewarn

# A month learns in seconds; the plant's hours pass quickly.
QUICK = {"FOREWARN_FIRST_HISTORY_DAYS": "30", "FOREWARN_SECONDS_PER_HOUR": "0.2", "FOREWARN_TRAINING_NICE": "0"}
READY = "every model serves"


def address(service, name):
    return Http(urlsplit(service.wait_for("serving", component=name)["url"]).port)


def window(sensors, rows=12):
    """The last closed hours as a forecast wants them."""
    names = list(sensors.get("/sensors/meta")[1])
    readings = sensors.get(f"/sensors/history?n={rows}")[1]["readings"]
    return [{name: reading[name] for name in names} for reading in readings]


def test_from_an_empty_folder_through_a_kill_and_back(tmp_path, start):
    data = tmp_path / "data"
    up = start("--data-dir", data, "up", env=QUICK)
    sensors, inference, gateway = (address(up, name) for name in ("sensors", "inference", "gateway"))

    # Served before anything is trained.
    for service in (sensors, inference, gateway):
        assert service.get("/health")[0] == 200
    status, body, headers = inference.post("/predict", {"features": {"te301020": 107}})
    assert status == 503 and headers["Retry-After"]
    status, body, _ = inference.get("/ready")
    assert status == 503 and body["ready"] is False and 0 <= body["progress"] < 1 and body["stage"]
    assert sensors.get("/sensors/live")[1]["reading"]["te301020"] > 0

    # One process a service and folder; a taken port is told with its remedy.
    second = forewarn("--data-dir", data, "up", check=False, env=QUICK)
    assert second.returncode == 1 and f"process {up.process.pid}" in second.stderr
    taken = forewarn("--data-dir", tmp_path / "other", "up", check=False,
                     env={**QUICK, "FOREWARN_SENSORS_PORT": "0", "FOREWARN_INFERENCE_PORT": "0",
                          "FOREWARN_GATEWAY_PORT": str(gateway.port)})
    assert taken.returncode == 1
    assert f"127.0.0.1:{gateway.port} is taken" in taken.stderr and "setting gateway_port" in taken.stderr

    up.wait_for(READY)
    assert inference.get("/ready")[1] == {"ready": True, "progress": 1, "stage": "ready"}
    tour(sensors, inference, gateway)

    # The operating side beside it.
    archive = tmp_path / "backup.zip"
    assert json.loads(forewarn("--data-dir", data, "--json", "backup", archive).stdout)["files"] > 50
    refused = forewarn("--data-dir", data, "restore", archive, check=False)
    assert refused.returncode == 1 and "gateway (process" in refused.stderr

    token = gateway.post("/auth/login", urlencode({"username": "ann", "password": "correct horse"}), raw=True,
                         headers={"Content-Type": "application/x-www-form-urlencoded"})[1]["access_token"]
    signed_in = {"Authorization": f"Bearer {token}"}
    kept = gateway.get("/history", headers=signed_in)[1]
    before = sensors.get("/sensors/live")[1]["plant_time"]
    up.kill()

    again = start("--data-dir", data, "up", env=QUICK)
    began = time.monotonic()
    sensors, inference, gateway = (address(again, name) for name in ("sensors", "inference", "gateway"))
    status, body, _ = inference.post("/predict", {"features": {"te301020": 107}})
    print(f"second start: first answer after {time.monotonic() - began:.2f} s")
    assert status == 200 and body["model"]["version"] >= 1
    assert gateway.get("/history", headers=signed_in)[1] == kept, "what was acknowledged is there"
    assert sensors.get("/sensors/live")[1]["plant_time"] > before, "plant time never repeats"
    assert not any("training" == json.loads(line).get("component") for line in again.lines if line)

    assert again.kill(signal.SIGTERM) == 0
    again.wait_for("stopped")
    for log in (up.log(), again.log()):
        for secret in [path.read_text().strip() for path in (data / "secrets").iterdir()] + [token, "correct horse"]:
            assert secret not in log


def tour(sensors, inference, gateway):
    """Every kind of answer there is, once, over models just trained."""
    status, reply, _ = inference.post("/predict", {"features": {"te301020": 107, "nonsense": 1}})
    assert status == 200 and 0 <= reply["risk_score"] <= 1 and reply["ignored"] == ["nonsense"] and reply["imputed"]
    for horizon in (1, 3, 6):
        status, reply, _ = inference.post("/forecast", {"horizon": horizon, "recent_observations": window(sensors)})
        assert status == 200 and reply["horizon_hours"] == horizon and 0 <= reply["anomaly_probability"] <= 1
    status, reply, _ = inference.post("/explain", {"features": {"te301020": 107}})
    total = reply["base_value"] + sum(d["shap_value"] for d in reply["local_importance"])
    assert status == 200 and abs(total - reply["output_value"]) < 1e-6
    assert inference.get("/global_importance")[1]["method"] == "feature_importances"
    assert inference.post("/recommend", {"failure_frequency_48": 9, "risk_score": 0.9})[1]["urgency"] == "high"
    assert all(m["status"] == "loaded" for m in inference.get("/models")[1]["models"].values())
    assert inference.get("/v2/health/ready")[0] == 200

    assert gateway.get("/history")[0] == 401
    status, reply, _ = gateway.post("/auth/register", {"username": "ann", "password": "correct horse"})
    assert status in (200, 201)
    signed_in = {"Authorization": f"Bearer {reply['access_token']}"}
    assert gateway.get("/auth/me", headers=signed_in)[1]["role"] == "administrator"
    status, reply, _ = gateway.post("/infer/auto", {}, headers=signed_in)
    assert status == 200 and len(reply["top_drivers"]) == 3
    status, reply, _ = gateway.post("/infer/predict", {"features": {"te301020": 107}}, headers=signed_in)
    assert status == 200 and reply["recommendation"]
    assert [row["type"] for row in gateway.get("/history", headers=signed_in)[1]] == ["predict", "auto_1h"]
    for scenario in ("pressure_rise", "level_swing", "multi_alarm", "normal"):
        status, reply, _ = gateway.post("/scenarios/activate", {"name": scenario}, headers=signed_in)
        assert status == 200 and reply["active"] == scenario
    assert gateway.get("/warnings", headers=signed_in)[0] == 200
    for service in (sensors, inference, gateway):
        assert "# TYPE" in service.get("/metrics")[1]
        assert service.get("/openapi.json")[1]["openapi"].startswith("3.1")


def children(pid):
    """Process ids below pid."""
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] + [
        int(p) for task in os.listdir(f"/proc/{pid}/task") if int(task) != pid
        for p in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split()]


def child_of(pid):
    """The one process below pid, which the log announces just before it is there."""
    deadline = time.monotonic() + 60
    while not children(pid) and time.monotonic() < deadline:
        os.sched_yield()
    (child,) = children(pid)
    return child


def test_a_training_that_crashes_is_told_and_tried_again(tmp_path, start):
    up = start("--data-dir", tmp_path, "up", env=QUICK)
    inference = address(up, "inference")
    up.wait_for("training the first models")
    child = child_of(up.process.pid)
    os.kill(child, signal.SIGKILL)
    with up.changed:
        up.changed.wait_for(lambda: "killed by signal 9" in up.log(), 60)
    status, body, _ = inference.get("/ready")
    assert status == 503 and "next try" in body["stage"] and "killed by signal 9" in body["stage"]
    assert inference.get("/health")[0] == 200
    up.wait_for(READY)
    assert inference.get("/ready")[0] == 200
    assert up.kill(signal.SIGTERM) == 0


def test_a_stop_while_training_ends_the_child_too(tmp_path, start):
    up = start("--data-dir", tmp_path, "up", env={**QUICK, "FOREWARN_FIRST_HISTORY_DAYS": "180"})
    up.wait_for("training the first models")
    child = child_of(up.process.pid)
    assert up.kill(signal.SIGTERM) == 0
    assert not os.path.exists(f"/proc/{child}")
    # A kill leaves nobody behind either.
    up = start("--data-dir", tmp_path, "up", env=QUICK)
    up.wait_for("training the first models")
    child = child_of(up.process.pid)
    handle = os.pidfd_open(child)
    up.kill()

    assert select.select([handle], [], [], 60)[0], "the child outlived its parent"
    os.close(handle)


def test_three_processes_know_each_other(tmp_path, start):
    data = tmp_path / "data"
    table = tmp_path / "history.csv"
    forewarn("simulate", "--hours", 720, "--out", table)
    forewarn("--data-dir", data, "run", "--from", "cleaned", table, "--no-verdicts", "--first-champion")
    plant = start("--data-dir", data, "serve", "sensors", env=QUICK)
    sensors = address(plant, "sensors")
    models = start("--data-dir", data, "serve", "inference", env=QUICK)
    inference = address(models, "inference")
    door = start("--data-dir", data, "serve", "gateway", env={
        **QUICK, "SENSOR_API_URL": f"http://127.0.0.1:{sensors.port}",
        "INFERENCE_API_URL": f"http://127.0.0.1:{inference.port}"})
    gateway = address(door, "gateway")
    signed_in = {"Authorization": "Bearer " + gateway.post(
        "/auth/register", {"username": "ann", "password": "correct horse"})[1]["access_token"]}
    status, reply, _ = gateway.post("/infer/auto", {}, headers=signed_in)
    assert status == 200 and reply["horizon_hours"] == 1
    assert gateway.get("/sensors/live", headers=signed_in)[1]["reading"]["te301020"] > 0
    models.kill()
    status, reply, _ = gateway.post("/infer/auto", {}, headers=signed_in)
    assert status == 502, "what is away is told as such"
    for service in (plant, door):
        assert service.kill(signal.SIGTERM) == 0
