"""Rows in columns → one person after another, each with all rows and what they hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from corrin.batch.question import Piece
from corrin.intake.slim import Slim

Given = dict[str, Any] | Slim
_DECODER = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal)
_ORDER = ("subject", "chunk", "line", "seq")


@dataclass(slots=True)
class Person:
    """One person's rows, in order; all lists are as long as there are rows."""

    subject: str
    given: list[Given]
    kinds: list[str]
    chunks: list[int]
    lines: list[int]
    places: list[str]

    def without(self, away: list[bool]) -> Person:
        """The person without some rows."""

        def left(values: list[Any]) -> list[Any]:
            return [one for one, gone in zip(values, away, strict=True) if not gone]

        return Person(
            self.subject,
            left(self.given),
            left(self.kinds),
            left(self.chunks),
            left(self.lines),
            left(self.places),
        )

    def place(self, row: int, element: str, pieces: Mapping[int, Piece]) -> tuple[str, int, str]:
        """File, line, and the element as the source calls it, else its FHIRPath."""
        piece = pieces[self.chunks[row]]
        named = native(self.places[row], self.kinds[row], element, piece.native)
        return piece.file, piece.before + self.lines[row], named


def native(place: str, kind: str, element: str, names: Mapping[str, str]) -> str:
    """Where an element stood: as the source calls it, else as a FHIRPath."""
    for start, name in names.items():
        if element == start or element.startswith(f"{start}."):
            return f"{place}.{name}" if place else name
    return f"{place or kind}{element}"


def persons(rows: pa.Table) -> Iterator[Person]:
    """Every person of some rows (:data:`corrin.batch.row.ROWS`), by subject."""
    if not rows.num_rows:
        return
    rows = rows.take(pc.sort_indices(rows, [(name, "ascending") for name in _ORDER]))
    # Persons are made of lists: a slice of columns costs more than all the rows of a person.
    found = {name: rows.column(name).to_pylist() for name in rows.column_names}
    subjects = found["subject"]
    start = 0
    for end in range(1, len(subjects) + 1):
        if end == len(subjects) or subjects[end] != subjects[start]:
            yield _person(subjects[start], {n: of[start:end] for n, of in found.items()})
            start = end


def _person(subject: str, found: Mapping[str, list[Any]]) -> Person:
    parts = zip(
        found["body"],
        found["id"],
        found["effective"],
        found["issued"],
        found["identifier"],
        strict=True,
    )
    return Person(
        subject,
        [
            parsed(body) if identity is None else Slim(body, subject, identity, when, issued, known)
            for body, identity, when, issued, known in parts
        ],
        found["kind"],
        found["chunk"],
        found["line"],
        found["place"],
    )


def resource_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The resource of one row (a mapping of columns); of a slim one with all put back."""
    if row["id"] is None:
        return parsed(row["body"])
    names = ("body", "subject", "id", "effective", "issued", "identifier")
    return Slim(*(row[name] for name in names)).restore()


def parsed(body: bytes) -> dict[str, Any]:
    """A resource of a row, numbers as Decimal."""
    found: dict[str, Any] = _DECODER.decode(body.decode())
    return found
