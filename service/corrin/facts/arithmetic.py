"""Arithmetic on intervals of amounts (never below zero), rounded once to twelve digits.

Narrower inputs never give a wider answer. An unbounded lower end stays unbounded, so that ``<20``
gives ``<…`` and not a range from nought.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal

from corrin.facts.interval import Interval

# Numbers as long as any that is read (64 digits, exponents to 30) keep every digit here.
_EXACT = Context(prec=256)
_ONCE = Context(prec=12)
_ZERO = Decimal(0)


def adjusted(value: Interval, other: Interval, slope: Decimal, normal: Decimal) -> Interval | None:
    """``value + slope x (normal - other)``: rises with ``value``, falls as ``other`` rises."""

    def at(one: Decimal, second: Decimal) -> Decimal:
        step = _EXACT.multiply(slope, _EXACT.subtract(normal, second))
        return _ONCE.plus(_EXACT.add(one, step))

    low = high = None
    if value.low is not None and other.high is not None:
        low = at(value.low, other.high)
    if value.high is not None:
        high = at(value.high, _ZERO if other.low is None else other.low)
    return between(
        low,
        high,
        value.low_closed and other.high_closed,
        value.high_closed and (other.low is None or other.low_closed),
    )


def product(value: Interval, other: Interval, scale: Decimal) -> Interval | None:
    """``value x other x scale``: rises with both."""
    low = high = None
    if value.low is not None and other.low is not None:
        low = _times(value.low, other.low, scale)
    if value.high is not None and other.high is not None:
        high = _times(value.high, other.high, scale)
    return between(
        low,
        high,
        _reached((value.low, value.low_closed), (other.low, other.low_closed)),
        _reached((value.high, value.high_closed), (other.high, other.high_closed)),
    )


def ratio(value: Interval, other: Interval) -> Interval | None:
    """``value / other``: rises with ``value``, falls as ``other`` rises.

    ``other`` is never divided by where it may be nought: the upper end is then open.
    """
    if other.high is not None and other.high <= 0:
        return None
    low = high = None
    if value.low is not None and other.high is not None:
        low = _ONCE.divide(value.low, other.high)
    if value.high is not None and other.low is not None and other.low > 0:
        high = _ONCE.divide(value.high, other.low)
    return between(
        low,
        high,
        value.low_closed and (other.high_closed or value.low == 0),
        value.high_closed and (other.low_closed or value.high == 0),
    )


def at_most(interval: Interval, most: Decimal | None) -> Interval:
    """The part of an interval that is possible; the interval itself where none of it is."""
    if most is None:
        return interval
    return interval.intersect(Interval(None, most, False, True)) or interval


def between(
    low: Decimal | None, high: Decimal | None, low_closed: bool, high_closed: bool
) -> Interval | None:
    """The interval, ``None`` when nothing bounds it; bounds that rounding made equal are one."""
    if low is None and high is None:
        return None
    if low is not None and low == high:
        return Interval.point(low)
    return Interval(low, high, low_closed, high_closed)


def hull(intervals: Sequence[Interval]) -> Interval:
    """The narrowest interval that holds all of them (at least one)."""
    found = intervals[0]
    for other in intervals[1:]:
        low, low_closed = found.low, found.low_closed
        if low is not None and (other.low is None or other.low <= low):
            low_closed = other.low_closed or (other.low == low and low_closed)
            low = other.low
        high, high_closed = found.high, found.high_closed
        if high is not None and (other.high is None or other.high >= high):
            high_closed = other.high_closed or (other.high == high and high_closed)
            high = other.high
        found = Interval(low, high, low_closed, high_closed)
    return found


def shown(interval: Interval, places: int, unit: str) -> str:
    """A worked-out figure as people read it, with so many decimals."""
    step = _ONCE.scaleb(Decimal(1), -places)
    low = None if interval.low is None else interval.low.quantize(step, context=_EXACT)
    high = None if interval.high is None else interval.high.quantize(step, context=_EXACT)
    if low is not None and low == high:
        said = Interval.point(low)
    else:
        said = Interval(low, high, interval.low_closed, interval.high_closed)
    return f"{said}" if unit == "1" else f"{said} {unit}"


def _times(one: Decimal, other: Decimal, scale: Decimal) -> Decimal:
    return _ONCE.plus(_EXACT.multiply(_EXACT.multiply(one, other), scale))


def _reached(one: tuple[Decimal | None, bool], other: tuple[Decimal | None, bool]) -> bool:
    """Whether the product of two bounds is itself reached; nought is by one of them."""
    return all(closed for _, closed in (one, other)) or any(
        bound == 0 and closed for bound, closed in (one, other)
    )
