"""What a source makes of bytes: rows, what was read beside them, and the reading of each person."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from corrin.batch.row import Read, Row
from corrin.batch.sources.ndjson import NdjsonSource
from corrin.batch.sources.source import Source, Span
from corrin.facts.case import Reading
from corrin.intake.gathered import Gathered, gather


@dataclass(slots=True)
class Sourced:
    """All of one source, or a piece of it."""

    rows: list[Row]
    read: Read
    fault: Exception | None = None
    products: dict[str, Any] = field(default_factory=dict)

    def adds_up(self) -> bool:
        """Whether every row that was met went somewhere."""
        read = self.read
        ended = len(self.rows) + read.used + read.not_ours + len(read.refused)
        return ended == read.rows

    def reasons(self) -> list[tuple[int, str, str]]:
        """Line, reason and path of what was refused."""
        return [(one.line, one.reason, one.path) for one in self.read.refused]

    def persons(self) -> dict[str, list[Row]]:
        """The rows of each person."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.subject, []).append(row)
        return found

    def gathered(self) -> dict[str, Gathered]:
        """What the intake reads of each person's rows."""
        others = {name: parsed(body) for name, body in self.read.products.items()}
        return {
            subject: gather([parsed(row.body) for row in rows], others=others)
            for subject, rows in self.persons().items()
        }


def parsed(data: bytes) -> Any:
    """JSON, numbers as Decimal."""
    return json.loads(data, parse_float=Decimal, parse_int=Decimal)


def taken(source: Source, span: Span | None = None) -> Sourced:
    """All that a source gives of a piece; an error it ends with is kept."""
    found = Sourced([], Read())
    try:
        for row in source.rows(span or Span(), found.read):
            found.rows.append(row)
    except Exception as error:
        found.fault = error
    return found


def read_file(folder: Path, data: bytes, name: str = "some.ndjson", **more: Any) -> Sourced:
    """What a file of FHIR gives that holds the bytes."""
    path = folder / name
    path.write_bytes(data)
    found = taken(NdjsonSource(name, str(path), **more))
    assert found.adds_up()
    return found


def lines(*resources: Mapping[str, Any] | list[Any] | bytes) -> bytes:
    """Resources, one a line."""
    return b"".join(
        (one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in resources
    )


def said(reading: Reading) -> dict[str, Any]:
    """What a reading says, without where it stood and what the export calls it."""
    return {
        "subject": reading.subject,
        "results": Counter(
            (
                *(one.analyte, one.interval, one.unit, one.reported, one.when, one.status),
                *(one.specimen, one.reference_range, one.reference_text, one.interpretation),
                *(one.flags, one.issued, one.identifiers),
            )
            for one in reading.results
        ),
        "statements": Counter(
            (
                *(one.name, one.value, one.since, one.until, one.history, one.reported),
                *(one.status, one.flags),
            )
            for one in reading.statements
        ),
        "refused": Counter(
            (one.reason, one.name, one.detail, one.when, one.reported, one.status)
            for one in reading.refusals
        ),
    }
