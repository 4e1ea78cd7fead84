"""What bears on a status or a note: the facts its conditions look at, the packs they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from corrin.evaluate.engine import Engine
from corrin.language import tree
from corrin.language.bind import bind
from corrin.language.parse import parse
from corrin.packs.bound import BoundPack, BoundRule

SCOPE, STATUS, NOTE = "scope", "status", "note"


@dataclass(frozen=True, slots=True)
class Bearing:
    """Facts and packs that bear on what a run tells.

    Attributes:
        what: ``scope``, ``status`` or ``note``.
        name: the topic or the rule; empty for the scope.
        facts: names of the facts looked at.
        packs: ids of the packs whose content decides.
    """

    what: str
    name: str
    facts: frozenset[str]
    packs: frozenset[str]


def bearings(engine: Engine) -> tuple[Bearing, ...]:
    """What bears on every status and note an engine can give."""
    statuses = {topic: _of_status(engine, topic) for topic in engine.deciders}
    scope, _ = bind(parse(engine.profile.head.scope), engine.library.vocabulary)
    found = [Bearing(SCOPE, "", frozenset(tree.facts_of(scope)), frozenset()), *statuses.values()]
    notes: dict[str, Bearing] = {}
    for pack in engine.packs:
        for bound in pack.rules:
            topics = [statuses[one] for one in bound.rule.belongs_to if one in statuses]
            known = notes.get(bound.rule.id)
            facts = {*_facts(bound), *(fact for one in topics for fact in one.facts)}
            packs = {*_with_uses(pack), *(name for one in topics for name in one.packs)}
            if known is not None:
                facts |= known.facts
                packs |= known.packs
            notes[bound.rule.id] = Bearing(NOTE, bound.rule.id, frozenset(facts), frozenset(packs))
    return (*found, *notes.values())


def _of_status(engine: Engine, topic: str) -> Bearing:
    decider = engine.deciders[topic]
    packs = set(_with_uses(engine.library.packs[decider.pack]))
    for pack in engine.packs:
        if any(one.restriction.topic == topic for one in pack.restrictions):
            packs.update(_with_uses(pack))
    return Bearing(STATUS, topic, frozenset(decider.facts), frozenset(packs))


def _facts(bound: BoundRule) -> Iterator[str]:
    conditions = [bound.when] if bound.unless is None else [bound.when, bound.unless]
    for condition in conditions:
        for name in tree.facts_of(condition):
            yield bound.result if name == "result" and bound.result is not None else name
    if bound.rule.reads_every is not None:
        yield bound.rule.reads_every


def _with_uses(pack: BoundPack) -> Iterator[str]:
    yield pack.id
    for used in pack.uses:
        yield from _with_uses(used)
