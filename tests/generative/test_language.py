"""Whatever a condition is: knowing more never turns a definite answer into another one."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from corrin import terminology
from corrin.evaluate.cells import join, split
from corrin.evaluate.decide import Decider
from corrin.facts.fact import Measured, Stated
from corrin.facts.interval import Interval
from corrin.language import tree
from corrin.language.to_python import Compiler
from corrin.language.world import World
from corrin.packs.library import open_library

ANALYTES = terminology.load().analytes
UNITS = {"total_b12": "ng/L", "active_b12": "pmol/L", "mma": "umol/L", "egfr": "mL/min/{1.73_m2}"}
CONCEPTS = ("ataxia", "fatigue", "pregnant")

figures = st.integers(0, 40).map(Decimal)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    low = draw(st.none() | figures)
    high = draw(st.none() | figures)
    closed = draw(st.tuples(st.booleans(), st.booleans()))
    if low is not None and high is not None:
        low, high = sorted((low, high))
        if low == high:
            return Interval.point(low)
    return Interval(low, high, *closed)


@st.composite
def cuts(draw: st.DrawFn, fact: str) -> tree.Cut:
    values = ((UNITS[fact], draw(figures)),)
    if draw(st.booleans()):
        return tree.Cut("cut", fact, values)
    when = tree.Truth(draw(st.sampled_from(CONCEPTS)))
    other = ((UNITS[fact], draw(figures)),)
    variants = (tree.CutVariant(when, values), tree.CutVariant(tree.Not(when), other))
    return tree.Cut("cut", fact, variants=variants)


@st.composite
def comparisons(draw: st.DrawFn) -> tree.Expression:
    fact = draw(st.sampled_from(sorted(UNITS)))
    if draw(st.booleans()):
        return tree.Between(fact, draw(cuts(fact)), draw(cuts(fact)))
    operator = draw(st.sampled_from(["<", "<=", ">", ">=", "=", "!="]))
    return tree.Compare(fact, operator, draw(cuts(fact)))  # type: ignore[arg-type]


# "is true" is left out on purpose: it asks what is known, so knowing more may change it.
conditions = st.recursive(
    st.sampled_from(CONCEPTS).map(tree.Truth) | comparisons(),
    lambda inner: (
        inner.map(tree.Not)
        | st.lists(inner, min_size=2, max_size=3).map(lambda terms: tree.All(tuple(terms)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda terms: tree.Any(tuple(terms)))
        | st.lists(inner, min_size=1, max_size=4).flatmap(
            lambda terms: st.integers(1, len(terms)).map(
                lambda count: tree.AtLeast(count, tuple(terms))
            )
        )
    ),
    max_leaves=8,
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    facts: dict[str, Measured | Stated] = {}
    for name, unit in UNITS.items():
        if draw(st.booleans()):
            facts[name] = Measured(name, draw(intervals()), unit, "")
    for name in CONCEPTS:
        if draw(st.booleans()):
            facts[name] = Stated(name, draw(st.booleans()))
    return World(facts, {}, {}, date(2026, 11, 1))


@st.composite
def known_better(draw: st.DrawFn, world: World) -> World:
    """The same world with something learnt: a narrower interval, or an absent fact found."""
    facts = dict(world.facts)
    for name, unit in UNITS.items():
        fact = facts.get(name)
        if fact is None:
            if draw(st.booleans()):
                facts[name] = Measured(name, draw(intervals()), unit, "")
            continue
        assert isinstance(fact, Measured)
        narrower = fact.interval.intersect(draw(intervals()))
        if narrower is not None:
            facts[name] = replace(fact, interval=narrower)
    for name in CONCEPTS:
        if name not in facts and draw(st.booleans()):
            facts[name] = Stated(name, draw(st.booleans()))
    return World(facts, {}, {}, world.on)


@given(st.data(), conditions, worlds())
def test_knowing_more_keeps_a_definite_answer(
    data: st.DataObject, condition: tree.Expression, world: World
) -> None:
    holds = Compiler(ANALYTES).condition(condition)
    before = holds(world)
    after = holds(data.draw(known_better(world)))
    assert before is None or after is before


@given(intervals(), st.lists(figures, max_size=6))
def test_cells_are_the_interval(interval: Interval, cut_offs: list[Decimal]) -> None:
    cells = split(interval, cut_offs)
    assert join(cells) == interval
    for left, right in itertools.pairwise(cells):
        assert left.intersect(right) is None
    for cell in cells:
        for cut in cut_offs:
            assert cell.lt(Interval.point(cut)) is not None
            assert cell.gt(Interval.point(cut)) is not None


@given(intervals(), intervals())
def test_comparisons_of_intervals_agree_with_points(left: Interval, right: Interval) -> None:
    def some(interval: Interval) -> list[Decimal]:
        low = interval.low if interval.low is not None else Decimal(-50)
        high = interval.high if interval.high is not None else Decimal(90)
        middle = [low + (high - low) * Decimal(part) / 8 for part in range(9)]
        return [v for v in middle if interval.intersect(Interval.point(v)) is not None]

    pairs = [(a, b) for a in some(left) for b in some(right)]
    for answer, truth in (
        (left.lt(right), lambda a, b: a < b),
        (left.le(right), lambda a, b: a <= b),
        (left.gt(right), lambda a, b: a > b),
        (left.ge(right), lambda a, b: a >= b),
        (left.eq(right), lambda a, b: a == b),
    ):
        if answer is not None:
            assert all(truth(a, b) is answer for a, b in pairs)


LIBRARY = open_library()
COMPILER = Compiler(LIBRARY.vocabulary.analytes)
B12 = Decider(
    LIBRARY.packs["ng239"].decisions["b12_status"],
    "ng239",
    LIBRARY.packs["confounders"].restrictions,
    COMPILER,
)
EDGES = {
    "total_b12": ("ng/L", ["100", "179.9", "180", "180.1", "350", "350.1", "900"]),
    "active_b12": ("pmol/L", ["10", "24.9", "25", "70", "70.1", "200"]),
    "mma": ("umol/L", ["0.1", "0.28", "0.281", "0.36", "0.361", "0.75", "0.751", "3"]),
    "egfr": ("mL/min/{1.73_m2}", ["12", "29.9", "30", "59.9", "60", "110"]),
}


@st.composite
def patients(draw: st.DrawFn) -> World:
    facts: dict[str, Measured | Stated] = {}
    for name, (unit, edges) in EDGES.items():
        kind = draw(st.sampled_from(["absent", "point", "below", "above", "range"]))
        low, high = sorted(Decimal(draw(st.sampled_from(edges))) for _ in range(2))
        interval = {
            "point": Interval.point(low),
            "below": Interval(None, high, False, False),
            "above": Interval(low, None, False, False),
            "range": Interval(low, high),
        }.get(kind)
        if interval is not None:
            facts[name] = Measured(name, interval, unit, "")
    for name in ("pregnant", "nitrous_oxide", "on_b12_treatment", "ataxia", "oestrogen"):
        if draw(st.booleans()):
            facts[name] = Stated(name, draw(st.booleans()))
    return World(facts, {"sex": "female"}, {}, date(2026, 11, 1))


@given(st.data(), patients())
def test_the_possible_statuses_are_those_of_the_values_it_may_be(
    data: st.DataObject, world: World
) -> None:
    decided = B12.decide(world)
    facts = dict(world.facts)
    for name, (_, edges) in EDGES.items():
        fact = facts.get(name)
        if isinstance(fact, Measured) and not fact.interval.is_point:
            points = [Interval.point(Decimal(e)) for e in [*edges, "0.01", "5000"]]
            inside = [p for p in points if fact.interval.intersect(p) is not None]
            facts[name] = replace(fact, interval=data.draw(st.sampled_from(inside)))
    exact = B12.decide(World(facts, world.coded, {}, world.on))
    assert exact.status in decided.possible
    if decided.status is not None:
        assert exact.status == decided.status
