"""`forewarn health`: its exit code is what a container's health check goes by."""
import contextlib
import http.server
import json
import socket
import threading

import pytest
from product import forewarn


@contextlib.contextmanager
def service(replies):
    """A server that answers these paths with (status, body), and everything else with 404; its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802: the library's name
            status, body = replies.get(self.path, (404, "no such page"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_service_that_answers_is_healthy():
    with service({"/health": (200, "{}"), "/base/health": (200, "{}")}) as url:
        for address in (url, url + "/", url + "/base/"):
            done = forewarn("health", address)
            assert done.stdout.strip() == address.rstrip("/") + "/health answers"
        assert json.loads(forewarn("--json", "health", url).stdout) == {"url": url + "/health", "status": 200}


def test_ready_asks_for_more_than_health():
    with service({"/health": (200, "{}"), "/ready": (503, '{"stage":"training the first models"}')}) as url:
        assert forewarn("health", url).returncode == 0
        done = forewarn("health", "--ready", url, check=False)
        assert done.returncode == 1 and "503" in done.stderr and "training the first models" in done.stderr


@pytest.mark.parametrize("status", [204, 301, 401, 404, 500])
def test_anything_but_200_is_not_healthy(status):
    with service({"/health": (status, "")}) as url:
        done = forewarn("health", url, check=False)
        assert done.returncode == 1 and str(status) in done.stderr


def test_a_long_answer_is_told_in_short():
    with service({"/health": (500, "x" * 100_000)}) as url:
        assert len(forewarn("health", url, check=False).stderr) < 1000


def test_nobody_there():
    with socket.socket() as taken:  # bound and not listening: nobody else gets this port meanwhile
        taken.bind(("127.0.0.1", 0))
        done = forewarn("health", f"http://127.0.0.1:{taken.getsockname()[1]}", check=False)
    assert done.returncode == 1 and "is the service running there?" in done.stderr


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123"], ids=["nothing", "half"])
def test_a_server_that_hangs_is_given_up(says):
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = []
        asking = threading.Thread(target=lambda: done.append(
            forewarn("health", f"http://127.0.0.1:{server.getsockname()[1]}", "--timeout", "0.3", check=False)))
        asking.start()
        connection, _ = server.accept()
        connection.sendall(says)
        asking.join()  # it ends by itself: the connection is still open
        connection.close()
    assert done[0].returncode == 1 and done[0].stderr.startswith("forewarn: http://127.0.0.1:"), done[0].stderr


@pytest.mark.parametrize("words", ["", "127.0.0.1:7501", "ftp://127.0.0.1", "http://", "http:///x", "http://a b",
                                   "http://127.0.0.1:7501/?x=1", "http://127.0.0.1:7501/#x"])
def test_what_is_no_address_is_wrong_usage(words):
    done = forewarn("health", words, check=False)
    assert done.returncode == 2 and "http://127.0.0.1:7501" in done.stderr


@pytest.mark.parametrize("seconds", ["0", "-1", "601", "soon"])
def test_a_timeout_that_cannot_be_is_wrong_usage(seconds):
    assert forewarn("health", "http://127.0.0.1:1", "--timeout", seconds, check=False).returncode == 2


def test_it_touches_no_data_folder(tmp_path):
    """A probe beside a newer version's folder still tells of the service."""
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "forewarn.json").write_text('{"schema":999,"version":"99.0.0"}')
    with service({"/health": (200, "{}")}) as url:
        assert forewarn("--data-dir", newer, "health", url).returncode == 0
        assert forewarn("--data-dir", tmp_path / "none", "health", url).returncode == 0
    assert [entry.name for entry in newer.iterdir()] == ["forewarn.json"] and not (tmp_path / "none").exists()
