"""One dropped file, or a folder of a plant's workbooks: find it, hold it against the suite, build the features.

Airflow 2.10. Started by the watcher (AIRFLOW_URL), over REST or by hand, with the conf key `source_path`. The watcher gives
a run id made of the file's name and digest: Airflow refuses the second start of the same file (409), so it is no second
run. The tasks call `forewarn drop`, which is what the watcher does by itself where there is no Airflow.
"""

import os
from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.exceptions import AirflowFailException
from forewarn_program import FEATURES, drop_step

DROP = os.environ.get("DATA_DROP_PATH", "data_drop")


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
    def great_expectations_validation(source_path, ti=None):
        """Labels the table where it has none, then runs the Great Expectations suite of the plant. Stores nothing."""
        drop_step(ti, source_path, "--until", "gate")
        return source_path

    @task
    def etl(source_path, ti=None):
        """The features, under FEATURES_URI; the run before stays in `runs/`, `latest` switches last. Tried again, the same
        file is the same run."""
        drop_step(ti, source_path, "--features", FEATURES)
        return FEATURES

    etl(great_expectations_validation(resolve_source_path()))


ingest_etl_local_drop()
