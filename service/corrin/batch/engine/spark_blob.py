"""What Spark moves between its tasks: batches of Arrow as bytes, each with what it is.

Spark shuffles some thousand large values instead of many million rows; what is in them never
becomes rows of the JVM.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
_SCHEMA = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("chunk", pa.int32()),
        pa.field("part", pa.int32()),
        pa.field("rows", pa.int64()),
        pa.field("payload", pa.binary()),
    ]
)
COLUMNS = "kind string, chunk int, part int, rows long, payload binary"
"""The same, as Spark writes schemas."""

MOST_BYTES = 32 * 1024 * 1024
"""About how many bytes go to Spark at a time."""


class Blob(NamedTuple):
    """One value.

    ``kind`` says what is in it, ``chunk`` from which piece of the input it came (-1: from none),
    ``part`` which task is to have it, ``rows`` how many rows it holds.
    """

    kind: str
    chunk: int
    part: int
    rows: int
    payload: bytes


def packed(found: pa.RecordBatch | pa.Table) -> bytes:
    """Rows as bytes."""
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, found.schema, options=_OPTIONS) as stream:
        stream.write(found)
    return bytes(out.getvalue())


def unpacked(payload: bytes) -> pa.Table:
    """Rows out of bytes."""
    return pa.ipc.open_stream(payload).read_all()


def given(batches: Iterable[pa.RecordBatch]) -> Iterator[Blob]:
    """The values a task was given."""
    for batch in batches:
        columns = [batch.column(name) for name in _SCHEMA.names]
        for at in range(batch.num_rows):
            yield Blob(*(column[at].as_py() for column in columns))


def handed(blobs: Iterable[Blob]) -> Iterator[pa.RecordBatch]:
    """The values a task hands on, some at a time."""
    held: list[Blob] = []
    weight = 0
    for blob in blobs:
        held.append(blob)
        weight += len(blob.payload)
        if weight >= MOST_BYTES:
            yield _batch(held)
            held, weight = [], 0
    if held:
        yield _batch(held)


def _batch(blobs: list[Blob]) -> pa.RecordBatch:
    columns: list[Any] = [
        pa.array(list(values), field.type)
        for values, field in zip(zip(*blobs, strict=True), _SCHEMA, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)
