"""Small FHIR resources for tests: an Observation of one result, a Bundle of several."""

from __future__ import annotations

import json
from typing import Any

from corrin import intake
from corrin.facts.case import Reading
from corrin.facts.fact import Measured, Stated

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
B12, B12_MOLES, MMA, POTASSIUM, HAEMOGLOBIN = "2132-9", "14685-2", "13964-2", "2823-3", "718-7"
ANTIBODY, URINE_MMA = "31444-3", "13776-0"
SAMPLED = "2026-10-20T08:15:00Z"

Resource = dict[str, Any]


def coded(code: str, system: str | None = LOINC, **more: Any) -> Resource:
    """A CodeableConcept of one coding."""
    coding = {"code": code} if system is None else {"system": system, "code": code}
    return {"coding": [coding], **more}


def quantity(value: Any = 240, unit: str | None = "ng/L", **more: Any) -> Resource:
    """A Quantity with its unit as UCUM code and as text."""
    named = {} if unit is None else {"unit": unit, "system": UCUM, "code": unit}
    return {"value": value, **named, **more}


def observation(
    code: str | Resource = B12, value: Any = 240, unit: str = "ng/L", **more: Any
) -> Resource:
    """A final Observation of Patient/p; keyword arguments replace elements, None removes one."""
    found: Resource = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": coded(code) if isinstance(code, str) else code,
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": SAMPLED,
        "valueQuantity": quantity(value, unit),
    }
    if any(name.startswith("value") for name in more) or "dataAbsentReason" in more:
        del found["valueQuantity"]
    return changed(found, **more)


def changed(resource: Resource, **more: Any) -> Resource:
    """The resource with elements replaced; None removes one."""
    found = {**resource, **more}
    return {name: value for name, value in found.items() if value is not None}


def patient(**more: Any) -> Resource:
    """Patient/p, a woman born in 1958."""
    return changed(
        {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1958-03-01"},
        **more,
    )


def stated(kind: str, code: Resource, **more: Any) -> Resource:
    """A Condition, Procedure … of Patient/p."""
    element = "medicationCodeableConcept" if kind.startswith("Medication") else "code"
    found = {"resourceType": kind, "id": "s1", element: code, "subject": {"reference": "Patient/p"}}
    return changed(found, **more)


def bundle(*resources: Resource, type: str = "collection", **more: Any) -> Resource:
    """A Bundle of resources."""
    return {
        "resourceType": "Bundle",
        "type": type,
        "entry": [{"resource": resource} for resource in resources],
        **more,
    }


def dumps(value: Any) -> bytes:
    """A request's bytes."""
    return json.dumps(value).encode()


def read(*resources: Resource, **options: Any) -> Reading:
    """Read one resource, or several in a Bundle."""
    return intake.read(
        dumps(resources[0] if len(resources) == 1 else bundle(*resources)), **options
    )


def result(reading: Reading) -> Measured:
    """The only result of a reading, without a refusal beside it."""
    assert not reading.refusals, reading.refusals
    (found,) = reading.results
    return found


def statement(reading: Reading) -> Stated:
    """The only statement of a reading."""
    assert not reading.refusals, reading.refusals
    (found,) = reading.statements
    return found


def refused(reading: Reading) -> list[tuple[str, str]]:
    """Reason and path of every refusal."""
    return [(one.reason, one.path) for one in reading.refusals]
