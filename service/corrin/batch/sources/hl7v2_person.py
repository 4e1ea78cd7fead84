"""PID → whose results these are, and a Patient."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from corrin.batch.sources import local_time, resources
from corrin.batch.sources.hl7v2_message import Segment, shown, undecoded, words

_OID = re.compile(r"[0-2](?:\.\d+)+", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9.]+", re.ASCII)
_IDS, _BIRTH, _SEX, _DIED, _DEAD, _SPECIES = 3, 7, 8, 29, 30, 35
_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a group of results is about.

    Attributes:
        name: what the source calls the person: the number, and who assigned it.
        resource: the Patient.
        reason: why nothing about this one can be taken, else empty; ``path`` says where.
    """

    name: str
    resource: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, order=True)
class _Number:
    rank: int
    authority: str
    value: str
    kind: str


def person_of(segment: Segment, sent: str, zone: str) -> Person:
    """The person of a PID; ``sent`` is when the message was made, as a FHIR dateTime."""
    numbers = _numbers(segment)
    if not numbers:
        return Person("", reason="subject-missing", path="PID-3")
    best = min(numbers)
    name = _name(best)
    if undecoded(name):
        return Person("", reason="input-encoding", path="PID-3")
    species = segment.repeats(_SPECIES)[0]
    if species[0][0] and species[0][0].strip() not in words()["human"]:
        return Person(name, reason="not-the-patient", path="PID-35")
    return Person(name, _patient(name, segment, numbers, sent, zone))


def _name(number: _Number) -> str:
    """What the person is called: the number, and behind a hyphen who assigned it."""
    if not number.authority:
        return number.value
    mark = "-" if _PLAIN.fullmatch(number.authority) else "|"  # else two names might be one
    return f"{number.value}{mark}{number.authority}"


def _numbers(segment: Segment) -> list[_Number]:
    """The numbers a person goes by, in their order in the message."""
    types: list[str] = words()["identifier_types"]
    found = []
    for components in segment.repeats(_IDS):
        value = components[0][0].strip()
        kind = components[4][0].strip() if len(components) > 4 else ""
        if not value or value == '""' or kind in words()["not_of_persons"]:
            continue
        rank = types.index(kind) if kind in types else len(types)
        found.append(_Number(rank, authority_of(components, 3), value, kind))
    return found


def authority_of(components: list[list[str]], at: int) -> str:
    """Who assigned a number (HD): its universal id where there is one, else its name."""
    parts = [part.strip() for part in components[at]] if len(components) > at else [""]
    universal = parts[1] if len(parts) > 1 else ""
    return universal or parts[0]


def _patient(
    name: str, segment: Segment, numbers: list[_Number], sent: str, zone: str
) -> dict[str, Any]:
    birth = local_time.of_dtm(segment.text(_BIRTH), zone)[: len("2026-07-01")]
    sex = segment.text(_SEX)
    gender = words()["sex"].get(sex.upper(), sex)
    died = local_time.of_dtm(segment.text(_DIED), zone)
    dead = {"Y": True, "N": False}.get(segment.text(_DEAD).upper())
    # One that tells all is newer than one that does not: an empty field says nothing in HL7 v2.
    version = sent if birth and gender else ""
    return resources.person(
        name,
        gender=shown(gender),
        birth=shown(birth),
        dead=dead,
        died=shown(died),
        identifier=[_identifier(one) for one in numbers if not undecoded(one.value)],
        updated=version,
    )


def _identifier(number: _Number) -> dict[str, Any]:
    found: dict[str, Any] = {"value": number.value}
    if number.kind:
        found["type"] = resources.concept([resources.Code(_TYPES, shown(number.kind))])
    if number.authority:
        oid = _OID.fullmatch(number.authority) is not None
        found["system"] = f"urn:oid:{number.authority}" if oid else shown(number.authority)
    return found
