"""Many rows over two workers: the same bits as one machine, with the time and the shuffle they cost.

FOREWARN_SPARK_ROWS says how many; `make test-stack-full` takes ten million.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import forewarn
from product import ROOT
from fleet import unit_table

UNITS = 40


def shuffle_bytes(events: pathlib.Path) -> dict[str, int]:
    """What the tasks of an application moved, from Spark's own event log."""
    totals = {"shuffle written": 0, "shuffle read": 0, "written": 0}
    for path in events.iterdir():
        with path.open() as lines:
            for line in lines:
                event = json.loads(line)
                task = event.get("Task Metrics") if event["Event"] == "SparkListenerTaskEnd" else None
                if task is None:
                    continue
                totals["shuffle written"] += task["Shuffle Write Metrics"]["Shuffle Bytes Written"]
                totals["shuffle read"] += task["Shuffle Read Metrics"]["Remote Bytes Read"]
                totals["shuffle read"] += task["Shuffle Read Metrics"]["Local Bytes Read"]
                totals["written"] += task["Output Metrics"]["Bytes Written"]
    return totals


def unit_rows(folder: pathlib.Path, part: str, unit: str) -> pa.Table:
    manifest = json.loads((folder / "manifest.json").read_text())
    tables = [pq.read_table(folder / path, filters=pc.field("unit") == unit)
              for path in manifest["parts"][f"{part}/part-0.parquet"]]
    return pa.concat_tables(tables).drop_columns(["unit"])


def test_many_rows_are_the_native_bits(spark_cluster, tmp_path, capsys):
    rows = int(os.environ.get("FOREWARN_SPARK_ROWS", 1_000_000)) // UNITS
    spark_cluster.want(2)
    table, events = tmp_path / "fleet", tmp_path / "events"
    events.mkdir()
    conf = ["spark.driver.host=127.0.0.1", "spark.executor.memory=2g"]
    subprocess.run([sys.executable, ROOT / "tests" / "stack" / "fleet.py", spark_cluster.url, table, str(UNITS), str(rows),
                    *conf], env=spark_cluster.env, check=True, capture_output=True)
    started = time.monotonic()
    report = spark_cluster.run("etl", table, "--by", "unit", "--out", tmp_path / "out", "--no-windows", "--smote-limit",
                               1000, conf=("spark.eventLog.enabled=true", f"spark.eventLog.dir=file:{events}"))
    seconds = time.monotonic() - started
    moved = shuffle_bytes(events)
    with capsys.disabled():
        print(f"\n{rows * UNITS:,} rows of {UNITS} units over 2 workers: {seconds:.0f} s, "
              + ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in moved.items()))
    assert report["rows"]["train"] + report["rows"]["valid"] == rows * UNITS
    assert "more than the limit" in report["smote"]["note"] and moved["shuffle written"] > 0
    plant = forewarn.Plant.load("gas-treatment")
    for number in (0, 17, UNITS - 1):
        whole = forewarn.Frame(unit_table(number, rows).drop_columns(["unit"]))
        border = int(rows * 0.8)
        native = forewarn.build_block(plant, whole, first=0, begin=0, end=rows, table_rows=rows, train_rows=border)
        for part, frame in [("train", native.features[:border]), ("valid", native.features[border:])]:
            got = forewarn.Frame(unit_rows(tmp_path / "out" / "latest", part, f"unit-{number:03d}"))
            assert got == frame, f"unit {number}, {part}"
