"""Many cases at once say what one case after the other says: examples of rules, golden requests."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Any

import pytest

from corrin import intake
from corrin.evaluate.given import case_of
from corrin.facts.case import Case
from corrin.facts.fact import Measured
from corrin.facts.interval import Interval
from corrin.facts.moment import Moment
from corrin.interpretation import choose_case, moment_of
from corrin.notes.many import Many
from corrin.units import UnitError
from golden import cases as golden
from support.many import ENGINES, PROFILES, SITES, differing, engine, many, one_by_one, recorder

AS_OF = "2026-11-01"  # for a request that names no moment
EACH = [pytest.param(name, marks=pytest.mark.xdist_group(f"many-{name}")) for name in ENGINES]
UK = pytest.mark.xdist_group("many-uk")


@cache
def examples(name: str) -> tuple[Case, ...]:
    """Every worked example of every pack that an engine knows, each once."""
    library = engine(name)[0].library
    given: dict[str, Any] = {}
    for pack in library.packs.values():
        content = pack.pack
        parts = [*content.rules, *content.restrictions, *content.decisions.values()]
        for part in parts:
            given.update((str(one.given), one.given) for one in part.cases)
    return tuple(case_of(one, library.vocabulary) for one in given.values())


@cache
def requests() -> tuple[Case, ...]:
    """Every golden request that is not refused whole, as of the moment it is asked for."""
    found = []
    for case in golden.every_case():
        if case.request_file.suffix == ".json" and not case.refused_whole:
            reading = intake.read(case.request_file.read_bytes())
            moment = moment_of(None if reading.evaluation_time else AS_OF, reading)
            found.append(choose_case(reading, moment, engine("uk")[0]))
    return tuple(found)


@pytest.mark.parametrize("share", [pytest.param(1, marks=pytest.mark.soak), 3])
@pytest.mark.parametrize("name", EACH)
def test_examples_of_all_packs(name: str, share: int) -> None:
    """Every third example; for long, every one."""
    assert len(examples(name)) > 500
    cases = examples(name)[::share]
    # A framework in place of another shares most rules with it: a part of the examples will do.
    cases = cases if name == "uk" else cases[3 :: 2 * len(ENGINES) // share]
    asked = many(name)
    before = asked.alone
    assert differing(asked.records(cases), one_by_one(name, cases))[:20] == []
    assert asked.alone == before


@pytest.mark.parametrize("name", EACH)
def test_golden_requests(name: str) -> None:
    cases = requests() if name in PROFILES else requests()[::4]
    assert len(cases) > 20
    assert differing(many(name).records(cases), one_by_one(name, cases))[:20] == []


@pytest.mark.parametrize("name", [one for one in EACH if one.values[0] in SITES])
def test_what_always_runs_speaks_by_published_cut_offs_too(name: str) -> None:
    asked = engine(name)[0]
    values = product(("140", "152", "165", "190", "240"), (None, "0.2", "0.5"), (80, 120, 180))
    cases = [
        case_of(
            {
                "total_b12": f"{total} ng/L",
                **({} if mma is None else {"mma": f"{mma} umol/L"}),
                "platelets": f"{platelets} 10*9/L",
                "age": "44 a",
                "sex": "female",
                **dict.fromkeys(stated, True),
            },
            asked.library.vocabulary,
        )
        for total, mma, platelets in values
        for stated in ((), ("paraesthesia", "ataxia"), ("folic_acid", "nitrous_oxide"))
    ]
    own = {id(rule.bound) for rule in asked.rules}
    fired = [one for case in cases for one in asked.evaluate(case).fired]
    by_published = sum(1 for one in fired if id(one.bound) not in own)
    assert by_published > 0 or name != "site-150"  # only a cut-off that fell silences a rule
    assert differing(many(name).records(cases), one_by_one(name, cases))[:20] == []


@UK
def test_nobody_and_one() -> None:
    assert many("uk").records([]) == []
    one = examples("uk")[0]
    assert many("uk").records([one]) == one_by_one("uk", [one])


@UK
def test_the_order_and_the_company_of_cases_change_nothing() -> None:
    cases = examples("uk")[:200]
    together = many("uk").records(cases)
    assert many("uk").records(cases[::-1]) == together[::-1]
    assert [many("uk").records([case])[0] for case in cases[::10]] == together[::10]


@UK
def test_figures_that_were_in_force_before_hold_on_their_days() -> None:
    days = ("2019-05-01", "2024-01-01", "2025-03-01", "2026-01-01", "2026-11-01", "2031-01-01")
    cases = [
        replace(case, as_of=Moment.parse(days[at % len(days)]))
        for at, case in enumerate(examples("uk")[:300])
    ]
    assert differing(many("uk").records(cases), one_by_one("uk", cases))[:20] == []


@UK
def test_a_value_that_no_conversion_leads_to_a_cut_off_is_looked_at_by_itself() -> None:
    whole, other = (
        examples("uk")[0],
        Measured("haemoglobin", Interval.point(Decimal(9)), "furlong", ""),
    )
    odd = replace(whole, facts={**whole.facts, "haemoglobin": other}, every={}, earlier={})
    asked = Many(engine("uk")[0], recorder("uk"))
    with pytest.raises(UnitError):
        one_by_one("uk", [odd])
    with pytest.raises(UnitError):
        asked.records([odd])
    assert asked.alone == 1
