"""A server beside the product, started for a test and ended by its own pid."""

import contextlib
import os
import signal
import subprocess
import urllib.request
from pathlib import Path

from product import wait_until


class Component:
    """A server in a process group of its own: some of them leave children behind when only they are asked to end."""

    def __init__(self, command, log, env=None, cwd=None, user=None):
        self.command, self.log = list(map(str, command)), Path(log)
        self.env, self.cwd, self.user = {**os.environ, **(env or {})}, cwd, user
        self.child = None

    def launch(self):
        """Without waiting for it."""
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.env,
                                          cwd=self.cwd, user=self.user, start_new_session=True)
        return self

    def start(self, ready, seconds=180):
        self.launch()
        try:
            wait_until(ready, self.child, seconds)
        except (RuntimeError, TimeoutError) as error:
            self.stop()
            raise RuntimeError(f"{error}; {self.command[0]} said:\n{self.said()[-3000:]}") from error
        return self

    def said(self):
        return self.log.read_text(errors="replace")

    def signal_group(self, sign):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, sign)

    def stop(self, sign=signal.SIGTERM, seconds=30):
        if self.child is None:
            return
        self.signal_group(sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(seconds)
        self.signal_group(signal.SIGKILL)
        self.child.wait()

    def kill(self):
        self.stop(signal.SIGKILL)


def answers(url):
    def check():
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                return reply.status == 200
        except OSError:
            return False
    return check


@contextlib.contextmanager
def running(component, ready, **kwargs):
    try:
        yield component.start(ready, **kwargs)
    finally:
        component.stop()
