"""A decision table as it was asked of a case: every row in the order it is read, first match wins,
and the restrictions that come after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from corrin.evaluate.decide import Decider
from corrin.evaluate.engine import Engine, Evaluation
from corrin.evaluate.table import Verdict
from corrin.facts.fact import Fact, Measured
from corrin.language.kleene import Kleene
from corrin.language.world import World
from corrin.notes import report
from corrin.notes.basis import Basis
from corrin.notes.compose import Composer
from corrin.notes.sentence import readable
from corrin.notes.words import Dictionary, stretch
from corrin.packs import schema
from corrin.question.conditions import Node, Reader, Trees, once

# Of a row or a restriction: whether it gave the status. "may decide": of a value known in part.
Standing = Literal["decided", "may decide", "no match", "not reached"]

# Each combination of what is known only in part, with what the table says of it.
_Parts = tuple[tuple[Mapping[str, Fact], Verdict], ...]


@dataclass(frozen=True, slots=True)
class RowAsked:
    """A row of a decision table; ``node`` is ``None`` of what holds where no row does.

    Where a value is known only in part, ``supposing`` says for which part of it the row decides,
    and its tree is that of this part.
    """

    id: str
    says: str
    urgency: schema.Urgency
    because: str
    standing: Standing
    supposing: str
    node: Node | None
    evidence: tuple[report.Evidence, ...]


@dataclass(frozen=True, slots=True)
class RestrictionAsked:
    """A restriction that could withdraw the status a table gave."""

    id: str
    pack: str
    confounder: str
    withdraws: tuple[str, ...]
    instead: str
    because: str
    standing: Standing
    supposing: str
    node: Node
    evidence: tuple[report.Evidence, ...]


@dataclass(frozen=True, slots=True)
class TableAsked:
    """A decision table asked of a case; the last of ``rows`` is what holds where no other does."""

    topic: str
    title: str
    pack: str
    rows: tuple[RowAsked, ...]
    restrictions: tuple[RestrictionAsked, ...]
    thresholds: tuple[report.ThresholdUsed, ...]


class Tables:
    """Asks the decision tables of one engine again, row by row; safe to share between threads."""

    def __init__(self, engine: Engine, composer: Composer) -> None:
        self._engine, self._trees = engine, Trees(engine, composer)
        self._words: Dictionary = composer.words
        self._basis: Basis = composer.basis

    def table(self, topic: str, evaluation: Evaluation) -> TableAsked:
        """The table that decided a topic, row by row."""
        decider, world = self._engine.deciders[topic], evaluation.world
        decision, pack = decider.decision, self._engine.library.packs[decider.pack]
        parts, reader = decider.verdicts(world), self._trees.reader(world, pack)
        otherwise = decision.decision.statuses[decision.decision.otherwise]
        last = RowAsked(
            id="otherwise",
            says=otherwise.says,
            urgency=otherwise.urgency,
            because=decision.decision.otherwise_because,
            standing=_row_standing(None, None, parts),
            supposing="",
            node=None,
            evidence=self._words.evidence(decision.decision.evidence),
        )
        return TableAsked(
            topic=topic,
            title=decision.decision.title,
            pack=decider.pack,
            rows=(*(self._row(i, decider, parts, reader) for i in _rows(decider)), last),
            restrictions=tuple(self._restrictions(decider, parts, world)),
            thresholds=once(
                entry
                for bound in decision.rows
                for entry in self._basis.thresholds_of(bound.when, world, pack)
            ),
        )

    def _row(self, index: int, decider: Decider, parts: _Parts, reader: Reader) -> RowAsked:
        bound = decider.decision.rows[index]
        status = decider.decision.decision.statuses[bound.row.status]
        node, cell = reader.of(bound.when), _shown([c for c, v in parts if v.row == index])
        if cell and node.truth is not True:
            node = reader.given(cell).of(bound.when)
        else:
            cell = {}
        return RowAsked(
            id=bound.row.id,
            says=status.says,
            urgency=bound.row.urgency or status.urgency,
            because=bound.row.because,
            standing=_row_standing(index, node.truth, parts),
            supposing=self._supposing(cell),
            node=node,
            evidence=self._words.evidence(bound.row.evidence),
        )

    def _restrictions(
        self, decider: Decider, parts: _Parts, world: World
    ) -> Iterator[RestrictionAsked]:
        """Those that could withdraw a status the table gave, or that another put in its place."""
        content = decider.decision.decision
        given = {
            content.otherwise if v.row is None else content.rows[v.row].status for _, v in parts
        }
        for bound in decider.restrictions:
            one = bound.restriction
            applied = [cell for cell, v in parts if any(r is bound for r in v.restrictions)]
            if not applied and given.isdisjoint(one.withdraws):
                continue
            given |= {one.replaced_by} if applied else set()
            cell = _shown(applied)
            pack = self._engine.library.packs[bound.pack]
            yield RestrictionAsked(
                id=one.id,
                pack=bound.pack,
                confounder=one.confounder,
                withdraws=tuple(content.statuses[s].says for s in one.withdraws),
                instead=content.statuses[one.replaced_by].says,
                because=one.because,
                standing=_standing(len(applied), len(parts)),
                supposing=self._supposing(cell),
                node=self._trees.reader(world.given(**cell), pack).of(bound.when),
                evidence=self._words.evidence(one.evidence),
            )

    def _supposing(self, cell: Mapping[str, Fact]) -> str:
        """What is known only in part, where it is taken to lie."""
        said = [
            f"{self._words.short(name)} {stretch(fact.interval, fact.unit)}"
            for name, fact in cell.items()
            if isinstance(fact, Measured)
        ]
        return readable(" and ".join(said))


def _shown(cells: Sequence[Mapping[str, Fact]]) -> Mapping[str, Fact]:
    """Of several parts of what is known only in part one to show: a stretch, not a single point."""

    def points(cell: Mapping[str, Fact]) -> int:
        return sum(isinstance(one, Measured) and one.interval.is_point for one in cell.values())

    return min(cells, key=points, default={})


def _rows(decider: Decider) -> range:
    return range(len(decider.decision.rows))


def _row_standing(row: int | None, truth: Kleene, parts: _Parts) -> Standing:
    """Of a row (``None``: where no row holds): whether it gave the status."""
    if not parts:  # too many to look through: whatever is not false may decide
        return "no match" if truth is False else "may decide"
    found = [verdict.row for _, verdict in parts]
    if row in found:
        return _standing(found.count(row), len(found))
    last = max((index for index in found if index is not None), default=-1)
    reached = row is not None and (None in found or row < last)
    return "no match" if reached else "not reached"


def _standing(times: int, of: int) -> Standing:
    """Of what gave the status in some of all combinations of what is known in part."""
    if not times and of:
        return "no match"
    return "decided" if times == of and of else "may decide"
