"""What was said unclearly, or is not current, and would change the reading: it has a note."""

from __future__ import annotations

import json
from typing import Any

import pytest

from corrin import interpret
from corrin.notes.report import Report

AS_OF = "2026-11-20T12:00:00Z"
SUBJECT = {"reference": "Patient/p"}
SCT = "http://snomed.info/sct"
UNCLEAR = "neurological-sign-statement-unclear"

Json = dict[str, Any]


def result(loinc: str, value: float, unit: str, day: str = "2026-11-18") -> Json:
    return {
        "resourceType": "Observation",
        "id": f"r{loinc}",
        "status": "final",
        "subject": SUBJECT,
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "effectiveDateTime": f"{day}T08:00:00Z",
        "valueQuantity": {
            "value": value,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
    }


def b12(value: float) -> Json:
    return result("2132-9", value, "ng/L")


def condition(text: str, verification: str = "confirmed") -> Json:
    return {
        "resourceType": "Condition",
        "subject": SUBJECT,
        "code": {"text": text},
        "verificationStatus": {"coding": [{"code": verification}]},
    }


def medicine(text: str, status: str = "active", **other: Any) -> Json:
    return {
        "resourceType": "MedicationStatement",
        "status": status,
        "subject": SUBJECT,
        "medicationCodeableConcept": {"text": text},
        **other,
    }


def read(*resources: Json) -> Report:
    person = {"resourceType": "Patient", "id": "p", "birthDate": "1960-01-01"}
    entries = [{"resource": one} for one in (person, *resources)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return interpret(json.dumps(bundle), as_of=AS_OF)


def notes(report: Report) -> dict[str, str]:
    return {note.rule: note.urgency for note in report.notes}


def status(report: Report) -> str | None:
    return report.statuses["b12_status"].status


@pytest.mark.parametrize(
    "stated",
    [
        [condition("ataxia", "unconfirmed")],
        [condition("ataxia", "provisional")],
        [condition("ataxia"), condition("ataxia", "refuted")],
    ],
)
def test_a_sign_said_unclearly_is_named(stated: list[Json]) -> None:
    report = read(b12(420), *stated)
    assert notes(report)[UNCLEAR] == "soon"
    (said,) = [note.summary for note in report.notes if note.rule == UNCLEAR]
    assert said.startswith("Ataxia ")
    beside = notes(read(b12(150), *stated))
    assert beside["neurological-sign-unclear-with-b12-evidence"] == "urgent"
    assert UNCLEAR not in beside


@pytest.mark.parametrize("said", ["registered", "unknown", "foo"])
def test_a_sign_of_no_usable_status_is_named(said: str) -> None:
    sign = {
        "resourceType": "Observation",
        "status": said,
        "subject": SUBJECT,
        "code": {"coding": [{"system": SCT, "code": "20262006"}]},
        "effectiveDateTime": "2026-11-18",
        "valueBoolean": True,
    }
    assert UNCLEAR in notes(read(b12(420), sign))


def test_a_sign_said_clearly_needs_no_question_about_another() -> None:
    report = read(b12(420), condition("ataxia"), condition("gait disturbance", "unconfirmed"))
    assert UNCLEAR not in notes(report) and status(report) == "discordant"


def test_every_concept_of_an_unclear_entry_is_refused_by_name() -> None:
    report = read(b12(420), medicine("hydroxocobalamin injection", "unknown"))
    assert {one.name for one in report.refusals} == {"b12_injection", "hydroxocobalamin"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hydroxocobalamin", "unknown"),
        ("hydroxocobalamin injection", "unknown"),
        ("cyanocobalamin tablets", "unknown"),
        ("B12 injections stopped 2020", "active"),
    ],
)
def test_a_b12_product_said_unclearly_is_named(text: str, said: str) -> None:
    assert notes(read(b12(420), medicine(text, said)))["b12-medicine-statement-unclear"] == "soon"


@pytest.mark.parametrize("text", ["nitrous oxide", "laughing gas", "Entonox", "Nitrous oxide 50 %"])
def test_nitrous_oxide_among_medicines_does_not_reassure(text: str) -> None:
    assert status(read(b12(420), medicine(text))) == "not_assessable"
    assert "nitrous-oxide-statement-unclear" in notes(read(b12(420), medicine(text, "unknown")))


@pytest.mark.parametrize("text", ["Whippets (nitrous oxide) use", "Nitrous oxide", "laughing gas"])
def test_nitrous_oxide_among_conditions_does_not_reassure(text: str) -> None:
    assert status(read(b12(420), condition(text))) == "not_assessable"


def test_nitrous_oxide_in_a_case_does_not_reassure() -> None:
    given = {
        "as_of": "2026-11-20",
        "results": [{"test": "B12", "value": 420, "unit": "ng/L", "date": "2026-11-01"}],
        "context": {"medicines": ["nitrous oxide"]},
    }
    assert status(interpret(given)) == "not_assessable"


@pytest.mark.parametrize(
    ("day", "expected"), [("2026-11-10", "not_assessable"), ("2022-03-01", "deficiency_unlikely")]
)
def test_nitrous_oxide_given_once_counts_for_a_time(day: str, expected: str) -> None:
    gas = medicine("Entonox", "completed", effectiveDateTime=day)
    gas["resourceType"] = "MedicationAdministration"
    assert status(read(b12(420), gas)) == expected


def test_an_implausible_value_that_is_not_recent_asks_whether_it_was_acted_on() -> None:
    old = result("2823-3", 12.5, "mmol/L", "2026-11-11")
    assert notes(read(old))["verify-potassium-not-repeated"] == "soon"
    later = result("2823-3", 4.1, "mmol/L", "2026-11-19") | {"id": "later"}
    assert "verify-potassium-not-repeated" not in notes(read(old, later))


def test_an_unreadable_critical_value_that_is_stale_asks_whether_it_was_acted_on() -> None:
    old = result("2823-3", 25, "mg/dL", "2026-10-21")
    assert notes(read(old))["critical-result-not-readable-earlier"] == "soon"
    later = result("2823-3", 4.1, "mmol/L", "2026-11-19") | {"id": "later"}
    assert "critical-result-not-readable-earlier" not in notes(read(old, later))
