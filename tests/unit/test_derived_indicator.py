"""The combined indicator against the vectors of the clinical reference, and when it is withheld."""

from __future__ import annotations

from decimal import Decimal, getcontext, localcontext

import pytest

from corrin.facts import combined_indicator
from corrin.facts.case import Case
from corrin.facts.fact import Absent, Measured
from corrin.facts.interval import Interval
from corrin.facts.moment import Moment
from support.results import AS_OF, chosen, measured, result

NAME = "combined_b12_indicator"
VECTORS = [
    ("60", "300", "0.18", "9", 40, "0.295"),
    ("100", "600", "0.12", "7", 30, "1.083"),
    ("30", "180", "0.35", "14", 60, "-0.636"),
    ("20", "120", "0.80", "25", 70, "-1.546"),
    ("10", "80", "2.0", "50", 75, "-2.692"),
    ("5", "60", "10", "100", 55, "-4.223"),
]
FACTORS = [(20, "3.7834"), (40, "3.7503"), (60, "3.6782"), (80, "3.5614")]


def four(
    active: str = "60 pmol/L",
    total: str = "300 pmol/L",
    mma: str = "0.18 umol/L",
    homocysteine: str = "9 umol/L",
) -> list[Measured]:
    return [
        result("active_b12", active),
        result("total_b12", total),
        result("mma", mma),
        result("homocysteine", homocysteine),
    ]


def aged(age: int, *results: Measured) -> Case:
    return chosen(*results, born=Moment.parse(f"{AS_OF.start.year - age}-01-01"))


@pytest.mark.parametrize(("active", "total", "mma", "hcy", "age", "expected"), VECTORS)
def test_vectors(active: str, total: str, mma: str, hcy: str, age: int, expected: str) -> None:
    markers = four(f"{active} pmol/L", f"{total} pmol/L", f"{mma} umol/L", f"{hcy} umol/L")
    found = measured(aged(age, *markers), NAME)
    assert found.interval.is_point and found.interval.low is not None
    assert found.interval.low.quantize(Decimal("0.001")) == Decimal(expected)
    assert found.reported == expected
    assert found.unit == "1" and "calculated-here" in found.flags


@pytest.mark.parametrize(("age", "expected"), FACTORS)
def test_age_factor(age: int, expected: str) -> None:
    found = combined_indicator.age_factor(Decimal(age))
    assert found.quantize(Decimal("0.0001")) == Decimal(expected)


def test_units_are_converted_exactly() -> None:
    plain = measured(aged(40, *four()), NAME).interval.low
    nano = measured(aged(40, *four(mma="180 nmol/L")), NAME).interval.low
    assert plain is not None and nano == plain  # and not lower by three
    mass = measured(aged(40, *four(total="406.611 ng/L")), NAME).interval.low
    assert mass is not None and abs(mass - plain) < Decimal("0.001")


def test_the_context_of_the_caller_does_not_matter() -> None:
    plain = measured(aged(40, *four()), NAME)
    with localcontext() as context:
        context.prec = 5
        assert measured(aged(40, *four()), NAME) == plain
    assert getcontext().prec != 5


def test_what_is_known_in_part_gives_a_range() -> None:
    exact = measured(aged(40, *four()), NAME).interval.low
    below = measured(aged(40, *four(total="<300 pmol/L")), NAME).interval
    assert below == Interval(None, exact, False, False)
    above = measured(aged(40, *four(mma="<0.18 umol/L")), NAME).interval
    assert above == Interval(exact, None, False, False)
    both = aged(40, *four(total="<300 pmol/L", mma="<0.18 umol/L"))
    fact = both.facts[NAME]
    assert isinstance(fact, Absent) and fact.reason == "not-applicable"
    year = chosen(*four(), born=Moment.parse("1986")).facts[NAME]
    assert isinstance(year, Measured) and not year.interval.is_point


@pytest.mark.parametrize("figure", ["0", "<0", "<=0"])
def test_nought_is_no_logarithm(figure: str) -> None:
    for at in range(4):
        units = ["pmol/L", "pmol/L", "umol/L", "umol/L"]
        given = ["60 pmol/L", "300 pmol/L", "0.18 umol/L", "9 umol/L"]
        given[at] = f"{figure} {units[at]}"
        fact = aged(40, *four(*given)).facts[NAME]
        assert isinstance(fact, Absent) and fact.reason == "not-applicable"


def test_all_four_are_needed() -> None:
    for left_out in range(4):
        markers = four()
        del markers[left_out]
        fact = aged(40, *markers).facts[NAME]
        assert isinstance(fact, Absent) and fact.reason == "needs-all-four-markers"
        assert len(fact.origins) == 3
    assert NAME not in chosen(result("potassium", "4 mmol/L")).facts


def test_age_is_needed() -> None:
    fact = chosen(*four(), born=None).facts[NAME]
    assert isinstance(fact, Absent) and fact.reason == "not-applicable"


@pytest.mark.parametrize(
    ("when", "there"),
    [
        ("2026-10-13T08:15:00Z", True),
        ("2026-10-12T08:15:00Z", False),
        ("2026-10-27T23:00:00Z", True),
        ("2026-10-28", False),
        ("2026-10", False),
    ],
)
def test_one_sampling_occasion(when: str, there: bool) -> None:
    markers = four()[:3]
    fact = aged(40, *markers, result("homocysteine", "9 umol/L", when)).facts[NAME]
    if there:
        assert isinstance(fact, Measured)
    else:
        assert isinstance(fact, Absent) and fact.reason == "not-paired"


def test_flags_and_status_come_along() -> None:
    markers = four()[:3]
    last = result("homocysteine", "9 umol/L", flags=("text-match",), status="preliminary")
    found = measured(aged(40, *markers, last), NAME)
    assert found.status == "preliminary" and found.flags == ("text-match", "calculated-here")
