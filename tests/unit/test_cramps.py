"""Muscle cramps through the whole program: what they may, and may never, be put down to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from corrin import interpret
from corrin.notes.report import Report

AS_OF = "2026-11-01T09:00:00Z"
NORMAL = {
    "potassium": ("2823-3", 4.2, "mmol/L"),
    "sodium": ("2951-2", 140, "mmol/L"),
    "adjusted_calcium": ("29265-6", 2.35, "mmol/L"),
    "magnesium": ("2601-3", 0.85, "mmol/L"),
    "ck": ("2157-6", 90, "U/L"),
    "tsh": ("3016-3", 1.8, "m[IU]/L"),
    "total_b12": ("2132-9", 500, "ng/L"),
}
CRAMPS = {"text": "muscle cramps"}


def read(*conditions: dict[str, Any], **tests: tuple[str, float, str]) -> Report:
    """A woman of 65 with these problems and results of the day before."""
    subject = {"subject": {"reference": "Patient/p"}}
    resources: list[dict[str, Any]] = [
        {"resourceType": "Patient", "id": "p", "birthDate": "1961-03-02", "gender": "female"}
    ]
    for number, code in enumerate(conditions):
        condition = {"resourceType": "Condition", "id": f"c{number}", "code": code, **subject}
        base = "http://terminology.hl7.org/CodeSystem"
        status = {"system": f"{base}/condition-clinical", "code": "active"}
        sure = {"system": f"{base}/condition-ver-status", "code": "confirmed"}
        condition["clinicalStatus"] = {"coding": [status]}
        condition["verificationStatus"] = {"coding": [sure]}
        resources.append(condition)
    for name, (loinc, value, unit) in tests.items():
        quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org"}
        resources.append(
            {
                "resourceType": "Observation",
                "id": name.replace("_", "-"),
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
                "effectiveDateTime": "2026-10-31T08:00:00Z",
                "valueQuantity": {**quantity, "code": unit},
                **subject,
            }
        )
    entry = [{"resource": one} for one in resources]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entry}
    return interpret(json.dumps(bundle), as_of=AS_OF, profile="uk")


def attribution(report: Report) -> str | None:
    return report.statuses["cramp_attribution"].status


def rules(report: Report) -> list[str]:
    return [note.rule for note in report.notes]


def test_without_cramps_the_pack_says_nothing() -> None:
    report = read(**{**NORMAL, "potassium": ("2823-3", 3.2, "mmol/L")})
    assert attribution(report) == "not_applicable"
    assert not [rule for rule in rules(report) if rule.startswith("cramps")]


def test_cramps_alone_with_everything_normal_are_not_put_down_to_b12() -> None:
    assert attribution(read(CRAMPS, **NORMAL)) == "not_b12"


@pytest.mark.parametrize("missing", sorted(NORMAL))
def test_nothing_is_taken_for_normal_that_was_not_measured(missing: str) -> None:
    report = read(CRAMPS, **{k: v for k, v in NORMAL.items() if k != missing})
    assert attribution(report) == "uncertain"
    assert missing in {one.name for one in report.statuses["cramp_attribution"].missing}


def test_a_total_calcium_without_albumin_does_not_settle_anything() -> None:
    tests = {k: v for k, v in NORMAL.items() if k != "adjusted_calcium"}
    report = read(CRAMPS, **tests, calcium=("2000-8", 2.3, "mmol/L"))
    assert attribution(report) == "uncertain"
    report = read(CRAMPS, **tests, calcium=("2000-8", 2.3, "mmol/L"), albumin=("1751-7", 40, "g/L"))
    assert attribution(report) == "not_b12"


@pytest.mark.parametrize(
    ("name", "value"),
    [("potassium", 3.2), ("sodium", 130), ("magnesium", 0.6), ("ck", 260), ("tsh", 9)],
)
def test_an_abnormal_figure_outranks_a_low_b12(name: str, value: float) -> None:
    """Even with tingling and a B12 in the deficient band."""
    loinc, _, unit = NORMAL[name]
    tests = {**NORMAL, "total_b12": ("2132-9", 120, "ng/L"), name: (loinc, value, unit)}
    report = read(CRAMPS, {"text": "paraesthesia"}, **tests)
    assert attribution(report) == "electrolyte_or_metabolic"
    assert f"cramps-with-abnormal-{name}" in rules(report)
    assert "b12-confirmed-total" in rules(report)  # judged on its own


def test_tr30_severe_hypomagnesaemia_outranks_the_b12_note() -> None:
    report = read(
        CRAMPS,
        {"text": "paraesthesia"},
        magnesium=("2601-3", 0.3, "mmol/L"),
        total_b12=("2132-9", 120, "ng/L"),
    )
    assert report.notes[0].rule == "critical-magnesium-low"
    status = report.statuses["cramp_attribution"]
    assert (status.status, status.urgency) == ("electrolyte_or_metabolic", "emergency")


def test_tr28_cramps_alone_are_no_symptom_of_b12_deficiency() -> None:
    report = read(CRAMPS, {"text": "vegan"}, total_b12=("2132-9", 120, "ng/L"))
    assert attribution(report) == "uncertain"
    assert "cramps-alone-with-b12-evidence" in rules(report)
    assert "cramps-b12-neuropathy-possible" not in rules(report)


def test_another_neurological_symptom_and_b12_evidence_make_it_possible() -> None:
    tests = {**NORMAL, "total_b12": ("2132-9", 120, "ng/L")}
    assert attribution(read(CRAMPS, {"text": "paraesthesia"}, **tests)) == (
        "b12_neuropathy_possible"
    )
