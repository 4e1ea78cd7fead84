"""When a sample was taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from support.fhir import observation, read, refused, result


@pytest.mark.parametrize(
    ("changes", "start", "end", "flags"),
    [
        ({}, "2026-10-20T08:15:00", "2026-10-20T08:15:00", ()),
        (
            {"effectiveDateTime": "2026-10-20T10:15:00+02:00"},
            "2026-10-20T08:15:00",
            "2026-10-20T08:15:00",
            (),
        ),
        (
            {"effectiveDateTime": "2026-10-20"},
            "2026-10-20T00:00:00",
            "2026-10-20T23:59:59.999999",
            (),
        ),
        (
            {"effectiveDateTime": "2026-02"},
            "2026-02-01T00:00:00",
            "2026-02-28T23:59:59.999999",
            ("date-partial",),
        ),
        (
            {"effectiveDateTime": "2026"},
            "2026-01-01T00:00:00",
            "2026-12-31T23:59:59.999999",
            ("date-partial",),
        ),
        (
            {"effectiveDateTime": "2026-10-20T08:15:00"},
            "2026-10-20T08:15:00",
            "2026-10-20T08:15:00",
            ("zone-assumed",),
        ),
        (
            {"effectiveInstant": "2026-10-20T08:15:00.123Z"},
            "2026-10-20T08:15:00.123000",
            "2026-10-20T08:15:00.123000",
            (),
        ),
        (
            {"effectivePeriod": {"start": "2026-10-19", "end": "2026-10-20T08:15:00Z"}},
            "2026-10-19T00:00:00",
            "2026-10-20T08:15:00",
            ("period-effective",),
        ),
        (
            {"effectivePeriod": {"start": "2026-10-19"}},
            "2026-10-19T00:00:00",
            "2026-10-19T23:59:59.999999",
            ("period-effective",),
        ),
        (
            {"effectiveTiming": {"event": ["2026-10-21T00:00:00Z", "2026-10-20T08:15:00Z"]}},
            "2026-10-20T08:15:00",
            "2026-10-20T08:15:00",
            (),
        ),
        (
            {"effectiveDateTime": None, "issued": "2026-10-20T12:00:00Z"},
            "2026-10-20T12:00:00",
            "2026-10-20T12:00:00",
            ("date-from-issued",),
        ),
    ],
)
def test_a_time_is_read(changes: Any, start: str, end: str, flags: tuple[str, ...]) -> None:
    given = {"effectiveDateTime": None, **changes} if changes else {}
    found = result(read(observation(**given)))
    assert found.when is not None and found.flags == flags
    assert found.when.start == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert found.when.end == datetime.fromisoformat(end).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "date-missing"),
        ({"effectiveDateTime": 1709280000}, "date-invalid"),
        ({"effectiveDateTime": True}, "date-invalid"),
        ({"effectiveDateTime": ""}, "date-invalid"),
        ({"effectiveDateTime": "yesterday"}, "date-invalid"),
        ({"effectiveDateTime": "20261020"}, "date-invalid"),
        ({"effectiveDateTime": "2026-02-30"}, "date-invalid"),
        ({"effectiveDateTime": "2026-10-20T25:00:00Z"}, "date-invalid"),
        ({"effectiveDateTime": "2026-10-20T08:15:00+15:00"}, "date-invalid"),
        ({"effectiveDateTime": "0001-01-01"}, "date-invalid"),
        ({"effectiveDateTime": "9999-12-31"}, "date-invalid"),
        ({"effectiveDateTime": "2026-10-20T08:15:00." + "1" * 100 + "Z"}, "date-invalid"),
        ({"effectiveDateTime": "2026-10-20", "effectivePeriod": {"start": "2026"}}, "date-invalid"),
        ({"effectivePeriod": {}}, "date-invalid"),
        ({"effectivePeriod": {"start": "2026-10-21", "end": "2026-10-20"}}, "date-invalid"),
        ({"effectivePeriod": {"start": 5, "end": "2026-10-20"}}, "date-invalid"),
        ({"effectivePeriod": "2026"}, "date-invalid"),
        ({"effectiveTiming": {"repeat": {}}}, "date-invalid"),
        ({"effectiveTiming": {"event": ["2026-10-20", 5]}}, "date-invalid"),
        ({"effectiveDateTime": "yesterday", "issued": "2026-10-20T12:00:00Z"}, "date-invalid"),
        ({"issued": 5}, "date-invalid"),
    ],
)
def test_a_result_without_a_time_is_not_chosen_and_still_kept(changes: Any, reason: str) -> None:
    found = read(observation(**{"effectiveDateTime": None, **changes}))
    assert refused(found) == [(reason, "Observation.effective")]
    assert [(one.when, one.reported) for one in found.results] == [(None, "240 ng/L")]


def test_the_caller_s_zone_is_where_none_is_written() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    found = result(read(observation(effectiveDateTime="2026-10-20T08:15:00"), zone=zone))
    assert found.when is not None
    assert found.when.start == datetime(2026, 10, 20, 2, 45, tzinfo=UTC)
