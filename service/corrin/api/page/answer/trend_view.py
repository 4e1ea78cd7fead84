"""Results over time as a table shows them, and as a chart reads them from that table.

Of very many results the newest are shown, and every one that is anything else than another of them.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from operator import itemgetter

from corrin.api.page.answer.chart import Chart, Place, chart_of
from corrin.facts.interval import Interval
from corrin.facts.moment import Moment
from corrin.notes.report import Report, Trend
from corrin.notes.sentence import readable
from corrin.notes.words import Dictionary, quantity, short_digits
from corrin.question.cut_off import CutOff
from corrin.question.series import Given, Point, Series

NEWEST = 30
"""How many results of one test a reader is shown."""

# Flags that say no more of a result than how its unit or its time is written: of one source all
# results have them.
_WRITTEN = frozenset({"unit-from-text", "unit-alias", "zone-assumed", "date-partial"})
# What a laboratory calls critical.
_CRITICAL = frozenset({"LL", "HH", "AA"})

STANDING = {
    "used": "used for this answer",
    "earlier": "another was used",
    "not used": "not fit to be used",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One result: its texts, and its numbers, empty where open.

    It is drawn from ``low`` to ``high``, clear of every cut-off it is known to differ from.
    """

    point: Point
    when: str
    at: str
    reported: str
    low: str
    high: str
    middle: str
    compared: str
    standing: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """A time vitamin B12 was given."""

    label: str
    since: str
    until: str
    at: str
    till: str
    origin: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One analyte over time, the newest first.

    Attributes:
        more: how many results there are that are not shown.
        more_in_json: whether a report as JSON tells of those too.
    """

    series: Series
    unit: str
    rows: tuple[Row, ...]
    chart: Chart
    cut_offs: tuple[CutOff, ...]
    courses: tuple[Course, ...]
    trend: Trend | None
    more: int
    more_in_json: bool


def shown(
    series: Series, report: Report, words: Dictionary, named: Set[tuple[str, str]] = frozenset()
) -> Shown:
    """A series in words; ``named``: origin and path of each result that a note names."""
    newest = tuple(reversed(series.points))
    ends = _ends(newest)
    points = [
        one
        for at, one in enumerate(newest)
        if at < NEWEST or any(one is end for end in ends) or _stands_out(one, named)
    ]
    chart = chart_of(series, points)
    return Shown(
        series,
        readable(series.unit),
        tuple(map(lambda one, place: _row(one, place, series, words), points, chart.places)),
        chart,
        series.cut_offs,
        tuple(map(_course, series.given)),
        next((one for one in report.trends if one.name == series.name), None),
        len(newest) - len(points),
        any(one.name == series.name for one in report.values),
    )


def _ends(points: Sequence[Point]) -> tuple[Point, ...]:
    """The lowest and the highest result that is fit to be used."""
    figures = [
        (one.interval.low if one.interval.low is not None else one.interval.high, one)
        for one in points
        if one.interval is not None and one.standing != "not used"
    ]
    known = [(figure, one) for figure, one in figures if figure is not None]
    if not known:
        return ()
    lowest, highest = min(known, key=itemgetter(0)), max(known, key=itemgetter(0))
    return (lowest[1], highest[1])


def _stands_out(point: Point, named: Set[tuple[str, str]]) -> bool:
    """Whether a result was used or refused, is critical, named by a note, or flagged."""
    value = point.value
    return (
        point.standing != "earlier"
        or value.status != "final"
        or not _WRITTEN.issuperset(point.why)
        or not _CRITICAL.isdisjoint(value.interpretation)
        or (value.origin, value.path) in named
    )


def _row(point: Point, place: Place | None, series: Series, words: Dictionary) -> Row:
    value = point.value
    interval = point.interval
    status = () if value.status == "final" else (value.status,)
    return Row(
        point,
        "" if value.when is None else value.when.text,
        instant(value.when),
        readable(value.reported),
        _figure(None if place is None else place[0]),
        _figure(None if place is None else place[1]),
        _middle(interval),
        "" if interval is None else readable(short_digits(quantity(interval, series.unit))),
        STANDING[point.standing],
        (*status, *(words.reason(code) for code in point.why)),
    )


def _course(given: Given) -> Course:
    since, until = given.stated.since, given.stated.until
    return Course(
        given.label,
        "" if since is None else since.text,
        "" if until is None else until.text,
        instant(since),
        instant(until),
        given.stated.origin,
    )


def instant(when: Moment | None) -> str:
    """The middle of a moment as HTML writes one in UTC; empty for none."""
    if when is None:
        return ""
    try:
        middle = (when.start + (when.end - when.start) / 2).astimezone(UTC)
    except OverflowError:  # at the ends of the calendar there is no such time elsewhere
        return ""
    return middle.isoformat(timespec="seconds").replace("+00:00", "Z")


def _figure(figure: Decimal | None) -> str:
    return "" if figure is None else f"{figure:f}"


def _middle(interval: Interval | None) -> str:
    """The value of a point; of what is known in part the end that is known."""
    if interval is None:
        return ""
    return _figure(interval.low if interval.low is not None else interval.high)
