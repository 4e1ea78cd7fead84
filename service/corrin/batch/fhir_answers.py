"""Reports of an export as FHIR R4, one resource after another, ready for a bulk import.

Each report becomes what the service answers in FHIR (``render/fhir``): a GuidanceResponse, a
DetectedIssue per note, a Provenance. What there is a message's entry and refers by ``urn:uuid`` is
here a resource of its own, referred to by type and id. The Device, the same for everybody, is
written once. Draft orders are left out: nobody wants one for a whole population.

People and results are referred to as the export names them. Where it gives no id, a result is named
by its file and line, and a person not at all; ids then depend on the key by which their rows came
together, so that two of them never share one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import Any, TypeVar

from corrin.batch.persons import Person
from corrin.batch.question import Piece
from corrin.batch.tables import FHIR
from corrin.evaluate.engine import Engine
from corrin.facts.case import Case, Reading, Refusal, Subject
from corrin.facts.choose import Policy, choose
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.moment import Moment
from corrin.intake.gathered import row_of
from corrin.notes.compose import Composer
from corrin.render.fhir import bundle, naming
from corrin.render.fhir.reference import resolvable

KINDS = ("GuidanceResponse", "DetectedIssue", "Provenance")
DEVICE = "Device"
NOWHERE = "https://corrin.invalid"
"""What canonical URLs begin with where no service is named."""

_ROW = 9
_One = TypeVar("_One", Measured, Stated, Refusal)
_SOME_DAY = "2000-01-01"


def table(kind: str) -> str:
    """The name of the table of a kind of resource: where it lies in the dataset."""
    return f"{FHIR}{kind}"


@dataclass(frozen=True, slots=True)
class Answers:
    """Writes the answers of one question.

    Attributes:
        base: URL of the service whose rules and codes the answers point to.
        zone: of moments written without one.
    """

    engine: Engine
    composer: Composer
    policy: Policy
    base: str = NOWHERE
    zone: tzinfo = UTC

    def of(
        self, person: Person, case: Case, pieces: Mapping[int, Piece]
    ) -> Iterator[tuple[str, str]]:
        """The resources of one case: table and JSON.

        Args:
            person: where the rows stood that the case was read from.
            pieces: by number of the chunk.
        """
        for resource in self._resources(person.subject, placed(case, person, pieces)):
            kind = resource["resourceType"]
            if kind in KINDS:
                yield table(kind), _json(resource)

    def device(self) -> str:
        """The Device that every answer refers to."""
        nobody = choose(Reading(Subject()), Moment.parse(_SOME_DAY), self.policy)
        found = self._resources("", nobody)
        return next(_json(one) for one in found if one["resourceType"] == DEVICE)

    def _resources(self, subject: str, case: Case) -> list[dict[str, Any]]:
        report = self.composer.compose(self.engine.evaluate(case))
        about = subject if resolvable(subject) else ""
        answer = bundle(report, base=self.base, about=about, zone=self.zone)
        found = [entry["resource"] for entry in answer["entry"]]
        salt = "" if about else subject
        named = {f"urn:uuid:{one['id']}": (one["resourceType"], _id(one, salt)) for one in found}
        return [{**_apart(one, named), "id": named[f"urn:uuid:{one['id']}"][1]} for one in found]


def placed(case: Case, person: Person, pieces: Mapping[int, Piece]) -> Case:
    """A case in which what was named by its row is named by its element, file and line."""
    names = _Names(person, pieces)
    return replace(
        case,
        facts=MappingProxyType({name: names.fact(one) for name, one in case.facts.items()}),
        earlier=names.each(case.earlier),
        every=names.each(case.every),
        refusals=tuple(map(names.named, case.refusals)),
    )


class _Names:
    """Names of rows in the place of their numbers; one fact stays one, wherever it stands."""

    def __init__(self, person: Person, pieces: Mapping[int, Piece]) -> None:
        self._person, self._pieces = person, pieces
        self._met: dict[int, Measured] = {}

    def fact(self, one: Fact) -> Fact:
        match one:
            case Measured():
                return self._measured(one)
            case Stated():
                return self.named(one)
            case Absent():
                return replace(
                    one,
                    origins=tuple(map(self._origin, one.origins)),
                    among=tuple(map(self._measured, one.among)),
                )

    def each(self, found: Mapping[str, tuple[Measured, ...]]) -> Mapping[str, tuple[Measured, ...]]:
        return MappingProxyType({n: tuple(map(self._measured, s)) for n, s in found.items()})

    def named(self, one: _One) -> _One:
        return replace(one, origin=self._origin(one.origin), path=self._path(one.path))

    def _measured(self, one: Measured) -> Measured:
        known = self._met.get(id(one))
        if known is None:
            known = self._met[id(one)] = self.named(one)
        return known

    def _path(self, text: str) -> str:
        if not text[:_ROW].isdigit():
            return text
        row, element = row_of(text)
        return self._person.place(row, element, self._pieces)[2]

    def _origin(self, text: str) -> str:
        if not text[:_ROW].isdigit():
            return text
        row, inner = row_of(text)
        file, line, _ = self._person.place(row, "", self._pieces)
        return " ".join(one for one in (f"{file}:{line}", self._person.places[row], inner) if one)


def _id(resource: Mapping[str, Any], salt: str) -> str:
    id = str(resource["id"])
    return naming.uuid((salt,), id) if salt and resource["resourceType"] != DEVICE else id


def _apart(value: Any, named: Mapping[str, tuple[str, str]]) -> Any:
    """A resource that refers to others by type and id; to what is left out, not at all."""
    if isinstance(value, Mapping):
        return {name: _apart(part, named) for name, part in value.items()}
    if isinstance(value, list):
        return [_apart(one, named) for one in value if not _left_out(one, named)]
    if isinstance(value, str) and value in named:
        return "/".join(named[value])
    return value


def _left_out(one: Any, named: Mapping[str, tuple[str, str]]) -> bool:
    kind, _ = (
        named.get(one.get("reference", ""), ("", "")) if isinstance(one, Mapping) else ("", "")
    )
    return bool(kind) and kind not in (*KINDS, DEVICE)


def _json(resource: Mapping[str, Any]) -> str:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
