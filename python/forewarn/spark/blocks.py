"""Blocks: a table cut by unit and time so that every partition holds one block, and the halo each block needs.

The halo is counted in rows, not hours (a table may have holes), so it takes two passes: the first gives every block's
size and its outermost rows, the second computes with them. The partition of a block is fixed by the data alone; a
task that is run again, on whatever worker, computes the same.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterator

import pyarrow as pa
from pyspark import StorageLevel, TaskContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

import forewarn
from forewarn.errors import InvalidInput

from .tables import PLACE, TIME, UNIT, SourceTable

_EDGE = T.StructType([T.StructField("block", T.IntegerType()), T.StructField("rows", T.LongType()),
                      T.StructField("duplicates", T.LongType()), T.StructField("head", T.BinaryType()),
                      T.StructField("tail", T.BinaryType()), T.StructField("digest", T.StringType())])


@dataclasses.dataclass(frozen=True)
class Place:
    """A block's rows [begin, end) in its unit's table, and the rows around them."""

    unit: str | None
    begin: int
    end: int
    table_rows: int
    before: bytes  # Arrow IPC of the halo's rows; b"": none
    after: bytes
    before_rows: int


@dataclasses.dataclass(frozen=True)
class BlockTable:
    """rows: partition p is block p, in time order, duplicates still in it."""

    rows: DataFrame
    places: list[Place]
    columns: list[str]
    units: dict[str | None, int]  # rows a unit
    set_aside: dict[str, int]
    digest: str

    def release(self) -> None:
        self.rows.unpersist()


def to_ipc(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def from_ipc(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(data).read_all()


def cut(spark: SparkSession, source: SourceTable, plant: forewarn.Plant, block_rows: int) -> BlockTable:
    """Cuts a table; its rows are kept on the executors' disks until release()."""
    keyed = source.rows.withColumn("_t", F.unix_micros(F.col(TIME).cast("timestamp")))
    unit = F.col(UNIT) if UNIT in keyed.columns else F.lit(None).cast("string")
    counts = keyed.groupBy(unit.alias("unit")).agg(
        F.count("*").alias("all"), F.count("_t").alias("rows"), F.min("_t").alias("first"),
        F.max("_t").alias("last")).orderBy("unit").collect()
    timed = [row for row in counts if row["rows"] > 0]
    if not timed:
        raise InvalidInput("the table has no row with a readable time")
    blocks = _Blocks(timed, block_rows)
    timed_rows = keyed.where(F.col("_t").isNotNull())
    rows = _partitioned(spark, timed_rows, unit, blocks).persist(StorageLevel.DISK_ONLY)
    edges = _edges(rows, source.columns, plant)
    places, units = _places(blocks, edges, plant)
    set_aside = {"rows": sum(row["all"] for row in counts),
                 "unreadable_times": sum(row["all"] - row["rows"] for row in counts),
                 "duplicate_times": sum(edge["duplicates"] for edge in edges.values())}
    return BlockTable(rows, places, source.columns, units, set_aside, _digest(edges))


class _Blocks:
    """Which block a unit's moment falls into: each unit's span in equal parts of about block_rows rows."""

    def __init__(self, counts: list, block_rows: int) -> None:
        if block_rows < 1:
            raise InvalidInput(f"--block-rows is {block_rows}; at least 1 is needed")
        self.units: list[tuple[str | None, int, int, int, int]] = []  # unit, first block, blocks, start, width
        at = 0
        for row in counts:
            blocks = -(-row["rows"] // block_rows)
            width = (row["last"] - row["first"]) // blocks + 1
            self.units.append((row["unit"], at, blocks, row["first"], width))
            at += blocks
        self.count = at


def _partitioned(spark: SparkSession, rows: DataFrame, unit, blocks: _Blocks) -> DataFrame:
    """Partition p holds block p: the block is mapped to a number whose hash falls into partition p."""
    if len(blocks.units) == 1:
        _, at, _, start, width = blocks.units[0]
        block = F.lit(at) + F.expr(f"(_t - {start}L) div {width}L")
        numbered = rows.withColumn("_block", block.cast("int"))
    else:
        spans = spark.createDataFrame([(u, at, start, width) for u, at, _, start, width in blocks.units],
                                      "_u string, _first int, _from long, _width long")
        numbered = rows.join(F.broadcast(spans), unit.eqNullSafe(F.col("_u")))
        numbered = numbered.withColumn("_block", (F.col("_first") + F.expr("(_t - _from) div _width")).cast("int"))
        numbered = numbered.drop("_u", "_first", "_from", "_width")
    keys = F.array(*[F.lit(key) for key in _hash_keys(spark, blocks.count)])
    keyed = numbered.withColumn("_key", F.element_at(keys, F.col("_block") + 1))
    return (keyed.repartition(blocks.count, "_key").sortWithinPartitions(TIME, *PLACE)
            .drop("_key", "_t", *PLACE))


def _hash_keys(spark: SparkSession, partitions: int) -> list[int]:
    """For each partition an integer that Spark's hash partitioning sends there."""
    found: dict[int, int] = {}
    size = 16 * partitions
    while len(found) < partitions:
        hashed = spark.range(size).select(F.col("id").cast("int").alias("key"))
        hashed = hashed.withColumn("partition", F.expr(f"pmod(hash(key), {partitions})"))
        found = {row["partition"]: row["key"] for row in
                 hashed.groupBy("partition").agg(F.min("key").alias("key")).collect()}
        size *= 2
    return [found[p] for p in range(partitions)]


def _edges(rows: DataFrame, columns: list[str], plant: forewarn.Plant) -> dict[int, dict]:
    before, after = forewarn.halo(plant)

    def look(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        given = list(batches)
        read = sum(batch.num_rows for batch in given)
        if read == 0:
            return
        frame = own_frame(given, columns)
        head = to_ipc(pa.table(frame[:min(after, len(frame))]))
        tail = to_ipc(pa.table(frame[max(0, len(frame) - before):]))
        block = TaskContext.get().partitionId()
        yield pa.RecordBatch.from_pydict(
            {"block": pa.array([block], pa.int32()), "rows": [len(frame)], "duplicates": [read - len(frame)],
             "head": pa.array([head], pa.binary()), "tail": pa.array([tail], pa.binary()),
             "digest": [frame.digest()]})

    return {row["block"]: row.asDict() for row in rows.mapInArrow(look, _EDGE).collect()}


def own_frame(batches: list[pa.RecordBatch], columns: list[str]) -> forewarn.Frame:
    """A partition's rows as a frame; they are in time order, of equal times the last stands last."""
    return forewarn.Frame(pa.Table.from_batches(batches).select([TIME, *columns]))


def _places(blocks: _Blocks, edges: dict[int, dict], plant: forewarn.Plant) -> tuple[list[Place], dict]:
    before, after = forewarn.halo(plant)
    places: list[Place] = []
    units: dict[str | None, int] = {}
    for unit, first, count, _, _ in blocks.units:
        own = range(first, first + count)
        rows = [edges[b]["rows"] if b in edges else 0 for b in own]
        units[unit] = sum(rows)
        begin = 0
        for i, b in enumerate(own):
            head = _gather([edges[p]["tail"] for p in reversed(own[:i]) if p in edges], before, from_end=True)
            tail = _gather([edges[p]["head"] for p in own[i + 1:] if p in edges], after, from_end=False)
            places.append(Place(unit, begin, begin + rows[i], sum(rows), to_ipc(head) if head else b"",
                                to_ipc(tail) if tail else b"", head.num_rows if head else 0))
            begin += rows[i]
    return places, units


def _gather(pieces: list[bytes], wanted: int, from_end: bool) -> pa.Table | None:
    """Up to `wanted` rows from the neighbouring blocks, the nearest first; in time order."""
    taken: list[pa.Table] = []
    for piece in pieces:
        if wanted == 0:
            break
        table = from_ipc(piece)
        size = min(wanted, table.num_rows)
        taken.append(table.slice(table.num_rows - size) if from_end else table.slice(0, size))
        wanted -= size
    if not taken:
        return None
    return pa.concat_tables(reversed(taken) if from_end else taken)


def _digest(edges: dict[int, dict]) -> str:
    """One block: the table's digest, as the command line has it. More: the digest of the blocks' digests."""
    import hashlib

    digests = [edges[b]["digest"] for b in sorted(edges)]
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def map_blocks(spark: SparkSession, table: BlockTable, schema: T.StructType,
               compute: Callable[[forewarn.Frame, Place], Iterator[pa.Table]],
               wanted: list[int] | None = None) -> DataFrame:
    """compute(the block's rows with its halo, its place) on every block that has rows, or on those wanted."""
    places = spark.sparkContext.broadcast(table.places)
    columns = table.columns

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        given = [batch for batch in batches if batch.num_rows > 0]
        if not given:
            return
        place = places.value[TaskContext.get().partitionId()]
        frame = own_frame(given, columns)
        if len(frame) != place.end - place.begin:
            raise RuntimeError(f"a block has {len(frame)} rows, not {place.end - place.begin}: the input changed "
                               "while it was read; run again")
        if place.before:
            frame = forewarn.Frame(from_ipc(place.before)).append(frame)
        if place.after:
            frame = frame.append(forewarn.Frame(from_ipc(place.after)))
        for out in compute(frame, place):
            yield from out.to_batches(max_chunksize=65536)

    rows = table.rows
    if wanted is not None and len(wanted) < len(table.places):
        rows = rows.where(F.col("_block").isin(wanted))  # the others' cells then never leave the JVM
    return rows.mapInArrow(run, schema)
