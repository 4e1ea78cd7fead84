"""What is possible is the same whether or not all else of a decision is worked out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from corrin.evaluate.decide import Decider
from corrin.facts.case import Case, Subject
from corrin.facts.fact import Fact, Measured
from corrin.facts.interval import Interval
from corrin.facts.moment import Moment
from corrin.interpretation import prepared
from corrin.language.world import World

BOUNDS = [(None, "150"), ("150", "150"), (None, "260"), ("170", "400"), ("400", None), (None, None)]


@pytest.mark.parametrize("profile", ["uk", "us"])
@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("mma", [None, ("0.1", "0.9"), ("0.9", "0.9")])
def test_possible_is_what_decide_says(
    profile: str, bounds: tuple[str | None, str | None], mma: tuple[str, str] | None
) -> None:
    facts: dict[str, Fact] = {"age": measured("age", ("40", "40"), "a")}
    facts["total_b12"] = measured("total_b12", bounds, "ng/L")
    if mma is not None:
        facts["mma"] = measured("mma", mma, "umol/L")
    engine, _ = prepared(profile)
    case = Case(Moment.parse("2026-03-01"), Subject("female"), facts)
    for decider in engine.deciders.values():
        assert isinstance(decider, Decider)
        assert decider.possible(World.of(case)) == decider.decide(World.of(case)).possible


def measured(name: str, bounds: tuple[str | None, str | None], unit: str) -> Measured:
    low, high = (None if one is None else Decimal(one) for one in bounds)
    return Measured(name, Interval(low, high), unit, "as given", Moment.parse("2026-02-27"))
