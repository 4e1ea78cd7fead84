"""What a clinical review found wrong or dangerous, through the whole program."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from corrin import interpret
from corrin.notes.report import Report

AS_OF = datetime(2026, 11, 1, 9, tzinfo=UTC)
PERSON = {"subject": {"reference": "Patient/p"}}
LOINC = {
    "total_b12": "2132-9",
    "active_b12": "72160-5",
    "mma": "13964-2",
    "haemoglobin": "718-7",
    "mcv": "787-2",
    "potassium": "2823-3",
}


def day(ago: int) -> str:
    return (AS_OF - timedelta(days=ago)).isoformat()


def test(name: str, value: float, unit: str, ago: int = 1) -> dict[str, Any]:
    """A final result of so many days before."""
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return {
        "resourceType": "Observation",
        "id": f"{name}-{ago}".replace("_", "-"),
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": LOINC[name]}]},
        "effectiveDateTime": day(ago),
        "valueQuantity": quantity,
        **PERSON,
    }


test.__test__ = False  # type: ignore[attr-defined]


def problem(text: str, sure: str = "confirmed") -> dict[str, Any]:
    """An active problem, as sure as its verification status says."""
    base = "http://terminology.hl7.org/CodeSystem/condition-"
    return {
        "resourceType": "Condition",
        "id": text.replace(" ", "-"),
        "code": {"text": text},
        "clinicalStatus": {"coding": [{"system": base + "clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": base + "ver-status", "code": sure}]},
        **PERSON,
    }


def medicine(text: str, start: int, end: int | None = None) -> dict[str, Any]:
    """A medicine taken from so many days before, to so many days before."""
    period = {"start": day(start)} | ({} if end is None else {"end": day(end)})
    return {
        "resourceType": "MedicationStatement",
        "id": text.replace(" ", "-"),
        "status": "active" if end is None else "completed",
        "medicationCodeableConcept": {"text": text},
        "effectivePeriod": period,
        **PERSON,
    }


def read(*resources: dict[str, Any], profile: str = "uk", born: str = "1961-03-02") -> Report:
    """The report on a woman with these resources."""
    person = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": born}
    entry = [{"resource": one} for one in (person, *resources)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entry}
    return interpret(json.dumps(bundle), as_of=AS_OF.isoformat(), profile=profile)


def rules(report: Report) -> dict[str, str]:
    """Urgency of each note by its rule."""
    return {note.rule: note.urgency for note in report.notes}


OVER = medicine("hydroxocobalamin injection", start=2500, end=1900)
LOW = (test("total_b12", 90, "ng/L"), test("haemoglobin", 70, "g/L"), test("mcv", 118, "fL"))


@pytest.mark.parametrize("profile", ["uk", "us"])
def test_a_course_of_b12_that_ended_years_ago_silences_no_danger(profile: str) -> None:
    found = rules(read(*LOW, OVER, medicine("folic acid 5 mg", start=100), profile=profile))
    assert found["folic-acid-above-400-with-b12-deficiency"] == "soon"
    assert found["potassium-before-b12-treatment"] == "soon"


def test_a_deficiency_that_lasted_is_named_after_an_earlier_course() -> None:
    found = rules(read(*LOW, test("total_b12", 100, "ng/L", ago=200), OVER))
    assert "b12-deficiency-over-three-months" in found


def test_b12_begun_after_the_sample_is_not_called_unstated() -> None:
    late = [{**one, "effectiveDateTime": day(20)} for one in LOW]
    begun = medicine("hydroxocobalamin injection", start=10)
    found = rules(read(*late, begun, medicine("folic acid 5 mg", start=100)))
    assert not any(rule.startswith("folic-acid") for rule in found)


@pytest.mark.parametrize("profile", ["uk", "us"])
@pytest.mark.parametrize("sure", ["unconfirmed", "provisional"])
@pytest.mark.parametrize("sign", ["ataxia", "paraesthesia"])
def test_suspected_nitrous_oxide_with_a_nerve_symptom_is_urgent(
    profile: str, sure: str, sign: str
) -> None:
    suspected = problem("nitrous oxide misuse", sure)
    report = read(test("total_b12", 420, "ng/L"), suspected, problem(sign), profile=profile)
    assert report.urgency == "urgent"
    assert "nerve-symptom-nitrous-oxide-unclear" in rules(report)


@pytest.mark.parametrize("profile", ["uk", "us"])
def test_tingling_in_pregnancy_with_a_low_total_b12_is_not_routine(profile: str) -> None:
    symptoms = (problem("pregnant"), problem("paraesthesia"))
    report = read(test("total_b12", 90, "ng/L"), *symptoms, profile=profile, born="1995-01-01")
    assert rules(report)["sensory-symptom-in-pregnancy"] == "soon"
    assert report.statuses["b12_status"].status == "not_assessable"


INJECTIONS = medicine("hydroxocobalamin injection", start=400)


@pytest.mark.parametrize("reason", ["ataxia", "gastric bypass", "Crohn's disease"])
def test_stopping_injections_is_not_brought_up_beside_a_reason_for_them(reason: str) -> None:
    found = rules(read(test("total_b12", 900, "ng/L"), problem(reason), INJECTIONS))
    assert "response-to-injections-not-shown" not in found


def test_stopping_injections_is_not_brought_up_while_b12_is_low() -> None:
    found = rules(read(test("total_b12", 90, "ng/L"), INJECTIONS))
    assert "response-to-injections-not-shown" not in found


@pytest.mark.parametrize("stated", ["pregnant", "Leber hereditary optic neuropathy"])
def test_low_oral_doses_are_not_quoted_where_they_do_not_fit(stated: str) -> None:
    vegan = (problem("vegan diet"), problem(stated))
    found = rules(read(test("active_b12", 15, "pmol/L"), *vegan, born="1995-01-01"))
    assert "dietary-contributor-oral-route" not in found


@pytest.mark.parametrize("profile", ["uk", "us"])
def test_an_mma_a_thousand_times_too_high_asks_for_its_unit(profile: str) -> None:
    results = (test("mma", 180, "umol/L"), test("total_b12", 300, "ng/L"))
    assert rules(read(*results, profile=profile))["mma-very-high-check-the-unit"] == "soon"


@pytest.mark.parametrize("profile", ["uk", "us"])
def test_tingling_with_an_active_b12_known_in_part_is_urgent(profile: str) -> None:
    partly = test("active_b12", 50, "pmol/L")
    partly["valueQuantity"]["comparator"] = "<"
    assert read(partly, problem("numbness"), profile=profile).urgency == "urgent"


@pytest.mark.parametrize("profile", ["uk", "us"])
def test_a_status_that_stands_whatever_a_partial_b12_is_has_a_note(profile: str) -> None:
    partly = test("total_b12", 300, "ng/L")
    partly["valueQuantity"]["comparator"] = ">"
    report = read(partly, test("mma", 0.15, "umol/L"), profile=profile)
    assert report.statuses["b12_status"].status == "deficiency_unlikely"
    assert any(note.topic == "b12_status" for note in report.notes)


@pytest.mark.parametrize("profile", ["uk", "us"])
def test_a_marked_mma_in_dehydration_has_a_note_as_urgent_as_its_status(profile: str) -> None:
    results = (test("mma", 0.9, "umol/L"), test("total_b12", 250, "ng/L"))
    report = read(*results, problem("dehydration"), profile=profile)
    assert report.statuses["b12_status"].status == "deficiency_probable"
    assert "soon" in {note.urgency for note in report.notes if note.topic == "b12_status"}


def test_a_haemolysed_potassium_is_an_emergency_and_no_cause_of_cramps() -> None:
    haemolysed = {**test("potassium", 6.9, "mmol/L"), "note": [{"text": "sample haemolysed"}]}
    report = read(haemolysed, problem("muscle cramps"))
    assert rules(report)["critical-potassium-high-haemolysed"] == "emergency"
    assert report.statuses["cramp_attribution"].status == "uncertain"


def test_night_cramps_are_not_called_idiopathic_beside_a_nerve_symptom() -> None:
    symptoms = (problem("night cramps"), problem("paraesthesia"))
    assert "cramps-at-night" not in rules(read(test("total_b12", 90, "ng/L"), *symptoms))


@pytest.mark.parametrize("profile", ["uk", "us"])
@pytest.mark.parametrize("given", [problem("ataxia"), test("mma", 3, "umol/L")])
def test_no_note_leaves_testing_to_judgement_beside_a_danger(
    profile: str, given: dict[str, Any]
) -> None:
    found = rules(read(given, problem("numbness"), profile=profile))
    assert "consider-test-without-risk-factor" not in found
    assert max(found.values(), key=["routine", "soon", "urgent"].index) != "routine"
