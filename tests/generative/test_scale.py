"""A value is drawn on the side of every cut-off on which the rules say it lies."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from corrin import interpretation
from corrin.api.page.answer.scale_view import NARROWEST, Drawn, drawn
from corrin.facts.case import Reading
from corrin.facts.fact import Measured
from corrin.facts.interval import Interval
from corrin.intake import plain
from corrin.notes.report import Report
from corrin.question.cut_off import CutOff, Side
from corrin.question.scale import Reach, Scale, Stretch, scales_of
from support.chance import at_most

from .test_turns import MOMENT, engine, readings

WIDTHS = (NARROWEST, 320, 500, 900)


def side(value: Interval, figure: Decimal) -> Side:
    other = Interval.point(figure)
    if value.eq(other) is True:
        return "at"
    if value.lt(other) is True:
        return "below"
    return "above" if value.gt(other) is True else "open"


@st.composite
def intervals(draw: st.DrawFn, figures: list[Decimal]) -> Interval:
    """A point, a censored value or a range; often right at a cut-off."""
    anywhere = st.decimals("0.001", "100000", places=3, allow_nan=False, allow_infinity=False)
    end = st.one_of(st.sampled_from(figures), anywhere)
    match draw(st.integers(0, 3)):
        case 0:
            return Interval.point(draw(end))
        case 1:
            return Interval(None, draw(end), False, draw(st.booleans()))
        case 2:
            return Interval(draw(end), None, draw(st.booleans()), False)
        case _:
            low, high = sorted((draw(end), draw(end)))
            return Interval(low, high)


@st.composite
def scales(draw: st.DrawFn) -> Scale:
    """Any value among any cut-offs, near to each other or orders of magnitude apart."""
    size = st.decimals("0.01", "5000", places=2, allow_nan=False, allow_infinity=False)
    figures = sorted(draw(st.sets(size, min_size=1, max_size=9)))
    interval = draw(intervals(figures))
    ends = [end for end in (interval.low, interval.high) if end is not None]
    cells = [
        Interval(low, high, low == 0, False)
        for low, high in pairwise([Decimal(0), *figures, None])
        if low is not None
    ]
    return Scale(
        value=Measured("total_b12", interval, "ng/L", reported=f"{interval} ng/L"),
        label="total vitamin B12",
        cut_offs=tuple(
            CutOff(figure, f"{figure} ng/L", side(interval, figure), True, ()) for figure in figures
        ),
        reaches=(
            Reach(
                "b12_status",
                "B12",
                tuple(Stretch(cell, f"{cell}", ("said",), False) for cell in cells),
            ),
        ),
        low=Decimal(0),
        high=max([*figures, *ends]) * Decimal("1.2"),
    )


def held(found: Drawn) -> None:
    """What must be so of every drawing."""
    bar, at = found.value, [tick.x for tick in found.ticks]
    assert all(one < other for one, other in pairwise(at))
    assert all(0 <= x <= 100 for x in (*at, bar.low, bar.high))
    assert bar.low <= bar.high
    for tick in found.ticks:
        match tick.cut_off.stands:
            case "at":
                assert bar.is_point and bar.low == tick.x
            case "below":
                assert bar.high < tick.x or (not bar.is_point and bar.high == tick.x)
            case "above":
                assert bar.low > tick.x or (not bar.is_point and bar.low == tick.x)
            case "open":
                assert bar.low <= tick.x <= bar.high and not bar.is_point
    interval = found.scale.value.interval
    assert (bar.low_end in ("arrow", "zero")) is (interval.low is None)
    assert (bar.high_end == "arrow") is (interval.high is None)
    for width in WIDTHS:
        rows: dict[int, list[tuple[float, float]]] = {}
        for tick in found.ticks:
            rows.setdefault(tick.label.row, []).append(tick.label.reaches(width))
        for labels in rows.values():
            assert all(one[1] < other[0] for one, other in pairwise(sorted(labels)))
    pieces = found.pieces
    assert all(
        abs(one.x + one.width - other.x) < 0.02 for one, other in pairwise(pieces)
    )  # they touch, as far as two decimals tell


@given(scales())
@at_most(400)
def test_a_value_is_drawn_on_its_side_of_every_cut_off(scale: Scale) -> None:
    found = drawn(scale, "b12_status")
    held(found)
    assert len(found.pieces) == len(scale.reaches[0].stretches)


def made(reading: Reading) -> tuple[Report, tuple[Scale, ...]]:
    composer = interpretation.prepared("uk")[1]
    evaluation = engine().evaluate(interpretation.choose_case(reading, MOMENT, engine()))
    report = composer.compose(evaluation)
    return report, scales_of(engine(), composer).of(evaluation, report)


@given(readings())
@at_most(60)
def test_the_scales_of_a_case_hold_what_the_rules_say(reading: Reading) -> None:
    report, found = made(reading)
    for scale in found:
        interval = scale.value.interval
        figures = [one.figure for one in scale.cut_offs]
        ends = [end for end in (interval.low, interval.high) if end is not None]
        assert figures == sorted(set(figures))
        assert all(scale.low <= figure <= scale.high for figure in (*figures, *ends))
        for reach in scale.reaches:
            held(drawn(scale, reach.topic))
            assert reach.edges <= set(figures)
            stretches = reach.stretches
            assert stretches[-1].interval.high is None
            for one, other in pairwise(stretches):
                assert one.interval.high == other.interval.low
                assert one.interval.high_closed is not other.interval.low_closed
            status = report.statuses[reach.topic]
            said = {says for one in stretches if one.here for says in one.says}
            assert {status.says, *(word.says for word in status.possible)} & said
            if status.status is not None and interval.is_point:
                assert [one.says for one in stretches if one.here] == [(status.says,)]


def test_a_value_in_another_dimension_stands_where_it_compares() -> None:
    """B12 is published in two units; each value is held against the figure in its own."""
    reading = plain.read(
        b'{"results": [{"test": "total_b12", "value": "133 pmol/L", "date": "2026-10-28"}]}'
    )
    _, (scale,) = made(reading)
    stands = {one.shown: one.stands for one in scale.cut_offs}
    assert stands["133 pmol/L"] == "at"
    assert stands["258 pmol/L"] == "below"


def test_a_laboratory_range_that_ends_beyond_the_drawing_reaches_its_edge() -> None:
    reading = plain.read(
        b'{"results": [{"test": "total_b12", "value": "<150 ng/L", "date": "2026-10-28",'
        b' "range": "232-1245"}]}'
    )
    _, (scale,) = made(reading)
    found = drawn(scale, "b12_status").laboratory
    assert found is not None
    assert found.high == 100
    assert 0 < found.low < 100
