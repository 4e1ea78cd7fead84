"""What executors run: each function takes batches and what it has to know, and gives batches.

What goes wrong on an executor is told without a word of anybody's data, since Spark writes it into
logs: the driver finds it by :data:`MARK`.
"""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from corrin.batch import sinks
from corrin.batch.engine import spark_judge, spark_read
from corrin.batch.engine.failure import failure
from corrin.batch.engine.reading import VERSIONS
from corrin.batch.engine.spark_blob import Blob, given, handed, packed, unpacked
from corrin.batch.sinks.writer import plain

MARK = "corrin-failure:"


class Failed(Exception):
    """What stopped a task, as JSON after :data:`MARK`; see :class:`corrin.batch.outcome`."""


def run(name: str, batches: Iterable[pa.RecordBatch], known: Any) -> Iterator[pa.RecordBatch]:
    """Run one of :data:`TASKS`.

    Raises:
        Failed: it cannot go on.
    """
    try:
        yield from TASKS[name](batches, known)
    except GeneratorExit:
        raise
    except Exception as error:
        said = json.dumps(failure(error).as_data(), ensure_ascii=True)
        raise Failed(f"{MARK}{said}:{MARK}") from None


def doubled(batches: Iterable[pa.RecordBatch], _known: None) -> Iterator[pa.RecordBatch]:
    """Of the keys of some range of all of them, those met more than once."""
    every = [np.frombuffer(blob.payload, np.uint64) for blob in given(batches)]
    if every:
        keys = np.sort(np.concatenate(every))
        twice = np.unique(keys[1:][keys[1:] == keys[:-1]])
        if twice.size:
            yield from handed([Blob(spark_read.KEYS, -1, 0, twice.size, twice.tobytes())])


def holding(batches: Iterable[pa.RecordBatch], wanted: frozenset[int]) -> Iterator[pa.RecordBatch]:
    """The pieces that hold a resource met more than once, by the keys of each."""
    among = np.sort(np.fromiter(wanted, np.uint64, len(wanted)))
    for blob in given(batches):
        keys = np.frombuffer(blob.payload, np.uint64)
        at = np.searchsorted(among, keys)
        at[at == among.size] = 0
        if np.any(among[at] == keys):
            yield from handed([Blob(spark_read.KEYS, blob.chunk, 0, 0, b"")])


def versions(batches: Iterable[pa.RecordBatch], _known: None) -> Iterator[pa.RecordBatch]:
    """Versions of resources met more than once, as rows."""
    for blob in given(batches):
        yield from unpacked(blob.payload).cast(VERSIONS).to_batches()


def newest(batches: Iterable[pa.RecordBatch], _known: None) -> Iterator[pa.RecordBatch]:
    """Rows of newest versions (name, partition, …) → values for the partitions they are for."""
    for batch in batches:
        parts = batch.column(1).to_numpy()
        order = np.argsort(parts, kind="stable")
        rows, parts = batch.take(pa.array(order)), parts[order]
        edges = np.flatnonzero(np.diff(parts, prepend=-1, append=-1)).tolist()
        for start, end in itertools.pairwise(edges):
            piece = rows.slice(start, end - start)
            yield from handed(
                [Blob(spark_judge.NEWEST, -1, int(parts[start]), piece.num_rows, packed(piece))]
            )


def table(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of one table, codes as texts."""
    for blob in given(batches):
        found = unpacked(blob.payload)
        columns = [plain(found.column(name)) for name in schema.names]
        yield from pa.Table.from_arrays(columns, schema=schema).to_batches()


@dataclass(frozen=True)
class Text:
    """How a table is written as text: the form, its columns."""

    form: str
    schema: pa.Schema


_TEXT = pa.schema([pa.field("value", pa.string())])


def text(batches: Iterable[pa.RecordBatch], how: Text) -> Iterator[pa.RecordBatch]:
    """The rows of one table as the local engine would write them, without the last line feed."""
    with tempfile.TemporaryDirectory(prefix="corrin-", dir=spark_read.room()) as folder:
        path = Path(folder) / "rows"

        def written(found: pa.Table | None) -> bytes:
            with sinks.writer(how.form, path, how.schema) as file:
                if found is not None:
                    file.write(found)
            return path.read_bytes()

        head = written(None)  # names of columns, where the form has them
        if head:
            yield _lines(head)
        for blob in given(batches):
            yield _lines(written(unpacked(blob.payload))[len(head) :])


def _lines(data: bytes) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"value": [data[:-1].decode()]}, schema=_TEXT)


TASKS: Mapping[str, Callable[[Iterable[pa.RecordBatch], Any], Iterator[pa.RecordBatch]]] = {
    "here": spark_read.here,
    "lines": spark_read.lines,
    "files": spark_read.files,
    "judge": spark_judge.judge,
    "doubled": doubled,
    "holding": holding,
    "versions": versions,
    "newest": newest,
    "table": table,
    "text": text,
}
