"""Which results are of one sampling: of one stated time, or near enough to each other."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from corrin.facts import versions
from corrin.facts.fact import Measured
from corrin.facts.moment import Moment

FINAL = frozenset({"final", "amended", "corrected"})
IMPLAUSIBLE = "implausible"
_DAY = timedelta(days=1)
# So many samplings before and after a result are looked at for the other one.
_NEIGHBOURS = 4

Span = tuple[datetime, datetime]


def span(when: Moment) -> Span:
    """A moment without the way it was written."""
    return (when.start, when.end)


class Spans:
    """Times at which something was reported; :meth:`touch` finds whether a moment may be one."""

    def __init__(self, moments: Iterable[Moment | None]) -> None:
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        for start, end in sorted(span(when) for when in moments if when is not None):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            else:
                self._starts.append(start)
                self._ends.append(end)

    def touch(self, when: Moment) -> bool:
        """Whether the moment overlaps one of the times."""
        last = bisect_right(self._starts, when.end) - 1
        return last >= 0 and self._ends[last] >= when.start


class Samplings:
    """Results grouped by sampling; :meth:`beside` finds those of the sampling of another result.

    Args:
        within: how far apart two samples may lie at most, whatever part of a partial date is meant.
    """

    def __init__(self, results: Iterable[Measured], within: timedelta) -> None:
        groups: dict[Span, list[Measured]] = {}
        for one in results:
            if one.when is not None:
                groups.setdefault(span(one.when), []).append(one)
        self._within = within
        self._times = sorted(groups)
        self._groups = {time: _surest(group) for time, group in groups.items()}

    def beside(self, when: Moment) -> tuple[Measured, ...]:
        """The results of the same stated time (at most a day long), else of the nearest that is
        near enough; none where there is no such."""
        own = span(when)
        if own in self._groups and when.end - when.start < _DAY:
            return self._groups[own]
        at = bisect_left(self._times, own)
        near = self._times[max(at - _NEIGHBOURS, 0) : at + _NEIGHBOURS]
        apart = [
            (max(_between(when.start, end), _between(start, when.end)), (start, end))
            for start, end in near
        ]
        least, time = min(apart, default=(_DAY + self._within, own))
        return self._groups[time] if least <= self._within else ()


def _between(one: datetime, other: datetime) -> timedelta:
    """How long after the one the other is, whatever was done to the clocks meanwhile."""
    return other.astimezone(UTC) - one.astimezone(UTC)


def _surest(group: list[Measured]) -> tuple[Measured, ...]:
    """Of the results of one sampling those to be relied on, all of them where none is better."""
    if len(group) > 1:
        plausible = [one for one in group if IMPLAUSIBLE not in one.flags] or group
        group = [one for one in plausible if one.status in FINAL] or plausible
    return tuple(sorted(group, key=versions.order))
