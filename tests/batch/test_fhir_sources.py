"""Lines, Bundles and what is deleted in them → rows, refusals and counts."""

from __future__ import annotations

import gzip
import json
import random
from array import array
from collections import Counter
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batch.sourced import Sourced, lines, parsed, read_file, taken
from corrin.batch import identity
from corrin.batch.row import ROWS, Read
from corrin.batch.sources import fhir
from corrin.batch.sources.ndjson import NdjsonSource
from corrin.batch.sources.source import InputError, Options, Span
from corrin.intake import observation
from corrin.intake.harvest import Harvest, Library
from corrin.intake.item import Item

LOINC = "http://loinc.org"
URN = "urn:uuid:0b7a2f9e-51d6-4b3c-9c1e-5a8f0d2c4e6a"
ME = "Patient/0b7a2f9e-51d6-4b3c-9c1e-5a8f0d2c4e6a"


def b12(name: str = "o", person: str | None = "Patient/p", **more: Any) -> dict[str, Any]:
    """A result of ours."""
    found: dict[str, Any] = {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "2132-9"}]},
        "effectiveDateTime": "2026-01-02",
        "valueQuantity": {"value": 200, "unit": "pg/mL"},
    }
    if person is not None:
        found["subject"] = {"reference": person}
    return found | more


def weight(name: str = "w", person: str | None = "Patient/p", **more: Any) -> dict[str, Any]:
    """A result that is none of ours."""
    return b12(name, person, code={"coding": [{"system": LOINC, "code": "29463-7"}]}) | more


def patient(name: str = "p", **more: Any) -> dict[str, Any]:
    """A Patient."""
    return {"resourceType": "Patient", "id": name, "gender": "female", **more}


def bundle(*resources: Any, kind: str = "collection", **more: Any) -> dict[str, Any]:
    """A Bundle; an entry is given as a tuple of ``fullUrl`` and resource."""
    entries = [
        {"fullUrl": one[0], "resource": one[1]} if isinstance(one, tuple) else {"resource": one}
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": entries, **more}


def counts(found: Sourced) -> tuple[int, int, int, int]:
    """Rows handed on, used, not ours, refused."""
    read = found.read
    return len(found.rows), read.used, read.not_ours, len(read.refused)


def where(found: Sourced) -> list[tuple[str, int, int, str, str]]:
    """Whose, line, number in the line, type and place of every row."""
    return [(row.subject, row.line, row.seq, row.kind, row.place) for row in found.rows]


def test_each_line_is_a_row_and_blank_ones_are_none(tmp_path: Path) -> None:
    data = lines(b12(), b"", patient(), b" \t\r", weight(), b12("last")).rstrip(b"\n")
    found = read_file(tmp_path, data)
    assert where(found) == [
        ("Patient/p", 1, 0, "Observation", ""),
        ("Patient/p", 3, 0, "Patient", ""),
        ("Patient/p", 6, 0, "Observation", ""),
    ]
    assert counts(found) == (3, 0, 1, 0)
    assert found.read.lines == 6
    assert list(found.read.keys) == [
        identity.key(*one) for one in (("Observation", "o"), ("Patient", "p"), ("Observation", "w"))
    ] + [identity.key("Observation", "last")]


def test_the_body_is_what_was_read_byte_for_byte(tmp_path: Path) -> None:
    text = '{ "resourceType" : "Observation", "é": "\\u00e9\\ud83d\\ude00", "n": 0.400, '
    text += '"code":{"coding":[{"code":"2132-9","system":"http://loinc.org"}]}, '
    text += '"subject":{"reference":"https://a.example/fhir/Patient/p/_history/2"} }'
    found = read_file(tmp_path, b"\xef\xbb\xbf\t" + text.encode() + b" \r\n")
    assert [row.body for row in found.rows] == [text.encode()]
    assert found.rows[0].subject == "Patient/p"


def test_what_is_encoded_again_keeps_every_digit(tmp_path: Path) -> None:
    numbers = ["0", "-0", "0.400", "1E+5", "1e5", "1.0E-7", "123456789012345678901234567890.10"]
    value = json.loads(
        '{"a":[' + ",".join(numbers) + r',true,false,null,{},[],"\"\\\u0000é\ud83d\ude00/"]}',
        parse_float=Decimal,
        parse_int=Decimal,
    )
    again = fhir.encode(value)
    assert parsed(again) == value
    assert [str(one) for one in parsed(again)["a"][:7]] == [str(one) for one in value["a"][:7]]
    assert json.loads(again)["a"][-1] == '"\\\x00é😀/'


@pytest.mark.parametrize(
    ("line", "reason", "path"),
    [
        (b"{", "not-json", ""),
        (b'{"resourceType":"Observation"} x', "not-json", ""),
        (b'{"resourceType":"Observation"}{}', "not-json", ""),
        (b"\x00", "not-json", ""),
        (b'{"a":"\xff"}', "not-utf8", ""),
        (b'{"resourceType":"Observation","id":"\\ud800"}', "not-utf8", "Observation.id"),
        (b'{"resourceType":"Observation","id":"a","id":"b"}', "duplicate-key", "Observation.id"),
        (
            b'{"resourceType":"Observation","valueQuantity":{"value":NaN}}',
            "number-not-finite",
            "Observation.valueQuantity.value",
        ),
        (
            b'{"resourceType":"Observation","valueInteger":' + b"9" * 65 + b"}",
            "number-too-long",
            "Observation.valueInteger",
        ),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "too-deep", ""),
        (b"[]", "malformed", ""),
        (b'"text"', "malformed", ""),
        (b"{}", "malformed", "resourceType"),
        (b'{"resourceType":7}', "malformed", "resourceType"),
        (b'{"resourceType":"Observaton"}', "resource-unknown", ""),
        (b'{"resourceType":"Patient"}', "subject-missing", "Patient.id"),
        (lines(b12(person=None)), "subject-missing", "Observation.subject"),
        (lines(b12(subject={})), "subject-missing", "Observation.subject"),
        (lines(b12(subject="Patient/p")), "malformed", "Observation.subject"),
        (lines(b12(subject=[{"reference": "Patient/p"}])), "malformed", "Observation.subject"),
        (lines(b12(subject={"reference": 7})), "malformed", "Observation.subject"),
        (lines(b12(subject={"display": "Ada"})), "subject-missing", "Observation.subject"),
        (lines(b12(person="Group/g")), "not-the-patient", "Observation.subject"),
        (
            lines(b12(person="https://a.example/Device/d/_history/1")),
            "not-the-patient",
            "Observation.subject",
        ),
        (lines(b12(person="#gone")), "subject-missing", "Observation.subject"),
        (
            lines({"resourceType": "FamilyMemberHistory", "id": "f", "patient": {"display": "A"}}),
            "subject-missing",
            "FamilyMemberHistory.patient",
        ),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_and_the_rest_goes_on(
    tmp_path: Path, line: bytes, reason: str, path: str
) -> None:
    found = read_file(tmp_path, lines(b12("a"), line.rstrip(b"\n"), b12("b")))
    assert found.reasons() == [(2, reason, path)]
    assert [row.line for row in found.rows] == [1, 3]


def test_a_line_that_is_too_long_is_refused(tmp_path: Path) -> None:
    data = lines(b12("a"), b12("long", valueString="x" * 5000), b12("b"))
    for packed in (data, gzip.compress(data)):
        found = read_file(tmp_path, packed, most_line=4000)
        assert found.reasons() == [(2, "too-large", "")]
        assert [row.line for row in found.rows] == [1, 3]
    found = read_file(tmp_path, data)
    assert len(found.rows) == 3


def test_a_file_that_breaks_off_gives_what_came_before(tmp_path: Path) -> None:
    data = lines(*(b12(f"{at}", valueString=f"{random.Random(at).random()}") for at in range(900)))
    packed = gzip.compress(data)
    (tmp_path / "a").write_bytes(packed[: len(packed) * 2 // 3])
    found = taken(NdjsonSource("a", str(tmp_path / "a")))
    assert isinstance(found.fault, InputError)
    assert (found.fault.file, found.fault.reason) == ("a", "input-truncated")
    assert 300 < len(found.rows) < 900
    assert found.fault.line == len(found.rows) + 1
    assert found.adds_up()
    columns = []
    read = Read()
    with pytest.raises(InputError):
        for one in NdjsonSource("a", str(tmp_path / "a")).batches(Span(), 0, read):
            columns += one.to_pylist()
    assert [one["line"] for one in columns] == [row.line for row in found.rows]
    assert read.rows == found.read.rows


def test_a_file_that_is_gone_is_told_when_it_is_read(tmp_path: Path) -> None:
    source = NdjsonSource("a", str(tmp_path / "a"))
    assert source.spans(10) == (Span(),)
    assert source.size() == 0
    fault = taken(source).fault
    assert isinstance(fault, InputError) and fault.reason == "input-missing"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    text = lines(b12("a", note=[{"text": "é"}]), b"", b12("b")).decode().replace("\n", "\r\n")
    found = read_file(tmp_path, (mark + text).encode(encoding))
    assert [row.line for row in found.rows] == [1, 3]
    assert parsed(found.rows[0].body)["note"] == [{"text": "é"}]


# ------------------------------------------------------------------ whose it is


@pytest.mark.parametrize(
    ("subject", "key"),
    [
        ({"reference": "Patient/p"}, "Patient/p"),
        ({"reference": "http://a.example/fhir/Patient/p"}, "Patient/p"),
        ({"reference": "Patient/p/_history/3"}, "Patient/p"),
        ({"reference": URN}, ME),
        ({"reference": URN.upper().replace("URN:UUID", "urn:uuid")}, ME),
        ({"reference": f"Patient/{ME[8:].upper()}"}, ME),
        ({"reference": "urn:oid:1.2.3"}, "urn:oid:1.2.3"),
        ({"reference": "p"}, "Patient/p"),
        ({"reference": "p", "type": "Patient"}, "Patient/p"),
        ({"reference": "p", "type": "Group"}, ""),
        ({"reference": "Patient?identifier=urn:mrn|7"}, "identifier:urn:mrn|7"),
        ({"identifier": {"system": "urn:mrn", "value": "7"}}, "identifier:urn:mrn|7"),
        ({"reference": "#c"}, "identifier:urn:mrn|8"),
        ({"reference": "#d"}, ""),
    ],
)
def test_whose_a_resource_is(tmp_path: Path, subject: dict[str, Any], key: str) -> None:
    inside = [
        {"resourceType": "Patient", "id": "c", "identifier": [{"system": "urn:mrn", "value": "8"}]},
        {"resourceType": "Device", "id": "d"},
    ]
    found = read_file(tmp_path, lines(b12(subject=subject, contained=inside)))
    assert [row.subject for row in found.rows] == ([key] if key else [])


# ------------------------------------------------------------------ what is ours


def test_kinds_go_where_they_belong(tmp_path: Path) -> None:
    named = {"subject": {"reference": "Patient/p"}}
    found = read_file(
        tmp_path,
        lines(
            patient(),
            {"resourceType": "Condition", "id": "c", **named},
            {"resourceType": "Procedure", "id": "pr", **named},
            {"resourceType": "MedicationRequest", "id": "mr", **named},
            {"resourceType": "MedicationStatement", "id": "ms", **named},
            {"resourceType": "MedicationAdministration", "id": "ma", **named},
            {"resourceType": "MedicationDispense", "id": "md", **named},
            {"resourceType": "FamilyMemberHistory", "id": "f", "patient": named["subject"]},
            {"resourceType": "ServiceRequest", "id": "sr", **named},
            {"resourceType": "Specimen", "id": "sp", **named},
            {"resourceType": "Medication", "id": "m", "code": {"text": "Vitamin B12"}},
            {"resourceType": "Specimen", "id": "nobody", "type": {"text": "Urine"}},
            {"resourceType": "Medication", "code": {"text": "no id"}},
            {"resourceType": "Organization", "id": "org"},
            {"resourceType": "Encounter", "id": "e", "status": "finished", **named},
            {
                "resourceType": "OperationOutcome",
                "issue": [{"severity": "error"}, {"severity": "error"}, {"severity": "odd"}, 7],
            },
        ),
    )
    assert [row.kind for row in found.rows] == [
        *("Patient", "Condition", "Procedure", "MedicationRequest", "MedicationStatement"),
        *("MedicationAdministration", "MedicationDispense", "FamilyMemberHistory"),
        *("ServiceRequest", "Specimen"),
    ]
    assert counts(found) == (10, 2, 4, 0)
    assert set(found.read.products) == {"Medication/m", "Specimen/nobody"}
    assert found.read.outcomes == {"error": 2, "unknown": 2}
    assert len(found.read.keys) == 14


def silent(resource: dict[str, Any]) -> bool:
    """Whether the intake takes nothing and says nothing of an Observation."""
    item = Item(resource, "Observation", "x", "x")
    harvest = Harvest(UTC, Library([item]))
    observation.read(item, harvest)
    return not harvest.taken and not harvest.refusals and not harvest.results


CODES: list[Any] = [
    None,
    {},
    7,
    {"coding": []},
    {"coding": 7},
    {"coding": [7]},
    {"coding": [{"system": LOINC, "code": "2132-9"}]},
    {"coding": [{"system": LOINC, "code": "29463-7"}]},
    {"coding": [{"system": LOINC, "code": "58410-2"}]},
    {"coding": [{"system": LOINC, "code": "2132-9"}, {"system": LOINC, "code": "13964-2"}]},
    {"coding": [{"code": "2132-9"}]},
    {"coding": [{"system": "http://snomed.info/sct", "code": "91019004"}]},
    {"text": "Pregnant"},
    {"text": "Paraesthesia"},
    {"text": "Weight"},
]
VALUES: list[dict[str, Any]] = [
    {},
    {"valueQuantity": {"value": 1}},
    {"valueBoolean": True},
    {
        "valueCodeableConcept": {
            "coding": [{"system": "http://snomed.info/sct", "code": "91019004"}]
        }
    },
    {"valueCodeableConcept": {"coding": [{"system": "x", "code": "y"}]}},
    {"valueCodeableConcept": 7},
    {"valueString": "x"},
]


def test_an_observation_is_left_at_once_just_where_the_intake_is_silent() -> None:
    went: Counter[tuple[bool, bool]] = Counter()
    for code in CODES:
        for value in VALUES:
            for component in (None, 7, [], [{"code": code, **value}], [{"code": CODES[7]}, 7]):
                for own in (code, CODES[7]):
                    resource = {"resourceType": "Observation", "status": "final", "code": own}
                    resource |= value if own is code else {}
                    if component is not None:
                        resource["component"] = component
                    went[observation.concerns_us(resource), silent(resource)] += 1
    assert went[False, False] == 0
    assert went[False, True] > 200 and went[True, False] > 200
    # A coded value may name something of ours and still say nothing.
    assert went[True, True] < 20


def test_what_a_resource_contains_is_looked_at(tmp_path: Path) -> None:
    report = {"resourceType": "DiagnosticReport", "id": "r", "subject": {"reference": "Patient/p"}}
    lab = {"resourceType": "Organization", "id": "lab"}
    found = read_file(
        tmp_path,
        lines(
            report | {"contained": [b12("c", None)]},
            report | {"contained": [weight("c", None), lab]},
            report | {"contained": [lab]},
            report | {"contained": [{"resourceType": "Wrong"}]},
            report | {"contained": 7},
            weight(contained=[b12("c", None)]),
            weight(contained=[lab]),
        ),
    )
    assert [row.line for row in found.rows] == [1, 4, 5, 6]
    (gathered,) = found.gathered().values()
    assert [one.analyte for one in gathered.reading.results] == ["total_b12"] * 2
    assert gathered.went == ("used", "refused", "refused", "used")


# ------------------------------------------------------------------ Bundles


@pytest.mark.parametrize("indent", [None, 1])
def test_a_bundle_is_as_many_rows_as_it_holds_resources(tmp_path: Path, indent: int | None) -> None:
    value = bundle(patient(), weight(), b12(), {"resourceType": "Nothing"}, 7)
    value["entry"] += [7, {}, {"resource": None}]
    found = read_file(tmp_path, json.dumps(value, indent=indent).encode())
    assert where(found) == [
        ("Patient/p", 1, 0, "Patient", "Bundle.entry[0].resource"),
        ("Patient/p", 1, 2, "Observation", "Bundle.entry[2].resource"),
    ]
    assert found.reasons() == [
        (1, "resource-unknown", "Bundle.entry[3].resource"),
        (1, "malformed", "Bundle.entry[4].resource"),
        (1, "malformed", "Bundle.entry[5]"),
    ]
    assert counts(found) == (2, 0, 1, 3)


def test_bundles_parameters_and_lists_inside_one_another(tmp_path: Path) -> None:
    held = {"name": "x", "resource": b12("in-parameters")}
    value = {
        "resourceType": "Parameters",
        "parameter": [held, {"name": "y", "part": [{"name": "z", "resource": bundle(b12("in"))}]}],
    }
    found = read_file(tmp_path, lines(value, bundle(bundle(b12("deep")))))
    assert [row.place for row in found.rows] == [
        "Parameters.parameter[0].resource",
        "Parameters.parameter[1].part[0].resource.entry[0].resource",
        "Bundle.entry[0].resource.entry[0].resource",
    ]
    text = json.dumps([b12("a"), bundle(b12("b")), 7], indent=2)
    found = read_file(tmp_path, text.encode())
    assert [row.place for row in found.rows] == ["$this[0]", "$this[1].entry[0].resource"]
    assert found.reasons() == [(1, "malformed", "$this[2]")]


def test_headers_of_blocks_are_none_of_ours(tmp_path: Path) -> None:
    header = {
        "resourceType": "Parameters",
        "parameter": [{"name": "header", "valueReference": {"reference": "Patient/p"}}],
    }
    found = read_file(tmp_path, lines(header, patient(), b12(), header, b12("x", None)))
    assert counts(found) == (2, 0, 2, 1)
    assert found.reasons() == [(5, "subject-missing", "Observation.subject")]


def test_several_persons_in_one_bundle_are_told_apart(tmp_path: Path) -> None:
    value = bundle(patient("p"), b12("a", "Patient/p"), b12("b", "Patient/q"), patient("q"))
    found = read_file(tmp_path, lines(value))
    assert {key: len(rows) for key, rows in found.persons().items()} == {
        "Patient/p": 2,
        "Patient/q": 2,
    }
    assert all(one.problem is None for one in found.gathered().values())


def test_references_inside_a_bundle_lead_to_what_they_name(tmp_path: Path) -> None:
    other = "urn:uuid:11111111-1111-4111-8111-111111111111"
    drug = "urn:uuid:22222222-2222-4222-8222-222222222222"
    tube = "urn:oid:1.2.3.4"
    value = bundle(
        (URN, patient("p", identifier=[{"system": "urn:mrn", "value": "7"}])),
        (other, {"resourceType": "Patient", "gender": "male"}),
        ("urn:uuid:a", b12("a", URN.upper().replace("URN:UUID", "urn:uuid"))),
        ("urn:uuid:b", b12("b", other, specimen={"reference": tube})),
        ("urn:uuid:c", b12("c", "Patient?identifier=urn:mrn%7C7")),
        (drug, {"resourceType": "Medication", "code": {"text": "Hydroxocobalamin"}}),
        (
            "urn:uuid:d",
            {
                "resourceType": "MedicationStatement",
                "status": "active",
                "subject": {"reference": URN},
                "medicationReference": {"reference": drug},
            },
        ),
        (
            tube,
            {
                "resourceType": "Specimen",
                "subject": {"reference": other},
                "type": {"text": "Urine"},
            },
        ),
    )
    found = read_file(tmp_path, lines(value))
    one, two = "Patient/p", "Patient/11111111-1111-4111-8111-111111111111"
    assert {key: [row.kind for row in rows] for key, rows in found.persons().items()} == {
        one: ["Patient", "Observation", "Observation", "MedicationStatement"],
        two: ["Patient", "Observation", "Specimen"],
    }
    gathered = found.gathered()
    assert gathered[one].problem is None and gathered[two].problem is None
    assert len(gathered[one].reading.results) == 2
    assert "hydroxocobalamin" in {state.name for state in gathered[one].reading.statements}
    assert [(r.reason, r.detail) for r in gathered[two].reading.refusals] == [
        ("wrong-specimen", "urine")
    ]
    assert gathered[two].reading.subject.sex == "male"


def test_an_id_stands_before_the_urn_of_its_entry(tmp_path: Path) -> None:
    value = bundle((URN, patient("real")), (URN[:-1] + "b", b12("o", URN)))
    found = read_file(tmp_path, lines(value))
    assert {row.subject for row in found.rows} == {"Patient/real"}
    assert parsed(found.rows[1].body)["subject"] == {"reference": "Patient/real"}


def test_two_servers_with_one_id_are_not_mixed(tmp_path: Path) -> None:
    one = bundle(
        ("https://one.example/Patient/p", patient()),
        ("https://one.example/Observation/a", b12("a", "https://one.example/Patient/p")),
    )
    two = bundle(
        ("https://two.example/Patient/p", patient()),
        ("https://two.example/Observation/b", b12("b", "https://two.example/Patient/p")),
    )
    (gathered,) = read_file(tmp_path, lines(one, two)).gathered().values()
    assert gathered.problem == "two-subjects"


@pytest.mark.parametrize(
    ("kind", "taken_on"),
    [
        *(("collection", True), ("document", True), ("transaction", True), ("message", True)),
        *(("searchset", False), ("batch", False), ("history", False)),
    ],
)
def test_who_is_not_named_in_a_report_of_one_person_is_that_person(
    tmp_path: Path, kind: str, taken_on: bool
) -> None:
    found = read_file(tmp_path, lines(bundle(patient(), b12("a"), b12("b", None), kind=kind)))
    assert len(found.rows) == (3 if taken_on else 2)
    two = read_file(
        tmp_path, lines(bundle(patient(), patient("q"), b12("a"), b12("b", None), kind=kind))
    )
    assert [one.reason for one in two.read.refused] == ["subject-missing"]
    listed = read_file(tmp_path, json.dumps([patient(), b12("b", None)]).encode())
    assert [one.reason for one in listed.read.refused] == ["subject-missing"]


@pytest.mark.parametrize(
    "value",
    [
        bundle(b12("a"), kind="odd"),
        bundle(b12("a")) | {"type": None},
        bundle(b12("a")) | {"type": 7},
    ],
)
def test_a_bundle_of_no_known_type_is_read_and_that_is_said(
    tmp_path: Path, value: dict[str, Any]
) -> None:
    found = read_file(tmp_path, lines(value))
    assert counts(found) == (1, 0, 0, 1)
    assert found.reasons() == [(1, "malformed", "Bundle.type")]
    found = read_file(tmp_path, lines(bundle() | {"entry": 7}))
    assert found.reasons() == [(1, "malformed", "Bundle.entry")]


# ------------------------------------------------------------------ deleted


def sent(method: str, url: str, resource: dict[str, Any] | None = None) -> dict[str, Any]:
    """An entry that asks for something."""
    found: dict[str, Any] = {"request": {"method": method, "url": url}}
    return found if resource is None else found | {"resource": resource}


def test_bundles_of_deletions_delete(tmp_path: Path) -> None:
    value = bundle(kind="transaction")
    value["entry"] = [
        sent("DELETE", "Observation/1"),
        sent("DELETE", "https://a.example/fhir/Observation/2/_history/4"),
        sent("DELETE", "Patient/3?_cascade=delete"),
    ]
    found = read_file(tmp_path, lines(value))
    assert found.read.deleted == ["Observation/1", "Observation/2", "Patient/3"]
    assert counts(found) == (0, 3, 0, 0)
    value["entry"].append(sent("DELETE", "Observation?status=final"))
    found = read_file(tmp_path, lines(value), role="deleted")
    assert counts(found) == (0, 3, 0, 1)
    assert found.reasons() == [(1, "malformed", "Bundle.entry[3].request.url")]


def test_requests_are_read_as_online(tmp_path: Path) -> None:
    value = bundle(kind="transaction")
    value["entry"] = [
        sent("DELETE", "Observation/1"),
        sent("PUT", "Observation/2", b12("2")),
        sent("POST", "Observation", b12("3")),
        sent("GET", "Observation/4", b12("4")),
        sent("DELETE", "Observation/5", b12("5")),
        {"resource": b12("6")},
    ]
    found = read_file(tmp_path, lines(value))
    assert not found.read.deleted
    assert [parsed(row.body)["id"] for row in found.rows] == ["2", "3", "6"]
    assert counts(found) == (3, 0, 2, 0)


def test_what_a_history_says_was_deleted_last_is_deleted(tmp_path: Path) -> None:
    value = bundle(kind="history")
    value["entry"] = [
        sent("DELETE", "Observation/1"),
        sent("PUT", "Observation/1", b12("1")),
        sent("PUT", "Observation/2", b12("2")),
        sent("DELETE", "Observation/2"),
    ]
    found = read_file(tmp_path, lines(value))
    assert found.read.deleted == ["Observation/1"]
    assert counts(found) == (2, 1, 0, 0)
    assert list(found.read.keys) == [identity.key("Observation", name) for name in "12"]


def test_a_file_of_what_was_deleted_holds_no_results(tmp_path: Path) -> None:
    value = bundle(b12("1"), kind="collection")
    found = read_file(
        tmp_path, lines(value, b12("2"), weight() | {"id": None}, b"7"), role="deleted"
    )
    assert found.read.deleted == ["Observation/1", "Observation/2"]
    assert counts(found) == (0, 2, 0, 2)


# ------------------------------------------------------------------ pages of searches


def page(at: int, last: int, **more: Any) -> dict[str, Any]:
    """One page of a search."""
    links = [{"relation": "self", "url": f"https://a.example/fhir?page={at}"}]
    if at < last:
        links.append({"relation": "next", "url": f"https://a.example/fhir?page={at + 1}"})
    return bundle(b12(f"{at}"), kind="searchset", link=links, total=last) | more


def test_pages_that_are_all_here_lack_nothing(tmp_path: Path) -> None:
    pages = [page(at, 5) for at in range(1, 6)]
    random.Random(1).shuffle(pages)
    assert counts(read_file(tmp_path, lines(*pages))) == (5, 0, 0, 0)
    without = [one for one in pages if one != page(3, 5)]
    found = read_file(tmp_path, lines(*without))
    assert len(found.rows) == 4
    assert [reason for _, reason, _ in found.reasons()] == ["search-incomplete"]
    assert found.read.refused[0].line == without.index(page(2, 5)) + 1
    assert found.read.refused[0].subject == "Patient/p"
    alone = read_file(tmp_path, lines(page(5, 5)))
    assert [reason for _, reason, _ in alone.reasons()] == ["search-incomplete"]


def test_a_search_that_held_something_back_says_so(tmp_path: Path) -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "warning", "code": "suppressed"}],
    }
    value = page(1, 1)
    value["entry"].append({"resource": outcome, "search": {"mode": "outcome"}})
    found = read_file(tmp_path, lines(value))
    assert found.reasons() == [(1, "search-incomplete", "Bundle")]
    assert found.read.outcomes == {"warning": 1}
    assert counts(found) == (1, 0, 1, 1)


# ------------------------------------------------------------------ pieces, columns, versions


def mixed(count: int) -> list[dict[str, Any]]:
    """Resources of every sort."""
    chance = random.Random(5)
    found: list[dict[str, Any]] = []
    for at in range(count):
        person = f"Patient/{chance.randrange(20)}"
        found.append(
            chance.choice(
                [
                    b12(f"o{at}", person),
                    weight(f"w{at}", person),
                    b12(f"n{at}", None),
                    bundle(b12(f"b{at}", person), weight(f"x{at}", person)),
                    patient(f"{at % 20}"),
                ]
            )
        )
    return found


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_pieces_and_columns_say_what_the_whole_says(tmp_path: Path, pack: Any) -> None:
    data = lines(*mixed(2000), b"{broken").replace(b"\n", b"\r\n")
    whole = read_file(tmp_path, pack(data))
    source = NdjsonSource("some.ndjson", str(tmp_path / "some.ndjson"))
    spans = source.spans(40_000)
    assert (len(spans) > 5) is (pack is bytes)
    rows: list[tuple[Any, ...]] = []
    columns: list[tuple[Any, ...]] = []
    total, before = Read(), 0
    keys = array("Q")
    for chunk, span in enumerate(spans):
        piece = taken(source, span)
        assert piece.adds_up()
        rows += [(row.subject, before + row.line, row.body, *row[3:]) for row in piece.rows]
        read = Read()
        for one in source.batches(span, chunk, read):
            assert one.schema == ROWS
            for row in one.to_pylist():
                assert row["chunk"] == chunk
                kept = (row["subject"], before + row["line"], row["kind"], row["seq"])
                columns.append((*kept, row["place"]))
        for name in ("lines", "rows", "not_ours", "used", "refused", "products"):
            assert getattr(read, name) == getattr(piece.read, name), name
        assert sorted(read.keys) == sorted(piece.read.keys)
        before += read.lines
        total.rows += read.rows
        total.not_ours += read.not_ours
        total.refused += read.refused
        keys.extend(read.keys)
    assert rows == [tuple(row) for row in whole.rows]
    # Columns come in no order: what is read quickly, and what is not, come apart.
    columns.sort(key=lambda row: (row[1], row[3]))
    assert columns == [(row[0], row[1], row[3], row[5], row[4]) for row in rows]
    assert before == whole.read.lines == 2001
    assert (total.rows, total.not_ours) == (whole.read.rows, whole.read.not_ours)
    assert len(total.refused) == len(whole.read.refused)
    assert sorted(keys) == sorted(whole.read.keys)


def test_versions_of_resources_met_twice_are_told_ours_or_not(tmp_path: Path) -> None:
    def version(resource: dict[str, Any], number: int) -> dict[str, Any]:
        when = f"2026-01-0{number}T00:00:00Z"
        return resource | {"meta": {"versionId": f"{number}", "lastUpdated": when}}

    escaped = json.dumps(version(b12("esc"), 4)).replace('"esc"', '"\\u0065sc"').encode()
    data = lines(
        version(b12("a"), 1),
        version(weight("a"), 2),
        bundle(version(b12("b"), 3)),
        b"{broken",
        escaped,
        version(b12("other"), 1),
        {"resourceType": "Organization", "id": "org"},
    )
    (tmp_path / "a").write_bytes(data)
    source = NdjsonSource("a", str(tmp_path / "a"))
    wanted = {identity.key("Observation", name) for name in ("a", "b", "esc")}
    wanted.add(identity.key("Organization", "org"))
    found = list(source.versions(Span(), wanted))
    assert [(key, person, number) for key, person, (_, number) in found] == [
        ("Observation/a", "Patient/p", 1),
        ("Observation/a", "Patient/p", 2),
        ("Observation/b", "Patient/p", 3),
        ("Observation/esc", "Patient/p", 4),
        ("Organization/org", "", -1),
    ]
    assert not list(source.versions(Span(), {1}))


def test_rows_of_doubled_ids_come_whole_in_columns(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(lines(*(b12(f"{at}") for at in range(20))) * 2)
    whole = frozenset(identity.key("Observation", f"{at}") for at in range(20))
    source = NdjsonSource("a", str(tmp_path / "a"))
    rows = [row for one in source.batches(Span(), 0, Read(), whole) for row in one.to_pylist()]
    assert len(rows) == 40
    assert all(row["id"] is None and parsed(row["body"])["id"] for row in rows)


def test_local_codes_make_results_ours(tmp_path: Path) -> None:
    (tmp_path / "codes.yaml").write_text(
        "system: https://lab.example/tests\ncodes:\n  - {code: 51010, loinc: 2132-9, unit: pg/mL}\n"
    )
    local = {"coding": [{"system": "https://lab.example/tests", "code": "51010"}]}
    data = lines(
        b12("a", code=local, valueQuantity={"value": 180}),
        weight(),
        bundle(b12("b", code=local)),
    )
    assert counts(read_file(tmp_path, data)) == (0, 0, 3, 0)
    options = Options(codes=str(tmp_path / "codes.yaml"))
    found = read_file(tmp_path, data, options=options)
    assert counts(found) == (2, 0, 1, 0)
    assert found.read.notes == ["2 resources were named by the file of local codes"]
    (gathered,) = found.gathered().values()
    assert [one.reported for one in gathered.reading.results] == ["180 pg/mL", "200 pg/mL"]
    source = NdjsonSource("x", str(tmp_path / "some.ndjson"), options)
    assert source.files() == (source.path, options.codes)
    read = Read()
    assert sum(one.num_rows for one in source.batches(Span(), 0, read)) == 2


def test_bytes_by_chance_never_raise_and_always_add_up(tmp_path: Path) -> None:
    chance = random.Random(11)
    good = lines(*mixed(12), bundle(b12("p1"), patient()))
    for at in range(400):
        data = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            where_ = chance.randrange(len(data))
            data[where_ : where_ + chance.randrange(3)] = chance.choice(
                [b"", b"\n", b"{", b"}", b'"', b"[", b"]", b",", b"\\", b"\x00", b"\xff", b"7"]
            )
        packed = gzip.compress(bytes(data)) if at % 4 == 0 else bytes(data)
        (tmp_path / "a").write_bytes(packed)
        found = taken(NdjsonSource("a", str(tmp_path / "a")))
        assert found.fault is None
        assert found.adds_up()
        for row in found.rows:
            assert row.subject and parsed(row.body)["resourceType"] == row.kind


def test_a_type_that_is_no_text_is_refused_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes(b'{"resourceType":{"a":1}}\n{"resourceType":["x"],"id":5}\n')
    found = taken(NdjsonSource("a.ndjson", str(file)))
    assert found.reasons() == [
        (1, "malformed", "resourceType"),
        (2, "malformed", "resourceType"),
    ]
    assert found.adds_up()
