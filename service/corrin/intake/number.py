"""A result written as text (``<150``, ``> 2,000``, ``7,5``, ``180-220 ng/L``) → interval.

Reading of separators, where a text could mean two numbers:

- groups of exactly three digits after a comma, a blank or an apostrophe are thousands
  (``2,000`` is two thousand; flag ``thousands-separator``), unless the number begins with zero
  (``0,400`` can only be a decimal);
- any other single comma is a decimal comma (``7,5``; flag ``decimal-comma``);
- one dot is a decimal point (``1.234`` is one and a bit), two and more are thousands;
- a comma means the same at both ends of a range, or the range is not read (``0,270-4,200``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from corrin.facts.interval import Interval
from corrin.intake import lists
from corrin.intake.text import LONGEST

_BLANKS = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")
_ONLY_NUMBERS = re.compile(r"[\d.,' ]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class TextNumber:
    """What a text says: an interval, the unit written behind it, and flags."""

    interval: Interval
    unit: str | None
    flags: tuple[str, ...]


def read(text: str) -> TextNumber | str:
    """Read a result text; a reason code when it is not one number, bound or range.

    The reasons are ``value-unreadable``, ``value-negative`` and ``comparator-unknown``.
    """
    if len(text) > LONGEST:
        return "value-unreadable"
    spoken = _BLANKS.sub(" ", text).strip()
    grammar = _grammar()
    if grammar.unknown.match(spoken):
        return "comparator-unknown"
    match = grammar.result.fullmatch(spoken)
    if match is None:
        return "value-unreadable"
    sign, minus, first, second, unit = match.group("sign", "minus", "first", "second", "unit")
    unit = (unit or "").strip()
    if unit and _ONLY_NUMBERS.fullmatch(unit):
        return "value-unreadable"
    flags: dict[str, None] = {}
    low = _decimal(first, flags)
    if low is None:
        return "value-unreadable"
    if minus:
        return "value-negative"
    if second is not None:
        others: dict[str, None] = {}
        high = _decimal(second, others)
        if sign or high is None or low > high:
            return "value-unreadable"
        if {groups_by_comma(first, flags), groups_by_comma(second, others)} == {True, False}:
            return "value-unreadable"
        return TextNumber(Interval(low, high), unit or None, tuple(flags | others))
    comparator = lists.load().comparators[lists.fold(sign)] if sign else None
    if comparator:
        flags["comparator-in-text"] = None
    return TextNumber(Interval.from_comparator(comparator, low), unit or None, tuple(flags))


def groups_by_comma(text: str, flags: Iterable[str]) -> bool | None:
    """Whether a comma of a number was read as one between thousands, else as a decimal one;
    ``None`` where there is no comma."""
    return "decimal-comma" not in flags if "," in text else None


@dataclass(frozen=True, slots=True)
class _Grammar:
    result: re.Pattern[str]
    unknown: re.Pattern[str]


@lru_cache(maxsize=1)
def _grammar() -> _Grammar:
    words = lists.load()
    marks = "[" + "".join(re.escape(mark) for mark in words.group_marks) + "]"
    number = (
        r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?"
        rf"|\d{{1,3}}(?:{marks}\d{{3}})+(?:[.,]\d+)?"
        r"|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}"
        r"|\d+,\d+|\d*\.\d+|\d+)(?:[eE][+-]?\d{1,2})?(?![\d.,])"
    )
    signs = _any(words.comparators)
    between = _any(words.range_words)
    return _Grammar(
        re.compile(
            rf"(?:(?P<sign>{signs}) ?)?(?P<minus>[-−])?(?P<first>{number})"
            rf"(?: ?(?:{between}) ?(?P<second>{number}))?"
            r"(?P<unit>(?: (?=[^:;=,+-])|(?=[^\d\s:;=,+-])).{1,40})?",
            re.ASCII | re.IGNORECASE,
        ),
        re.compile(rf"(?:{_any(words.unknown_comparators)}) ?[-−]?\.?\d", re.ASCII | re.IGNORECASE),
    )


def _any(texts: object) -> str:
    found = sorted((str(text) for text in texts), key=lambda text: (-len(text), text))  # type: ignore[attr-defined]
    return "|".join(re.escape(text).replace(r"\ ", " ?") for text in found)


def _decimal(text: str, flags: dict[str, None]) -> Decimal | None:
    head, mark, exponent = text.replace("E", "e").partition("e")
    grouped = re.sub(r"[ '’]", "", head)
    thousands = grouped != head
    if thousands and head[0] == "0":
        return None
    if "," in grouped:
        whole, _, rest = grouped.partition(",")
        if "." in whole:  # 1.234,5
            grouped, thousands = whole.replace(".", "") + "." + rest, True
            flags["decimal-comma"] = None
        elif not thousands and whole != "0" and re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", grouped):
            if whole[0] == "0":
                return None
            grouped, thousands = grouped.replace(",", ""), True
        elif "," in rest:
            return None
        else:
            grouped = whole + "." + rest
            flags["decimal-comma"] = None
    elif grouped.count(".") > 1:
        if grouped[0] == "0":
            return None
        grouped, thousands = grouped.replace(".", ""), True
    if thousands:
        flags["thousands-separator"] = None
    return Decimal(grouped + mark + exponent)
