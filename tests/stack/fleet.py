"""A fleet's table of many rows, made on Spark: units that each live through a simulated history of their own.

usage: python fleet.py MASTER OUT UNITS ROWS_PER_UNIT [KEY=VALUE...]
"""

import sys

import numpy as np
import pyarrow as pa
from pyspark.sql import types as T

import forewarn
from forewarn.spark.session import open_session

SIMULATED = 25_000  # hours that are really simulated; longer lives repeat them


def unit_table(number: int, rows: int) -> pa.Table:
    """Unit `number`'s life: simulated hours over and over, each unit's readings a little apart from the others'."""
    plant = forewarn.Plant.load("gas-treatment")
    hours = min(rows, SIMULATED)
    base = forewarn.label(plant, forewarn.simulate(plant, hours, seed=1 + number % 4, threads=1)).table
    columns = [*plant.sensors, *(f"{c}_{p}" for c in plant.controllers for p in ("op", "sp")),
               "pdt31008_max", "lic31002_deviation_max", "lt301031_roll3h_std", "anomaly_label", "regime"]
    times = base.times[0] + np.arange(rows) * np.timedelta64(1, "h")
    out = {"unit": pa.array([f"unit-{number:03d}"] * rows), "timestamp": pa.array(times)}
    for name in columns:
        cells = np.resize(base[name], rows)
        if name in plant.sensors:
            cells = cells * (1 + 1e-6 * number)
        out[name] = pa.array(cells)
    return pa.table(out)


def main(master: str, out: str, units: int, rows: int, conf: list[str]) -> None:
    spark = open_session("fleet", master, conf)
    schema = T.StructType([T.StructField("unit", T.StringType()), T.StructField("timestamp", T.TimestampNTZType())])
    for name in unit_table(0, 24).column_names[2:]:
        schema = schema.add(name, T.DoubleType())

    def make(batches):
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from unit_table(number, rows).to_batches(max_chunksize=65536)

    spark.range(0, units, 1, units).mapInArrow(make, schema).write.parquet(out)
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
