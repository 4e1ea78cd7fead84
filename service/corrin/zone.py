"""Where dates and times that name no zone were written: a time zone by its name, or none such."""

from __future__ import annotations

from datetime import UTC, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from corrin.interpretation import UsageError

UNKNOWN = "There is no such time zone."
NAME_ONE = "Name one as Europe/London does: a continent and a city; or UTC."
NO_TABLE = (
    "This machine has no table of time zones: install the Python package tzdata, or its own of "
    "that name."
)
NOT_SURE = "Name the zone, or give it as zoneinfo.ZoneInfo or datetime.timezone."
_SURELY_ONE = "Europe/London"


def zone_of(zone: str | tzinfo) -> tzinfo:
    """A time zone, by its IANA name or as Python has it.

    Only :class:`zoneinfo.ZoneInfo` and :class:`datetime.timezone` are taken as they are: with
    zones of other makers a date of a summer can come out minutes or an hour off, and nobody sees.

    Raises:
        UsageError: there is no zone of this name, no table of zones at all, or it is another's.
    """
    if isinstance(zone, str):
        return _named(zone)
    if isinstance(zone, ZoneInfo | timezone):
        return zone
    raise UsageError(UNKNOWN, NOT_SURE)


@lru_cache(maxsize=64)
def _named(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(UNKNOWN, NAME_ONE if _any() else NO_TABLE) from error


def _any() -> bool:
    """Whether there is a table of zones."""
    try:
        ZoneInfo(_SURELY_ONE)
    except (KeyError, OSError):
        return False
    return True
