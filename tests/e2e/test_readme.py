"""What README.md and docs/ tell people to type works: the tour runs as written, every command and flag exists."""
import functools
import os
import pathlib
import re
import subprocess

import pytest
from product import PATIENCE, PROGRAM, ROOT, forewarn

README = (ROOT / "README.md").read_text()
PAGES = ["README.md", *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").glob("*.md"))]


def blocks(text):
    """The fenced blocks that a shell would read."""
    return [block for language, block in re.findall(r"^```([a-z]*)\n(.*?)^```", text, re.S | re.M)
            if language in ("", "sh", "bash")]


def shell(script, folder, data):
    """A script as a reader would type it, in a folder; its output. Fails with the first command that fails."""
    path = f"{pathlib.Path(PROGRAM).parent}:{os.environ['PATH']}"
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True,
                          timeout=5 * PATIENCE, env={**os.environ, "PATH": path, "FOREWARN_DATA_DIR": str(data)})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_tour_runs_as_written(tmp_path):
    forewarn("simulate", "--hours", 24 * 60, "--out", tmp_path / "exports")
    steps = next(block for block in blocks(README) if "forewarn ingest" in block)
    shell(steps, tmp_path, tmp_path / "data")
    for made in ("cleaned.csv", "ingest.html", "labelled.csv", "features", "evaluation/report.html", "evaluation/report.json"):
        assert (tmp_path / made).exists(), made
    lines = (tmp_path / "cleaned.csv").read_text().splitlines(keepends=True)
    (tmp_path / "last_hours.csv").write_text("".join([lines[0], *lines[-24:]]))
    asked = next(block for block in blocks(README) if "$ " in block and "forewarn predict" in block)
    answers = [shell(line[2:], tmp_path, tmp_path / "data") for line in asked.splitlines() if line.startswith("$ ")]
    assert len(answers) == 3
    assert '"risk_score":' in answers[0] and '"anomaly_probability":' in answers[1] and '"local_importance":' in answers[2]


@functools.cache
def help_of(*command):
    """The help text of a command; None where there is no such command."""
    done = subprocess.run([PROGRAM, *command, "--help"], capture_output=True, text=True, timeout=PATIENCE)
    return done.stdout if done.returncode == 0 else None


def typed_commands(text):
    """The argument lists of each `forewarn …` in code, comments and pipes cut off."""
    code = "\n".join(blocks(text)).replace("\\\n", " ")
    lines = code.splitlines() + re.findall(r"`(forewarn [^`]+)`", text)
    for line in lines:
        found = re.search(r"(?:^|\| |^\$ |^sudo .*)(?:\S*/)?forewarn +([^|#;&><\n]+)", line.strip())
        if found:
            yield found.group(1).split()


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_flag_on_the_page_exists(page):
    general = help_of()
    for words in typed_commands((ROOT / page).read_text()):
        command = []
        for word in words:
            if re.fullmatch(r"[a-z][a-z-]*", word) and re.search(rf"^  {word}( |$)", help_of(*command), re.M):
                command.append(word)
            elif command:
                break
        flags = [re.match(r"--[a-z-]+", word).group(0) for word in words if re.match(r"--[a-z]", word)]
        for flag in flags:
            assert flag in general or flag in (help_of(*command) or ""), f"{page}: {' '.join(words)}: no {flag}"
        plain = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
        assert command or not plain, f"{page}: forewarn {' '.join(words)}: no such command"
