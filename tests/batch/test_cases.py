"""The cases of one person as of each result: what was known by then, and how many there are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from corrin.batch import cases
from corrin.facts.case import Placed, Reading, Refusal
from corrin.facts.choose import choose
from corrin.facts.fact import Absent, Measured, Stated
from corrin.facts.interval import Interval
from corrin.facts.moment import Moment
from corrin.intake.gathered import gather
from corrin.interpretation import interpret, policy_of, prepared
from corrin.notes.record import Recorder

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
B12, POTASSIUM = "2132-9", "2823-3"
POLICY = policy_of("uk")


def observation(
    name: str, code: str, value: str, unit: str, when: str | None, **more: Any
) -> dict[str, Any]:
    found = {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "valueQuantity": {"value": Decimal(value), "unit": unit, "system": UCUM, "code": unit},
    }
    if when is not None:
        found["effectiveDateTime"] = when
    return found | more


def patient() -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1950-05-05"}


def reading(*resources: dict[str, Any]) -> Reading:
    return gather([patient(), *resources]).reading


def measured(name: str, when: Moment | None, **more: Any) -> Measured:
    point = Interval(Decimal(300), Decimal(300))
    given = {"origin": f"Observation/{name}", "path": name, "when": when} | more
    return Measured("total_b12", point, "ng/L", "300 ng/L", **given)


def moments(given: Reading) -> list[str]:
    return [case.as_of.text for case in cases.cases(given, None, POLICY)]


def test_a_fixed_moment_gives_one_case_as_online() -> None:
    given = reading(observation("a", B12, "152", "pg/mL", "2026-03-01"))
    as_of = Moment.parse("2026-03-10")
    assert list(cases.cases(given, as_of, POLICY)) == [choose(given, as_of, POLICY)]


def test_each_time_is_asked_for_once_however_written() -> None:
    given = reading(
        observation("a", B12, "152", "pg/mL", "2026-03-01T08:00:00Z"),
        observation("b", POTASSIUM, "4.1", "mmol/L", "2026-03-01T09:00:00+01:00"),
        observation("c", POTASSIUM, "4.2", "mmol/L", "2026-03-05"),
        observation("d", POTASSIUM, "4.3", "mmol/L", None),
    )
    assert moments(given) == ["2026-03-01T08:00:00Z", "2026-03-05"]


def test_every_moment_is_answered_as_online_for_what_was_known_by_then() -> None:
    dated = [
        observation("a", B12, "152", "pg/mL", "2026-03-01T08:00:00Z"),
        observation("k", POTASSIUM, "2.1", "mmol/L", "2026-03-02T08:00:00Z"),
        observation("b", B12, "480", "pg/mL", "2026-05-01T08:00:00Z"),
        observation("c", B12, "90", "pg/mL", "2027-05-01T08:00:00Z"),
    ]
    engine, composer = prepared("uk")
    recorder = Recorder(engine, composer)
    found = list(cases.cases(reading(*dated), None, POLICY))
    assert len(found) == len(dated)
    for at, case in enumerate(found, 1):
        bundle = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": one} for one in (patient(), *dated[:at])],
        }
        report = interpret(json.dumps(bundle, default=float), as_of=case.as_of.text)
        record = recorder.of(engine.evaluate(case))
        online = {topic: status.status for topic, status in report.statuses.items()}
        assert {one.topic: one.status for one in record.statuses} == online
        assert {one.rule for one in record.notes} == {one.rule for one in report.notes}


def test_a_critical_value_does_not_reach_back() -> None:
    given = reading(
        observation("a", B12, "300", "pg/mL", "2026-03-01T08:00:00Z"),
        observation("k", POTASSIUM, "1.9", "mmol/L", "2026-03-02T08:00:00Z"),
    )
    first, second = cases.cases(given, None, POLICY)
    assert "potassium" not in first.every
    assert [one.reported for one in second.every["potassium"]] == ["1.9 mmol/L"]
    # Asked as of the first time over all that is known, it is told: the cut has to be real.
    assert "potassium" in choose(given, first.as_of, POLICY).every


def test_of_a_partial_date_only_what_is_surely_later_is_cut() -> None:
    when = {name: Moment.parse(name) for name in ("2026", "2026-03", "2026-03-02", "2026-04")}
    given = Reading(
        reading().subject, tuple(measured(name, moment) for name, moment in when.items())
    )
    cut = cases.known_by(given, Moment.parse("2026-03-01"))
    assert {one.path for one in cut.results} == {"2026", "2026-03"}


def test_what_is_undated_stays_and_what_is_later_goes() -> None:
    early, late = Moment.parse("2026-01-01"), Moment.parse("2026-06-01")
    given = Reading(
        reading().subject,
        (measured("a", early), measured("b", late), measured("c", None)),
        (Stated("pregnant", True), Stated("vegan", True, late), Stated("metformin", True, early)),
        (Refusal("unit-missing", "x"), Refusal("unit-unknown", "y", when=late)),
        orders=(Placed(frozenset({"mma"})), Placed(frozenset({"mma"}), late)),
    )
    cut = cases.known_by(given, early)
    assert {one.path for one in cut.results} == {"a", "c"}
    assert {one.name for one in cut.statements} == {"pregnant", "metformin"}
    assert [one.reason for one in cut.refusals] == ["unit-missing"]
    assert cut.orders == (Placed(frozenset({"mma"})),)


def test_what_ended_later_was_still_going_on() -> None:
    begun, ended = Moment.parse("2026-01-01"), Moment.parse("2026-05-01")
    stated = Stated("pregnant", True, begun, ended, history=True)
    given = Reading(reading().subject, statements=(stated,))
    assert cases.known_by(given, Moment.parse("2026-03-01")).statements[0].history is False
    assert cases.known_by(given, Moment.parse("2026-06-01")).statements[0].history is True


def test_an_amendment_counts_at_the_time_of_its_sample() -> None:
    sampled = "2026-01-01T08:00:00Z"
    corrected = {"status": "corrected", "issued": "2026-03-09T00:00:00Z"}
    given = reading(
        observation("a", B12, "100", "pg/mL", sampled, issued="2026-01-02T00:00:00Z"),
        observation("b", B12, "500", "pg/mL", sampled, **corrected),
        observation("c", POTASSIUM, "4.1", "mmol/L", "2026-02-01"),
    )
    for case in cases.cases(given, None, POLICY):
        fact = case.facts["total_b12"]
        assert isinstance(fact, Measured) and fact.reported == "500 pg/mL"


def test_a_version_that_was_replaced_is_no_moment_and_counts_nowhere() -> None:
    first, middle, last = (Moment.parse(f"2026-0{month}-01") for month in (1, 2, 3))
    replaced = measured("a", first)
    other = measured("b", middle)
    amended = measured("a", last, status="amended")
    given = Reading(reading().subject, (replaced, other, amended))
    found = list(cases.cases(given, None, POLICY))
    assert [case.as_of.text for case in found] == ["2026-02-01", "2026-03-01"]
    assert found[0].every["total_b12"] == (other,)


def test_age_is_that_of_the_moment() -> None:
    given = reading(
        observation("a", B12, "300", "pg/mL", "1960-03-01"),
        observation("b", B12, "300", "pg/mL", "2020-03-01"),
    )
    ages = [case.facts["age"] for case in cases.cases(given, None, POLICY)]
    assert [one.reported for one in ages if isinstance(one, Measured)] == ["9 a", "69 a"]


def test_of_a_period_its_end_is_asked_for() -> None:
    collected = {"effectivePeriod": {"start": "2026-03-01", "end": "2026-03-02"}}
    given = reading(observation("a", B12, "300", "pg/mL", None, **collected))
    (case,) = cases.cases(given, None, POLICY)
    assert case.as_of.text == "2026-03-02"
    assert not isinstance(case.facts["total_b12"], Absent)


@pytest.mark.parametrize(("step", "by", "count"), [("minutes", "day", 2), ("days", "month", 50)])
def test_very_many_times_are_joined_and_that_is_said(step: str, by: str, count: int) -> None:
    given = Reading(reading().subject, tuple(_series(step, cases.MOST_MOMENTS + 500)))
    found = cases.asked(given)
    assert (found.by, len(found.moments)) == (by, count)
    assert max(found.moments) == max(one.when for one in given.results if one.when is not None)
    assert cases.remark(given) == cases.JOINED


def test_as_many_times_as_are_allowed_are_asked_one_by_one() -> None:
    given = Reading(reading().subject, tuple(_series("days", cases.MOST_MOMENTS)))
    assert len(cases.asked(given).moments) == cases.MOST_MOMENTS
    assert cases.remark(given) is None


def test_a_person_without_any_time_is_not_passed_over_in_silence() -> None:
    given = reading(observation("a", POTASSIUM, "1.9", "mmol/L", None))
    assert moments(given) == []
    assert cases.remark(given) == cases.NO_MOMENT


def _series(step: str, count: int) -> Iterable[Measured]:
    from datetime import UTC, datetime, timedelta

    first = datetime(2020, 1, 1, tzinfo=UTC)
    for at in range(count):
        when = first + timedelta(**{step: at})
        yield measured(str(at), Moment.parse(f"{when:%Y-%m-%dT%H:%M:%SZ}"))
