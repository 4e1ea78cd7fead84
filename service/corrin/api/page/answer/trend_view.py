"""Results over time as a table shows them, and as a chart reads them from that table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal

from corrin.facts.interval import Interval
from corrin.facts.moment import Moment
from corrin.notes.report import Report, Trend
from corrin.notes.sentence import readable
from corrin.notes.words import Dictionary, quantity, short_digits
from corrin.question.cut_off import CutOff
from corrin.question.series import Given, Point, Series

STANDING = {
    "used": "used for this answer",
    "earlier": "another was used",
    "not used": "not fit to be used",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One result: its texts, and its numbers for whoever draws them (empty where open)."""

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
    """One analyte over time."""

    series: Series
    unit: str
    rows: tuple[Row, ...]
    cut_offs: tuple[CutOff, ...]
    courses: tuple[Course, ...]
    trend: Trend | None


def shown(series: Series, report: Report, words: Dictionary) -> Shown:
    """A series in words."""
    return Shown(
        series,
        readable(series.unit),
        tuple(_row(point, series, words) for point in series.points),
        series.cut_offs,
        tuple(map(_course, series.given)),
        next((one for one in report.trends if one.name == series.name), None),
    )


def _row(point: Point, series: Series, words: Dictionary) -> Row:
    value = point.value
    interval = point.interval
    status = () if value.status == "final" else (value.status,)
    return Row(
        point,
        "" if value.when is None else value.when.text,
        instant(value.when),
        readable(value.reported),
        _figure(None if interval is None else interval.low),
        _figure(None if interval is None else interval.high),
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
