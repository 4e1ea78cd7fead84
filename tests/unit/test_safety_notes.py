"""Dangers through the whole program: each is said once, on top, and nothing hides it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from corrin import interpret
from corrin.notes.report import Report

AS_OF = "2026-11-01T09:00:00Z"
LOINC = {
    "total_b12": "2132-9",
    "potassium": "2823-3",
    "calcium": "2000-8",
    "albumin": "1751-7",
    "wbc": "6690-2",
    "neutrophils": "751-8",
    "creatinine": "14682-9",
    "platelets": "777-3",
    "ldh": "2532-0",
}


def result(test: str, value: float, unit: str, **other: Any) -> dict[str, Any]:
    """A result of the day before."""
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": LOINC[test]}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-10-31T08:00:00Z",
        "valueQuantity": quantity,
        **other,
    }


def problem(text: str) -> dict[str, Any]:
    """An active, confirmed condition named by its text."""
    base = "http://terminology.hl7.org/CodeSystem"
    active = {"system": f"{base}/condition-clinical", "code": "active"}
    sure = {"system": f"{base}/condition-ver-status", "code": "confirmed"}
    return {
        "resourceType": "Condition",
        "subject": {"reference": "Patient/p"},
        "code": {"text": text},
        "clinicalStatus": {"coding": [active]},
        "verificationStatus": {"coding": [sure]},
    }


def read(*resources: dict[str, Any]) -> Report:
    patient = {"resourceType": "Patient", "id": "p", "birthDate": "1961-03-02", "gender": "female"}
    entry = [{"resource": patient}]
    entry += [{"resource": {"id": f"r{n}", **one}} for n, one in enumerate(resources)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entry}
    return interpret(json.dumps(bundle), as_of=AS_OF, profile="uk")


def on_top(report: Report, topic: str) -> list[tuple[str, str]]:
    notes = [note for note in report.notes if note.topic == topic and note.under is None]
    return [(note.rule, note.urgency) for note in notes]


def test_a_haemolysed_high_potassium_gives_one_note_and_stays_an_emergency() -> None:
    report = read(result("potassium", 7.0, "mmol/L", note=[{"text": "haemolysed sample"}]))
    assert on_top(report, "potassium") == [("critical-potassium-high-haemolysed", "emergency")]


@pytest.mark.parametrize(
    ("calcium", "albumin", "expected"),
    [
        (1.75, 22, []),
        (1.75, None, [("critical-calcium-low", "urgent")]),
        (1.45, 40, [("critical-adjusted-calcium-low", "emergency")]),
        (1.45, None, [("critical-calcium-very-low", "emergency")]),
        (1.45, 20, [("adjusted-calcium-low-near-critical", "urgent")]),
        (3.6, 70, [("adjusted-calcium-high-near-critical", "urgent")]),
        (3.6, None, [("critical-calcium-high", "emergency")]),
        (2.1, None, [("calcium-low-not-confirmed", "routine")]),
        (2.1, 36, []),
    ],
)
def test_tr17_total_calcium_is_read_with_albumin_and_never_silent_without(
    calcium: float, albumin: float | None, expected: list[tuple[str, str]]
) -> None:
    beside = [] if albumin is None else [result("albumin", albumin, "g/L")]
    report = read(result("calcium", calcium, "mmol/L"), *beside)
    assert on_top(report, "calcium") == expected


def test_white_cells_and_neutrophils_of_one_count_give_one_note() -> None:
    both = read(result("wbc", 0.7, "10*9/L"), result("neutrophils", 0.3, "10*9/L"))
    assert on_top(both, "neutrophils_critical") == [("critical-neutrophils-low", "emergency")]
    alone = read(result("wbc", 0.7, "10*9/L"))
    assert on_top(alone, "neutrophils_critical") == [("critical-white-cells-low", "emergency")]


def test_creatinine_in_known_kidney_failure_is_named_without_an_emergency() -> None:
    assert on_top(read(result("creatinine", 600, "umol/L")), "creatinine") == [
        ("critical-creatinine-high", "emergency")
    ]
    known = read(result("creatinine", 600, "umol/L"), problem("dialysis"))
    assert on_top(known, "creatinine") == [("creatinine-high-in-known-kidney-failure", "soon")]


def test_tr29_thiamine_comes_before_every_note_on_b12() -> None:
    signs = ("confusion", "nystagmus", "ataxia", "alcohol dependence")
    report = read(*map(problem, signs), result("total_b12", 120, "ng/L"))
    assert (report.notes[0].rule, report.notes[0].urgency) == ("thiamine-emergency", "emergency")


def test_hellp_and_microangiopathy_are_both_said() -> None:
    counts = (result("platelets", 60, "10*9/L"), result("ldh", 1200, "U/L"))
    pregnant = read(*counts, problem("pregnancy"))
    assert on_top(pregnant, "pregnancy") == [("possible-hellp", "emergency")]
    fragments = read(*counts, problem("pregnancy"), problem("schistocytes"))
    assert on_top(fragments, "thrombotic_microangiopathy") == [
        ("possible-thrombotic-microangiopathy", "emergency")
    ]
    assert on_top(fragments, "pregnancy") == [("possible-hellp", "emergency")]


def test_tr19_leber_speaks_of_cyanocobalamin_before_treatment() -> None:
    report = read(problem("Leber hereditary optic neuropathy"), result("total_b12", 120, "ng/L"))
    assert ("leber-before-b12-treatment", "soon") in on_top(report, "vision")


def test_signs_of_low_calcium_want_electrolytes_though_b12_is_low() -> None:
    report = read(problem("carpopedal spasm"), result("total_b12", 120, "ng/L"))
    assert on_top(report, "calcium") == [("low-calcium-sign-electrolytes-not-settled", "urgent")]
    assert report.notes[0].topic == "calcium"


@pytest.mark.parametrize(("value", "unit"), [(4.1, "g/L"), (41, "g/dL"), (2.0, "g/L")])
def test_an_albumin_in_the_other_unit_hides_no_critical_calcium(value: float, unit: str) -> None:
    report = read(result("calcium", 1.75, "mmol/L"), result("albumin", value, unit))
    said = {note.rule: note.urgency for note in report.notes}
    assert said["critical-calcium-low"] == said["verify-adjusted-calcium"] == "urgent"
