"""How old facts may be, and how far apart those may lie that are read together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache

from corrin.facts.moment import Moment


@dataclass(frozen=True, slots=True)
class Policy:
    """How old facts may be, and which must lie close together.

    Attributes:
        look_back: days per name; ``None`` for no limit.
        otherwise: days for analytes not named. Statements not named have no limit.
        pairing: (days, markers, metabolites): a metabolite further than that from every marker
            chosen is not read with them.
    """

    look_back: Mapping[str, int | None] = field(default_factory=dict)
    otherwise: int | None = None
    pairing: tuple[tuple[int, tuple[str, ...], tuple[str, ...]], ...] = ()

    def days(self, name: str) -> int | None:
        """The look-back of an analyte."""
        return self.look_back.get(name, self.otherwise)


class LookBack:
    """How times lie to a look-back of so many days (``None``: no limit) as of a moment.

    Days are counted between dates as they are written (:meth:`Moment.days_before`). Where the
    moment has a zone of one offset, a date begins at one instant, and two comparisons tell.
    """

    __slots__ = ("_as_of", "_days", "_doubtful_before", "_end", "_stale_before")

    def __init__(self, as_of: Moment, days: int | None) -> None:
        self._as_of, self._days, self._end = as_of, days, as_of.end
        self._stale_before = None if days is None else _begin(as_of.start, days)
        self._doubtful_before = None if days is None else _begin(as_of.end, days)

    def distance(self, when: Moment) -> str | None:
        """Why a time lies outside: ``future``, ``stale``, ``date-imprecise``."""
        if when.start > self._end:
            return "future"
        if self._days is None:
            return None
        if self._stale_before is None or self._doubtful_before is None:
            fewest, most = when.days_before(self._as_of)
            if fewest > self._days:
                return "stale"
            return "date-imprecise" if most > self._days else None
        if when.end < self._stale_before:
            return "stale"
        return "date-imprecise" if when.start < self._doubtful_before else None


def _begin(instant: datetime, days: int) -> datetime | None:
    """When the date began that lies so many days before that of an instant."""
    if type(instant.tzinfo) is not timezone:
        return None  # at some midnights its clocks may be put back or forward
    try:
        return datetime.combine(instant.date() - timedelta(days), time(), instant.tzinfo)
    except OverflowError:
        return None


def look_back(as_of: Moment, days: int | None) -> LookBack:
    """The look-back of so many days as of a moment."""
    # Moments of one text and one instant can be of two zones, which count dates otherwise.
    return _look_back(as_of, as_of.start.tzinfo, as_of.end.tzinfo, days)


@lru_cache(maxsize=256)
def _look_back(
    as_of: Moment, _start: tzinfo | None, _end: tzinfo | None, days: int | None
) -> LookBack:
    return LookBack(as_of, days)


def distance(when: Moment, as_of: Moment, days: int | None) -> str | None:
    """As :meth:`LookBack.distance`, of one time."""
    return look_back(as_of, days).distance(when)
