"""The value of a row: a text, a number and a comparator that should say one thing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from corrin.batch.sources.mapping_cells import number_of
from corrin.batch.sources.mapping_columns import COMPARATORS
from corrin.facts.interval import Interval
from corrin.intake import number

NONE = frozenset({"", "="})
_PLAIN = re.compile(
    r"(?P<sign><=|>=|<|>|≤|≥)?\s*(?P<figure>[-+]?(?:\d+(?:\.\d*)?|\.\d+))", re.ASCII
)
_COMMA = re.compile(r"(?P<sign>[<>≤≥]=?\s*)?[-+]?\d+,\d+", re.ASCII)
_POINTS = re.compile(r"(?:[<>≤≥]=?\s*)?[-+]?\d{1,3}(?:\.\d{3})+(?P<rest>,\d+)?", re.ASCII)
_SIGNS = {"≤": "<=", "≥": ">="}
_FIRST = 5  # rows that are named where columns disagree


class Value(NamedTuple):
    """What a row says: a number (as written) with a comparator, or a text; or nothing at all."""

    number: str = ""
    comparator: str = ""
    text: str = ""


@dataclass(slots=True)
class Disagreements:
    """Where the text of a value and its number say different things."""

    counts: dict[str, int] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)

    def note(self, what: str, line: int) -> None:
        """Count one row."""
        self.counts[what] = self.counts.get(what, 0) + 1
        first = self.lines.setdefault(what, [])
        if len(first) < _FIRST:
            first.append(line)

    def sentences(self) -> list[str]:
        """What is told of the file; row numbers, and no values."""
        return [self._sentence(what, count) for what, count in sorted(self.counts.items())]

    def _sentence(self, what: str, count: int) -> str:
        rows = ", ".join(map(str, self.lines[what])) + (", …" if count > _FIRST else "")
        return f"{what} disagree in {count} rows of this piece ({rows}); the first was used"


def value_of(
    text: str,
    figure: str,
    comparator: str,
    *,
    line: int,
    names: tuple[str, str],
    told: Disagreements,
) -> Value:
    """Join what three columns say; the text wins over the number.

    A comparator that contradicts the text is kept beside it, so that the two are refused.

    Args:
        text: what the column of values holds; empty for nothing.
        figure: what the column of numbers holds.
        comparator: what the column of comparators holds, in FHIR's signs.
        line: of the row, for what is told.
        names: the names of the columns of values and of numbers.
        told: is told where they disagree.
    """
    comparator = "" if comparator in NONE else comparator
    if not text:
        match = _PLAIN.fullmatch(figure)
        if match is None or not match["sign"]:
            return Value(figure, comparator) if match else Value(text=figure, comparator=comparator)
        text, figure = figure, ""
    match = _PLAIN.fullmatch(text)
    if match is not None:
        sign = _SIGNS.get(match["sign"] or "", match["sign"] or "")
        if figure and number_of(figure) != number_of(match["figure"]):
            told.note(f"{names[0]} and {names[1]}", line)
        if sign and comparator and sign != comparator:
            return Value(text=text, comparator=comparator)
        return Value(match["figure"], sign or comparator)
    found = number.read(text)
    interval = None if isinstance(found, str) else found.interval
    if figure and not _holds(interval, number_of(figure)):
        told.note(f"{names[0]} and {names[1]}", line)
    return Value(text=text, comparator="" if _open(interval, comparator) else comparator)


def with_point(text: str) -> str | None:
    """A number with a decimal comma, written with a point; other texts stay.

    ``None`` where it cannot be told what it says: ``1.234`` in a table with decimal commas.
    """
    if _COMMA.fullmatch(text):
        return text.replace(",", ".")
    match = _POINTS.fullmatch(text)
    if match is None:
        return text
    return text.replace(".", "").replace(",", ".") if match["rest"] else None


def _holds(interval: Interval | None, figure: Decimal | None) -> bool:
    """Whether a number is the one, or a bound of what, a text says."""
    return interval is not None and figure is not None and figure in (interval.low, interval.high)


def _open(interval: Interval | None, comparator: str) -> bool:
    """Whether a text is the bound that a comparator makes of its number."""
    bound = None if interval is None else interval.high if interval.low is None else interval.low
    return (
        interval is not None
        and bound is not None
        and comparator in COMPARATORS
        and interval == Interval.from_comparator(comparator, bound)
    )
