"""A tree of conditions held against the condition it shows: its truth follows from those below."""

from __future__ import annotations

from corrin.language import kleene, tree
from corrin.language.kleene import Kleene
from corrin.language.to_python import Compiler
from corrin.language.world import World
from corrin.question.conditions import Node


def hold(node: Node, condition: tree.Expression, world: World, compiler: Compiler) -> None:
    """Assert that a node shows its condition, with the truth the engine finds, and so below."""
    assert node.truth is compiler.condition(condition)(world), node
    parts: tuple[tree.Expression, ...] = tree.parts_of(condition)
    if isinstance(condition, tree.Truth) and condition.definition is not None:
        parts = (condition.definition,)
    assert len(node.terms) == len(parts), node
    if parts:
        assert node.truth is follows(condition, [term.truth for term in node.terms]), node
    else:
        assert node.kind == "leaf"
        assert bool(node.because) <= (node.truth is None), node
        assert node.says or isinstance(condition, tree.Always)
    for term, part in zip(node.terms, parts, strict=True):
        hold(term, part, world, compiler)


def follows(condition: tree.Expression, truths: list[Kleene]) -> Kleene:
    """The truth of a condition from that of its parts, by Kleene's tables."""
    match condition:
        case tree.All():
            return kleene.all_of(truths)
        case tree.Any():
            return kleene.any_of(truths)
        case tree.AtLeast(count):
            if sum(truth is True for truth in truths) >= count:
                return True
            return None if sum(truth is not False for truth in truths) >= count else False
        case tree.Not():
            return kleene.negate(truths[0])
        case tree.Is(_, wanted, negated):
            return (truths[0] is wanted) is not negated
        case _:
            return truths[0]


def deciding(node: Node, condition: tree.Expression) -> list[tuple[tree.Leaf, Kleene]]:
    """The leaves marked as those that decided."""
    if node.decided:
        assert not isinstance(condition, tree.All | tree.Any | tree.AtLeast | tree.Not)
        return [(condition, node.truth)]
    parts = tree.parts_of(condition)
    if isinstance(condition, tree.Truth) and condition.definition is not None:
        parts = (condition.definition,)
    found = []
    for term, part in zip(node.terms, parts, strict=True):
        found += deciding(term, part)
    return found
