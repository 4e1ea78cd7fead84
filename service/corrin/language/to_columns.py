"""Bound tree → columns: conditions made of the parts of :mod:`corrin.language.columns`, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from corrin.language import tree
from corrin.language.columns import (
    FALSE,
    TRUE,
    AtLeast,
    Fixed,
    Is,
    Joint,
    Late,
    Node,
    Not,
    Outer,
    Table,
    Terms,
    code,
)
from corrin.language.compare import Condition
from corrin.language.to_python import Compiler
from corrin.language.world import World


@dataclass(slots=True)
class Program:
    """Conditions made ready for sheets of one kind; equal parts are one node.

    Args:
        compiler: whose closures answer for a class.
        own: names that only the rows of an inner sheet have, each with its column of classes.
        untold: of these the names no class tells.
        outer: the program of the sheet around; what looks at nothing of ``own`` belongs there.
        meet: told of every leaf and every column of classes it looks at.
    """

    compiler: Compiler
    meet: Callable[[tree.Expression, str, str], None]
    own: dict[str, str] = field(default_factory=dict)
    untold: frozenset[str] = frozenset()
    outer: Program | None = None
    _made: dict[tuple[Condition, str | None], Node] = field(default_factory=dict)
    _count: int = 0

    def node(self, condition: tree.Expression, result: str | None = None) -> Node:
        """The node of a condition; ``result`` is the fact that ``result`` stands for."""
        names = tree.facts_of(condition)
        holds = self.compiler.condition(condition)
        key = (holds, result if "result" in names else None)
        made = self._made.get(key)
        if made is None:
            if self.outer is not None and self.own.keys().isdisjoint(names):
                inner = self.outer.node(condition)
                made = Outer(self._next(), inner.late, inner)
            else:
                made = self._make(condition, holds, names, result)
            self._made[key] = made
        return made

    def _next(self) -> int:
        self._count += 1
        return self._count

    def column(self, name: str, result: str | None) -> str:
        """The column of classes a name is found in."""
        found = self.own.get(name)
        if found is not None:
            return found
        return result if name == "result" and result is not None else name

    def _make(
        self,
        condition: tree.Expression,
        holds: Condition,
        names: tuple[str, ...],
        result: str | None,
    ) -> Node:
        named = tuple((name, self.column(name, result)) for name in names)
        late = any(
            isinstance(one, tree.Within) or tree.stated_name(one) in self.untold
            for one in tree.walk(condition)
        )
        match condition:
            case tree.Truth(_, definition) if definition is not None:
                return self.node(definition, result)
        columns = {column for _, column in named}
        if not late and len(columns) < 2:
            self._met(condition, result)
            if not columns:
                empty = World({}, {}, {}, date.min)
                return Fixed(self._next(), False, code(holds(empty)))
            return Table(self._next(), False, holds, named)
        match condition:
            case tree.All(terms) | tree.Any(terms):
                nodes = sorted((self.node(t, result) for t in terms), key=lambda one: one.late)
                deciding = FALSE if isinstance(condition, tree.All) else TRUE
                return Terms(self._next(), nodes[-1].late, tuple(nodes), deciding)
            case tree.AtLeast(count, terms):
                nodes = [self.node(term, result) for term in terms]
                return AtLeast(self._next(), any(n.late for n in nodes), tuple(nodes), count)
            case tree.Not(term):
                inner = self.node(term, result)
                return Not(self._next(), inner.late, inner)
            case tree.Is(expression, truth, negated):
                inner = self.node(expression, result)
                return Is(self._next(), inner.late, inner, code(truth), negated)
        if late:
            return Late(self._next(), True, condition, holds, named)
        self._met(condition, result)
        return Joint(self._next(), False, holds, named)

    def _met(self, condition: tree.Expression, result: str | None) -> None:
        for one in tree.walk(condition):
            if not tree.parts_of(one):
                for name in tree.facts_of(one):
                    self.meet(one, name, self.column(name, result))
