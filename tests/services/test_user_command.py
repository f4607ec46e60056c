"""`forewarn user …` as a person and a script use it: a password never on the command line, never on the screen."""

import json
import os
import pty
import select
import signal
import subprocess
import termios

import pytest
import services


def run(data, *arguments, stdin=""):
    return subprocess.run([services.PROGRAM, "--data-dir", str(data), "user", *arguments], input=stdin, text=True,
                          capture_output=True, timeout=60)


class Terminal:
    """The program with a terminal of its own, and what it wrote there."""

    def __init__(self, data, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # tests that run in the background ignore it, and so would their children
            os.execv(services.PROGRAM, [services.PROGRAM, "--data-dir", str(data), "user", *arguments])
        self.seen = ""

    def expect(self, text):
        while text not in self.seen:
            assert select.select([self.fd], [], [], 60)[0], f"waited for {text!r}, saw {self.seen!r}"
            try:
                self.seen += os.read(self.fd, 4096).decode()
            except OSError:  # the program has ended
                break
        assert text in self.seen, self.seen

    def type(self, text):
        os.write(self.fd, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def end(self):
        while select.select([self.fd], [], [], 60)[0]:
            try:
                piece = os.read(self.fd, 4096).decode()
            except OSError:
                break
            if not piece:
                break
            self.seen += piece
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_accounts_are_added_listed_changed_and_removed(tmp_path):
    added = run(tmp_path, "add", "alice", "--password-stdin", "--json", stdin="correct horse\n")
    assert added.returncode == 0, added.stderr
    assert json.loads(added.stdout)["role"] == "administrator"
    assert run(tmp_path, "add", "bob", "--password-stdin", stdin="correct horse").stdout == "bob added as operator\n"
    again = run(tmp_path, "add", "ALICE", "--password-stdin", stdin="correct horse\n")
    assert again.returncode == 1 and "is taken" in again.stderr
    assert run(tmp_path, "role", "bob", "administrator").returncode == 0
    assert run(tmp_path, "passwd", "bob", "--password-stdin", stdin="battery staple\r\n").returncode == 0
    rows = json.loads(run(tmp_path, "list", "--json").stdout)
    assert [(r["username"], r["role"]) for r in rows] == [("alice", "administrator"), ("bob", "administrator")]
    assert run(tmp_path, "remove", "alice").returncode == 0
    last = run(tmp_path, "role", "bob", "operator")
    assert last.returncode == 1 and "last administrator" in last.stderr
    unknown = run(tmp_path, "remove", "bop")
    assert unknown.returncode == 1 and "did you mean 'bob'?" in unknown.stderr
    assert (tmp_path / "accounts.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("arguments", [["add", "carol", "correct horse"], ["add", "carol", "--password", "correct horse"]])
def test_a_password_on_the_command_line_is_wrong_usage(tmp_path, arguments):
    assert run(tmp_path, *arguments).returncode == 2


def test_without_a_terminal_the_way_for_scripts_is_told(tmp_path):
    done = subprocess.run([services.PROGRAM, "--data-dir", str(tmp_path), "user", "add", "carol"], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, start_new_session=True, timeout=60)
    assert done.returncode == 2 and "--password-stdin" in done.stderr


def test_the_terminal_asks_twice_and_shows_nothing(tmp_path):
    terminal = Terminal(tmp_path, "add", "alice")
    terminal.expect("new password of alice: ")
    assert not terminal.echoes()
    terminal.type("correct horse\n")
    terminal.expect("again: ")
    assert not terminal.echoes()
    terminal.type("correct horse\n")
    terminal.expect("alice added as administrator")
    assert terminal.end() == 0
    assert "horse" not in terminal.seen


def test_two_different_passwords_change_nothing(tmp_path):
    terminal = Terminal(tmp_path, "add", "alice")
    terminal.expect("new password of alice: ")
    terminal.type("correct horse\n")
    terminal.expect("again: ")
    terminal.type("correct house\n")
    terminal.expect("differ; nothing was changed")
    assert terminal.end() == 1
    assert json.loads(run(tmp_path, "list", "--json").stdout) == []


def test_an_interrupted_question_leaves_the_terminal_as_it_was(tmp_path):
    terminal = Terminal(tmp_path, "add", "alice")
    terminal.expect("new password of alice: ")
    assert not terminal.echoes()
    terminal.type("\x03")
    state = os.waitpid(terminal.pid, 0)[1]
    assert os.WIFSIGNALED(state) and os.WTERMSIG(state) == signal.SIGINT
    assert terminal.echoes()
