"""Dates and times that name no zone: which instants they may be, on whose calendar days count."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from corrin import UsageError, compare, interpret, interpretation, zone
from corrin.facts.case import Reading, Subject
from corrin.facts.moment import Moment
from corrin.intake.dates import parse_moment
from support.fhir import bundle, coded, dumps, observation, patient, quantity

SYDNEY, LONDON = "Australia/Sydney", "Europe/London"
MORNING = "2026-11-21T22:00:00Z"  # 09:00 of 22 November in Sydney
TODAY = dumps(
    bundle(patient(), observation(effectiveDateTime="2026-11-22", valueQuantity=quantity(120)))
)


def utc(text: str, name: str) -> tuple[str, str]:
    """From when to when a text may be, at a place, in UTC."""
    found = Moment.parse(text, ZoneInfo(name))
    first, last = (one.astimezone(UTC) for one in (found.start, found.end))
    return f"{first:%m-%dT%H:%M:%S}", f"{last:%m-%dT%H:%M:%S}"


@pytest.mark.parametrize(
    ("text", "name", "start", "end"),
    [
        ("2026-11-22", SYDNEY, "11-21T13:00:00", "11-22T12:59:59"),
        ("2026-07-10", SYDNEY, "07-09T14:00:00", "07-10T13:59:59"),
        ("2026-11-22T09:00:00", SYDNEY, "11-21T22:00:00", "11-21T22:00:00"),
        ("2026-11-22T09:00", SYDNEY, "11-21T22:00:00", "11-21T22:00:59"),
        ("2026-11-22T09:00:00Z", SYDNEY, "11-22T09:00:00", "11-22T09:00:00"),
        ("2026-11-22", "America/Los_Angeles", "11-22T08:00:00", "11-23T07:59:59"),
        ("2026-10", SYDNEY, "09-30T14:00:00", "10-31T12:59:59"),
        # Clocks put on over midnight: the day ends where its last hour never began.
        ("2026-03-28", "America/Nuuk", "03-28T02:00:00", "03-29T00:59:59"),
        # Clocks put back: the day has 25 hours, and the hour that came twice is its day alone.
        ("2026-04-05", SYDNEY, "04-04T13:00:00", "04-05T13:59:59"),
        ("2026-04-05T02:30:00", SYDNEY, "04-04T13:00:00", "04-05T13:59:59"),
        ("2026-04-05T01:59:59", SYDNEY, "04-04T14:59:59", "04-04T14:59:59"),
        ("2026-04-05T03:00:00", SYDNEY, "04-04T17:00:00", "04-04T17:00:00"),
        # Put forward: the day has 23 hours, and the hour that never was is its day alone.
        ("2026-10-04", SYDNEY, "10-03T14:00:00", "10-04T12:59:59"),
        ("2026-10-04T02:30", SYDNEY, "10-03T14:00:00", "10-04T12:59:59"),
        # At midnight: the last hour of the day comes twice, or the first never.
        ("2026-10-29", "Africa/Cairo", "10-28T21:00:00", "10-29T21:59:59"),
        ("2026-04-24", "Africa/Cairo", "04-23T22:00:00", "04-24T20:59:59"),
    ],
)
def test_a_text_is_what_it_may_be_at_its_place(text: str, name: str, start: str, end: str) -> None:
    assert utc(text, name) == (start, end)


def test_nothing_is_kept_of_one_zone_for_another() -> None:
    for where, hour in ((UTC, 0), (ZoneInfo(SYDNEY), 13), (ZoneInfo(LONDON), 0), (UTC, 0)):
        found = parse_moment("2026-11-22", where)
        assert found is not None and found.start.astimezone(UTC).hour == hour


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("2026-11-22", "2026-11-22"),
        ("2026-11", "2026-11"),
        (MORNING, MORNING),
        ("2026-11-22T09:00:00+11:00", "2026-11-22T09:00:00+11:00"),
        ("2026-11-22T09:00:00", "2026-11-22T09:00:00+11:00"),
        ("2026-11-22T09:00", "2026-11-22T09:00+11:00"),
        ("2026-07-10T09:00:00.5", "2026-07-10T09:00:00.5+10:00"),
        ("2026-04-05T02:30:00", "2026-04-05"),
        ("1880-01-01T09:00:00", "1880-01-01T09:00:00"),  # 10:04:52 ahead, which FHIR cannot say
    ],
)
def test_a_moment_asked_for_says_where_it_is(asked: str, told: str) -> None:
    where = ZoneInfo(SYDNEY)
    nothing = Reading(Subject())
    found = interpretation.moment_of(asked, nothing, where)
    assert found.text == told
    assert (found.start, found.end) == (
        Moment.parse(asked, where).start,
        Moment.parse(asked, where).end,
    )
    # Asked again by what was told, as a page does: the same.
    again = interpretation.moment_of(told, nothing, where)
    assert again == found
    assert interpretation.moment_of(asked, nothing) == Moment.parse(asked)


def test_now_is_told_as_it_is_told_there(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime(2026, 11, 21, 22, 0, 0, 5, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(interpretation, "datetime", Clock)
    assert interpretation.now().text == MORNING
    here = interpretation.now(ZoneInfo(SYDNEY))
    assert here.text == "2026-11-22T09:00:00+11:00"
    assert here.start == here.end == Moment.parse(MORNING).start
    odd = timezone(timedelta(minutes=30, seconds=15))
    assert interpretation.now(odd).text == MORNING
    assert interpret(TODAY, zone=SYDNEY).as_of == "2026-11-22T09:00:00+11:00"


def test_days_are_counted_on_the_calendar_of_the_place() -> None:
    """Between summer and winter a place is not always as far from UTC as it is now."""
    where = ZoneInfo(SYDNEY)
    winter = Moment.parse("2026-07-10", where)
    for asked in (MORNING, "2026-11-22T09:00:00+11:00", "2026-11-22T09:00:00", "2026-11-22"):
        moment = interpretation.moment_of(asked, Reading(Subject()), where)
        assert winter.days_before(moment) == (135, 135)


@pytest.mark.parametrize("name", [SYDNEY, ZoneInfo(SYDNEY), timezone(timedelta(hours=11))])
def test_a_sample_of_today_is_not_of_the_future(name: str | tzinfo) -> None:
    there = interpret(TODAY, as_of=MORNING, zone=name)
    assert there.statuses["b12_status"].status == "deficiency_confirmed"
    elsewhere = interpret(TODAY, as_of=MORNING)
    assert elsewhere.statuses["b12_status"].status == "not_assessable"
    compared = compare(TODAY, packs=["ng239", "aafp-2025"], as_of=MORNING, zone=name)
    assert compared.columns[0].status.status == "deficiency_confirmed"


def test_west_of_utc_tomorrow_has_not_begun() -> None:
    evening = "2026-11-22T04:00:00Z"  # 20:00 of 21 November in Los Angeles
    assert interpret(TODAY, as_of=evening).statuses["b12_status"].status == "deficiency_confirmed"
    there = interpret(TODAY, as_of=evening, zone="America/Los_Angeles")
    assert there.statuses["b12_status"].status == "not_assessable"


def test_a_case_written_by_hand_is_of_the_same_zone() -> None:
    result = {"test": "B12", "value": 120, "unit": "ng/L", "date": "2026-11-22T08:30:00"}
    case = {"as_of": MORNING, "patient": {"age": 68}, "results": [result]}
    there = interpret(json.dumps(case), zone=SYDNEY)
    assert there.statuses["b12_status"].status == "deficiency_confirmed"
    assert there.subject.age == "68 years"
    assert "zone-assumed" in [one.code for one in there.values[0].flags]
    case["as_of"] = "2026-11-22"
    assert interpret(json.dumps(case), zone=SYDNEY).as_of == "2026-11-22"


def test_one_text_at_two_places_is_not_one_question() -> None:
    asked = [interpret(TODAY, as_of="2026-11-23", zone=name) for name in ("UTC", SYDNEY, LONDON)]
    assert len({one.facts_digest for one in asked}) == len(asked)
    assert interpret(TODAY, as_of="2026-11-23", zone=UTC) == asked[0]


@pytest.mark.parametrize("name", ["Mars/Base", "", "Europe", "../UTC", "A" * 5000, "\0"])
def test_a_zone_that_is_none(name: str) -> None:
    for ask in (
        lambda: interpret(TODAY, zone=name),
        lambda: compare(TODAY, packs=["ng239", "aafp-2025"], zone=name),
    ):
        with pytest.raises(UsageError) as told:
            ask()
        assert (told.value.message, told.value.hint) == (zone.UNKNOWN, zone.NAME_ONE)


def test_two_samplings_lie_as_far_apart_as_the_hours_between_them() -> None:
    """Clocks put back between them make 24.5 hours look like 23.5."""
    calcium = observation(
        coded("17861-6"),
        effectiveDateTime="2026-10-24T20:00:00",
        valueQuantity=quantity(1.5, "mmol/L"),
    )
    albumin = observation(
        coded("1751-7"),
        id="albumin",
        effectiveDateTime="2026-10-25T19:30:00",
        valueQuantity=quantity(40, "g/L"),
    )
    given = dumps(bundle(patient(), calcium, albumin))

    def told(data: bytes) -> set[str]:
        report = interpret(data, as_of="2026-10-25T20:00:00", zone=LONDON)
        return {note.rule for note in report.notes}

    assert "critical-calcium-low" in told(given)
    assert "critical-adjusted-calcium-low" not in told(given)
    assert "critical-adjusted-calcium-low" in told(given.replace(b"T19:30", b"T18:30"))


def test_one_text_in_two_zones_is_two_questions() -> None:
    digests = {
        interpret(TODAY, as_of="2026-11-22", zone=where).facts_digest
        for where in (UTC, timezone(timedelta(hours=10)), ZoneInfo("Australia/Brisbane"))
    }
    assert len(digests) == 3


def test_zones_of_other_makers_are_not_trusted() -> None:
    class Other(tzinfo):
        def utcoffset(self, _: datetime | None) -> timedelta:
            return timedelta(hours=10, minutes=5)

    with pytest.raises(UsageError, match="no such time zone"):
        interpret(TODAY, zone=Other())


def test_where_there_is_no_table_it_is_said_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(name: str) -> ZoneInfo:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr(zone, "ZoneInfo", none)
    zone._named.cache_clear()
    with pytest.raises(UsageError) as told:
        zone.zone_of(LONDON)
    assert "tzdata" in told.value.hint
    assert zone.zone_of("UTC") is UTC
