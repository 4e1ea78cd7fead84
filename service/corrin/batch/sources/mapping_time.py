"""Dates and times as a source writes them → as FHIR writes them, with the precision they have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARTS = {
    "%Y": r"(?P<year>\d{4})",
    "%m": r"(?P<month>\d{1,2})",
    "%d": r"(?P<day>\d{1,2})",
    "%b": r"(?P<named>[A-Za-z]{3})[A-Za-z]*\.?",
    "%H": r"(?P<hour>\d{1,2})",
    "%I": r"(?P<hour>\d{1,2})",
    "%p": r"(?P<half>[AaPp])\.?[Mm]\.?",
    "%M": r"(?P<minute>\d{2})",
    "%S": r"(?P<second>\d{2}(?:\.\d{1,9})?)",
    "%z": r"(?P<zone>Z|[+-]\d{2}:?\d{2})",
}
_NOON = 12
_ISO = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2})"
    r"(?:[T ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:\.\d{1,9})?))?"
    r" ?(?P<zone>Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?)?)?",
    re.ASCII,
)
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:[T ]?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}(?:\.\d{1,9})?))?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_MIDNIGHT = re.compile(r"T00:00:00(?:\.0+)?(?:Z|[+-]\d{2}:\d{2})?$")
CLOCK = re.compile(
    r"(?P<hour>\d{1,2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}(?:\.\d{1,9})?))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """How a column writes its times."""

    patterns: tuple[re.Pattern[str], ...]
    midnight_is_day: bool = False

    @staticmethod
    @lru_cache(maxsize=256)
    def of(formats: tuple[str, ...], midnight_is_day: bool = False) -> TimeFormat:
        """Formats in the letters of ``strftime``; none of them stands for ISO 8601.

        Raises:
            ValueError: a format has a letter that is not read, or no year; or two of them differ
                only in which of day and month comes first, so that nobody can tell.
        """
        if not formats:
            return TimeFormat((_ISO, _COMPACT), midnight_is_day)
        swapped = str.maketrans({"d": "m", "m": "d"})
        for one in formats:
            if "%d" in one and one.translate(swapped) in formats:
                raise ValueError(f"format: in {one!r} and its like day and month cannot be told")
        return TimeFormat(tuple(_pattern(one) for one in formats), midnight_is_day)

    def read(self, text: str) -> str | None:
        """The text as a FHIR date or dateTime; ``None`` when it is written otherwise."""
        for pattern in self.patterns:
            match = pattern.fullmatch(text)
            if match is not None:
                found = _spelled(match.groupdict())
                if found is not None and self.midnight_is_day:
                    found = _MIDNIGHT.sub("", found)
                return found
        return None


def with_clock(day: str, clock: str) -> str | None:
    """A FHIR date with the time of day from a cell of its own; ``None`` when that is none."""
    match = CLOCK.fullmatch(clock)
    if match is None or len(day) != len("2026-07-01"):
        return None
    return f"{day}T{int(match['hour']):02d}:{match['minute']}:{match['second'] or '00'}"


def _pattern(text: str) -> re.Pattern[str]:
    found, at = "", 0
    while at < len(text):
        letter = text[at : at + 2]
        if text[at] != "%":
            found += r"\s+" if text[at] == " " else re.escape(text[at])
            at += 1
        elif letter in _PARTS:
            found += _PARTS[letter]
            at += 2
        else:
            known = " ".join(_PARTS)
            raise ValueError(f"format: {letter!r} is not read; these are: {known}")
    if "(?P<year>" not in found:
        raise ValueError("format: it has no year (%Y)")
    if ("%I" in text) != ("%p" in text):
        raise ValueError("format: %I and %p stand together")
    try:
        return re.compile(found, re.ASCII)
    except re.error:
        raise ValueError("format: a part of it stands twice") from None


def _spelled(said: dict[str, str | None]) -> str | None:
    """Year, month … as FHIR writes them, as far as they are known."""
    month = said.get("month")
    named = said.get("named")
    if named is not None:
        if named.lower() not in _MONTHS:
            return None
        month = str(_MONTHS.index(named.lower()) + 1)
    found = said["year"] or ""
    for part in (month, said.get("day")):
        if part is None:
            return found
        found += f"-{int(part):02d}"
    hour = said.get("hour")
    if hour is None:
        return found
    number = int(hour)
    half = said.get("half")
    if half is not None:
        if not 1 <= number <= _NOON:
            return None
        number = number % _NOON + (_NOON if half in "Pp" else 0)
    found += f"T{number:02d}:{said.get('minute') or '00'}:{said.get('second') or '00'}"
    zone = said.get("zone")
    return found if zone is None else found + _zone(zone)


def _zone(text: str) -> str:
    if text in ("Z", "UTC"):
        return "Z"
    digits = text[1:].replace(":", "").ljust(4, "0")
    return f"{text[0]}{digits[:2]}:{digits[2:]}"
