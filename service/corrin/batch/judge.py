"""The kernel: rows of whole persons in, tables out. Every engine calls this and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

import pyarrow as pa

from corrin.batch import against, cases, disputed, fhir_answers
from corrin.batch.persons import Given, Person, persons, resource_of
from corrin.batch.question import EACH_RESULT, Piece, Question, Shared
from corrin.batch.written import WENT, Written
from corrin.facts.case import Case, Reading, Refusal
from corrin.facts.choose import Policy
from corrin.facts.moment import Moment
from corrin.intake import history
from corrin.intake.dates import parse_moment
from corrin.intake.gathered import NOT_OURS, Gathered, gather, row_of
from corrin.intake.slim import Slim, parsed
from corrin.intake.template import Templates
from corrin.interpretation import UsageError, policy_of, prepared, site_file
from corrin.notes.many import Many
from corrin.notes.record import Recorder
from corrin.zone import zone_of

# So many cases go through the rules together: enough to make it worth while, few to hold.
CASES_AT_ONCE = 4096
VALUES_AT_ONCE = 1_000_000

_SEXES = frozenset({"male", "female"})
TWO_NUMBERINGS = "input-numbers-mixed"
"""Why a person is refused whom inputs of two formats have under one number."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found for the persons given.

    Attributes:
        tables: by name (:data:`corrin.batch.tables.NAMES`), sorted as they say.
        went: per chunk how many rows went where: four numbers in the order of :data:`WENT`.
    """

    tables: Mapping[str, pa.Table]
    went: Mapping[int, tuple[int, int, int, int]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One case of one person, waiting to be judged with others."""

    person: Person
    case: Case


class Judge:
    """One question made ready; safe to use for any number of partitions, one after the other.

    Raises:
        corrin.interpretation.UsageError: there is no such profile, pack, zone or moment.
    """

    def __init__(self, question: Question, shared: Shared) -> None:
        self.question, self.shared = question, shared
        self.engine, self.composer = prepared(
            question.profile,
            question.packs,
            tuple(Path(one) for one in question.folders),
            site_file(question.overlay),
        )
        self.many = Many(self.engine, Recorder(self.engine, self.composer))
        self.topics = tuple(self.engine.deciders)
        self.policy: Policy = policy_of(question.profile)
        self.zone: tzinfo = zone_of(question.zone)
        self.as_of: Moment | None = None
        if question.as_of != EACH_RESULT:
            moment = parse_moment(question.as_of, self.zone)
            if moment is None:
                raise UsageError(
                    "The moment to interpret for is not a FHIR date or dateTime.",
                    f"Write it as 2026-11-01 or 2026-11-01T09:00:00Z, or {EACH_RESULT}.",
                )
            self.as_of = moment.asked_in(self.zone)
        self.against: against.Against | None = None
        if question.against is not None:
            self.against = against.Against(self.engine, self.composer, question.against)
        self.answers: fhir_answers.Answers | None = None
        if question.fhir is not None:
            self.answers = fhir_answers.Answers(
                self.engine, self.composer, self.policy, question.fhir, self.zone
            )
        self._digest = self.composer.rules_digest()
        self._templates = Templates(self.zone)
        self._formats = 1
        self._others: tuple[Mapping[str, bytes], dict[str, Any]] | None = None

    def judge(self, rows: pa.Table) -> Answer:
        """Answer for all persons whose rows are given; each person's rows must be given whole."""
        written = Written(self.topics, self.shared.pieces, self._digest)
        self._formats = len({one.format for one in self.shared.pieces.values()})
        if self.against is not None:
            written.rows[against.TABLE] = []
        if self.answers is not None:
            written.rows |= {fhir_answers.table(kind): [] for kind in fhir_answers.KINDS}
        waiting: list[Asked] = []
        values = 0
        for person in persons(rows):
            for asked in self._person(person, written):
                waiting.append(asked)
                values += sum(map(len, asked.case.every.values()))
                if len(waiting) >= CASES_AT_ONCE or values >= VALUES_AT_ONCE:
                    self._flush(waiting, written)
                    waiting, values = [], 0
        self._flush(waiting, written)
        went = {chunk: (n[0], n[1], n[2], n[3]) for chunk, n in sorted(written.went.items())}
        return Answer(written.tables(), went)

    def _person(self, person: Person, written: Written) -> Iterator[Asked]:
        """Read one person; the cases to be judged."""
        if self._formats > 1 and self._numbered_twice(person):
            _refuse_whole(person, TWO_NUMBERINGS, written)
            return
        if self.shared.deleted or self.shared.newest:
            person = self._standing(person, written)
        if person.kinds.count("Patient") > 1 and _differ_in_all(person):
            _refuse_whole(person, "two-subjects", written)
            return
        gathered = self._gathered(person)
        for (chunk, went), rows in Counter(zip(person.chunks, gathered.went, strict=True)).items():
            written.count(chunk, went.replace("-", "_"), rows)
        _refusals(person, gathered, written)
        if gathered.problem is None and any(went != NOT_OURS for went in gathered.went):
            remark = cases.remark(gathered.reading) if self.as_of is None else None
            if remark is not None:
                written.refused(person, 0, "", Refusal(remark, ""))
            for case in self._cases(gathered.reading):
                yield Asked(person, case)

    def _standing(self, person: Person, written: Written) -> Person:
        """A person without what the export says is deleted, or holds a newer version of."""
        gone = [*map(self._is_gone, person.kinds, person.given)]
        if not any(gone):
            return person
        for chunk, away in zip(person.chunks, gone, strict=True):
            if away:
                written.count(chunk, "superseded")
        return person.without(gone)

    def _cases(self, reading: Reading) -> Iterator[Case]:
        return cases.cases(reading, self.as_of, self.policy, self.zone)

    def _flush(self, waiting: Sequence[Asked], written: Written) -> None:
        """Judge the cases that wait, and write down what is found."""
        records = self.many.records([asked.case for asked in waiting])
        for asked, record in zip(waiting, records, strict=True):
            written.case(asked.person, asked.case, record)
        if self.against is not None:
            subjects = [asked.person.subject for asked in waiting]
            found = self.against.rows(subjects, [asked.case for asked in waiting], records)
            written.rows[against.TABLE] += found
        if self.answers is not None:
            for asked in waiting:
                for table, text in self.answers.of(asked.person, asked.case, self.shared.pieces):
                    written.rows[table].append((text,))

    def _gathered(self, person: Person) -> Gathered:
        """What is read of a person, without what other people have as well."""
        found = gather(
            person.given,
            others=self._products(),
            complete=self.question.complete,
            zone=self.zone,
            templates=self._templates,
        )
        if not self.shared.disputed:
            return found
        names = map(_name, person.kinds, person.given)
        rows = {row for row, name in enumerate(names) if name in self.shared.disputed}
        return disputed.refused(found, rows)

    def _is_gone(self, kind: str, one: Given) -> bool:
        """Whether the export says that a resource was deleted, or holds a newer version of it."""
        key = _name(kind, one)
        if key in self.shared.deleted:
            return True
        newest = self.shared.newest.get(key)
        if newest is None:
            return False
        if isinstance(one, Slim):
            raise RuntimeError("a resource met more than once was not handed on whole")
        return history.version_of(one) < newest

    def _numbered_twice(self, person: Person) -> bool:
        """Whether inputs of several formats speak of a person under one number.

        Person 1 of a database and ``Patient/1`` of a server are hardly ever the same.
        """
        pieces = self.shared.pieces
        return len({pieces[chunk].format for chunk in set(person.chunks)}) > 1

    def _products(self) -> Mapping[str, dict[str, Any]]:
        """The Medication resources, parsed once."""
        known = self._others
        if known is None or known[0] is not self.shared.products:
            made = {name: parsed(body) for name, body in self.shared.products.items()}
            known = self._others = (self.shared.products, made)
        return known[1]


def _name(kind: str, one: Given) -> str:
    """``Type/id`` of a resource."""
    return f"{kind}/{one.identity if isinstance(one, Slim) else one.get('id')}"


def _differ_in_all(person: Person) -> bool:
    """Whether the Patients of one id, none newer than the others, differ in sex and birth date.

    Then two servers gave out one id, or one id was given to two people: one slip is common, but
    nobody's sex and birth date are mended at once and both versions kept.
    """
    told = [one for kind, one in zip(person.kinds, person.given, strict=True) if kind == "Patient"]
    sexes = {str(one.get("gender")) for one in told if isinstance(one, dict)} & _SEXES
    births = {str(one["birthDate"]) for one in told if isinstance(one, dict) and "birthDate" in one}
    return len(sexes) > 1 and len(births) > 1


def _refuse_whole(person: Person, reason: str, written: Written) -> None:
    for row, chunk in enumerate(person.chunks):
        written.count(chunk, "refused")
        written.refused(person, row, "", Refusal(reason, ""))


def _refusals(person: Person, gathered: Gathered, written: Written) -> None:
    if gathered.problem is not None:
        for row in range(len(person.given)):
            written.refused(person, row, "", Refusal(gathered.problem, ""))
        return
    for refusal in gathered.reading.refusals:
        row, element = row_of(refusal.path)
        written.refused(person, row, element, refusal)


__all__ = [
    "EACH_RESULT",
    "WENT",
    "Answer",
    "Judge",
    "Piece",
    "Question",
    "Shared",
    "resource_of",
]
