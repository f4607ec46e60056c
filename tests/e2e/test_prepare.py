"""`forewarn prepare`: the first start's work as a command of its own, that can be run again whatever became of it."""
import contextlib
import json
import os
import select
import signal
import subprocess
import time

from product import PATIENCE, PROGRAM, forewarn

QUICK = {"FOREWARN_FIRST_HISTORY_DAYS": "30", "FOREWARN_TRAINING_NICE": "0"}


def champions(data):
    """Versions in service, by model."""
    rows = json.loads(forewarn("--data-dir", data, "models", "list", "--json").stdout)
    return {row["name"]: row["version"] for row in rows if "champion" in row["aliases"]}


def files(folder):
    """Every file with its content's time of change; locks aside, which every command takes."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


def begin(data):
    """A prepare on its way; with the pid of the child that trains for it."""
    process = subprocess.Popen([PROGRAM, "--data-dir", data, "prepare"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               text=True, env={**os.environ, **QUICK, "FOREWARN_FIRST_HISTORY_DAYS": "180"})
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # threads and children come and go
            for task in os.listdir(f"/proc/{process.pid}/task"):  # a child belongs to the thread that started it
                with open(f"/proc/{process.pid}/task/{task}/children") as children:
                    for child in map(int, children.read().split()):
                        with open(f"/proc/{child}/cmdline") as line:
                            if "run" in line.read().split("\0"):  # past the simulation: it trains
                                return process, child
        assert process.poll() is None, process.stderr.read()
        os.sched_yield()
    raise TimeoutError("no training began")


def wait_for_end(pid):
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    assert select.select([handle], [], [], 60)[0], "the child outlived its parent"
    os.close(handle)


def test_trains_what_is_missing_and_nothing_twice(tmp_path):
    data = tmp_path / "data"
    assert "every model is trained and promoted" in forewarn("--data-dir", data, "prepare", env=QUICK).stderr
    first, before = champions(data), files(data)
    assert any(name.endswith("_champion") for name in first) and set(first.values()) == {1}
    assert "every model is there" in forewarn("--data-dir", data, "prepare", env=QUICK).stderr
    assert champions(data) == first and files(data) == before


def test_killed_in_the_middle_it_is_run_again_to_the_end(tmp_path):
    data = tmp_path / "data"
    process, child = begin(data)
    process.kill()
    process.wait()
    wait_for_end(child)
    forewarn("--data-dir", data, "prepare", env=QUICK)
    assert any(name.endswith("_champion") for name in champions(data))
    assert "every model is there" in forewarn("--data-dir", data, "prepare", env=QUICK).stderr


def test_a_stop_ends_the_child_and_is_a_failure(tmp_path):
    process, child = begin(tmp_path)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 1 and "stopped before the models were trained" in process.stderr.read()
    wait_for_end(child)


def test_two_at_once_are_told_apart(tmp_path):
    process, _ = begin(tmp_path)
    second = forewarn("--data-dir", tmp_path, "prepare", env=QUICK, check=False)
    assert second.returncode == 1 and f"prepare (process {process.pid}" in second.stderr
    process.kill()
    process.wait()


def test_without_a_place_for_the_models_it_says_so(tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    done = forewarn("--data-dir", tmp_path / "data", "prepare", env=QUICK, check=False)
    assert done.returncode == 1 and str(tmp_path / "data") in done.stderr
