"""All results of an analyte over time: which was used, which could not be, when B12 was given."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from corrin import interpretation
from corrin.api.page.answer.trend_view import NEWEST, Shown, instant, shown
from corrin.facts.moment import Moment
from corrin.intake import plain
from corrin.question.scale import scales_of
from corrin.question.series import series_of
from support.work import lines

AS_OF = Moment.parse("2026-11-01T09:00:00Z")


def asked(*results: dict[str, Any], **more: Any) -> tuple[Any, ...]:
    """What a series is made of."""
    case = {"results": list(results), **more}
    reading = plain.read(json.dumps(case).encode(), as_of=AS_OF)
    engine, composer = interpretation.prepared("uk")
    evaluation = engine.evaluate(interpretation.choose_case(reading, AS_OF, engine))
    report, scales = composer.compose(evaluation), scales_of(engine, composer)
    found = scales.of(evaluation, report)
    return reading, evaluation, report, scales, found, composer.words


def of(*results: dict[str, Any], **more: Any) -> dict[str, Shown]:
    made = asked(*results, **more)
    return {one.name: shown(one, made[2], made[-1]) for one in series_of(*made)}


def b12(value: Any, date: str | None, **more: Any) -> dict[str, Any]:
    found = {"test": "total_b12", "value": value, "unit": "ng/L", **more}
    return found if date is None else {**found, "date": date}


def test_one_result_is_no_series() -> None:
    assert of(b12(240, "2026-10-28")) == {}


def test_results_come_newest_first_and_say_which_was_used() -> None:
    found = of(b12(310, "2026-10-20"), b12(150, "2026-06-02"), b12(172, "2026-08-20"))
    rows = found["total_b12"].rows
    assert [row.reported for row in rows] == ["310 ng/L", "172 ng/L", "150 ng/L"]
    assert [row.standing for row in rows] == [
        "used for this answer", "another was used", "another was used",
    ]  # fmt: skip
    assert [cut.shown for cut in found["total_b12"].cut_offs] == ["180 ng/L", "350 ng/L"]
    trend = found["total_b12"].trend
    assert trend is not None and trend.direction == "rising"


def test_a_censored_result_is_open_on_its_side() -> None:
    last, first = of(b12("<150", "2026-06-02"), b12(">2000", "2026-10-20"))["total_b12"].rows
    assert (first.low, first.high, first.middle) == ("", "150", "150")
    assert (last.low, last.high, last.middle) == ("2000", "", "2000")


def test_a_result_of_another_dimension_is_told_in_the_unit_of_the_one_used() -> None:
    found = of(b12(150, "2026-06-02", unit="pmol/L"), b12(310, "2026-10-20"))["total_b12"]
    assert found.unit == "ng/L"
    assert found.rows[1].reported == "150 pmol/L"
    assert found.rows[1].compared.endswith("ng/L")
    assert 200 < float(found.rows[1].middle) < 207


def test_what_cannot_be_used_says_why() -> None:
    found = of(
        b12(310, "2026-10-20"), b12(240, "2026-12-24"), b12(9999999, "2026-09-01")
    )["total_b12"]  # fmt: skip
    standing = {row.reported: (row.standing, row.why) for row in found.rows}
    assert standing["310 ng/L"][0] == "used for this answer"
    assert standing["240 ng/L"][0] == standing["9999999 ng/L"][0] == "not fit to be used"
    assert all(standing[name][1] for name in ("240 ng/L", "9999999 ng/L"))


def test_two_results_that_disagree_are_both_what_the_answer_rests_on() -> None:
    found = of(b12(170, "2026-10-20"), b12(420, "2026-10-20"))["total_b12"]
    assert {row.standing for row in found.rows} == {"used for this answer"}


def test_treatment_is_told_by_its_narrowest_name_with_its_time() -> None:
    found = of(
        b12(88, "2026-06-02"),
        b12(310, "2026-10-20"),
        context={"medicines": {"present": [{"name": "hydroxocobalamin", "since": "2026-07"}]}},
    )["total_b12"]
    (course,) = found.courses
    assert course.label == "hydroxocobalamin"
    assert course.since == "2026-07"
    assert course.at.startswith("2026-07-16")


@pytest.mark.parametrize(
    "value",
    [
        "132",
        "132.8",
        "132.9",
        "133",
        "133.1",
        "257.9",
        "258",
        "258.1",
        "258.2",
        "258.3",
        "200",
        "40",
    ],
)
def test_a_result_is_drawn_on_the_side_of_a_cut_off_it_was_compared_on(value: str) -> None:
    alone = asked(b12(value, "2026-10-20", unit="pmol/L"))
    (scale,) = [one for one in alone[4] if one.name == "total_b12"]
    found = of(b12(value, "2026-06-02", unit="pmol/L"), b12(310, "2026-10-20"))
    series = found["total_b12"]
    row, chart = series.rows[1], series.chart
    assert row.low == row.high
    assert series.unit == "ng/L"
    assert chart.bottom <= Decimal(row.low) <= chart.top
    stands = {used.name: one.stands for one in scale.cut_offs for used in one.used}
    assert len(series.cut_offs) == 2
    for cut in series.cut_offs:
        (stood,) = {stands[used.name] for used in cut.used if used.name in stands}
        off = Decimal(row.low) - cut.figure
        assert {"below": off < 0, "at": off == 0, "above": off > 0}[stood], (value, cut)
    # What is told of it is the conversion all the same.
    assert abs(Decimal(row.middle) - Decimal(value) * Decimal("1.355")) < 1


def test_a_bound_is_drawn_up_to_a_cut_off_or_over_it_as_it_was_compared() -> None:
    def drawn(value: str) -> tuple[str, str]:
        found = of(b12(value, "2026-06-02", unit="pmol/L"), b12(310, "2026-10-20"))
        return found["total_b12"].rows[1].low, found["total_b12"].rows[1].high

    assert drawn("<133") == ("", "180")  # converted it would reach over 180 ng/L
    low, high = drawn("<258.1")  # converted it would end below 350 ng/L
    assert low == ""
    assert float(high) > 350
    assert drawn(">258") == ("350", "")


def test_results_of_one_unit_are_drawn_where_they_are() -> None:
    rows = of(b12(179.9, "2026-06-02"), b12(180.1, "2026-10-20"))["total_b12"].rows
    assert [row.low for row in rows] == ["180.1", "179.9"]
    assert [row.middle for row in rows] == ["180.1", "179.9"]


def test_of_very_many_results_the_newest_are_shown_and_all_that_stand_out() -> None:
    days = [str(date(2026, 10, 28) - timedelta(days=number)) for number in range(200)]
    given = [b12(200 + number, day) for number, day in enumerate(days)]
    given[100] |= {"interpretation": "LL"}
    given[120] |= {"status": "corrected"}
    given[140] |= {"value": "340,5"}
    given[160] |= {"value": 9999999}
    given[180] |= {"date": "2026-12-24"}
    found = of(*given)["total_b12"]
    shown_ = [row.reported for row in found.rows]
    assert len(shown_) == NEWEST + 5
    assert found.more == len(given) - len(shown_)
    assert found.more_in_json
    # What lies in the future is newer than all, and always told.
    told = {f"{one['value']} ng/L" for one in given[: NEWEST - 1]}
    stand_out = {"300 ng/L", "320 ng/L", "340,5 ng/L", "9999999 ng/L", "380 ng/L", "399 ng/L"}
    assert told | stand_out <= set(shown_)
    times = [row.at for row in found.rows]
    assert times == sorted(times, reverse=True)


def test_how_a_time_is_written_keeps_no_result_on_the_page() -> None:
    days = [str(date(2026, 10, 28) - timedelta(days=number)) for number in range(60)]
    found = of(*(b12(200 + at, f"{day}T08:00:00") for at, day in enumerate(days)))["total_b12"]
    assert all(row.why for row in found.rows)
    # The newest, and the highest of all.
    assert (len(found.rows), found.more) == (NEWEST + 1, len(days) - NEWEST - 1)


def test_a_result_that_a_note_names_is_shown_however_old() -> None:
    days = [str(date(2026, 10, 28) - timedelta(days=number)) for number in range(60)]
    made = asked(*(b12(200 + number, day) for number, day in enumerate(days)))
    (series,) = series_of(*made)
    old = series.points[0].value
    row = shown(series, made[2], made[-1], {(old.origin, old.path)}).rows[-1]
    assert row.reported == "259 ng/L"


def test_a_moment_at_the_end_of_the_calendar_is_none() -> None:
    assert instant(Moment.parse("0001-01-01T00:00:00+14:00")) == ""
    assert instant(None) == ""
    assert instant(Moment.parse("2026-06-02T08:15:00Z")) == "2026-06-02T08:15:00Z"


def test_twice_as_many_results_are_twice_the_work() -> None:
    def work(many: int) -> int:
        days = (date(2026, 10, 28) - timedelta(days=number) for number in range(many))
        made = asked(*(b12(200 + number, str(day)) for number, day in enumerate(days)))
        return lines(lambda: series_of(*made))

    assert work(200) < 2.5 * work(100)
