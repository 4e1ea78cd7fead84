"""A world that was varied answers as one made afresh of the same facts; numbers compare as
intervals do."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from corrin import intake
from corrin.evaluate.cells import EVERYTHING
from corrin.evaluate.engine import Engine
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.interval import Interval
from corrin.facts.moment import Moment
from corrin.interpretation import choose_case, prepared
from corrin.language import tree
from corrin.language.compare import EXACTLY, OPERATORS
from corrin.language.world import World
from corrin.notes.sentence import readable

REQUEST = Path(__file__).resolve().parents[2] / "benchmarks" / "twenty-observations.json"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return prepared("uk")[0]


@pytest.fixture(scope="module")
def world(engine: Engine) -> World:
    reading = intake.read(REQUEST.read_bytes())
    case = choose_case(reading, Moment.parse("2026-11-01T09:00:00Z"), engine)
    return World.of(case)


def other_facts(world: World, name: str) -> tuple[Fact, ...]:
    """What a fact could be instead: absent, stated, or known to be some number."""
    known = world.facts.get(name)
    found: tuple[Fact, ...] = (Absent(name), Stated(name, True), Stated(name, False))
    return (*found, replace(known, interval=EVERYTHING)) if isinstance(known, Measured) else found


def test_a_varied_world_answers_as_one_made_afresh(engine: Engine, world: World) -> None:
    conditions = list({id(r.when): r.when for pack in engine.packs for r in pack.rules}.values())
    holds = [(engine.compiler.condition(c), engine.compiler.kept(c), c) for c in conditions]
    for condition, kept, _ in holds:  # every definition is known in the world varied
        assert condition(world) is kept(world)
    names = {name for c in conditions for name in tree.facts_of(c)}
    for name in sorted(names):
        touched = [one for one in holds if name in tree.facts_of(one[2])]
        beside = [one for one in holds if one not in touched][:5]
        for fact in other_facts(world, name):
            varied = world.given(**{name: fact})
            afresh = World(varied.facts, world.coded, world.refused, world.on)
            for condition, kept, node in (*touched, *beside):
                expected = condition(afresh)
                assert condition(varied) is expected, (name, fact)
                assert kept(varied) is expected, (name, fact)
                there = engine.unknowns.names(node, varied)
                assert there == engine.unknowns.names(node, afresh), (name, fact)


@pytest.mark.parametrize("sign", OPERATORS)
def test_exact_numbers_compare_as_intervals_do(sign: str) -> None:
    numbers = [Decimal(text) for text in ("-1", "0", "0.0", "1", "1.00", "1E+2", "100", "99.999")]
    for one, other in itertools.product(numbers, numbers):
        by_interval = OPERATORS[sign](Interval.point(one), Interval.point(other))
        assert EXACTLY[sign](one, other) is by_interval, (one, other)


def test_periods_are_put_as_people_read_them() -> None:
    assert readable("from 50 a, at 13 wk (first)") == "from 50 years, at 13 weeks (first)"
    plain = re.compile(r"(?<=\d) (a|wk)(?=[),;.]|$| or above| or below| \()", re.ASCII)
    said = {"a": "years", "wk": "weeks"}
    parts = (" ", " a", "5 a", "7 wk", "٣ a", ")", " or above", " (", "x")
    for joined in itertools.product(parts, repeat=3):
        text = "".join(joined)
        assert readable(text) == plain.sub(lambda found: f" {said[found[1]]}", text), text
