"""The kernel: rows of whole persons in, tables out. Every engine calls this and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from corrin import terminology
from corrin.batch import tables
from corrin.facts.case import Case, Reading, Refusal
from corrin.facts.choose import Policy, choose
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.moment import Moment
from corrin.intake import history
from corrin.intake.gathered import REFUSED, Gathered, gather, row_of
from corrin.intake.template import Slim, Templates
from corrin.interpretation import policy_of, prepared
from corrin.notes.record import Record, Recorder, bounds
from corrin.notes.words import quantity

WENT = ("used", "superseded", "not_ours", "refused")
EACH_RESULT = "each-result"
_NO_FIELDS = ("age",)  # derived from the Patient, and no result


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every person; ``as_of`` is a FHIR date or dateTime, or ``each-result``."""

    as_of: str
    profile: str = "uk"
    packs: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    overlay: str | None = None
    complete: tuple[str, ...] = ()
    against: str | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Piece:
    """Where a chunk stood: the file's name as reported, and the lines before the chunk in it.

    ``native`` maps elements of the resource made of a row to the columns or fields they came from
    (``.value.unit`` → ``OBX-6``), longest first.
    """

    file: str
    before: int = 0
    native: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shared:
    """What every partition needs to know of the whole export.

    Attributes:
        pieces: by number of the chunk.
        products: Medication resources by ``Type/id``, as JSON.
        deleted: ``Type/id`` of resources the export says are deleted.
        newest: of ``Type/id`` that the export holds more than once, the newest version met
            anywhere in it (:func:`corrin.intake.history.version_of`); older ones are superseded.
    """

    pieces: Mapping[int, Piece]
    products: Mapping[str, bytes] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    newest: Mapping[str, tuple[datetime, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found for the persons given.

    Attributes:
        tables: by name (:data:`corrin.batch.tables.NAMES`), sorted as they say.
        went: per chunk how many rows went where: four numbers in the order of :data:`WENT`.
    """

    tables: Mapping[str, pa.Table]
    went: Mapping[int, tuple[int, int, int, int]]


class Judge:
    """One question made ready; safe to use for any number of partitions.

    Raises:
        corrin.interpretation.UsageError: there is no such profile, pack or moment.
    """

    def __init__(self, question: Question, shared: Shared) -> None:
        from pathlib import Path

        from corrin.interpretation import site_file

        self.question, self.shared = question, shared
        self.engine, composer = prepared(
            question.profile,
            question.packs,
            tuple(Path(one) for one in question.folders),
            site_file(question.overlay),
        )
        self.recorder = Recorder(self.engine, composer)
        self.topics = tuple(self.engine.deciders)
        self.policy: Policy = policy_of(question.profile)
        self.zone: tzinfo = UTC
        self._templates = Templates(self.zone)
        self.as_of = None if question.as_of == EACH_RESULT else Moment.parse(question.as_of)
        self._words = terminology.load().reasons
        self._others = {name: parsed(body) for name, body in shared.products.items()}
        self._digest = composer.rules_digest()

    def judge(self, rows: pa.Table) -> Answer:
        """Answer for all persons whose rows are given; each person's rows must be given whole."""
        rows = rows.take(pc.sort_indices(rows, [(n, "ascending") for n in _SORTED]))
        said = _Said({name: [] for name in tables.NAMES}, {})
        for person in _persons(rows):
            self._person(person, said)
        return Answer(
            {
                name: _sorted(tables.table_of(tables.schema_of(name, self.topics), found), name)
                for name, found in said.rows.items()
            },
            {chunk: (n[0], n[1], n[2], n[3]) for chunk, n in sorted(said.went.items())},
        )

    def _person(self, rows: list[dict[str, Any]], said: _Said) -> None:
        every = [given(row) for row in rows]
        gone = [self._is_gone(row["kind"], one) for row, one in zip(rows, every, strict=True)]
        kept = [row for row, away in zip(rows, gone, strict=True) if not away]
        gathered = gather(
            [one for one, away in zip(every, gone, strict=True) if not away],
            others=self._others,
            complete=self.question.complete,
            zone=self.zone,
            templates=self._templates,
        )
        for row, away in zip(rows, gone, strict=True):
            if away:
                said.count(row["chunk"], "superseded")
        for row, went in zip(kept, gathered.went, strict=True):
            said.count(row["chunk"], went.replace("-", "_"))
        subject = rows[0]["subject"]
        self._refusals(subject, kept, gathered, said)
        if gathered.problem is None and any(went != "not-ours" for went in gathered.went):
            for case in self._cases(gathered.reading):
                self._case(subject, case, kept, said)

    def _is_gone(self, kind: str, one: dict[str, Any] | Slim) -> bool:
        """Whether the export says that a resource was deleted, or holds a newer version of it."""
        if not self.shared.deleted and not self.shared.newest:
            return False
        key = f"{kind}/{one.identity if isinstance(one, Slim) else one.get('id')}"
        if key in self.shared.deleted:
            return True
        newest = self.shared.newest.get(key)
        if newest is None:
            return False
        if isinstance(one, Slim):
            raise RuntimeError("a resource met more than once was not handed on whole")
        return history.version_of(one) < newest

    def _cases(self, reading: Reading) -> Iterator[Case]:
        if self.as_of is not None:
            yield choose(reading, self.as_of, self.policy)
            return
        raise NotImplementedError(EACH_RESULT)

    def _case(
        self, subject: str, case: Case, rows: Sequence[Mapping[str, Any]], said: _Said
    ) -> None:
        record = self.recorder.of(self.engine.evaluate(case))
        key = {"subject": subject, "as_of": case.as_of.text}
        report: dict[str, Any] = key | {
            "in_scope": record.in_scope,
            "urgency": record.urgency,
            "notes": len(record.notes),
            "rules": self._digest,
        }
        for status in record.statuses:
            report[status.topic] = status.status
            report[f"{status.topic}_possible"] = (
                None if status.status is not None else list(status.possible)
            )
            said.rows["statuses"].append(
                key
                | {
                    "topic": status.topic,
                    "pack": status.pack,
                    "status": status.status,
                    "possible": list(status.possible),
                    "urgency": status.urgency,
                    "because": status.because,
                    "restrictions": list(status.restrictions),
                    "missing": list(status.missing),
                    "assumed": list(status.assumed),
                }
            )
        said.rows["reports"].append(report)
        for note in record.notes:
            said.rows["notes"].append(key | {name: getattr(note, name) for name in _OF_NOTE})
        for fact, role in _inputs(case, record):
            said.rows["inputs"].append(key | self._input(fact, role, rows))

    def _input(self, fact: Fact, role: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """One row of the table of inputs."""
        match fact:
            case Measured():
                low, high = bounds(fact)
                return {
                    "name": fact.analyte,
                    "kind": "measured",
                    "role": role,
                    "reported": fact.reported,
                    "compared": quantity(fact.interval, fact.unit),
                    "low": low,
                    "high": high,
                    "unit": fact.unit,
                    "when": None if fact.when is None else fact.when.text,
                    "status": fact.status,
                    "flags": list(fact.flags),
                    "laboratory_range": fact.reference_text,
                    **self._origin(fact.origin, fact.path, rows),
                }
            case Absent():
                return {
                    "name": fact.name,
                    "kind": "absent",
                    "role": role,
                    "reason": fact.reason,
                    "reported": fact.reported,
                    "when": None if fact.when is None else fact.when.text,
                    "flags": [],
                }
            case Stated():
                return {
                    "name": fact.name,
                    "kind": "stated",
                    "role": role,
                    "reported": "stated" if fact.value else "stated absent",
                    "when": None if fact.since is None else fact.since.text,
                    "status": fact.status or None,
                    "flags": list(fact.flags),
                    **self._origin(fact.origin, fact.path, rows),
                }

    def _origin(self, origin: str, path: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        if not path[:1].isdigit():
            return {"origin": origin or None}
        at, _ = row_of(path)
        piece = self.shared.pieces[rows[at]["chunk"]]
        return {
            "origin": None if origin.startswith(path[:9]) else origin or None,
            "file": piece.file,
            "line": piece.before + rows[at]["line"],
        }

    def _refusals(
        self,
        subject: str,
        rows: Sequence[Mapping[str, Any]],
        gathered: Gathered,
        said: _Said,
    ) -> None:
        if gathered.problem is not None:
            for row in rows:
                said.rows["refusals"].append(
                    self._refused(subject, row, "", Refusal(gathered.problem, ""))
                )
            return
        for refusal in gathered.reading.refusals:
            at, element = row_of(refusal.path)
            said.rows["refusals"].append(self._refused(subject, rows[at], element, refusal))

    def _refused(
        self, subject: str, row: Mapping[str, Any], element: str, refusal: Refusal
    ) -> dict[str, Any]:
        words = self._words.get(refusal.reason)
        piece = self.shared.pieces[row["chunk"]]
        return {
            "subject": subject,
            "file": piece.file,
            "line": piece.before + row["line"],
            "path": native(row["place"], row["kind"], element, piece.native),
            "reason": refusal.reason,
            "says": refusal.reason if words is None else words.sentence,
            "remedy": "" if words is None else words.remedy,
            "name": refusal.name,
            "reported": refusal.reported or None,
            "when": None if refusal.when is None else refusal.when.text,
            "detail": refusal.detail or None,
        }


_SORTED = ("subject", "chunk", "line", "seq")
_OF_NOTE = (
    "rule",
    "pack",
    "version",
    "topic",
    "urgency",
    "rule_status",
    "verified",
    "summary",
    "detail",
    "basis",
)


@dataclass(slots=True)
class _Said:
    rows: dict[str, list[dict[str, Any]]]
    went: dict[int, list[int]]

    def count(self, chunk: int, went: str) -> None:
        """Count one row."""
        self.went.setdefault(chunk, [0, 0, 0, 0])[WENT.index(went)] += 1


def native(place: str, kind: str, element: str, names: Mapping[str, str]) -> str:
    """Where an element stood: as the source calls it, else as a FHIRPath."""
    for start, name in names.items():
        if element == start or element.startswith(f"{start}."):
            return f"{place}.{name}" if place else name
    return f"{place or kind}{element}"


def parsed(body: bytes) -> dict[str, Any]:
    """A resource of a row, numbers as Decimal."""
    found: dict[str, Any] = json.loads(body, parse_float=Decimal, parse_int=Decimal)
    return found


def given(row: Mapping[str, Any]) -> dict[str, Any] | Slim:
    """What a row holds, as the intake takes it."""
    if row["id"] is None:
        return parsed(row["body"])
    return Slim(
        row["body"],
        row["subject"],
        row["id"],
        row["effective"],
        row["issued"],
        row["identifier"],
    )


def resource_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The resource of a row; of a slim one with what was kept beside it put back."""
    found = given(row)
    return found.restore() if isinstance(found, Slim) else found


def _persons(rows: pa.Table) -> Iterator[list[dict[str, Any]]]:
    """The rows of each person, in order."""
    person: list[dict[str, Any]] = []
    for batch in rows.to_batches():
        for row in batch.to_pylist():
            if person and person[0]["subject"] != row["subject"]:
                yield person
                person = []
            person.append(row)
    if person:
        yield person


def _inputs(case: Case, record: Record) -> Iterator[tuple[Fact, str]]:
    for name, fact in case.facts.items():
        if name in _NO_FIELDS:
            continue
        yield fact, "chosen"
        for one in fact.among if isinstance(fact, Absent) else ():
            yield one, "disagreeing"
    for one in record.results:
        yield one, "looked-at"


def _sorted(table: pa.Table, name: str) -> pa.Table:
    """In the order of its kind. Codes are sorted as texts: their dictionary has no order."""
    keys = {}
    for one in tables.order(name):
        column = table.column(one)
        code = pa.types.is_dictionary(column.type)
        keys[one] = column.cast(pa.string()) if code else column
    return table.take(pc.sort_indices(pa.table(keys), [(one, "ascending") for one in keys]))


__all__ = ["EACH_RESULT", "REFUSED", "WENT", "Answer", "Judge", "Piece", "Question", "Shared"]
