"""Records of cases → the rows of the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import pyarrow as pa

from corrin import terminology
from corrin.batch import tables
from corrin.batch.persons import Person
from corrin.batch.question import Piece
from corrin.facts.case import Case, Refusal
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.trend import PREVIOUS
from corrin.intake.gathered import row_of
from corrin.notes.record import Record, bounds
from corrin.notes.words import quantity

WENT = ("used", "superseded", "not_ours", "refused")
_NO_INPUTS = ("age",)  # derived from the Patient, and no result


@dataclass(slots=True)
class Written:
    """Rows so far, as tuples in the order of the columns, and where rows that were read went.

    Args:
        topics: of the profile, in order.
        pieces: by number of the chunk.
        digest: over all rules that ran.
    """

    topics: Sequence[str]
    pieces: Mapping[int, Piece]
    digest: str
    rows: dict[str, list[tuple[Any, ...]]] = field(
        default_factory=lambda: {name: [] for name in tables.NAMES}
    )
    went: dict[int, list[int]] = field(default_factory=dict)

    def count(self, chunk: int, went: str, rows: int = 1) -> None:
        """Count rows of one chunk that went one way."""
        self.went.setdefault(chunk, [0, 0, 0, 0])[WENT.index(went)] += rows

    def tables(self) -> dict[str, pa.Table]:
        """All tables, sorted as they say."""
        self.rows["refusals"].sort(key=_refusal_key)
        return {
            name: tables.table_of(tables.schema_of(name, self.topics), rows)
            for name, rows in self.rows.items()
        }

    def case(self, person: Person, case: Case, record: Record) -> None:
        """One case that was judged."""
        subject, as_of = person.subject, case.as_of.text
        found = {one.topic: one for one in record.statuses}
        statuses: list[Any] = []
        for topic in self.topics:
            one = found.get(topic)
            open_ = one is not None and one.status is None
            statuses += [
                None if one is None else one.status,
                list(one.possible) if one is not None and open_ else None,
            ]
        self.rows["reports"].append(
            (
                subject,
                as_of,
                record.in_scope,
                record.urgency,
                *statuses,
                len(record.notes),
                self.digest,
            )
        )
        self.rows["statuses"] += [
            (
                subject,
                as_of,
                found[topic].topic,
                found[topic].pack,
                found[topic].status,
                list(found[topic].possible),
                found[topic].urgency,
                found[topic].because,
                list(found[topic].restrictions),
                list(found[topic].missing),
                list(found[topic].assumed),
            )
            for topic in sorted(found)
        ]
        self.rows["notes"] += [
            (
                subject,
                as_of,
                note.rule,
                note.pack,
                note.version,
                note.topic,
                note.urgency,
                note.rule_status,
                note.verified,
                note.summary,
                note.detail,
                note.basis,
            )
            for note in record.notes
        ]
        inputs = [self._input(fact, role, person, as_of) for fact, role in _inputs(case, record)]
        if len({*map(_OF_ONE, inputs)}) == len(inputs):
            inputs.sort(key=_OF_ONE)  # of one case, and so in order by all columns
        else:
            inputs.sort(key=_input_key)
        self.rows["inputs"] += inputs

    def refused(self, person: Person, row: int, element: str, refusal: Refusal) -> None:
        """One value not taken."""
        words = terminology.load().reasons.get(refusal.reason)
        file, line, path = person.place(row, element, self.pieces)
        self.rows["refusals"].append(
            (
                person.subject,
                file,
                line,
                path,
                refusal.reason,
                refusal.reason if words is None else words.sentence,
                "" if words is None else words.remedy,
                refusal.name,
                refusal.reported or None,
                None if refusal.when is None else refusal.when.text,
                refusal.detail or None,
            )
        )

    def _input(self, fact: Fact, role: str, person: Person, as_of: str) -> tuple[Any, ...]:
        match fact:
            case Measured():
                return (
                    person.subject,
                    as_of,
                    fact.analyte,
                    "measured",
                    role,
                    None,
                    fact.reported,
                    quantity(fact.interval, fact.unit),
                    *bounds(fact),
                    fact.unit,
                    None if fact.when is None else fact.when.text,
                    fact.status,
                    list(fact.flags),
                    fact.reference_text,
                    *self._origin(fact.origin, fact.path, person),
                )
            case Absent():
                return (
                    person.subject,
                    as_of,
                    fact.name,
                    "absent",
                    role,
                    fact.reason,
                    fact.reported,
                    *(None, None, None, None),
                    None if fact.when is None else fact.when.text,
                    None,
                    [],
                    *(None, None, None, None),
                )
            case Stated():
                return (
                    person.subject,
                    as_of,
                    fact.name,
                    "stated",
                    role,
                    None,
                    "stated" if fact.value else "stated absent",
                    *(None, None, None, None),
                    None if fact.since is None else fact.since.text,
                    fact.status or None,
                    list(fact.flags),
                    None,
                    *self._origin(fact.origin, fact.path, person),
                )

    def _origin(
        self, origin: str, path: str, person: Person
    ) -> tuple[str | None, str | None, int | None]:
        """The resource as its source would name it, its file and line; of a derived fact none."""
        if not path[:1].isdigit():
            return origin or None, None, None
        at, _ = row_of(path)
        piece = self.pieces[person.chunks[at]]
        named = None if origin[:1].isdigit() else origin or None
        return named, piece.file, piece.before + person.lines[at]


def _inputs(case: Case, record: Record) -> Iterator[tuple[Fact, str]]:
    for name, fact in case.facts.items():
        if name in _NO_INPUTS:
            continue
        yield fact, "previous" if name.endswith(PREVIOUS) else "chosen"
        for one in fact.among if isinstance(fact, Absent) else ():
            yield one, "disagreeing"
    for one in record.results:
        yield one, "looked-at"


def _positions(name: str, schema: pa.Schema) -> tuple[int, ...]:
    return tuple(schema.get_field_index(one) for one in tables.order(name))


_OF_INPUTS = _positions("inputs", tables.INPUTS)
_OF_REFUSALS = _positions("refusals", tables.REFUSALS)
_OF_ONE = itemgetter(*(tables.INPUTS.get_field_index(name) for name in ("name", "role")))


def _input_key(row: tuple[Any, ...]) -> tuple[tuple[bool, Any], ...]:
    return tuple((row[at] is None, row[at]) for at in _OF_INPUTS)


def _refusal_key(row: tuple[Any, ...]) -> tuple[tuple[bool, Any], ...]:
    return tuple((row[at] is None, row[at]) for at in _OF_REFUSALS)
