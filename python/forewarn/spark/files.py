"""Where feature sets live, through Hadoop's file systems: a folder, file: or s3: (by s3a)."""

from __future__ import annotations

import os
import urllib.parse

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


def hadoop_uri(uri: str) -> str:
    """A URI of the command line as Hadoop spells it; a plain folder becomes file:."""
    scheme = urllib.parse.urlsplit(uri).scheme
    if scheme == "s3":
        return "s3a" + uri[2:]
    if scheme in ("", "file"):
        return "file:" + os.path.abspath(uri.removeprefix("file:"))
    return uri


class Folder:
    """A folder below which paths are relative."""

    def __init__(self, spark: SparkSession, uri: str) -> None:
        self.uri = hadoop_uri(uri).rstrip("/")
        self._jvm = spark._jvm
        self._system = self._path("").getFileSystem(spark._jsc.hadoopConfiguration())

    def _path(self, name: str):
        return self._jvm.org.apache.hadoop.fs.Path(f"{self.uri}/{name}" if name else self.uri)

    def __truediv__(self, name: str) -> str:
        return f"{self.uri}/{name}"

    @property
    def local(self) -> str | None:
        """The folder on this machine, where it is one."""
        return self.uri.removeprefix("file:") if self.uri.startswith("file:") else None

    def exists(self, name: str) -> bool:
        return self._system.exists(self._path(name))

    def names(self, name: str) -> list[str]:
        return sorted(status.getPath().getName() for status in self._system.listStatus(self._path(name)))

    def read(self, name: str) -> str:
        stream = self._system.open(self._path(name))
        try:
            return self._jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8")
        finally:
            stream.close()

    def write(self, name: str, text: str) -> None:
        stream = self._system.create(self._path(name), True)
        try:
            stream.write(bytearray(text.encode()))
        finally:
            stream.close()

    def rename(self, old: str, new: str) -> None:
        self._system.mkdirs(self._path(os.path.dirname(new)))
        if not self._system.rename(self._path(old), self._path(new)):
            raise OSError(f"cannot rename '{self / old}' to '{new}'")

    def remove(self, name: str) -> None:
        self._system.delete(self._path(name), True)


def describe(spark: SparkSession, folder: Folder, run: str, tables: list[str]) -> dict[str, list[dict]]:
    """Every Parquet file of a run's tables, in order of their names: path, rows, bytes, sha-256."""
    out: dict[str, list[dict]] = {}
    for table in tables:
        if not folder.exists(f"{run}/{table}"):
            out[table] = []
            continue
        # A hidden folder's files are given one by one: Spark passes over names with a dot in front.
        paths = [folder / f"{run}/{table}/{name}" for name in folder.names(f"{run}/{table}")
                 if name.endswith(".parquet")]
        rows = _by_name(spark.read.parquet(*paths).groupBy(F.input_file_name().alias("file")).count()) if paths else {}
        bytes_ = spark.read.format("binaryFile").load(paths).select(
            F.col("path").alias("file"), "length", F.sha2("content", 256).alias("sha256")) if paths else None
        digests = _by_name(bytes_) if bytes_ is not None else {}
        out[table] = [{"path": f"{table}/{name}", "rows": rows[name]["count"] if name in rows else 0,
                       "bytes": digests[name]["length"], "sha256": digests[name]["sha256"]}
                      for name in sorted(digests)]
    return out


def _by_name(frame: DataFrame) -> dict:
    return {os.path.basename(row["file"]): row for row in frame.collect()}
