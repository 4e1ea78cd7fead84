"""One person per call, and what is said of that person."""

from __future__ import annotations

from typing import Any

import pytest

from corrin import intake
from corrin.intake import IntakeError
from support.fhir import (
    B12,
    MMA,
    Resource,
    bundle,
    coded,
    dumps,
    observation,
    patient,
    read,
    refused,
    stated,
)

UUID = "5f0b0d3e-7a39-4a5e-9c8c-2d3f1f5e0a01"
MRN = {"system": "urn:mrn", "value": "7"}


def entries(*pairs: tuple[str | None, Resource]) -> bytes:
    found = bundle()
    found["entry"] = [
        {"resource": resource} if url is None else {"fullUrl": url, "resource": resource}
        for url, resource in pairs
    ]
    return dumps(found)


@pytest.mark.parametrize(
    ("url", "person", "subject"),
    [
        (None, patient(), {"reference": "Patient/p"}),
        (None, patient(), {"reference": "Patient/p/_history/3"}),
        (None, patient(), {"reference": "https://example.org/fhir/Patient/p"}),
        (None, patient(), {"reference": "p"}),
        (None, patient(), None),
        (None, patient(), {"display": "Rosa"}),
        (None, patient(id=None), {"reference": "Patient/p"}),
        ("https://example.org/fhir/Patient/p", patient(), {"reference": "Patient/p"}),
        (
            "http://example.org/fhir/Patient/p",
            patient(),
            {"reference": "https://example.org/fhir/Patient/p"},
        ),
        (f"urn:uuid:{UUID}", patient(id=None), {"reference": f"urn:uuid:{UUID}"}),
        (f"urn:uuid:{UUID}", patient(), {"reference": f"urn:uuid:{UUID.upper()}"}),
        (None, patient(id=UUID), {"reference": f"urn:uuid:{UUID}"}),
        (None, patient(id=UUID.upper()), {"reference": f"Patient/{UUID.upper()}"}),
        (None, patient(id=UUID.upper()), {"reference": f"Patient/{UUID}"}),
        ("urn:oid:1.2.3", patient(id=None), {"reference": "urn:oid:1.2.3"}),
        (None, patient(identifier=[MRN]), {"identifier": MRN}),
        (None, patient(identifier=[MRN]), {"reference": "Patient?identifier=urn:mrn|7"}),
    ],
)
def test_references_to_the_patient(url: str | None, person: Resource, subject: Any) -> None:
    found = intake.read(entries((url, person), (None, observation(subject=subject))))
    assert len(found.results) == 1 and found.subject.present and found.subject.sex == "female"


@pytest.mark.parametrize(
    "resources",
    [
        (patient(), observation(subject={"reference": "Patient/q"})),
        (observation(id="a"), observation(id="b", subject={"reference": "Patient/q"})),
        (patient(), patient(id="q")),
        (patient(id=None), patient(id=None, birthDate="1990-01-01")),
        (patient(), patient(id=None)),
        (
            patient(identifier=[MRN]),
            observation(subject={"identifier": {"system": "urn:mrn", "value": "8"}}),
        ),
        (patient(), observation(subject={"reference": f"urn:uuid:{UUID}"})),
        (
            patient(),
            {"resourceType": "Encounter", "id": "e", "subject": {"reference": "Patient/q"}},
        ),
        (patient(), stated("Condition", {"text": "x"}, subject={"reference": "Patient/q"})),
        (
            observation(id="a", subject={"reference": "http://one.org/fhir/Patient/p"}),
            observation(id="b", subject={"reference": "http://two.org/fhir/Patient/p"}),
        ),
        (
            patient(),
            observation(
                subject={"reference": "#c"},
                contained=[{"resourceType": "Patient", "id": "c", "birthDate": "1999-09-09"}],
            ),
        ),
        # Only an identifier joins two ids of one server: it may be a placeholder.
        (
            observation(id="a", subject={"reference": "Patient/p", "identifier": MRN}),
            observation(id="b", subject={"reference": "Patient/q", "identifier": MRN}),
        ),
        (patient(identifier=[MRN]), patient(id="q", identifier=[MRN])),
        (
            observation(id="a", subject={"display": "Rosa Sanders"}),
            observation(id="b", subject={"display": "Ida Sanders"}),
        ),
        tuple(
            observation(
                id=id,
                subject={"reference": "#c"},
                contained=[{"resourceType": "Patient", "id": "c", "name": [name]}],
            )
            for id, name in (("a", {"family": "Sanders"}), ("b", {"family": "Moreno"}))
        ),
        tuple(
            observation(
                id=id,
                subject={"reference": "#c"},
                contained=[
                    {
                        "resourceType": "Patient",
                        "id": "c",
                        "name": [{"family": "S", "given": [name]}],
                    }
                ],
            )
            for id, name in (("a", "Rosa"), ("b", "Ida"))
        ),
    ],
)
def test_two_people_in_one_call(resources: tuple[Resource, ...]) -> None:
    for order in (resources, resources[::-1]):
        with pytest.raises(IntakeError) as caught:
            read(*order)
        (problem,) = caught.value.problems
        assert problem.reason == "two-subjects" and problem.path


OTHER = {"system": "urn:mrn", "value": "8"}


@pytest.mark.parametrize(
    "resources",
    [
        (
            patient(identifier=[MRN]),
            observation(subject={"reference": "Patient/p", "identifier": OTHER}),
        ),
        (
            patient(identifier=[{"system": "urn:nhs", "value": "1"}, MRN]),
            stated("Condition", {"text": "x"}, subject={"reference": "p", "identifier": OTHER}),
        ),
        (
            patient(identifier=[MRN, {"system": "urn:nhs", "value": "1"}]),
            observation(
                subject={"reference": "#c"},
                contained=[
                    {
                        "resourceType": "Patient",
                        "id": "c",
                        "identifier": [OTHER, {"system": "urn:nhs", "value": "1"}],
                    }
                ],
            ),
        ),
    ],
)
def test_a_reference_that_an_identifier_contradicts(resources: tuple[Resource, ...]) -> None:
    for order in (resources, resources[::-1]):
        with pytest.raises(IntakeError) as caught:
            read(*order)
        (problem,) = caught.value.problems
        assert problem.reason == "two-subjects" and problem.path


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (MRN, MRN),
        (MRN, {"system": "urn:other", "value": "8"}),
        (MRN, {"value": "8"}),
        (MRN, {"system": "urn:mrn"}),
        (MRN, {**OTHER, "use": "old"}),
        ({**MRN, "value": "00A-17"}, {**MRN, "value": "a17"}),
        (
            {**MRN, "type": {"coding": [{"code": "MR"}]}},
            {**OTHER, "type": {"coding": [{"code": "VN"}]}},
        ),
        (
            {"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2"},
            {"system": "urn:ietf:rfc:3986", "value": "https://example.org/p"},
        ),
    ],
)
def test_an_identifier_that_contradicts_nothing(own: Resource, said: Resource) -> None:
    found = read(
        patient(identifier=[own]),
        observation(subject={"reference": "Patient/p", "identifier": said}),
    )
    assert len(found.results) == 1


def test_a_reference_and_an_identifier_join() -> None:
    both = {"reference": "Patient/p", "identifier": MRN}
    found = read(
        observation(id="a", subject=both),
        observation(MMA, 0.3, "umol/L", id="b", subject={"identifier": MRN}),
    )
    assert len(found.results) == 2


def test_one_identifier_on_two_servers_joins() -> None:
    subjects = [
        {"reference": f"https://{server}.org/fhir/Patient/{id}", "identifier": MRN}
        for server, id in (("one", "p"), ("two", "q"))
    ]
    found = read(*(observation(id=s["reference"][8:11], subject=s) for s in subjects))
    assert len(found.results) == 2


@pytest.mark.parametrize("other", ["SANDERS, Rosa", "Mrs Rosa Sanders", "rosa sanders"])
def test_one_name_written_in_two_ways(other: str) -> None:
    found = read(
        observation(id="a", subject={"display": "Rosa Sanders"}),
        observation(id="b", subject={"display": other}),
    )
    assert len(found.results) == 2


@pytest.mark.parametrize(
    ("parameter", "same"),
    [
        ({"name": "patient", "valueReference": {"reference": "Patient/p"}}, True),
        ({"name": "subject", "valueString": "p"}, True),
        ({"name": "subject", "valueReference": {"reference": "Patient/q"}}, False),
        ({"name": "patient", "valueId": "q"}, False),
        ({"name": "patient", "valueIdentifier": {"system": "urn:mrn", "value": "8"}}, False),
        ({"name": "ruleset", "valueString": "q"}, True),
    ],
)
def test_a_parameter_that_says_whom_the_call_is_about(parameter: Resource, same: bool) -> None:
    given = dumps(
        {
            "resourceType": "Parameters",
            "parameter": [parameter, {"name": "observation", "resource": observation()}],
        }
    )
    if same:
        assert len(intake.read(given).results) == 1
    else:
        with pytest.raises(IntakeError) as caught:
            intake.read(given)
        assert caught.value.problems[0].reason == "two-subjects"


def test_the_same_patient_twice() -> None:
    assert read(patient(), patient(), observation()).counts["superseded"] == 1
    newer = patient(birthDate="1958-03-02", meta={"versionId": "2"})
    older = patient(meta={"versionId": "1"})
    birth = read(newer, older, observation()).subject.birth_date
    assert birth is not None and birth.text == "1958-03-02"


def test_versions_of_a_patient_that_disagree_say_nothing() -> None:
    found = read(patient(), patient(gender="male", birthDate="1960-01-01"), observation())
    assert (found.subject.sex, found.subject.birth_date, found.subject.present) == (
        None,
        None,
        True,
    )
    assert {path.rsplit(".", 1)[1] for _, path in refused(found)} == {"gender", "birthDate"}


def test_a_contained_patient() -> None:
    inner = {"resourceType": "Patient", "id": "c", "gender": "male"}
    found = read(observation(subject={"reference": "#c"}, contained=[inner]))
    assert len(found.results) == 1 and found.subject.sex == "male"


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": {"reference": "Group/g"}},
        {"subject": {"reference": "Device/d"}},
        {"subject": {"reference": "Location/l"}},
        {"subject": {"reference": "RelatedPerson/r"}},
        {"subject": {"type": "Device", "display": "analyser"}},
        {"focus": [{"reference": "RelatedPerson/baby"}]},
    ],
)
def test_what_is_not_about_the_patient_is_refused_singly(changes: Resource) -> None:
    found = read(patient(), observation(id="a", **changes), observation(id="b"))
    assert [one.reason for one in found.refusals] == ["not-the-patient"]
    assert len(found.results) == 1


@pytest.mark.parametrize("subject", ["Patient/p", ["Patient/p"], {"reference": 5}])
def test_a_subject_that_cannot_be_read(subject: Any) -> None:
    found = read(patient(), observation(id="a", subject=subject), observation(id="b"))
    assert [one.reason for one in found.refusals] == ["malformed"]
    assert len(found.results) == 1


@pytest.mark.parametrize("sex", ["male", "female", "other", "unknown"])
def test_sex_and_birth(sex: str) -> None:
    found = read(patient(gender=sex, birthDate="1958")).subject
    assert found.sex == sex and found.birth_date is not None and found.birth_date.text == "1958"


@pytest.mark.parametrize(
    ("changes", "reason", "element"),
    [
        ({"gender": "F"}, "malformed", "gender"),
        ({"gender": ["female"]}, "malformed", "gender"),
        ({"birthDate": "1958-02-30"}, "date-invalid", "birthDate"),
        ({"birthDate": 1958}, "date-invalid", "birthDate"),
        ({"birthDate": "1958-03-01T00:00:00Z"}, "date-invalid", "birthDate"),
        ({"deceasedBoolean": "yes"}, "malformed", "deceased"),
    ],
)
def test_a_fault_in_the_patient_hides_no_result(
    changes: Resource, reason: str, element: str
) -> None:
    found = read(patient(**changes), observation())
    assert len(found.results) == 1
    assert [(one.reason, one.path.rsplit(".", 1)[1]) for one in found.refusals] == [
        (reason, element)
    ]


def test_deceased() -> None:
    assert not read(patient(deceasedBoolean=False)).subject.deceased
    assert read(patient(deceasedBoolean=True)).subject.deceased
    assert read(patient(deceasedDateTime="2026-01-01")).subject.deceased


def test_no_patient_at_all() -> None:
    found = read(observation(subject=None))
    assert not found.subject.present and len(found.results) == 1
    assert found.subject.sex is None


@pytest.mark.parametrize("url", [None, "https://example.org/fhir/Patient/mrn-4711"])
def test_a_refused_call_names_no_patient_by_id(url: str | None) -> None:
    """Problems are logged, and a Patient's id is often the number on the wristband."""
    for person in (patient(id="mrn-4711"), patient(id=None)):
        other = patient(id="mrn-0815", gender="male")
        for strict in (False, True):
            with pytest.raises(IntakeError) as caught:
                intake.read(entries((url, person), (None, other)), strict=strict)
            said = str(caught.value) + repr(caught.value.problems)
            assert "4711" not in said and "0815" not in said


def test_nothing_of_the_subject_identifies() -> None:
    found = read(patient(name=[{"family": "Sanders"}], identifier=[MRN]), observation(B12))
    assert "Sanders" not in repr(found) and "urn:mrn" not in repr(found.subject)
    assert coded(B12)["coding"]
