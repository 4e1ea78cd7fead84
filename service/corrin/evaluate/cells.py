"""Splitting what is not known into cells in which every comparison has one answer.

A cell is a point at a cut-off or the open stretch between two; a status evaluated in each cell
of a partly known value gives the set of statuses that are possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from corrin import units
from corrin.facts.fact import Absent, Fact, Measured
from corrin.facts.interval import Interval
from corrin.language.compare import CutReader
from corrin.language.world import World
from corrin.terminology.analyte import Analyte

EVERYTHING = Interval(None, None, False, False)


def split(interval: Interval, cuts: Iterable[Decimal]) -> tuple[Interval, ...]:
    """Cut an interval at each figure: the figures as points, what lies between as open cells.

    The cells come in ascending order, are disjoint, and together are the interval.
    """
    cells: list[Interval] = []
    low: Decimal | None = None
    for cut in [*sorted(set(cuts)), None]:
        stretch = Interval(low, cut, False, False)
        for cell in (stretch,) if cut is None else (stretch, Interval.point(cut)):
            part = interval.intersect(cell)
            if part is not None:
                cells.append(part)
        low = cut
    return tuple(cells)


def join(cells: Sequence[Interval]) -> Interval:
    """The interval that neighbouring cells make together."""
    first, last = cells[0], cells[-1]
    return Interval(first.low, last.high, first.low_closed, last.high_closed)


def figures_in(
    unit: str, analyte: Analyte, readers: Iterable[CutReader], world: World, measured: Measured
) -> tuple[Decimal, ...]:
    """All figures the cut-offs may have for this value, in its unit."""
    found: list[Decimal] = []
    for reader in readers:
        for figures in reader.figures(world, measured):
            own = dict(figures)
            if unit in own:
                interval = own[unit]
            else:
                other, figure = figures[0]
                interval = units.convert_interval(analyte, figure, other, unit)
            if interval.low is not None:
                found.append(interval.low)
    return tuple(found)


def is_partly_known(fact: Fact | None) -> bool:
    """Censored, a range, or several results that disagree."""
    if isinstance(fact, Measured):
        return not fact.interval.is_point
    return isinstance(fact, Absent) and bool(fact.among)


def cells_of(
    fact: Fact, analyte: Analyte, readers: Iterable[CutReader], world: World
) -> tuple[Measured, ...]:
    """The cells of one partly known fact, each as a measured value of its own."""
    if isinstance(fact, Absent):
        return fact.among
    assert isinstance(fact, Measured)
    cuts = figures_in(fact.unit, analyte, readers, world, fact)
    return tuple(replace(fact, interval=cell) for cell in split(fact.interval, cuts))


def cells_of_absent(
    name: str, analyte: Analyte, readers: Iterable[CutReader], world: World
) -> tuple[Measured, ...]:
    """The cells an absent analyte could turn out to lie in, in the first unit published."""
    readers = tuple(readers)
    unit = _first_unit(analyte, readers, world)
    unmeasured = Measured(name, EVERYTHING, unit, reported="")
    cuts = figures_in(unit, analyte, readers, world, unmeasured)
    return _unmeasured_cells(unmeasured, frozenset(cuts))


# Kept of cut-offs only: of a patient's value nothing is kept, and two values that are equal as
# numbers (150, 150.0) are still written differently.
@lru_cache(maxsize=1024)
def _unmeasured_cells(unmeasured: Measured, cuts: frozenset[Decimal]) -> tuple[Measured, ...]:
    return tuple(replace(unmeasured, interval=cell) for cell in split(EVERYTHING, cuts))


def _first_unit(analyte: Analyte, readers: tuple[CutReader, ...], world: World) -> str:
    for reader in readers:
        for figures in reader.figures(world):
            return figures[0][0]
    return next(iter(analyte.dimensions.values())).canonical
