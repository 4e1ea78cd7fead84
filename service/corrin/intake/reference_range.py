"""``Observation.referenceRange`` → the laboratory's own interval in the result's canonical unit."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

from corrin import terminology, units
from corrin.facts.interval import Interval
from corrin.intake import lists, number
from corrin.intake.item import Resource
from corrin.intake.text import printable
from corrin.intake.value import normalised, shown
from corrin.terminology import Analyte
from corrin.units import UnitError, UnitRefusal

UNREADABLE = ("reference-range-unreadable",)
_NORMAL = "normal"

Found = tuple[Interval | None, str | None, tuple[str, ...]]
NONE: Found = (None, None, ())


def read(ranges: Any, analyte: Analyte, unit: str, reported_unit: Resource | None) -> Found:
    """Interval in ``unit``, the range as the laboratory wrote it, and flags.

    Of several ranges the first of type ``normal`` (or without a type) that does not name whom or
    which age it is for. Bounds without a unit of their own are in the result's reported unit.
    """
    if type(ranges) is not list:
        return None, None, UNREADABLE
    usable = [one for one in ranges if type(one) is dict and _for_all(one)]
    if not usable:
        return (None, None, UNREADABLE) if any(type(one) is not dict for one in ranges) else NONE
    one = usable[0]
    if len(usable) > 1:
        one = next((found for found in usable if _type(found) == _NORMAL), one)
    if "modifierExtension" in one:
        return None, None, UNREADABLE
    low, high, text = one.get("low"), one.get("high"), one.get("text")
    text = printable(text) if type(text) is str and text.strip() else None
    own = _unit_key(reported_unit)
    if low is None and high is None:
        if text is None:
            return None, None, UNREADABLE
        return _from_text(analyte.id, unit, text, own)
    lower, upper = _bound(low, own), _bound(high, own)
    if (lower is None and low is not None) or (upper is None and high is not None):
        return None, text, UNREADABLE
    interval, written, flags = _from_bounds(analyte.id, unit, lower, upper)
    return interval, text or written, flags


def _bound(bound: Any, own: _UnitKey) -> _Bound | None:
    if type(bound) is not dict or type(bound.get("value")) is not Decimal:
        return None
    unit, system, code = _unit_key(bound)
    if unit is None and code is None:
        unit, system, code = own
    return shown(bound["value"]), unit, system, code


def disagrees(interval: Interval, own: Interval, signs: tuple[str, ...]) -> bool:
    """Whether an interpretation (low, high, normal) contradicts the laboratory's own range."""
    places = lists.load().places
    for sign in signs:
        place = places.get(sign)
        if place == "within" and not interval.meets(own):
            return True
        if place == "below" and own.low is not None:
            return interval.lt(Interval.point(own.low)) is False
        if place == "above" and own.high is not None:
            return interval.gt(Interval.point(own.high)) is False
    return False


def _for_all(one: Resource) -> bool:
    if "type" not in one and "appliesTo" not in one and "age" not in one:
        return True
    return not one.get("appliesTo") and not one.get("age") and _type(one) in (None, _NORMAL)


def _type(one: Resource) -> str | None:
    found = one.get("type")
    if not found:
        return None
    codings = found.get("coding") if isinstance(found, dict) else None
    if isinstance(codings, list):
        codes = [coding.get("code") for coding in codings if isinstance(coding, dict)]
        return _NORMAL if _NORMAL in codes else "other"
    text = found.get("text") if isinstance(found, dict) else None
    return lists.fold(text) if isinstance(text, str) else "other"


_UnitKey = tuple[str | None, str | None, str | None]
# The figure as written: a cache by its value would take 0.4 for 0.40.
_Bound = tuple[str, str | None, str | None, str | None]
_End = tuple[str, str]


def _unit_key(quantity: Resource | None) -> _UnitKey:
    if type(quantity) is not dict:
        return None, None, None
    unit, system, code = quantity.get("unit"), quantity.get("system"), quantity.get("code")
    return (
        unit if type(unit) is str else None,
        system if type(system) is str else None,
        code if type(code) is str else None,
    )


def _from_bounds(analyte: str, unit: str, low: _Bound | None, high: _Bound | None) -> Found:
    ends: list[_End | None] = []
    for bound in (low, high):
        named = None if bound is None else normalised(analyte, *bound[1:])
        if isinstance(named, UnitRefusal):
            return None, None, UNREADABLE
        ends.append(None if bound is None or named is None else (bound[0], named.ucum))
    interval = _interval(analyte, unit, ends[0], ends[1])
    if interval is None:
        return None, None, UNREADABLE
    return interval, _written(low, high), ()


@lru_cache(maxsize=4096)
def _interval(analyte: str, unit: str, low: _End | None, high: _End | None) -> Interval | None:
    found = terminology.load().analytes[analyte]
    try:
        values = [
            None if end is None else units.convert(found, Decimal(end[0]), end[1], unit)
            for end in (low, high)
        ]
        return Interval(values[0], values[1])
    except (UnitError, ValueError):
        return None


def _written(low: _Bound | None, high: _Bound | None) -> str:
    some = high or low
    assert some is not None
    name = some[1] or some[3] or ""
    if low is None:
        figures = f"≤{some[0]}"
    elif high is None:
        figures = f"≥{some[0]}"
    else:
        figures = f"{low[0]}-{high[0]}"
    return f"{figures} {name[:40]}".strip()


def _from_text(analyte: str, unit: str, text: str, own: _UnitKey) -> Found:
    said = number.read(text)
    if isinstance(said, str) or said.interval.is_point:
        return None, text, UNREADABLE
    named = normalised(analyte, said.unit, None, None) if said.unit else normalised(analyte, *own)
    if isinstance(named, UnitRefusal):
        return None, text, UNREADABLE
    try:
        found = terminology.load().analytes[analyte]
        return units.convert_interval(found, said.interval, named.ucum, unit), text, ()
    except UnitError:
        return None, text, UNREADABLE
