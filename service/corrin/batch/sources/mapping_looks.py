"""What the cells of a column look like: numbers, times, LOINC codes, units, words of a status.

Only what a column is like leaves this module; no cell does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from corrin import terminology, units
from corrin.batch.sources.mapping_cells import number_of
from corrin.batch.sources.mapping_time import CLOCK, TimeFormat
from corrin.content import read_document, rules_root
from corrin.intake import number
from corrin.intake.plain import names
from corrin.units import UnitRefusal

MOSTLY = 0.9
_LOINC = re.compile(r"(\d{1,7})-(\d)", re.ASCII)
_COMMA = re.compile(r"[<>≤≥=\s]*-?\d+,\d+", re.ASCII)
_POINT = re.compile(r"[<>≤≥=\s]*-?\d+\.\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Lists:
    """``rules/batch/column-names.yaml``."""

    roles: Mapping[str, tuple[str, ...]]
    missing: frozenset[str]
    statuses: Mapping[str, str]
    comparators: Mapping[str, str]
    formats: tuple[str, ...]


@lru_cache(maxsize=1)
def lists() -> Lists:
    """The names and words that are known."""
    raw: dict[str, Any] = read_document(rules_root() / "batch" / "column-names.yaml")
    return Lists(
        {role: tuple(map(bare, said)) for role, said in raw["roles"].items()},
        frozenset(raw["missing"]),
        {word: status for status, said in raw["statuses"].items() for word in said},
        {word: sign for sign, said in raw["comparators"].items() for word in said},
        tuple(raw["formats"]),
    )


def bare(name: str) -> str:
    """A column's name without case, blanks, hyphens and underscores."""
    return re.sub(r"[\W_]+", " ", name).strip().lower()


@dataclass(frozen=True, slots=True)
class Looks:
    """One column: its name, and its cells that hold something."""

    name: str
    cells: tuple[str, ...]
    missing: frozenset[str]

    @classmethod
    def of(cls, name: str, cells: Sequence[str]) -> Looks:
        """A column by its sampled cells."""
        marks = lists().missing
        told = [cell.strip() for cell in cells]
        return cls(
            name,
            tuple(cell for cell in told if cell and cell not in marks),
            frozenset(cell for cell in told if cell in marks),
        )

    def share(self, holds: Callable[[str], bool]) -> float:
        """Of how many cells something holds; 0 where there are none."""
        return sum(map(holds, self.cells)) / len(self.cells) if self.cells else 0

    def mostly(self, holds: Callable[[str], bool]) -> bool:
        """Whether something holds of nearly all cells."""
        return self.share(holds) >= MOSTLY

    def all(self, holds: Callable[[str], bool]) -> bool:
        """Whether there are cells, and something holds of each."""
        return bool(self.cells) and all(map(holds, self.cells))

    def distinct(self) -> int:
        """How many different texts there are."""
        return len(set(self.cells))

    def formats(self) -> list[tuple[str, ...]]:
        """The ways of writing times that fit every cell; one empty for ISO 8601."""
        if not self.cells:
            return []
        iso = TimeFormat.of(())
        # A plain number of eight digits may be a number as well: only a name says that it is a day.
        if self.all(lambda cell: iso.read(cell) is not None and len(cell) >= len("20260701")):
            return [()]
        known = lists().formats
        fitting = [(one,) for one in known if self.all(_reads((one,)))]
        if fitting:
            return list(fitting)
        days = [one for one in known if "%H" not in one and "%I" not in one]
        pairs = [(day, more) for day in days for more in known if more.startswith(f"{day} ")]
        return [pair for pair in pairs if self.all(_reads(pair))]


def _reads(formats: tuple[str, ...]) -> Callable[[str], bool]:
    form = TimeFormat.of(formats)
    return lambda cell: _is_day(form.read(cell))


def _is_day(text: str | None) -> bool:
    """Whether a FHIR date names a day that exists."""
    from datetime import date

    if text is None:
        return False
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def is_loinc(text: str) -> bool:
    """A LOINC code whose check digit is right (Luhn's modulus 10, as LOINC uses it)."""
    match = _LOINC.fullmatch(text)
    if match is None:
        return False
    total = 0
    for at, digit in enumerate(reversed(match[1])):
        figure = int(digit) * (2 if at % 2 == 0 else 1)
        total += figure - 9 if figure > 9 else figure
    return (10 - total % 10) % 10 == int(match[2])


def is_number(text: str) -> bool:
    """A number, with a comma or a point before its decimals."""
    return number_of(text) is not None or _COMMA.fullmatch(text) is not None


def is_result(text: str) -> bool:
    """A number, a bound or a range, as laboratories write them."""
    return not isinstance(number.read(text), str)


def has_comma(text: str) -> bool:
    """A number with a decimal comma."""
    return _COMMA.fullmatch(text) is not None


def has_point(text: str) -> bool:
    """A number with a decimal point."""
    return _POINT.fullmatch(text) is not None


def is_clock(text: str) -> bool:
    """A time of day."""
    return ":" in text and CLOCK.fullmatch(text) is not None


def is_sex(text: str) -> bool:
    """A word for a sex."""
    return names.loose(text) in names.words().sex


def is_status(text: str) -> bool:
    """A word for the status of a result."""
    return text in lists().statuses


def is_comparator(text: str) -> bool:
    """A word for a comparator."""
    return text in lists().comparators


@lru_cache(maxsize=4096)
def is_unit(text: str) -> bool:
    """A unit of any analyte, in any spelling that is read."""
    found = terminology.load().analytes.values()
    return any(
        not isinstance(units.normalise(one, unit=text, system=None, code=None), UnitRefusal)
        for one in found
        if one.kind == "quantity"
    )
