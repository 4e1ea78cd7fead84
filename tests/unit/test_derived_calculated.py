"""Adjusted calcium, neutrophils and the Mentzer index from two results of one sampling."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from corrin.facts.fact import Absent, Measured
from corrin.facts.interval import Interval
from support import work
from support.results import chosen, interval, measured, result

CALCULATED, MARK = "calculated-here", "adjusted-beside"


def adjusted(*results: Measured) -> Measured:
    return measured(chosen(*results), "adjusted_calcium")


@pytest.mark.parametrize(
    ("calcium", "albumin", "expected", "unit"),
    [
        ("2.10 mmol/L", "40 g/L", "2.10", "mmol/L"),
        ("1.9 mmol/L", "20 g/L", "2.30", "mmol/L"),
        ("2.1 mmol/L", "55 g/L", "1.80", "mmol/L"),
        ("2.1 mmol/L", "5.5 g/dL", "1.80", "mmol/L"),
        ("4.2 meq/L", "40 g/L", "2.1", "mmol/L"),
        ("8.0 mg/dL", "2.0 g/dL", "9.60", "mg/dL"),
        ("8.0 mg/dL", "20 g/L", "9.60", "mg/dL"),
        ("8.0 mg/dL", "4.0 g/dL", "8.0", "mg/dL"),
    ],
)
def test_calcium_in_the_dimension_it_was_reported_in(
    calcium: str, albumin: str, expected: str, unit: str
) -> None:
    found = adjusted(result("calcium", calcium), result("albumin", albumin))
    assert found.interval == Interval.point(Decimal(expected))
    assert found.unit == unit
    assert CALCULATED in found.flags
    assert found.reported.endswith(unit)


@pytest.mark.parametrize(
    ("calcium", "albumin", "expected"),
    [
        # Albumin the other way round: less albumin, more adjusted calcium.
        ("2.0 mmol/L", "<20 g/L", Interval(Decimal("2.4"), Decimal("2.8"), False, True)),
        ("2.0 mmol/L", ">50 g/L", Interval(None, Decimal("1.8"), False, False)),
        ("<1.5 mmol/L", "30 g/L", Interval(None, Decimal("1.7"), False, False)),
        (">3.0 mmol/L", "30 g/L", Interval(Decimal("3.2"), None, False, False)),
        ("2.0..2.2 mmol/L", "30..40 g/L", Interval(Decimal("2.0"), Decimal("2.4"))),
    ],
)
def test_what_is_known_in_part_stays_so(calcium: str, albumin: str, expected: Interval) -> None:
    assert adjusted(result("calcium", calcium), result("albumin", albumin)).interval == expected


def test_nothing_bounds_it() -> None:
    found = chosen(result("calcium", ">3.0 mmol/L"), result("albumin", ">50 g/L"))
    assert "adjusted_calcium" not in found.facts


def test_flags_and_status_of_both_are_carried() -> None:
    found = adjusted(
        result("calcium", "2.0 mmol/L", flags=("haemolysed",)),
        result("albumin", "30 g/L", status="preliminary", flags=("preliminary",)),
    )
    assert found.flags == ("haemolysed", "preliminary", CALCULATED)
    assert found.status == "preliminary"
    assert found.identifiers == ()


def test_a_reported_figure_stands() -> None:
    found = adjusted(
        result("calcium", "1.9 mmol/L"),
        result("albumin", "20 g/L"),
        result("adjusted_calcium", "2.25 mmol/L"),
    )
    assert found.reported == "2.25 mmol/L"
    assert CALCULATED not in found.flags


def test_a_newer_sampling_without_a_reported_figure_is_calculated() -> None:
    case = chosen(
        result("adjusted_calcium", "2.25 mmol/L", "2026-10-20T08:00:00Z"),
        result("calcium", "1.6 mmol/L", "2026-10-25T08:00:00Z"),
        result("albumin", "40 g/L", "2026-10-25T08:00:00Z"),
    )
    assert measured(case, "adjusted_calcium").interval == interval("1.60")
    assert len(case.every["adjusted_calcium"]) == len(case.earlier["adjusted_calcium"]) == 2


@pytest.mark.parametrize(
    ("calcium", "albumin", "there"),
    [
        ("2026-10-20T08:00:00Z", "2026-10-20T20:00:00Z", True),
        ("2026-10-20T08:00:00Z", "2026-10-21T08:00:00Z", True),
        ("2026-10-20T08:00:00Z", "2026-10-21T08:00:01Z", False),
        ("2026-10-20T08:00:00Z", "2026-10-20T10:00:00+02:00", True),
        ("2026-10-20", "2026-10-20", True),
        ("2026-10-20", "2026-10-20T10:00:00Z", True),
        ("2026-10-20", "2026-10-21", False),
        ("2026-10", "2026-10", False),
        ("2026-10-20T08:00:00Z", None, False),
        (None, None, False),
    ],
)
def test_only_of_one_sampling(calcium: str | None, albumin: str | None, there: bool) -> None:
    case = chosen(result("calcium", "1.9 mmol/L", calcium), result("albumin", "20 g/L", albumin))
    assert ("adjusted_calcium" in case.every) is there
    if there:
        when = case.every["adjusted_calcium"][0].when
        assert when is not None and when.text == calcium


def test_the_nearest_albumin_is_taken() -> None:
    found = adjusted(
        result("calcium", "2.0 mmol/L", "2026-10-20T08:00:00Z"),
        result("albumin", "20 g/L", "2026-10-20T02:00:00Z"),
        result("albumin", "30 g/L", "2026-10-20T09:00:00Z"),
        result("albumin", "40 g/L", "2026-10-20T23:00:00Z"),
    )
    assert found.interval == interval("2.20")


def test_albumins_that_disagree_give_a_range() -> None:
    found = adjusted(
        result("calcium", "2.0 mmol/L"),
        result("albumin", "30 g/L", origin="Observation/a"),
        result("albumin", "20 g/L", origin="Observation/b"),
    )
    assert found.interval == Interval(Decimal("2.2"), Decimal("2.4"))


def test_a_sure_albumin_goes_before_an_unsure_one() -> None:
    found = adjusted(
        result("calcium", "2.0 mmol/L"),
        result("albumin", "30 g/L", origin="Observation/a", status="preliminary"),
        result("albumin", "1 g/L", origin="Observation/b", flags=("implausible",)),
        result("albumin", "20 g/L", origin="Observation/c"),
    )
    assert found.interval == interval("2.40")


def test_every_calcium_is_adjusted_for_critical_values() -> None:
    case = chosen(
        result("calcium", "1.9 mmol/L", "2026-10-20T08:00:00Z"),
        result("albumin", "20 g/L", "2026-10-20T08:00:00Z"),
        result("calcium", "2.1 mmol/L", "2026-10-25T08:00:00Z", status="preliminary"),
        result("albumin", "55 g/L", "2026-10-25T08:00:00Z"),
        result("calcium", "1.7 mmol/L", "2026-10-28T08:00:00Z"),
    )
    found = [one.interval for one in case.every["adjusted_calcium"]]
    assert found == [interval("2.30"), interval("1.80")]
    marks = [MARK in one.flags for one in case.every["calcium"]]
    assert marks == [True, True, False]


def test_disagreeing_calciums_of_one_time_are_ambiguous() -> None:
    case = chosen(
        result("calcium", "1.7 mmol/L", "2026-10-20", origin="Observation/a"),
        result("calcium", "2.3 mmol/L", "2026-10-20", origin="Observation/b"),
        result("albumin", "40 g/L", "2026-10-20"),
    )
    fact = case.facts["adjusted_calcium"]
    assert isinstance(fact, Absent) and fact.reason == "ambiguous" and len(fact.among) == 2
    # Of one day only: which of the two a figure belongs to is not sure.
    assert not any(MARK in one.flags for one in case.every["calcium"])


def test_a_calcium_is_marked_only_beside_an_exact_figure() -> None:
    exact = chosen(result("calcium", "1.7 mmol/L"), result("adjusted_calcium", "2.2 mmol/L"))
    assert measured(exact, "calcium").flags == (MARK,)
    open_ended = chosen(result("calcium", "1.7 mmol/L"), result("albumin", "<20 g/L"))
    assert measured(open_ended, "calcium").flags == ()
    alone = chosen(result("calcium", "1.7 mmol/L"))
    assert measured(alone, "calcium").flags == ()


def test_what_cannot_be_is_flagged_and_not_chosen() -> None:
    case = chosen(result("calcium", "0.9 mmol/L"), result("albumin", "95 g/L"))
    (only,) = case.every["adjusted_calcium"]
    assert "implausible" in only.flags
    assert not isinstance(case.facts["adjusted_calcium"], Measured)
    assert measured(case, "calcium").flags == ()
    case = chosen(
        result("calcium", "2.2 mmol/L"), result("albumin", "400 g/L", flags=("implausible",))
    )
    assert "implausible" in case.every["adjusted_calcium"][0].flags


@pytest.mark.parametrize("figure", ["1e30", "0." + "0" * 29 + "1", "9" * 64])
def test_hostile_numbers(figure: str) -> None:
    for calcium, albumin in ((figure, "40"), ("2.2", figure)):
        case = chosen(
            result("calcium", f"{calcium} mmol/L", flags=("implausible",)),
            result("albumin", f"{albumin} g/L"),
        )
        assert len(case.every["adjusted_calcium"]) == 1


def of_many_times(many: int) -> list[Measured]:
    stamps = [f"2026-10-{20 + i // 1440}T{i // 60 % 24:02}:{i % 60:02}:00Z" for i in range(many)]
    return [
        *(result("calcium", "2.2 mmol/L", s, origin=s) for s in stamps),
        *(result("albumin", "30 g/L", s, origin=s + "a") for s in stamps),
    ]


def of_one_time(many: int) -> list[Measured]:
    day = "2026-10-20"
    return [
        *(result("calcium", f"8.{1000 + i} mg/dL", day, origin=f"C/{i}") for i in range(many)),
        *(result("albumin", f"3.{i % 9}{i} g/dL", day, origin=f"A/{i}") for i in range(many)),
    ]


@pytest.mark.parametrize("given", [of_many_times, of_one_time])
def test_many_results(given: Callable[[int], list[Measured]]) -> None:
    assert len(chosen(*given(2_000)).every["adjusted_calcium"]) == 2_000


@pytest.mark.parametrize("given", [of_many_times, of_one_time])
def test_twice_the_results_take_twice_the_work(given: Callable[[int], list[Measured]]) -> None:
    few, many = given(100), given(200)
    assert work.lines(lambda: chosen(*many)) < 2.5 * work.lines(lambda: chosen(*few))


@pytest.mark.parametrize(
    ("wbc", "fraction", "expected"),
    [
        ("3.2 10*9/L", "25 %", interval("0.80")),
        ("3200 /uL", "25 %", interval("0.80")),
        ("<1.0 10*9/L", "50 %", Interval(None, Decimal("0.5"), False, False)),
        ("2.0 10*9/L", ">90 %", Interval(Decimal("1.8"), Decimal("2.0"), False, True)),
        ("2.0 10*9/L", "0 %", interval("0")),
        ("<2.0 10*9/L", "0 %", Interval(None, Decimal(0), False, True)),
    ],
)
def test_neutrophils(wbc: str, fraction: str, expected: Interval) -> None:
    case = chosen(result("wbc", wbc), result("neutrophil_fraction", fraction))
    found = measured(case, "neutrophils")
    assert (found.interval, found.unit) == (expected, "10*9/L")
    assert CALCULATED in found.flags
    assert case.every["neutrophils"] == (found,)


def test_neutrophils_are_not_calculated_beside_a_count_or_from_two_samples() -> None:
    case = chosen(
        result("wbc", "3.2 10*9/L"),
        result("neutrophil_fraction", "25 %"),
        result("neutrophils", "0.9 10*9/L"),
    )
    assert measured(case, "neutrophils").interval == interval("0.9")
    case = chosen(
        result("wbc", "3.2 10*9/L", "2026-10-20T08:00:00Z"),
        result("neutrophil_fraction", "25 %", "2026-10-20T10:00:00Z"),
    )
    assert "neutrophils" not in case.facts


@pytest.mark.parametrize(
    ("mcv", "rbc", "low", "high"),
    [
        ("62 fL", "6.2 10*12/L", "10", "10"),
        ("60..66 fL", "6 10*12/L", "10", "11"),
        ("60 fL", "<6 10*12/L", "10", None),
        ("60 fL", ">6 10*12/L", None, "10"),
        ("60 fL", "5..6 10*12/L", "10", "12"),
    ],
)
def test_mentzer_index(mcv: str, rbc: str, low: str | None, high: str | None) -> None:
    found = measured(chosen(result("mcv", mcv), result("rbc", rbc)), "mentzer_index")
    assert found.unit == "1"
    assert (found.interval.low, found.interval.high) == (
        None if low is None else Decimal(low),
        None if high is None else Decimal(high),
    )


def test_nothing_is_divided_by_nought() -> None:
    for rbc in ("0 10*12/L", "<=0 10*12/L"):
        assert "mentzer_index" not in chosen(result("mcv", "60 fL"), result("rbc", rbc)).facts
    case = chosen(result("mcv", "<60 fL"), result("rbc", "<6 10*12/L"))
    assert "mentzer_index" not in case.facts
