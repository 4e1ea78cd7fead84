"""What a source says of one result → an Observation in JSON, for the reader of FHIR.

Nothing is decided here that the reader decides: a unit stays as it was spelt, a value that is not
plainly a number stays a text, and what contradicts itself is written so that it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from corrin.batch.sources import resources
from corrin.batch.sources.resources import Code
from corrin.intake import number
from corrin.terminology.table import fold

UCUM = "http://unitsofmeasure.org"
_SIGNS = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
# A number as JSON writes it, and no longer than one request's may be.
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,40})(?:\.\d{1,40})?(?:[eE][+-]?[12]?\d)?", re.ASCII)
_SIGNED = re.compile(rf"(?P<sign><=|>=|<|>)?\s*(?P<figure>{_NUMBER.pattern})", re.ASCII)
_EQUAL = frozenset({"", "="})


@dataclass(frozen=True, slots=True)
class Record:
    """One result as a source gives it; texts are empty where it says nothing.

    Attributes:
        patient: what the source calls the person; see :func:`resources.reference_of`.
        codes: codes of the test; a code of the site has a system of the site.
        text: the name of the test.
        value_text: the result as written. It wins over ``value_number`` where they disagree.
        value_number: the result in a column for numbers, digits as written.
        value: ``value[x]`` that the source itself has typed (``{"valueDateTime": …}``), instead.
        comparator: in a column of its own: ``<``, ``<=``, ``>``, ``>=``, ``=`` or nothing.
        unit_text, unit_code: the unit as spelt, and as UCUM where the source says it is UCUM.
        low, high, range_text: the laboratory's own range: its ends, or all of it as text.
        when, issued: FHIR dateTimes; of the sample, and of the report.
        status: ``Observation.status``.
        interpretation: codes such as ``H``, in order.
        specimen, specimen_codes: the sample as named and as coded.
        specimen_condition: codes of the state it was in (haemolysed).
        comment: remarks of the laboratory.
        identifier: ``(system, value)`` that tells this result from others.
        absent: why there is no value (``unknown``, ``not-asked``), if it says so.
        id: ``Observation.id``, where the source has one that is the same in every export.
    """

    patient: str
    codes: Sequence[Code] = ()
    text: str = ""
    value_text: str = ""
    value_number: str | Decimal | None = None
    value: Mapping[str, Any] | None = None
    comparator: str = ""
    unit_text: str = ""
    unit_code: str = ""
    low: str | Decimal | None = None
    high: str | Decimal | None = None
    range_text: str = ""
    when: str = ""
    issued: str = ""
    status: str = "final"
    interpretation: Sequence[str] = ()
    specimen: str = ""
    specimen_codes: Sequence[Code] = ()
    specimen_condition: Sequence[Code] = ()
    comment: Sequence[str] = ()
    identifier: Sequence[tuple[str, str]] = ()
    absent: str = ""
    id: str = ""


def observation(record: Record) -> bytes:
    """The Observation of a result, in UTF-8."""
    return resources.encoded(resource(record))


def resource(record: Record) -> dict[str, Any]:
    """The Observation of a result; numbers are decimals, in the digits of the source."""
    found: dict[str, Any] = {"resourceType": "Observation"}
    if record.id:
        found["id"] = record.id
    if record.identifier:
        found["identifier"] = resources.identifiers(record.identifier)
    if record.status:
        found["status"] = record.status
    found["code"] = resources.concept(record.codes, record.text)
    found["subject"] = {"reference": resources.reference_of(record.patient)}
    if record.when:
        found["effectiveDateTime"] = record.when
    if record.issued:
        found["issued"] = record.issued
    found.update(value_of(record))
    signs = [sign for sign in record.interpretation if sign]
    if signs:
        found["interpretation"] = [{"coding": [{"system": _SIGNS, "code": s}]} for s in signs]
    if record.specimen or record.specimen_codes or record.specimen_condition:
        _specimen(record, found)
    between = _range(record)
    if between:
        found["referenceRange"] = [between]
    if record.comment:
        found["note"] = [{"text": text} for text in record.comment]
    return found


def value_of(record: Record) -> dict[str, Any]:
    """``value[x]``, and ``dataAbsentReason`` where the source says why there is none.

    Where it says both, both are written: the reader refuses what contradicts itself.
    """
    absent = _absent(record.absent)
    if record.value is not None:
        return dict(record.value) | absent
    text, comparator = record.value_text.strip(), record.comparator.strip()
    text = text or _spelt(record.value_number)
    if not text:
        if comparator not in _EQUAL:
            return {"valueString": comparator}
        return absent
    match = _SIGNED.fullmatch(text)
    if match is None:
        text = _as_text(text, comparator, record.unit_code or record.unit_text)
        return {"valueString": text} | absent
    sign = match["sign"] or ""
    if sign and comparator not in (sign, ""):
        return {"valueString": f"{comparator} {text}"} | absent
    sign = sign or ("" if comparator in _EQUAL else comparator)
    return {"valueQuantity": quantity(match["figure"], record, sign)} | absent


def _absent(code: str) -> dict[str, Any]:
    return {"dataAbsentReason": {"coding": [{"system": _ABSENT, "code": code}]}} if code else {}


def quantity(figure: str, record: Record, sign: str = "") -> dict[str, Any]:
    """A Quantity of a figure that JSON can hold, in the unit of a record."""
    found: dict[str, Any] = {"value": Decimal(figure)}
    if sign:
        found["comparator"] = sign
    unit = record.unit_text or record.unit_code
    if unit:
        found["unit"] = unit
        if record.unit_code:
            found["system"] = UCUM
        found["code"] = record.unit_code or unit
    return found


def differ(record: Record) -> bool:
    """Whether the text and the number of a result both are figures, and not the same one."""
    text, other = record.value_text.strip(), _spelt(record.value_number)
    if not text or not other:
        return False
    first, second = number.read(text), number.read(other)
    if isinstance(first, str) or isinstance(second, str) or not second.interval.is_point:
        return False
    return (
        first.interval.low != second.interval.low
        if first.interval.is_point
        else (second.interval.low not in (first.interval.low, first.interval.high))
    )


def is_number(text: str) -> bool:
    """Whether a text is a number and nothing else, as JSON would write it."""
    return _NUMBER.fullmatch(text) is not None


def _spelt(figure: str | Decimal | None) -> str:
    return "" if figure is None else str(figure).strip()


def _as_text(text: str, comparator: str, unit: str) -> str:
    """A result that is no plain number: with what stood in columns of its own, where that fits."""
    if comparator not in _EQUAL:
        text = f"{comparator} {text}"
    said = number.read(text)
    if isinstance(said, str) or not unit:
        return text
    if said.unit is None:
        return f"{text} {unit}"
    # Two units: nobody knows which one counts, so it is written as no unit that there is.
    return text if fold(said.unit) == fold(unit) else f"{text} [{unit}]"


def _specimen(record: Record, found: dict[str, Any]) -> None:
    if not record.specimen_codes and not record.specimen_condition:
        found["specimen"] = {"display": record.specimen}
        return
    sample: dict[str, Any] = {"resourceType": "Specimen", "id": "s"}
    if record.specimen_codes or record.specimen:
        sample["type"] = resources.concept(record.specimen_codes, record.specimen)
    if record.specimen_condition:
        sample["condition"] = [resources.concept([one]) for one in record.specimen_condition]
    found["contained"] = [sample]
    found["specimen"] = {"reference": "#s"}


def _range(record: Record) -> dict[str, Any]:
    """``referenceRange``; ends that are no plain numbers make a text."""
    low, high, text = _spelt(record.low), _spelt(record.high), record.range_text.strip()
    if (low or high) and all(is_number(one) for one in (low, high) if one):
        ends = {name: one for name, one in (("low", low), ("high", high)) if one}
        found: dict[str, Any] = {name: quantity(one, record) for name, one in ends.items()}
        return found | ({"text": text} if text else {})
    if low and high:
        text = text or f"{low} - {high}"
    elif low or high:
        bare = low or high
        sign = "" if bare[0] in "<>≤≥" else (">=" if low else "<=")
        text = text or f"{sign}{bare}"
    return {"text": text} if text else {}
