"""Conversion: one look-up and one multiplication, exact, rounded once to 12 significant digits."""

from __future__ import annotations

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal

from corrin.facts.interval import Interval
from corrin.terminology.analyte import Analyte
from corrin.units.error import UnitError
from corrin.units.table import Factor, load

SIGNIFICANT = 12
# Longer numbers are not measurements; the bound keeps the arithmetic small.
MOST_DIGITS = 400
LARGEST_EXPONENT = 400

# No traps and no bounds within reach: nothing these contexts do depends on a thread's own context.
_EXACT = Context(prec=min(MAX_PREC, 2000), Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_ONCE = Context(prec=SIGNIFICANT, rounding=ROUND_HALF_EVEN, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


def factor(analyte: Analyte, source: str, target: str) -> Factor:
    """The exact ratio between two accepted units of an analyte.

    Raises:
        UnitError: ``unit-impossible`` when one is not accepted for the analyte,
            ``unit-unconvertible`` when no rule leads from one to the other.
    """
    found = load().factor(analyte.id, source, target)
    if found is not None:
        return found
    for unit in (source, target):
        if unit not in analyte.units:
            raise UnitError("unit-impossible", f"{unit} for {analyte.id}")
    raise UnitError("unit-unconvertible", f"{source} to {target} for {analyte.id}")


def convert(analyte: Analyte, value: Decimal, source: str, target: str) -> Decimal:
    """``value`` of ``source`` in ``target``, both accepted units of the analyte.

    The product is exact and rounded once, half to even, to 12 significant digits. Between two equal
    strings the value comes back untouched.

    Raises:
        UnitError: ``unit-impossible``, ``unit-unconvertible``, ``number-not-finite`` or
            ``number-too-long``.
    """
    ratio = factor(analyte, source, target)
    return value if source == target else _apply(ratio, value)


def _apply(ratio: Factor, value: Decimal) -> Decimal:
    if not value.is_finite():
        raise UnitError("number-not-finite")
    if abs(value.adjusted()) > LARGEST_EXPONENT or len(value.as_tuple().digits) > MOST_DIGITS:
        raise UnitError("number-too-long")
    return _ONCE.divide(_EXACT.multiply(value, ratio.num), ratio.den)


def convert_interval(analyte: Analyte, interval: Interval, source: str, target: str) -> Interval:
    """Both bounds converted as :func:`convert` does; open ends stay open.

    Raises:
        UnitError: as :func:`convert`.
    """
    ratio = factor(analyte, source, target)
    if source == target:
        return interval
    low = None if interval.low is None else _apply(ratio, interval.low)
    if interval.is_point:
        high = low
    else:
        high = None if interval.high is None else _apply(ratio, interval.high)
    low_closed, high_closed = interval.low_closed, interval.high_closed
    if low is not None and low == high:
        # Bounds closer than the twelfth digit fall together: the point between them is kept.
        low_closed = high_closed = True
    return Interval(low, high, low_closed, high_closed)


def canonical(analyte: Analyte, interval: Interval, ucum: str) -> tuple[Interval, str]:
    """The interval in the canonical unit of the dimension it was reported in, and that unit.

    Raises:
        UnitError: as :func:`convert`.
    """
    target = analyte.canonical_of(ucum)
    if target is None:
        raise UnitError("unit-impossible", f"{ucum} for {analyte.id}")
    return convert_interval(analyte, interval, ucum, target), target


def as_text(value: Decimal) -> str:
    """A number in plain decimal digits: no exponent, no zeros that say nothing.

    ``2.40E+2`` is ``240``, ``0.50`` is ``0.5``: equal numbers give equal text.
    """
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
