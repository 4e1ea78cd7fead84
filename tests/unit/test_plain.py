"""A case written by hand: what each way to write something becomes, and what is sent back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from corrin import intake, interpret
from corrin.facts.case import Reading
from corrin.facts.fact import Measured
from corrin.facts.moment import Moment
from corrin.intake import IntakeError, Limits
from corrin.intake.plain import CaseError, names, read
from corrin.intake.plain.case import read_named
from corrin.notes.report import Report

AS_OF = "2026-05-20"
DAY = "2026-05-12"
B12 = {"test": "B12", "value": 240, "unit": "ng/L", "date": DAY}


def case(*results: Any, **more: Any) -> bytes:
    """The bytes of a case as of AS_OF."""
    return json.dumps({"as_of": AS_OF, "results": list(results), **more}).encode()


def context(**parts: Any) -> bytes:
    """The bytes of a case of context only."""
    return json.dumps({"as_of": AS_OF, "context": parts}).encode()


def only(reading: Reading) -> Measured:
    """The one result of a reading that refused nothing."""
    assert reading.refusals == ()
    (found,) = reading.results
    return found


def said(reading: Reading) -> dict[str, bool]:
    """What a reading states, by name."""
    return {one.name: one.value for one in reading.statements}


def problems(data: bytes, **how: Any) -> list[tuple[str, str]]:
    """Reason and path of everything a case is sent back for."""
    with pytest.raises(CaseError) as error:
        read(data, **how)
    return [(one.reason, one.path) for one in error.value.problems]


# --- results ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["total_b12", "B12", "b12", "B-12", " vitamin  B12 ", "Vitamin b-12", "2132-9", "loinc:2132-9"],
)
def test_a_test_by_any_of_its_names(name: str) -> None:
    assert only(read(case({**B12, "test": name}))).analyte == "total_b12"


@pytest.mark.parametrize(
    ("name", "analyte"),
    [
        ("hemoglobin", "haemoglobin"),
        ("Hb", "haemoglobin"),
        ("neutrophils %", "neutrophil_fraction"),
        ("neutrophils", "neutrophils"),
        ("http://loinc.org|718-7", "haemoglobin"),
    ],
)
def test_names_that_are_near_each_other_stay_apart(name: str, analyte: str) -> None:
    unit = {"haemoglobin": "g/L", "neutrophil_fraction": "%", "neutrophils": "10*9/L"}[analyte]
    value = {"haemoglobin": 104, "neutrophil_fraction": 55, "neutrophils": 3}[analyte]
    found = read(case({"test": name, "value": value, "unit": unit, "date": DAY}))
    assert only(found).analyte == analyte


@pytest.mark.parametrize(
    ("given", "interval", "flags"),
    [
        ({"value": "<150"}, "<150", ()),
        ({"value": "< 150 ng/L", "unit": None}, "<150", ()),
        ({"value": 150, "comparator": "<"}, "<150", ()),
        ({"value": "150", "comparator": "<="}, "≤150", ()),
        ({"value": ">2000"}, ">2000", ()),
        ({"value": "> 2,000"}, ">2000", ("thousands-separator", "comparator-in-text")),
        ({"value": "180-220"}, "180 to 220", ()),
        ({"value": {"low": 180, "high": 220}}, "180 to 220", ()),
        ({"value": {"high": 220}}, "≤220", ()),
        ({"value": "240"}, "240", ()),
        ({"value": "240.5 ng/L", "unit": "ng/l"}, "240.5", ()),
        ({"value": "240,5"}, "240.5", ("decimal-comma",)),
    ],
)
def test_ways_to_write_a_value(given: Any, interval: str, flags: tuple[str, ...]) -> None:
    found = only(read(case({**B12, **given})))
    fhir = {
        "<150": ("<", "150"),
        "≤150": ("<=", "150"),
        ">2000": (">", "2000"),
        "≤220": ("<=", "220"),
    }
    low, high = found.interval.low, found.interval.high
    if interval in fhir:
        sign, figure = fhir[interval]
        known = high if sign[0] == "<" else low
        assert known == Decimal(figure)
        assert (low is None) is (sign[0] == "<")
        closed = found.interval.high_closed if sign[0] == "<" else found.interval.low_closed
        assert closed is (len(sign) == 2)
    elif " to " in interval:
        assert [str(low), str(high)] == interval.split(" to ")
    else:
        assert low == high == Decimal(interval)
    assert tuple(flag for flag in found.flags if flag != "unit-from-text") == flags


def test_a_bound_stays_a_bound_in_the_answer() -> None:
    report = interpret(case({**B12, "value": "<150"}, patient={"age": 68}))
    (value,) = [one for one in report.values if one.name == "total_b12"]
    assert value.reported == "<150 ng/L"
    assert report.statuses["b12_status"].status == "deficiency_confirmed"
    open_ = interpret(case({**B12, "value": "<200"}, patient={"age": 68}))
    assert open_.statuses["b12_status"].status != "deficiency_confirmed"


def test_a_number_keeps_its_digits() -> None:
    data = case({**B12, "value": "FIGURE"}).replace(b'"FIGURE"', b"240.50")
    assert only(read(data)).reported == "240.50 ng/L"


@pytest.mark.parametrize("given", ["200-900", {"low": 200, "high": 900}, "200 - 900 ng/L"])
def test_the_laboratory_s_range(given: Any) -> None:
    found = only(read(case({**B12, "range": given})))
    assert found.reference_range is not None
    assert (found.reference_range.low, found.reference_range.high) == (Decimal(200), Decimal(900))
    text = only(read(case({**B12, "value": "240,0", "range": given})))
    assert text.reference_range == found.reference_range


@pytest.mark.parametrize(
    ("value", "truth"), [("positive", True), ("NEG", False), (True, True), (False, False)]
)
def test_present_or_absent(value: Any, truth: bool) -> None:
    found = read(case({"test": "IF antibody", "value": value, "date": DAY}))
    assert said(found) == {"intrinsic_factor_antibody": truth}
    assert not found.refusals


def test_unclear_answers_are_refused_where_they_stand() -> None:
    found = read(case(B12, {"test": "IFAB", "value": 3.5, "unit": "U/mL", "date": DAY}))
    (refusal,) = found.refusals
    assert (refusal.reason, refusal.path) == ("qualitative-unclear", "results[1].value")


@pytest.mark.parametrize(
    ("more", "reason", "path"),
    [
        ({"value": 99999999}, "implausible", ".value"),
        ({"value": -1}, "value-negative", ".value"),
        ({"value": "pending"}, "value-unreadable", ".value"),
        ({"value": "150", "comparator": "ad"}, "comparator-ad", ".comparator"),
        ({"status": "cancelled"}, "cancelled", ".status"),
        ({"specimen": "urine"}, "wrong-specimen", ".specimen"),
        ({"unit": "mmol/kg"}, "unit-impossible", ".unit"),
    ],
)
def test_what_cannot_be_used_is_refused_as_of_fhir(more: Any, reason: str, path: str) -> None:
    found = read(case({**B12, **more}), lenient=True)
    assert [one.path for one in found.refusals] == [f"results[0]{path}"]
    assert found.refusals[0].reason == reason


def test_a_dangerous_value_is_told_beside_one_that_cannot_be_read() -> None:
    potassium = {"test": "K", "value": 7.2, "unit": "mmol/L", "date": "2026-05-20"}
    report = interpret(case({**B12, "value": "not done"}, potassium, patient={"age": 60}))
    assert report.urgency == "emergency"
    assert [one.path for one in report.refusals] == ["results[0].value"]


def test_ids_tell_versions_of_one_result() -> None:
    first = {"test": "K", "value": 7.2, "unit": "mmol/L", "date": DAY, "id": "k1"}
    found = read(case(first, {**first, "value": 4.2, "status": "corrected"}))
    assert {one.origin for one in found.results} == {"Observation/k1"}


# --- the person --------------------------------------------------------------------------------


def age_of(patient: dict[str, Any], asked: str | None = None, as_of: str | None = AS_OF) -> str:
    found: dict[str, Any] = {"patient": patient, "results": [B12]}
    if as_of is not None:
        found["as_of"] = as_of
    return str(interpret(json.dumps(found).encode(), as_of=asked).subject.age)


@pytest.mark.parametrize("as_of", [AS_OF, "2024-02-29", "2023-02-28", "2026-12-31", "2026-01-01"])
@pytest.mark.parametrize("age", [0, 15, 16, 17, 18, 64, 65, 67, 68, 100])
def test_an_age_is_exact_at_its_own_moment(age: int, as_of: str) -> None:
    assert age_of({"age": age}, as_of=as_of).split(" ")[0] == str(age)


def test_an_age_is_two_a_day_later_and_one_again_a_year_later() -> None:
    assert age_of({"age": 17}, "2026-05-21") == "17 to 18 years"
    assert age_of({"age": 17}, "2027-05-19") == "17 to 18 years"
    assert age_of({"age": 17}, "2027-05-20") == "18 years"
    assert age_of({"age": 17}, "2026-05-19") == "16 to 17 years"


def test_every_birth_date_of_an_age_has_that_age_and_no_other_has() -> None:
    from datetime import timedelta

    from corrin.facts.derived import age_at
    from corrin.intake.plain.person import born_for

    for day in ("2024-02-28", "2024-02-29", "2024-03-01", "2023-02-28", "2023-03-01"):
        moment = Moment.parse(day)
        born = born_for(18, moment)
        assert born is not None
        one = born.start - timedelta(days=2)
        while one < born.end + timedelta(days=2):
            found = age_at(Moment.parse(one.date().isoformat()), moment)
            assert found is not None
            inside = born.start.date() <= one.date() <= born.end.date()
            assert (found.interval.low == 18) is inside, (day, one)
            one += timedelta(days=1)


def test_an_age_needs_a_moment() -> None:
    data = json.dumps({"patient": {"age": 68}, "results": []}).encode()
    assert problems(data) == [("field-missing", "as_of")]
    assert read(data, as_of=Moment.parse(AS_OF)).subject.birth_date is not None


@pytest.mark.parametrize(
    ("patient", "path"),
    [
        ({"age": "68"}, "age"),
        ({"age": 68.5}, "age"),
        ({"age": -1}, "age"),
        ({"age": 680}, "age"),
        ({"age": 68, "birth_date": "1958"}, "age"),
        ({"birth_date": "01/05/1958"}, "birth_date"),
        ({"birth_date": "1958-05-01T10:00:00Z"}, "birth_date"),
        ({"sex": "x"}, "sex"),
        ({"sex": 1}, "sex"),
        ({"gender": "female"}, ""),
        ({"deceased": "yes"}, "deceased"),
    ],
)
def test_a_person_told_wrongly(patient: Any, path: str) -> None:
    found = problems(case(B12, patient=patient))
    assert [one for _, one in found] == [f"patient.{path}".rstrip(".")]


@pytest.mark.parametrize(("word", "sex"), [("F", "female"), ("Man", "male"), ("other", "other")])
def test_words_for_sex(word: str, sex: str) -> None:
    assert read(case(B12, patient={"sex": word})).subject.sex == sex


def test_two_people_have_no_place_in_a_case() -> None:
    assert problems(case(B12, patient=[{"age": 1}, {"age": 2}])) == [("type-wrong", "patient")]
    assert problems(case(B12, patients=[{}])) == [("field-unknown", "patients")]
    assert problems(case({**B12, "patient": {"age": 2}})) == [("field-unknown", "results[0]")]
    two = case(B12) + b"\n" + case(B12)
    assert problems(two) == [("not-a-case", "")]


# --- context -----------------------------------------------------------------------------------


def test_a_plain_list_is_present_and_sides_are_told_apart() -> None:
    assert said(read(context(symptoms=["tingling"]))) == {"paraesthesia": True}
    both = {"present": ["tingling"], "absent": ["ataxia"]}
    assert said(read(context(symptoms=both))) == {"paraesthesia": True, "ataxia": False}


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"symptoms": {"present": ["ataxia"], "absent": ["ataxia"]}}, "context.symptoms.absent[0]"),
        (
            {"symptoms": ["unsteady gait"], "conditions": {"absent": ["gait disturbance"]}},
            "context.conditions.absent[0]",
        ),
        (
            {"pregnant": True, "conditions": {"absent": ["pregnancy"]}},
            "context.conditions.absent[0]",
        ),
        ({"diet": ["vegan", "omnivore"]}, "context.diet[1]"),
        (
            {"procedures": ["gastrectomy"], "conditions": {"absent": ["gastrectomy"]}},
            "context.conditions.absent[0]",
        ),
        (
            {"medicines": {"present": ["metformin"], "absent": ["metformin"]}},
            "context.medicines.absent[0]",
        ),
    ],
    ids=["one-list", "two-lists", "pregnant", "diet", "operation", "medicine"],
)
def test_what_is_said_to_be_so_and_not_so_is_sent_back(parts: dict[str, Any], path: str) -> None:
    assert problems(context(**parts)) == [("field-conflict", path)]
    refused = read(context(**parts), lenient=True).refusals
    assert [(one.reason, one.path) for one in refused] == [("statement-unclear", path)]


@pytest.mark.parametrize(
    "name",
    ["stopped metformin", "no B12", "never had B12 injections", "hydroxocobalamin (declined)"],
)
def test_words_that_turn_a_name_are_sent_back(name: str) -> None:
    assert problems(context(medicines=[name])) == [("statement-unclear", "context.medicines[0]")]
    (refused,) = read(context(medicines=[name]), lenient=True).refusals
    assert refused.reason == "statement-unclear"


@pytest.mark.parametrize(
    "parts",
    [
        {"symptoms": {"present": [{"name": "ataxia", "until": "2020"}], "absent": ["ataxia"]}},
        {"conditions": {"present": [{"name": "pregnancy", "resolved": True}]}, "pregnant": False},
        {
            "medicines": {
                "present": [{"name": "metformin", "stopped": True}], "absent": ["metformin"]
            }
        },
        {"medicines": {"present": ["hydroxocobalamin"], "absent": ["B12 tablets"]}},
    ],
    ids=["over", "resolved", "stopped", "another-form"],
)  # fmt: skip
def test_what_was_so_and_is_not_any_more_is_no_contradiction(parts: dict[str, Any]) -> None:
    assert read(context(**parts)).refusals == ()


@pytest.mark.parametrize(
    ("part", "entry", "name"),
    [
        ("symptoms", "paresthesia", "paraesthesia"),
        ("symptoms", "snomed:91019004", "paraesthesia"),
        ("symptoms", "http://snomed.info/sct|91019004", "paraesthesia"),
        ("conditions", "icd10cm:D51.0", "pernicious_anaemia"),
        ("conditions", "celiac disease", "coeliac_disease"),
        ("conditions", "Crohns  disease", "crohns_disease"),
        ("procedures", "gastric bypass", "bariatric_surgery"),
        ("medicines", "Metformin", "metformin"),
        ("medicines", "metformin 500 mg tablets", "metformin"),
        ("medicines", "atc:B03BA03", "b12_medicine"),
        ("family_history", "pernicious anaemia", "family_history_b12_deficiency"),
        ("family_history", "type 1 diabetes", "family_history_autoimmune"),
        ("diet", "Vegan", "vegan"),
    ],
)
def test_names_and_codes_of_context(part: str, entry: str, name: str) -> None:
    found = read(context(**{part: [entry]}))
    assert said(found)[name] is True
    assert not found.refusals


@pytest.mark.parametrize(
    ("part", "entry"),
    [
        ("conditions", "loinc:82810-3"),  # a question, which states nothing
        ("conditions", "snomed:1"),
        ("conditions", "91019004"),  # of no system
        ("medicines", "rxnorm:1"),
        ("symptoms", "---"),
        ("symptoms", "x" * 5000),
        ("family_history", "hypertension"),
    ],
)
def test_no_name_vanishes(part: str, entry: str) -> None:
    data = context(**{part: [entry]})
    assert problems(data) == [("name-unknown", f"context.{part}[0]")]
    assert [one.reason for one in read(data, lenient=True).refusals] == ["name-unknown"]


def test_a_relative_s_condition_is_never_the_person_s() -> None:
    found = said(read(context(family_history=["pernicious anaemia"])))
    assert set(found) == {"family_history_b12_deficiency"}
    denied = said(read(context(family_history={"absent": ["pernicious anaemia"]})))
    assert denied == {"family_history_b12_deficiency": False}


def test_dates_of_medicines() -> None:
    def treated(entry: Any) -> Any:
        report = interpret(
            case({**B12, "date": "2026-04-01"}, context={"medicines": [entry]}, patient={"age": 60})
        )
        return {one.name: one.present for one in report.context}.get("on_b12_treatment")

    name = "hydroxocobalamin"
    assert treated({"name": name, "since": "2026-03-01"}) is True
    assert treated({"name": name, "since": "2026-04-03"}) is False
    assert treated(name) is True
    assert treated({"name": name, "since": "2025-01-01", "until": "2025-02-01"}) is True
    assert treated({"name": name, "given": "2026-03-01"}) is True
    # One dose after the sample may be one of many.
    assert treated({"name": name, "given": "2026-04-03"}) is None


def test_a_dose_is_an_act_and_a_course_is_none() -> None:
    dose, course = (
        read(context(medicines=[{"name": "cyanocobalamin", when: "2026-03-01"}])).statements
        for when in ("given", "since")
    )
    assert {one.origin.partition("/")[0] for one in dose} == {"MedicationAdministration"}
    assert {one.origin.partition("/")[0] for one in course} == {"MedicationStatement"}


@pytest.mark.parametrize(
    ("route", "concept"), [("intramuscular", "b12_injection"), ("oral", "b12_oral"), ("nasal", "")]
)
def test_routes(route: str, concept: str) -> None:
    found = said(read(context(medicines=[{"name": "vitamin B12", "route": route}])))
    assert {"b12_injection", "b12_oral"} & set(found) == ({concept} if concept else set())


def test_stopped_resolved_and_denied() -> None:
    data = context(
        medicines={"present": [{"name": "metformin", "stopped": True}], "absent": ["omeprazole"]},
        conditions={"present": [{"name": "macrocytosis", "resolved": True}]},
        procedures={"absent": ["gastrectomy"]},
    )
    found = {one.name: (one.value, one.history) for one in read(data).statements}
    assert found["metformin"] == (True, True)
    assert found["ppi"] == (False, False)
    assert found["macrocytosis_known"] == (True, True)
    assert found["gastrectomy"] == (False, False)


def test_an_unrestricted_diet_denies_what_it_excludes() -> None:
    assert said(read(context(diet="omnivore"))) == {"vegan": False, "vegetarian": False}
    assert problems(context(diet="vegn")) == [("name-unknown", "context.diet")]


def test_pregnancy() -> None:
    assert said(read(context(pregnant=False))) == {"pregnant": False}
    weeks = read(context(pregnant={"weeks": 24}))
    assert said(weeks) == {"pregnant": True}
    assert (weeks.results[0].analyte, weeks.results[0].reported) == ("gestational_age", "24 wk")
    assert str(weeks.results[0].when) == AS_OF
    days = read(context(pregnant={"weeks": 24, "days": 3, "date": DAY})).results[0]
    assert (days.reported, str(days.when)) == ("171 d", DAY)
    assert problems(context(pregnant="yes")) == [("type-wrong", "context.pregnant")]
    assert problems(context(pregnant={"days": 3})) == [("field-missing", "context.pregnant.weeks")]


def test_a_setting_no_rule_asks_for_is_counted_and_changes_nothing() -> None:
    clinic = read(context(setting="primary-care"))
    assert clinic.statements == ()
    assert clinic.counts["not-ours"] == 1
    assert said(read(context(setting="inpatient"))) == {"inpatient": True}
    assert problems(context(setting="the moon")) == [("name-unknown", "context.setting")]


# --- closed lists --------------------------------------------------------------------------------


def test_closed_symptoms_deny_what_was_not_named() -> None:
    found = read(context(symptoms={"present": ["night cramps"], "complete": True}))
    stated = said(found)
    assert stated["paraesthesia"] is False
    assert stated["night_cramps"] is True
    assert stated["muscle_cramp"] is True  # night cramps are cramps
    assert "optic_neuropathy" not in stated  # a sign nobody can tell
    assert "sudden_cramp_onset" not in stated


def test_closed_symptoms_deny_nothing_that_another_part_states() -> None:
    data = context(conditions=["pins and needles"], symptoms={"present": [], "complete": True})
    assert said(read(data))["paraesthesia"] is True
    assert [one.name for one in read(data).statements].count("paraesthesia") == 1


def test_a_list_with_an_unknown_entry_denies_nothing() -> None:
    data = context(symptoms={"present": ["tinglling"], "complete": True})
    assert problems(data) == [("name-unknown", "context.symptoms.present[0]")]
    found = read(data, lenient=True)
    assert found.statements == ()
    assert [(one.reason, one.path) for one in found.refusals] == [
        ("list-not-closed", "context.symptoms.complete"),
        ("name-unknown", "context.symptoms.present[0]"),
    ]


def _treated(medicines: Any) -> bool | None:
    data = json.dumps(
        {"as_of": AS_OF, "results": [B12], "context": {"medicines": medicines}}
    ).encode()
    found = interpret(data, lenient=True).context
    return {one.name: one.present for one in found}.get("on_b12_treatment")


def test_closed_medicines_settle_that_no_b12_was_given() -> None:
    assert _treated(["metformin"]) is None
    assert _treated({"present": ["metformin"], "complete": True}) is False
    assert _treated({"present": [], "complete": True}) is False
    # What nobody knows may be vitamin B12 under another name.
    assert _treated({"present": ["metformin", "Brandx"], "complete": True}) is None
    assert _treated({"present": ["no hydroxocobalamin today"], "complete": True}) is None


@pytest.mark.parametrize("part", ["conditions", "procedures", "family_history", "diet"])
def test_other_lists_cannot_be_closed(part: str) -> None:
    data = context(**{part: {"present": [], "complete": True}})
    for lenient in (False, True):
        assert problems(data, lenient=lenient) == [
            ("list-not-closable", f"context.{part}.complete")
        ]
    assert read(context(**{part: {"present": [], "complete": False}})).statements == ()


# --- what is sent back --------------------------------------------------------------------------


def test_everything_wrong_is_told_at_once() -> None:
    data = json.dumps(
        {
            "as_of": "yesterday",
            "results": [
                {"test": "B13", "value": 1},
                {**B12, "unit": None},
                {**B12, "date": "12.5.2026"},
                {**B12, "unit": "ng/Lx"},
                {**B12, "vlue": 3},
                {"unit": "g/L"},
                7,
            ],
            "context": {"symptoms": ["paresthesa", {"nam": "x"}], "conditions": ["metformin"]},
            "patient": {"age": "old"},
        }
    ).encode()
    assert set(problems(data)) == {
        ("date-invalid", "as_of"),
        ("name-unknown", "results[0].test"),
        ("unit-missing", "results[1].unit"),
        ("date-invalid", "results[2].date"),
        ("unit-unknown", "results[3].unit"),
        ("field-unknown", "results[4].vlue"),
        ("field-missing", "results[5].test"),
        ("field-missing", "results[5].value"),
        ("type-wrong", "results[6]"),
        ("name-unknown", "context.symptoms[0]"),
        ("field-unknown", "context.symptoms[1].nam"),
        ("field-missing", "context.symptoms[1].name"),
        ("name-elsewhere", "context.conditions[0]"),
        ("type-wrong", "patient.age"),
    }


@pytest.mark.parametrize(
    ("where", "slip", "meant"),
    [("medicines", "metformine", "metformin"), ("symptoms", "fatige", "fatigue")],
)
def test_a_name_that_is_its_own_id_is_offered_too(where: str, slip: str, meant: str) -> None:
    with pytest.raises(CaseError) as caught:
        read(json.dumps({"context": {where: [slip]}}).encode())
    assert caught.value.problems[0].nearest[0] == meant


def test_every_name_is_offered_for_itself() -> None:
    medicines = names.concepts(("medicine",)).shown
    assert {"metformin", "methotrexate", "omeprazole"} <= set(medicines)
    assert "ferritin" in {one.casefold() for one in names.tests().shown}
    assert not [one for one in (*medicines, *names.tests().shown) if "_" in one]


def test_the_nearest_known_names_are_told_and_nothing_that_was_sent() -> None:
    with pytest.raises(CaseError) as error:
        read(case({**B12, "test": "holotranscobalmin"}, {**B12, "unit": None}))
    first, second = error.value.problems
    assert "holotranscobalamin" in first.nearest
    assert "ng/L" in second.nearest
    assert "holotranscobalmin" not in str(error.value)


def test_a_key_that_may_be_anything_is_not_told_again() -> None:
    with pytest.raises(CaseError) as error:
        read(case({**B12, "Smith, John 1958": 1, "smith": 2}))
    assert {one.path for one in error.value.problems} == {"results[0]"}
    assert "mith" not in str([one for one in error.value.problems])


def test_no_unit_is_ever_guessed() -> None:
    assert problems(case({**B12, "unit": None})) == [("unit-missing", "results[0].unit")]
    found = read(case({**B12, "unit": None}), lenient=True)
    assert found.results == ()
    assert [(one.reason, one.path) for one in found.refusals] == [
        ("unit-missing", "results[0].unit")
    ]


def test_lenient_lets_unknown_names_become_refusals() -> None:
    data = case(B12, {**B12, "test": "zinc"}, context={"medicines": ["amlodipine"]})
    found = read(data, lenient=True)
    assert {(one.reason, one.path) for one in found.refusals} == {
        ("name-unknown", "results[1].test"),
        ("name-unknown", "context.medicines[0]"),
    }
    assert found.counts["refused"] == 2
    assert [one.analyte for one in found.results] == ["total_b12"]


@pytest.mark.parametrize(
    ("result", "path"),
    [
        ({**B12, "value": "150 ng/L", "unit": "pmol/L"}, ".unit"),
        ({**B12, "value": "<150", "comparator": ">"}, ".comparator"),
        ({**B12, "value": {"low": 1}, "comparator": ">"}, ".comparator"),
    ],
)
def test_two_that_say_different_things(result: Any, path: str) -> None:
    assert problems(case(result)) == [("field-conflict", f"results[0]{path}")]


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"1",
        b'"results"',
        b"{}",
        b'{"patient": {}}',
        b'{"resourceType": "Bundle", "results": []}',
    ],
)
def test_what_is_no_case(data: bytes) -> None:
    assert problems(data) == [("not-a-case", "")]


@pytest.mark.parametrize(
    ("data", "reason", "path"),
    [
        (b'{"results": [{"value": 1e400}]}', "number-too-long", "results[0].value"),
        (b'{"results": [{"value": NaN}]}', "number-not-finite", "results[0].value"),
        (b'{"results": [], "results": []}', "duplicate-key", "results"),
        (b'{"context": {"family_history": ["\\ud800"]}}', "not-utf8", "context.family_history[0]"),
        (b'{"results": ' + b"[" * 100 + b"]" * 100 + b"}", "too-deep", ""),
        (b"\xff", "not-utf8", ""),
        (b"", "empty", ""),
        (b"{", "not-json", ""),
    ],
)
def test_json_that_is_refused_whole(data: bytes, reason: str, path: str) -> None:
    with pytest.raises(IntakeError) as error:
        read(data)
    (found,) = error.value.problems
    assert (found.reason, found.path) == (reason, path)


def test_limits_hold() -> None:
    limits = Limits(entries=3, problems=2)
    with pytest.raises(IntakeError) as error:
        read(case(*[B12] * 4), limits=limits)
    assert error.value.problems[0].reason == "too-many-entries"
    with pytest.raises(IntakeError) as error:
        read(context(symptoms=["ataxia"] * 4), limits=limits)
    assert error.value.problems[0].reason == "too-many-entries"
    assert len(problems(case(1, 2, 3), limits=limits)) == 2
    # All lists together, in the order they are read.
    several = case(B12, B12, context={"symptoms": {"absent": ["ataxia"]}, "medicines": ["x"]})
    with pytest.raises(IntakeError) as error:
        read(several, limits=limits, lenient=True)
    assert [(one.reason, one.path) for one in error.value.problems] == [
        ("too-many-entries", "context.medicines")
    ]


def test_much_of_everything_takes_no_long(monkeypatch: pytest.MonkeyPatch) -> None:
    from corrin.intake.plain import fault

    compared: list[str] = []
    near = fault.get_close_matches

    def counted(text: str, *rest: Any, **more: Any) -> Any:
        compared.append(text)
        return near(text, *rest, **more)

    monkeypatch.setattr(fault, "get_close_matches", counted)
    names = [f"unknown {number}" for number in range(3000)]
    keys = dict.fromkeys((f"k{number}" for number in range(3000)), 1)
    parts = {"conditions": names, "medicines": names}
    for lenient in (False, True):
        with pytest.raises(CaseError):
            read(case({**B12, **keys}, context={**parts, **keys}), lenient=lenient)
        read(context(**parts), lenient=True)
    assert len(compared) < 8 * Limits().problems


def test_the_id_of_a_case_comes_back_with_its_answer_or_its_problems() -> None:
    assert read_named(case(B12, id="a-7"))[0] == "a-7"
    with pytest.raises(CaseError) as error:
        read_named(case(1, id="a-7"))
    assert error.value.case_id == "a-7"
    assert problems(case(B12, id=7)) == [("type-wrong", "id")]


# --- the same as FHIR ---------------------------------------------------------------------------


def _told(report: Report) -> tuple[Any, ...]:
    statuses = {name: one.status for name, one in report.statuses.items()}
    return statuses, report.urgency, [note.rule for note in report.notes]


def test_the_same_case_as_fhir_has_the_same_answer() -> None:
    def observation(name: str, code: str, value: Any, unit: str) -> dict[str, Any]:
        return {
            "resourceType": "Observation",
            "id": name,
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "effectiveDateTime": DAY,
            "valueQuantity": {
                "unit": unit, "system": "http://unitsofmeasure.org", "code": unit, **value
            },
        }  # fmt: skip

    fhir = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": one}
            for one in (
                {"resourceType": "Patient", "gender": "female", "birthDate": "1958-01-01"},
                observation("b12", "2132-9", {"value": 150, "comparator": "<"}, "ng/L"),
                observation("hb", "718-7", {"value": 10.4}, "g/dL"),
                {
                    "resourceType": "Condition",
                    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "91019004"}]},
                    "clinicalStatus": {"coding": [{"code": "active"}]},
                },
            )
        ],
    }
    hand = case(
        {**B12, "test": "2132-9", "value": "<150"},
        {"test": "718-7", "value": 10.4, "unit": "g/dL", "date": DAY},
        patient={"birth_date": "1958-01-01", "sex": "female"},
        context={"symptoms": ["paraesthesia"]},
    )
    assert _told(interpret(hand)) == _told(interpret(fhir, as_of=AS_OF))


def test_fhir_may_use_our_own_names() -> None:
    ours = {"coding": [{"system": "urn:corrin:name", "code": "total_b12"}]}
    found = intake.read(
        json.dumps(
            {
                "resourceType": "Observation",
                "status": "final",
                "code": ours,
                "effectiveDateTime": DAY,
                "valueQuantity": {"value": 240, "unit": "ng/L"},
            }
        ).encode()
    )
    assert [one.analyte for one in found.results] == ["total_b12"]


@pytest.mark.parametrize("value", ["7.2 H", "7.2*", "7.2 (high)"])
def test_a_mark_behind_a_number_is_not_taken_for_its_unit_without_a_word(value: str) -> None:
    result = {"test": "K", "value": value, "unit": "mmol/L", "date": "2026-05-20"}
    with pytest.raises(CaseError) as raised:
        read(json.dumps({"results": [result]}).encode())
    (problem,) = raised.value.problems
    assert (problem.reason, problem.path) == ("field-conflict", "results[0].unit")
    assert "without a mark" in problem.remedy
