"""How results went over time, in words."""

from __future__ import annotations

from decimal import Decimal

from corrin.facts.case import Case
from corrin.facts.trend import Trend, followed, trends
from corrin.notes import report
from corrin.notes.sentence import readable
from corrin.notes.words import Dictionary, quantity, short_digits


def told(case: Case, words: Dictionary) -> tuple[report.Trend, ...]:
    """Every analyte with a previous result: which way it went, by how much, how fast."""
    return tuple(_one(trend, words) for trend in trends(case))


def _one(trend: Trend, words: Dictionary) -> report.Trend:
    first, last = trend.first, trend.last
    fewest, most = trend.days
    change = None
    if trend.change is not None:
        change = readable(short_digits(quantity(trend.change, trend.unit)))
        if trend.change.is_point and trend.change.low is not None and trend.change.low > 0:
            change = f"+{change}"
    return report.Trend(
        name=trend.analyte,
        label=words.label(trend.analyte),
        direction=trend.direction,
        first=first.reported,
        first_when=None if first.when is None else first.when.text,
        last=last.reported,
        last_when=None if last.when is None else last.when.text,
        change=change,
        days=f"{fewest}" if fewest == most else f"{fewest} to {most}",
        pace=None if trend.pace is None else _pace(trend.pace, trend.unit),
        count=trend.count,
    )


def _pace(pace: Decimal, unit: str) -> str:
    return readable(f"{'+' if pace > 0 else ''}{pace:f} {unit} in {followed().pace_days} days")
