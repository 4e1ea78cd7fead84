"""Would another status be possible within the imprecision of an assay? Asked value by value.

A value is widened by coverage factor x standard deviation on either side, one at a time, and each
part of that stretch is decided (JCGM 100, with the figures of the site file). A status that some
part of it would change is fragile; it stays what it is, and so does its urgency.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

from corrin import units
from corrin.evaluate.decide import MOST_CELLS, Decided, Decider, Settling
from corrin.facts.fact import Measured
from corrin.facts.interval import Interval
from corrin.language.world import World
from corrin.packs.overlay import Coverage, Site, Spread
from corrin.terminology.analyte import Analyte

# Values have at most some hundred digits, figures of a site file a dozen: products stay exact.
_EXACT = Context(prec=1000, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_ZERO = Decimal(0)


def fragile(decider: Decider, world: World, decided: Decided, site: Site) -> tuple[Settling, ...]:
    """For each exactly known value that could change the status: where its neighbourhood leads."""
    if decider.size(world) > MOST_CELLS:
        return ()
    found: list[Settling] = []
    for name in decider.measured:
        fact = world.facts.get(name)
        if not isinstance(fact, Measured):
            continue
        spread = site.imprecision.get(fact.analyte)
        if spread is None:
            continue
        stretch = widened(fact, decider.analyte(name), spread, site.coverage)
        if stretch is None:
            continue
        finding = decider.within(world, name, stretch)
        if not finding.statuses <= set(decided.possible):
            found.append(finding)
    return tuple(found)


def widened(
    fact: Measured, analyte: Analyte, spread: Spread, coverage: Coverage
) -> Interval | None:
    """The neighbourhood of a value, both ends included and none below zero.

    ``None`` for a value that is known only in part, which is open already, and for a standard
    deviation in a unit that does not lead to the value's.
    """
    if not fact.interval.is_point or fact.interval.low is None:
        return None
    value = fact.interval.low
    if spread.unit is None:
        deviation = _EXACT.multiply(spread.amount, _EXACT.abs(value))
    else:
        try:
            deviation = units.convert(analyte, spread.amount, spread.unit, fact.unit)
        except units.UnitError:
            return None
    half = _EXACT.multiply(coverage.factor, deviation)
    low, high = _EXACT.subtract(value, half), _EXACT.add(value, half)
    return Interval(max(low, min(value, _ZERO)), high)
