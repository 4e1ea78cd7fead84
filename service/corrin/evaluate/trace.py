"""Why: the leaves that decided a condition, and the names that left it unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from corrin.language import kleene, tree
from corrin.language.compare import Condition, why_unknown
from corrin.language.kleene import Kleene
from corrin.language.to_python import Compiler
from corrin.language.world import World

_Explain = Callable[[World], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf that decided, and its truth."""

    node: tree.Leaf
    truth: Kleene


def deciding(node: tree.Expression, world: World, compiler: Compiler) -> tuple[Leaf, ...]:
    """The leaves that gave ``node`` its truth, each once, in the order written.

    Of a true ``and`` all count, of a false one the false; of an ``or`` the other way round; of
    an unknown one those that are unknown. Definitions are looked into.
    """
    # Equal conditions share one closure, which is cheaper to compare than the conditions.
    found: dict[Condition, Leaf] = {}
    _collect(node, compiler.condition(node)(world), world, compiler, found)
    return tuple(found.values())


class Unknowns:
    """Says which facts leave a condition unknown; a condition is looked through once.

    Safe to share between threads: what is kept depends on the conditions only.
    """

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        # By identity; the condition is kept beside, so that its identity stays taken.
        self._known: dict[int, tuple[tree.Expression, _Explain]] = {}

    def names(self, node: tree.Expression, world: World) -> tuple[str, ...]:
        """The facts because of which ``node`` is unknown; empty when it is not."""
        return tuple(dict.fromkeys(self._explain(node)(world)))

    def _explain(self, node: tree.Expression) -> _Explain:
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = (node, self._made(node))
        return known[1]

    def _made(self, node: tree.Expression) -> _Explain:
        match node:
            case tree.All(terms) | tree.Any(terms) | tree.AtLeast(_, terms):
                # Of an unknown "and" and an unknown "or" alike, the unknown terms leave it so.
                return _of_terms(self._compiler.condition(node), tuple(map(self._explain, terms)))
            case tree.Not(term):
                return self._explain(term)
            case tree.Truth(_, definition) if definition is not None:
                return self._explain(definition)
            case _:
                return self._of_leaf(node)

    def _of_leaf(self, leaf: tree.Leaf) -> _Explain:
        holds = self._compiler.condition(leaf)
        match leaf:
            case tree.Compare(fact) | tree.Between(fact):
                readers = tuple(self._compiler.reader(cut) for cut in tree.cuts_of(leaf))
                return _if_unknown(holds, lambda world: why_unknown(world, fact, readers))
            case tree.Within(fact, _, _, anchor):
                both = (fact, anchor)
                return _if_unknown(
                    holds, lambda world: tuple(n for n in both if n not in world.facts) or both
                )
            case tree.Truth(name) | tree.CompareText(name):
                only = (name,)
                return _if_unknown(holds, lambda _: only)
            case _:
                return lambda _: ()


def _if_unknown(holds: Condition, names: _Explain) -> _Explain:
    return lambda world: () if holds(world) is not None else names(world)


def _of_terms(holds: Condition, terms: tuple[_Explain, ...]) -> _Explain:
    def explain(world: World) -> tuple[str, ...]:
        found: tuple[str, ...] = ()
        if holds(world) is None:
            for term in terms:
                found += term(world)
        return found

    return explain


def _collect(
    node: tree.Expression,
    truth: Kleene,
    world: World,
    compiler: Compiler,
    found: dict[Condition, Leaf],
) -> None:
    """Collect the leaves below ``node`` that give it its ``truth``."""
    match node:
        case tree.All(terms) | tree.Any(terms) | tree.AtLeast(_, terms):
            # A true "and" and a false "or" rest on every term, and every term shares their truth;
            # otherwise too it is the terms that share it.
            for term in terms:
                if compiler.condition(term)(world) is truth:
                    _collect(term, truth, world, compiler, found)
        case tree.Not(term):
            _collect(term, kleene.negate(truth), world, compiler, found)
        case tree.Truth(_, definition) if definition is not None:
            _collect(definition, truth, world, compiler, found)
        case _:
            found.setdefault(compiler.condition(node), Leaf(node, truth))
