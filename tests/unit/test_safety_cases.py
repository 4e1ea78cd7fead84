"""Clinical safety: inputs that once gave a reassuring, silent or misleading report.

Each case is a small bundle; what must be said, or must not be, is stated beside it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from corrin import IntakeError, interpret
from corrin.notes.report import Report

AS_OF = "2026-11-01T09:00:00Z"
SNOMED = "http://snomed.info/sct"
LOINC = {
    "total_b12": "2132-9",
    "mma": "13964-2",
    "homocysteine": "13965-9",
    "potassium": "2823-3",
    "calcium": "17861-6",
    "adjusted_calcium": "29265-6",
    "ionised_calcium_ph74": "47598-8",
    "wbc": "6690-2",
    "creatinine": "14682-9",
}


def observation(test: str, value: float | None, unit: str, **other: Any) -> dict[str, Any]:
    """A result of the day before, unless ``other`` says otherwise."""
    comparator = other.pop("comparator", None)
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    if comparator is not None:
        quantity["comparator"] = comparator
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": LOINC[test]}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-10-31T08:00:00Z",
        "valueQuantity": quantity,
        **other,
    }


def condition(text: str, verification: str = "confirmed") -> dict[str, Any]:
    """An active Condition named by its text."""
    base = "http://terminology.hl7.org/CodeSystem"
    return {
        "resourceType": "Condition",
        "subject": {"reference": "Patient/p"},
        "code": {"text": text},
        "clinicalStatus": {"coding": [{"system": f"{base}/condition-clinical", "code": "active"}]},
        "verificationStatus": {
            "coding": [{"system": f"{base}/condition-ver-status", "code": verification}]
        },
    }


def read(*resources: dict[str, Any], gender: str = "female") -> Report:
    patient = {
        "resourceType": "Patient",
        "id": "p",
        "birthDate": "1961-03-02",
        "gender": gender,
    }
    entries = [{"resource": {"id": f"r{n}", **one}} for n, one in enumerate(resources)]
    bundle = {"resourceType": "Bundle", "type": "collection"}
    return interpret(
        json.dumps({**bundle, "entry": [{"resource": patient}, *entries]}), as_of=AS_OF
    )


def urgencies(report: Report) -> dict[str, str]:
    return {note.rule: note.urgency for note in report.notes}


@pytest.mark.parametrize(
    ("resource", "rule", "urgency"),
    [
        (
            observation("ionised_calcium_ph74", 0.7, "mmol/L"),
            "critical-ionised-calcium-ph74-low",
            "emergency",
        ),
        (observation("wbc", 0.6, "10*9/L"), "critical-white-cells-low", "emergency"),
        (observation("calcium", 1.3, "mmol/L"), "critical-calcium-very-low", "emergency"),
        (observation("calcium", 3.9, "mmol/L"), "critical-calcium-high", "emergency"),
        (observation("calcium", 1.7, "mmol/L"), "critical-calcium-low", "urgent"),
        (observation("potassium", 2.6, "mmol/L"), "potassium-low-near-critical", "urgent"),
        (observation("potassium", 6.3, "mmol/L"), "potassium-high-near-critical", "urgent"),
        (
            observation("potassium", 2.1, "mmol/L", modifierExtension=[{"url": "urn:x"}]),
            "critical-result-resource-not-usable",
            "urgent",
        ),
    ],
)
def test_a_dangerous_result_is_named(resource: dict[str, Any], rule: str, urgency: str) -> None:
    assert urgencies(read(resource)).get(rule) == urgency


def test_total_calcium_is_quiet_beside_a_normal_adjusted_one() -> None:
    report = read(
        observation("calcium", 1.75, "mmol/L"), observation("adjusted_calcium", 2.25, "mmol/L")
    )
    assert "critical-calcium-low" not in urgencies(report)


def test_a_newer_unreadable_potassium_is_urgent() -> None:
    newer = observation("potassium", 2.1, "mmol/L")
    newer["valueQuantity"] = {"value": 2.1}
    older = observation("potassium", 4.1, "mmol/L", effectiveDateTime="2026-10-29T08:00:00Z")
    assert urgencies(read(older, newer)).get("newer-critical-result-not-used") == "urgent"


def test_the_latest_value_is_named_beside_a_critical_one() -> None:
    report = read(
        observation("potassium", 2.1, "mmol/L", effectiveDateTime="2026-10-29T08:00:00Z"),
        observation("potassium", 4.1, "mmol/L"),
    )
    note = next(n for n in report.notes if n.rule == "critical-potassium-low")
    assert "4.1 mmol/L" in note.detail


@pytest.mark.parametrize("sign", ["ataxia", "paraesthesia"])
def test_results_that_disagree_do_not_silence_a_sign(sign: str) -> None:
    report = read(
        observation("total_b12", 100, "ng/L"),
        observation("total_b12", 500, "ng/L"),
        condition(sign),
    )
    assert report.statuses["b12_status"].status is None
    assert report.urgency == "urgent"


def test_a_censored_result_does_not_silence_a_sensory_symptom() -> None:
    report = read(observation("total_b12", 200, "ng/L", comparator="<"), condition("paraesthesia"))
    assert urgencies(report)["sensory-symptom-with-possible-deficiency"] == "urgent"


def test_a_neurological_sign_without_any_result_is_not_routine() -> None:
    assert urgencies(read(condition("ataxia")))["neurological-sign-without-b12-result"] == "soon"


@pytest.mark.parametrize(
    ("other", "used"),
    [
        ({"effectiveDateTime": "2026-08-20"}, 400),  # earlier, inside the look-back
        ({"status": "preliminary"}, 400),  # newer than the final one, which is used
        ({"effectiveDateTime": "2026-03-01"}, None),  # too old to be used at all
    ],
)
def test_a_deficient_b12_that_did_not_decide_is_named(
    other: dict[str, Any], used: float | None
) -> None:
    found = [observation("total_b12", 150, "ng/L", **other)]
    if used is not None:
        found.append(
            observation("total_b12", used, "ng/L", effectiveDateTime="2026-10-20T08:00:00Z")
        )
    report = read(*found)
    assert report.statuses["b12_status"].status in ("deficiency_unlikely", "not_assessable")
    assert urgencies(report)["total-b12-deficient-not-deciding"] == "soon"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("nitrous oxide exposure", "nitrous-oxide-statement-unclear"),
        ("pregnant", "pregnancy-statement-unclear"),
    ],
)
def test_an_unconfirmed_statement_is_not_passed_over(text: str, rule: str) -> None:
    report = read(observation("total_b12", 520, "ng/L"), condition(text, "provisional"))
    assert urgencies(report).get(rule) == "soon"


def test_a_known_deficiency_with_a_normal_b12_asks_for_treatment() -> None:
    report = read(observation("total_b12", 520, "ng/L"), condition("pernicious anaemia"))
    assert "known-deficiency-treatment-not-stated" in urgencies(report)


def test_a_raised_homocysteine_is_named_beside_a_b12_in_the_upper_band() -> None:
    report = read(observation("total_b12", 520, "ng/L"), observation("homocysteine", 25, "umol/L"))
    assert "homocysteine-raised-upper-band" in urgencies(report)


def test_sentences_hold_no_timestamp_and_no_annotated_unit() -> None:
    report = read(
        observation("potassium", 2.1, "mmol/L", effectiveDateTime="2026-10-01T08:00:00Z"),
        observation("total_b12", 240, "ng/L"),
        observation("mma", 0.5, "umol/L"),
        observation("creatinine", 150, "umol/L"),
    )
    said = " ".join(f"{n.summary} {n.detail} {' '.join(n.limits)}" for n in report.notes)
    assert "T08:00" not in said
    assert "{" not in said
    assert "mL/min/1.73 m2" in said


def test_a_quiet_person_gets_one_note() -> None:
    report = read(
        observation("total_b12", 520, "ng/L"),
        observation("potassium", 4.2, "mmol/L"),
        observation("creatinine", 70, "umol/L"),
    )
    assert report.urgency == "routine"
    assert [n.rule for n in report.notes] == ["b12-unlikely-total"]


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (23, {}),  # implausible
        (4.1, {"status": "registered"}),  # not a result yet
        (4.1, {"effectiveDateTime": "2026-11-10T08:00:00Z"}),  # dated ahead
        (4.1, {"status": "cancelled"}),
    ],
)
def test_only_a_sound_later_value_shows_that_a_critical_one_was_repeated(
    value: float, other: dict[str, Any]
) -> None:
    report = read(
        observation("potassium", 2.1, "mmol/L", effectiveDateTime="2026-10-01T08:00:00Z"),
        observation(
            "potassium", value, "mmol/L", **{"effectiveDateTime": "2026-10-10T08:00:00Z", **other}
        ),
    )
    assert urgencies(report).get("critical-potassium-low-not-repeated") == "soon"


def test_a_sound_later_value_shows_that_a_critical_one_was_repeated() -> None:
    report = read(
        observation("potassium", 2.1, "mmol/L", effectiveDateTime="2026-10-01T08:00:00Z"),
        observation("potassium", 4.1, "mmol/L", effectiveDateTime="2026-10-10T08:00:00Z"),
    )
    assert "critical-potassium-low-not-repeated" not in urgencies(report)


@pytest.mark.parametrize("limit", [{"value": 280}, {"value": 280, "unit": "umol/L"}])
def test_a_laboratory_limit_in_the_wrong_unit_does_not_reassure(limit: dict[str, Any]) -> None:
    def status(value: float) -> Report:
        result = observation("mma", value, "umol/L", referenceRange=[{"high": limit}])
        return read(observation("total_b12", 240, "ng/L"), result)

    assert status(5.0).statuses["b12_status"].status == "functional_deficiency"
    doubtful = status(0.5)
    assert doubtful.statuses["b12_status"].status == "deficiency_probable"
    used = [t.used for t in doubtful.statuses["b12_status"].thresholds if t.name == "mma_upper"]
    assert "280 umol/L, cannot be right and was not used" in used[0]


def test_a_laboratory_limit_that_alone_makes_mma_normal_is_named() -> None:
    result = observation("mma", 0.40, "umol/L", referenceRange=[{"high": {"value": 0.46}}])
    report = read(observation("total_b12", 240, "ng/L"), result)
    assert report.statuses["b12_status"].status == "deficiency_unlikely"
    assert urgencies(report)["mma-not-raised-by-laboratory-limit-only"] == "soon"


def exposure(end: str | None, clinical: str) -> dict[str, Any]:
    """Nitrous oxide exposure on record, over since ``end``."""
    entry = condition("nitrous oxide exposure")
    entry["clinicalStatus"]["coding"][0]["code"] = clinical
    entry["onsetDateTime"] = "2014-01-01"
    if end is not None:
        entry["abatementDateTime"] = end
    return entry


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("2026-10-19", "not_assessable"),
        (None, "not_assessable"),
        ("2015-03-01", "deficiency_unlikely"),
    ],
)
def test_nitrous_oxide_that_stopped_lately_still_counts(end: str | None, status: str) -> None:
    report = read(observation("total_b12", 500, "ng/L"), exposure(end, "resolved"))
    assert report.statuses["b12_status"].status == status


def test_pregnancy_is_no_assumption_for_a_man() -> None:
    report = read(observation("total_b12", 240, "ng/L"), gender="male")
    assert "pregnant" not in [said.code for said in report.statuses["b12_status"].assumed]
    woman = read(observation("total_b12", 240, "ng/L"))
    assert "pregnant" in [said.code for said in woman.statuses["b12_status"].assumed]


def test_two_patients_who_share_an_identifier_but_nothing_else_are_two_people() -> None:
    shared = {"resourceType": "Patient", "identifier": [{"system": "s", "value": "UNKNOWN"}]}
    one = shared | {"id": "a", "gender": "male", "birthDate": "1950-01-01"}
    other = shared | {"id": "b", "gender": "female", "birthDate": "1990-01-01"}
    with pytest.raises(IntakeError) as raised:
        interpret([one, other], as_of=AS_OF)
    assert [problem.reason for problem in raised.value.problems] == ["two-subjects"]


def test_low_counts_are_not_hidden_by_macrocytosis_or_low_ferritin() -> None:
    from corrin.evaluate.given import case_of
    from corrin.interpretation import prepared

    engine, _ = prepared("uk")
    given = {"haemoglobin": "135 g/L", "neutrophils": "0.4 10*9/L", "sex": "female"}
    for other in ({"mcv": "104 fL"}, {"mcv": "90 fL", "ferritin": "8 ug/L"}):
        case = case_of({**given, **other}, engine.library.vocabulary)
        assert engine.evaluate(case).decided["haematology"].status == "cytopenias"


def test_an_abbreviation_keeps_its_letters_at_the_start_of_a_sentence() -> None:
    from corrin.notes.sentence import capital, readable

    assert capital("eGFR is known") == "eGFR is known"
    assert capital("total B12 is known") == "Total B12 is known"
    assert readable("45 mL/min/{1.73_m2} on 2026-10-01T08:00:00Z") == (
        "45 mL/min/1.73 m2 on 2026-10-01 08:00 UTC"
    )


def test_a_person_who_may_be_under_sixteen_is_named() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "p", "birthDate": "2010"}},
            {"resource": observation("total_b12", 150, "ng/L")},
        ],
    }
    assert urgencies(interpret(json.dumps(bundle), as_of=AS_OF))["age-may-be-under-16"] == "soon"


def medicine(kind: str, text: str, **other: Any) -> dict[str, Any]:
    """A medication resource named by its text."""
    return {
        "resourceType": kind,
        "status": "active",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": {"text": text},
        **other,
    }


def treated(report: Report) -> bool | None:
    """Whether B12 is known to have been given before the sample."""
    found = [one.present for one in report.context if one.name == "on_b12_treatment"]
    return found[0] if found else None


def test_a_prescription_after_the_sample_does_not_say_that_it_was_the_first() -> None:
    after = {"intent": "order", "authoredOn": "2026-10-31T20:00:00Z"}
    report = read(
        observation("total_b12", 500, "ng/L"),
        medicine("MedicationRequest", "hydroxocobalamin 1 mg injection", **after),
    )
    assert treated(report) is None
    assert "on_b12_treatment" in [one.code for one in report.statuses["b12_status"].assumed]


def test_a_stated_start_after_the_sample_does() -> None:
    begun = {"effectivePeriod": {"start": "2026-10-31T20:00:00Z"}}
    report = read(
        observation("total_b12", 500, "ng/L"),
        medicine("MedicationStatement", "hydroxocobalamin 1 mg injection", **begun),
    )
    assert treated(report) is False


@pytest.mark.parametrize("text", ["No vitamin B12 given", "Allergic to hydroxocobalamin"])
def test_a_text_that_may_deny_a_medicine_does_not_state_it(text: str) -> None:
    report = read(observation("total_b12", 500, "ng/L"), medicine("MedicationStatement", text))
    assert treated(report) is None
    assert "statement-unclear" in [one.reason for one in report.refusals]


def test_a_guideline_not_yet_in_force_is_named() -> None:
    result = observation("total_b12", 240, "ng/L", effectiveDateTime="2023-05-01")
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": result}]}
    notices = interpret(json.dumps(bundle), as_of="2023-05-02").notices
    assert any("in force" in said and "NG239" in said for said in notices)


def potassium(value: float, issued: str, status: str = "final", **other: Any) -> dict[str, Any]:
    """A potassium of a day, at no known hour."""
    said = {"effectiveDateTime": "2026-10-31", "issued": issued, "status": status, **other}
    return observation("potassium", value, "mmol/L", **said)


def test_a_critical_value_does_not_vanish_behind_the_correction_of_another() -> None:
    report = read(
        potassium(2.1, "2026-10-31T09:00:00Z"),
        potassium(4.2, "2026-10-31T17:00:00Z", "corrected"),
    )
    assert urgencies(report)["critical-potassium-low"] == "emergency"
    instant = {"effectiveDateTime": "2026-10-31T08:00:00Z"}
    report = read(
        potassium(2.1, "2026-10-31T09:00:00Z", identifier=[{"value": "1"}], **instant),
        potassium(4.2, "2026-10-31T17:00:00Z", "corrected", identifier=[{"value": "2"}], **instant),
    )
    assert urgencies(report)["critical-potassium-low"] == "emergency"


@pytest.mark.parametrize("identifier", [[], [{"value": "1"}]])
def test_a_critical_value_that_was_itself_corrected_is_silent(
    identifier: list[dict[str, str]],
) -> None:
    instant: dict[str, Any] = {"effectiveDateTime": "2026-10-31T08:00:00Z"}
    if identifier:
        instant["identifier"] = identifier
    report = read(
        potassium(2.1, "2026-10-31T09:00:00Z", **instant),
        potassium(4.2, "2026-10-31T17:00:00Z", "corrected", **instant),
    )
    assert "critical-potassium-low" not in urgencies(report)


def test_a_procedure_of_stu3_that_was_not_done_is_not_stated_as_done() -> None:
    operation = {
        "resourceType": "Procedure",
        "status": "completed",
        "notDone": True,
        "subject": {"reference": "Patient/p"},
        "code": {"text": "gastrectomy"},
    }
    report = read(observation("total_b12", 500, "ng/L"), operation)
    assert [one.present for one in report.context if one.name == "gastrectomy"] == [False]
