"""Trains every model of the plant file on the newest features and registers them. Airflow 2.10."""

import os
from datetime import datetime, timedelta

from airflow.decorators import dag, task
from forewarn_program import FEATURES, check, forewarn


@dag(dag_id="train_models_local", schedule=None, start_date=datetime(2024, 1, 1), catchup=False, max_active_runs=1,
     default_args={"retries": 2, "retry_delay": timedelta(seconds=int(os.environ.get("RETRY_SECONDS", "60")))},
     is_paused_upon_creation=False, tags=["forewarn"])
def train_models_local():
    @task
    def train_and_register():
        """Promotion follows MODEL_PROMOTION_MODE: manual by default."""
        registry = os.environ.get("MLFLOW_TRACKING_URI", "")
        check(forewarn("train", "--features", FEATURES, *(["--registry", registry] if registry else [])))

    train_and_register()


train_models_local()
