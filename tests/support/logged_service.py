"""The program as its users start it: real processes, real files, free ports. Nothing here sleeps: a test waits for what
the program says (its log, line by line) or for its exit."""
import contextlib
import http.client
import json
import os
import signal
import subprocess
import threading

from product import PATIENCE, PROGRAM


class Service:
    """A running `forewarn …` that logs JSON; every line it has said is kept."""

    def __init__(self, arguments, env=None):
        settings = {"FOREWARN_LOG_FORMAT": "json", "FOREWARN_LISTEN": "127.0.0.1", "FOREWARN_SENSORS_PORT": "0",
                    "FOREWARN_GATEWAY_PORT": "0", "FOREWARN_INFERENCE_PORT": "0"}
        self.process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env={**os.environ, **settings, **(env or {})}, text=True)
        self.lines = []
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)  # it has closed its log
            self.changed.notify_all()

    def wait_for(self, message, **fields):
        """The first log line with this message (and these fields), as a dict."""

        def found():
            for line in self.lines:
                if line is None:
                    return False
                with contextlib.suppress(ValueError):
                    entry = json.loads(line)
                    if entry.get("message") == message and all(entry.get(k) == v for k, v in fields.items()):
                        return entry
            return None

        with self.changed:
            self.changed.wait_for(lambda: found() is not None, PATIENCE)
            entry = found()
        assert entry, f"'{message}' was not said; what was:\n" + "\n".join(map(str, self.lines))
        return entry

    def kill(self, sign=signal.SIGKILL):
        self.process.send_signal(sign)
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return code

    def log(self):
        return "\n".join(line for line in self.lines if line is not None)


class Http:
    """One service's address; replies as (status, body parsed where it is JSON, headers)."""

    def __init__(self, port):
        self.port = port

    def __call__(self, method, path, body=None, headers=None, raw=False):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = body if raw or body is None else json.dumps(body)
        heads = dict(headers or {})
        if body is not None and not raw:
            heads.setdefault("Content-Type", "application/json")
        connection.request(method, path, data, heads)
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        kind = reply.headers.get("Content-Type", "")
        return reply.status, json.loads(text) if "json" in kind else text.decode(), reply.headers

    def get(self, path, **kwargs):
        return self("GET", path, **kwargs)

    def post(self, path, body, **kwargs):
        return self("POST", path, body=body, **kwargs)
