"""A regular line that may be ours → a slim row; that of a Patient → a row that holds all of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corrin.batch.scan.columns import (
    BODIES,
    IDENTIFIERS,
    IDS,
    ISSUED_TIMES,
    OBSERVATION,
    PATIENT,
    SUBJECTS,
    TIMES,
    Columns,
)
from corrin.batch.scan.compiled import part
from corrin.batch.scan.line import SEEN, SPACED, STOP
from corrin.batch.scan.members import (
    EFFECTIVE,
    FIRST_IN_BODY,
    ID,
    IDENTIFIER,
    ISSUED,
    LAST_IN_BODY,
    NAMES,
)
from corrin.batch.scan.span import address_of, copied, copied_without_blanks
from corrin.batch.scan.vector import put

# What stands before each value in a body: its name, ready with quotes and colon.
_HEADS = [f'"{name}":'.encode() for name in NAMES]
_SUBJECT_HEAD, _SUBJECT_TAIL = b'"subject":{"reference":"', b'"},'
_PATIENT = b"Patient/"
_PARTS = [*_HEADS, _SUBJECT_HEAD, _SUBJECT_TAIL, _PATIENT]
HEADS = np.frombuffer(b"".join(_PARTS) + bytes(64), np.uint8)
"""The fixed texts of bodies, given to compiled code with every call."""
_ENDS = np.cumsum([0, *map(len, _PARTS)])
_OPEN, _CLOSE = 0x7B, 0x7D


@part
def write_patient(
    columns: Columns, row: int, heads: NDArray[np.uint8], at: int, spans: NDArray[np.int64]
) -> None:
    """Write the row of a Patient whose resource begins at ``at``."""
    columns.kinds[row] = PATIENT
    for column in (IDS, TIMES, ISSUED_TIMES, IDENTIFIERS):
        _nothing(columns, column, row)
    _text(columns, BODIES, row, at, spans[STOP])
    begin = address_of(columns.bytes) + SUBJECTS * columns.bytes.shape[1]
    name = address_of(heads) + _ENDS[len(NAMES) + 2]
    end = copied(begin + columns.ends[SUBJECTS, row], name, name + len(_PATIENT))
    end = copied(end, spans[2 * ID] + 1, spans[2 * ID + 1] - 1)
    columns.ends[SUBJECTS, row + 1] = end - begin
    columns.given[SUBJECTS, row] = True


@part
def _nothing(columns: Columns, column: int, row: int) -> None:
    columns.ends[column, row + 1] = columns.ends[column, row]
    columns.given[column, row] = False


@part
def _text(columns: Columns, column: int, row: int, start: int, stop: int) -> None:
    """Put a span into a column."""
    end = columns.ends[column, row]
    copied(address_of(columns.bytes) + column * columns.bytes.shape[1] + end, start, stop)
    columns.ends[column, row + 1] = end + stop - start
    columns.given[column, row] = True


@part
def write(
    columns: Columns,
    row: int,
    heads: NDArray[np.uint8],
    spans: NDArray[np.int64],
    reference: int,
    patient: int,
    stop: int,
) -> None:
    """Write a slim row; ``patient`` to ``stop`` is the key in the reference that begins before."""
    columns.kinds[row] = OBSERVATION
    _text(columns, SUBJECTS, row, patient, stop)
    _text(columns, IDS, row, spans[2 * ID] + 1, spans[2 * ID + 1] - 1)
    seen = spans[SEEN]
    for column, member, quotes in (
        (TIMES, EFFECTIVE, 1),
        (ISSUED_TIMES, ISSUED, 1),
        (IDENTIFIERS, IDENTIFIER, 0),
    ):
        if (seen >> member) & 1:
            start, end = spans[2 * member] + quotes, spans[2 * member + 1] - quotes
            _text(columns, column, row, start, end)
        else:
            _nothing(columns, column, row)
    _body(columns, row, heads, spans, reference, patient)


@part
def _body(
    columns: Columns,
    row: int,
    heads: NDArray[np.uint8],
    spans: NDArray[np.int64],
    reference: int,
    patient: int,
) -> None:
    begin = address_of(columns.bytes) + BODIES * columns.bytes.shape[1]
    at = begin + columns.ends[BODIES, row]
    fixed = address_of(heads)
    seen, spaced = spans[SEEN], spans[SPACED]
    at += put(at, _OPEN)
    for member in range(FIRST_IN_BODY, LAST_IN_BODY + 1):
        if (seen >> member) & 1:
            at = copied(at, fixed + _ENDS[member], fixed + _ENDS[member + 1])
            start, stop = spans[2 * member], spans[2 * member + 1]
            at = copied_without_blanks(at, start, stop) if spaced else copied(at, start, stop)
            at += put(at, 0x2C)
    if patient > reference:
        last = len(NAMES)
        at = copied(at, fixed + _ENDS[last], fixed + _ENDS[last + 1])
        at = copied(at, reference, patient + 8)
        at = copied(at, fixed + _ENDS[last + 1], fixed + _ENDS[last + 2])
    put(at - 1, _CLOSE)
    columns.ends[BODIES, row + 1] = at - begin
    columns.given[BODIES, row] = True
