"""Figures of cut-offs as their reader would write them: in the unit a result was reported in."""

from __future__ import annotations

from decimal import Decimal

from corrin import units
from corrin.facts.fact import Measured
from corrin.facts.interval import Interval
from corrin.notes.words import quantity
from corrin.terminology.analyte import Analyte

# A figure in another unit is shown only when it stays as short as this.
MOST_DIGITS = 4


def in_reported_unit(analyte: Analyte, figure: Interval, unit: str, measured: Measured) -> str:
    """A figure in the unit a value was reported in: ``180 pg/mL``, ``12 g/dL``, ``280 nmol/L``.

    As it stands (in ``unit``) where that unit is of another dimension, is not known, or would make
    long decimals of it.
    """
    reported = measured.reported_unit
    if reported is None or reported == unit or measured.unit != unit:
        return quantity(figure, unit)
    moved = units.convert_interval(analyte, figure, unit, reported)
    low, high = _plain(moved.low), _plain(moved.high)
    if any(end is not None and len(end.as_tuple().digits) > MOST_DIGITS for end in (low, high)):
        return quantity(figure, unit)
    return quantity(Interval(low, high, moved.low_closed, moved.high_closed), reported)


def _plain(value: Decimal | None) -> Decimal | None:
    """Without the noughts a conversion leaves behind the point."""
    if value is None:
        return None
    short = value.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short
