"""How the DAGs call the product: one program, its exit code, its one line on standard error. No DAG in this file."""

import json
import os
import subprocess
import tempfile

from airflow.exceptions import AirflowException, AirflowFailException

FEATURES = os.environ.get("FEATURES_URI", "s3://features/plant_alarm")
DROP_REPORT = "forewarn_drop"  # the XCom that the watcher reads


def forewarn(*arguments):
    """Runs the program; its end with its output. Both go to the task's log."""
    command = [os.environ.get("FOREWARN_BIN", "forewarn"), "--plant", os.environ.get("FOREWARN_PLANT", "gas-treatment")]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True)
    print(done.stdout, done.stderr, sep="\n")
    return done


def check(done):
    if done.returncode != 0:
        raise AirflowException(done.stderr.strip() or f"forewarn ended with code {done.returncode}")


def drop_step(task_instance, source_path, *arguments):
    """One step of a dropped file. Its report is pushed whatever comes of it; what the file is to blame for fails the task at
    once, since trying again would not change the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "report.json")
        done = forewarn("drop", source_path, *arguments, "--report", path)
        pushed = None
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                pushed = file.read()
    if pushed is None:
        return check(done)
    task_instance.xcom_push(key=DROP_REPORT, value=pushed)
    if json.loads(pushed)["report"]["outcome"] == "rejected":
        raise AirflowFailException(done.stderr.strip())
    return check(done)
