"""Conditions, procedures, medicines and observed symptoms."""

from __future__ import annotations

from typing import Any

import pytest

from support.fhir import (
    SNOMED,
    Resource,
    bundle,
    changed,
    coded,
    observation,
    patient,
    quantity,
    read,
    refused,
    stated,
    statement,
)

PERNICIOUS = coded("84027009", SNOMED)
PREGNANT = coded("77386006", SNOMED)
CRAMP = coded("55300003", SNOMED)
GASTRECTOMY = coded("53442002", SNOMED)
RXNORM, ATC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://www.whocc.no/atc"
B12_TABLETS = coded("11248", RXNORM)
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def condition(code: Resource = PERNICIOUS, **more: Any) -> Resource:
    return stated("Condition", code, **{"clinicalStatus": coded("active"), **more})


# --- conditions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "value", "history"),
    [
        ({}, True, False),
        ({"clinicalStatus": None}, True, False),
        ({"clinicalStatus": "active"}, True, False),
        ({"clinicalStatus": {"text": "Active"}}, True, False),
        ({"clinicalStatus": coded("recurrence")}, True, False),
        ({"clinicalStatus": coded("inactive")}, True, True),
        ({"clinicalStatus": coded("resolved")}, True, True),
        ({"clinicalStatus": "remission"}, True, True),
        ({"abatementDateTime": "2024-01-01"}, True, True),
        ({"abatementString": "last year"}, True, True),
        ({"abatementBoolean": True}, True, True),
        ({"abatementBoolean": False}, True, False),
        ({"verificationStatus": coded("confirmed", VERIFICATION)}, True, False),
        ({"verificationStatus": "confirmed"}, True, False),
        ({"verificationStatus": coded("refuted", VERIFICATION)}, False, False),
        ({"verificationStatus": "refuted", "clinicalStatus": None}, False, False),
    ],
)
def test_a_condition_is_stated(changes: Resource, value: bool, history: bool) -> None:
    found = statement(read(condition(**changes)))
    assert (found.name, found.value, found.history) == ("pernicious_anaemia", value, history)


@pytest.mark.parametrize(
    ("changes", "reason", "element"),
    [
        (
            {"verificationStatus": coded("entered-in-error")},
            "entered-in-error",
            "verificationStatus",
        ),
        ({"verificationStatus": coded("unconfirmed")}, "statement-unclear", "verificationStatus"),
        ({"verificationStatus": "provisional"}, "statement-unclear", "verificationStatus"),
        ({"verificationStatus": coded("differential")}, "statement-unclear", "verificationStatus"),
        ({"verificationStatus": "unknown"}, "statement-unclear", "verificationStatus"),
        ({"verificationStatus": coded("sure")}, "status-unknown-code", "verificationStatus"),
        ({"verificationStatus": 5}, "malformed", "verificationStatus"),
        ({"clinicalStatus": coded("unknown")}, "statement-unclear", "clinicalStatus"),
        ({"clinicalStatus": coded("on")}, "status-unknown-code", "clinicalStatus"),
        ({"clinicalStatus": ["active"]}, "malformed", "clinicalStatus"),
        ({"modifierExtension": [{}]}, "modifier-extension", "modifierExtension"),
        ({"subject": {"reference": "Group/g"}}, "not-the-patient", "subject"),
        ({"code": "84027009"}, "malformed", "code"),
    ],
)
def test_a_condition_is_refused(changes: Resource, reason: str, element: str) -> None:
    found = read(condition(**changes))
    assert refused(found) == [(reason, f"Condition.{element}")] and not found.statements


@pytest.mark.parametrize(
    ("changes", "since", "until"),
    [
        ({"onsetDateTime": "2019"}, "2019", None),
        ({"onsetPeriod": {"start": "2019", "end": "2020-01-01"}}, "2019", "2020-01-01"),
        ({"recordedDate": "2020-05-01"}, "2020-05-01", None),
        ({"assertedDate": "2020-05-01"}, "2020-05-01", None),
        ({"onsetDateTime": "2019", "recordedDate": "2020"}, "2019", None),
        ({"onsetDateTime": "2019", "abatementDateTime": "2021-03"}, "2019", "2021-03"),
        ({"onsetAge": quantity(40, "a")}, None, None),
    ],
)
def test_since_and_until(changes: Resource, since: str | None, until: str | None) -> None:
    found = statement(read(condition(**changes)))
    assert (str(found.since) if found.since else None) == since
    assert (str(found.until) if found.until else None) == until


def test_a_bad_date_does_not_hide_the_condition() -> None:
    found = read(condition(onsetDateTime="2019-13-01"))
    assert refused(found) == [("date-invalid", "Condition.onsetDateTime")]
    assert [(one.name, one.since) for one in found.statements] == [("pernicious_anaemia", None)]


def test_a_condition_by_other_systems_and_by_text() -> None:
    assert (
        statement(read(condition(coded("D51.0", "http://hl7.org/fhir/sid/icd-10-cm")))).name
        == "pernicious_anaemia"
    )
    assert (
        statement(read(condition(coded("D51.0", "http://hl7.org/fhir/sid/icd-10")))).name
        == "pernicious_anaemia"
    )
    by_text = statement(read(condition({"text": " Pernicious  ANAEMIA "})))
    assert (by_text.name, by_text.flags) == ("pernicious_anaemia", ("text-match",))
    assert not read(condition({"text": "query pernicious anaemia"})).statements
    assert not read(condition(coded("1", SNOMED, text="pernicious anaemia"))).statements


def test_a_code_that_denies() -> None:
    not_pregnant = coded("60001007", SNOMED)
    assert statement(read(condition(not_pregnant))).value is False
    refuted = read(condition(not_pregnant, verificationStatus="refuted"))
    assert [one.reason for one in refuted.refusals] == ["statement-unclear"]


# --- procedures ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "value", "reason"),
    [
        ("completed", True, None),
        ("in-progress", True, None),
        ("not-done", False, None),
        ("preparation", None, "statement-unclear"),
        ("stopped", None, "statement-unclear"),
        ("unknown", None, "statement-unclear"),
        ("entered-in-error", None, "entered-in-error"),
        ("done", None, "status-unknown-code"),
        (None, None, "status-unknown-code"),
        (5, None, "malformed"),
    ],
)
def test_a_procedure(status: Any, value: bool | None, reason: str | None) -> None:
    found = read(stated("Procedure", GASTRECTOMY, status=status, performedDateTime="2012-06"))
    assert [one.reason for one in found.refusals] == ([reason] if reason else [])
    assert [(one.name, one.value, str(one.since)) for one in found.statements] == (
        [] if value is None else [("gastrectomy", value, "2012-06")]
    )


@pytest.mark.parametrize("element", ["performedDateTime", "occurrenceDateTime"])
def test_when_a_procedure_was_done(element: str) -> None:
    found = statement(
        read(stated("Procedure", GASTRECTOMY, status="completed", **{element: "2012"}))
    )
    assert str(found.since) == "2012"


# --- medicines -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "changes", "value", "history", "since", "until"),
    [
        (
            "MedicationStatement",
            {"status": "active", "effectiveDateTime": "2026-01-01"},
            True,
            False,
            "2026-01-01",
            None,
        ),
        (
            "MedicationStatement",
            {"status": "active", "effectivePeriod": {"start": "2026-01-01"}},
            True,
            False,
            "2026-01-01",
            None,
        ),
        (
            "MedicationStatement",
            {"status": "stopped", "effectivePeriod": {"start": "2025", "end": "2026-01"}},
            True,
            True,
            "2025",
            "2026-01",
        ),
        ("MedicationStatement", {"status": "completed"}, True, True, None, None),
        ("MedicationStatement", {"status": "on-hold"}, True, True, None, None),
        ("MedicationStatement", {"status": "recorded"}, True, False, None, None),
        ("MedicationStatement", {"status": "not-taken"}, False, False, None, None),
        ("MedicationStatement", {"status": "active", "taken": "n"}, False, False, None, None),
        ("MedicationStatement", {"status": "active", "taken": "y"}, True, False, None, None),
        (
            "MedicationStatement",
            {"status": "recorded", "adherence": {"code": coded("not-taking")}},
            False,
            False,
            None,
            None,
        ),
        (
            "MedicationRequest",
            {"status": "active", "intent": "order", "authoredOn": "2026-02-01"},
            True,
            False,
            "2026-02-01",
            None,
        ),
        ("MedicationRequest", {"status": "active"}, True, False, None, None),
        ("MedicationRequest", {"status": "stopped", "intent": "order"}, True, True, None, None),
        (
            "MedicationAdministration",
            {"status": "completed", "effectiveDateTime": "2026-03-01"},
            True,
            False,
            "2026-03-01",
            None,
        ),
        (
            "MedicationAdministration",
            {"status": "completed", "occurenceDateTime": "2026-03-01"},
            True,
            False,
            "2026-03-01",
            None,
        ),
        (
            "MedicationDispense",
            {"status": "completed", "whenHandedOver": "2026-04-01"},
            True,
            False,
            "2026-04-01",
            None,
        ),
        (
            "MedicationDispense",
            {"status": "completed", "whenPrepared": "2026-04-01"},
            True,
            False,
            "2026-04-01",
            None,
        ),
    ],
)
def test_a_medicine(
    kind: str, changes: Resource, value: bool, history: bool, since: Any, until: Any
) -> None:
    found = statement(read(stated(kind, B12_TABLETS, **changes)))
    assert (found.name, found.value, found.history) == ("b12_medicine", value, history)
    assert (
        str(found.since) if found.since else None,
        str(found.until) if found.until else None,
    ) == (since, until)


@pytest.mark.parametrize(
    ("kind", "changes", "reason"),
    [
        ("MedicationStatement", {"status": "intended"}, "medicine-not-taken"),
        ("MedicationStatement", {"status": "unknown"}, "statement-unclear"),
        ("MedicationStatement", {"status": "active", "taken": "unk"}, "statement-unclear"),
        ("MedicationStatement", {"status": "active", "taken": "yes"}, "status-unknown-code"),
        ("MedicationStatement", {"status": "entered-in-error", "taken": "n"}, "entered-in-error"),
        ("MedicationStatement", {}, "status-unknown-code"),
        ("MedicationStatement", {"status": ["active"]}, "malformed"),
        ("MedicationRequest", {"status": "cancelled", "intent": "order"}, "medicine-not-taken"),
        ("MedicationRequest", {"status": "draft", "intent": "order"}, "medicine-not-taken"),
        ("MedicationRequest", {"status": "active", "intent": "plan"}, "medicine-not-taken"),
        ("MedicationRequest", {"status": "active", "intent": "proposal"}, "medicine-not-taken"),
        ("MedicationRequest", {"status": "active", "intent": "wish"}, "status-unknown-code"),
        (
            "MedicationRequest",
            {"status": "active", "intent": "order", "doNotPerform": True},
            "medicine-not-taken",
        ),
        (
            "MedicationRequest",
            {"status": "active", "intent": "order", "doNotPerform": "true"},
            "malformed",
        ),
        ("MedicationRequest", {"intent": "order"}, "statement-unclear"),
        ("MedicationAdministration", {"status": "not-done"}, "medicine-not-taken"),
        (
            "MedicationAdministration",
            {"status": "completed", "notGiven": True},
            "medicine-not-taken",
        ),
        ("MedicationDispense", {"status": "declined"}, "medicine-not-taken"),
        ("MedicationDispense", {"status": "preparation"}, "medicine-not-taken"),
        (
            "MedicationStatement",
            {"status": "active", "modifierExtension": [{}]},
            "modifier-extension",
        ),
        (
            "MedicationStatement",
            {"status": "active", "medicationCodeableConcept": "B12"},
            "malformed",
        ),
    ],
)
def test_a_medicine_is_refused(kind: str, changes: Resource, reason: str) -> None:
    found = read(stated(kind, B12_TABLETS, **changes))
    assert [one.reason for one in found.refusals] == [reason] and not found.statements


def medicine(**more: Any) -> Resource:
    return changed(
        {
            "resourceType": "MedicationStatement",
            "id": "m",
            "status": "active",
            "subject": {"reference": "Patient/p"},
        },
        **more,
    )


def test_where_a_medicine_is_named() -> None:
    tablets = {"resourceType": "Medication", "id": "x", "code": B12_TABLETS}
    parts = {
        "resourceType": "Medication",
        "id": "x",
        "ingredient": [{"itemCodeableConcept": B12_TABLETS}],
    }
    r5_parts = {
        "resourceType": "Medication",
        "id": "x",
        "ingredient": [{"item": {"concept": B12_TABLETS}}],
    }
    reference = {"reference": "Medication/x"}
    for given in (tablets, parts, r5_parts):
        assert (
            statement(read(bundle(medicine(medicationReference=reference), given))).name
            == "b12_medicine"
        )
        inside = medicine(medicationReference={"reference": "#x"}, contained=[given])
        assert statement(read(inside)).name == "b12_medicine"
        assert (
            statement(read(bundle(medicine(medication={"reference": reference}), given))).name
            == "b12_medicine"
        )
    assert statement(read(medicine(medication={"concept": B12_TABLETS}))).name == "b12_medicine"
    shown = read(
        medicine(
            medicationReference={"reference": "Medication/y", "display": "Metformin 500 mg tablet"}
        )
    )
    assert (statement(shown).name, statement(shown).flags) == ("metformin", ("text-match",))
    lost = read(medicine(medicationReference={"reference": "Medication/y"}))
    assert [one.reason for one in lost.refusals] == ["reference-unresolved"]
    assert [one.reason for one in read(medicine(medicationReference="Medication/y")).refusals] == [
        "malformed"
    ]


@pytest.mark.parametrize(
    ("concept", "names", "flags"),
    [
        (coded("6809", RXNORM), ["metformin"], ()),
        (coded("A10BA02", ATC), ["metformin"], ()),
        (
            coded("999999", RXNORM, text="metformin hydrochloride 500 MG Oral Tablet"),
            ["metformin"],
            ("text-match",),
        ),
        ({"coding": [{"display": "omeprazole 20 MG"}]}, ["ppi"], ("text-match",)),
        (coded("V03AB33", ATC, text="hydroxocobalamin 5 g"), [], ()),
        ({"text": "paracetamol 500 mg"}, [], ()),
    ],
)
def test_which_medicine_it_is(concept: Resource, names: list[str], flags: tuple[str, ...]) -> None:
    found = read(medicine(medicationCodeableConcept=concept))
    assert [one.name for one in found.statements] == names
    assert all(one.flags == flags for one in found.statements)


def test_an_allergy_states_no_exposure() -> None:
    allergy = {
        "resourceType": "AllergyIntolerance",
        "code": coded("111132001", SNOMED),
        "patient": {"reference": "Patient/p"},
    }
    found = read(patient(), allergy)
    assert (found.statements, found.refusals, found.counts["not-ours"]) == ((), (), 1)


# --- observed symptoms, pregnancy ------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "changes", "name", "value"),
    [
        (CRAMP, {"valueBoolean": True}, "muscle_cramp", True),
        (CRAMP, {"valueBoolean": False}, "muscle_cramp", False),
        (CRAMP, {"valueCodeableConcept": coded("52101004", SNOMED)}, "muscle_cramp", True),
        (CRAMP, {"valueCodeableConcept": coded("LA9634-2")}, "muscle_cramp", False),
        (CRAMP, {"valueString": "present"}, "muscle_cramp", True),
        (CRAMP, {"valueString": "", "interpretation": [coded("POS")]}, "muscle_cramp", True),
        (coded("75325-1"), {"valueCodeableConcept": CRAMP}, "muscle_cramp", True),
        (coded("82810-3"), {"valueCodeableConcept": coded("LA15173-0")}, "pregnant", True),
        (coded("82810-3"), {"valueCodeableConcept": coded("LA26683-5")}, "pregnant", False),
        (coded("82810-3"), {"valueCodeableConcept": PREGNANT}, "pregnant", True),
        (coded("82810-3"), {"valueCodeableConcept": coded("60001007", SNOMED)}, "pregnant", False),
        (coded("82810-3"), {"valueBoolean": True}, "pregnant", True),
        (PREGNANT, {"valueBoolean": True}, "pregnant", True),
        (coded("60001007", SNOMED), {"valueBoolean": True}, "pregnant", False),
        ({"text": "muscle cramp"}, {"valueBoolean": True}, "muscle_cramp", True),
    ],
)
def test_an_observed_statement(code: Resource, changes: Resource, name: str, value: bool) -> None:
    found = statement(read(observation(code, **changes)))
    assert (found.name, found.value) == (name, value)
    assert found.since is not None


@pytest.mark.parametrize(
    ("code", "changes", "reason"),
    [
        (CRAMP, {"valueQuantity": None}, "no-value"),
        (CRAMP, {"valueString": "sometimes"}, "statement-unclear"),
        (CRAMP, {"dataAbsentReason": coded("asked-declined")}, "no-value"),
        (CRAMP, {"valueBoolean": "true"}, "malformed"),
        (CRAMP, {"valueBoolean": True, "status": "unknown"}, "status-unusable"),
        (CRAMP, {"valueBoolean": True, "status": "cancelled"}, "cancelled"),
        (coded("82810-3"), {"valueCodeableConcept": coded("LA4489-6")}, "statement-unclear"),
        (coded("10157-6"), {"valueCodeableConcept": PERNICIOUS}, "statement-unclear"),
    ],
)
def test_an_observed_statement_is_unclear(code: Resource, changes: Resource, reason: str) -> None:
    found = read(observation(code, **changes))
    assert [one.reason for one in found.refusals] == [reason] and not found.statements


def test_an_undated_symptom_is_stated_all_the_same() -> None:
    found = statement(read(observation(CRAMP, valueBoolean=True, effectiveDateTime=None)))
    assert found.since is None


def test_the_length_of_a_pregnancy_states_it() -> None:
    found = read(observation("18185-9", 20, "wk"))
    assert [one.analyte for one in found.results] == ["gestational_age"]
    assert [(one.name, one.value, str(one.since)) for one in found.statements] == [
        ("pregnant", True, "2026-10-20T08:15:00Z")
    ]


def test_components_state_symptoms() -> None:
    parts = [
        {"code": CRAMP, "valueBoolean": True},
        {"code": coded("75325-1"), "valueCodeableConcept": coded("91019004", SNOMED)},
    ]
    found = read(observation(coded("8689-2"), valueQuantity=None, component=parts))
    assert [one.name for one in found.statements] == ["muscle_cramp", "paraesthesia"]
