"""A long historian CSV of ten million readings to an hourly table: forewarn, pandas and polars side by side.

Each runs as a process of its own; wall time and peak memory are the process's. The peers are spared what ingest does
beside the medians: duplicates, filling, derived columns and the report. The three hourly medians are compared
before any ratio is printed. This process itself stays small, and leaves the heavy parts to children: Linux counts a
parent's memory into the peak of what it starts. Environment: FOREWARN_BIN (build/release/forewarn), FOREWARN_BENCH_ROWS (10000000),
FOREWARN_BENCH_RUNS (3: the best counts).
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROWS = int(os.environ.get("FOREWARN_BENCH_ROWS", "10000000"))
RUNS = int(os.environ.get("FOREWARN_BENCH_RUNS", "3"))
BIN = os.environ.get("FOREWARN_BIN", str(Path(__file__).parent.parent / "build/release/forewarn"))
PLAIN = ["te301020", "pdt31008", "pdt31001", "pdt31007", "fq31050", "lt301031", "lt31013"]
LOOPS = ["lic31012", "lic31002", "fic31011"]
TAGS = PLAIN + [f"{loop}_{part}" for loop in LOOPS for part in ("pv", "op", "sp")]

PANDAS = """
import sys, pandas as pd
raw = pd.read_csv(sys.argv[1])
raw["timestamp"] = pd.to_datetime(raw["timestamp"], format="ISO8601")
hourly = raw.set_index("timestamp").groupby("tag")["value"].resample("1h").agg(["median", "min", "max"])
hourly.reset_index().to_csv(sys.argv[2], index=False)
"""

POLARS = """
import sys, polars as pl
raw = pl.read_csv(sys.argv[1], try_parse_dates=True)
hourly = (
    raw.with_columns(pl.col("timestamp").dt.truncate("1h"))
    .group_by("tag", "timestamp")
    .agg(median=pl.col("value").median(), min=pl.col("value").min(), max=pl.col("value").max())
    .sort("tag", "timestamp")
)
hourly.write_csv(sys.argv[2], datetime_format="%Y-%m-%d %H:%M:%S")
"""


def write_readings(path):
    """Irregular readings in time order, the tags interleaved, three decimals, milliseconds: 28 days' worth."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv

    rng = np.random.default_rng(42)
    span_ms = 28 * 24 * 3600 * 1000
    # No two readings of one time: the peers keep duplicates.
    times = np.unique(rng.integers(0, span_ms, ROWS + ROWS // 50 + 100))
    times = np.sort(rng.permutation(times)[:ROWS]) + np.datetime64("2021-03-01T00:00:00", "ms").astype(np.int64)
    tag = rng.integers(0, len(TAGS), ROWS).astype(np.int32)
    table = pa.table({
        "tag": pa.DictionaryArray.from_arrays(pa.array(tag), TAGS).cast(pa.string()),
        "timestamp": pa.array(times).cast(pa.timestamp("ms")),
        "value": pa.array(np.round(100 + 5 * rng.standard_normal(ROWS), 3)),
    })
    csv.write_csv(table, path, csv.WriteOptions(quoting_style="none"))


def measure(command):
    """Best wall seconds of RUNS and the largest peak memory (MiB)."""
    seconds, peak = float("inf"), 0.0
    for _ in range(RUNS):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        error = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"{command[0]} failed: {error.strip()}")
        seconds = min(seconds, time.perf_counter() - start)
        peak = max(peak, usage.ru_maxrss / 1024)
    return seconds, peak


def compare(folder):
    """The three tables hold the same hourly medians where there are readings."""
    import pandas as pd

    ours = pd.read_csv(folder / "forewarn.csv", parse_dates=["timestamp"]).set_index("timestamp")
    for name in ("pandas", "polars"):
        table = pd.read_csv(folder / f"{name}.csv", parse_dates=["timestamp"])
        for column, suffix in (("median", ""), ("min", "_min"), ("max", "_max")):
            wide = table.pivot(index="timestamp", columns="tag", values=column)
            for tag in TAGS:
                if tag + suffix not in ours.columns:
                    continue
                expected = wide[tag].dropna()
                worst = (ours.loc[expected.index, tag + suffix] - expected).abs().max()
                if not worst <= 1e-9:
                    sys.exit(f"{tag}{suffix} differs from {name} by {worst}")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = folder / "long.csv"
        python = sys.executable
        subprocess.run([python, __file__, "write", str(raw)], check=True)
        runs = {
            "forewarn": [BIN, "ingest", str(raw), "--out", str(folder / "forewarn.csv"), "--log-level", "error"],
            "pandas": [python, "-c", PANDAS, str(raw), str(folder / "pandas.csv")],
            "polars": [python, "-c", POLARS, str(raw), str(folder / "polars.csv")],
        }
        results = {peer: measure(command) for peer, command in runs.items()}
        if subprocess.run([python, __file__, "compare", str(folder)]).returncode != 0:
            sys.exit(1)
        size = raw.stat().st_size / 2**20
        print(f"{ROWS} readings, {len(TAGS)} tags, {size:.0f} MiB of long CSV, whole process, best of {RUNS}")
        for peer, (seconds, peak) in results.items():
            ratio = seconds / results["forewarn"][0]
            print(f"  {peer:9} {seconds:7.2f} s   peak {peak:7.0f} MiB   {ratio:6.2f} x forewarn's time")
        print(json.dumps({peer: {"seconds": s, "peak_mib": m} for peer, (s, m) in results.items()}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write_readings(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["compare"]:
        compare(Path(sys.argv[2]))
    else:
        main()
