"""Quick ways to put results in order and to tell how old they are: the same as the exact ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from corrin.facts import versions
from corrin.facts.fact import Measured
from corrin.facts.interval import Interval
from corrin.facts.moment import Moment
from corrin.facts.policy import LookBack, look_back

ZONES = (
    *(UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-5, minutes=-30))),
    *(ZoneInfo("Europe/London"), ZoneInfo("America/New_York"), ZoneInfo("Africa/Cairo")),
)
DAYS = (None, 0, 1, 7, 90, 365, 1_000_000)
OFFSETS = ("Z", "+00:00", "+02:00", "-05:30", "+14:00", "")


def moment(chance: Random) -> Moment:
    """A time as exports write it, often near a midnight, a change of clocks or another one."""
    day = datetime(2026, 3, 29) + timedelta(days=chance.choice([0, 0, 1, -1, 7, -7, 90, -90, 400]))
    hour = chance.choice(["00:00:00", "23:59:59", "01:30:00", "12:00", "00:00"])
    text = f"{day:%Y-%m-%d}T{hour}{chance.choice(OFFSETS)}"
    text = chance.choice([text, text, text, text[:10], text[:7], text[:4]])
    return Moment.parse(text, chance.choice(ZONES))


def exactly(when: Moment, as_of: Moment, days: int | None) -> str | None:
    """As the days between dates say."""
    if when.start > as_of.end:
        return "future"
    if days is None:
        return None
    fewest, most = when.days_before(as_of)
    if fewest > days:
        return "stale"
    return "date-imprecise" if most > days else None


@given(st.randoms(use_true_random=False))
def test_instants_tell_days_as_dates_do(chance: Random) -> None:
    when, as_of, days = moment(chance), moment(chance), chance.choice(DAYS)
    assert LookBack(as_of, days).distance(when) == exactly(when, as_of, days)
    assert look_back(as_of, days).distance(when) == exactly(when, as_of, days)


def test_a_look_back_is_not_mixed_up_with_that_of_another_zone() -> None:
    one = Moment.parse("2026-01-15", UTC)
    other = Moment.parse("2026-01-15", ZoneInfo("Europe/London"))
    assert one == other
    when = Moment.parse("2025-07-14T23:30:00Z")
    assert look_back(one, 184).distance(when) == exactly(when, one, 184) == "stale"
    assert look_back(other, 184).distance(when) == exactly(when, other, 184) is None


@given(st.randoms(use_true_random=False))
def test_results_are_in_the_order_of_their_whole_key(chance: Random) -> None:
    times = [None, *(moment(chance) for _ in range(3))]
    results = [
        Measured(
            analyte="total_b12",
            interval=Interval.point(Decimal(240)),
            unit="ng/L",
            reported=chance.choice(["240 ng/L", "241 ng/L"]),
            when=chance.choice(times),
            origin=chance.choice(["Observation/a", "Observation/b"]),
            path=chance.choice(["000000001", "000000002"]),
            status=chance.choice(["final", "amended"]),
            issued=chance.choice(times),
        )
        for _ in range(chance.randint(1, 4))
    ]
    ordered = versions.oldest_first(results)
    assert [*map(id, ordered)] == [*map(id, sorted(results, key=versions.order))]
    assert versions.newest(ordered) is max(ordered, key=versions.order)


@given(st.randoms(use_true_random=False))
def test_results_share_something_where_any_two_do(chance: Random) -> None:
    results = tuple(
        Measured(
            analyte="total_b12",
            interval=Interval.point(Decimal(240)),
            unit="ng/L",
            reported="240 ng/L",
            origin=chance.choice("abcdefgh"),
            path="p" + chance.choice(["", ".component[0]", ".component[1]"]),
            identifiers=tuple(chance.sample("1234567890", chance.choice([0, 0, 1, 2]))),
        )
        for _ in range(chance.randint(1, 4))
    )
    names = [
        name
        for one in results
        for name in ((one.origin, one.path), *((number,) for number in one.identifiers))
    ]
    twice = len(set(names)) < len(names)
    assert versions._anything_twice(results) is twice


bounds = st.one_of(st.none(), st.integers(-3, 3).map(Decimal))


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    """Any interval of small numbers."""
    low, high = draw(bounds), draw(bounds)
    if low is not None and high is not None and low >= high:
        return Interval(high, high)
    return Interval(low, high, draw(st.booleans()), draw(st.booleans()))


@given(intervals(), intervals())
def test_intervals_meet_where_they_intersect(one: Interval, other: Interval) -> None:
    assert one.meets(other) is (one.intersect(other) is not None)
