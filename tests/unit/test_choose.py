"""One fact per name: latest, final, recent enough, not in doubt."""

from __future__ import annotations

from typing import Any

import pytest

from corrin.facts.case import Case
from corrin.facts.choose import Policy, choose
from corrin.facts.fact import Absent, Measured, Stated
from corrin.facts.moment import Moment
from support.fhir import (
    ANTIBODY,
    B12,
    MMA,
    POTASSIUM,
    SNOMED,
    Resource,
    bundle,
    coded,
    observation,
    patient,
    quantity,
    read,
    stated,
)

AS_OF = Moment.parse("2026-11-01")
POLICY = Policy(
    look_back={"total_b12": 90, "mma": 90, "potassium": 7, "intrinsic_factor_antibody": None},
    otherwise=90,
    pairing=((90, ("total_b12", "active_b12"), ("mma", "homocysteine")),),
)


def case(*resources: Resource, as_of: Moment = AS_OF, policy: Policy = POLICY) -> Case:
    return choose(read(bundle(*resources)), as_of, policy)


def b12(value: Any, when: str | None = "2026-10-20", id: str = "o1", **more: Any) -> Resource:
    return observation(B12, value, id=id, effectiveDateTime=when, **more)


def measured(found: Case, name: str = "total_b12") -> Measured:
    fact = found.facts[name]
    assert isinstance(fact, Measured), fact
    return fact


def absent(found: Case, name: str = "total_b12") -> Absent:
    fact = found.facts[name]
    assert isinstance(fact, Absent), fact
    return fact


def said(found: Case, name: str) -> Stated:
    fact = found.facts[name]
    assert isinstance(fact, Stated), fact
    return fact


# --- latest inside the look-back -------------------------------------------------------------


def test_the_latest_is_chosen_and_all_are_kept_oldest_first() -> None:
    found = case(
        b12(150, "2026-08-10", "a"), b12(310, "2026-10-20", "c"), b12(172, "2026-09-15", "b")
    )
    assert measured(found).reported == "310 ng/L"
    assert [one.reported for one in found.earlier["total_b12"]] == [
        "150 ng/L",
        "172 ng/L",
        "310 ng/L",
    ]
    assert found.every["total_b12"] == found.earlier["total_b12"]


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("2026-11-01", None),
        ("2026-11-01T23:00:00Z", None),
        ("2026-08-03", None),
        ("2026-08-03T00:00:00Z", None),
        ("2026-08-02", "stale"),
        ("2026-08-02T23:59:59Z", "stale"),
        ("2026-11-02", "future"),
        ("2026-08", "date-imprecise"),
        ("2026", "date-imprecise"),
        ("2026-10", None),
        ("2026-11", None),
        ("2025", "stale"),
        ("2027", "future"),
    ],
)
def test_the_look_back_is_in_calendar_days(when: str, reason: str | None) -> None:
    found = case(b12(150, when))
    if reason is None:
        assert measured(found).reported == "150 ng/L"
    else:
        gone = absent(found)
        assert (gone.reason, gone.reported, str(gone.when)) == (reason, "150 ng/L", when)
        assert gone.origins == ("Observation/o1",)


def test_each_analyte_has_its_own_look_back() -> None:
    found = case(observation(POTASSIUM, 4, "mmol/L", effectiveDateTime="2026-10-20"))
    assert absent(found, "potassium").reason == "stale"
    assert [one.reported for one in found.every["potassium"]] == ["4 mmol/L"]
    antibody = observation(ANTIBODY, valueBoolean=True, effectiveDateTime="2001-01-01")
    assert said(case(antibody), "intrinsic_factor_antibody").value is True


# --- preliminary, amended, the same twice ----------------------------------------------------


def test_preliminary_only_when_nothing_final() -> None:
    early = b12(400, "2026-10-20", "a")
    late = b12(100, "2026-10-25", "b", status="preliminary")
    assert measured(case(early, late)).reported == "400 ng/L"
    alone = measured(case(late))
    assert (alone.reported, alone.flags) == ("100 ng/L", ("preliminary",))
    stale = b12(400, "2026-01-01", "a")
    assert measured(case(stale, late)).reported == "100 ng/L"
    assert len(case(early, late).every["total_b12"]) == 2


@pytest.mark.parametrize("status", ["amended", "corrected"])
def test_an_amendment_replaces(status: str) -> None:
    identifier = [{"system": "urn:lab", "value": "77"}]
    older = b12(410, id="a", issued="2026-10-20T10:00:00Z", identifier=identifier)
    newer = b12(140, id="b", issued="2026-10-21T10:00:00Z", identifier=identifier, status=status)
    for order in ((older, newer), (newer, older)):
        found = case(*order)
        assert measured(found).reported == "140 ng/L"
        assert [one.reported for one in found.every["total_b12"]] == ["140 ng/L"]
        assert (found.counts["used"], found.counts["superseded"]) == (1, 1)


def test_an_amendment_of_the_same_time_replaces_without_an_identifier() -> None:
    older = b12(410, id="a", issued="2026-10-20T10:00:00Z")
    newer = b12(140, id="b", issued="2026-10-21T10:00:00Z", status="corrected")
    assert measured(case(older, newer)).reported == "140 ng/L"
    later = b12(410, id="a", issued="2026-10-22T10:00:00Z")
    assert absent(case(later, newer)).reason == "ambiguous"
    elsewhere = b12(410, "2026-10-21", id="a")
    assert measured(case(elsewhere, newer)).reported == "410 ng/L"


def test_a_later_final_replaces_its_own_preliminary() -> None:
    identifier = [{"value": "77"}]
    first = b12(410, id="a", status="preliminary", identifier=identifier)
    final = b12(140, id="b", identifier=identifier)
    assert [one.reported for one in case(first, final).every["total_b12"]] == ["140 ng/L"]


def test_one_identifier_over_several_samples_is_no_version() -> None:
    identifier = [{"value": "order-9"}]
    found = case(
        b12(410, "2026-10-01", "a", identifier=identifier),
        b12(140, "2026-10-02", "b", identifier=identifier),
    )
    assert len(found.every["total_b12"]) == 2


def test_the_same_result_twice_counts_once() -> None:
    found = measured(case(b12(240, id="a"), b12(240, id="b")))
    assert (found.reported, found.flags) == ("240 ng/L", ("same-result-twice",))
    both = observation(B12, 177, "pmol/L", id="b", effectiveDateTime="2026-10-20")
    for order in ((b12(240, id="a"), both), (both, b12(240, id="a"))):
        found = measured(case(*order))
        assert (found.reported, found.flags) == ("240 ng/L", ("same-result-twice",))


def test_values_of_one_time_that_disagree_are_ambiguous() -> None:
    for other in (
        b12(420, id="b"),
        observation(B12, 190, "pmol/L", id="b", effectiveDateTime="2026-10-20"),
    ):
        found = absent(case(b12(240, id="a"), other))
        assert found.reason == "ambiguous"
        assert found.origins == ("Observation/a", "Observation/b")
        assert {one.origin for one in found.among} == {"Observation/a", "Observation/b"}


def test_times_that_may_be_one_are_one() -> None:
    found = case(b12(240, "2026-10-20", "a"), b12(420, "2026-10-20T08:00:00Z", "b"))
    assert absent(found).reason == "ambiguous"
    later = case(b12(240, "2026-10-19", "a"), b12(420, "2026-10-20T08:00:00Z", "b"))
    assert measured(later).reported == "420 ng/L"


def test_a_censored_value_and_a_number_disagree() -> None:
    below = b12(None, id="b", valueQuantity=quantity(150, comparator="<"))
    assert absent(case(b12(140, id="a"), below)).reason == "ambiguous"


# --- what cannot be used ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"valueQuantity": {"value": 240}}, "unit-missing"),
        ({"status": "entered-in-error"}, "entered-in-error"),
        ({"status": "registered"}, "status-unusable"),
        ({"valueQuantity": quantity(3)}, "implausible"),
        ({"dataAbsentReason": coded("error"), "valueQuantity": None}, "no-value"),
        ({"effectiveDateTime": None}, "date-missing"),
    ],
)
def test_a_refused_value_says_why(changes: Resource, reason: str) -> None:
    given = {key: value for key, value in changes.items() if value is not None}
    resource = b12(240)
    resource.update(given)
    for key, value in changes.items():
        if value is None:
            resource.pop(key)
    found = absent(case(resource))
    assert (found.reason, found.origins) == (reason, ("Observation/o1",))


def test_the_more_telling_reason_is_given() -> None:
    lost = b12(240, "2026-10-01", "a", valueQuantity={"value": 240})
    gone = b12(240, "2026-10-05", "b", status="cancelled")
    old = b12(240, "2025-10-05", "c")
    assert absent(case(lost, gone, old)).reason == "unit-missing"
    assert absent(case(gone, old)).reason == "cancelled"


def test_a_newer_refused_value_is_flagged_on_the_older() -> None:
    good = b12(240, "2026-10-01", "a")
    bad = b12(240, "2026-10-05", "b", valueQuantity={"value": 240})
    assert measured(case(good, bad)).flags == ("newer-refused",)
    assert measured(case(good, b12(3, "2026-10-05", "b"))).flags == ("newer-refused",)
    assert measured(case(good, b12(3, "2026-09-05", "b"))).flags == ()
    assert measured(case(good, b12(3, "2026-12-05", "b"))).flags == ()
    assert measured(case(good, b12(3, "2026-10-05", "b", status="entered-in-error"))).flags == ()


def test_a_newer_value_of_uncertain_date_is_flagged() -> None:
    assert measured(case(b12(240, "2026-10-01", "a"), b12(150, "2026", "b"))).flags == (
        "newer-refused",
    )


def test_every_holds_what_is_not_cancelled_or_in_error() -> None:
    found = case(
        *(
            observation(
                POTASSIUM,
                value,
                "mmol/L",
                id=f"k{at}",
                status=status,
                effectiveDateTime=f"2026-10-{at + 20}",
            )
            for at, (value, status) in enumerate(
                [
                    (2.1, "preliminary"),
                    (23, "final"),
                    (4, "unknown"),
                    (4, "cancelled"),
                    (4, "entered-in-error"),
                    (5, "final"),
                ]
            )
        )
    )
    assert [one.reported for one in found.every["potassium"]] == [
        "2.1 mmol/L",
        "23 mmol/L",
        "4 mmol/L",
        "5 mmol/L",
    ]
    assert [one.reported for one in found.earlier["potassium"]] == ["2.1 mmol/L", "5 mmol/L"]


# --- pairing ---------------------------------------------------------------------------------


def test_a_metabolite_too_far_from_every_marker() -> None:
    policy = Policy(otherwise=400, pairing=POLICY.pairing)
    mma = observation(MMA, 0.4, "umol/L", id="m", effectiveDateTime="2026-06-01")
    assert absent(case(b12(240, "2026-10-20"), mma, policy=policy), "mma").reason == "not-paired"
    assert (
        measured(case(b12(240, "2026-08-30"), mma, policy=policy), "mma").reported == "0.4 umol/L"
    )
    assert (
        measured(case(b12(240, "2026-03-03"), mma, policy=policy), "mma").reported == "0.4 umol/L"
    )
    assert measured(case(mma, policy=policy), "mma").reported == "0.4 umol/L"
    near = observation("72160-5", 60, "pmol/L", id="h", effectiveDateTime="2026-06-02")
    assert measured(case(b12(240, "2026-10-20"), near, mma, policy=policy), "mma").reported


# --- statements ------------------------------------------------------------------------------

CRAMP = coded("55300003", SNOMED)


def cramp(value: bool, when: str | None, id: str, **more: Any) -> Resource:
    return observation(CRAMP, id=id, valueBoolean=value, effectiveDateTime=when, **more)


def condition(code: str, id: str = "c", **more: Any) -> Resource:
    return stated("Condition", coded(code, SNOMED), id=id, **more)


def test_the_last_word_on_a_symptom_counts() -> None:
    assert (
        said(
            case(cramp(True, "2026-10-01", "a"), cramp(False, "2026-10-10", "b")), "muscle_cramp"
        ).value
        is False
    )
    assert (
        said(
            case(cramp(True, "2026-10-10", "a"), cramp(False, "2026-10-01", "b")), "muscle_cramp"
        ).value
        is True
    )
    assert (
        absent(
            case(cramp(True, "2026-10-10", "a"), cramp(False, "2026-10-10", "b")), "muscle_cramp"
        ).reason
        == "ambiguous"
    )
    assert (
        absent(case(cramp(True, None, "a"), cramp(False, "2026-10-10", "b")), "muscle_cramp").reason
        == "ambiguous"
    )
    assert absent(case(cramp(True, "2026-12-10", "a")), "muscle_cramp").reason == "future"
    assert "muscle_cramp" not in case(b12(240)).facts


def test_a_look_back_of_a_statement() -> None:
    policy = Policy(look_back={"muscle_cramp": 90})
    assert (
        absent(case(cramp(True, "2025-01-01", "a"), policy=policy), "muscle_cramp").reason
        == "stale"
    )
    assert said(case(cramp(True, "2025-01-01", "a")), "muscle_cramp").value is True


@pytest.mark.parametrize(
    ("resource", "name", "value", "history"),
    [
        (condition("7200002"), "alcohol_dependence", True, False),
        (condition("7200002", clinicalStatus="inactive"), "alcohol_dependence", False, True),
        (condition("7200002", verificationStatus="refuted"), "alcohol_dependence", False, False),
        (
            condition("7200002", onsetDateTime="2020", abatementDateTime="2021"),
            "alcohol_dependence",
            False,
            True,
        ),
        (condition("84027009", clinicalStatus="inactive"), "pernicious_anaemia", True, False),
        (
            stated(
                "Procedure", coded("53442002", SNOMED), status="completed", performedDateTime="1999"
            ),
            "gastrectomy",
            True,
            False,
        ),
        (condition("77386006", onsetDateTime="2026-06"), "pregnant", True, False),
        (
            condition("77386006", onsetDateTime="2026-01", abatementDateTime="2026-08-20"),
            "pregnant",
            False,
            True,
        ),
    ],
)
def test_history_holds_no_longer_unless_it_lasts(
    resource: Resource, name: str, value: bool, history: bool
) -> None:
    found = said(case(resource), name)
    assert (found.value, found.history) == (value, history)


def test_something_current_beside_its_history() -> None:
    past = condition("7200002", "a", clinicalStatus="resolved", onsetDateTime="2010")
    now = condition("7200002", "b", onsetDateTime="2025")
    assert said(case(past, now), "alcohol_dependence").value is True


def test_a_pregnancy_does_not_last_for_ever() -> None:
    assert (
        absent(case(condition("77386006", onsetDateTime="2023-06-01")), "pregnant").reason
        == "stale"
    )
    assert (
        absent(
            case(observation("18185-9", 20, "wk", effectiveDateTime="2024-01-01")), "pregnant"
        ).reason
        == "stale"
    )


def test_a_present_absent_test_is_chosen_like_a_result() -> None:
    def antibody(value: bool, when: str | None, id: str, **more: Any) -> Resource:
        return observation(ANTIBODY, id=id, valueBoolean=value, effectiveDateTime=when, **more)

    name = "intrinsic_factor_antibody"
    assert (
        said(
            case(antibody(True, "2020-01-01", "a"), antibody(False, "2021-01-01", "b")), name
        ).value
        is False
    )
    assert (
        absent(
            case(antibody(True, "2020-01-01", "a"), antibody(False, "2020-01-01", "b")), name
        ).reason
        == "ambiguous"
    )
    assert said(
        case(
            antibody(True, "2020-01-01", "a"),
            antibody(False, "2021-01-01", "b", status="preliminary"),
        ),
        name,
    ).value
    assert absent(case(antibody(True, "2027-01-01", "a")), name).reason == "future"
    assert (
        absent(case(observation(ANTIBODY, valueString="equivocal")), name).reason
        == "qualitative-unclear"
    )


# --- treatment -------------------------------------------------------------------------------


def tablets(when: str | None, id: str = "t", **more: Any) -> Resource:
    return stated(
        "MedicationStatement",
        coded("B03BA01", "http://www.whocc.no/atc"),
        **{"id": id, "status": "active", "effectiveDateTime": when, **more},
    )


@pytest.mark.parametrize(
    ("when", "value"),
    [
        (None, True),
        ("2026-10-19", True),
        ("2026-10-20", True),
        ("2026-10", True),
        ("2026", True),
        ("2026-10-21", False),
        ("2026-12-01", False),
    ],
)
def test_treatment_is_told_from_the_sample(when: str | None, value: bool) -> None:
    assert said(case(b12(240), tablets(when)), "on_b12_treatment").value is value


def test_treatment_before_any_sample_that_is_used() -> None:
    """A result taken after B12 was given cannot support "unlikely", whatever else is older."""
    mma = observation(MMA, 0.3, "umol/L", id="m", effectiveDateTime="2026-10-01")
    assert said(case(b12(240), mma, tablets("2026-10-10")), "on_b12_treatment").value is True
    assert said(case(b12(240), mma, tablets("2026-10-21")), "on_b12_treatment").value is False
    assert said(case(tablets("2026-10-10")), "on_b12_treatment").value is True
    both = case(b12(240), tablets("2026-10-25", "a"), tablets("2026-10-10", "b"))
    assert said(both, "on_b12_treatment").value is True
    assert str(said(both, "b12_medicine").since) == "2026-10-10"
    stopped = tablets("2020-01-01", status="stopped")
    assert said(case(b12(240), stopped), "on_b12_treatment").value is True


def test_treatment_nobody_stated_is_unknown_unless_the_list_is_complete() -> None:
    assert "on_b12_treatment" not in case(b12(240)).facts
    assert "on_b12_treatment" not in case(b12(240), tablets(None, status="not-taken")).facts
    declared = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "complete", "valueCode": "medicines"},
            {"name": "o", "resource": b12(240)},
        ],
    }
    assert said(choose(read(declared), AS_OF, POLICY), "on_b12_treatment").value is False


@pytest.mark.parametrize(
    ("entry", "settled"),
    [
        ({"status": "entered-in-error"}, True),
        ({"status": "draft"}, True),
        ({"status": "unknown"}, False),
        ({"status": "taking"}, False),
        (
            {
                "status": "active",
                "medicationCodeableConcept": None,
                "medicationReference": {"reference": "Medication/elsewhere"},
            },
            False,
        ),
    ],
)
def test_a_complete_list_with_an_entry_that_cannot_be_read_settles_nothing(
    entry: dict[str, Any], settled: bool
) -> None:
    declared = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "complete", "valueCode": "medicines"},
            {"name": "o", "resource": b12(240)},
            {"name": "m", "resource": tablets(None, **entry)},
        ],
    }
    found = choose(read(declared), AS_OF, POLICY)
    assert ("on_b12_treatment" in found.facts) is settled


def test_when_a_medicine_was_asserted_is_not_when_it_began() -> None:
    asserted = tablets(None, dateAsserted="2026-10-30")
    assert said(case(b12(240), asserted), "on_b12_treatment").value is True
    assert said(case(b12(240), asserted), "b12_medicine").since is None


def test_one_id_of_two_servers_is_two_results() -> None:
    """A low potassium of one laboratory is not replaced by another laboratory's result."""
    found = bundle()
    found["entry"] = [
        {"fullUrl": f"https://{server}/fhir/Observation/1", "resource": resource}
        for server, resource in (
            ("a.example.org", observation(POTASSIUM, 2.1, "mmol/L", id="1")),
            ("b.example.org", observation(POTASSIUM, 4.2, "mmol/L", id="1", issued="2026-10-30")),
        )
    ]
    read_ = read(found)
    assert [one.path for one in read_.results] == [
        f"Bundle.entry.where(fullUrl='https://{server}/fhir/Observation/1').resource"
        for server in ("a.example.org", "b.example.org")
    ]
    chosen = choose(read_, Moment.parse("2026-10-25"), POLICY)
    assert len(chosen.every["potassium"]) == 2
    assert absent(chosen, "potassium").reason == "ambiguous"


# --- derived ---------------------------------------------------------------------------------

CREATININE_MG = "2160-0"


def creatinine(value: Any = 1.0, unit: str = "mg/dL", **more: Any) -> Resource:
    return observation(CREATININE_MG, value, unit, id="cr", effectiveDateTime="2026-10-20", **more)


@pytest.mark.parametrize(
    ("birth", "as_of", "age"),
    [
        ("1958-11-01", "2026-11-01", "68"),
        ("1958-11-02", "2026-11-01", "67"),
        ("2004-02-29", "2025-02-28", "20"),
        ("2004-02-29", "2025-03-01", "21"),
        ("1958", "2026-11-01", "67 to 68"),
        ("1958", "2026-12-31", "68"),
        ("1958-11", "2026-11-15", "67 to 68"),
        ("1958-10", "2026-11-15", "68"),
        ("2026-11-01", "2026-11-01", "0"),
    ],
)
def test_age_in_completed_years(birth: str, as_of: str, age: str) -> None:
    found = measured(case(patient(birthDate=birth), as_of=Moment.parse(as_of)), "age")
    assert (str(found.interval), found.unit, found.reported) == (age, "a", f"{age} a")


def test_age_that_cannot_be_told() -> None:
    for found in (case(b12(240)), case(patient(birthDate=None)), case(patient(birthDate="2027"))):
        assert "age" not in found.facts and found.notices == ("adult-assumed",)
    assert case(patient()).notices == ()


def test_egfr_is_computed() -> None:
    woman = patient(birthDate="1976-01-01")
    found = measured(case(woman, creatinine()), "egfr")
    assert (str(found.interval.low)[:7], found.unit, found.reported) == (
        "68.6334",
        "mL/min/{1.73_m2}",
        "69 mL/min/{1.73_m2}",
    )
    assert (found.origin, str(found.when)) == ("Observation/cr", "2026-10-20")
    micromoles = observation("14682-9", "88.4", "umol/L")
    micromoles["valueQuantity"]["value"] = 88.4
    same = measured(case(woman, {**micromoles, "effectiveDateTime": "2026-10-20"}), "egfr")
    assert same.reported == "69 mL/min/{1.73_m2}"
    assert measured(case(woman, creatinine(status="preliminary")), "egfr").flags == ("preliminary",)


def test_egfr_of_what_is_partly_known() -> None:
    below = measured(
        case(patient(), creatinine(valueQuantity=quantity(0.5, "mg/dL", comparator="<"))), "egfr"
    )
    assert below.interval.high is None and not below.interval.low_closed
    years = measured(case(patient(birthDate="1958"), creatinine()), "egfr").interval
    assert years.low is not None and years.high is not None and years.low < years.high


REPORTED = observation("98979-8", 55, "mL/min/{1.73_m2}", id="g", effectiveDateTime="2026-10-25")


def test_egfr_computed_goes_before_reported() -> None:
    assert measured(case(patient(), creatinine(), REPORTED), "egfr").reported.startswith("61 ")
    for people in (
        (),
        (patient(gender="other"),),
        (patient(gender=None),),
        (patient(birthDate=None),),
    ):
        assert measured(case(*people, creatinine(), REPORTED), "egfr").reported.startswith("55 ")
        assert "egfr" not in case(*people, creatinine()).facts
    assert measured(case(patient(), REPORTED), "egfr").reported.startswith("55 ")


def test_egfr_where_the_formula_does_not_hold() -> None:
    pregnant = condition("77386006", onsetDateTime="2026-06")
    young = patient(birthDate="1996-01-01")
    assert absent(case(young, pregnant, creatinine()), "egfr").reason == "not-applicable"
    assert measured(case(young, pregnant, creatinine(), REPORTED), "egfr").reported.startswith(
        "55 "
    )
    for birth in ("2010-01-01", "2008"):
        assert (
            absent(case(patient(birthDate=birth), creatinine()), "egfr").reason == "not-applicable"
        )
    assert measured(case(patient(birthDate="2008-10-31"), creatinine()), "egfr")


def test_adjusted_calcium_is_another_analyte() -> None:
    total = observation("17861-6", 9.1, "mg/dL", id="a", effectiveDateTime="2026-10-31")
    adjusted = observation("46099-8", 9.9, "mg/dL", id="b", effectiveDateTime="2026-10-31")
    found = case(total, adjusted)
    assert (measured(found, "calcium").reported, measured(found, "adjusted_calcium").reported) == (
        "9.1 mg/dL",
        "9.9 mg/dL",
    )
