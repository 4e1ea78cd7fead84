"""Bodies that differ only in their figure come to what the reader makes of each by itself."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corrin.intake import reader
from corrin.intake.body import _PROBE, Bodies
from corrin.intake.slim import Slim
from support import slim
from support.fhir import B12, HAEMOGLOBIN, MMA, POTASSIUM, UCUM, coded, observation, quantity

# Kept over all examples, as over all persons of an export.
KEPT = Bodies(UTC)

CODES: list[Any] = [
    *(B12, MMA, POTASSIUM, HAEMOGLOBIN, "58410-2", "8867-4", "787-2"),
    {"text": "paraesthesia"},
    {"coding": [{"system": "http://loinc.org", "code": B12, "display": '"valueQuantity":{'}]},
]
FIGURES = [
    *("152", "240.0", "240", "0.40", "0", "-0", "-1", "2000000", "7.25", "12.0", "0.0001"),
    *("11.2", "98765432109876543210", "1e3", "1E-2", "4.10", "3.9"),
]
QUANTITIES: list[dict[str, Any]] = [
    quantity(Decimal(1)),
    quantity(Decimal(1), "pmol/L"),
    quantity(Decimal(1), "g/dL"),
    quantity(Decimal(1), "mmol/L"),
    quantity(Decimal(1), comparator="<"),
    quantity(Decimal(1), comparator="about"),
    {"unit": "pg/ml", "value": Decimal(1)},
    {"value": Decimal(1)},
    {"value": Decimal(1), "unit": "ng/L", "extension": [{"url": "urn:x", "valueDecimal": 1}]},
    {"extension": [{"value": Decimal(9)}], "value": Decimal(1), "unit": "ng/L", "system": UCUM},
]
RANGE = {"low": {"value": Decimal("180")}, "high": {"value": Decimal("900"), "unit": "ng/L"}}
MORE: list[dict[str, Any]] = [
    *({} for _ in range(3)),
    {"referenceRange": [RANGE]},
    {"referenceRange": [RANGE], "interpretation": [coded("L", "urn:v3")]},
    {"referenceRange": [RANGE], "interpretation": [coded("H", "urn:v3")]},
    {"referenceRange": [{"text": "3.5-5.1 mmol/L"}], "interpretation": [coded("N", "urn:v3")]},
    {"referenceRange": "none"},
    {"interpretation": [coded(">", "urn:v3")]},
    {"interpretation": "broken"},
    {"note": [{"text": "haemolysed"}]},
    {"specimen": {"display": "Urine"}},
    {"specimen": {"reference": "Specimen/s"}},
    {"focus": [{"reference": "Patient/child"}]},
    {"valueString": "240"},
    {"dataAbsentReason": {"coding": [{"code": "unknown"}]}},
    {"component": [{"code": coded(HAEMOGLOBIN), "valueQuantity": quantity(Decimal(9), "g/dL")}]},
    {"valueCodeableConcept": coded("77386006", "http://snomed.info/sct")},
    {"contained": [{"resourceType": "Specimen"}]},
    {'x"valueQuantity': {"value": Decimal(3)}},
]
STATUSES = ["final", "final", "final", "amended", "preliminary", "cancelled", "odd", None, 7]


def written(chance: Random) -> bytes:
    """The body of an Observation, its members in any order."""
    found = slim.slim(
        observation(
            chance.choice(CODES),
            status=chance.choice(STATUSES),
            subject={"reference": "Patient/p"},
            valueQuantity=None,
        )
        | chance.choice(MORE)
        | {"valueQuantity": {**chance.choice(QUANTITIES), "value": Decimal(1)}},
        "Patient/p",
    )
    assert found is not None
    body = found.body
    for _ in range(chance.choice([0, 0, 0, 1, 2])):  # what no scanner hands on is read alike
        at = chance.randrange(len(body))
        body = body[:at] + chance.choice([b"", b'"', b",", b"0", b"}", b"x"]) + body[at + 1 :]
    return body


def meaning(read: Any, body: bytes) -> Any:
    """What a body comes to, or what is raised over one that is no resource."""
    try:
        return read(Slim(body, "Patient/p", "o", "2026-10-20T08:15:00Z"))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return type(error)


@given(st.randoms(use_true_random=False))
def test_a_figure_in_a_known_shape_is_taken_as_the_reader_takes_it(chance: Random) -> None:
    body = written(chance)
    head, mark, tail = body.rpartition(b'"value":1')
    for figure in chance.sample(FIGURES, 4):
        one = head + b'"value":' + figure.encode() + tail if mark else body
        assert meaning(KEPT.template, one) == meaning(Bodies(UTC).read, one)


def test_of_a_shape_only_the_first_two_bodies_are_read_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, asked = reader.read_item, []

    def counted(item: Any, *more: Any) -> str:
        asked.append(item)
        return whole(item, *more)

    monkeypatch.setattr(reader, "read_item", counted)
    found = Bodies(UTC)
    for figure in ("152", "240.0", "99", "350"):
        value = quantity(Decimal(figure))
        one = slim.slim(observation(B12, valueQuantity=value), "Patient/p")
        assert one is not None
        read = found.template(one)
        assert read is not None
        assert str(read.results[0].interval.low) == figure
    assert len(asked) == 2


def test_a_body_that_holds_the_number_looked_for_is_read_whole() -> None:
    """A figure that stands where another is looked for would be taken for it."""
    foreign = {"code": {"text": "x"}, "valueQuantity": {"value": Decimal(900), "unit": "pmol/L"}}
    value = quantity(Decimal(_PROBE.decode()))
    one = slim.slim(observation(B12, component=[foreign], valueQuantity=value), "Patient/p")
    assert one is not None
    found = Bodies(UTC)
    for _ in range(3):
        assert meaning(found.template, one.body) == meaning(Bodies(UTC).read, one.body)
