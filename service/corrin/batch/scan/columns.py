"""Rows as they are written by compiled code, and as Arrow columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corrin.batch.row import ROWS
from corrin.batch.scan.vector import WIDTH

MOST_ROWS = 16384
ROOM = 12 * 1024 * 1024
"""Bytes of one column; a row is begun only where :data:`LONGEST_LINE` is left of it."""
LONGEST_LINE = 256 * 1024
SUBJECTS, BODIES, IDS, TIMES, ISSUED_TIMES, IDENTIFIERS = range(6)
_TEXTS = {"subject": SUBJECTS, "id": IDS, "effective": TIMES, "issued": ISSUED_TIMES}
_ALWAYS = {"seq": 0, "place": ""}
OBSERVATION, PATIENT = range(2)
_KINDS = pa.array(["Observation", "Patient"])


class Columns(NamedTuple):
    """Room for rows: bytes of each column, where each row's end in them, and which are null.

    ``lines`` are numbers of lines in the chunk, ``kinds`` what stands there.
    """

    bytes: NDArray[np.uint8]
    ends: NDArray[np.int64]
    given: NDArray[np.bool_]
    lines: NDArray[np.int64]
    kinds: NDArray[np.int8]


def empty() -> Columns:
    """Room for :data:`MOST_ROWS` rows."""
    return Columns(
        np.empty((6, ROOM + WIDTH), np.uint8),
        np.zeros((6, MOST_ROWS + 1), np.int64),
        np.zeros((6, MOST_ROWS), np.bool_),
        np.zeros(MOST_ROWS, np.int64),
        np.zeros(MOST_ROWS, np.int8),
    )


def batch_of(columns: Columns, rows: int, chunk: int) -> pa.RecordBatch:
    """The rows written so far, copied."""
    found: dict[str, pa.Array] = {
        "chunk": pa.repeat(pa.scalar(chunk, pa.int32()), rows),
        "line": pa.array(columns.lines[:rows].copy()),
        "body": _column(columns, BODIES, rows, pa.large_binary()),
        "identifier": _column(columns, IDENTIFIERS, rows, pa.binary()),
        "kind": _KINDS.take(pa.array(columns.kinds[:rows])),
    }
    for name, column in _TEXTS.items():
        found[name] = _column(columns, column, rows, pa.string())
    for name, value in _ALWAYS.items():
        found[name] = pa.repeat(pa.scalar(value, ROWS.field(name).type), rows)
    return pa.RecordBatch.from_arrays([found[name] for name in ROWS.names], schema=ROWS)


def _column(columns: Columns, number: int, rows: int, kind: pa.DataType) -> pa.Array:
    ends = columns.ends[number, : rows + 1]
    text = columns.bytes[number, : ends[rows]].tobytes()
    width = np.int64 if pa.types.is_large_binary(kind) else np.int32
    given, nulls = columns.given[number, :rows], None
    if not given.all():
        nulls = pa.py_buffer(np.packbits(given, bitorder="little").tobytes())
    buffers = [nulls, pa.py_buffer(ends.astype(width).tobytes()), pa.py_buffer(text)]
    return pa.Array.from_buffers(kind, rows, buffers)
