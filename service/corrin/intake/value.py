"""``value[x]`` of one result → an interval in an accepted unit, or the reason why not."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from corrin import terminology, units
from corrin.facts.interval import Interval
from corrin.intake import lists, number
from corrin.intake.item import Resource
from corrin.intake.text import printable
from corrin.terminology import Analyte
from corrin.units import Unit, UnitError, UnitRefusal

VALUES = frozenset(
    {
        "valueQuantity",
        "valueString",
        "valueCodeableConcept",
        "valueBoolean",
        "valueInteger",
        "valueRange",
        "valueRatio",
        "valueDecimal",
        "valueSampledData",
        "valueTime",
        "valueDateTime",
        "valuePeriod",
        "valueAttachment",
        "valueReference",
    }
)
_BESIDE = (VALUES | {"dataAbsentReason"}) - {"valueQuantity"}
_COMPARATORS = frozenset({"<", "<=", ">=", ">"})
_LONGEST_UNIT = 200
_RATIOS = frozenset({"mass_ratio", "substance_ratio", "ratio"})


Placed = tuple[Interval, str, str | None]


class Value(NamedTuple):
    """A value taken, in ``unit``, the canonical one; ``ucum`` is the unit it was reported in."""

    interval: Interval
    unit: str
    reported: str
    dimension: str
    flags: tuple[str, ...] = ()
    doubt: str | None = None  # implausible, or suspected to mean something else
    ucum: str | None = None


class Fault(NamedTuple):
    """A value not taken: reason, element below the result, and what was met there."""

    reason: str
    element: str = ".value"
    detail: str = ""
    reported: str = ""


def given(node: Resource) -> list[str]:
    """Names of the ``value[x]`` elements that are there (null counts as not there)."""
    if VALUES.isdisjoint(node):
        return []
    return [name for name in node if name in VALUES and node[name] is not None]


def read(node: Resource, analyte: Analyte, beyond: str | None = None) -> Value | Fault:
    """The value of an Observation or component for a measured analyte.

    ``beyond`` is the comparator an interpretation code implies (off the instrument's scale).
    """
    quantity = node.get("valueQuantity")
    if quantity is not None and _BESIDE.isdisjoint(node):
        return _quantity(quantity, analyte, beyond)
    names = given(node)
    if "dataAbsentReason" in node and node["dataAbsentReason"] is not None:
        return Fault("malformed", ".dataAbsentReason") if names else Fault("no-value", "")
    if not names:
        return Fault("no-value", "")
    if len(names) > 1:
        return Fault("malformed")
    value = node[names[0]]
    match names[0]:
        case "valueQuantity":
            return _quantity(value, analyte, beyond)
        case "valueString":
            return _text(value, analyte)
        case "valueInteger" | "valueDecimal":
            if not isinstance(value, Decimal):
                return Fault("malformed")
            return _quantity({"value": value}, analyte, beyond)
        case "valueRange":
            return _range(value, analyte)
        case "valueRatio":
            return _ratio(value, analyte)
        case _:
            return Fault("value-type", detail=names[0])


def shown(value: Decimal) -> str:
    """A number as its source wrote it, without exponent."""
    text = str(value)
    return format(value, "f") if "E" in text else text


def unit_of(analyte: Analyte, quantity: Resource) -> Unit | UnitRefusal | None:
    """The unit of a Quantity; ``None`` when one of its elements is not a text."""
    unit, system, code = quantity.get("unit"), quantity.get("system"), quantity.get("code")
    if type(unit) is str and type(system) is str and type(code) is str:
        return normalised(analyte.id, unit, system, code)
    for text in (unit, system, code):
        if text is not None and type(text) is not str:
            return None
    return normalised(analyte.id, unit, system, code)


def normalised(
    analyte: str, unit: str | None, system: str | None, code: str | None
) -> Unit | UnitRefusal:
    """:func:`corrin.units.normalise` by analyte id; what is too long to be a unit is none."""
    if len(unit or "") + len(system or "") + len(code or "") > _LONGEST_UNIT:
        return UnitRefusal("unit-unknown", printable(unit or code or "")[:40])
    found = terminology.load().analytes[analyte]
    return units.normalise(found, unit=unit, system=system, code=code)


def _quantity(quantity: Any, analyte: Analyte, beyond: str | None) -> Value | Fault:
    if not isinstance(quantity, dict):
        return Fault("malformed")
    value: Any = quantity.get("value")
    if value is None:
        return Fault("no-value")
    if type(value) is not Decimal:
        return Fault("malformed", ".value.value", detail=str(value)[:40])
    comparator = quantity.get("comparator")
    figure = shown(value)
    flags: tuple[str, ...] = ()
    written = figure
    if comparator is not None:
        if type(comparator) is not str:
            return Fault("malformed", ".value.comparator")
        if comparator not in _COMPARATORS:
            reason = "comparator-ad" if comparator == "ad" else "comparator-unknown"
            return Fault(reason, ".value.comparator", comparator[:10], figure)
        written = comparator + figure
    elif beyond is not None:
        comparator, flags = beyond, ("comparator-in-text",)
    reported = _reported(written, quantity.get("unit"), quantity.get("code"))
    if value < 0:
        return Fault("value-negative", ".value.value", reported=reported)
    unit = unit_of(analyte, quantity)
    if unit is None:
        return Fault("malformed", ".value.unit", reported=written)
    if isinstance(unit, UnitRefusal):
        return Fault(unit.reason, ".value.unit", unit.detail, reported)
    found = _placed(analyte.id, comparator, figure, unit.ucum)
    return _taken(found, unit, reported, flags)


# Cached by the figure as written, never by its value: 0.40 and 0.4 are equal and not the same.
@lru_cache(maxsize=16384)
def _placed(analyte: str, comparator: str | None, figure: str, ucum: str) -> Placed | str:
    return placed(analyte, Interval.from_comparator(comparator, Decimal(figure)), ucum)


def placed(analyte: str, interval: Interval, ucum: str) -> Placed | str:
    """The interval in the canonical unit, that unit, and what speaks against it.

    A reason code alone when it cannot be converted.
    """
    found = terminology.load().analytes[analyte]
    try:
        canonical, unit = units.canonical(found, interval, ucum)
    except UnitError as error:
        return error.reason
    doubt = units.suspicious(found, interval, ucum)
    if doubt is None and not units.plausible(found, canonical, unit):
        doubt = "implausible"
    return canonical, unit, doubt


def _reported(written: str, *units_given: object) -> str:
    for unit in units_given:
        if isinstance(unit, str) and unit:
            return f"{written} {printable(unit)[:40]}"
    return written


def _taken(found: Placed | str, unit: Unit, reported: str, flags: tuple[str, ...]) -> Value | Fault:
    if isinstance(found, str):
        return Fault(found, ".value.unit", unit.ucum, reported)
    canonical, shared, doubt = found
    flags += unit.flags
    return Value(canonical, shared, reported, unit.dimension, flags, doubt, unit.ucum)


def _text(text: Any, analyte: Analyte) -> Value | Fault:
    if type(text) is not str:
        return Fault("malformed")
    found = number.read(text)
    reported = printable(text)
    if isinstance(found, str):
        return Fault(found, ".value", reported=reported)
    unit = normalised(analyte.id, found.unit, None, None)
    if isinstance(unit, UnitRefusal):
        return Fault(unit.reason, ".value", unit.detail, reported)
    placed_ = placed(analyte.id, found.interval, unit.ucum)
    return _taken(placed_, unit, reported, found.flags)


def _range(value: Any, analyte: Analyte) -> Value | Fault:
    if type(value) is not dict:
        return Fault("malformed")
    bounds: list[Decimal | None] = []
    texts: list[str] = []
    unit: Unit | None = None
    for name in ("low", "high"):
        quantity = value.get(name)
        if quantity is None:
            bounds.append(None)
            texts.append("")
            continue
        if type(quantity) is not dict or type(quantity.get("value")) is not Decimal:
            return Fault("malformed", f".value.{name}")
        number_, own = quantity["value"], unit_of(analyte, quantity)
        if number_ < 0:
            return Fault("value-negative", f".value.{name}.value")
        if own is None:
            return Fault("malformed", f".value.{name}.unit")
        if isinstance(own, UnitRefusal):
            return Fault(own.reason, f".value.{name}.unit", own.detail)
        texts.append(_reported(shown(number_), quantity.get("unit"), quantity.get("code")))
        if unit is not None and own.ucum != unit.ucum:
            try:
                found = terminology.load().analytes[analyte.id]
                number_ = units.convert(found, number_, own.ucum, unit.ucum)
            except UnitError as error:
                return Fault(error.reason, f".value.{name}.unit")
        unit = unit or own
        bounds.append(number_)
    if unit is None:
        return Fault("no-value")
    low, high = bounds
    if low is not None and high is not None and low > high:
        return Fault("value-unreadable", reported=" - ".join(texts))
    reported = " - ".join(texts) if all(texts) else (f"≥{texts[0]}" if texts[0] else f"≤{texts[1]}")
    return _taken(placed(analyte.id, Interval(low, high), unit.ucum), unit, reported, ())


def _ratio(value: Any, analyte: Analyte) -> Value | Fault:
    if type(value) is not dict:
        return Fault("malformed")
    if _RATIOS.isdisjoint(analyte.dimensions):
        return Fault("value-type", detail="valueRatio")
    above, below = value.get("numerator"), value.get("denominator")
    if type(above) is not dict or type(below) is not dict:
        return Fault("malformed")
    top, bottom = above.get("value"), below.get("value")
    if type(top) is not Decimal or type(bottom) is not Decimal:
        return Fault("malformed", ".value.numerator.value")
    if bottom != 1 or below.get("comparator") is not None:
        return Fault("value-unreadable", ".value.denominator")
    names = [side.get("code") or side.get("unit") for side in (above, below)]
    if not all(isinstance(name, str) for name in names):
        return Fault("unit-missing", ".value")
    spelling = f"{names[0]}/{names[1]}"
    return _quantity(
        {"value": top, "comparator": above.get("comparator"), "unit": spelling}, analyte, None
    )


def answer_of_interpretation(codes: tuple[str, ...]) -> bool | None:
    """Whether interpretation codes say positive or negative; ``None`` when neither or both."""
    known = lists.load().interpretations
    said = {known[code] for code in codes if code in known}
    return said.pop() if len(said) == 1 else None
