"""The rows of one decision table and the restrictions on its topic, compiled.

First match wins; an absent measurement or an unstated context matches no row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from corrin.language import kleene, tree
from corrin.language.compare import Condition
from corrin.language.to_python import Compiler
from corrin.language.world import World
from corrin.packs.bound import BoundDecision, BoundRestriction

# Sets of facts for which the rows are kept parted in two: a table names a few dozen facts.
_MOST_PARTED = 256

# Of a row: its index, what looks at none of some facts, the rest, and whether there is a rest.
_Parted = tuple[int, Condition, Condition, bool]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The status of one fully decided world: which row gave it, which restrictions changed it."""

    status: str
    row: int | None
    restrictions: tuple[BoundRestriction, ...] = ()


class Table:
    """Rows in order, then the restrictions; safe to share between threads."""

    def __init__(
        self,
        decision: BoundDecision,
        restrictions: tuple[BoundRestriction, ...],
        compiler: Compiler,
    ) -> None:
        self._compiler = compiler
        self._otherwise = decision.decision.otherwise
        self._rows = decision.rows
        self._conditions = tuple(compiler.condition(row.when) for row in decision.rows)
        self._restrictions = tuple((compiler.condition(r.when), r) for r in restrictions)
        self._looked_at_after = frozenset(f for r in restrictions for f in tree.facts_of(r.when))
        self._parted = lru_cache(maxsize=_MOST_PARTED)(self._part)

    def verdict(self, world: World) -> Verdict:
        """The status of a world in which every value used is fully known or fully absent."""
        for index, holds in enumerate(self._conditions):
            if holds(world) is True:
                return self._restricted(index, world)
        return self._restricted(None, world)

    def varying(self, world: World, names: frozenset[str]) -> Callable[[World], str]:
        """What gives the status of worlds that differ from ``world`` only in ``names``.

        The parts of the rows that do not look at those are settled here, once.
        """
        alive = [
            (index, rest) for index, fixed, rest, _ in self._parted(names) if fixed(world) is True
        ]

        def status(varied: World) -> str:
            for index, rest in alive:
                if rest(varied) is True:
                    return self._restricted(index, varied).status
            return self._restricted(None, varied).status

        return status

    def stands(self, world: World, names: frozenset[str]) -> bool:
        """Whether a row that looks at none of ``names`` decides, whatever they are found to be."""
        if not names.isdisjoint(self._looked_at_after):
            return False
        for _, fixed, _, has_rest in self._parted(names):
            if fixed(world) is True:
                return not has_rest
        return False

    def _part(self, names: frozenset[str]) -> tuple[_Parted, ...]:
        """Each row as what looks at none of ``names``, and the rest; it matches when all of both
        is true."""
        found: list[_Parted] = []
        for index, row in enumerate(self._rows):
            terms = row.when.terms if isinstance(row.when, tree.All) else (row.when,)
            fixed: list[Condition] = []
            rest: list[Condition] = []
            for term in terms:
                part = fixed if names.isdisjoint(tree.facts_of(term)) else rest
                part.append(self._compiler.condition(term))
            found.append((index, _together(fixed), _together(rest), bool(rest)))
        return tuple(found)

    def _restricted(self, row: int | None, world: World) -> Verdict:
        status = self._otherwise if row is None else self._rows[row].row.status
        applied: list[BoundRestriction] = []
        for holds, bound in self._restrictions:
            if status in bound.restriction.withdraws and holds(world) is True:
                status = bound.restriction.replaced_by
                applied.append(bound)
        return Verdict(status, row, tuple(applied))


def _together(conditions: list[Condition]) -> Condition:
    """Holds when all of several do."""
    if len(conditions) == 1:
        return conditions[0]
    return lambda world: kleene.all_of(holds(world) for holds in conditions)
