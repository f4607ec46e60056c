"""`score`: a model's say on every row of a table: risk and alarm, or what else its kind gives, as Parquet.

A table with the model's inputs is scored as it stands. Of a plant's own table the features are made first, in blocks
with their halo; a forecaster's windows likewise. Scores are bit for bit the command line's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

import forewarn

from . import blocks
from .blocks import Place
from .files import hadoop_uri
from .tables import PLACE, TIME, UNIT, SourceTable, read_table


@dataclasses.dataclass(frozen=True)
class ScoreOptions:
    by: str | None = None
    block_rows: int = 100_000


def run_score(spark: SparkSession, source: str, out: str, model: forewarn.Model,
              options: ScoreOptions = ScoreOptions()) -> dict:
    """Writes the table's numbers with the scores behind them; says what was done."""
    table = read_table(spark, source, model.plant, options.by)
    direct = model.kind != "forecaster" and set(model.features) <= set(table.columns)
    if direct:
        scored = _direct(table, model)
        scored.write.mode("error").parquet(hadoop_uri(out))
        set_aside = {}
    else:
        cut = blocks.cut(spark, table, model.plant, options.block_rows)
        try:
            _blocked(spark, cut, table.by, model).write.mode("error").parquet(hadoop_uri(out))
            set_aside = cut.set_aside
        finally:
            cut.release()
    rows = spark.read.parquet(hadoop_uri(out)).count()
    return {"model": model.info["name"], "version": model.info["version"], "run": model.info["run"],
            "columns": model.outputs, "rows": rows, "features": "given" if direct else "computed", "input": set_aside}


def _schema(columns: list[str], by: str | None, outputs: list[str]) -> T.StructType:
    schema = T.StructType([T.StructField(by, T.StringType())] if by else [])
    schema = schema.add(TIME, T.TimestampNTZType())
    for name in [*(c for c in columns if c not in outputs), *outputs]:
        schema = schema.add(name, T.DoubleType())
    return schema


def _with_scores(table: pa.Table, scores: pa.Table) -> pa.Table:
    kept = [name for name in table.column_names if name not in scores.column_names]
    return pa.table([*(table[name] for name in kept), *(scores[name] for name in scores.column_names)],
                    names=[*kept, *scores.column_names])


def _direct(source: SourceTable, model: forewarn.Model) -> DataFrame:
    by = source.by

    def score(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            table = pa.Table.from_batches([batch]).drop_columns(PLACE)
            inputs = table.drop_columns([UNIT]) if by else table
            scored = _with_scores(table, pa.table(model.predict(inputs)))
            if by:
                scored = scored.rename_columns([by if name == UNIT else name for name in scored.column_names])
            yield from scored.to_batches()

    return source.rows.mapInArrow(score, _schema(source.columns, by, model.outputs))


def _blocked(spark: SparkSession, cut: blocks.BlockTable, by: str | None, model: forewarn.Model) -> DataFrame:
    rolling = model.kind == "forecaster"

    def compute(frame: forewarn.Frame, place: Place) -> Iterator[pa.Table]:
        scores = model.forecast(frame, rolling=True) if rolling else model.predict(frame)
        table = _with_scores(pa.table(frame), pa.table(scores))
        table = table.slice(place.before_rows, place.end - place.begin)
        if by:
            table = table.add_column(0, by, pa.array([place.unit] * table.num_rows, pa.string()))
        yield table

    return blocks.map_blocks(spark, cut, _schema(cut.columns, by, model.outputs), compute)
