"""Where along the values of one analyte an answer turns: the figures and their sides."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from corrin import interpretation
from corrin.evaluate.engine import Engine
from corrin.facts.case import Case, Reading, Subject
from corrin.facts.fact import Measured, Stated
from corrin.facts.interval import Interval
from corrin.question.supposed import CannotSuppose
from corrin.question.turns import Outcome, Turns, Way, outcome_of, turns_of
from support.results import AS_OF, BORN, result, statement

EARLIER = "2026-08-20T08:15:00Z"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return interpretation.prepared("uk")[0]


def way(engine: Engine, analyte: str, unit: str, *given: Measured | Stated) -> Way:
    reading = Reading(
        Subject(sex="female", birth_date=BORN, present=True),
        tuple(one for one in given if isinstance(one, Measured)),
        tuple(one for one in given if isinstance(one, Stated)),
    )

    def choose(one: Reading) -> Case:
        return interpretation.choose_case(one, AS_OF, engine)

    return Way(engine, reading, choose(reading), choose, analyte, unit)


def said(turns: Turns, topic: str = "b12_status") -> list[tuple[str, str]]:
    return [
        (str(interval), " or ".join(statuses or ("refused",)))
        for interval, statuses in turns.of_topic(topic)
    ]


def test_the_bands_of_total_b12_and_the_side_of_each_figure(engine: Engine) -> None:
    found = turns_of(way(engine, "total_b12", "ng/L", result("total_b12", "240 ng/L")))
    assert said(found) == [
        ("10 to <180", "deficiency_confirmed"),
        ("180 to 350", "indeterminate"),
        (">350 to 50000", "deficiency_unlikely"),
    ]
    assert found.about == frozenset()
    sides = {turn.at: turn.below for turn in found.turns}
    assert sides[Decimal(180)] is False
    assert sides[Decimal(350)] is True


def test_each_dimension_has_its_own_published_figures(engine: Engine) -> None:
    found = turns_of(way(engine, "total_b12", "pmol/L", result("total_b12", "240 ng/L")))
    assert [end for _, end in _ends(found)][:2] == [Decimal(133), Decimal(258)]


def _ends(turns: Turns) -> list[tuple[Decimal | None, Decimal | None]]:
    return [(i.low, i.high) for i, _ in turns.of_topic("b12_status")]


def test_a_unit_asked_in_is_the_unit_answered_in(engine: Engine) -> None:
    found = turns_of(way(engine, "total_b12", "ng/dL", result("total_b12", "240 ng/L")))
    assert [str(i) for i, _ in found.of_topic("b12_status")] == [
        "1 to <18", "18 to 35", ">35 to 5000",
    ]  # fmt: skip


def test_the_bands_are_the_value_answered_the_whole_way(engine: Engine) -> None:
    asked = way(
        engine, "mma", "umol/L", result("total_b12", "240 ng/L"), result("mma", "0.5 umol/L")
    )
    found = turns_of(asked)
    for low, high in pairwise(found.turns):
        for value in (low.at, high.at, (low.at + high.at) / 2):
            band = found.holding(value)
            assert band is not None
            assert band.outcome == asked.outcome(value)


def test_a_turn_of_what_is_derived_is_found_between_the_figures(engine: Engine) -> None:
    asked = way(
        engine,
        "creatinine",
        "umol/L",
        result("total_b12", "240 ng/L"),
        result("mma", "0.52 umol/L"),
        result("creatinine", "74 umol/L"),
    )
    found = turns_of(asked)
    (at,) = found.about
    turn = next(one for one in found.turns if one.at == at)
    assert turn.about
    assert turn.below
    step = Decimal(1).scaleb(at.adjusted() - 11)
    assert asked.outcome(at) == turn.before
    assert asked.outcome(at + step) == turn.after
    egfr = [asked.chosen(value)[1].facts["egfr"] for value in (at, at + step)]
    sides = [
        one.interval.low >= 60 for one in egfr if isinstance(one, Measured) and one.interval.low
    ]
    assert sides == [True, False]


def test_a_trend_turns_at_the_earlier_result(engine: Engine) -> None:
    asked = way(
        engine,
        "platelets",
        "10*9/L",
        result("platelets", "123 10*9/L", EARLIER),
        result("platelets", "110 10*9/L"),
    )
    before, after = (asked.chosen(Decimal(value))[1].facts for value in ("122.9", "123.1"))
    assert before["platelets_falling"].value is True  # type: ignore[union-attr]
    assert after["platelets_rising"].value is True  # type: ignore[union-attr]
    found = turns_of(asked)
    for value in ("122.9", "123", "123.1"):
        band = found.holding(Decimal(value))
        assert band is not None
        assert band.outcome == asked.outcome(Decimal(value))
    assert not found.rough


def test_among_very_many_results_turns_are_not_looked_for(engine: Engine) -> None:
    days = (date(2026, 10, 20) - timedelta(days=number) for number in range(1, 400))
    many = [result("total_b12", f"{200 + at} ng/L", str(day)) for at, day in enumerate(days)]
    asked = way(engine, "total_b12", "ng/L", result("total_b12", "240 ng/L"), *many)
    with pytest.raises(CannotSuppose) as refused:
        turns_of(asked)
    assert refused.value.reason == "too-many-results"
    assert asked.outcome(Decimal(150)).refused is None


def test_an_earlier_result_in_another_kind_of_unit_makes_it_rough(engine: Engine) -> None:
    given = result("total_b12", "200 pmol/L", EARLIER), result("total_b12", "240 ng/L")
    assert turns_of(way(engine, "total_b12", "ng/L", *given)).rough


def test_values_that_would_be_refused_are_a_band_of_their_own(engine: Engine) -> None:
    found = turns_of(way(engine, "haemoglobin", "mmol/L", result("haemoglobin", "8.1 mmol/L")))
    first = found.bands[0]
    assert first.outcome == Outcome(refused="tetramer-suspect")
    assert (first.interval.high, first.interval.high_closed) == (Decimal(4), False)


@pytest.mark.parametrize(("unit", "limit"), [("umol/L", "0.4"), ("ng/mL", "47.236")])
def test_the_laboratory_own_limit_is_a_turn_in_whichever_unit(
    engine: Engine, unit: str, limit: str
) -> None:
    own = Interval(Decimal("0.1"), Decimal("0.4"))
    given = result("total_b12", "240 ng/L"), result("mma", "0.5 umol/L", reference_range=own)
    asked = way(engine, "mma", unit, *given)
    found = turns_of(asked)
    assert Decimal(limit) in {turn.at for turn in found.turns}
    beside = Decimal(limit) * Decimal("1.0001")
    band = found.holding(beside)
    assert band is not None
    assert band.outcome == asked.outcome(beside) != asked.outcome(Decimal(limit))


def test_an_absent_test_has_bands_too(engine: Engine) -> None:
    found = turns_of(way(engine, "mma", "umol/L", result("total_b12", "240 ng/L")))
    assert found.value is None
    assert len(found.of_topic("b12_status")) > 2
    assert {band.outcome.refused for band in found.bands} == {None}


def test_notes_above_routine_come_and_go(engine: Engine) -> None:
    found = turns_of(way(engine, "potassium", "mmol/L", result("potassium", "4.2 mmol/L")))
    lowest, reported = found.bands[0], found.holding(Decimal("4.2"))
    assert reported is not None
    assert lowest.outcome.urgency == "emergency"
    assert reported.outcome.urgency == "routine"
    assert any(rule.startswith("critical-potassium") for rule, _ in lowest.outcome.notes)
    assert not reported.outcome.notes


def test_nothing_turns_where_nothing_asks(engine: Engine) -> None:
    found = turns_of(way(engine, "mch", "pg", result("mch", "30 pg")))
    assert len(found.bands) == 1
    assert found.turns == ()
    assert found.holding(Decimal(30)) == found.bands[0]


def test_outside_what_is_plausible_there_is_no_band(engine: Engine) -> None:
    found = turns_of(way(engine, "total_b12", "ng/L", result("total_b12", "240 ng/L")))
    assert found.holding(Decimal(9)) is None
    assert found.holding(Decimal(50001)) is None


def test_context_moves_the_turns(engine: Engine) -> None:
    pregnant = statement("pregnant", "2026-06-01")
    plain = turns_of(way(engine, "haemoglobin", "g/L", result("haemoglobin", "108 g/L")))
    other = turns_of(way(engine, "haemoglobin", "g/L", result("haemoglobin", "108 g/L"), pregnant))
    assert said(plain, "anaemia") != said(other, "anaemia")


def test_the_outcome_as_reported_is_the_outcome_supposed(engine: Engine) -> None:
    asked = way(engine, "total_b12", "ng/L", result("total_b12", "240 ng/L"))
    assert asked.outcome(Decimal(240)) == outcome_of(engine, asked.case)
