"""From everything that was read to one fact per name: latest, final, recent enough, not in doubt.

Per analyte the latest final, corrected or amended value by the sample's time inside the look-back;
a preliminary one only when there is no other. An amendment replaces what it amends, the same
result sent twice counts once, values of one time that disagree are ambiguous. What cannot be used
leaves an :class:`~corrin.facts.fact.Absent` that says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from types import MappingProxyType

from corrin import terminology
from corrin.facts import calculated, derived, statements, trend, versions
from corrin.facts.case import Case, Reading, Refusal
from corrin.facts.fact import Absent, Fact, Measured
from corrin.facts.moment import Moment
from corrin.facts.policy import LookBack, Policy, look_back
from corrin.facts.sampling import FINAL, IMPLAUSIBLE

_USABLE = FINAL | {"preliminary"}
# Refusals that say nothing of the value: a newer one of these leaves no doubt about an older value.
_SILENT = frozenset({"cancelled", "entered-in-error", "no-value"})

ADULT_ASSUMED = "adult-assumed"
NEWER_REFUSED = "newer-refused"


def choose(reading: Reading, as_of: Moment, policy: Policy) -> Case:
    """Choose the facts of a reading as of a moment.

    Returns:
        The case. Its ``facts`` hold, per analyte seen, a ``Measured`` (or ``Stated`` for
        present/absent tests) or an ``Absent``; per concept stated, a ``Stated``; and the derived
        facts (``age``, ``egfr``, ``on_b12_treatment``, ``mma_previous`` …) where they can be told.
    """
    current = versions.current(reading.results)
    corrected = versions.correcting(reading.results)
    critical = versions.critical(reading.results) if corrected else current
    by_name = _by_name(current)
    calculated.add(by_name)
    every = by_name
    if critical is not current:
        every = _by_name(critical)
        calculated.add(every)
    ordered = {name: versions.oldest_first(found) for name, found in by_name.items()}
    earlier = {name: _usable(found) for name, found in ordered.items()}
    refused: dict[str, list[Refusal]] = {}
    for refusal in reading.refusals:
        if refusal.name is not None:
            refused.setdefault(refusal.name, []).append(refusal)
    analytes = terminology.load().analytes
    facts: dict[str, Fact] = {}
    for name in sorted({*by_name, *(name for name in refused if name in analytes)}):
        if name in analytes and analytes[name].kind == "qualitative":
            continue
        within = look_back(as_of, policy.days(name))
        facts[name] = _measured(name, earlier.get(name, ()), refused.get(name, ()), as_of, within)
    facts.update(statements.choose(reading, refused, as_of, policy, facts))
    _pair(facts, policy)
    derived.add(facts, reading, as_of)
    trend.add(facts, earlier)
    notices = () if derived.AGE in facts else (ADULT_ASSUMED,)
    return Case(
        as_of=as_of,
        subject=reading.subject,
        facts=MappingProxyType(facts),
        earlier=MappingProxyType(earlier),
        every=MappingProxyType(
            ordered
            if every is by_name
            else {name: versions.oldest_first(found) for name, found in every.items()}
        ),
        refusals=reading.refusals,
        counts=_counts(reading, versions.fallen(reading.results, current)),
        notices=notices,
    )


def _by_name(results: Iterable[Measured]) -> dict[str, list[Measured]]:
    found: dict[str, list[Measured]] = {}
    for result in results:
        found.setdefault(result.analyte, []).append(result)
    return found


def _usable(results: tuple[Measured, ...]) -> tuple[Measured, ...]:
    """Those of some results that can be chosen at all."""
    return tuple(
        [
            one
            for one in results
            if one.status in _USABLE and one.when is not None and IMPLAUSIBLE not in one.flags
        ]
    )


def _measured(
    name: str,
    usable: Iterable[Measured],
    refused: Sequence[Refusal],
    as_of: Moment,
    within: LookBack,
) -> Fact:
    """The fact of one analyte, of results oldest first."""
    inside: list[Measured] = []
    outside: dict[str, list[Measured]] = {}
    for result in usable:
        assert result.when is not None
        why = within.distance(result.when)
        if why is None:
            inside.append(result)
        else:
            outside.setdefault(why, []).append(result)
    final = [result for result in inside if result.status in FINAL]
    chosen = _latest(final or inside)
    if isinstance(chosen, tuple):
        newest = max(chosen, key=versions.order)
        origins = _origins(chosen)
        return Absent(name, "ambiguous", newest.reported, newest.when, origins, chosen)
    if chosen is not None:
        if _newer(refused, outside.get("date-imprecise", ()), chosen, as_of):
            flags = tuple(dict.fromkeys((*chosen.flags, NEWER_REFUSED)))
            return replace(chosen, flags=flags)
        return chosen
    return _absent(name, outside, refused, within)


def _latest(results: list[Measured]) -> Measured | tuple[Measured, ...] | None:
    """The latest of results oldest first; several when they may be of one time and disagree."""
    if len(results) < 2:
        return results[0] if results else None
    assert results[-1].when is not None
    last = results[-1].when.start
    newest = [result for result in results if result.when is not None and result.when.end >= last]
    if len(newest) == 1:
        return newest[0]
    first = versions.preferred(newest)
    if not all(versions.agree(first, other) for other in newest):
        return tuple(newest)
    if all(other.origin == first.origin for other in newest):
        return first
    return replace(first, flags=tuple(dict.fromkeys((*first.flags, "same-result-twice"))))


def _newer(
    refused: Iterable[Refusal], imprecise: Iterable[Measured], chosen: Measured, as_of: Moment
) -> bool:
    """Whether something later than the chosen value, or perhaps later, was not taken."""
    assert chosen.when is not None
    last = chosen.when.end
    for one in refused:
        when = one.when
        if when is not None and last < when.start <= as_of.end and one.reason not in _SILENT:
            return True
    return any(one.when is not None and one.when.end > last for one in imprecise)


def _absent(
    name: str,
    outside: Mapping[str, list[Measured]],
    refused: Sequence[Refusal],
    within: LookBack,
) -> Absent:
    """Why there is no usable value, most telling reason first."""
    near = [one for one in refused if one.when is None or within.distance(one.when) is None]
    telling = [one for one in near if one.reason not in _SILENT] or near
    if telling:
        newest = max(telling, key=_refusal_order)
        origins = sorted({one.origin for one in telling if one.origin})
        return Absent(name, newest.reason, newest.reported or None, newest.when, tuple(origins))
    for reason in ("date-imprecise", "stale", "future"):
        found = outside.get(reason)
        if found:
            latest = versions.newest(found)
            return Absent(name, reason, latest.reported, latest.when, _origins(found))
    if refused:
        newest = max(refused, key=_refusal_order)
        assert newest.when is not None
        why = within.distance(newest.when) or newest.reason
        return Absent(name, why, newest.reported or None, newest.when, (newest.origin,))
    return Absent(name)


def _refusal_order(one: Refusal) -> tuple[object, ...]:
    when = "" if one.when is None else one.when.start.astimezone(UTC).isoformat()
    return (when, one.path, one.reason)


def _origins(results: Sequence[Measured]) -> tuple[str, ...]:
    if len(results) == 1 and results[0].origin:
        return (results[0].origin,)
    return tuple(sorted({result.origin for result in results if result.origin}))


def _pair(facts: dict[str, Fact], policy: Policy) -> None:
    """Take back metabolites that lie too far from every marker they would be read with."""
    for days, markers, metabolites in policy.pairing:
        times = [
            fact.when
            for fact in map(facts.get, markers)
            if isinstance(fact, Measured) and fact.when is not None
        ]
        for name in metabolites if times else ():
            fact = facts.get(name)
            if not isinstance(fact, Measured) or fact.when is None:
                continue
            if all(_apart(fact.when, when) > days for when in times):
                facts[name] = Absent(name, "not-paired", fact.reported, fact.when, (fact.origin,))


def _apart(first: Moment, second: Moment) -> int:
    """Fewest whole days between two moments, whichever is earlier."""
    fewest, most = first.days_before(second)
    return 0 if fewest <= 0 <= most else min(abs(fewest), abs(most))


def _counts(reading: Reading, gone: int) -> Mapping[str, int]:
    counts = dict(reading.counts)
    moved = min(gone, counts.get("used", 0))
    if moved:
        counts["used"] -= moved
        counts["superseded"] = counts.get("superseded", 0) + moved
    return MappingProxyType(counts)


__all__ = ["ADULT_ASSUMED", "NEWER_REFUSED", "Policy", "choose"]
