"""What is read in a zone is what is read with the zone's distance from UTC written out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from corrin import interpret
from corrin.facts.moment import Moment

_ZONES = st.sampled_from(
    [
        *("Australia/Sydney", "Australia/Lord_Howe", "America/Los_Angeles", "Africa/Cairo"),
        *("Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/London", "Asia/Kathmandu"),
    ]
)
_TIMES = st.datetimes(datetime(2025, 9, 1), datetime(2026, 12, 31)).map(
    lambda one: one.replace(microsecond=0)
)
_TESTS = st.sampled_from(
    [("2132-9", "ng/L"), ("13964-2", "umol/L"), ("718-7", "g/L"), ("2823-3", "mmol/L")]
)
_RESULTS = st.lists(st.tuples(_TESTS, st.integers(1, 900), _TIMES), max_size=5)


def once(local: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks showed a time exactly once at a place."""
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first == second


def bundle(results: list[Any], born: str, zone: ZoneInfo | None) -> bytes:
    """The results, with offsets written out where a zone is given."""
    entries: list[dict[str, Any]] = [
        {"resource": {"resourceType": "Patient", "id": "p", "birthDate": born}}
    ]
    for at, ((code, unit), value, when) in enumerate(results):
        written = when.isoformat() if zone is None else when.replace(tzinfo=zone).isoformat()
        entries.append(
            {
                "resource": {
                    "resourceType": "Observation",
                    "id": f"o{at}",
                    "status": "final",
                    "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                    "subject": {"reference": "Patient/p"},
                    "effectiveDateTime": written,
                    "valueQuantity": {
                        "value": value,
                        "unit": unit,
                        "system": "http://unitsofmeasure.org",
                        "code": unit,
                    },
                }
            }
        )
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def told(data: bytes, as_of: str, zone: str) -> tuple[Any, ...]:
    """What is decided and said, without how times were written."""
    report = interpret(data, as_of=as_of, zone=zone)
    return (
        {topic: (one.status, one.possible, one.urgency) for topic, one in report.statuses.items()},
        [one.rule for one in report.notes],
        [one.rule for one in report.cannot_say],
        [
            (one.name, one.reported, {f.code for f in one.flags} - {"zone-assumed"}, one.status)
            for one in report.values
        ],
        [(one.reason, one.path) for one in report.refusals],
        (report.urgency, report.subject, report.counts, report.packs),
    )


@settings(max_examples=40, deadline=None)
@given(_RESULTS, _TIMES, _ZONES)
def test_written_out_it_is_the_same_report(results: list[Any], asked: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    assume(all(once(one, zone) for one in (asked, *(when for _, _, when in results))))
    here = told(bundle(results, "1958-02-28", None), asked.isoformat(), name)
    written = asked.replace(tzinfo=zone).isoformat()
    assert told(bundle(results, "1958-02-28", zone), written, name) == here


@settings(max_examples=40, deadline=None)
@given(_RESULTS, _TIMES)
def test_a_zone_that_is_utc_all_along_is_utc(results: list[Any], asked: datetime) -> None:
    data = bundle(results, "1958-02-28", None)
    text = asked.isoformat()
    assert told(data, text, "Etc/UTC") == told(data, text, "UTC")


@given(_TIMES, _ZONES, st.integers(0, 10))
def test_a_moment_holds_every_instant_it_may_be(local: datetime, name: str, digits: int) -> None:
    """Of a time, its day, its month or its year; and of a day not a second more."""
    zone = ZoneInfo(name)
    text = local.isoformat()
    text = text if digits == 0 else text[: (10, 7, 4)[digits % 3]]
    found = Moment.parse(text, zone)
    first, last = found.start.astimezone(UTC), found.end.astimezone(UTC)
    for fold in (0, 1):
        instant = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == local:  # it was there
            assert first <= instant <= last
    if len(text) == len("2026-11-22"):
        before = (first - timedelta(seconds=1)).astimezone(zone).date().isoformat()
        after = (last + timedelta(seconds=1)).astimezone(zone).date().isoformat()
        assert before < text < after
