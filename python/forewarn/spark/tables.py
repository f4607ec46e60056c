"""Any table Spark can read, as times and doubles: the reading of forewarn.Frame, row for row."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

import forewarn
from forewarn.errors import InvalidInput

TIME = "timestamp"
UNIT = "_unit"    # the plant unit a row is of, where a table holds several
# Where a row stood in its files: of rows of one time the last counts.
PLACE = ["_file", "_start", "_at"]
_EXACT = (T.DoubleType, T.FloatType, T.ByteType, T.ShortType, T.IntegerType, T.LongType, T.BooleanType)


@dataclasses.dataclass(frozen=True)
class SourceTable:
    """rows: the unit, if any, timestamp (without zone, never null), doubles, and the row's place."""

    rows: DataFrame
    columns: list[str]   # the doubles, in the table's order
    by: str | None       # the unit's column in the source


def read_table(spark: SparkSession, path: str, plant: forewarn.Plant, by: str | None = None) -> SourceTable:
    """CSV by its ending, else Parquet; a folder of either."""
    if path.rstrip("/").endswith((".csv", ".csv.gz", ".txt")):
        raw = spark.read.csv(path, header=True, inferSchema=False)
    else:
        raw = spark.read.parquet(path)
    names = [name.strip().lower() for name in raw.columns]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(f"{path}: two columns are named '{name}'; rename one")
    if TIME not in names:
        raise InvalidInput(f"{path}: no '{TIME}' column; the table has: {', '.join(raw.columns)}")
    if by is not None and by.lower() not in names:
        raise InvalidInput(f"{path}: no '{by}' column; the table has: {', '.join(raw.columns)}")
    placed = raw.select(*[F.col(f"`{old}`").alias(new) for old, new in zip(raw.columns, names)],
                        F.col("_metadata.file_path").alias("_file"),
                        F.col("_metadata.file_block_start").alias("_start"),
                        F.monotonically_increasing_id().alias("_at"))
    if by is not None:
        placed = placed.withColumnRenamed(by.lower(), UNIT).withColumn(UNIT, F.col(UNIT).cast("string"))
    columns = [name for name in names if name not in (TIME, by.lower() if by else TIME)]
    plain = _plain(placed, columns) or _converted(placed, columns, plant)
    return SourceTable(plain, columns, by.lower() if by else None)


def _keys(table: DataFrame) -> list[str]:
    return [UNIT] if UNIT in table.columns else []


def _plain(table: DataFrame, columns: list[str]) -> DataFrame | None:
    """Without a pass through Python, where every type is one that Spark itself casts as a Frame would."""
    types = {field.name: field.dataType for field in table.schema.fields}
    if not isinstance(types[TIME], T.TimestampNTZType):
        return None
    if not all(isinstance(types[name], _EXACT) for name in columns):
        return None
    return table.select(*_keys(table), TIME, *[F.col(f"`{c}`").cast("double").alias(c) for c in columns], *PLACE)


def _converted(table: DataFrame, columns: list[str], plant: forewarn.Plant) -> DataFrame:
    """Text, decimals and instants: by forewarn itself, a batch at a time."""
    for field in table.schema.fields:
        if isinstance(field.dataType, T.DecimalType):
            table = table.withColumn(field.name, F.col(f"`{field.name}`").cast("double"))
    kept = _keys(table)
    schema = T.StructType([T.StructField(UNIT, T.StringType())] if kept else [])
    schema = schema.add(TIME, T.TimestampNTZType())
    for name in columns:
        schema = schema.add(name, T.DoubleType())
    schema = schema.add("_file", T.StringType()).add("_start", T.LongType()).add("_at", T.LongType())
    text = plant.text

    def convert(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        reader = forewarn.Plant.parse(text)
        for batch in batches:
            rows = pa.table(forewarn.read_rows(pa.Table.from_batches([batch]).select([TIME, *columns]), reader))
            arrays = [batch.column(name) for name in kept]
            arrays += [rows[name].combine_chunks() for name in [TIME, *columns]]
            arrays += [batch.column(name) for name in PLACE]
            yield pa.RecordBatch.from_arrays(arrays, names=[*kept, TIME, *columns, *PLACE])

    return table.mapInArrow(convert, schema)
