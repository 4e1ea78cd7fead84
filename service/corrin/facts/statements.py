"""Choosing among statements: what is said last of a concept, and whether it still holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from corrin import terminology
from corrin.content import read_document, rules_root
from corrin.facts.case import Reading, Refusal
from corrin.facts.derived import treatment
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.moment import Moment
from corrin.facts.policy import Policy, distance

_FINAL = frozenset({"final", "amended", "corrected"})
_EVER = datetime.min.replace(tzinfo=UTC)


@lru_cache(maxsize=1)
def _holding() -> tuple[frozenset[str], Mapping[str, int], Mapping[str, int]]:
    """Concepts that hold for good, for how many days others do, and how long some mark results."""
    given = read_document(rules_root() / "intake" / "context.yaml")
    marks = dict(given["marks_days_after_end"])
    return frozenset(given["lasting"]), dict(given["holds_days"]), marks


def choose(
    reading: Reading,
    refused: Mapping[str, Iterable[Refusal]],
    as_of: Moment,
    policy: Policy,
    facts: Mapping[str, Fact],
) -> dict[str, Fact]:
    """One fact per concept or present/absent test that was stated."""
    terms = terminology.load()
    lasting, holds, marks = _holding()
    groups: dict[str, list[Stated]] = {}
    for one in reading.statements:
        groups.setdefault(one.name, []).append(one)
    chosen: dict[str, Fact] = {}
    for name in sorted(groups):
        if name in terms.analytes:
            chosen[name] = _test(name, groups[name], as_of, policy.days(name))
            continue
        concept = terms.concepts.get(name)
        medicine = concept is not None and concept.gives_b12
        before = _sample_time(facts) if medicine else None
        keeps = name in lasting or (concept is not None and concept.kind == "procedure")
        days = policy.look_back.get(name, holds.get(name))
        found = _concept(name, groups[name], as_of, days, keeps, before, marks.get(name))
        if found is not None:
            chosen[name] = found
    for name, refusals in refused.items():
        if (
            name in terms.analytes
            and terms.analytes[name].kind == "qualitative"
            and name not in chosen
        ):
            newest = max(refusals, key=lambda one: (_start(one.when), one.path))
            chosen[name] = Absent(
                name, newest.reason, newest.reported or None, newest.when, (newest.origin,)
            )
    return chosen


def _start(moment: Moment | None) -> datetime:
    return _EVER if moment is None else moment.start


def order(one: Stated) -> tuple[object, ...]:
    """Oldest first; the rest makes the order the same every time."""
    return (_start(one.since), one.origin, one.path, one.value, one.reported)


def _test(name: str, stated: list[Stated], as_of: Moment, days: int | None) -> Fact:
    """A present/absent test: as a measured result, the latest inside the look-back."""
    inside: list[Stated] = []
    outside: dict[str, Stated] = {}
    for one in sorted(stated, key=order):
        why = "date-missing" if one.since is None else distance(one.since, as_of, days)
        if why is None:
            inside.append(one)
        else:
            outside[why] = one
    final = [one for one in inside if one.status in _FINAL] or inside
    if final:
        last = _start(max(final, key=order).since)
        newest = [one for one in final if one.since is not None and one.since.end >= last]
        if len({one.value for one in newest}) == 1:
            return newest[-1]
        origins = tuple(sorted({one.origin for one in newest}))
        return Absent(name, "ambiguous", newest[-1].reported, newest[-1].since, origins)
    for reason in ("date-imprecise", "stale", "future", "date-missing"):
        if reason in outside:
            one = outside[reason]
            return Absent(name, reason, one.reported, one.since, (one.origin,))
    return Absent(name)


def _concept(
    name: str,
    stated: list[Stated],
    as_of: Moment,
    days: int | None,
    keeps: bool,
    before: Moment | None,
    marks: int | None = None,
) -> Fact | None:
    """What holds of a concept as of a moment.

    The latest statement wins; two of one time (or undated) that disagree are ambiguous. Something
    that is history holds no longer, unless it is of a kind that lasts, or it ended no longer than
    ``marks`` days ago (or nobody knows when), so that results are still marked by it.
    """
    present = [one for one in stated if one.since is None or one.since.start <= as_of.end]
    if not present:
        first = min(stated, key=order)
        return Absent(name, "future", first.reported or None, first.since, (first.origin,))
    if days is not None:
        recent = [
            one
            for one in present
            if one.since is None or distance(one.until or one.since, as_of, days) != "stale"
        ]
        if not recent:
            last = max(present, key=order)
            return Absent(name, "stale", last.reported or None, last.since, (last.origin,))
        present = recent
    held = [_as_of(one, as_of, keeps or _marks(one, as_of, marks)) for one in present]
    standing = [one for one in held if not one.history]
    if not standing:
        return max(held, key=order)
    dated = [one for one in standing if one.since is not None]
    undated = [one for one in standing if one.since is None]
    newest = _latest(dated)
    rivals = newest + undated if newest else undated
    if len({one.value for one in rivals}) > 1:
        origins = tuple(sorted({one.origin for one in rivals}))
        return Absent(name, "ambiguous", None, rivals[-1].since, origins)
    if before is not None and newest and newest[0].value:
        earlier = [one for one in dated if one.value and _start(one.since) <= before.end]
        if earlier:
            return max(earlier, key=order)
    return max(rivals, key=order)


def _latest(dated: list[Stated]) -> list[Stated]:
    if not dated:
        return []
    last = max(_start(one.since) for one in dated)
    return sorted((one for one in dated if one.since and one.since.end >= last), key=order)


def _as_of(one: Stated, as_of: Moment, keeps: bool) -> Stated:
    """A statement as it stands at a moment: over or not, and then true or not."""
    over = one.history or (one.until is not None and one.until.end < as_of.start)
    if one.until is not None and one.until.start > as_of.end:
        over = False
    if not over or not one.value:
        return replace(one, history=False) if one.history != over else one
    if keeps:
        return replace(one, history=False)
    return replace(one, value=False, history=True)


def _marks(one: Stated, as_of: Moment, days: int | None) -> bool:
    """Whether something that is over still marks results."""
    if days is None:
        return False
    return one.until is None or distance(one.until, as_of, days) != "stale"


def _sample_time(facts: Mapping[str, Fact]) -> Moment | None:
    """The last sample that treatment would have to be told from."""
    times = [
        fact.when
        for fact in map(facts.get, treatment().samples)
        if isinstance(fact, Measured) and fact.when is not None
    ]
    return max(times, key=lambda moment: moment.end, default=None)
