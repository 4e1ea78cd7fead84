"""A status is fragile exactly when moving one value within its band reaches another."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from corrin.evaluate.fragile import fragile, widened
from corrin.facts.fact import Measured
from corrin.facts.interval import Interval
from corrin.language.world import World
from corrin.packs.overlay import Coverage, Site, Spread
from corrin.packs.overlay_apply import apply
from corrin.packs.overlay_file import read_overlay
from support.chance import at_most
from support.site import site

from .test_language import B12, LIBRARY, patients

PLAIN = apply(LIBRARY, read_overlay(site())).sound().site
NAMES = ("total_b12", "active_b12", "mma", "egfr")
# Between and at every figure the table uses, for values around which anything may change.
STEPS = [Decimal(step) / 32 for step in range(33)]


def with_cv(percent: int) -> Site:
    assert PLAIN is not None
    spread = Spread(Decimal(percent).scaleb(-2), None, f"{percent} %")
    return replace(PLAIN, imprecision=dict.fromkeys(NAMES, spread))


@at_most(20)
@given(patients(), st.integers(1, 40))
def test_fragile_is_what_can_be_reached(world: World, percent: int) -> None:
    overlay = with_cv(percent)
    decided = B12.decide(world)
    found = {one.fact: one for one in fragile(B12, world, decided, overlay)}
    for name in NAMES:
        fact = world.facts.get(name)
        if not isinstance(fact, Measured) or not fact.interval.is_point:
            assert name not in found
            continue
        spread = overlay.imprecision[name]
        stretch = widened(fact, B12.analyte(name), spread, overlay.coverage)
        assert stretch is not None and stretch.low is not None and stretch.high is not None
        width = stretch.high - stretch.low
        tried = {stretch.low + width * step for step in STEPS}
        tried |= {
            edge
            for one in (found[name].bands if name in found else ())
            if one.interval is not None
            for edge in (one.interval.low, one.interval.high)
            if edge is not None
        }
        reached: set[str] = set()
        for value in tried:
            point = replace(fact, interval=Interval.point(value))
            reached |= set(B12.decide(world.given(**{name: point})).possible)
        if name not in found:
            assert reached <= set(decided.possible)
            continue
        bands = found[name].bands
        inside = {status for band in bands for status in band.statuses}
        assert reached <= inside and not inside <= set(decided.possible)
        # Each band keeps its word: a value in the midst of it leads where it says.
        for band in bands:
            assert band.interval is not None
            low, high = band.interval.low, band.interval.high
            assert low is not None and high is not None
            point = replace(fact, interval=Interval.point((low + high) / 2))
            after = B12.decide(world.given(**{name: point}))
            assert set(after.possible) <= set(band.statuses)


@given(patients(), st.integers(1, 40))
def test_the_bands_are_the_neighbourhood_once(world: World, percent: int) -> None:
    overlay = with_cv(percent)
    for one in fragile(B12, world, B12.decide(world), overlay):
        fact = world.facts[one.fact]
        assert isinstance(fact, Measured) and fact.interval.low is not None
        value = fact.interval.low
        first, last = one.bands[0].interval, one.bands[-1].interval
        assert first is not None and last is not None
        share = Decimal(2 * percent).scaleb(-2)
        assert first.low == max(Decimal(0), value - share * value)
        assert last.high == value + share * value
        assert first.low_closed and last.high_closed


@given(patients())
def test_a_wider_neighbourhood_loses_no_status(world: World) -> None:
    decided = B12.decide(world)
    narrow = {o.fact: o.statuses for o in fragile(B12, world, decided, with_cv(3))}
    wide = {o.fact: o.statuses for o in fragile(B12, world, decided, with_cv(20))}
    assert all(statuses <= wide[name] for name, statuses in narrow.items())


def test_the_coverage_is_content() -> None:
    assert PLAIN is not None and PLAIN.coverage == Coverage(Decimal(2), "about 95 %")
