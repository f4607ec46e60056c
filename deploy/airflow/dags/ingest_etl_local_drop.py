"""One dropped file, or a folder of a plant's workbooks: find it, hold it against the suite, build the features.

Airflow 2.10. Triggered over REST, or by hand, with the conf key `source_path`. Who triggers gives a run id made of the
file's name and digest: Airflow refuses the second trigger of the same file (409), so it is no second run. The tasks call
the product's own program: what Airflow runs is what `forewarn run` runs.
"""

import os
from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.exceptions import AirflowFailException
from forewarn_program import FEATURES, forewarn

DROP = os.environ.get("DATA_DROP_PATH", "data_drop")
WORK = os.environ.get("FOREWARN_WORK_DIR", "/tmp/forewarn-airflow")


def has_labels(path):
    """Only a CSV file's head is looked at: everything else is labelled by the plant file's rules."""
    if os.path.isdir(path) or not path.lower().endswith(".csv"):
        return False
    with open(path, "rb") as file:
        return b"anomaly_label" in file.readline().lower()


@dag(dag_id="ingest_etl_local_drop", schedule=None, start_date=datetime(2024, 1, 1), catchup=False, max_active_runs=4,
     default_args={"retries": 2, "retry_delay": timedelta(seconds=int(os.environ.get("RETRY_SECONDS", "60")))},
     is_paused_upon_creation=False, tags=["forewarn"], params={"source_path": ""})
def ingest_etl_local_drop():
    @task
    def resolve_source_path(**context):
        """The file of the run, or the folder of a plant's workbooks: absolute, inside the drop folder."""
        given = (context["dag_run"].conf or {}).get("source_path") or context["params"].get("source_path")
        if not given:
            raise AirflowFailException('the run has no "source_path" in its conf')
        root = os.path.realpath(DROP)
        path = os.path.realpath(os.path.join(root, given))
        if os.path.commonpath([root, path]) != root:
            raise AirflowFailException(f"{given} is not inside the drop folder {root}")
        if not os.path.exists(path):
            raise AirflowFailException(f"{path} does not exist")
        return path

    @task
    def great_expectations_validation(source_path, **context):
        """Labels the table where it has none, then runs the suite. The result is kept beside the labelled table."""
        folder = os.path.join(WORK, context["run_id"].replace("/", "_"))
        os.makedirs(folder, exist_ok=True)
        cleaned, labelled = os.path.join(folder, "cleaned.csv"), os.path.join(folder, "labelled.csv")
        if has_labels(source_path):
            labelled = source_path
        else:
            forewarn("ingest", source_path, "--out", cleaned, "--report", os.path.join(folder, "ingest.json"))
            forewarn("label", cleaned, "--out", labelled)
        forewarn("validate", labelled, "--out", os.path.join(folder, "validation.json"))
        return labelled

    @task
    def etl(labelled):
        """The features, under FEATURES_URI; the run before stays in `runs/`, `latest` switches last."""
        forewarn("etl", labelled, "--out", FEATURES)
        return FEATURES

    etl(great_expectations_validation(resolve_source_path()))


ingest_etl_local_drop()
