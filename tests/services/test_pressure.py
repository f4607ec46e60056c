"""What a service does with too much: idle and crawling connections, more requests than it can answer, a disk that is full
or read-only."""

import concurrent.futures
import json
import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
import services

BODY = {"features": {"te301020": 107.2, "pdt31008": 225}}


def test_idle_and_crawling_connections_do_no_harm(fresh_data):
    with services.Up(fresh_data, "--no-train") as up:
        address = ("127.0.0.1", up.ports["inference"])
        idle = [socket.create_connection(address) for _ in range(1000)]
        crawling = [socket.create_connection(address) for _ in range(200)]
        try:
            for step in b"POST /predict HTTP/1.1\r\nHost: x\r\n":
                for s in crawling:
                    try:
                        s.send(bytes([step]))
                    except OSError:
                        pass  # cut by the server: what it should do sooner or later
                answer = services.call(up.url("inference") + "/predict", BODY)
                assert 0 <= answer["risk_score"] <= 1
            assert services.resident_mb(up.child.pid) < 400
        finally:
            for s in idle + crawling:
                s.close()


def test_overload_is_refused_in_words_and_the_rest_is_served(fresh_data):
    """Registrations cost an Argon2 hash each: far more of them than the pool takes."""

    def register(i):
        try:
            services.call(up.url() + "/auth/register", {"username": f"crowd-{i}", "password": "a-good-password"}, timeout=60)
            return 200, None
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("Retry-After")

    with services.Up(fresh_data, "--no-train") as up:
        with concurrent.futures.ThreadPoolExecutor(128) as crowd:
            answers = list(crowd.map(register, range(512)))
        assert {code for code, _ in answers} <= {200, 429, 503}
        assert any(code != 200 for code, _ in answers), "nothing was refused: no overload"
        assert all(wait is not None for code, wait in answers if code != 200), "a refusal without Retry-After"
        assert services.call(up.url("inference") + "/predict", BODY)["status"]
        assert services.resident_mb(up.child.pid) < 400


@pytest.mark.skipif(os.environ.get("FOREWARN_TIMING") != "1", reason="a measurement of time; part of make test-services-full")
def test_the_live_stream_goes_on_under_overload(fresh_data):
    """Readings on /live while 256 clients ask without a pause: none is missing, and how late each came is told."""
    with services.Up(fresh_data, "--no-train", "--seconds-per-hour", "0.5") as up:
        headers = up.sign_in()
        direct = urllib.request.urlopen(up.url("sensors") + "/sensors/stream", timeout=60)
        seen = {"direct": {}, "live": {}}
        stop = threading.Event()

        def read(stream, name):
            for line in stream:
                if stop.is_set():
                    return
                if line.startswith(b"data:") and b'"timestamp"' in line:
                    reading = json.loads(line[5:])
                    reading = reading.get("reading", reading)
                    seen[name].setdefault(reading.get("timestamp"), time.monotonic())

        live = urllib.request.urlopen(urllib.request.Request(up.url() + "/live", headers=headers), timeout=60)
        readers = [threading.Thread(target=read, args=a, daemon=True) for a in ((direct, "direct"), (live, "live"))]
        for reader in readers:
            reader.start()
        body = json.dumps(BODY)
        script = f"wrk.method='POST' wrk.body={json.dumps(body)} wrk.headers['Content-Type']='application/json' "
        script += f"wrk.headers['Authorization']='{headers['Authorization']}'"
        lua = fresh_data / "load.lua"
        lua.write_text(script)
        memory = services.resident_mb(up.child.pid)
        done = subprocess.run(["wrk", "-t1", "-c256", "-d20s", "--latency", "-s", lua, up.url() + "/infer/predict"], check=True,
                              stdout=subprocess.PIPE, text=True)
        stop.set()
        both = sorted(set(seen["direct"]) & set(seen["live"]) - {None})
        late = sorted(seen["live"][t] - seen["direct"][t] for t in both)
        print(done.stdout)
        print(f"{len(both)} readings under load; behind the plant's own stream by {late[len(late) // 2] * 1e3:.1f} ms in the middle, "
              f"{late[-1] * 1e3:.1f} ms at most; memory {memory:.0f} -> {services.resident_mb(up.child.pid):.0f} MB")
        assert len(both) >= 20
        inner = [t for t in seen["direct"] if t is not None and both[0] <= t <= both[-1]]
        assert set(inner) <= set(seen["live"]), "readings are missing"
        assert services.resident_mb(up.child.pid) < 400
        assert late[-1] < 2, "the push is seconds late"


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder]).returncode != 0:
        pytest.skip("only root may mount the small file system of this test")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def predict(up, headers):
    try:
        services.call(up.url() + "/infer/predict", BODY, headers)
        return 200, ""
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_full_disk_is_told_and_recovers(trained, small_disk):
    import shutil

    data = shutil.copytree(trained, small_disk / "data", ignore=shutil.ignore_patterns("features"))
    with services.Up(data, "--no-train") as up:
        headers = up.sign_in()
        assert predict(up, headers)[0] == 200
        ballast = small_disk / "ballast"
        with open(ballast, "wb") as file:
            try:
                while True:
                    file.write(b"\0" * (1 << 20))
                    file.flush()
            except OSError:
                pass
        code, words = services.wait_until(lambda: [a for a in [predict(up, headers)] if a[0] != 200], up.child)[0]
        assert code in (503, 507) and "storage" in words and str(small_disk) not in words, words
        assert services.call(up.url("inference") + "/predict", BODY)["status"], "scoring needs no disk"
        before = len(services.call(up.url() + "/history?limit=1000", None, headers))
        ballast.unlink()
        services.wait_until(lambda: predict(up, headers)[0] == 200, up.child)
        assert len(services.call(up.url() + "/history?limit=1000", None, headers)) > before
