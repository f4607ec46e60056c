"""How the DAGs call the product: one program, its exit code, its one line on standard error. No DAG in this file."""

import os
import subprocess

from airflow.exceptions import AirflowException, AirflowFailException

FEATURES = os.environ.get("FEATURES_URI", "s3://features/plant_alarm")


def forewarn(*arguments):
    """Runs the program. A failed gate (exit 3) fails the task at once: trying again would not change the file."""
    command = [os.environ.get("FOREWARN_BIN", "forewarn"), "--plant", os.environ.get("FOREWARN_PLANT", "gas-treatment")]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True)
    print(done.stdout, done.stderr, sep="\n")
    if done.returncode == 3:
        raise AirflowFailException(done.stderr.strip() or "the validation gate failed")
    if done.returncode != 0:
        raise AirflowException(done.stderr.strip() or f"forewarn ended with code {done.returncode}")
    return done.stdout
