"""One result of a case → an Observation for the reader of FHIR."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from corrin.facts.interval import Interval
from corrin.intake import number
from corrin.intake.code import codings_of, meaning
from corrin.intake.item import Item, Resource
from corrin.intake.plain import names, shape
from corrin.intake.plain.fault import Faults
from corrin.terminology import Analyte
from corrin.terminology.table import fold

KEYS = (
    *("test", "value", "unit", "date", "status", "comparator", "range", "specimen"),
    *("issued", "id", "interpretation", "comment"),
)
_ENDS = ("low", "high")
_LONGEST_ID = 64
_NO_VALUE = frozenset({"registered", "cancelled", "entered-in-error", "unknown"})
_SAID_BY_SIGN = frozenset({"comparator-in-text"})
_FINAL = "final"


def read(value: object, path: str, faults: Faults) -> Item | None:
    """The Observation of one result; ``None`` when its test or shape is not known."""
    found = shape.members(value, path, KEYS, faults)
    if found is None:
        return None
    name = shape.text(found, "test", path, faults)
    origin = _origin(found, path, faults)
    code = names.test(name) if name is not None else None
    if "test" not in found:
        faults.add("field-missing", f"{path}.test")
    elif name is not None and code is None:
        faults.name(name, f"{path}.test", names.tests().shown, origin=origin)
    resource: Resource = {
        "status": shape.text(found, "status", path, faults) or _FINAL,
        "effectiveDateTime": shape.text(found, "date", path, faults),
        "issued": shape.text(found, "issued", path, faults),
    }
    specimen = shape.text(found, "specimen", path, faults)
    if specimen is not None:
        resource["specimen"] = {"display": specimen}
    comment = shape.text(found, "comment", path, faults)
    if comment is not None:
        resource["note"] = [{"text": comment}]
    sign = shape.text(found, "interpretation", path, faults)
    if sign is not None:
        resource["interpretation"] = [{"coding": [{"code": sign.strip()}]}]
    analyte = None if code is None else meaning(codings_of(code) or ()).analyte
    unit = shape.text(found, "unit", path, faults)
    _value(found, unit, analyte, resource, path, faults)
    _range(found, unit, resource, path, faults)
    if code is None:
        return None
    resource["code"] = code
    kept = {key: one for key, one in resource.items() if one is not None}
    return Item(kept, "Observation", path, origin)


def places(found: Any) -> dict[str, str]:
    """Elements of the Observation → what the person wrote there."""
    given = found if isinstance(found, dict) else {}
    return {
        ".value.unit": ".unit",
        ".value.comparator": ".comparator" if "comparator" in given else ".value",
        ".value": ".value",
        ".dataAbsentReason": ".value",
        ".code": ".test",
        ".effective": ".date" if "date" in given or "issued" not in given else ".issued",
        ".status": ".status",
        ".specimen": ".specimen",
        ".interpretation": ".interpretation",
    }


def _origin(found: shape.Object, path: str, faults: Faults) -> str:
    said = shape.text(found, "id", path, faults)
    if said is not None and len(said) > _LONGEST_ID:
        remedy = f"Write at most {_LONGEST_ID} characters."
        faults.add("type-wrong", f"{path}.id", remedy=remedy)
    return path if said is None else f"Observation/{said[:_LONGEST_ID]}"


def _value(
    found: shape.Object,
    unit: str | None,
    analyte: Analyte | None,
    resource: Resource,
    path: str,
    faults: Faults,
) -> None:
    value, place = found.get("value"), f"{path}.value"
    sign = shape.text(found, "comparator", path, faults)
    measured = analyte is None or analyte.kind == "quantity"
    if value is None:
        if resource["status"] not in _NO_VALUE:
            faults.add("field-missing", place)
    elif type(value) is Decimal:
        resource["valueQuantity"] = _quantity(value, unit, sign)
        return
    elif type(value) is bool and not measured:
        resource["valueBoolean"] = value
    elif type(value) is str and value.strip():
        if not measured:
            resource["valueString"] = value
        else:
            _text(value, unit, sign, resource, path, faults)
            return
    elif type(value) is dict:
        resource["valueRange"] = _ends(value, unit, place, faults)
    else:
        remedy = "Write a number, a text, or an object of low and high."
        if not measured:
            remedy = "Write true, false, or a text (positive, negative)."
        faults.add("type-wrong", place, remedy=remedy)
    if sign is not None:
        faults.add("field-conflict", f"{path}.comparator")


def _text(
    text: str,
    unit: str | None,
    sign: str | None,
    resource: Resource,
    path: str,
    faults: Faults,
) -> None:
    """A number written as text, with its sign, its unit, or both; else the reader refuses it."""
    said = number.read(text)
    if isinstance(said, str):
        resource["valueString"] = text
        if sign is not None:
            faults.add("field-conflict", f"{path}.comparator")
        return
    if said.unit is not None and unit is not None and fold(said.unit) != fold(unit):
        remedy = (
            "What stands behind the number in value is read as its unit, and it is another. Write "
            "the number alone in value, without a mark such as H or *."
        )
        faults.add("field-conflict", f"{path}.unit", remedy=remedy)
        return
    within = said.interval
    if sign is not None and not (within.is_point and not said.flags):
        faults.add("field-conflict", f"{path}.comparator")
        return
    own = said.unit or unit
    if not _SAID_BY_SIGN.issuperset(said.flags):
        # Its separators were a guess: as text it keeps the flags that say so.
        resource["valueString"] = text if said.unit or unit is None else f"{text.strip()} {unit}"
    elif within.low is not None and within.high is not None and not within.is_point:
        resource["valueRange"] = {
            "low": _quantity(within.low, own, None),
            "high": _quantity(within.high, own, None),
        }
    else:
        figure = within.low if within.low is not None else within.high
        assert figure is not None
        resource["valueQuantity"] = _quantity(figure, own, sign or _sign(within))


def _sign(interval: Interval) -> str | None:
    if interval.is_point:
        return None
    if interval.low is None:
        return "<=" if interval.high_closed else "<"
    return ">=" if interval.low_closed else ">"


def _quantity(value: Decimal | None, unit: str | None, sign: str | None) -> Resource:
    """A Quantity whose unit is as it was spelt: both code and unit, of no system."""
    found = {"value": value, "comparator": sign, "unit": unit, "code": unit}
    return {key: one for key, one in found.items() if one is not None}


def _range(
    found: shape.Object, unit: str | None, resource: Resource, path: str, faults: Faults
) -> None:
    given, place = found.get("range"), f"{path}.range"
    if given is None:
        return
    if type(given) is dict:
        resource["referenceRange"] = [_ends(given, unit, place, faults)]
    elif type(given) is str and given.strip():
        resource["referenceRange"] = [_range_in_text(given, unit)]
    else:
        faults.add("type-wrong", place, remedy="Write a text (200-900) or an object.")


def _ends(value: object, unit: str | None, path: str, faults: Faults) -> Resource:
    """Low and high, of which there must be one at least."""
    found = shape.members(value, path, _ENDS, faults)
    if found is None:
        return {}
    if not found:
        faults.add("field-missing", path)
    for end in found:
        shape.number(found, end, path, faults)
    return {end: _quantity(one, unit, None) for end, one in found.items()}


def _range_in_text(text: str, unit: str | None) -> Resource:
    """The range a text says, in the result's unit where it names none; else the text alone."""
    said = number.read(text)
    if isinstance(said, str) or said.unit is not None or said.interval.is_point or unit is None:
        return {"text": text}
    return {"text": f"{text.strip()} {unit}"}
