"""The shell blocks of docs/python.md run as they stand."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pandas as pd

from product import ROOT


def commands() -> list[str]:
    page = (ROOT / "docs" / "python.md").read_text()
    found = re.findall(r"^```sh\n(.*?)^```", page, re.M | re.S)
    return [line for block in found for line in block.splitlines() if line.startswith(("python ", "FOREWARN_TABLE"))]


def test_the_pages_commands_run(labelled_table, tmp_path):
    shutil.copy(labelled_table, tmp_path / "labelled.csv")
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    scripts = pathlib.Path(sys.executable).parent
    env = {**os.environ, "PATH": f"{scripts}:{os.environ['PATH']}", "SPARK_LOCAL_IP": "127.0.0.1",
           "PYSPARK_PYTHON": sys.executable, "MPLBACKEND": "Agg"}
    found = commands()
    assert len(found) == 4
    for command in found:
        done = subprocess.run(command, shell=True, cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stderr[-4000:]}"
    assert {"risk_score", "alarm"} <= set(pd.read_parquet(tmp_path / "risks").columns)
