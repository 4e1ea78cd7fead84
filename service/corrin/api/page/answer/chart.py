"""Where the results of a chart stand: on the very side of each cut-off the rules found them on.

A result in another kind of unit is converted to be drawn, and compared with the figure published
in its own: near a cut-off the conversion may lie on the other side of the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from corrin import terminology
from corrin.question.cut_off import CutOff, Side, side
from corrin.question.series import Point, Series
from corrin.units import UnitError

Place = tuple[Decimal | None, Decimal | None]
"""From where to where a result is drawn; an open end is ``None``."""

# Of the height of a chart: what is kept free above all and, where it does not begin at zero, below;
# and how far off a line a result is put that would be drawn on its wrong side.
_SPARE, _CLEAR = Decimal("0.15"), Decimal("0.02")
_HALF, _ZERO, _ONE = Decimal("0.5"), Decimal(0), Decimal(1)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of a series: its lower and upper edge, and where each point stands."""

    bottom: Decimal
    top: Decimal
    places: tuple[Place | None, ...]


def chart_of(series: Series, points: Sequence[Point]) -> Chart:
    """The chart of some points of a series."""
    bottom, top = _edges(series, points)
    return Chart(bottom, top, tuple(_place(one, series, bottom, top) for one in points))


def _edges(series: Series, points: Sequence[Point]) -> tuple[Decimal, Decimal]:
    """From zero, unless everything lies far above it; what is not fit to be used sets no edge."""
    fit = [one for one in points if one.standing != "not used"] or points
    every = [one.figure for one in series.cut_offs]
    for one in fit:
        if one.interval is not None:
            every += [end for end in (one.interval.low, one.interval.high) if end is not None]
    if not every:
        return _ZERO, _ONE
    least, most = min(every), max(every)
    from_zero = least < most * _HALF
    spare = (most - (min(_ZERO, least) if from_zero else least)) * _SPARE or _ONE
    return (min(_ZERO, least) if from_zero else least - spare), most + spare


def _place(point: Point, series: Series, bottom: Decimal, top: Decimal) -> Place | None:
    within = point.interval
    if within is None:
        return None
    sides = [(one.figure, _side(point, one, series)) for one in series.cut_offs]
    below = max((figure for figure, found in sides if found == "above"), default=None)
    above = min((figure for figure, found in sides if found == "below"), default=None)
    if below is not None and above is not None and below >= above:
        return within.low, within.high  # two published pairs that no one place agrees with
    clear = (top - bottom) * _CLEAR
    if within.is_point and within.low is not None:
        least, most = bottom if below is None else below, top if above is None else above
        aside = min(clear, (most - least) / (2 if below is None or above is None else 3))
        place = within.low
        if below is not None and place <= below:
            place = below + aside
        if above is not None and place >= above:
            place = above - aside
        place = next((figure for figure, found in sides if found == "at"), place)
        return place, place
    low, high = within.low, within.high
    if point.value.unit == series.unit:
        return low, high
    for figure in (figure for figure, found in sides if found == "open"):
        low = low if low is None or low < figure else figure - clear
        high = high if high is None or high > figure else figure + clear
    low = low if low is None or below is None else max(low, below)
    return low, high if high is None or above is None else min(high, above)


def _side(point: Point, cut: CutOff, series: Series) -> Side:
    """On which side a point lies; ``open`` where that cannot be said, or is said in two ways."""
    analyte = terminology.load().analytes[series.name]
    try:
        found = {side(analyte, point.value, figures) for figures in cut.figures}
    except UnitError:
        return "open"
    return found.pop() if len(found) == 1 else "open"
