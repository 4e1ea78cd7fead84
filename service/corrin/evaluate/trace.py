"""Why: the leaves that decided a condition, and the names that left it unknown."""

from __future__ import annotations

from dataclasses import dataclass

from corrin.language import kleene, tree
from corrin.language.compare import why_unknown
from corrin.language.kleene import Kleene
from corrin.language.to_python import Compiler
from corrin.language.world import World


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


def unknown_names(node: tree.Expression, world: World, compiler: Compiler) -> tuple[str, ...]:
    """The facts because of which ``node`` is unknown; empty when it is not."""
    if compiler.condition(node)(world) is not None:
        return ()
    found: dict[str, None] = {}
    for leaf in _deciding(node, world, compiler):
        if leaf.truth is None:
            found.update(dict.fromkeys(_names(leaf.node, world, compiler)))
    return tuple(found)


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
