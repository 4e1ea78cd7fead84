"""The way from one pack to another in single changes, each of which can be made alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from corrin.comparison.changes import moved
from corrin.comparison.counterfactual import same_figures
from corrin.comparison.pack_diff import Kind
from corrin.packs import schema
from corrin.packs.pack import Pack

_Named = TypeVar("_Named", bound=schema.Rule | schema.Restriction | schema.Row)

_WORDS = frozenset({"title", "because", "evidence", "asks", "cases", "confounder"})


@dataclass(frozen=True, slots=True)
class Step:
    """One change: its kind, the part it changes, and what it makes of a pack."""

    kind: Kind
    name: str
    take: Callable[[Pack], Pack]


def ground(before: Pack, after: Pack) -> Pack:
    """The earlier pack with the names that only the later one knows: nothing of it uses them.

    So a row or rule of the later pack can be put into it alone.
    """
    decisions = {
        topic: decision.model_copy(
            update={"statuses": {**after.decisions[topic].statuses, **decision.statuses}}
        )
        if topic in after.decisions
        else decision
        for topic, decision in before.decisions.items()
    }
    uses = dict.fromkeys((*before.head.uses, *(n for n in after.head.uses if n != before.id)))
    return replace(
        before,
        head=before.head.model_copy(update={"uses": tuple(uses)}),
        thresholds={**after.thresholds, **before.thresholds},
        definitions={**after.definitions, **before.definitions},
        decisions=decisions,
    )


def steps(before: Pack, after: Pack) -> tuple[Step, ...]:
    """Every change that could make a case come out differently: cut-offs first, rules last."""
    found: list[Step] = []
    for name, threshold in after.thresholds.items():
        old = before.thresholds.get(name)
        if old is not None and not same_figures(old, threshold):
            found.append(Step("threshold", name, _threshold(name, threshold)))
    for name, definition in after.definitions.items():
        known = before.definitions.get(name)
        if known is not None and known.when != definition.when:
            found.append(Step("definition", name, _definition(name, definition)))
    for topic in dict.fromkeys((*before.decisions, *after.decisions)):
        found.extend(_table(topic, before, after))
    for one in _differing(before.restrictions, after.restrictions):
        found.append(Step("restriction", one, _restriction(one, after)))
    for one in _differing(before.rules, after.rules):
        found.append(Step("rule", one, _rule(one, after)))
    return tuple(found)


def _threshold(name: str, threshold: schema.Threshold) -> Callable[[Pack], Pack]:
    return lambda pack: replace(pack, thresholds={**pack.thresholds, name: threshold})


def _definition(name: str, definition: schema.Definition) -> Callable[[Pack], Pack]:
    return lambda pack: replace(pack, definitions={**pack.definitions, name: definition})


def _restriction(name: str, after: Pack) -> Callable[[Pack], Pack]:
    return lambda pack: replace(
        pack, restrictions=_taken(pack.restrictions, after.restrictions, name)
    )


def _rule(name: str, after: Pack) -> Callable[[Pack], Pack]:
    return lambda pack: replace(pack, rules=_taken(pack.rules, after.rules, name))


def _table(topic: str, before: Pack, after: Pack) -> Iterable[Step]:
    old, new = before.decisions.get(topic), after.decisions.get(topic)
    if old is None or new is None:

        def whole(pack: Pack) -> Pack:
            rest = {name: one for name, one in pack.decisions.items() if name != topic}
            return replace(pack, decisions=rest if new is None else {**rest, topic: new})

        yield Step("decision", topic, whole)
        return
    frame = {"statuses", "otherwise"}
    if any(getattr(old, name) != getattr(new, name) for name in frame):

        def framed(pack: Pack) -> Pack:
            update = {"statuses": {**pack.decisions[topic].statuses, **new.statuses}}
            return _decided(pack, topic, {**update, "otherwise": new.otherwise})

        yield Step("decision", topic, framed)
    orders = [[row.id for row in one.rows] for one in (old, new)]
    names = dict.fromkeys((*_differing(old.rows, new.rows), *moved(*orders)))
    for name in names:
        yield Step("row", f"{topic}.{name}", _row(topic, name, new.rows))


def _row(topic: str, name: str, later: Sequence[schema.Row]) -> Callable[[Pack], Pack]:
    return lambda pack: _decided(
        pack, topic, {"rows": _taken(pack.decisions[topic].rows, later, name)}
    )


def _decided(pack: Pack, topic: str, update: dict[str, object]) -> Pack:
    decision = pack.decisions[topic].model_copy(update=update)
    return replace(pack, decisions={**pack.decisions, topic: decision})


def _differing(before: Sequence[_Named], after: Sequence[_Named]) -> list[str]:
    """Ids of what is in only one of two lists, or can answer otherwise in the other."""
    old = {one.id: _bearing(one) for one in before}
    new = {one.id: _bearing(one) for one in after}
    return [n for n in dict.fromkeys((*old, *new)) if old.get(n) != new.get(n)]


def _bearing(one: _Named) -> dict[str, object]:
    """The fields an answer depends on: not the wording, the sources or the worked examples."""
    found: dict[str, object] = {
        name: getattr(one, name) for name in type(one).model_fields if name not in _WORDS
    }
    if isinstance(one, schema.Rule):
        found["note"] = one.note.urgency
    return found


def _taken(now: Sequence[_Named], later: Sequence[_Named], name: str) -> tuple[_Named, ...]:
    """``now`` with one member as it is, and stands, in ``later``; without it when it is not."""
    rest: list[_Named] = [one for one in now if one.id != name]
    index = next((i for i, one in enumerate(later) if one.id == name), None)
    if index is None:
        return tuple(rest)
    following = [one.id for one in later[index + 1 :]]
    kept = [one.id for one in rest]
    at: int = next((kept.index(other) for other in following if other in kept), len(rest))
    return (*rest[:at], later[index], *rest[at:])
