"""Family history, hospital stays, smoking, routes, and what a statement states besides."""

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
    read,
    refused,
    stated,
    statement,
)

ATC, RXNORM = "http://www.whocc.no/atc", "http://www.nlm.nih.gov/research/umls/rxnorm"
LOINC, ICD = "http://loinc.org", "http://hl7.org/fhir/sid/icd-10-cm"
ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PERNICIOUS, SJOGREN = coded("84027009", SNOMED), coded("83901003", SNOMED)
REFUTED = {"verificationStatus": "refuted", "clinicalStatus": None}


def names(*resources: Resource) -> list[tuple[str, bool]]:
    return [(one.name, one.value) for one in read(*resources).statements]


def condition(code: Resource, **more: Any) -> Resource:
    return stated("Condition", code, **{"clinicalStatus": coded("active"), **more})


# --- family history --------------------------------------------------------------------------


def relative(*codes: Resource, **more: Any) -> Resource:
    return changed(
        {
            "resourceType": "FamilyMemberHistory",
            "id": "f",
            "status": "completed",
            "patient": {"reference": "Patient/p"},
            "relationship": coded("MTH", ROLE),
            "condition": [{"code": code} for code in codes],
        },
        **more,
    )


@pytest.mark.parametrize(
    ("code", "history"),
    [
        (PERNICIOUS, "family_history_b12_deficiency"),
        ({"text": "Vitamin B12 deficiency"}, "family_history_b12_deficiency"),
        ({"text": "Family history of pernicious anaemia"}, "family_history_b12_deficiency"),
        (SJOGREN, "family_history_autoimmune"),
        (coded("46635009", SNOMED), "family_history_autoimmune"),
        ({"text": "Leber hereditary optic neuropathy"}, "family_history_leber"),
    ],
)
def test_a_relative_gives_a_family_history(code: Resource, history: str) -> None:
    found = statement(read(relative(code, date="2020-05-01")))
    assert (found.name, found.value, str(found.since)) == (history, True, "2020-05-01")
    assert found.path.endswith(".condition[0]")


def test_a_relative_never_gives_the_person_a_condition() -> None:
    for code in (PERNICIOUS, SJOGREN, coded("396331005", SNOMED), coded("40930008", SNOMED)):
        assert {name for name, _ in names(relative(code))} <= {
            "family_history_b12_deficiency",
            "family_history_autoimmune",
        }
    assert names(relative(coded("40930008", SNOMED))) == []


def test_several_conditions_of_a_relative() -> None:
    assert names(relative(PERNICIOUS, SJOGREN, coded("195967001", SNOMED))) == [
        ("family_history_autoimmune", True),
        ("family_history_b12_deficiency", True),
    ]


@pytest.mark.parametrize(
    ("changes", "reason", "element"),
    [
        ({"status": "entered-in-error"}, "entered-in-error", "status"),
        ({"status": "health-unknown"}, "statement-unclear", "status"),
        ({"status": "done"}, "status-unknown-code", "status"),
        ({"status": None}, "malformed", "status"),
        ({"status": ["completed"]}, "malformed", "status"),
        ({"notDone": True}, "statement-unclear", "notDone"),
        ({"relationship": coded("SPS", ROLE)}, "statement-unclear", "relationship"),
        ({"relationship": coded("ADOPTM", ROLE)}, "statement-unclear", "relationship"),
        ({"modifierExtension": [{}]}, "modifier-extension", "modifierExtension"),
        ({"patient": {"reference": "Group/g"}}, "not-the-patient", "subject"),
        ({"condition": ["x"]}, "malformed", "condition[0]"),
    ],
)
def test_a_family_history_is_refused(changes: Resource, reason: str, element: str) -> None:
    found = read(relative(PERNICIOUS, **changes))
    assert refused(found) == [(reason, f"FamilyMemberHistory.{element}")]
    assert not found.statements


@pytest.mark.parametrize("given", [None, {}, "x", [], [{}], [{"code": {"text": "asthma"}}]])
def test_a_relative_with_nothing_of_ours(given: Any) -> None:
    assert not read(relative(condition=given)).statements


@pytest.mark.parametrize(
    "code",
    [
        coded("84027009", SNOMED, text="Family history of pernicious anaemia"),
        coded("84027009", SNOMED, text="FH: pernicious anaemia"),
        {"coding": [{"system": SNOMED, "code": "84027009", "display": "FHx pernicious anaemia"}]},
        coded("D51.0", ICD, text="No family history of pernicious anaemia"),
    ],
)
def test_a_family_history_is_never_the_persons_own(code: Resource) -> None:
    for resource, kind in ((condition(code), "Condition"), (observed(code), "Observation")):
        found = read(resource)
        assert refused(found) == [("statement-unclear", f"{kind}.code")]
        assert not found.statements
    answered = observation("75325-1", None, valueCodeableConcept=code)
    assert not read(answered).statements


def observed(code: Resource) -> Resource:
    return changed(observation("2132-9", None), code=code, valueBoolean=True)


def test_a_condition_by_text_can_state_a_family_history() -> None:
    found = statement(read(condition({"text": "Family history of pernicious anaemia"})))
    assert (found.name, found.value) == ("family_history_b12_deficiency", True)
    assert not read(condition({"text": "Family history of diabetes"})).statements


# --- what follows from what ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (coded("19943007", SNOMED), ["cirrhosis", "liver_disease"]),
        (coded("46635009", SNOMED), ["autoimmune_disease", "diabetes", "type_1_diabetes"]),
        (coded("40930008", SNOMED), ["hypothyroidism", "thyroid_disease"]),
        (coded("84568007", SNOMED), ["atrophic_gastritis"]),
        (
            {"text": "autoimmune gastritis"},
            ["atrophic_gastritis", "autoimmune_disease", "autoimmune_gastritis"],
        ),
        ({"text": "Confusion"}, ["cognitive_impairment", "confusion"]),
        ({"text": "nocturnal leg cramps"}, ["muscle_cramp", "night_cramps"]),
    ],
)
def test_a_narrower_condition_states_the_wider(code: Resource, expected: list[str]) -> None:
    assert names(condition(code)) == [(name, True) for name in expected]


def test_a_denial_denies_nothing_wider() -> None:
    assert names(condition(coded("19943007", SNOMED), **REFUTED)) == [("cirrhosis", False)]
    assert names(condition(coded("C03CA04", ATC), **REFUTED)) == []


def test_a_wider_condition_lasts_when_the_narrower_does() -> None:
    over = condition(coded("34000006", SNOMED), clinicalStatus=coded("inactive"))
    found = {one.name: one.history for one in read(over).statements}
    assert found == {"crohns_disease": True, "inflammatory_bowel_disease": False}
    cured = condition({"text": "chvostek sign"}, clinicalStatus=coded("resolved"))
    assert statement(read(cured)).history


# --- vitamin B12 by product and route --------------------------------------------------------


def medicine(code: Resource, **more: Any) -> Resource:
    return changed(
        {
            "resourceType": "MedicationStatement",
            "id": "m",
            "status": "active",
            "subject": {"reference": "Patient/p"},
            "medicationCodeableConcept": code,
        },
        **more,
    )


def by(route: Any) -> Resource:
    return {"dosage": [{"route": route}]}


B12 = coded("11248", RXNORM)


@pytest.mark.parametrize(
    ("code", "more", "besides"),
    [
        (B12, {}, []),
        (coded("B03BA03", ATC), {}, ["hydroxocobalamin"]),
        (coded("B03BA01", ATC), {}, ["cyanocobalamin"]),
        (coded("2001499", RXNORM), {}, ["b12_injection"]),
        ({"text": "Hydroxocobalamin 1 mg/mL injection"}, {}, ["b12_injection", "hydroxocobalamin"]),
        ({"text": "Cyanocobalamin 50 microgram tablets"}, {}, ["b12_oral", "cyanocobalamin"]),
        ({"text": "B12 injection"}, {}, ["b12_injection"]),
        ({"text": "vitamin B12 IM"}, {}, ["b12_injection"]),
        ({"text": "Vitamin B12 ampoules for oral use"}, {}, []),
        (B12, by(coded("78421000", SNOMED)), ["b12_injection"]),
        (B12, by(coded("34206005", SNOMED)), ["b12_injection"]),
        (B12, by(coded("26643006", SNOMED)), ["b12_oral"]),
        (B12, by({"text": "By mouth"}), ["b12_oral"]),
        (B12, by({"coding": [{"display": "IM"}]}), ["b12_injection"]),
        (B12, by(coded("46713006", SNOMED, text="nasal")), []),
        (B12, {"dosage": {"route": coded("78421000", SNOMED)}}, ["b12_injection"]),
        (B12, by("IM"), []),
        (B12, by({"coding": 5, "text": 6}), []),
        (B12, {"dosage": ["x", None, {"route": 5}]}, []),
        ({"text": "vitamin B12 tablet"}, by(coded("78421000", SNOMED)), ["b12_injection"]),
    ],
)
def test_vitamin_b12_by_product_and_route(
    code: Resource, more: Resource, besides: list[str]
) -> None:
    expected = sorted(["b12_medicine", *besides])
    assert names(medicine(code, **more)) == [(name, True) for name in expected]


def test_the_route_of_an_order_and_the_form_of_a_product() -> None:
    order = stated(
        "MedicationRequest",
        B12,
        status="active",
        dosageInstruction=[{"route": coded("78421000", SNOMED)}],
    )
    assert ("b12_injection", True) in names(order)
    product = {"resourceType": "Medication", "id": "x", "code": B12, "form": {"text": "Tablet"}}
    given = medicine(B12, medicationReference={"reference": "Medication/x"})
    given.pop("medicationCodeableConcept")
    assert ("b12_oral", True) in names(bundle(given, product))


def test_the_route_of_another_medicine_says_nothing() -> None:
    assert names(medicine(coded("6809", RXNORM), **by(coded("78421000", SNOMED)))) == [
        ("metformin", True)
    ]


def test_a_medicine_not_taken_denies_as_before() -> None:
    assert names(medicine(coded("B03BA03", ATC), status="not-taken")) == [
        ("b12_medicine", False),
        ("hydroxocobalamin", False),
    ]
    assert names(medicine(coded("C03AA03", ATC), status="not-taken")) == [
        ("diuretic", False),
        ("thiazide", False),
    ]


def test_a_refused_medicine_is_called_by_its_narrowest_name() -> None:
    for code, name in (("B03BA03", "hydroxocobalamin"), ("C03DA01", "spironolactone")):
        (found,) = read(medicine(coded(code, ATC), status="intended")).refusals
        assert found.name == name


def test_a_procedure_can_give_vitamin_b12() -> None:
    given = stated("Procedure", coded("308752009", SNOMED), status="completed")
    assert names(given) == [("b12_injection", True), ("b12_medicine", True)]
    planned = stated("Procedure", coded("308752009", SNOMED), status="preparation")
    assert names(planned) == []
    assert names(condition(coded("308752009", SNOMED))) == []


# --- smoking ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "code", "value", "history"),
    [
        (LOINC, "LA18976-3", True, False),
        (SNOMED, "449868002", True, False),
        (SNOMED, "428041000124106", True, False),
        (LOINC, "LA18978-9", False, False),
        (SNOMED, "266919005", False, False),
        (SNOMED, "8517006", True, True),
        (LOINC, "LA15920-4", True, True),
    ],
)
def test_smoking_status(system: str, code: str, value: bool, history: bool) -> None:
    asked = observation("72166-2", None, valueCodeableConcept=coded(code, system))
    found = statement(read(asked))
    assert (found.name, found.value, found.history) == ("smoking", value, history)


def test_smoking_that_is_not_known() -> None:
    for code in ("266927001", "LA18980-5", "LA18979-7"):
        asked = observation("72166-2", None, valueCodeableConcept=coded(code, LOINC))
        assert [one.reason for one in read(asked).refusals] == ["statement-unclear"]


def test_smoking_as_a_condition() -> None:
    assert names(condition(coded("77176002", SNOMED))) == [("smoking", True)]
    found = statement(read(condition(coded("8517006", SNOMED))))
    assert (found.name, found.value, found.history) == ("smoking", True, True)


# --- in hospital -----------------------------------------------------------------------------


def encounter(**more: Any) -> Resource:
    return changed(
        {
            "resourceType": "Encounter",
            "id": "e",
            "status": "in-progress",
            "class": {"system": ACT, "code": "IMP"},
            "subject": {"reference": "Patient/p"},
            "period": {"start": "2026-03-01"},
        },
        **more,
    )


@pytest.mark.parametrize(
    ("changes", "states"),
    [
        ({}, True),
        ({"class": {"system": ACT, "code": "ACUTE"}}, True),
        ({"class": [coded("IMP", ACT)], "period": None, "actualPeriod": {"start": "2026"}}, True),
        ({"class": {"system": ACT, "code": "AMB"}}, False),
        ({"class": {"system": ACT, "code": "EMER"}}, False),
        ({"class": {"code": "IMP"}}, False),
        ({"class": "IMP"}, False),
        ({"class": None}, False),
        ({"status": "finished"}, False),
        ({"status": "planned"}, False),
        ({"status": ["in-progress"]}, False),
        ({"period": None}, False),
        ({"period": {"end": "2026-03-02"}}, False),
    ],
)
def test_a_stay_in_hospital(changes: Resource, states: bool) -> None:
    assert names(encounter(**changes)) == ([("inpatient", True)] if states else [])


def test_a_stay_of_somebody_else_is_refused() -> None:
    found = read(encounter(subject={"reference": "Group/g"}))
    assert refused(found) == [("not-the-patient", "Encounter.subject")]


# --- tests of other fluids -------------------------------------------------------------------


def test_a_stool_test_is_read_on_stool_only() -> None:
    result = observation("17780-8", None, valueCodeableConcept={"text": "positive"})
    for fluid, taken in (("stool", True), ("serum", False)):
        found = read(changed(result, specimen={"display": fluid}))
        assert bool(found.statements) is taken


# --- what a film shows -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "name"),
    [("800-3", "schistocytes"), ("10381-2", "target_cells"), ("10376-2", "oval_macrocytes")],
)
def test_a_film_shows(code: str, name: str) -> None:
    for said, value in (("Present", True), ("2+", True), ("None seen", False)):
        found = statement(read(observation(code, None, valueString=said)))
        assert (found.name, found.value) == (name, value)
    unclear = read(observation(code, None, valueString="few"))
    assert [one.reason for one in unclear.refusals] == ["statement-unclear"]
    assert not unclear.statements
