"""The result before the chosen one, and which way it went."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from corrin.evaluate.decide import MOST_CELLS
from corrin.evaluate.engine import Engine
from corrin.evaluate.given import case_of
from corrin.facts import trend
from corrin.facts.case import Case
from corrin.facts.fact import Absent, Measured, Stated
from corrin.facts.interval import Interval
from corrin.language.bind import bind
from corrin.language.kleene import Kleene
from corrin.language.parse import parse
from corrin.language.to_python import Compiler
from corrin.language.world import World
from corrin.packs.library import open_library
from support.results import chosen, interval, measured, result

EARLY, LATE = "2026-08-20T08:00:00Z", "2026-10-20T08:00:00Z"


def way(case: Case, name: str = "mma") -> tuple[Kleene, Kleene]:
    def said(suffix: str) -> Kleene:
        fact = case.facts.get(name + suffix)
        return fact.value if isinstance(fact, Stated) else None

    return said("_rising"), said("_falling")


def mma(text: str, when: str = LATE, **more: object) -> Measured:
    return result("mma", text, when, **more)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("0.50 umol/L", "0.30 umol/L", (False, True)),
        ("0.30 umol/L", "0.50 umol/L", (True, False)),
        ("0.30 umol/L", "0.300 umol/L", (False, False)),
        ("300 nmol/L", "0.30 umol/L", (False, False)),
        (">2.0 umol/L", "0.30 umol/L", (False, True)),
        (">2.0 umol/L", "3.0 umol/L", (None, None)),
        (">2.0 umol/L", ">2.0 umol/L", (None, None)),
        ("<0.10 umol/L", "0.10 umol/L", (True, False)),
        ("<=0.10 umol/L", "0.10 umol/L", (None, None)),
        ("0.2..0.4 umol/L", "0.3 umol/L", (None, None)),
        ("59 ug/L", "0.30 umol/L", (False, True)),
        ("35 ug/L", "0.296 umol/L", (None, None)),  # the same but for rounding
    ],
)
def test_direction(before: str, after: str, expected: tuple[Kleene, Kleene]) -> None:
    case = chosen(mma(before, EARLY), mma(after))
    assert way(case) == expected
    assert measured(case, "mma_previous").analyte == "mma"
    assert measured(case, "mma_previous").reported == before


def test_nothing_earlier() -> None:
    case = chosen(mma("0.30 umol/L"))
    assert "mma_previous" not in case.facts and way(case) == (None, None)
    assert trend.trends(case) == ()


@pytest.mark.parametrize(
    "unusable",
    [
        mma("0.50 umol/L", EARLY, flags=("implausible",)),
        mma("0.50 umol/L", EARLY, status="preliminary"),
        mma("0.50 umol/L", "2024-10-19T08:00:00Z"),  # two years and a day
        mma("0.50 umol/L", "2026-10"),
        mma("0.50 umol/L", "2027-01-01"),
    ],
)
def test_what_is_not_read_as_the_previous_one(unusable: Measured) -> None:
    case = chosen(unusable, mma("0.30 umol/L"))
    assert "mma_previous" not in case.facts and way(case) == (None, None)


def test_regardless_of_the_look_back() -> None:
    case = chosen(mma("0.50 umol/L", "2024-10-20T08:00:00Z"), mma("0.30 umol/L"))
    assert way(case) == (False, True)


def test_the_last_before_and_not_the_first() -> None:
    case = chosen(
        mma("0.20 umol/L", "2026-06-01"), mma("0.90 umol/L", "2026-08-01"), mma("0.50 umol/L")
    )
    assert measured(case, "mma_previous").reported == "0.90 umol/L"
    assert way(case) == (False, True)


def test_previous_ones_that_disagree() -> None:
    case = chosen(
        mma("0.50 umol/L", EARLY, origin="a"),
        mma("0.20 umol/L", EARLY, origin="b"),
        mma("0.30 umol/L"),
    )
    fact = case.facts["mma_previous"]
    assert isinstance(fact, Absent) and fact.reason == "ambiguous" and len(fact.among) == 2
    assert way(case) == (None, None)


def test_the_previous_one_in_the_unit_of_the_last() -> None:
    case = chosen(
        result("total_b12", "203 ng/L", EARLY, origin="a"),
        result("total_b12", "150 pmol/L", EARLY, origin="b"),
        result("total_b12", "180 pmol/L", LATE),
    )
    assert measured(case, "total_b12_previous").unit == "pmol/L"
    assert way(case, "total_b12") == (True, False)


def test_calculated_results_are_followed() -> None:
    case = chosen(
        result("wbc", "4 10*9/L", EARLY),
        result("neutrophil_fraction", "50 %", EARLY),
        result("neutrophils", "1.2 10*9/L", LATE),
    )
    assert way(case, "neutrophils") == (False, True)


def test_no_chosen_value() -> None:
    case = chosen(mma("0.5 umol/L", "2026-01-01"), mma("0.4 umol/L", "2026-02-01"))
    assert isinstance(case.facts["mma"], Absent)
    assert "mma_previous" not in case.facts


def test_trends_of_a_report() -> None:
    case = chosen(
        mma("0.90 umol/L", "2026-06-21T08:00:00Z"),
        mma("0.60 umol/L", EARLY),
        mma("0.31 umol/L", LATE),
        result("ferritin", "20 ug/L", "2026-09"),
        result("ferritin", "40 ug/L", LATE),
        result("haemoglobin", ">110 g/L", EARLY),
        result("haemoglobin", "120 g/L", LATE),
    )
    found = {one.analyte: one for one in trend.trends(case)}
    assert list(found) == ["mma", "haemoglobin", "ferritin"]
    falling = found["mma"]
    assert (falling.direction, falling.days, falling.count) == ("falling", (61, 61), 3)
    assert (falling.first.reported, falling.last.reported) == ("0.60 umol/L", "0.31 umol/L")
    assert falling.change == interval("-0.29") and falling.unit == "umol/L"
    assert falling.pace == Decimal("-0.143")
    partial = found["ferritin"]
    assert (partial.direction, partial.days, partial.pace) == ("rising", (20, 49), None)
    unclear = found["haemoglobin"]
    assert unclear.direction == "unclear" and unclear.pace is None
    assert unclear.change == Interval(None, Decimal(10), False, False)


def holds(condition: str, case: Case) -> Kleene:
    library = open_library()
    known = replace(library.vocabulary, cuts=library.packs["ng239"].visible_cuts())
    bound, misfits = bind(parse(condition), known)
    assert misfits == ()
    return Compiler(known.analytes).condition(bound)(World.of(case))


def test_conditions_name_them() -> None:
    case = chosen(mma("0.50 umol/L", EARLY), mma("0.30 umol/L"))
    assert holds("mma_previous > mma_upper", case) is True
    assert holds("mma_falling is true and mma_rising is false", case) is True
    assert holds("mma_previous within 90 days before mma", case) is True
    assert holds("total_b12_previous is null", case) is True
    assert holds("ferritin_rising", case) is None


def test_worked_examples_name_them() -> None:
    vocabulary = open_library().vocabulary
    case = case_of({"total_b12_previous": "1100 ng/L", "mma_falling": True}, vocabulary)
    assert measured(case, "total_b12_previous").analyte == "total_b12"
    assert "total_b12_previous" not in case.every
    assert holds("total_b12_previous > 1000 'ng/L' and mma_falling", case) is True


def test_every_followed_analyte_and_its_words_are_known() -> None:
    library = open_library()
    rule = trend.followed()
    for name in rule.analytes:
        assert library.vocabulary.analyte(name) is not None, name
        assert {name + "_rising", name + "_falling"} <= library.vocabulary.concepts
        assert library.truths[name + "_previous"].startswith("previous ")
    assert library.truths["mma_falling"] == "MMA falling since the previous result"


def test_partly_known_figures_do_not_break_a_decision() -> None:
    library = open_library()
    engine = Engine(library, library.profiles["uk"], library.profiles["uk"].head.packs)
    case = chosen(
        result("calcium", "<1.9 mmol/L"),
        result("albumin", "<30 g/L"),
        result("wbc", "<3.0 10*9/L"),
        result("neutrophil_fraction", "<50 %"),
        result("mcv", "60..110 fL"),
        result("rbc", "<6 10*12/L"),
        mma("<0.5 umol/L", EARLY),
        mma("0.3..0.6 umol/L"),
        result("total_b12", "<200 ng/L"),
        result("active_b12", "<40 pmol/L"),
        result("homocysteine", ">15 umol/L"),
    )
    evaluation = engine.evaluate(case)
    for name, decided in evaluation.decided.items():
        assert decided.possible, name
    assert MOST_CELLS >= 64
