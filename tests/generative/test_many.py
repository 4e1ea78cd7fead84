"""Whatever cases are: at once they say what they say one after the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from corrin.evaluate.given import case_of
from corrin.evaluate.many_fill import Filler
from corrin.facts.case import Case, Refusal, Subject
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.interval import Interval
from corrin.facts.moment import Moment
from corrin.language import tree
from corrin.language.columns import code
from corrin.language.to_python import Compiler
from corrin.language.world import World
from support.chance import REASONS, anything, at_most
from support.many import ENGINES, differing, engine, many, one_by_one

from .test_language import ANALYTES, conditions, worlds

FLAGS = ("implausible", "preliminary", "newer-refused", "calculated-here", "value-as-text")
DAYS = (
    "2026-10-30",
    "2026-11-01T08:00:00Z",
    "2026-09-01T23:30:00-05:00",
    "2026-07",
    "2025",
    "2027-01-01",
)
UNITS = {
    ("total_b12", "ng/L"): "pg/mL",
    ("haemoglobin", "g/L"): "g/dL",
    ("mma", "umol/L"): "nmol/L",
    ("platelets", "10*9/L"): "10*3/uL",
}


def dressed(chance: Random, fact: Fact) -> Fact:
    """A fact with more about it: a time, flags, the laboratory's limits, another unit reported."""
    when = Moment.parse(chance.choice(DAYS)) if chance.random() < 0.8 else None
    flags = (chance.choice(FLAGS),) if chance.random() < 0.15 else ()
    match fact:
        case Measured():
            range_ = None
            if chance.random() < 0.4:
                low, high = sorted(Decimal(chance.randint(1, 900)) / 4 for _ in range(2))
                range_ = Interval(
                    low if chance.random() < 0.8 else None, high if chance.random() < 0.8 else None
                )
            others = UNITS.get((fact.analyte, fact.unit), fact.reported_unit)
            unit = others if chance.random() < 0.3 else fact.reported_unit
            reported = fact.reported + chance.choice(["", "", " (repeat)", " of 1 year", " 5 a"])
            return replace(
                fact,
                when=when,
                flags=flags,
                reference_range=range_,
                reported_unit=unit,
                reported=reported,
                origin=chance.choice([fact.origin, "", "Observation/1"]),
            )
        case Absent():
            return replace(fact, when=when, reported=chance.choice([None, "12 g/dL"]))
        case Stated():
            return replace(fact, since=when, flags=flags)


def someone(chance: Random, name: str) -> Case:
    """A case drawn at random: with several values of an analyte, of which some may disagree."""
    case = case_of(anything(chance), engine(name)[0].library.vocabulary)
    facts = {key: dressed(chance, fact) for key, fact in case.facts.items()}
    every: dict[str, tuple[Measured, ...]] = {}
    for key, fact in list(facts.items()):
        if not isinstance(fact, Measured):
            continue
        others = []
        for _ in range(chance.choice([0, 0, 1, 2])):
            scaled = Interval.point(Decimal(chance.randint(1, 4000)) / 10)
            other = dressed(
                chance, replace(fact, interval=scaled, reported=f"{scaled} {fact.unit}")
            )
            assert isinstance(other, Measured)
            others.append(other)
        found = [*others, fact] if chance.random() < 0.8 else others
        every[key] = tuple(sorted(found, key=lambda one: str(one.when)))
        if len(others) == 2 and chance.random() < 0.15:
            facts[key] = Absent(key, "ambiguous", fact.reported, fact.when, (), tuple(others))
    refusals = tuple(
        Refusal(chance.choice(REASONS), "path", name=chance.choice(sorted(facts)))
        for _ in range(chance.choice([0, 0, 1, 3]) if facts else 0)
    )
    return Case(
        Moment.parse(chance.choice(["2026-11-01", "2026-11-01T09:00:00+02:00", "2024-06-30"])),
        case.subject if chance.random() < 0.9 else Subject(sex="unknown"),
        facts,
        every,
        every,
        refusals,
    )


@at_most(15)
@given(st.integers(0, 2**32))
def test_records_at_once_are_those_of_one_by_one(seed: int) -> None:
    chance = Random(seed)
    name = chance.choice(ENGINES) if chance.random() < 0.2 else chance.choice(("uk", "us"))
    cases = [someone(chance, name) for _ in range(4)]
    assert differing(many(name).records(cases), one_by_one(name, cases)) == []


@given(conditions, st.lists(worlds(), min_size=1, max_size=12))
def test_a_condition_in_columns_is_as_true(condition: tree.Expression, found: list[World]) -> None:
    compiler = Compiler(ANALYTES)
    filler = Filler(compiler, 7)
    node = filler.program.node(condition)
    as_of = Moment.parse("2026-11-01")
    filled = filler.fill([Case(as_of, Subject(), world.facts) for world in found])
    column = node.at(filled.sheet)
    holds = compiler.condition(condition)
    for row, world in enumerate(found):
        fresh = World(world.facts, {}, {}, date(2026, 11, 1))
        assert (column if isinstance(column, int) else int(column[row])) == code(holds(fresh))
