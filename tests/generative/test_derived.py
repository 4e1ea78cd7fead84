"""Derived figures: knowing more never widens them, and the order of what came does not matter."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from corrin.facts import arithmetic, combined_indicator
from corrin.facts.fact import Measured, Stated
from corrin.facts.interval import Interval
from support.results import chosen, result, statement

figures = st.integers(0, 4000).map(lambda n: Decimal(n) / 10)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    low, high = sorted((draw(figures), draw(figures)))
    if low == high:
        return Interval.point(low)
    return Interval(
        draw(st.sampled_from([low, None])),
        draw(st.sampled_from([high, None])),
        draw(st.booleans()),
        draw(st.booleans()),
    )


@st.composite
def narrowed(draw: st.DrawFn) -> tuple[Interval, Interval]:
    """An interval and a part of it."""
    wide, other = draw(intervals()), draw(intervals())
    return wide, wide.intersect(other) or wide


def inside(narrow: Interval | None, wide: Interval | None) -> bool:
    if wide is None:
        return True
    return narrow is not None and narrow.intersect(wide) == narrow


def adjusted(one: Interval, other: Interval) -> Interval | None:
    return arithmetic.adjusted(one, other, Decimal("0.02"), Decimal(40))


def share(one: Interval, other: Interval) -> Interval | None:
    return arithmetic.product(one, other, Decimal("0.01"))


def indicator(one: Interval, other: Interval) -> Interval | None:
    return combined_indicator.interval(one, other, Interval(Decimal(60), Decimal(61)))


FORMS: list[Callable[[Interval, Interval], Interval | None]] = [
    adjusted,
    share,
    arithmetic.ratio,
    indicator,
]


@given(narrowed(), narrowed(), st.sampled_from(FORMS))
def test_narrower_inputs_never_widen(
    one: tuple[Interval, Interval],
    other: tuple[Interval, Interval],
    form: Callable[[Interval, Interval], Interval | None],
) -> None:
    wide, narrow = form(one[0], other[0]), form(one[1], other[1])
    if narrow is not None or form is not arithmetic.ratio:
        assert inside(narrow, wide)


@given(intervals(), st.integers(0, 110), st.integers(0, 110))
def test_a_narrower_age_never_widens(above: Interval, one: int, other: int) -> None:
    low, high = sorted((Decimal(one), Decimal(other)))
    below = Interval.point(Decimal(3))
    wide = combined_indicator.interval(above, below, Interval(low, high))
    for age in (low, high):
        assert inside(combined_indicator.interval(above, below, Interval.point(age)), wide)


@given(st.lists(intervals(), min_size=1, max_size=5))
def test_a_hull_holds_all_whatever_the_order(several: list[Interval]) -> None:
    found = arithmetic.hull(several)
    assert found == arithmetic.hull(several[::-1])
    assert all(inside(one, found) for one in several)


days = st.integers(1, 28).map(lambda day: f"2026-10-{day:02}")
times = st.one_of(days, days.map(lambda day: f"{day}T08:00:00Z"))
ANALYTES = {
    "calcium": "mmol/L", "albumin": "g/L", "wbc": "10*9/L", "neutrophil_fraction": "%",
    "neutrophils": "10*9/L", "mcv": "fL", "rbc": "10*12/L", "mma": "umol/L", "total_b12": "ng/L",
    "active_b12": "pmol/L", "homocysteine": "umol/L", "haemoglobin": "g/L", "gestational_age": "wk",
}  # fmt: skip


@st.composite
def results(draw: st.DrawFn) -> Measured:
    name = draw(st.sampled_from(sorted(ANALYTES)))
    comparator = draw(st.sampled_from(["", "", "", "<", ">"]))
    figure = draw(st.integers(1, 60))
    return result(
        name,
        f"{comparator}{figure} {ANALYTES[name]}",
        draw(times),
        origin=f"Observation/{draw(st.integers(1, 4))}",
        status=draw(st.sampled_from(["final", "preliminary", "amended"])),
        flags=draw(st.sampled_from([(), (), ("implausible",), ("haemolysed",)])),
    )


@given(st.lists(results(), max_size=12, unique=True), st.lists(days, max_size=3), st.randoms())
def test_the_order_does_not_matter(
    several: list[Measured], since: list[str], random: Random
) -> None:
    given_: list[Measured | Stated] = [*several, *(statement("b12_medicine", one) for one in since)]
    shuffled = list(given_)
    random.shuffle(shuffled)
    one, other = chosen(*given_), chosen(*shuffled)
    assert one.facts == other.facts
    assert one.every == other.every and one.earlier == other.earlier
