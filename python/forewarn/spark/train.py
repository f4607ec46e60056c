"""`train`: a boosted run of the plant grown by XGBoost on Spark, calibrated and stored as `forewarn train` does.

The training part is cut into four blocks by time, each unit by itself. Fold k grows its trees on the blocks up to k and
is calibrated on the block after; the model's score is the mean of the folds. The threshold comes from the scores of
the last two blocks by those folds that have seen neither them nor anything later. Classes are balanced by weight:
synthetic rows, a matter of small tables, are not used.
"""

from __future__ import annotations

import dataclasses
import json
import time

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.window import Window

import forewarn
from forewarn import events, metrics
from forewarn.errors import InvalidInput, NotFound

from .files import Folder
from .tables import TIME

_FOLDS = 3
_LABEL = "anomaly_label"
_EXACT_MEDIANS = 2_000_000  # rows up to which medians are exact


@dataclasses.dataclass(frozen=True)
class TrainOptions:
    run: str = "xgboost_calibrated"
    workers: int = 2
    seed: int = 42


@dataclasses.dataclass(frozen=True)
class Trained:
    model: forewarn.Model
    registered: list[str]
    metrics: dict[str, float]
    notes: list[str]
    digest: str
    seconds: float
    boosters: list[bytes]  # the folds' XGBoost models, as grown


def run_train(spark: SparkSession, features: str, plant: forewarn.Plant,
              options: TrainOptions = TrainOptions()) -> Trained:
    started = time.monotonic()
    spec = _spec(plant, options.run)
    folder = Folder(spark, features)
    root = "latest/" if folder.exists("latest/manifest.json") else ""
    manifest = json.loads(folder.read(f"{root}manifest.json"))
    if manifest["plant"] != plant.name:
        raise InvalidInput(f"{features} holds the features of plant '{manifest['plant']}'; train it with --plant "
                           f"{manifest['plant']}")
    if folder.local is None and root:
        root = f"runs/{manifest['run']}/"
    data = _Data(spark, folder, root, manifest, plant, spec)
    return _Training(spark, plant, spec, data, options).run(started)


def _spec(plant: forewarn.Plant, run: str) -> dict:
    specs = {spec["name"]: spec for spec in forewarn.run_specs(plant) if spec["boosted"]}
    if run not in specs:
        raise NotFound(f"run '{run}' does not train on Spark; those that do: {', '.join(specs)}")
    return specs[run]


class _Data:
    """The rows of a run: the label as `_y`, its unit and order, and its features."""

    def __init__(self, spark: SparkSession, folder: Folder, root: str, manifest: dict, plant: forewarn.Plant,
                 spec: dict) -> None:
        self.spark, self.plant = spark, plant
        self.digest = manifest["input_digest"]
        self.by = _unit_column(manifest, spark, folder, root)
        self.horizon = spec["horizon"]
        self.features = plant.window_features if self.horizon else plant.point_features
        self.order = "end_row" if self.horizon else TIME
        self._folder, self._root, self._manifest = folder, root, manifest
        within = self.horizon and plant.forecast_target == "within"
        self.target = "anomaly_within" if within else _LABEL
        self.train = self._rows("train")
        self.valid = self._rows("valid")

    def _files(self, table: str) -> list[str]:
        paths = self._manifest.get("parts", {}).get(table, [table])
        return [self._folder / (self._root + path) for path in paths]

    def read(self, part: str, windows: bool) -> DataFrame:
        table = f"windows_{'' if part == 'train' else 'valid_'}{self.horizon}.parquet" if windows \
            else f"{part}/part-0.parquet"
        return self.spark.read.parquet(*self._files(table))

    def _rows(self, part: str) -> DataFrame:
        rows = self.read(part, windows=self.horizon is not None)
        if self.order not in rows.columns:
            raise InvalidInput("the windows carry no 'end_row': make the features with `python -m forewarn.spark etl`")
        unit = F.col(f"`{self.by}`") if self.by else F.lit("")
        order = F.unix_micros(F.col(TIME).cast("timestamp")) if self.order == TIME else F.col("end_row")
        return rows.select(F.col(self.target).cast("int").alias("_y"), unit.alias("_unit"), order.alias("_order"),
                           *[F.col(f"`{name}`") for name in self.features])

    def timeline(self) -> tuple[np.ndarray, np.ndarray, dict[tuple[str, int], int]]:
        """The training part's times and labels, the units one after the other with a hole between, and where each
        (unit, end_row) of a window makes its forecast: the row before."""
        unit = F.col(f"`{self.by}`") if self.by else F.lit("")
        rows = self.read("train", windows=False).select(
            unit.alias("unit"), F.unix_micros(F.col(TIME).cast("timestamp")).alias("time"), _LABEL)
        rows = rows.orderBy("unit", "time").toPandas()
        times, labels, at = [], [], {}
        shift, count = 0, 0
        for name, part in rows.groupby("unit", sort=True):
            moved = part["time"].to_numpy() - part["time"].iloc[0] + shift
            times.append(moved)
            labels.append(part[_LABEL].to_numpy())
            at.update({(name, row + 1): count + row for row in range(len(part))})
            count += len(part)
            shift = int(moved[-1]) + 365 * 86_400_000_000
        return np.concatenate(times).astype("datetime64[us]"), np.concatenate(labels), at


def _unit_column(manifest: dict, spark: SparkSession, folder: Folder, root: str) -> str | None:
    if not manifest.get("units"):
        return None
    first = manifest["parts"]["train/part-0.parquet"][0]
    return spark.read.parquet(folder / (root + first)).columns[0]


class _Training:
    def __init__(self, spark: SparkSession, plant: forewarn.Plant, spec: dict, data: _Data,
                 options: TrainOptions) -> None:
        self.spark, self.plant, self.spec, self.data, self.options = spark, plant, spec, data, options
        self.notes = ["grown by XGBoost on Spark, classes balanced by weight"]

    def run(self, started: float) -> Trained:
        rows = self._blocked(self.data.train)
        folds, boosters, held = [], [], {}
        for k in range(_FOLDS):
            counts = {row["_y"]: row["count"] for row in rows.where(F.col("_block") <= k).groupBy("_y").count().collect()}
            if len(counts) < 2:
                self.notes.append(f"calibration fold {k + 1} of {_FOLDS} left out: it lacks one of the classes")
                continue
            booster = self._grow(rows.where(F.col("_block") <= k), counts[0] / counts[1], k)
            trees = forewarn.Trees.from_xgboost(booster)
            later = self._margins(rows.where(F.col("_block") > k), trees)
            block = later[later["_block"] == k + 1]
            if block["_y"].nunique() < 2:
                self.notes.append(f"calibration fold {k + 1} of {_FOLDS} left out: it lacks one of the classes")
                continue
            calibration = forewarn.Calibration.fit(self.spec["calibration"], block["_y"], block["margin"])
            folds.append((trees, calibration))
            boosters.append(booster)
            held[k] = later[later["_block"] > k + 1].assign(score=lambda f: calibration(f["margin"].to_numpy()))
        if not folds:
            raise InvalidInput(f"{self.spec['name']} is not fitted: too few events")
        threshold = self._threshold(held)
        return self._finish(folds, boosters, threshold, started)

    def _blocked(self, rows: DataFrame) -> DataFrame:
        """Rows with `_block` 0 to 3: each unit's rows in time order, the first block taking what is left over."""
        w = Window.partitionBy("_unit").orderBy("_order")
        numbered = rows.select("_unit", "_order").withColumn("_row", F.row_number().over(w) - 1)
        sizes = rows.groupBy("_unit").agg(F.count("*").alias("_n"))
        size = F.expr(f"_n div {_FOLDS + 1}")
        cuts = numbered.join(F.broadcast(sizes), "_unit").where(
            (size > 0) & ((F.col("_n") - F.col("_row")) % size == 0)
            & ((F.col("_n") - F.col("_row")) / size).between(1, _FOLDS))
        cuts = cuts.withColumn("_k", (_FOLDS - (F.col("_n") - F.col("_row")) / size).cast("int"))
        limits = cuts.groupBy("_unit").pivot("_k", list(range(_FOLDS))).agg(F.first("_order"))
        limits = limits.toDF("_u", *[f"_cut{k}" for k in range(_FOLDS)])
        joined = rows.join(F.broadcast(limits), F.col("_unit") == F.col("_u"))
        block = sum((F.col("_order") >= F.col(f"_cut{k}")).cast("int") for k in range(_FOLDS))
        return joined.withColumn("_block", block).drop("_u", *[f"_cut{k}" for k in range(_FOLDS)])

    def _grow(self, rows: DataFrame, balance: float, fold: int) -> bytes:
        from xgboost.spark import SparkXGBClassifier

        params = self.spec["params"]
        extra = {}
        if params["max_leaves"] > 0:
            extra = {"grow_policy": "lossguide", "max_leaves": int(params["max_leaves"])}
        learner = SparkXGBClassifier(
            features_col=list(self.data.features), label_col="_y", num_workers=self.options.workers,
            n_estimators=int(params["trees"]), max_depth=int(params["max_depth"]), learning_rate=params["eta"],
            subsample=params["subsample"], colsample_bytree=params["colsample_bytree"],
            min_child_weight=params["min_child_weight"], reg_lambda=params["lambda"], scale_pos_weight=balance,
            tree_method="hist", max_bin=256, base_score=0.5, seed=self.options.seed + fold, verbosity=0, **extra)
        ordered = rows.select("_y", *[F.col(f"`{name}`") for name in self.data.features])
        return bytes(learner.fit(ordered).get_booster().save_raw("json"))

    def _margins(self, rows: DataFrame, trees: forewarn.Trees):
        """(_unit, _order, _block, _y, margin) in time order."""
        features = list(self.data.features)
        return self._collect(rows, features, lambda x: trees.margin(x), "margin")

    def _collect(self, rows: DataFrame, features: list[str], compute, name: str):
        keys = [c for c in ("_unit", "_order", "_block", "_y") if c in rows.columns]
        schema = T.StructType([f for f in rows.schema.fields if f.name in keys])
        schema = T.StructType([next(f for f in schema.fields if f.name == k) for k in keys]).add(name, T.DoubleType())

        def run(batches):
            for batch in batches:
                x = np.column_stack([batch.column(f).to_numpy(zero_copy_only=False) for f in features]).astype(float)
                yield pa.RecordBatch.from_arrays([*(batch.column(k) for k in keys), pa.array(compute(x))],
                                                 names=[*keys, name])

        frame = rows.select(*keys, *[F.col(f"`{f}`") for f in features]).mapInArrow(run, schema).toPandas()
        return frame.sort_values(["_unit", "_order"], kind="stable", ignore_index=True)

    def _threshold(self, held: dict) -> float:
        import pandas as pd

        scored = [frame[["_unit", "_order", "_y", "score"]] for frame in held.values() if len(frame)]
        if not scored:
            self.notes.append("the threshold is 0.5: no held-out block has both classes")
            return 0.5
        mean = pd.concat(scored).groupby(["_unit", "_order"], sort=True).agg(y=("_y", "first"), score=("score", "mean"))
        if mean["y"].nunique() < 2:
            self.notes.append("the threshold is 0.5: no held-out block has both classes")
            return 0.5
        if not self.data.horizon:
            return metrics.best_f1_cut(mean["y"], mean["score"])[0]
        times, labels, at = self.data.timeline()
        scores = np.full(len(times), np.nan)
        for (unit, end_row), score in mean["score"].items():
            scores[at[unit, end_row]] = score
        hours = self.plant.interval_seconds / 3600
        return events.threshold_for_budget(times, labels, scores, self.plant.false_alarms_per_day,
                                           interval_hours=hours)["threshold"]

    def _medians(self) -> list[float]:
        rows = self.data.train
        if rows.count() <= _EXACT_MEDIANS:
            values = rows.select([F.col(f"`{f}`").cast("double") for f in self.data.features]).toPandas()
            return values.median().tolist()
        self.notes.append("medians within a millionth of the rows")
        found = rows.agg(*[F.percentile_approx(F.col(f"`{f}`").cast("double"), 0.5, 1_000_000).alias(f"m{i}")
                           for i, f in enumerate(self.data.features)]).collect()[0]
        return [float(x) for x in found]

    def _finish(self, folds: list, boosters: list[bytes], threshold: float, started: float) -> Trained:
        params = {k: float(v) for k, v in self.spec["params"].items()}
        draft = forewarn.model_from_trees(self.plant, self.spec["name"], folds, medians=self._medians(),
                                          threshold=threshold, params=params, data_digest=self.data.digest)
        judged = self._collect(self.data.valid, list(self.data.features), lambda x: draft.score(x), "score")
        figures = _metrics(judged["_y"].to_numpy(), judged["score"].to_numpy()) | {"threshold": threshold}
        model = forewarn.model_from_trees(
            self.plant, self.spec["name"], folds, medians=draft.info["medians"], threshold=threshold,
            metrics=figures, params=params, data_digest=self.data.digest, notes=self.notes)
        return Trained(model, self.spec["registered"], figures, self.notes, self.data.digest,
                       time.monotonic() - started, boosters)


def _metrics(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    at = metrics.confusion(labels, scores, 0.5)
    figures = {"f1_anomaly": at["f1"], "precision_anomaly": at["precision"], "recall_anomaly": at["recall"],
               "roc_auc_anomaly": metrics.roc_auc(labels, scores),
               "average_precision": metrics.average_precision(labels, scores),
               "brier_score": metrics.brier_score(labels, scores),
               "optimal_threshold": metrics.best_f1_on_grid(labels, scores)[0]}
    return {name: value for name, value in figures.items() if np.isfinite(value)}


def register(trained: Trained, registry: forewarn.Registry, source: str) -> list[dict]:
    """A run in the registry, and a version under every name the run goes by."""
    now = int(time.time() * 1e6)
    run = registry.log_run(
        trained.model.info["run"], metrics=trained.metrics,
        params={k: f"{v:g}" for k, v in trained.model.info["params"].items()}, tags={"engine": "spark"},
        files={f"reports/{trained.model.info['run']}_metrics.json": json.dumps(trained.metrics, indent=2)},
        dataset_digest=trained.digest, dataset_source=source, started_us=now - int(trained.seconds * 1e6), ended_us=now)
    return [{"name": name, "version": registry.register(name, trained.model, run)} for name in trained.registered]
