"""Whatever a condition and whatever is known: the tree shown is the condition as it decided."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from corrin.evaluate.trace import deciding
from corrin.interpretation import prepared
from corrin.language import tree
from corrin.language.world import World
from corrin.question.conditions import Trees
from generative.test_language import CONCEPTS, UNITS, comparisons, patients, worlds
from support import conditions as held

ENGINE, COMPOSER = prepared("uk")
TREES = Trees(ENGINE, COMPOSER)
PACK = ENGINE.library.packs["ng239"]

facts = st.sampled_from(sorted(UNITS))
leaves = (
    st.sampled_from(CONCEPTS).map(tree.Truth)
    | comparisons()
    | st.builds(tree.IsNull, facts, st.booleans())
    | st.builds(tree.IsNull, facts, st.just(False), st.just(("stale",)))
    | st.builds(tree.Flagged, facts, st.just(("preliminary",)))
    | st.builds(
        tree.Within,
        st.sampled_from(CONCEPTS),
        st.integers(0, 400).map(Decimal),
        st.sampled_from(["before", "after"]),
        facts,
    )
    | st.just(tree.CompareText("sex", "=", "female"))
    | st.just(tree.Always())
)
conditions = st.recursive(
    leaves,
    lambda inner: (
        inner.map(tree.Not)
        | st.builds(tree.Is, inner, st.booleans(), st.booleans())
        | inner.map(lambda term: tree.Truth("named", term))
        | st.lists(inner, min_size=2, max_size=5).map(lambda terms: tree.All(tuple(terms)))
        | st.lists(inner, min_size=2, max_size=5).map(lambda terms: tree.Any(tuple(terms)))
        | st.lists(inner, min_size=1, max_size=4).flatmap(
            lambda terms: st.integers(1, len(terms)).map(
                lambda count: tree.AtLeast(count, tuple(terms))
            )
        )
    ),
    max_leaves=12,
)


@given(conditions, worlds())
def test_a_tree_is_its_condition(condition: tree.Expression, world: World) -> None:
    """Every node has the truth the engine finds, and it follows from the truths below it."""
    node = TREES.reader(world, PACK).of(condition)
    held.hold(node, condition, world, ENGINE.compiler)


@given(conditions, worlds())
def test_the_leaves_marked_are_those_that_decided(condition: tree.Expression, world: World) -> None:
    node = TREES.reader(world, PACK).of(condition)
    holds = ENGINE.compiler.condition
    found = {(holds(leaf), truth) for leaf, truth in held.deciding(node, condition)}
    expected = {
        (holds(leaf.node), leaf.truth) for leaf in deciding(condition, world, ENGINE.compiler)
    }
    assert found == expected


@given(patients())
def test_rows_of_a_table_are_their_conditions(world: World) -> None:
    for name in ("ng239", "aafp-2025"):
        pack = ENGINE.library.packs.get(name)
        assert pack is not None
        reader = TREES.reader(world, pack)
        for row in pack.decisions["b12_status"].rows:
            held.hold(reader.of(row.when), row.when, world, ENGINE.compiler)
