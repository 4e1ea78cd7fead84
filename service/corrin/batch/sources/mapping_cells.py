"""A header and a mapping → where each value of a row is, and how it is taken from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from corrin.batch.sources.mapping_columns import Column, TimeColumn
from corrin.batch.sources.mapping_time import TimeFormat
from corrin.batch.sources.source import InputError

Getter = Callable[[Sequence[str]], str]
"""A row → the text of one value; empty when nothing is there."""

Find = Callable[[str, str, str, bool], Mapping[str, str]]
"""Name, key, value of another table, and whether it is needed → what it holds."""


class Header:
    """The columns of a table by name; a name that fits in another case of letters fits too."""

    def __init__(self, names: Sequence[str], file: str, line: int) -> None:
        self.names = [name.strip().removeprefix("\ufeff") for name in names]
        self.file, self.line = file, line
        self.wanted: set[int] = set()
        self._exact: dict[str, list[int]] = {}
        self._loose: dict[str, list[int]] = {}
        for at, name in enumerate(self.names):
            self._exact.setdefault(name, []).append(at)
            self._loose.setdefault(name.lower(), []).append(at)

    def place(self, name: str | None, position: int | None = None) -> int:
        """Where a column is, counted from 0; it is noted as wanted.

        Raises:
            InputError: input-column-missing; input-column-twice where the name does not say which.
        """
        if name is None:
            assert position is not None
            if self.names and position > len(self.names):
                raise InputError(self.file, "input-column-missing", self.line, f"#{position}")
            found = [position - 1]
        else:
            found = self._exact.get(name.strip()) or self._loose.get(name.strip().lower(), [])
        if not found:
            raise InputError(self.file, "input-column-missing", self.line, str(name))
        if len(found) > 1:
            raise InputError(self.file, "input-column-twice", self.line, str(name))
        self.wanted.add(found[0])
        return found[0]

    def fits(self, width: int) -> int:
        """The width of a table without header, where all columns wanted are in its first row.

        Raises:
            InputError: input-column-missing.
        """
        last = max(self.wanted, default=0)
        if last >= width:
            raise InputError(self.file, "input-column-missing", 1, f"#{last + 1}")
        return width

    def called(self, column: Column | None) -> str:
        """What refusals call a column: its name, or its number."""
        if column is None or column.constant is not None:
            return ""
        return column.column or f"column {column.position}"


class Marks:
    """The texts that mean that nothing is there; ``9999999`` is also ``9999999.00``."""

    def __init__(self, *texts: str) -> None:
        self._texts = frozenset(text.strip() for text in texts) | {""}
        found = [number_of(text) for text in self._texts]
        self._numbers = frozenset(one for one in found if one is not None)

    def __contains__(self, text: str) -> bool:
        if text in self._texts:
            return True
        return bool(self._numbers) and number_of(text) in self._numbers


def number_of(text: str) -> Decimal | None:
    """A text in plain digits as a number; ``None`` for any other."""
    if not text or text[-1] not in "0123456789." or text[0] not in "+-.0123456789":
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def getter(column: Column | None, header: Header, missing: Sequence[str], find: Find) -> Getter:
    """How a value is taken from a row.

    Raises:
        InputError: a column is not there, or stands twice.
    """
    if column is None:
        return _nothing
    if column.constant is not None:
        text = column.constant
        return lambda cells: text
    at = header.place(column.column, column.position)
    marks = Marks(*missing, *column.missing)

    def taken(cells: Sequence[str]) -> str:
        text = cells[at].strip()
        return "" if text in marks else text

    found: Getter = taken
    if column.lookup is not None:
        other = column.lookup
        found = _translated(found, find(other.file, other.key, other.value, other.needed))
    if column.map:
        found = _mapped(found, dict(column.map))
    if column.when:
        found = _where(found, conditions(column.when, header))
    return found


def conditions(
    when: Mapping[str, Sequence[str]], header: Header
) -> Callable[[Sequence[str]], bool]:
    """Whether a row has one of the texts wanted in each of some columns.

    Raises:
        InputError: a column is not there, or stands twice.
    """
    wanted = [
        (header.place(name), frozenset(text.strip() for text in texts))
        for name, texts in when.items()
    ]
    return lambda cells: all(cells[at].strip() in texts for at, texts in wanted)


def moments(column: TimeColumn | None, taken: Getter) -> Getter:
    """A date or time as FHIR writes it; one that is written otherwise stays as it is, to be
    refused where it is read."""
    if column is None:
        return _nothing
    form = TimeFormat.of(column.format, column.midnight_is_day)
    known: dict[str, str] = {}

    def read(cells: Sequence[str]) -> str:
        text = taken(cells)
        if not text:
            return ""
        found = known.get(text)
        if found is None:
            found = form.read(text) or text
            if len(known) < _KNOWN:
                known[text] = found
        return found

    return read


_KNOWN = 4096  # times that are kept as read


def _nothing(_cells: Sequence[str]) -> str:
    return ""


def _translated(inner: Getter, table: Mapping[str, str]) -> Getter:
    return lambda cells: table.get(inner(cells), "")


def _mapped(inner: Getter, known: Mapping[str, str]) -> Getter:
    def read(cells: Sequence[str]) -> str:
        text = inner(cells)
        return known.get(text, text)

    return read


def _where(inner: Getter, holds: Callable[[Sequence[str]], bool]) -> Getter:
    return lambda cells: inner(cells) if holds(cells) else ""
