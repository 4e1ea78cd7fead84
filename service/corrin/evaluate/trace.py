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
    return tuple(dict.fromkeys(_deciding(node, world, compiler)))


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
            case tree.All(terms) | tree.Any(terms):
                # Of an unknown "and" and an unknown "or" alike, the unknown terms leave it so.
                return _of_terms(self._compiler.condition(node), tuple(map(self._explain, terms)))
            case tree.Not(term):
                return self._explain(term)
            case tree.Truth(_, definition) if definition is not None:
                return self._explain(definition)
            case _:
                return self._of_leaf(node)

    def _of_leaf(self, leaf: tree.Leaf) -> _Explain:
        holds, compiler = self._compiler.condition(leaf), self._compiler

        def explain(world: World) -> tuple[str, ...]:
            return () if holds(world) is not None else _names(leaf, world, compiler)

        return explain


def _of_terms(holds: Condition, terms: tuple[_Explain, ...]) -> _Explain:
    def explain(world: World) -> tuple[str, ...]:
        if holds(world) is not None:
            return ()
        return tuple(name for term in terms for name in term(world))

    return explain


def _names(node: tree.Leaf, world: World, compiler: Compiler) -> tuple[str, ...]:
    match node:
        case tree.Compare(fact) | tree.Between(fact):
            readers = tuple(compiler.reader(cut) for cut in tree.cuts_of(node))
            return why_unknown(world, fact, readers)
        case tree.Within(fact, _, _, anchor):
            return tuple(n for n in (fact, anchor) if n not in world.facts) or (fact, anchor)
        case tree.Truth(name) | tree.CompareText(name):
            return (name,)
        case _:
            return ()


def _deciding(node: tree.Expression, world: World, compiler: Compiler) -> tuple[Leaf, ...]:
    match node:
        case tree.All(terms):
            return _of(terms, all_=True, world=world, compiler=compiler)
        case tree.Any(terms):
            return _of(terms, all_=False, world=world, compiler=compiler)
        case tree.Not(term):
            return _deciding(term, world, compiler)
        case tree.Truth(_, definition) if definition is not None:
            return _deciding(definition, world, compiler)
        case _:
            return (Leaf(node, compiler.condition(node)(world)),)


def _of(
    terms: tuple[tree.Expression, ...], *, all_: bool, world: World, compiler: Compiler
) -> tuple[Leaf, ...]:
    values = [compiler.condition(term)(world) for term in terms]
    whole = kleene.all_of(values) if all_ else kleene.any_of(values)
    # A true "and" (a false "or") rests on every term; any other truth on the terms that share it.
    rests_on_all = whole is all_
    return tuple(
        leaf
        for term, value in zip(terms, values, strict=True)
        if rests_on_all or value is whole
        for leaf in _deciding(term, world, compiler)
    )
