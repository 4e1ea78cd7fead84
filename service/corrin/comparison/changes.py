"""What changed between two packs, part by part and field by field, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from pydantic import BaseModel

from corrin.comparison.framework import Framework
from corrin.comparison.pack_diff import Change, FieldChange, Kind, What
from corrin.language import tree
from corrin.packs import schema

# Characters of a list that is told whole; of a longer one only what differs is.
MOST_WHOLE = 120
# Said in words of their own, or by the line that names the part.
_HEAD = ("id",)
_TABLE = ("rows", "statuses")


def changes(before: Framework, after: Framework) -> tuple[Change, ...]:
    """Every part that was added, removed, changed or moved, in the order a pack is read."""
    old, new = _Side(before), _Side(after)
    return (
        *_parts("head", old.head(), new.head()),
        *_parts("threshold", old.thresholds(), new.thresholds()),
        *_parts("definition", old.definitions(), new.definitions()),
        *_decisions(old, new),
        *_parts("restriction", old.restrictions(), new.restrictions()),
        *_parts("rule", old.rules(), new.rules()),
    )


def moved(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """Names that are in both and stand in another order; as few as explain it."""
    common = [name for name in before if name in set(after)]
    later = [name for name in after if name in set(before)]
    blocks = SequenceMatcher(None, common, later, autojunk=False).get_matching_blocks()
    kept = {name for block in blocks for name in common[block.a : block.a + block.size]}
    return tuple(name for name in later if name not in kept)


Fields = dict[str, tuple[object, str | None]]
"""Name of a field → what is compared, and how it is said."""


class _Side:
    """One of two packs, its parts as fields."""

    def __init__(self, framework: Framework) -> None:
        self._bound, self._prose = framework.bound, framework.prose
        self.pack = framework.pack

    def head(self) -> dict[str, Fields]:
        return {"pack": _fields(self.pack.head, _HEAD)}

    def thresholds(self) -> dict[str, Fields]:
        found = {}
        for name, content in self.pack.thresholds.items():
            fields = _fields(content, ("value", "variants", "laboratory_limit"))
            raw = (content.value, content.laboratory_limit,
                   tuple((v.when, v.value) for v in content.variants))  # fmt: skip
            said = self._prose.operand(self._bound.cuts[name])
            found[name] = {"figures": (raw, said), **fields}
        return found

    def definitions(self) -> dict[str, Fields]:
        return {
            name: _fields(content, ("when",))
            | self._condition("when", content.when, self._bound.definitions.get(name))
            for name, content in self.pack.definitions.items()
        }

    def decision(self, topic: str) -> Fields:
        content = self.pack.decisions[topic]
        words = {
            f"statuses.{code}": ((word.says, word.urgency), f"{word.says} ({word.urgency})")
            for code, word in content.statuses.items()
        }
        return _fields(content, _TABLE) | words

    def rows(self, topic: str) -> dict[str, Fields]:
        decision = self._bound.decisions.get(topic)
        if decision is None:
            return {}
        return {
            one.row.id: _fields(one.row, ("id", "when"))
            | self._condition("when", one.row.when, one.when)
            for one in decision.rows
        }

    def restrictions(self) -> dict[str, Fields]:
        return {
            one.restriction.id: _fields(one.restriction, ("id", "when"))
            | self._condition("when", one.restriction.when, one.when)
            for one in self._bound.restrictions
        }

    def rules(self) -> dict[str, Fields]:
        found: dict[str, Fields] = {}
        for one in self._bound.rules:
            fields = _fields(one.rule, ("id", "when", "unless", "note"))
            fields |= self._condition("when", one.rule.when, one.when)
            if one.rule.unless is not None:
                fields |= self._condition("unless", one.rule.unless, one.unless)
            note = _fields(one.rule.note, ())
            fields |= {f"note.{name}": field for name, field in note.items()}
            found.setdefault(one.rule.id, fields)
        return found

    def _condition(self, name: str, text: str, bound: tree.Expression | None) -> Fields:
        written = " ".join(text.split())
        return {name: (written, written if bound is None else self._prose.of(bound))}


def _decisions(before: _Side, after: _Side) -> Iterator[Change]:
    topics = dict.fromkeys((*before.pack.decisions, *after.pack.decisions))
    for topic in topics:
        sides = [
            {topic: side.decision(topic)} if topic in side.pack.decisions else {}
            for side in (before, after)
        ]
        yield from _parts("decision", sides[0], sides[1])
        rows = (before.rows(topic), after.rows(topic))
        yield from _parts("row", rows[0], rows[1], within=topic)
        orders = tuple(list(one) for one in rows)
        for name in moved(*orders):
            places = [f"row {order.index(name) + 1} of {len(order)}" for order in orders]
            field = FieldChange(field="order", before=places[0], after=places[1])
            yield Change(kind="row", name=f"{topic}.{name}", what="moved", fields=(field,))


def _parts(
    kind: Kind, before: Mapping[str, Fields], after: Mapping[str, Fields], within: str = ""
) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name, {}), after.get(name, {})
        fields = tuple(_changed(one, other))
        if not fields:
            continue
        what: What = (
            "added" if name not in before else "removed" if name not in after else "changed"
        )
        said = f"{within}.{name}" if within else name
        yield Change(kind=kind, name=said, what=what, fields=fields)


def _changed(before: Fields, after: Fields) -> Iterator[FieldChange]:
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name, (None, None)), after.get(name, (None, None))
        if one[0] == other[0]:
            continue
        if _is_long(one) or _is_long(other):
            yield from _members(name, one[0] or (), other[0] or ())
            continue
        said = (one[1], other[1])
        if said[0] == said[1] and isinstance(one[0], str) and isinstance(other[0], str):
            said = (one[0], other[0])  # the same in words, and written in another way
        if said[0] != said[1]:
            yield FieldChange(field=name, before=said[0] or None, after=said[1] or None)


def _is_long(field: tuple[object, str | None]) -> bool:
    """Whether a list says too much to be told whole."""
    return isinstance(field[0], tuple) and len(field[1] or "") > MOST_WHOLE


def _members(name: str, before: Any, after: Any) -> Iterator[FieldChange]:
    """What a list has lost and gained."""
    gone = "; ".join(_said(one) for one in before if one not in after)
    new = "; ".join(_said(one) for one in after if one not in before)
    if gone or new:
        yield FieldChange(
            field=f"{name} (only what differs)", before=gone or None, after=new or None
        )
    else:
        yield FieldChange(field=name, before="the same in another order", after=None)


def _fields(content: BaseModel, without: Sequence[str]) -> Fields:
    found: Fields = {}
    for name in type(content).model_fields:
        value = getattr(content, name)
        if name in without or value in (None, (), {}):
            continue
        if isinstance(value, schema.SourceAttributes):
            found |= {f"{name}.{part}": field for part, field in _fields(value, ()).items()}
        else:
            found[name] = (value, _said(value))
    return found


def _said(value: Any) -> str:
    if isinstance(value, schema.InForce):
        return f"from {value.start}" + (f" until {value.end}" if value.end else "")
    if isinstance(value, schema.Window):
        return f"{value.low} to {value.high} {value.unit}"
    if isinstance(value, schema.CaseGiven | schema.DecisionCase):
        expected = value.expect or " or ".join(getattr(value, "possible", ()))
        return f"{_said(value.given) or 'nothing given'} → {expected}"
    if isinstance(value, BaseModel):
        fields = _fields(value, ())
        return ", ".join(f"{name}: {said}" for name, (_, said) in fields.items())
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_said(part)}" for name, part in value.items())
    if isinstance(value, tuple | list):
        return "; ".join(_said(part) for part in value)
    return str(value)
