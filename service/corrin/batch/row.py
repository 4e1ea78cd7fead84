"""A row: one resource of an export, with whose it is and where it stood.

This is what sources make, what is kept in partitions, and what Spark shuffles.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa

ROWS = pa.schema(
    [
        pa.field("subject", pa.string(), nullable=False),
        pa.field("chunk", pa.int32(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("seq", pa.int32(), nullable=False),
        pa.field("place", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("body", pa.large_binary(), nullable=False),
        pa.field("id", pa.string()),
        pa.field("effective", pa.string()),
        pa.field("issued", pa.string()),
        pa.field("identifier", pa.binary()),
    ]
)
"""A row in columns.

subject
    whose it is: :func:`corrin.batch.subject.key_of`; rows of one key are one person's.
chunk, line, seq
    where it stood: the piece of a file that was read in one go, the line (or table row) in it,
    counted from 1, and the how-many-eth resource of that line.
place
    the element of the line it stood in (``Bundle.entry[3].resource``, ``OBX[2]``); empty for all
    of the line.
kind, body
    the resource's type, and the resource as JSON in UTF-8.
id, effective, issued, identifier
    null, but in a slim row: there ``body`` holds only what decides how the value is taken, and
    these what tells one such result from another (``identifier`` as JSON).
"""


class Row(NamedTuple):
    """One row; see :data:`ROWS`."""

    subject: str
    line: int
    body: bytes
    kind: str = "Observation"
    place: str = ""
    seq: int = 0


class Refused(NamedTuple):
    """A row that cannot be read at all, or is nobody's.

    ``reason`` is a code of ``rules/terminology/reasons.yaml``; ``path`` the element or column,
    ``detail`` what was met, for the dataset only: it may hold patient data.
    """

    line: int
    reason: str
    path: str = ""
    detail: str = ""
    subject: str = ""


@dataclass(slots=True)
class Read:
    """What reading one chunk came to, beside its rows.

    Attributes:
        lines: lines (or table rows) of the chunk, empty ones included: where the next begins.
        rows: rows met: those handed on, not ours, refused.
        not_ours: rows that have nothing to do with us and were left.
        used: rows that were acted upon while reading (deletions, dictionaries).
        refused: rows refused while reading.
        deleted: ``Type/id`` of resources the export says are deleted.
        products: Medication resources by ``Type/id``, which belong to no one person.
        keys: :func:`corrin.batch.identity.key` of every resource that has an id, ours or not: by it
            versions of one resource in several files are found.
        outcomes: severities of the OperationOutcomes the exporting server left, counted.
        notes: sentences about the file, without patient data (``unit system of the site``).
    """

    lines: int = 0
    rows: int = 0
    not_ours: int = 0
    used: int = 0
    refused: list[Refused] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    products: dict[str, bytes] = field(default_factory=dict)
    keys: array[int] = field(default_factory=lambda: array("Q"))
    outcomes: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def batch_of(rows: list[Row], chunk: int) -> pa.RecordBatch:
    """Rows of one chunk in columns."""
    columns: dict[str, list[Any]] = {
        "subject": [row.subject for row in rows],
        "chunk": [chunk] * len(rows),
        "line": [row.line for row in rows],
        "seq": [row.seq for row in rows],
        "place": [row.place for row in rows],
        "kind": [row.kind for row in rows],
        "body": [row.body for row in rows],
        "id": [None] * len(rows),
        "effective": [None] * len(rows),
        "issued": [None] * len(rows),
        "identifier": [None] * len(rows),
    }
    return pa.RecordBatch.from_pydict(columns, schema=ROWS)
