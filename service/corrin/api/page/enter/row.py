"""One row of the form: a test with its value, as typed, and the result of the case it makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from corrin.api.page.enter.laboratory import LaboratoryRange, range_of
from corrin.api.page.enter.menu import Menu
from corrin.api.page.submission import Fields

MOST_FREE = 60
"""Rows for tests without one of their own that a form may have."""
FIELDS = ("test", "sign", "value", "unit", "date", "low", "high")
_KEY = re.compile(rf"(?:{'|'.join(FIELDS)})\.(?P<key>[a-z][a-z0-9_]{{0,60}})", re.ASCII)
_FREE = re.compile(r"x\d{1,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """What stands in a row, every field as typed.

    Attributes:
        key: by what its fields are named: the id of its test, or ``x1`` … of a free row.
        free: whether its test is typed.
        shared: the one date given for all results.
    """

    key: str
    free: bool = False
    test: str = ""
    sign: str = ""
    value: str = ""
    unit: str = ""
    date: str = ""
    low: str = ""
    high: str = ""
    shared: str = ""

    @property
    def entered(self) -> bool:
        """Whether somebody typed a result into it; a unit alone is one that was remembered."""
        typed = (self.value, self.date, self.low, self.high, self.test if self.free else "")
        return any(one.strip() for one in typed)

    @property
    def opened(self) -> bool:
        """Whether a field that is usually folded away holds something."""
        return any(one.strip() for one in (self.date, self.low, self.high))

    @property
    def range(self) -> LaboratoryRange:
        """The laboratory's range."""
        return range_of(self.low, self.high, self.unit)

    def result(self) -> dict[str, Any]:
        """The result of the case; an empty field is left out, none is filled in."""
        found: dict[str, Any] = {
            "test": self.test,
            "comparator": self.sign,
            "value": self.value,
            "unit": self.unit,
            "date": self.date if self.date.strip() else self.shared,
        }
        found = {name: said for name, said in found.items() if said.strip()}
        between = self.range.case
        return found | ({"range": between} if between else {})

    def places(self, path: str) -> dict[str, str]:
        """Paths into its result of the case → ids of the fields that say it."""
        date = f"date-{self.key}" if self.date.strip() else "date"
        return {
            path: f"value-{self.key}",
            f"{path}.test": f"test-{self.key}" if self.free else f"value-{self.key}",
            f"{path}.value": f"value-{self.key}",
            f"{path}.comparator": f"sign-{self.key}",
            f"{path}.unit": f"unit-{self.key}",
            f"{path}.date": date,
            f"{path}.range": f"low-{self.key}" if self.low.strip() else f"high-{self.key}",
            f"{path}.range.low": f"low-{self.key}",
            f"{path}.range.high": f"high-{self.key}",
        }


def rows_of(fields: Fields, menu: Menu) -> dict[str, Row]:
    """Every row the fields hold something of, by its key, in the order of the form."""
    known, others = _keys(fields, menu)
    return {key: _row(key, fields, menu) for key in (*known, *others[:MOST_FREE])}


def is_field(name: str) -> bool:
    """Whether a field is one of a row."""
    return _KEY.fullmatch(name) is not None


def too_many(fields: Fields, menu: Menu) -> bool:
    """Whether there are more rows than a form has: those beyond are no rows."""
    return len(_keys(fields, menu)[1]) > MOST_FREE


def _keys(fields: Fields, menu: Menu) -> tuple[list[str], list[str]]:
    """Keys of the rows of tests, and of the free rows, in order."""
    keys = {match["key"]: None for match in map(_KEY.fullmatch, fields) if match is not None}
    known = [key for key in menu.tests if key in keys]
    others = sorted((key for key in keys if key not in menu.tests), key=lambda key: (len(key), key))
    return known, others


def _row(key: str, fields: Fields, menu: Menu) -> Row:
    said = {name: fields.get(f"{name}.{key}", [""])[0] for name in FIELDS}
    free = key not in menu.tests
    if not free:
        said["test"] = key
    elif _FREE.fullmatch(key) is None and not said["test"]:
        said["test"] = key  # a row of a page that was loaded before the form was changed
    return Row(key, free, **said, shared=fields.get("date", [""])[0])


def free_keys(taken: Iterable[str], many: int) -> tuple[str, ...]:
    """Keys of so many free rows more than there are."""
    used = set(taken)
    keys = (f"x{at}" for at in range(1, 1000))
    return tuple(islice((key for key in keys if key not in used), many))


def repeated(fields: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Names of fields that came more than once: nobody knows which of them counts.

    Of the guidelines to compare, which come along with an answer, there may be several.
    """
    return tuple(name for name, said in fields.items() if len(said) > 1 and name != "packs")
