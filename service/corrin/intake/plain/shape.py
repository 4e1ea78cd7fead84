"""The shape of a case: which elements an object may have, and of which kind they must be."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from corrin.intake.plain.fault import Faults, key_shown, nearest

Object = dict[str, Any]


def members(value: object, path: str, known: Iterable[str], faults: Faults) -> Object | None:
    """An object without its nulls; ``None`` when it is none. Elements not known are noted."""
    if type(value) is not dict:
        faults.add("type-wrong", path, remedy="Write an object.")
        return None
    names = tuple(known)
    for key in value:
        if key not in names and not faults.full:
            near = nearest(key, names)
            place = f"{path}.{key}" if path else key
            faults.add("field-unknown", place if near and key_shown(key) else path, near or names)
    return {key: found for key, found in value.items() if key in names and found is not None}


def entries(value: object, path: str, faults: Faults) -> list[Any]:
    """The entries of a list; none when it is not one.

    Raises:
        IntakeError: too-many-entries, with those of all lists before it.
    """
    if type(value) is list:
        faults.count(len(value), path)
        return value
    faults.add("type-wrong", path, remedy="Write a list.")
    return []


def text(found: Object, key: str, path: str, faults: Faults) -> str | None:
    """A text that is not blank, if it is there."""
    value = found.get(key)
    if value is None:
        return None
    if type(value) is str and value.strip():
        return value
    faults.add("type-wrong", _at(path, key), remedy="Write a text.")
    return None


def truth(found: Object, key: str, path: str, faults: Faults) -> bool | None:
    """true or false, if it is there."""
    value = found.get(key)
    if value is None or type(value) is bool:
        return value
    faults.add("type-wrong", _at(path, key), remedy="Write true or false.")
    return None


def number(found: Object, key: str, path: str, faults: Faults) -> Decimal | None:
    """A JSON number, if it is there."""
    value = found.get(key)
    if value is None or type(value) is Decimal:
        return value
    faults.add("type-wrong", _at(path, key), remedy="Write a number.")
    return None


def whole(found: Object, key: str, path: str, most: int, faults: Faults) -> int | None:
    """A whole number from 0 to ``most``, if it is there."""
    value = number(found, key, path, faults)
    if value is None:
        return None
    if value == value.to_integral_value() and 0 <= value <= most:
        return int(value)
    remedy = f"Write a whole number from 0 to {most}."
    faults.add("type-wrong", _at(path, key), remedy=remedy)
    return None


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
