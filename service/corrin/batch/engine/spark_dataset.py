"""Tables of a dataset written by Spark, from the values that tasks judged."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from corrin.batch import sinks
from corrin.batch.engine.spark_blob import COLUMNS, Blob, handed, packed
from corrin.batch.engine.spark_frames import Frames
from corrin.batch.engine.spark_judge import WENT
from corrin.batch.engine.spark_place import Place
from corrin.batch.engine.spark_tasks import Text

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_FILE_BYTES = 8 * 1024 * 1024  # of blobs to a file, in tables that have so much


@dataclass
class Judged:
    """What was judged: values by table, where the rows went, how many rows and bytes there are."""

    blobs: DataFrame
    went: list[dict[int, list[int]]] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)


def judged_of(judged: DataFrame) -> Judged:
    """What was judged, with where rows went and how much there is of each table."""
    from pyspark.sql import functions as sql

    found = Judged(judged)
    told_ = sql.when(judged.kind == WENT, judged.payload)
    size = sql.length(judged.payload)
    for one in judged.select("kind", "rows", size.alias("size"), told_.alias("told")).collect():
        if one.told is None:
            found.rows[one.kind] = found.rows.get(one.kind, 0) + one.rows
            found.bytes[one.kind] = found.bytes.get(one.kind, 0) + one.size
        else:
            counts = json.loads(one.told)
            found.went.append({int(chunk): numbers for chunk, numbers in counts.items()})
    return found


@dataclass(frozen=True)
class Writing:
    """Where tables are written, in which form, and in how many files at most."""

    frames: Frames
    place: Place
    form: str
    most: int

    def table(self, name: str, judged: Judged, schema: pa.Schema, more: pa.Table | None) -> None:
        """Write a table: what was judged, and what the driver has to add."""
        size = judged.bytes.get(name, 0)
        own = judged.blobs.where(judged.blobs.kind == name)
        own = own.coalesce(int(max(1, min(self.most, size // _FILE_BYTES))))
        if more is not None and more.num_rows:
            own = own.unionByName(self._of_driver(name, more))
        self._write(name, own, schema)

    def _of_driver(self, name: str, table: pa.Table) -> DataFrame:
        blob = Blob(name, -1, 0, table.num_rows, packed(table))
        return self.frames.session.createDataFrame(
            pa.Table.from_batches(handed([blob])).to_pylist(), COLUMNS
        )

    def _write(self, name: str, blobs: DataFrame, schema: pa.Schema) -> None:
        form = sinks.EXTENSIONS[self.form]
        target = self.place.table(name)
        if form == "parquet":
            simple = pa.schema([(one.name, _plain(one.type)) for one in schema])
            found = self.frames.map(blobs, "table", simple, _columns(simple))
            found.write.option("compression", "zstd").parquet(target)
        else:
            found = self.frames.map(blobs, "text", Text(form, schema), "value string")
            found.write.option("lineSep", "\n").text(target)


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type of a column without its dictionary."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


_NAMES = {
    pa.string(): "string",
    pa.bool_(): "boolean",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.list_(pa.string()): "array<string>",
}


def _columns(schema: pa.Schema) -> str:
    """A schema as Spark writes it."""
    return ", ".join(f"`{one.name}` {_NAMES[one.type]}" for one in schema)
