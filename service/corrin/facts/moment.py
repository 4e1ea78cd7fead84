"""A moment as FHIR dates give it: often only a day, a month or a year.

A partial date is the interval of instants it may mean, so "before" and "within" can answer
unknown instead of guessing.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from corrin.facts.slots import by_slots

_FHIR_DATE_TIME = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?",
    re.ASCII,
)
_DAY = len("2026-03-29")
_FARTHEST = 14 * 60  # minutes that a zone can be from UTC in FHIR


@by_slots
@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """All instants from ``start`` to ``end``, both included, both with a zone.

    ``text`` is the moment as it was written, for people.
    """

    start: datetime
    end: datetime
    text: str

    @classmethod
    def parse(cls, text: str, zone: tzinfo = UTC) -> Moment:
        """Read FHIR ``date``, ``dateTime`` or ``instant``; ``zone`` is used where none is written.

        Raises:
            ValueError: the text is not a FHIR date, or names a day that does not exist.
        """
        usual = _usual(text)
        return _parse(text, zone) if usual is None else cls(usual, usual, text)

    @classmethod
    def span(cls, first: Moment | None, last: Moment | None) -> Moment:
        """The moment of a FHIR Period: somewhere between its start and its end.

        Raises:
            ValueError: both are missing, or the end is before the start.
        """
        if first is None and last is None:
            raise ValueError("a period needs a start or an end")
        first, last = first or last, last or first
        assert first is not None and last is not None
        if last.end < first.start:
            raise ValueError("the period ends before it starts")
        text = first.text if first.text == last.text else f"{first.text}/{last.text}"
        return cls(first.start, last.end, text)

    def days_before(self, other: Moment) -> tuple[int, int]:
        """Whole calendar days from this moment to ``other``: fewest and most.

        Counted between the dates as written, so that a result of this morning is 0 days old
        whatever the hour of ``other``.
        """
        fewest = (other.start.date() - self.end.astimezone(other.start.tzinfo).date()).days
        most = (other.end.date() - self.start.astimezone(other.end.tzinfo).date()).days
        return (fewest, most)

    @classmethod
    def at(cls, instant: datetime, zone: tzinfo) -> Moment:
        """An instant, written as it is written in a zone: with the distance from UTC there."""
        here = instant.astimezone(zone)
        offset = _offset(here)
        if offset is None:
            here, offset = instant.astimezone(UTC), "Z"
        return cls(here, here, here.replace(tzinfo=None).isoformat() + offset)

    def on_calendar(self, zone: tzinfo) -> Moment:
        """The same moment, so that days before it are counted on the calendar of a zone.

        How far the zone is from UTC at that moment would not do: in summer it was another. UTC is
        where nobody named a zone, and there a moment stays on the calendar it was written in.
        """
        if zone is UTC:
            return self
        return Moment(self.start.astimezone(zone), self.end.astimezone(zone), self.text)

    def asked_in(self, zone: tzinfo) -> Moment:
        """The same moment as one that is asked about in a zone: on its calendar, and a time that
        was written without a zone says its distance from UTC, or is its day alone where its hour
        came twice or never. In UTC it stays as it is."""
        found = self.on_calendar(zone)
        if zone is UTC or "T" not in self.text or names_zone(self.text):
            return found
        if found.end - found.start > timedelta(minutes=1):
            return replace(found, text=found.text[:_DAY])
        return replace(found, text=found.text + (_offset(found.start) or ""))

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=4096)
def _parse(text: str, zone: tzinfo) -> Moment:
    match = _FHIR_DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError("not a FHIR date or dateTime")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    where = _zone(offset, zone)
    y, m, d = int(year), int(month or 1), int(day or 1)
    if hour is None:
        start = datetime(y, m, d, tzinfo=where)
        last_month = int(month) if month else 12
        last_day = int(day) if day else calendar.monthrange(y, last_month)[1]
        end = datetime(y, last_month, last_day, 23, 59, 59, 999999, tzinfo=where)
        return Moment(start, _later(end), text)
    seconds = min(int(second or 0), 59)  # a leap second is read as the second before it
    if int(second or 0) > 60:
        raise ValueError("not a FHIR date or dateTime")
    micro = int((fraction or ".0")[1:7].ljust(6, "0"))
    start = datetime(y, m, d, int(hour), int(minute), seconds, micro, tzinfo=where)
    if offset is None and _twice_or_never(start):
        day_of_it = _parse(text[:_DAY], zone)
        return Moment(day_of_it.start, day_of_it.end, text)
    end = start if second else start + timedelta(seconds=59, microseconds=999999)
    return Moment(start, end, text)


def names_zone(text: str) -> bool:
    """Whether a time says its zone."""
    return text[-1] == "Z" or text[-6] in "+-"


def _twice_or_never(local: datetime) -> bool:
    """Whether clocks showed a time twice, or passed it over: nobody knows which instant it was."""
    where = local.tzinfo
    if where is None or type(where) is timezone:
        return False
    return local.utcoffset() != local.replace(fold=1).utcoffset()


def _later(local: datetime) -> datetime:
    """The last instant of a day: the later of a last second that came twice; of one that was passed
    over the one before clocks were put on."""
    return local.replace(fold=1) if _twice_or_never(local) else local


def _offset(local: datetime) -> str | None:
    """How far from UTC a time is, as FHIR writes it; ``None`` where FHIR cannot (of long ago)."""
    distance = local.utcoffset() or timedelta()
    if not distance:
        return "Z" if local.tzinfo is UTC else "+00:00"
    minutes, seconds = divmod(abs(distance), timedelta(minutes=1))
    if seconds or minutes > _FARTHEST:
        return None
    return f"{'-' if distance < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _usual(text: str) -> datetime | None:
    """An instant to the second with a zone, as nearly all are; ``None`` for anything else."""
    marks = text[4::3]
    if len(text) == 25:
        if marks not in ("--T::+:", "--T::-:") or text[20:22] > "14" or text[23] > "5":
            return None
    elif len(text) != 20 or marks != "--T::Z":
        return None
    if not text.isascii() or not text[5:7].isdigit():
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None  # a leap second, or no date: for the exact way to say


@lru_cache(maxsize=256)
def _zone(offset: str | None, zone: tzinfo) -> tzinfo:
    if offset is None:
        return zone
    if offset == "Z":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError("not a time zone offset")
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if offset[0] == "-" else delta)
