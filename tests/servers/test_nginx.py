"""The shipped nginx configuration in front of a real `up`: prefixes, methods, headers, limits, streams."""

import os
import shutil
import subprocess

import pytest
import requests
from services import Up
from stack import ROOT, Component, answers, free_port, running


@pytest.fixture(scope="module")
def front(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    up = Up(shutil.copytree(trained, folder / "data"), log=folder / "up.log")
    port = free_port()
    config = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text()
    for name, value in {"GATEWAY": f"127.0.0.1:{up.ports['gateway']}", "INFERENCE": f"127.0.0.1:{up.ports['inference']}",
                        "SENSORS": f"127.0.0.1:{up.ports['sensors']}", "LISTEN": f"127.0.0.1:{port}",
                        "RESOLVER": "127.0.0.1"}.items():
        config = config.replace("${" + name + "}", value)
    (folder / "nginx.conf").write_text(config.replace("/tmp/nginx", f"{folder}/nginx"))
    for parent in [folder, *folder.parents]:  # for nginx's own user; pytest closes its folders to others
        if os.geteuid() == 0 and str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    folder.chmod(0o777)
    subprocess.run(["nginx", "-t", "-c", folder / "nginx.conf", "-e", "stderr"], check=True)
    nginx = Component(["nginx", "-c", folder / "nginx.conf", "-e", "stderr", "-g", "daemon off;"], folder / "nginx.log",
                      user="nobody" if os.geteuid() == 0 else None)
    nginx.url, nginx.up = f"http://127.0.0.1:{port}", up
    for left in folder.glob("nginx*"):  # what -t made belongs to root
        if left.name != "nginx.conf":
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    with up, running(nginx, answers(nginx.url + "/health")):
        yield nginx


@pytest.mark.parametrize(("path", "service"), [("/api/models", "inference"), ("/sensor/sensors/meta", "sensors"),
                                               ("/frontend/openapi.json", "gateway"), ("/openapi.json", "gateway")])
def test_prefixes_are_stripped_and_the_answer_is_the_service_s(front, path, service):
    direct = path.split("/", 2)[2] if service != "gateway" else "openapi.json"
    through, own = requests.get(front.url + path, timeout=10), requests.get(f"{front.up.url(service)}/{direct}", timeout=10)
    assert through.status_code == own.status_code == 200
    assert through.content == own.content
    assert through.headers["X-Content-Type-Options"] == "nosniff"
    assert through.headers["X-Frame-Options"] == "DENY"
    assert "/" not in through.headers.get("Server", "")


@pytest.mark.parametrize("rest", ["v2/models/a%20b", "v2/models/%3Fx?y=%26z", "v2/models/%C3%A4"])
def test_what_is_escaped_stays_so_behind_a_prefix(front, rest):
    through, own = requests.get(f"{front.url}/api/{rest}", timeout=10), requests.get(f"{front.up.url('inference')}/{rest}", timeout=10)
    assert through.status_code == own.status_code == 404
    assert through.content == own.content


def test_a_line_break_in_a_path_reaches_no_service(front):
    assert requests.get(front.url + "/api/health%0D%0AX-Added:%20yes", timeout=10).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_the_api_takes_get_post_and_options_only(front, method):
    assert requests.request(method, front.url + "/api/predict", timeout=10).status_code == 405


def test_a_prediction_and_a_sign_in_pass(front):
    row = {"features": {"te301020": 107}}
    assert requests.post(front.url + "/api/predict", json=row, timeout=10).json()["risk_score"] >= 0
    account = {"username": "through-nginx", "password": "a-good-password"}
    token = requests.post(front.url + "/frontend/auth/register", json=account, timeout=10).json()["access_token"]
    reply = requests.post(front.url + "/frontend/infer/predict", json=row, timeout=10,
                          headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 200, reply.text


def test_a_body_over_a_megabyte_is_refused(front):
    assert requests.post(front.url + "/api/predict", data=b" " * (2 << 20), timeout=10).status_code == 413


def test_many_sign_ins_at_once_are_slowed_down(front):
    form = {"username": "nobody", "password": "wrong-password"}
    codes = {requests.post(front.url + "/auth/login", data=form, timeout=10).status_code for _ in range(60)}
    assert 429 in codes


def test_an_event_stream_is_not_held_back(front):
    with requests.get(front.url + "/sensor/sensors/stream", stream=True, timeout=30) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert any(line.startswith(b"data:") for line in stream.iter_lines(chunk_size=1))
