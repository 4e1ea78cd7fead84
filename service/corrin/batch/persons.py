"""Rows in columns → one person after another, each with all rows and what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from corrin.batch.question import Piece
from corrin.intake.slim import Slim, parsed

Given = dict[str, Any] | Slim
_ORDER = ("subject", "chunk", "line", "seq")
_SLIM = ("body", "subject", "id", "effective", "issued", "identifier")


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
    # A body comes many times: it is moved and looked up as a number, and made once.
    body = rows.schema.get_field_index("body")
    rows = rows.set_column(body, "body", rows.column(body).dictionary_encode())
    rows = rows.take(pc.sort_indices(rows, [(name, "ascending") for name in _ORDER]))
    # Persons are made of lists: a slice of columns costs more than all the rows of a person.
    found = {name: _listed(rows.column(name)) for name in rows.column_names}
    subjects = found["subject"]
    start = 0
    for end in range(1, len(subjects) + 1):
        if end == len(subjects) or subjects[end] != subjects[start]:
            yield _person(subjects[start], {n: of[start:end] for n, of in found.items()})
            start = end


def _listed(column: pa.ChunkedArray) -> list[Any]:
    """A column as a list; what comes again is one object."""
    if not pa.types.is_dictionary(column.type):
        values: list[Any] = column.to_pylist()
        return values
    one = column.combine_chunks()
    distinct = one.dictionary.to_pylist()
    return [distinct[at] for at in one.indices.to_pylist()]


def _person(subject: str, found: Mapping[str, list[Any]]) -> Person:
    ids = found["id"]
    given: list[Given] = [*map(Slim, *(found[name] for name in _SLIM))]
    if None in ids:
        for at, identity in enumerate(ids):
            if identity is None:
                given[at] = parsed(found["body"][at])
    return Person(subject, given, found["kind"], found["chunk"], found["line"], found["place"])


def resource_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The resource of one row (a mapping of columns); of a slim one with all put back."""
    if row["id"] is None:
        whole: dict[str, Any] = parsed(row["body"])
        return whole
    return Slim(*(row[name] for name in _SLIM)).restore()
