"""The Spark session the jobs run in."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from pyspark.sql import SparkSession


def open_session(name: str, master: str, conf: Sequence[str] = ()) -> SparkSession:
    """A session whose clock is UTC and whose workers run this very Python. conf: "key=value" each."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = (SparkSession.builder.appName(name).master(master)
               .config("spark.sql.session.timeZone", "UTC")
               # A block is a partition: nothing may merge or split them on the way.
               .config("spark.sql.adaptive.enabled", "false")
               .config("spark.sql.execution.arrow.maxRecordsPerBatch", "65536")
               .config("spark.sql.parquet.compression.codec", "snappy")
               .config("spark.ui.showConsoleProgress", "false"))
    for setting in conf:
        key, found, value = setting.partition("=")
        if not found:
            raise ValueError(f"--conf {setting}: write KEY=VALUE")
        builder = builder.config(key, value)
    return builder.getOrCreate()
