"""How long vitamin B12 has been given, and the gestational age at a sample."""

from __future__ import annotations

from decimal import Decimal

import pytest

from corrin.facts.fact import Absent, Stated
from corrin.facts.interval import Interval
from support import work
from support.results import chosen, interval, measured, result, statement

B12, TIME = "b12_medicine", "time_on_b12"
DOSE = "MedicationAdministration/1"


def days(*statements: Stated) -> Interval | None:
    case = chosen(*statements)
    return measured(case, TIME).interval if TIME in case.facts else None


@pytest.mark.parametrize(
    ("since", "low", "high"),
    [
        ("2026-10-02", 30, 30),
        ("2026-11-01", 0, 0),
        ("2026-10", 1, 31),
        ("2025", 305, 669),
        ("2026-11", 0, 0),  # it began by now, if it is taken
    ],
)
def test_from_a_stated_start(since: str, low: int, high: int) -> None:
    assert days(statement(B12, since)) == Interval(Decimal(low), Decimal(high))


def test_the_earliest_start() -> None:
    found = days(
        statement("b12_injection", "2026-10-02", origin="MedicationStatement/2"),
        statement(B12, "2026-09-02"),
    )
    assert found == interval("60")


@pytest.mark.parametrize("origin", ["MedicationRequest/1", DOSE, "MedicationDispense/1"])
def test_one_of_many_is_flagged(origin: str) -> None:
    one = statement(B12, "2026-10-02", origin=origin)
    found = measured(chosen(one), TIME)
    assert (found.interval, found.flags) == (interval("30"), ("earlier-start-possible",))
    later = statement(B12, "2026-10-25", origin="MedicationStatement/2")
    assert measured(chosen(one, later), TIME) == found
    same = statement(B12, "2026-10-02", origin="MedicationStatement/2")
    assert measured(chosen(one, same), TIME).flags == ()
    earlier = statement(B12, "2026-09-02", origin="MedicationStatement/2")
    found = measured(chosen(one, earlier), TIME)
    assert (found.interval, found.flags) == (interval("60"), ())


@pytest.mark.parametrize("kind", ["MedicationAdministration", "MedicationDispense", "Procedure"])
def test_one_act_holds_for_as_long_as_courses_are_joined(kind: str) -> None:
    def act(since: str, until: str | None = None, number: int = 1) -> Stated:
        return statement(B12, since, until, origin=f"{kind}/{number}")

    assert days(act("2026-07-24")) == interval("100")
    assert days(act("2026-07-24", "2026-07-24")) == interval("100")
    assert days(act("2026-07-23")) is None
    assert days(act("2021-05-11")) is None
    assert days(act("2026-05-01"), act("2026-07-24", number=2)) == interval("184")
    assert days(act("2026-04-01"), act("2026-07-24", number=2)) == interval("100")
    now = statement(B12, "2026-10-02", origin="MedicationStatement/2")
    assert days(act("2021-05-11"), now) == interval("30")
    assert days(act("2026-07-01"), now) == interval("123")


@pytest.mark.parametrize(
    ("given", "lapsed"),
    [
        ([statement(B12, "2021-05-11", origin=DOSE)], True),
        ([statement(B12, "2021-05-11", origin=DOSE), statement(B12, "2021-05-11")], False),
        ([statement(B12, "2021-05-11", origin=DOSE), statement(B12)], False),
        ([statement(B12, origin=DOSE)], False),
        ([statement(B12, "2026-10-02", origin=DOSE)], False),
        ([statement(B12, "2021-05-11", origin=DOSE), statement(B12, "2021", "2022")], True),
        ([statement(B12, "2021-05-11", value=False, origin=DOSE)], False),
        ([statement("multivitamin_with_b12", "2021-05-11", origin=DOSE)], False),
    ],
)
def test_what_was_given_once_long_ago_has_lapsed(given: list[Stated], lapsed: bool) -> None:
    assert ("b12_medicine_lapsed" in chosen(*given).facts) is lapsed
    assert "b12_injection_lapsed" not in chosen(*given).facts


@pytest.mark.parametrize(
    "nothing",
    [
        statement(B12),
        statement(B12, "2026-10-02", value=False),
        statement(B12, "2026-12-01"),
        statement(B12, "2026-01-01", "2026-02-01"),
        statement(B12, "2026-01-01", history=True),
        statement("metformin", "2026-01-01"),
        statement("multivitamin_with_b12", "2016-01-01"),
    ],
)
def test_nothing_to_count(nothing: Stated) -> None:
    assert days(nothing) is None


def test_a_course_that_ended_counts_where_the_next_followed() -> None:
    now = statement(B12, "2026-10-02", origin="MedicationStatement/2")
    assert days(statement(B12, "2026-06-04", "2026-07-04"), now) == interval("150")
    assert days(statement(B12, "2025-06-04", "2025-07-04"), now) == interval("30")
    chain = [
        statement(B12, "2026-01-15", "2026-03-15", origin="MedicationStatement/3"),
        statement(B12, "2026-06-04", "2026-07-04"),
        now,
    ]
    assert days(*chain) == days(*reversed(chain)) == interval("290")


def courses(first: int) -> list[Stated]:
    return [
        statement(
            B12, f"{y}-{m:02}-{d:02}", f"{y}-{m:02}-{d:02}", origin=f"MedicationStatement/{y}"
        )
        for y in range(first, 2026)
        for m in range(1, 13)
        for d in range(1, 28)
    ]


def test_many_courses() -> None:
    found = days(*courses(1950), statement(B12, "2026-01-01"))
    assert found is not None and found.high is not None and found.high > 27_000


def test_twice_the_courses_take_twice_the_work() -> None:
    few, many = courses(2025), courses(2024)
    assert work.lines(lambda: days(*many)) < 2.5 * work.lines(lambda: days(*few))


def test_what_it_says() -> None:
    found = measured(chosen(statement(B12, "2026-10-02")), TIME)
    assert (found.reported, found.unit, found.flags) == ("30 d", "d", ())
    assert measured(chosen(statement(B12, "2026-10")), TIME).flags == ("date-partial",)


def gestation(text: str, seen: str, sampled: str) -> object:
    case = chosen(result("gestational_age", text, seen), result("haemoglobin", "108 g/L", sampled))
    fact = case.facts["gestational_age"]
    return fact.reason if isinstance(fact, Absent) else measured(case, "gestational_age").interval


@pytest.mark.parametrize(
    ("text", "seen", "sampled", "expected"),
    [
        ("12 wk", "2026-08-31", "2026-10-19", interval("19")),
        ("12 wk", "2026-10-12", "2026-10-19", interval("13")),
        ("85 d", "2026-10-13", "2026-10-19", interval("13")),
        ("20 wk", "2026-10-26", "2026-10-19", interval("19")),
        ("20 wk", "2026-10-19", "2026-10-19T08:00:00Z", interval("20")),
        ("<20 wk", "2026-10-12", "2026-10-19", Interval(None, Decimal(21), False, False)),
        ("40 wk", "2026-08-31", "2026-10-19", "not-paired"),
        ("1 wk", "2026-10-30", "2026-10-19", "not-paired"),
    ],
)
def test_gestational_age_at_the_sample(
    text: str, seen: str, sampled: str, expected: object
) -> None:
    found = gestation(text, seen, sampled)
    if isinstance(expected, Interval) and expected.low is None and isinstance(found, Interval):
        assert found.high == expected.high
    else:
        assert found == expected


def test_partial_dates_give_a_range_inside_what_is_possible() -> None:
    found = gestation("30 wk", "2026-08", "2026-10-19")
    assert isinstance(found, Interval)
    assert found == Interval(Decimal(37), Decimal("41.2857142857"))
    assert gestation("40 wk", "2026-09", "2026-10-19") == Interval(
        Decimal("42.7142857143"), Decimal(44)
    )


def test_it_stays_where_there_is_nothing_to_read_it_with() -> None:
    found = measured(chosen(result("gestational_age", "12 wk")), "gestational_age")
    assert found.interval == interval("12") and found.flags == ()
