"""Days between the times of facts, for many cases at once.

A time is the interval of instants it may mean (:class:`corrin.facts.moment.Moment`), and days are
counted between dates as they were written, each in its own zone. Here instants are whole seconds
of UTC and zones are seconds beside it; a zone whose distance from UTC varies is left to be asked
for by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from corrin.facts.fact import Fact, Stated
from corrin.facts.moment import Moment
from corrin.language.columns import FALSE, NOT_ASKED, TRUE, UNKNOWN, Rows, Truths
from corrin.language.world import time_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400
_SECOND = timedelta(seconds=1)

DATED, UNDATED, DENIED, IRREGULAR = 0, 1, 2, 3

_Numbers = tuple[int, int, int, int, int]
_NO_TIME: _Numbers = (UNDATED, 0, 0, 0, 0)
_DENIED: _Numbers = (DENIED, 0, 0, 0, 0)
_IRREGULAR: _Numbers = (IRREGULAR, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Times:
    """When a fact was, in every row.

    Attributes:
        kind: ``DATED``, ``UNDATED``, ``DENIED`` (stated not to be so) or ``IRREGULAR``.
        start: seconds of UTC.
        end: likewise.
        start_zone: seconds that the zone of ``start`` is ahead of UTC.
        end_zone: likewise.
    """

    kind: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    start_zone: NDArray[np.int64]
    end_zone: NDArray[np.int64]

    def at(self, rows: Rows) -> Times:
        """The times of some rows."""
        return Times(
            self.kind[rows],
            self.start[rows],
            self.end[rows],
            self.start_zone[rows],
            self.end_zone[rows],
        )


class Clock:
    """Times of facts as numbers, each moment read once while it is there."""

    def __init__(self) -> None:
        # By identity; the moment is kept beside, so that its identity stays taken.
        self._known: dict[int, tuple[Moment, _Numbers]] = {}

    def times(self, facts: Iterable[Fact | None]) -> Times:
        """The times of the facts of one name, one a row."""
        columns = np.array([self._of(fact) for fact in facts], np.int64).reshape(-1, 5).T
        return Times(*columns)

    def _of(self, fact: Fact | None) -> _Numbers:
        if type(fact) is Stated and fact.value is False:
            return _DENIED
        when = time_of(fact)
        if when is None:
            return _NO_TIME
        known = self._known.get(id(when))
        if known is None:
            known = self._known[id(when)] = (when, _numbers(when))
        return known[1]


def within(earlier: Times, later: Times, days: int) -> Truths:
    """Whether one time lies at most so many days before another; not asked where irregular."""
    other_start, other_end = later.start + later.start_zone, later.end + later.end_zone
    fewest = other_start // _DAY - (earlier.end + later.start_zone) // _DAY
    most = other_end // _DAY - (earlier.start + later.end_zone) // _DAY
    found: Truths = np.full(len(fewest), UNKNOWN, np.int8)
    found[(fewest >= 0) & (most <= days)] = TRUE
    found[(most < 0) | (fewest > days)] = FALSE
    found[(earlier.kind == UNDATED) | (later.kind == UNDATED)] = UNKNOWN
    found[(earlier.kind == IRREGULAR) | (later.kind == IRREGULAR)] = NOT_ASKED
    found[(earlier.kind == DENIED) | (later.kind == DENIED)] = FALSE
    return found


def _numbers(when: Moment) -> _Numbers:
    start, end = when.start, when.end
    if type(start.tzinfo) is not timezone or type(end.tzinfo) is not timezone:
        return _IRREGULAR
    zones = (start.tzinfo.utcoffset(None), end.tzinfo.utcoffset(None))
    if any(zone % _SECOND for zone in zones):
        return _IRREGULAR
    since, until = (start - _EPOCH) // _SECOND, (end - _EPOCH) // _SECOND
    return (DATED, since, until, zones[0] // _SECOND, zones[1] // _SECOND)
