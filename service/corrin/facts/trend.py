"""Results followed over time: the result before the chosen one, and which way it went.

Which analytes are followed, how far back, and what the facts are called stands in
``rules/derived/trends.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal

from corrin import terminology, units
from corrin.content import read_document, rules_root
from corrin.facts import versions
from corrin.facts.arithmetic import between
from corrin.facts.case import Case
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.interval import Interval
from corrin.facts.sampling import FINAL, IMPLAUSIBLE
from corrin.terminology.analyte import Analyte
from corrin.units import UnitError

PREVIOUS, RISING, FALLING = "_previous", "_rising", "_falling"
Direction = Literal["rising", "falling", "unchanged", "unclear"]
_EXACT, _ONCE, _PACE = Context(prec=256), Context(prec=12), Context(prec=3)


@dataclass(frozen=True, slots=True)
class Followed:
    """What is followed: analyte ids, the longest span between two results, the words for it."""

    analytes: tuple[str, ...]
    longest_days: int
    pace_days: int
    says: Mapping[str, str]

    def previous(self) -> Iterator[tuple[str, str]]:
        """Names of the earlier results, each with the analyte it is a result of."""
        return ((name + PREVIOUS, name) for name in self.analytes)

    def directions(self) -> Iterator[str]:
        """Names of the truths."""
        return (name + way for name in self.analytes for way in (RISING, FALLING))

    def labels(self, analytes: Mapping[str, Analyte]) -> dict[str, str]:
        """What people call the facts."""
        return {
            name + suffix: said.format(name=analytes[name].name, short=analytes[name].short)
            for name in self.analytes
            if name in analytes
            for suffix, said in self.says.items()
        }


def read(root: Path) -> Followed:
    """``derived/trends.yaml`` of a content folder.

    Raises:
        ContentError: the file is missing.
    """
    given = read_document(root / "derived" / "trends.yaml")["trends"]
    return Followed(
        tuple(given["analytes"]),
        given["longest_days"],
        given["pace_days"],
        {suffix: given[suffix[1:]] for suffix in (PREVIOUS, RISING, FALLING)},
    )


@lru_cache(maxsize=1)
def followed() -> Followed:
    """The shipped ``rules/derived/trends.yaml``, read once."""
    return read(rules_root())


@dataclass(frozen=True, slots=True)
class Trend:
    """The result chosen (``last``) beside the one before it (``first``).

    Attributes:
        analyte: analyte id.
        direction: as far as the intervals tell; it says nothing of chance or of the assay.
        first: the last usable result before.
        last: the result chosen.
        change: ``last - first`` in ``unit``; ``None`` when nothing bounds it.
        unit: the unit of ``last``.
        days: whole days between them, fewest and most.
        pace: change in so many days as :class:`Followed` says, to three digits; ``None`` when the
            change or the days are not exactly known, or both are of one day.
        count: how many usable results there are up to ``last``, inside the longest span.
    """

    analyte: str
    direction: Direction
    first: Measured
    last: Measured
    change: Interval | None
    unit: str
    days: tuple[int, int]
    pace: Decimal | None
    count: int


def add(facts: dict[str, Fact], earlier: Mapping[str, Sequence[Measured]]) -> None:
    """Put the previous result of each analyte followed, and which way it went, beside the facts.

    Args:
        earlier: per analyte the usable results, oldest first.
    """
    for name in followed().analytes:
        results = earlier.get(name, ())
        if len(results) < 2:
            continue
        last = facts.get(name)
        if not isinstance(last, Measured):
            continue
        before = _before(last, results)
        if not before:
            continue
        if not all(versions.agree(before[0], other) for other in before):
            newest, origins = before[-1], tuple(sorted({one.origin for one in before}))
            facts[name + PREVIOUS] = Absent(
                name + PREVIOUS, "ambiguous", newest.reported, newest.when, origins, before
            )
            continue
        alike = [one for one in before if one.unit == last.unit]
        first = facts[name + PREVIOUS] = versions.preferred(alike or before)
        way = direction(first, last)
        if way != "unclear":
            for suffix, named in ((RISING, "rising"), (FALLING, "falling")):
                facts[name + suffix] = Stated(
                    name + suffix, way == named, last.when, origin=last.origin, path=last.path
                )


def trends(case: Case) -> tuple[Trend, ...]:
    """Every analyte of a case that has a previous result, in the content's order."""
    rule = followed()
    found = []
    for name in rule.analytes:
        first, last = case.facts.get(name + PREVIOUS), case.facts.get(name)
        if isinstance(first, Measured) and isinstance(last, Measured):
            found.append(_trend(rule, name, first, last, case.earlier.get(name, ())))
    return tuple(found)


def direction(first: Measured, last: Measured) -> Direction:
    """Which way a result went from one value to a later one of the same analyte.

    ``unclear`` when the two may be the same or either way: censored values that overlap, values
    of two dimensions that rounding makes equal, values that no conversion leads between.
    """
    if first.unit != last.unit and versions.agree(first, last):
        return "unclear"
    moved = _beside(first, last)
    if moved is None:
        return "unclear"
    if last.interval.gt(moved) is True:
        return "rising"
    if last.interval.lt(moved) is True:
        return "falling"
    return "unchanged" if last.interval.eq(moved) is True else "unclear"


def _before(last: Measured, results: Sequence[Measured]) -> tuple[Measured, ...]:
    """The last results surely taken before another and inside the span; several of one time."""
    found = [one for one in results if one.when is not None and _counts(one, last)]
    start = max((one.when.start for one in found if one.when), default=None)
    return tuple(one for one in found if one.when and start and one.when.end >= start)


def _counts(one: Measured, last: Measured) -> bool:
    if one.when is None or last.when is None or one.when.end >= last.when.start:
        return False
    if one.status not in FINAL or IMPLAUSIBLE in one.flags:
        return False
    return one.when.days_before(last.when)[1] <= followed().longest_days


def _beside(first: Measured, last: Measured) -> Interval | None:
    """The earlier value in the unit of the later one."""
    if first.unit == last.unit:
        return first.interval
    analyte = terminology.load().analytes[last.analyte]
    try:
        return units.convert_interval(analyte, first.interval, first.unit, last.unit)
    except UnitError:
        return None


def _trend(
    rule: Followed, name: str, first: Measured, last: Measured, results: Sequence[Measured]
) -> Trend:
    assert first.when is not None and last.when is not None
    moved = _beside(first, last)
    change = None if moved is None else _change(moved, last.interval)
    fewest, most = first.when.days_before(last.when)
    pace = None
    if change is not None and change.is_point and change.low is not None and fewest == most > 0:
        pace = _PACE.divide(_EXACT.multiply(change.low, Decimal(rule.pace_days)), Decimal(most))
    return Trend(
        analyte=name,
        direction=direction(first, last),
        first=first,
        last=last,
        change=change,
        unit=last.unit,
        days=(fewest, most),
        pace=pace,
        count=1 + sum(1 for one in results if _counts(one, last)),
    )


def _change(first: Interval, last: Interval) -> Interval | None:
    """``last - first`` as far as both are known."""
    low = high = None
    if last.low is not None and first.high is not None:
        low = _ONCE.subtract(last.low, first.high)
    if last.high is not None and first.low is not None:
        high = _ONCE.subtract(last.high, first.low)
    return between(
        low, high, last.low_closed and first.high_closed, last.high_closed and first.low_closed
    )
