"""Rows of the tables of the OMOP CDM → resources."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from corrin.batch.sources import local_time, resources
from corrin.batch.sources.cdm_table import Cell
from corrin.batch.sources.codes import Codes
from corrin.batch.sources.mapping_time import TimeFormat
from corrin.batch.sources.observation import Record, resource
from corrin.batch.sources.omop_concepts import Concept, words
from corrin.batch.sources.omop_value import Told, codes_of, valued
from corrin.batch.sources.resources import Code
from corrin.intake.observation import concerns_us

Made = tuple[str, bytes]
_ID = re.compile(r"[A-Za-z0-9.\-]{1,48}", re.ASCII)
_MIDNIGHT = re.compile(r"T00:00:00(?:\.0+)?(?:Z|[+-]\d{2}:\d{2})?$")
_DAY = len("2026-07-01")
_MOST_NAMED = 100_000


class Named(NamedTuple):
    """Codes of a result, whether they concern us, and how many concepts nobody knows."""

    codes: list[Code]
    concerns_us: bool
    unknown: int


@dataclass(slots=True)
class Makes:
    """What rows are made with: concepts by id, local codes, the zone of times, what to tell."""

    concepts: Mapping[str, Concept]
    local: Codes
    zone: str
    told: Told
    _named: dict[tuple[str, ...], Named] = field(default_factory=dict)

    def named(self, cell: Cell, kind: str) -> Named:
        """What the concepts of a result name; found out once for each combination of them."""
        names = (f"{kind}_concept_id", f"{kind}_source_concept_id")
        source, value = f"{kind}_source_value", "value_as_concept_id"
        key = (*(cell.number(name) for name in (*names, value)), cell(source))
        found = self._named.get(key)
        if found is None:
            if len(self._named) >= _MOST_NAMED:
                self._named.clear()
            told = Told()
            coded = codes_of(cell, self.concepts, names, source, told)
            answer = self.concepts.get(key[2])
            skeleton = {
                "code": resources.concept(self.local.mapped(coded)),
                "valueString": "",
                "valueCodeableConcept": resources.concept([answer.coding()] if answer else []),
            }
            found = self._named[key] = Named(coded, concerns_us(skeleton), told.unknown)
        return found


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns that must be there, those that hold concepts, and what is made.

    ``native`` maps elements to columns.
    """

    columns: frozenset[str]
    concepts: tuple[str, ...]
    make: Callable[[Cell, str, Makes], Made | None]
    native: Mapping[str, str] = field(default_factory=dict)


def _measurement(cell: Cell, person: str, makes: Makes) -> Made | None:
    return _result(cell, person, makes, "measurement", cell("value_source_value"))


def _observation(cell: Cell, person: str, makes: Makes) -> Made | None:
    text = cell("value_as_string") or cell("value_source_value")
    return _result(cell, person, makes, "observation", text)


def _result(cell: Cell, person: str, makes: Makes, kind: str, text: str) -> Made | None:
    named = makes.named(cell, kind)
    makes.told.unknown += named.unknown
    if not named.concerns_us:
        return None
    number = cell.number(f"{kind}_id")
    made = Record(
        person,
        codes=named.codes,
        text=_name(named.codes),
        when=_time(cell, kind, makes),
        id=f"{kind}-{number}" if _ID.fullmatch(number) else "",
        **valued(cell, makes.concepts, text, makes.told),
    )
    found = resource(makes.local.record(made))
    return ("Observation", resources.encoded(found)) if concerns_us(found) else None


def _person(cell: Cell, person: str, makes: Makes) -> Made | None:
    known = words()
    gender = known["genders"].get(cell.number("gender_concept_id"), "")
    if not gender:
        gender = known["gender_texts"].get(cell("gender_source_value").lower(), "")
    year = cell.number("year_of_birth")
    birth = _date(cell("birth_datetime"))[:_DAY]
    if year:
        parts = [year.zfill(4)]
        for name in ("month_of_birth", "day_of_birth"):
            part = cell.number(name)
            if not part:
                break
            parts.append(part.zfill(2))
        birth = "-".join(parts)
    return "Patient", resources.patient(person, gender=gender, birth=birth)


def _death(cell: Cell, person: str, makes: Makes) -> Made | None:
    died = _date(cell("death_datetime") or cell("death_date"))
    return "Patient", resources.patient(person, died=_MIDNIGHT.sub("", died), dead=True)


def _condition(cell: Cell, person: str, makes: Makes) -> Made | None:
    names = ("condition_concept_id", "condition_source_concept_id")
    coded = codes_of(cell, makes.concepts, names, "condition_source_value", makes.told)
    status = cell.number("condition_status_concept_id")
    unsure = words()["unsure"]
    named = makes.concepts.get(status)
    provisional = status in unsure["ids"] or (
        named is not None and named.name.lower() in unsure["names"]
    )
    start = _span(cell, "condition_start", makes)
    end = _span(cell, "condition_end", makes)
    return "Condition", resources.condition(
        person,
        makes.local.mapped(coded),
        text=_name(coded),
        verification="provisional" if provisional else "",
        onset=start,
        # Ended on the day it began it was written down on one day, which says nothing of its end.
        abated="" if end[:_DAY] == start[:_DAY] else end,
    )


def _drug(cell: Cell, person: str, makes: Makes) -> Made | None:
    names = ("drug_concept_id", "drug_source_concept_id")
    coded = codes_of(cell, makes.concepts, names, "drug_source_value", makes.told)
    kind = cell.number("drug_type_concept_id")
    named = makes.concepts.get(kind)
    given = kind in words()["given"]["ids"] or (
        named is not None and named.name.lower() in words()["given"]["names"]
    )
    route = codes_of(cell, makes.concepts, ("route_concept_id",), "", makes.told)
    made = "MedicationAdministration" if given else "MedicationStatement"
    start = _span(cell, "drug_exposure_start", makes)
    end = _span(cell, "drug_exposure_end", makes)
    return made, resources.medication(
        made,
        person,
        makes.local.mapped(coded),
        text=_name(coded) or cell("drug_source_value"),
        status="completed" if given else "active",
        start=start,
        end="" if given and end[:_DAY] == start[:_DAY] else end,
        route=(route, cell("route_source_value")),
    )


def _procedure(cell: Cell, person: str, makes: Makes) -> Made | None:
    names = ("procedure_concept_id", "procedure_source_concept_id")
    coded = codes_of(cell, makes.concepts, names, "procedure_source_value", makes.told)
    when = _time(cell, "procedure", makes)
    return "Procedure", resources.procedure(
        person, makes.local.mapped(coded), text=_name(coded), when=when
    )


def _name(coded: list[Code]) -> str:
    return next((one.display for one in coded if one.display), "")


def _time(cell: Cell, kind: str, makes: Makes) -> str:
    """The time of a row: its date, with the time of day where one is told."""
    day, moment = _date(cell(f"{kind}_date")), _date(cell(f"{kind}_datetime"))
    clock = cell(f"{kind}_time")
    return _joined(day, moment, clock, makes)


def _span(cell: Cell, start: str, makes: Makes) -> str:
    return _joined(_date(cell(f"{start}_date")), _date(cell(f"{start}_datetime")), "", makes)


_CLOCK = re.compile(r"\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?", re.ASCII)


def _joined(day: str, moment: str, clock: str, makes: Makes) -> str:
    # Midnight stands for no time of day in this model.
    moment = _MIDNIGHT.sub("", moment)
    if len(day) > _DAY:
        moment, day = moment or _MIDNIGHT.sub("", day), day[:_DAY]
    if day and moment and moment[:_DAY] != day:
        makes.told.dates += 1
        return day
    found = moment or day
    if len(found) == _DAY and _CLOCK.fullmatch(clock) and not clock.startswith("00:00"):
        found = f"{found}T{clock}"
    return local_time.settled(found, makes.zone)


@lru_cache(maxsize=8192)
def _date(text: str) -> str:
    """A date or time as FHIR writes it; any other text as it stands, for the reader to refuse."""
    return "" if not text else (TimeFormat.of(()).read(text) or text)


def _columns(*names: str) -> frozenset[str]:
    return frozenset(names)


def _native(kind: str, **more: str) -> dict[str, str]:
    return {
        ".code": f"{kind}_concept_id",
        ".effective": f"{kind}_date",
        ".performed": f"{kind}_date",
        **{f".{name.replace('_', '.')}": column for name, column in more.items()},
    }


_RESULT: dict[str, Any] = {
    "value_unit": "unit_concept_id",
    "value_value": "value_as_number",
    "value_comparator": "operator_concept_id",
    "value": "value_source_value",
    "referenceRange": "range_low",
}

TABLES = (
    Table(
        _columns("measurement_id", "person_id", "measurement_concept_id", "measurement_date"),
        (
            "measurement_concept_id",
            "measurement_source_concept_id",
            "operator_concept_id",
            "value_as_concept_id",
            "unit_concept_id",
            "unit_source_concept_id",
        ),
        _measurement,
        _native("measurement", **_RESULT),
    ),
    Table(
        _columns("observation_id", "person_id", "observation_concept_id", "observation_date"),
        (
            "observation_concept_id",
            "observation_source_concept_id",
            "value_as_concept_id",
            "unit_concept_id",
        ),
        _observation,
        _native("observation", **_RESULT | {"value": "value_as_string"}),
    ),
    Table(
        _columns("condition_occurrence_id", "person_id", "condition_concept_id"),
        ("condition_concept_id", "condition_source_concept_id", "condition_status_concept_id"),
        _condition,
        _native(
            "condition",
            onsetDateTime="condition_start_date",
            abatementDateTime="condition_end_date",
            verificationStatus="condition_status_concept_id",
        ),
    ),
    Table(
        _columns("drug_exposure_id", "person_id", "drug_concept_id"),
        ("drug_concept_id", "drug_source_concept_id", "drug_type_concept_id", "route_concept_id"),
        _drug,
        {
            ".medication": "drug_concept_id",
            ".effectivePeriod": "drug_exposure_start_date",
            ".effectiveDateTime": "drug_exposure_start_date",
            ".status": "drug_type_concept_id",
        },
    ),
    Table(
        _columns("procedure_occurrence_id", "person_id", "procedure_concept_id"),
        ("procedure_concept_id", "procedure_source_concept_id"),
        _procedure,
        _native("procedure", performedDateTime="procedure_date"),
    ),
    Table(
        _columns("person_id", "death_date", "cause_concept_id"),
        (),
        _death,
        {".deceased": "death_date"},
    ),
    Table(
        _columns("person_id", "gender_concept_id", "year_of_birth"),
        (),
        _person,
        {".birthDate": "year_of_birth", ".gender": "gender_concept_id"},
    ),
)
"""The tables that are read, besides CONCEPT."""
