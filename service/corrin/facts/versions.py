"""Several values that may be one result: amendments, versions, the same result sent twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from corrin import terminology, units
from corrin.facts.fact import Measured
from corrin.facts.interval import Interval
from corrin.units import UnitError

CORRECTING = frozenset({"amended", "corrected"})
_FIRMNESS = {"amended": 3, "corrected": 3, "final": 2, "preliminary": 1}
_EVER = datetime.min.replace(tzinfo=UTC)
_NEVER_AGAIN = datetime.max.replace(tzinfo=UTC)
_COMPONENT = ".component["
_HALF = Decimal("0.5")
_MINUTE = timedelta(minutes=1)


def order(one: Measured) -> tuple[object, ...]:
    """Oldest first; the rest of the key only makes the order the same every time."""
    start = _EVER if one.when is None else one.when.start
    end = _EVER if one.when is None else one.when.end
    issued = _EVER if one.issued is None else one.issued.start
    return (start, end, issued, one.origin, one.path, one.reported, one.status)


def oldest_first(results: Sequence[Measured]) -> tuple[Measured, ...]:
    """Results by :func:`order`, of which the time of the sample is nearly always enough."""
    if len(results) < 2:
        return tuple(results)
    found = sorted(results, key=_start)
    for one, other in pairwise(found):
        if _start(one) == _start(other):
            return tuple(sorted(results, key=order))
    return tuple(found)


def newest(ordered: Sequence[Measured]) -> Measured:
    """The last of results that are in order."""
    if len(ordered) > 1 and _start(ordered[-2]) == _start(ordered[-1]):
        return max(ordered, key=order)  # of those that nothing tells apart the first
    return ordered[-1]


def _start(one: Measured) -> datetime:
    return _EVER if one.when is None else one.when.start


def correcting(results: Iterable[Measured]) -> bool:
    """Whether any of some results says that it corrects or amends another."""
    return not CORRECTING.isdisjoint([one.status for one in results])


def current(results: tuple[Measured, ...]) -> tuple[Measured, ...]:
    """Results that still stand, for choosing among them.

    Two values are versions of one result when they share an identifier or are the same part of
    the same resource, or when one of them says that it amends and both are of the same time.
    """
    return _without(results, lambda group: _replaced(group) | _corrected(group, surely=False))


def critical(results: tuple[Measured, ...]) -> tuple[Measured, ...]:
    """Results that are not surely replaced, for reading critical values.

    Two results of one day may be two samples, and two identifiers are two results: a critical
    value must not vanish behind the correction of another.
    """
    return _without(results, lambda group: _replaced(group) | _corrected(group, surely=True))


def fallen(results: tuple[Measured, ...], standing: tuple[Measured, ...]) -> int:
    """How many resources fell away with all they held."""
    if len(standing) == len(results):
        return 0
    return len({one.origin for one in results} - {one.origin for one in standing})


def _without(
    results: tuple[Measured, ...], gone_of: Callable[[list[Measured]], set[int]]
) -> tuple[Measured, ...]:
    if not correcting(results) and not _anything_twice(results):
        return results
    groups: dict[str, list[Measured]] = {}
    for one in results:
        groups.setdefault(one.analyte, []).append(one)
    gone = {one for group in groups.values() if len(group) > 1 for one in gone_of(group)}
    return tuple(one for one in results if id(one) not in gone) if gone else results


def _replaced(group: list[Measured]) -> set[int]:
    """Which results of one analyte a later version of the same takes the place of."""
    gone: set[int] = set()
    if not _anything_twice(group):
        return gone
    same: dict[tuple[object, ...], list[Measured]] = {}
    for one in group:
        same.setdefault((one.origin, _part(one.path)), []).append(one)
        for identifier in one.identifiers:
            # One identifier over several sample times names an order or a series, not a result.
            same.setdefault((identifier, _time(one)), []).append(one)
    for versions in same.values():
        if len(versions) > 1:
            last = max(versions, key=lambda one: (_rank(one), order(one)))
            gone.update(
                id(one)
                for one in versions
                if one is not last and (_rank(one) < _rank(last) or agree(last, one))
            )
    return gone


def _part(path: str) -> str:
    """The part of a resource a path leads to; where the resource stood makes it no other one."""
    start = path.rfind(_COMPONENT)
    return path[start:] if start >= 0 else ""


def _anything_twice(results: Sequence[Measured]) -> bool:
    """Whether two results share an identifier, or are the same part of the same resource."""
    if len({one.origin for one in results}) < len(results):
        parts = {(one.origin, _part(one.path)) for one in results}
        if len(parts) < len(results):
            return True
    identifiers = [identifier for one in results for identifier in one.identifiers]
    return len(set(identifiers)) < len(identifiers)


def _corrected(group: list[Measured], *, surely: bool) -> set[int]:
    """Results of the same time as one that says it corrects, and not issued after it.

    ``surely``: only of one instant, and not where both carry an identifier of their own.
    """
    corrections: dict[tuple[datetime, datetime], list[Measured]] = {}
    for one in group:
        time = _time(one)
        if one.status not in CORRECTING or time is None:
            continue
        if not surely or time[1] - time[0] < _MINUTE:
            corrections.setdefault(time, []).append(one)
    gone: set[int] = set()
    for one in group if corrections else ():
        time = _time(one)
        if one.status in CORRECTING or time is None:
            continue
        for other in corrections.get(time, ()):
            issued = _NEVER_AGAIN if other.issued is None else other.issued.start
            two = surely and one.identifiers and other.identifiers
            if not two and (one.issued is None or one.issued.start <= issued):
                gone.add(id(one))
    return gone


def _time(one: Measured) -> tuple[datetime, datetime] | None:
    return None if one.when is None else (one.when.start, one.when.end)


def _rank(one: Measured) -> tuple[int, datetime]:
    return (_FIRMNESS.get(one.status, 0), _EVER if one.issued is None else one.issued.start)


def preferred(results: Iterable[Measured]) -> Measured:
    """Of equal results the one to show: preferred dimension first, then the surest status."""
    analytes = terminology.load().analytes

    def key(one: Measured) -> tuple[object, ...]:
        analyte = analytes.get(one.analyte)
        found = list(analyte.dimensions) if analyte else []
        dimension = analyte.dimension_of(one.unit) if analyte else None
        place = found.index(dimension) if dimension in found else len(found)
        return (place, -_FIRMNESS.get(one.status, 0), order(one))

    return min(results, key=key)


def agree(one: Measured, other: Measured) -> bool:
    """Whether two values are the same figure, in whichever unit each was reported.

    In one unit they must be equal. Between dimensions they may differ by what rounding to their
    last printed digits explains.
    """
    if one.interval == other.interval and one.unit == other.unit:
        return True
    if one.unit == other.unit:
        return False
    analyte = terminology.load().analytes.get(one.analyte)
    if analyte is None:
        return False
    try:
        moved = units.convert_interval(analyte, one.interval, one.unit, other.unit)
        step = units.convert(analyte, _step(one.interval), one.unit, other.unit)
    except UnitError:
        return False
    slack = (step + _step(other.interval)) * _HALF
    return _near(moved.low, other.interval.low, slack) and _near(
        moved.high, other.interval.high, slack
    )


def _step(interval: Interval) -> Decimal:
    """One unit in the last printed place of the bounds."""
    places = [
        bound.as_tuple().exponent for bound in (interval.low, interval.high) if bound is not None
    ]
    numbers = [place for place in places if isinstance(place, int)]
    return Decimal(1).scaleb(max(numbers, default=0))


def _near(one: Decimal | None, other: Decimal | None, slack: Decimal) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= slack
