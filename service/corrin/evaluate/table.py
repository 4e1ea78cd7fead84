"""The rows of one decision table and the restrictions on its topic, compiled.

First match wins; an absent measurement or an unstated context matches no row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from corrin.language import tree
from corrin.language.compare import Condition
from corrin.language.to_python import Compiler, together
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


@dataclass(frozen=True, slots=True)
class Varied:
    """A table for worlds that differ from one another only in some facts.

    ``status`` gives the status of such a world; ``stands`` tells that it is the same in all.
    """

    status: Callable[[World], str]
    stands: bool


class Table:
    """Rows in order, then the restrictions; safe to share between threads."""

    def __init__(
        self,
        decision: BoundDecision,
        restrictions: tuple[BoundRestriction, ...],
        compiler: Compiler,
    ) -> None:
        self._otherwise = decision.decision.otherwise
        self._rows = decision.rows
        self._terms = tuple(
            tuple(
                (frozenset(tree.facts_of(term)), compiler.kept(term)) for term in _terms(row.when)
            )
            for row in decision.rows
        )
        self._conditions = tuple(together(tuple(c for _, c in terms)) for terms in self._terms)
        self._restrictions = tuple((compiler.condition(r.when), r) for r in restrictions)
        self._looked_at_after = frozenset(f for r in restrictions for f in tree.facts_of(r.when))
        self._parted = lru_cache(maxsize=_MOST_PARTED)(self._part)

    def verdict(self, world: World) -> Verdict:
        """The status of a world in which every value used is fully known or fully absent."""
        for index, holds in enumerate(self._conditions):
            if holds(world) is True:
                return self._restricted(index, world)
        return self._restricted(None, world)

    def varying(self, world: World, names: frozenset[str]) -> Varied:
        """The table for worlds that differ from ``world`` only in ``names``.

        The parts of the rows that do not look at those are settled here, once.
        """
        alive: list[tuple[int, Condition]] = []
        reached = set()
        for index, fixed, rest, has_rest in self._parted(names):
            if fixed(world) is True:
                alive.append((index, rest))
                reached.add(self._rows[index].row.status)
                if not has_rest:
                    break  # it matches whatever they are: no row below it is reached
        else:
            reached.add(self._otherwise)

        def status(varied: World) -> str:
            for index, rest in alive:
                if rest(varied) is True:
                    return self._restricted(index, varied).status
            return self._restricted(None, varied).status

        return Varied(status, len(reached) == 1 and names.isdisjoint(self._looked_at_after))

    def _part(self, names: frozenset[str]) -> tuple[_Parted, ...]:
        """Each row as what looks at none of ``names``, and the rest; it matches when all of both
        is true."""
        found: list[_Parted] = []
        for index, terms in enumerate(self._terms):
            fixed = tuple(holds for facts, holds in terms if names.isdisjoint(facts))
            rest = tuple(holds for facts, holds in terms if not names.isdisjoint(facts))
            found.append((index, together(fixed), together(rest), bool(rest)))
        return tuple(found)

    def _restricted(self, row: int | None, world: World) -> Verdict:
        status = self._otherwise if row is None else self._rows[row].row.status
        applied: list[BoundRestriction] = []
        for holds, bound in self._restrictions:
            if status in bound.restriction.withdraws and holds(world) is True:
                status = bound.restriction.replaced_by
                applied.append(bound)
        return Verdict(status, row, tuple(applied))


def _terms(condition: tree.Expression) -> tuple[tree.Expression, ...]:
    """All that has to be true for a row to match, looking into definitions that are an "and"."""
    match condition:
        case tree.All(terms) | tree.Truth(_, tree.All(terms)):
            return tuple(part for term in terms for part in _terms(term))
        case _:
            return (condition,)
