"""An export of one zone: bare times, and the moment it is asked for, are what they are online."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from batch.test_cases import B12, POLICY, POTASSIUM, observation, patient
from batch.test_judge import BUNDLES, parsed, reported, rows_of, said
from corrin import UsageError, interpret
from corrin.batch import cases
from corrin.batch.judge import Judge, Piece, Question, Shared
from corrin.batch.row import ROWS, Row, batch_of
from corrin.batch.subject import key_of
from corrin.facts.moment import Moment
from corrin.intake.gathered import gather
from corrin.interpretation import choose_reading
from golden.cases import Case
from support import slim

SYDNEY = "Australia/Sydney"
BARE = re.compile(rb'(T\d\d:\d\d:\d\d)Z"')


def judge(lines: list[bytes], as_of: str, zone: str) -> Any:
    """What is said of the one person of some lines."""
    rows = [
        Row(key_of(parsed(line)), at, line, parsed(line)["resourceType"])
        for at, line in enumerate(lines, 1)
    ]
    ready = Judge(Question(as_of, zone=zone), Shared({0: Piece("export.ndjson")}))
    table = pa.Table.from_batches([batch_of(rows, 0)], schema=ROWS)
    return rows_of(ready.judge(table))


@pytest.mark.parametrize("as_of", ["2026-11-01", "2026-11-01T09:00:00", "2026-10-31T22:00:00Z"])
@pytest.mark.parametrize("case", BUNDLES[::9], ids=lambda case: case.name)
def test_examples_come_out_as_online_in_their_zone(case: Case, as_of: str) -> None:
    entries = parsed(case.request_file.read_bytes()).get("entry", [])
    found = [entry["resource"] for entry in entries if "resource" in entry]
    subjects = {key_of(one) for one in found} - {""}
    if len(subjects) != 1 or any(one.get("resourceType") == "Bundle" for one in found):
        pytest.skip("an export is read by the persons it names; here none is named, or several")
    lines = [BARE.sub(rb'\1"', slim.written(one)) for one in found if key_of(one)]
    online = interpret(b"\n".join(lines), as_of=as_of, zone=SYDNEY)
    assert said(judge(lines, as_of, SYDNEY).get(subjects.pop())) == reported(online)


def test_the_day_of_the_export_is_the_day_there() -> None:
    lines = [
        slim.written(patient()),
        slim.written(observation("a", B12, "120", "ng/L", "2026-11-22")),
    ]
    for zone, status in ((SYDNEY, "deficiency_confirmed"), ("UTC", "not_assessable")):
        rows = judge(lines, "2026-11-21T22:00:00Z", zone)["Patient/p1"]
        (found,) = (one for one in rows["statuses"] if one["topic"] == "b12_status")
        assert found["status"] == status


def test_each_result_is_judged_on_the_calendar_there() -> None:
    where = ZoneInfo(SYDNEY)
    dated = [
        observation("a", B12, "152", "pg/mL", "2026-03-01T13:30:00Z"),  # 2 March there
        observation("k", POTASSIUM, "4.1", "mmol/L", "2026-07-10T23:30:00Z"),  # 11 July there
        observation("l", POTASSIUM, "4.2", "mmol/L", "2026-07-12T08:00:00"),
    ]
    given = gather([patient(), *dated], zone=where).reading
    for case in cases.cases(given, None, POLICY, where):
        asked = Moment.parse(case.as_of.text, where).asked_in(where)
        online = choose_reading(cases.known_by(given, asked), asked, "uk")
        assert {name: _known(one) for name, one in case.facts.items()} == {
            name: _known(one) for name, one in online.facts.items()
        }
        (b12,) = case.every["total_b12"]
        assert b12.when is not None
        day = case.as_of.start.astimezone(where).date()
        days = (day - b12.when.start.astimezone(where).date()).days
        assert b12.when.days_before(case.as_of) == (days, days)


def _known(one: Any) -> tuple[Any, ...]:
    """What is known by a fact, but for how the moment asked for was written."""
    return (type(one), getattr(one, "interval", None), getattr(one, "value", None))


def test_an_hour_that_came_twice_is_its_day_in_every_format() -> None:
    given = gather(
        [patient(), observation("a", B12, "152", "pg/mL", "2026-04-05T02:30:00")],
        zone=ZoneInfo(SYDNEY),
    ).reading
    (result,) = given.results
    assert result.when is not None
    day = Moment.parse("2026-04-05", ZoneInfo(SYDNEY))
    assert (result.when.start, result.when.end) == (day.start, day.end)


def test_a_zone_that_is_none_is_a_question_that_cannot_be_asked() -> None:
    with pytest.raises(UsageError, match="no such time zone"):
        Judge(Question("2026-11-01", zone="Mars/Base"), Shared({}))
