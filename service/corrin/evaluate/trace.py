"""Why: the leaves that decided a condition, and the names that left it unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from corrin.facts.fact import Measured, Stated
from corrin.language import kleene, tree
from corrin.language.compare import Condition, CutReader, why_unknown
from corrin.language.kleene import Kleene
from corrin.language.to_python import Compiler
from corrin.language.world import World

# Adds the names to those found; asked only where the condition is unknown.
_Explain = Callable[[World, dict[str, None]], None]


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
        return self.left_by(node, world) if self._compiler.condition(node)(world) is None else ()

    def left_by(self, node: tree.Expression, world: World) -> tuple[str, ...]:
        """As :meth:`names`, of a condition that was found unknown already."""
        found: dict[str, None] = {}
        self._explain(node)(world, found)
        return tuple(found)

    def _explain(self, node: tree.Expression) -> _Explain:
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = (node, self._made(node))
        return known[1]

    def _made(self, node: tree.Expression) -> _Explain:
        match node:
            case tree.All(terms) | tree.Any(terms) | tree.AtLeast(_, terms):
                # Of an unknown "and" and an unknown "or" alike, the unknown terms leave it so.
                names = tuple(name for name in map(tree.stated_name, terms) if name is not None)
                if len(names) == len(terms):
                    return _of_statements(names)
                return _of_terms(
                    tuple((self._compiler.condition(term), self._explain(term)) for term in terms)
                )
            case tree.Not(term):
                return self._explain(term)
            case tree.Truth(_, definition) if definition is not None:
                return _once(self._explain(definition))
            case _:
                return self._of_leaf(node)

    def _of_leaf(self, leaf: tree.Leaf) -> _Explain:
        match leaf:
            case tree.Compare(fact) | tree.Between(fact):
                readers = tuple(self._compiler.reader(cut) for cut in tree.cuts_of(leaf))
                return _of_comparison(fact, readers)
            case tree.Within(fact, _, _, anchor):
                return _of_times((fact, anchor))
            case tree.Truth(name) | tree.CompareText(name):
                return _always((name,))
            case _:  # never unknown
                return _always(())


def _of_terms(terms: tuple[tuple[Condition, _Explain], ...]) -> _Explain:
    def explain(world: World, found: dict[str, None]) -> None:
        for holds, names in terms:
            if holds(world) is None:
                names(world, found)

    return explain


def _of_statements(names: tuple[str, ...]) -> _Explain:
    every = dict.fromkeys(names)

    def explain(world: World, found: dict[str, None]) -> None:
        facts = world.facts
        if facts.keys().isdisjoint(every):
            found.update(every)
        else:
            found.update((name, None) for name in names if type(facts.get(name)) is not Stated)

    return explain


def _once(definition: _Explain) -> _Explain:
    """A definition is looked through once per world."""
    key = id(definition)

    def explain(world: World, found: dict[str, None]) -> None:
        known = world.unknown.get(key)
        if known is None:
            known = world.unknown[key] = {}
            definition(world, known)
        found.update(known)

    return explain


def _of_comparison(fact: str, readers: tuple[CutReader, ...]) -> _Explain:
    def explain(world: World, found: dict[str, None]) -> None:
        if type(world.facts.get(fact)) is Measured:
            found.update(dict.fromkeys(why_unknown(world, fact, readers)))
        else:
            found[fact] = None

    return explain


def _of_times(names: tuple[str, str]) -> _Explain:
    def explain(world: World, found: dict[str, None]) -> None:
        missing = [name for name in names if name not in world.facts]
        found.update(dict.fromkeys(missing or names))

    return explain


def _always(names: tuple[str, ...]) -> _Explain:
    known = dict.fromkeys(names)

    def explain(_: World, found: dict[str, None]) -> None:
        found.update(known)

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
