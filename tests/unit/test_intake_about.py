"""How an answer may refer to the person a request is about."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from corrin import intake
from support.fhir import B12, MMA, Resource, bundle, dumps, observation, patient, read

UUID = "5f0b0d3e-7a39-4a5e-9c8c-2d3f1f5e0a01"
MRN = {"system": "urn:mrn", "value": "7"}
ABSOLUTE = "https://example.org/fhir/Patient/p"


def about(*entries: tuple[str | None, Resource]) -> str:
    found = bundle()
    found["entry"] = [
        {"resource": resource} if url is None else {"fullUrl": url, "resource": resource}
        for url, resource in entries
    ]
    return intake.read(dumps(found)).about


@pytest.mark.parametrize(
    ("url", "person", "subject", "expected"),
    [
        (None, patient(), {"reference": "Patient/p"}, "Patient/p"),
        (None, patient(), None, "Patient/p"),
        (None, None, {"reference": "Patient/p"}, "Patient/p"),
        (None, None, {"reference": "Patient/p/_history/3"}, "Patient/p"),
        (None, None, {"reference": ABSOLUTE}, ABSOLUTE),
        (None, patient(), {"reference": ABSOLUTE}, "Patient/p"),
        (ABSOLUTE, patient(id=None), None, ABSOLUTE),
        (f"urn:uuid:{UUID}", patient(id=None), None, f"urn:uuid:{UUID}"),
        (None, None, {"reference": f"urn:uuid:{UUID}"}, f"urn:uuid:{UUID}"),
        (
            f"urn:uuid:{UUID}",
            patient(id=UUID),
            {"reference": f"urn:uuid:{UUID}"},
            f"Patient/{UUID}",
        ),
        (None, None, {"reference": "urn:oid:1.2.3"}, "urn:oid:1.2.3"),
        (None, None, {"reference": "Patient/p", "identifier": MRN}, "Patient/p"),
        (None, patient(id=None, identifier=[MRN]), {"identifier": MRN}, ""),
        (
            None,
            patient(identifier=[MRN]),
            {"reference": "Patient?identifier=urn:mrn|7"},
            "Patient/p",
        ),
        (None, None, {"reference": "Patient?identifier=urn:mrn|7"}, ""),
        (None, None, {"display": "Rosa"}, ""),
        (None, None, {"reference": "p"}, ""),
        (None, None, {"reference": "Patient/p q"}, ""),
        (None, None, {"reference": "Device/d"}, ""),
        (None, None, {"reference": "javascript:alert(1)"}, ""),
        (None, None, None, ""),
    ],
)
def test_is_how_the_request_says_it(
    url: str | None, person: Resource | None, subject: Any, expected: str
) -> None:
    entries: list[tuple[str | None, Resource]] = [(None, observation(B12, subject=subject))]
    if person is not None:
        entries.append((url, person))

    assert about(*entries) == expected


def test_of_a_contained_patient_is_nothing_others_could_follow() -> None:
    found = read(observation(subject={"reference": "#p"}, contained=[patient()]))

    assert found.about == ""


@pytest.mark.parametrize(
    "parameter",
    [
        {"name": "patient", "resource": patient()},
        {"name": "patient", "valueReference": {"reference": "Patient/p"}},
        {"name": "subject", "valueReference": {"reference": "Patient/p"}},
    ],
)
def test_is_read_from_a_parameter(parameter: Resource) -> None:
    request = {
        "resourceType": "Parameters",
        "parameter": [{"name": "observation", "resource": observation(subject=None)}, parameter],
    }

    assert intake.read(dumps(request)).about == "Patient/p"


def test_does_not_depend_on_the_order_of_entries() -> None:
    entries = [
        (None, observation(B12, id="a", subject={"reference": f"urn:uuid:{UUID}"})),
        (None, observation(MMA, id="b", subject={"reference": ABSOLUTE})),
        (None, observation(B12, id="c", subject={"identifier": MRN})),
        (f"urn:uuid:{UUID}", patient(identifier=[MRN])),
    ]

    assert {about(*one) for one in permutations(entries)} == {"Patient/p"}


def test_is_the_first_of_several_names_for_one_person() -> None:
    one = patient(id="b", identifier=[MRN])
    other = patient(id="a", identifier=[MRN])
    urls = ("https://one.example.org/Patient/b", "https://two.example.org/Patient/a")

    assert about((urls[0], one), (urls[1], other)) == "Patient/a"
    assert about((urls[1], other), (urls[0], one)) == "Patient/a"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ([], ()),
        ([{"name": "ruleset", "valueCanonical": "urn:x|1"}], ("urn:x|1",)),
        ([{"name": "ruleset", "valueString": "us"}, {"name": "ruleset"}], ("", "us")),
        ([{"name": "ruleset", "valueCanonical": 7}], ("",)),
    ],
)
def test_the_rules_a_request_asks_for_are_named_as_it_does(
    parameters: list[Resource], expected: tuple[str, ...]
) -> None:
    observed = {"name": "observation", "resource": observation()}
    request = {"resourceType": "Parameters", "parameter": [*parameters, observed]}

    assert intake.read(dumps(request)).rulesets == expected
