"""One value supposed to be another takes the place of the result that was used, and of no other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from corrin import interpretation
from corrin.facts.case import Case, Reading, Subject
from corrin.facts.choose import choose
from corrin.facts.fact import Absent, Measured
from corrin.facts.interval import Interval
from corrin.question.supposed import MARK, CannotSuppose, Supposed, marked, not_used, suppose
from support.results import AS_OF, BORN, POLICY, SAMPLED, result, statement

EARLIER = "2026-08-20T08:15:00Z"


def reading(*results: Measured, **more: object) -> Reading:
    subject = Subject(sex="female", birth_date=BORN, present=True)
    return Reading(subject, results, **more)  # type: ignore[arg-type]


def case_of(found: Reading) -> Case:
    return choose(found, AS_OF, POLICY)


def supposed(
    found: Reading, analyte: str, value: str | Interval, unit: str
) -> tuple[Supposed, Case]:
    given = value if isinstance(value, Interval) else Decimal(value)
    made = suppose(found, case_of(found), analyte, given, unit)
    return made, case_of(made.reading)


def refused(found: Reading, analyte: str, value: str, unit: str) -> str:
    with pytest.raises(CannotSuppose) as why:
        suppose(found, case_of(found), analyte, Decimal(value), unit)
    return why.value.reason


def test_only_the_result_that_was_used_gives_way() -> None:
    old, new = result("total_b12", "300 ng/L", EARLIER), result("total_b12", "240 ng/L")
    mma = result("mma", "0.5 umol/L")
    made, case = supposed(reading(old, new, mma), "total_b12", "170", "ng/L")
    assert made.instead == (new,)
    assert made.reading.results == (old, made.result, mma)
    fact = case.facts["total_b12"]
    assert isinstance(fact, Measured)
    assert (fact.interval, fact.when, fact.path) == (
        Interval.point(Decimal(170)),
        new.when,
        new.path,
    )
    assert not_used(made, case) is None


@pytest.mark.parametrize(
    ("moved", "value", "unit", "figure"),
    [
        ("creatinine", "300", "umol/L", "egfr"),
        ("calcium", "1.5", "mmol/L", "adjusted_calcium"),
        ("albumin", "20", "g/L", "adjusted_calcium"),
    ],
)
def test_every_figure_that_is_worked_out_of_it_says_so_and_no_other(
    moved: str, value: str, unit: str, figure: str
) -> None:
    found = reading(
        result("creatinine", "80 umol/L"),
        result("calcium", "2.30 mmol/L"),
        result("albumin", "38 g/L"),
        result("calcium", "2.20 mmol/L", EARLIER),
        result("albumin", "36 g/L", EARLIER),
    )
    made, chosen = supposed(found, moved, value, unit)
    case = marked(made, case_of(found), chosen)
    facts = {name: one for name, one in case.facts.items() if isinstance(one, Measured)}
    assert {name for name, one in facts.items() if one.reported.endswith(MARK)} == {moved, figure}
    assert facts[figure].reported.count(MARK) == 1
    for results in (case.every, case.earlier):
        for one in (*results["adjusted_calcium"], *results["calcium"]):
            ours = one.analyte in (moved, figure) and one.when == facts["calcium"].when
            assert one.reported.endswith(MARK) is ours
    assert not any(
        one.reported.endswith(MARK)
        for one in case_of(found).facts.values()
        if isinstance(one, Measured)
    )


@pytest.mark.parametrize("aspect", [None, "compared"])
def test_what_is_supposed_says_so_in_few_words_too(aspect: str | None) -> None:
    _, case = supposed(reading(result("total_b12", "240 ng/L")), "total_b12", "170", "ng/L")
    words = interpretation.prepared("uk")[1].words
    fact = case.facts["total_b12"]
    assert words.said(fact, "total_b12", aspect).endswith(MARK)
    assert words.brief(fact, "total_b12", aspect).endswith(MARK)


def test_what_is_supposed_says_so() -> None:
    made, _ = supposed(reading(result("total_b12", "240 ng/L")), "total_b12", "170", "pg/mL")
    assert made.result.reported == f"170 pg/mL{MARK}"
    assert MARK == " (supposed)"
    assert not made.as_reported


@pytest.mark.parametrize(
    ("unit", "value", "interval", "canonical"),
    [
        ("pg/mL", "170", "170", "ng/L"),
        ("ng/dL", "17.0", "170", "ng/L"),
        ("pmol/L", "133", "133", "pmol/L"),
    ],
)
def test_any_accepted_unit_is_taken_exactly(
    unit: str, value: str, interval: str, canonical: str
) -> None:
    made, _ = supposed(reading(result("total_b12", "240 ng/L")), "total_b12", value, unit)
    assert made.result.interval == Interval.point(Decimal(interval))
    assert (made.result.unit, made.result.reported_unit) == (canonical, unit)


def test_a_value_known_in_part_can_be_supposed() -> None:
    below = Interval.from_comparator("<", Decimal(150))
    made, case = supposed(reading(result("total_b12", "240 ng/L")), "total_b12", below, "ng/L")
    assert made.result.interval == below
    assert made.result.reported == f"<150 ng/L{MARK}"
    assert not_used(made, case) is None


def test_the_reported_value_supposed_changes_nothing() -> None:
    found = reading(result("total_b12", "240 ng/L"))
    made, case = supposed(found, "total_b12", "240.0", "pg/mL")
    assert made.as_reported
    assert made.reading is found
    assert not_used(made, case) is None


def test_the_laboratory_range_stays_and_its_mark_on_the_value_goes() -> None:
    used = result(
        "total_b12",
        "150 ng/L",
        reference_range=Interval(Decimal(200), Decimal(900)),
        interpretation=("L",),
        flags=("unit-alias", "outside-lab-range-disagrees"),
    )
    made, _ = supposed(reading(used), "total_b12", "500", "ng/L")
    assert made.result.reference_range == used.reference_range
    assert made.result.interpretation == ()
    assert made.result.flags == ("unit-alias",)
    other, _ = supposed(reading(used), "total_b12", "500", "pmol/L")
    assert other.result.reference_range is not None
    assert str(other.result.reference_range.low).startswith("147.5")


def test_the_same_result_sent_twice_gives_way_as_one() -> None:
    twice = (
        result("total_b12", "240 ng/L", path="a"),
        result("total_b12", "240 ng/L", path="b"),
        result("total_b12", "177 pmol/L", path="c"),
    )
    made, case = supposed(reading(*twice), "total_b12", "170", "ng/L")
    assert len(made.instead) == 3
    assert [one.reported for one in made.reading.results] == [f"170 ng/L{MARK}"]
    assert not_used(made, case) is None


def test_results_that_disagree_give_way_together() -> None:
    both = result("total_b12", "240 ng/L", path="a"), result("total_b12", "400 ng/L", path="b")
    found = reading(*both)
    fact = case_of(found).facts["total_b12"]
    assert isinstance(fact, Absent)
    assert fact.reason == "ambiguous"
    made, case = supposed(found, "total_b12", "170", "ng/L")
    assert set(made.instead) == set(both)
    assert not_used(made, case) is None


def test_where_there_was_none_it_is_a_result_of_the_moment_asked_about() -> None:
    found = reading(result("total_b12", "240 ng/L"))
    made, case = supposed(found, "mma", "520", "nmol/L")
    assert made.instead == ()
    assert made.result.when is not None
    assert made.result.when.start == AS_OF.end
    fact = case.facts["mma"]
    assert isinstance(fact, Measured)
    assert (fact.interval, fact.unit) == (Interval.point(Decimal("0.52")), "umol/L")


def test_a_new_result_does_not_fall_in_with_a_stale_one() -> None:
    stale = result("total_b12", "240 ng/L", "2025-01-01")
    made, case = supposed(reading(stale), "total_b12", "170", "ng/L")
    assert made.reading.results == (stale, made.result)
    assert not_used(made, case) is None


def test_what_is_worked_out_of_it_follows() -> None:
    found = reading(result("creatinine", "74 umol/L"))
    _, case = supposed(found, "creatinine", "200", "umol/L")
    before, after = case_of(found).facts["egfr"], case.facts["egfr"]
    assert isinstance(before, Measured)
    assert isinstance(after, Measured)
    assert after.interval.lt(before.interval) is True


def test_the_trend_follows() -> None:
    found = reading(result("total_b12", "300 ng/L", EARLIER), result("total_b12", "240 ng/L"))
    _, case = supposed(found, "total_b12", "310", "ng/L")
    assert case_of(found).facts["total_b12_rising"].value is False  # type: ignore[union-attr]
    assert case.facts["total_b12_rising"].value is True  # type: ignore[union-attr]


def test_what_is_calculated_is_not_supposed() -> None:
    found = reading(result("calcium", "2.0 mmol/L"), result("albumin", "30 g/L"))
    assert refused(found, "adjusted_calcium", "2.4", "mmol/L") == "worked-out"


def test_a_figure_that_is_worked_out_all_the_same_is_not_used() -> None:
    found = reading(result("creatinine", "74 umol/L"))
    with pytest.raises(CannotSuppose, match="worked-out"):
        suppose(found, case_of(found), "egfr", Decimal(40), "mL/min/{1.73_m2}")


def test_a_reported_kidney_function_can_be_supposed_where_none_is_worked_out() -> None:
    made, case = supposed(reading(), "egfr", "40", "mL/min/{1.73_m2}")
    assert not_used(made, case) is None


def test_a_new_result_too_far_from_its_partner_says_why_it_is_not_used() -> None:
    markers = (("total_b12",), ("mma",))
    found = reading(result("total_b12", "240 ng/L", SAMPLED))
    policy = type(POLICY)(otherwise=400, pairing=((7, *markers),))
    made = suppose(found, choose(found, AS_OF, policy), "mma", Decimal(1), "umol/L")
    assert not_used(made, choose(made.reading, AS_OF, policy)) == "not-paired"


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "reason"),
    [
        ("total_b12", "-1", "ng/L", "value-negative"),
        ("total_b12", "170", "", "unit-missing"),
        ("total_b12", "170", "g/dL", "unit-impossible"),
        ("total_b12", "170", "wibbles", "unit-unknown"),
        ("total_b12", "1", "ng/L", "implausible"),
        ("haemoglobin", "3", "mmol/L", "tetramer-suspect"),
        ("no_such_test", "1", "g/L", "no-such-test"),
        ("intrinsic_factor_antibody", "1", "1", "no-such-test"),
        ("gestational_age", "20", "wk", "not-alone"),
    ],
)
def test_what_no_laboratory_could_report_is_not_supposed(
    analyte: str, value: str, unit: str, reason: str
) -> None:
    assert refused(reading(result("total_b12", "240 ng/L")), analyte, value, unit) == reason


def test_weeks_of_pregnancy_can_be_supposed_where_pregnancy_is_stated() -> None:
    found = reading(statements=(statement("pregnant"),))
    made, case = supposed(found, "gestational_age", "20", "wk")
    assert not_used(made, case) is None
