"""Strict handling: whole resources are judged first, and one invalid element refuses the call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from corrin.intake import IntakeError, read
from support.fhir import Resource, bundle, coded, dumps, observation, patient, quantity, stated


def places(given: Any) -> list[str]:
    data = given if isinstance(given, bytes) else dumps(given)
    with pytest.raises(IntakeError) as caught:
        read(data, strict=True)
    assert {one.reason for one in caught.value.problems} == {"strict-invalid"}
    return [one.path for one in caught.value.problems]


@pytest.mark.parametrize(
    "given",
    [
        observation(),
        bundle(patient(), observation()),
        [patient(), observation()],
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "observation", "resource": observation()}],
        },
        observation(valueQuantity=quantity(150, comparator="<")),
        bundle(stated("Condition", coded("84027009", "http://snomed.info/sct"))),
    ],
)
def test_what_is_valid_reads_as_it_does_leniently(given: Any) -> None:
    assert read(dumps(given), strict=True) == read(dumps(given))


def test_lines_are_judged_one_by_one() -> None:
    lines = dumps(patient()) + b"\n\n" + dumps(observation())
    assert read(lines, strict=True) == read(lines)
    bad = dumps(patient()) + b"\n\n" + dumps(observation(performer="x"))
    assert places(bad) == ["line(3).performer"]


def test_a_byte_order_mark() -> None:
    assert read(b"\xef\xbb\xbf" + dumps(observation()), strict=True).results


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (observation(performer="nobody"), "Observation.performer"),
        (observation(status=None), "Observation.status"),
        (bundle(patient(), observation(blancmange=1)), "Bundle.entry[1].resource"),
        (bundle(patient(contact=5)), "Bundle.entry[0].resource"),
        ([patient(), observation(encounter=[])], "$this[1].encounter"),
    ],
)
def test_what_the_library_finds(given: Any, path: str) -> None:
    assert any(place.startswith(path) for place in places(given))


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (observation(status="done"), ".status"),
        (observation(valueQuantity=quantity(1, comparator="~")), ".value.comparator"),
        (observation(valueQuantity=quantity("240")), ".value.value"),
        (observation(effectiveDateTime=1709280000), ".effective"),
        (
            observation(modifierExtension=[{"url": "http://x", "valueBoolean": True}]),
            ".modifierExtension",
        ),
    ],
)
def test_what_the_library_lets_through(given: Resource, path: str) -> None:
    assert places(given) == [f"Observation{path}"]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"note": None}, "Observation.note"),
        ({"note": []}, "Observation.note"),
        ({"note": [{}]}, "Observation.note[0]"),
        ({"subject": {}}, "Observation.subject"),
        ({"method": {"coding": [{"code": None}]}}, "Observation.method.coding[0].code"),
    ],
)
def test_nulls_and_what_is_empty(given: Resource, path: str) -> None:
    assert path in places({**observation(), **given})
    assert len(read(dumps({**observation(), **given})).results) == 1


def test_a_null_beside_the_extension_of_its_place_is_valid() -> None:
    why = {
        "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
        "valueCode": "masked",
    }
    name = {"family": "S", "given": [None, "B"], "_given": [{"extension": [why]}, None]}
    assert read(dumps(patient(name=[name])), strict=True).subject.present


@pytest.mark.parametrize(
    "inner",
    [
        {"resourceType": "Blancmange"},
        {"resourceType": 5},
        {},
        5,
        {"resourceType": "MedicinalProduct", "id": "x"},
    ],
)
def test_what_makes_the_library_fall(inner: Any) -> None:
    assert places(bundle(patient(), inner))


def test_an_unrelated_fault_refuses_only_strictly() -> None:
    given = dumps(observation("2823-3", 2.1, "mmol/L", performer="nobody"))
    assert len(read(given).results) == 1
    assert places(given)


def test_problems_name_no_patient() -> None:
    given = json.loads(dumps(patient(name="Rosa Sanders", contact="Rosa")))
    with pytest.raises(IntakeError) as caught:
        read(dumps(given), strict=True)
    assert "Rosa" not in repr(caught.value.problems)


def test_a_key_that_is_no_name_of_an_element_is_not_repeated() -> None:
    for given in ({"Rosa": 1}, {"contact": [{"Rosa Sanders": {}}]}, {"name": [{"Rosa": None}]}):
        with pytest.raises(IntakeError) as caught:
            read(dumps(patient(**given)), strict=True)
        assert "Rosa" not in repr(caught.value.problems)
    with pytest.raises(IntakeError) as caught:
        read(b'{"resourceType": "Patient", "Rosa": {"a": 1, "a": 2}}')
    assert "Rosa" not in repr(caught.value.problems)
