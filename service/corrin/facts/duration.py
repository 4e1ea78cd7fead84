"""How long vitamin B12 has been given, from what was stated; ``rules/derived/treatment.yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from corrin import terminology
from corrin.content import read_document, rules_root
from corrin.facts.fact import Measured, Stated
from corrin.facts.interval import Interval
from corrin.facts.moment import Moment

TIME_ON_B12 = "time_on_b12"
_UNIT = "d"
# Most whole days, fewest whole days, the statement they are counted from.
_Begun = tuple[int, int, Stated]


@dataclass(frozen=True, slots=True)
class Counting:
    """How the time is counted: which entries tell a start, which concepts are left out, how many
    days bridge two courses or outlast one act, which entries are single acts, the flag of a start
    that only other entries tell, and the truth that says of a concept that it lapsed."""

    begun_by: tuple[str, ...]
    leaves_out: frozenset[str]
    joins_days: int
    single_acts: frozenset[str]
    earlier_possible: str
    lapsed: Mapping[str, str]


@lru_cache(maxsize=1)
def counting() -> Counting:
    """``rules/derived/treatment.yaml``, read once.

    Raises:
        ContentError: the file is missing.
    """
    given = read_document(rules_root() / "derived" / "treatment.yaml")
    own = given[TIME_ON_B12]
    return Counting(
        tuple(given["on_b12_treatment"]["begun_by"]),
        frozenset(own["leaves_out"]),
        own["joins_days"],
        frozenset(own["single_acts"]),
        own["earlier_possible"],
        dict(given["lapsed"]),
    )


def time_on_b12(statements: Iterable[Stated], as_of: Moment) -> Measured | None:
    """Whole days from the earliest start of a treatment that still goes on, in ``d``.

    An interval where dates are partial. ``None`` when no start is stated, or all of it ended
    before. A single act holds for ``joins_days`` after it, and then is over like a course.
    """
    concepts = terminology.load().concepts
    rule: Counting | None = None
    going_on: list[_Begun] = []
    over: list[Stated] = []
    for one in statements:
        concept = concepts.get(one.name)
        if concept is None or not concept.gives_b12 or not one.value or one.since is None:
            continue
        rule = rule or counting()
        if one.name in rule.leaves_out or one.since.start > as_of.end:
            continue
        if _over(one, rule, as_of):
            over.append(one)
        else:
            going_on.append(_begun(one, as_of))
    if rule is None or not going_on:
        return None
    begun = max(fewest for _, fewest, _ in going_on)
    for one in sorted(over, key=_end, reverse=True):
        # Told in days before the moment asked about: where the first course began and this ended.
        if _ended(one, as_of) - begun <= rule.joins_days:
            going_on.append(_begun(one, as_of))
            begun = max(begun, going_on[-1][1])
    return _measured(going_on, rule, as_of)


def lapsed(statements: Iterable[Stated], as_of: Moment) -> dict[str, Stated]:
    """The truths of ``treatment.yaml`` that hold: what stands by single acts of long ago only.

    A concept with an undated statement, or one that is not an act, has not lapsed.
    """
    rule: Counting | None = None
    latest: dict[str, Stated | None] = {}
    for one in sorted(statements, key=_order):
        if not one.value or one.history or not _gives(one.name):
            continue
        rule = rule or counting()
        if one.name not in rule.lapsed:
            continue
        act = _is_act(one, rule)
        ended = one.until is not None and one.until.end < as_of.start
        later = one.since is not None and one.since.start > as_of.end
        if later or (ended and not act):
            continue
        known = latest.get(one.name, one)
        if not act or one.since is None or not _over(one, rule, as_of):
            latest[one.name] = None
        elif known is not None:
            latest[one.name] = max(known, one, key=_end)
    if rule is None:
        return {}
    return {
        truth: Stated(truth, True, last.since, origin=last.origin, path=last.path)
        for name, truth in rule.lapsed.items()
        if (last := latest.get(name)) is not None
    }


def _gives(name: str) -> bool:
    concept = terminology.load().concepts.get(name)
    return concept is not None and concept.gives_b12


def _is_act(one: Stated, rule: Counting) -> bool:
    return one.origin.partition("/")[0] in rule.single_acts


def _over(one: Stated, rule: Counting, as_of: Moment) -> bool:
    """Whether a course ended before, or an act lies longer back than it is taken to hold."""
    if one.history:
        return True
    if _is_act(one, rule):
        return _ended(one, as_of) > rule.joins_days
    return one.until is not None and one.until.end < as_of.start


def _measured(going_on: list[_Begun], rule: Counting, as_of: Moment) -> Measured:
    most = max(most_days for most_days, _, _ in going_on)
    fewest = max(fewest_days for _, fewest_days, _ in going_on)
    first = max(
        (one for most_days, _, one in going_on if most_days == most),
        key=lambda one: (_tells_start(one, rule), _order(one)),
    )
    interval = Interval(Decimal(fewest), Decimal(most))
    flags = () if interval.is_point else ("date-partial",)
    return Measured(
        analyte=TIME_ON_B12,
        interval=interval,
        unit=_UNIT,
        reported=f"{interval} {_UNIT}",
        when=as_of,
        origin=first.origin,
        path=first.path,
        flags=flags if _tells_start(first, rule) else (*flags, rule.earlier_possible),
    )


def _tells_start(one: Stated, rule: Counting) -> bool:
    return one.origin.partition("/")[0] in rule.begun_by


def _begun(one: Stated, as_of: Moment) -> _Begun:
    assert one.since is not None
    fewest, most = one.since.days_before(as_of)
    return max(most, 0), max(fewest, 0), one


def _ended(one: Stated, as_of: Moment) -> int:
    """Days since a course ended, at least; since it began, where no end is stated."""
    when = one.until or one.since
    assert when is not None
    return max(when.days_before(as_of)[0], 0)


def _end(one: Stated) -> tuple[object, ...]:
    when = one.until or one.since
    assert when is not None
    return (when.end, _order(one))


def _order(one: Stated) -> tuple[str, str, str]:
    return (one.origin, one.path, one.name)
