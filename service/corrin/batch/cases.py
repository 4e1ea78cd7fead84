"""The cases of one person: as of one moment, or as of every time at which a result was taken.

As of each result, a person is judged by what was known by then: results, statements, refusals and
orders that are surely later are cut from the reading before anything is chosen. The cut has to be
real, since a critical value is told whatever moment is asked about.

What decides is when a sample was taken, not when it was reported or corrected: an amended result
counts as amended at the time of its sample, and what it replaced counts nowhere. What has no date
stays, as it does online; of a partial date only what is surely later is cut. Something that ended
after the moment was still going on then.

What one person can cost is bounded: a case takes time in proportion to the results before it, and
of more than :data:`MOST_MOMENTS` times those of one day, else those of one month, are asked for
together, as of the last of them. :attr:`Asked.by` says when that was done.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Generic, Literal, TypeVar

from corrin import terminology
from corrin.facts import versions
from corrin.facts.case import Case, Reading
from corrin.facts.choose import Policy, choose
from corrin.facts.fact import Measured, Stated
from corrin.facts.moment import Moment

NO_MOMENT, JOINED = "no-moment", "moments-joined"
# Times of one person that are asked for one by one; more than these are joined.
MOST_MOMENTS = 1000

_FIRST = datetime.min.replace(tzinfo=UTC)
_SPANS: Mapping[Literal["day", "month"], str] = {"day": "%Y-%m-%d", "month": "%Y-%m"}

_One = TypeVar("_One")


@dataclass(frozen=True, slots=True)
class Asked:
    """The moments a person is asked about, sorted as they are written.

    ``by`` is ``result`` where each time is asked for, else what the times were joined by.
    """

    moments: tuple[Moment, ...]
    by: Literal["result", "day", "month"] = "result"


def cases(
    reading: Reading, as_of: Moment | None, policy: Policy, zone: tzinfo = UTC
) -> Iterator[Case]:
    """The cases of a reading: one as of a moment, or one per time of a result where it is None;
    days before that are counted on the calendar of ``zone``."""
    if as_of is not None:
        yield choose(reading, as_of, policy)
        return
    known = _Known(reading)
    for moment in asked(known.reading).moments:
        yield choose(known.by(moment), moment.on_calendar(zone), policy)


def asked(reading: Reading) -> Asked:
    """The distinct times at which the results of a reading were taken; empty where none is told.

    Two times written differently are one. Of a period it is the end.
    """
    found: dict[tuple[datetime, datetime], Moment] = {}
    for when in _times(reading):
        moment = _last_of(when)
        key = (moment.end, moment.start)
        known = found.get(key)
        if known is None or moment.text < known.text:
            found[key] = moment
    moments = [found[key] for key in sorted(found)]
    by: Literal["result", "day", "month"] = "result"
    for span, form in _SPANS.items():
        if len(moments) <= MOST_MOMENTS:
            break
        moments = list({f"{one.end.astimezone(UTC):{form}}": one for one in moments}.values())
        by = span
    return Asked(tuple(sorted(moments, key=lambda one: one.text)), by)


def remark(reading: Reading) -> str | None:
    """What there is to say of the moments of a person, as a code of ``reasons.yaml``: that there is
    none, or that times were joined."""
    found = asked(_Known(reading).reading)
    if not found.moments:
        return NO_MOMENT
    return None if found.by == "result" else JOINED


def known_by(reading: Reading, moment: Moment) -> Reading:
    """A reading without all that is surely later than a moment."""
    return _Known(reading).by(moment)


class _Known:
    """A reading put in order, so that what was known by a moment is found quickly."""

    def __init__(self, reading: Reading) -> None:
        self.reading = replace(reading, results=standing(reading.results))
        self._results = _Dated((one, one.when) for one in self.reading.results)
        self._statements = _Dated((one, one.since) for one in reading.statements)
        self._refusals = _Dated((one, one.when) for one in reading.refusals)
        self._orders = _Dated((one, one.when) for one in reading.orders)

    def by(self, moment: Moment) -> Reading:
        """What was known by a moment."""
        last = moment.end
        return replace(
            self.reading,
            results=self._results.until(last),
            statements=tuple(_then(one, last) for one in self._statements.until(last)),
            refusals=self._refusals.until(last),
            orders=self._orders.until(last),
        )


class _Dated(Generic[_One]):
    """Things with their times, oldest first; those without a time come before all."""

    def __init__(self, given: Iterable[tuple[_One, Moment | None]]) -> None:
        found = sorted(
            ((_FIRST if when is None else when.start, one) for one, when in given),
            key=lambda pair: pair[0],
        )
        self._starts = [start for start, _ in found]
        self._things = tuple(one for _, one in found)

    def until(self, last: datetime) -> tuple[_One, ...]:
        """Those that did not surely begin later."""
        return self._things[: bisect_right(self._starts, last)]


def standing(results: tuple[Measured, ...]) -> tuple[Measured, ...]:
    """The results that no later version replaced, for choosing or for critical values."""
    current = versions.current(results)
    if current is results:
        return results
    kept = {id(one) for one in (*current, *versions.critical(results))}
    return tuple(one for one in results if id(one) in kept)


def _times(reading: Reading) -> Iterator[Moment]:
    """The times of results; of statements only those are results that a laboratory tested for."""
    analytes = terminology.load().analytes
    for result in reading.results:
        if result.when is not None:
            yield result.when
    for stated in reading.statements:
        if stated.name in analytes and stated.since is not None:
            yield stated.since


def _last_of(when: Moment) -> Moment:
    """A time as a FHIR date or dateTime: of a period its end."""
    _, slash, end = when.text.partition("/")
    return Moment.parse(end, when.end.tzinfo or UTC) if slash else when


def _then(one: Stated, last: datetime) -> Stated:
    """A statement as it stood: what ended later was still going on."""
    if one.history and one.until is not None and one.until.start > last:
        return replace(one, history=False)
    return one
