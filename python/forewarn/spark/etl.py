"""`etl`: the feature set of a labelled table, in blocks; what `forewarn etl` writes, in as many files as blocks.

Below OUT, runs/<id>/ holds train/, valid/, windows_<h>/ and windows_valid_<h>/ (Parquet, one file a block, ordered by
name), synthetic/ (SMOTE's rows alone; with train/ they are the over-sampled training part) and manifest.json, which
lists every file with its sha-256. `latest` is switched last. `forewarn train --features OUT` reads it.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
import os

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

import forewarn
from forewarn.errors import Error, InvalidInput

from . import blocks
from .blocks import BlockTable, Place
from .files import Folder, describe
from .tables import TIME, read_table

_INTEGERS = {"anomaly_label", "anomaly_within", "regime", "rule_alarm"}
_LABEL = "anomaly_label"


@dataclasses.dataclass(frozen=True)
class EtlOptions:
    by: str | None = None          # column that names the plant unit a row is of
    block_rows: int = 100_000
    train_share: float = 0.8
    smote_limit: int = 20_000      # rows of the minority beyond which no synthetic rows are made
    seed: int = 42
    windows: bool = True
    run: str = ""                  # the run's id; "": from the clock


def run_etl(spark: SparkSession, source: str, out: str, plant: forewarn.Plant,
            options: EtlOptions = EtlOptions()) -> dict:
    """Writes the feature set; gives its manifest."""
    table = read_table(spark, source, plant, options.by)
    labelled = _LABEL in table.columns
    if not labelled and plant.labelled:
        raise InvalidInput(f"{source}: the table has no '{_LABEL}' column; run 'forewarn label' on it first")
    cut = blocks.cut(spark, table, plant, options.block_rows)
    try:
        _check_units(cut, options)
        job = _Job(spark, plant, cut, table.by, options, labelled)
        return job.write(Folder(spark, out))
    finally:
        cut.release()


def _check_units(cut: BlockTable, options: EtlOptions) -> None:
    for unit, rows in cut.units.items():
        if int(rows * options.train_share) in (0, rows):
            whose = f" of unit '{unit}'" if unit is not None else ""
            raise InvalidInput(f"the table{whose} has {rows} rows; a training and a validation part need at least 2")


class _Job:
    def __init__(self, spark: SparkSession, plant: forewarn.Plant, cut: BlockTable, by: str | None,
                 options: EtlOptions, labelled: bool) -> None:
        self.spark, self.plant, self.cut, self.by, self.options, self.labelled = spark, plant, cut, by, options, labelled
        self.quantiles = [(column, share, _whole_quantile(spark, plant, cut, column, share))
                          for column, share in forewarn.alarm_quantiles(plant)]
        sample = self._sample()
        self.columns = list(sample.features.names)
        self.notes = list(sample.notes)

    def write(self, folder: Folder) -> dict:
        run = self._free_run(folder)
        work = f"runs/.partial-{run}" if folder.local else f"runs/{run}"
        try:
            for part in ("train", "valid"):
                self._features(part).write.parquet(folder / f"{work}/{part}")
            horizons = self.plant.horizons if self.labelled and self.options.windows else {}
            for name in horizons:
                for part in ("train", "valid"):
                    self._windows(name, part).write.parquet(folder / f"{work}/{_windows_folder(name, part)}")
            smote = self._smote(folder, work) if self.labelled else {"applied": False, "note": ""}
            manifest = self._manifest(folder, work, run, list(horizons), smote)
            _publish(folder, work, run, manifest)
        except BaseException:
            if folder.local:
                folder.remove(work)
            raise
        return manifest

    def _free_run(self, folder: Folder) -> str:
        now = datetime.datetime.now(datetime.timezone.utc)
        wanted = self.options.run or now.strftime("%Y%m%dT%H%M%S.%fZ")
        run, number = wanted, 1
        while folder.exists(f"runs/{run}"):
            number += 1
            run = f"{wanted}-{number}"
        return run

    def _sample(self):
        """A tiny block of the same columns, for the names and notes of the result."""
        before, after = forewarn.halo(self.plant)
        rows = before + after + 2
        step = np.timedelta64(int(self.plant.interval_seconds * 1e6), "us")
        frame = forewarn.Frame.from_columns(np.datetime64("2000-01-01", "us") + np.arange(rows) * step,
                                            {name: np.zeros(rows) for name in self.cut.columns})
        return forewarn.build_block(self.plant, frame, first=0, begin=0, end=rows, table_rows=rows, train_rows=1,
                                    quantiles=self.quantiles)

    def _mapped(self, schema: T.StructType, compute, part: str, reach: int) -> DataFrame:
        """compute on the blocks that have rows of a part; a target lies up to `reach` rows after its row."""
        share = self.options.train_share
        wanted = [b for b, place in enumerate(self.cut.places)
                  if (place.begin < int(place.table_rows * share) if part == "train"
                      else place.end + reach > int(place.table_rows * share))]
        return blocks.map_blocks(self.spark, self.cut, schema, compute, wanted)

    def _build(self):
        plant, share, quantiles = self.plant, self.options.train_share, self.quantiles

        def build(frame: forewarn.Frame, place: Place):
            return forewarn.build_block(plant, frame, first=place.begin - place.before_rows, begin=place.begin,
                                        end=place.end, table_rows=place.table_rows,
                                        train_rows=int(place.table_rows * share), quantiles=quantiles)

        return build

    def _schema(self, names: list[str], kind: T.DataType) -> T.StructType:
        schema = T.StructType([T.StructField(self.by, T.StringType())] if self.by else [])
        for name in names:
            if name == TIME:
                schema = schema.add(TIME, T.TimestampNTZType())
            else:
                schema = schema.add(name, T.LongType() if name in _INTEGERS or name == "end_row" else kind)
        return schema

    def _features(self, part: str) -> DataFrame:
        build, by, share = self._build(), self.by, self.options.train_share

        def compute(frame: forewarn.Frame, place: Place):
            border = int(place.table_rows * share) - place.begin
            rows = pa.table(build(frame, place).features)
            rows = rows.slice(0, max(0, border)) if part == "train" else rows.slice(max(0, border))
            yield _with_unit(_with_integers(rows), by, place)

        return self._mapped(self._schema([TIME, *self.columns], T.DoubleType()), compute, part, 0)

    def _windows(self, horizon: str, part: str) -> DataFrame:
        build, by = self._build(), self.by
        names = [*self.plant.window_features, _LABEL, "anomaly_within", "end_row"]

        def compute(frame: forewarn.Frame, place: Place):
            windows, at, within = build(frame, place).windows(horizon, part)
            columns = np.ascontiguousarray(windows.values.T)
            arrays = [pa.array(column) for column in columns]
            arrays += [pa.array(at.astype(np.int64)), pa.array(within.astype(np.int64)), pa.array(windows.end_row)]
            yield _with_unit(pa.table(arrays, names=names), by, place)

        return self._mapped(self._schema(names, T.FloatType()), compute, part, self.plant.horizons[horizon] - 1)

    def _smote(self, folder: Folder, work: str) -> dict:
        train = self.spark.read.parquet(folder / f"{work}/train")
        counts = {row[_LABEL]: row["count"] for row in train.groupBy(_LABEL).count().collect()}
        ones, zeros = counts.get(1, 0), counts.get(0, 0)
        few, many = min(ones, zeros), max(ones, zeros)
        minority = 1 if ones <= zeros else 0
        if few == many:
            return {"applied": False, "note": "the classes are equal already"}
        if few > self.options.smote_limit:
            return {"applied": False, "note": f"the minority has {few} rows, more than the limit of "
                                              f"{self.options.smote_limit}: train with weights"}
        inputs = [name for name in self.columns if name != _LABEL]
        rows = train.where(F.col(_LABEL) == minority).orderBy(*([self.by] if self.by else []), TIME)
        values = rows.select([F.col(f"`{name}`").cast("double") for name in inputs]).toPandas().to_numpy(float)
        try:
            synthetic = forewarn.over_sample(values, many - few, seed=self.options.seed)
        except Error as skipped:
            return {"applied": False, "note": str(skipped)}
        self._synthetic_rows(inputs, synthetic, minority).write.parquet(folder / f"{work}/synthetic")
        return {"applied": True, "note": ""}

    def _synthetic_rows(self, inputs: list[str], values: np.ndarray, minority: int) -> DataFrame:
        """In the training part's columns; a synthetic row has no time, and the regime of its class."""
        columns = dict(zip(inputs, values.T))
        columns[_LABEL] = np.full(len(values), minority)
        if "regime" in columns:
            columns["regime"] = np.full(len(values), 2 if minority == 1 else 0)
        schema = T.StructType([T.StructField(TIME, T.TimestampNTZType())])
        for name in self.columns:
            schema = schema.add(name, T.LongType() if name in (_LABEL, "regime") else T.DoubleType())
        import pandas as pd

        frame = pd.DataFrame({name: columns[name] for name in self.columns})
        frame.insert(0, TIME, pd.Series(pd.NaT, index=frame.index, dtype="datetime64[ns]"))
        return self.spark.createDataFrame(frame, schema).coalesce(1)

    def _manifest(self, folder: Folder, work: str, run: str, horizons: list[str], smote: dict) -> dict:
        windows = [_windows_folder(name, part) for name in horizons for part in ("train", "valid")]
        files = describe(self.spark, folder, work, ["train", "valid", "synthetic", *windows])
        rows = {table: sum(f["rows"] for f in files[table]) for table in files}
        manifest = {"format": 1, "engine": "spark", "run": run, "plant": self.plant.name,
                    "code_version": forewarn.__version__, "input_digest": self.cut.digest, "labelled": self.labelled,
                    "rows": {"train": rows["train"], "valid": rows["valid"]}, "columns": self.columns}
        parts = {"train/part-0.parquet": files["train"], "valid/part-0.parquet": files["valid"]}
        if self.labelled:
            manifest["rows"]["train_smote"] = rows["train"] + rows["synthetic"]
            parts["train_smote.parquet"] = files["train"] + files["synthetic"]
        manifest["smote"] = smote
        manifest["horizons"] = [{"name": h, "steps": self.plant.horizons[h]} for h in horizons]
        for name in horizons:
            for part in ("train", "valid"):
                parts[_windows_folder(name, part) + ".parquet"] = files[_windows_folder(name, part)]
        if horizons:
            manifest["window_columns"] = self.plant.window_features
        manifest["notes"] = self.notes
        manifest["units"] = len(self.cut.units) if self.by else None
        manifest["input"] = self.cut.set_aside
        manifest["parts"] = {table: [f["path"] for f in parts[table]] for table in parts}
        manifest["files"] = [f for table in files for f in files[table]]
        return manifest


def _windows_folder(horizon: str, part: str) -> str:
    return f"windows_{'' if part == 'train' else 'valid_'}{horizon}"


def _with_integers(table: pa.Table) -> pa.Table:
    for i, field in enumerate(table.schema):
        if field.name in _INTEGERS:
            table = table.set_column(i, field.name, pc.cast(table.column(i), pa.int64()))
    return table


def _with_unit(table: pa.Table, by: str | None, place: Place) -> pa.Table:
    if by is None:
        return table
    return table.add_column(0, by, pa.array([place.unit] * table.num_rows, pa.string()))


def _publish(folder: Folder, work: str, run: str, manifest: dict) -> None:
    """The run appears whole, then becomes `latest`."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    folder.write(f"{work}/manifest.json", text)
    if folder.local is None:
        folder.write("latest/manifest.json", text)  # it names the run whose own files readers take
        return
    folder.rename(work, f"runs/{run}")
    link = os.path.join(folder.local, f".latest-{run}")
    os.symlink(f"runs/{run}", link)
    os.replace(link, os.path.join(folder.local, "latest"))


def _whole_quantile(spark: SparkSession, plant: forewarn.Plant, cut: BlockTable, column: str, share: float) -> float:
    """A quantile over all rows, as frame/statistics has it: the two order statistics, then a straight line."""
    def compute(frame: forewarn.Frame, place: Place):
        if column not in frame:
            frame, _ = forewarn.derive(plant, frame)
        if column not in frame:
            return
        own = frame[column][place.before_rows:place.before_rows + place.end - place.begin]
        yield pa.table({"x": pa.array(own, from_pandas=True)})

    schema = T.StructType([T.StructField("x", T.DoubleType())])
    values = blocks.map_blocks(spark, cut, schema, compute).where(F.col("x").isNotNull())
    count = values.count()
    if count == 0:
        return math.nan
    at = share * (count - 1)
    low = math.floor(at)
    a, b = (values.agg(F.expr(f"percentile(x, {_exact_share(k, count - 1)!r})")).collect()[0][0]
            for k in (low, min(low + 1, count - 1)))
    t = at - low
    return a + (b - a) * t if t < 0.5 else b - (b - a) * (1 - t)


def _exact_share(position: int, last: int) -> float:
    """A share q for which q × last is exactly `position`, so that Spark interpolates nothing."""
    if last == 0:
        return 0.0
    q = position / last
    for candidate in (q, math.nextafter(q, 0), math.nextafter(q, 1)):
        if candidate * last == position:
            return candidate
    raise InvalidInput(f"no share of {last} rows gives row {position}")
