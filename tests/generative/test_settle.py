"""What would settle it tells the truth: supply the finding, and the status is among those named."""

from __future__ import annotations

import itertools
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from corrin.evaluate.decide import Band
from corrin.facts.fact import Measured, Stated
from corrin.facts.interval import Interval
from corrin.language.world import World

from .test_language import B12, patients


def values_in(band: Band) -> list[Decimal]:
    """Some values that lie in a band."""
    assert band.interval is not None
    low = band.interval.low if band.interval.low is not None else Decimal("0.001")
    high = band.interval.high if band.interval.high is not None else low * 3 + 1
    tried = [low, high, (low + high) / 2, low + (high - low) / 100]
    return [v for v in tried if band.interval.intersect(Interval.point(v)) is not None]


@given(st.data(), patients())
def test_each_band_leads_where_it_says(data: st.DataObject, world: World) -> None:
    decided = B12.decide(world)
    for finding in decided.settle:
        assert not isinstance(world.facts.get(finding.fact), Measured | Stated)
        assert len(finding.bands) >= 1
        band = data.draw(st.sampled_from(finding.bands))
        if band.interval is None:
            supplied = Stated(finding.fact, bool(band.truth))
            after = B12.decide(world.given(**{finding.fact: supplied}))
        else:
            value = data.draw(st.sampled_from(values_in(band)))
            measured = Measured(finding.fact, Interval.point(value), str(band.unit), "")
            after = B12.decide(world.given(**{finding.fact: measured}))
        assert set(after.possible) <= set(band.statuses)


@given(patients())
def test_bands_cover_every_finding_once(world: World) -> None:
    for finding in B12.decide(world).settle:
        intervals = [band.interval for band in finding.bands if band.interval is not None]
        if not intervals:
            assert {band.truth for band in finding.bands} == {True, False}
            continue
        assert intervals[0].low is None and intervals[-1].high is None
        for left, right in itertools.pairwise(intervals):
            assert left.high == right.low
            assert left.high_closed is not right.low_closed


@given(patients())
def test_what_is_missing_would_change_something(world: World) -> None:
    decided = B12.decide(world)
    for name in decided.missing:
        finding = next(found for found in decided.settle if found.fact == name)
        assert any(set(band.statuses) != set(decided.possible) for band in finding.bands)


@given(patients())
def test_separated_by_names_every_possible_status_of_a_single_open_value(world: World) -> None:
    decided = B12.decide(world)
    open_values = [
        fact
        for fact in world.facts.values()
        if isinstance(fact, Measured) and not fact.interval.is_point
    ]
    if len(decided.possible) > 1 and len(open_values) == 1:
        (finding,) = decided.separated_by
        assert {s for band in finding.bands for s in band.statuses} == set(decided.possible)
