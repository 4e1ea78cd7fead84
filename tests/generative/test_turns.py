"""A value supposed is answered as its band says, and is taken as a reader takes it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from corrin import interpretation, terminology, units
from corrin.evaluate.engine import Engine
from corrin.facts.case import Case, Reading
from corrin.facts.fact import Measured
from corrin.facts.moment import Moment
from corrin.intake import plain
from corrin.question.supposed import CannotSuppose, suppose
from corrin.question.turns import Turns, Way, turns_of
from support.chance import at_most

AS_OF = "2026-11-01T09:00:00Z"
MOMENT = Moment.parse(AS_OF)
DAYS = ("2026-06-20", "2026-10-25", "2026-10-28")
RANGES = {
    "total_b12": ("ng/L", 40, 1200),
    "active_b12": ("pmol/L", 5, 200),
    "mma": ("nmol/L", 60, 1500),
    "homocysteine": ("umol/L", 4, 120),
    "creatinine": ("umol/L", 30, 600),
    "haemoglobin": ("g/L", 50, 170),
    "mcv": ("fL", 70, 130),
    "wbc": ("10*9/L", 1, 15),
    "neutrophil_fraction": ("%", 5, 90),
    "platelets": ("10*9/L", 20, 400),
    "calcium": ("mmol/L", 1, 4),
    "albumin": ("g/L", 15, 55),
    "potassium": ("mmol/L", 2, 7),
}
# What is read together, or worked out of each other.
TOGETHER = (
    ("total_b12", "mma", "creatinine"),
    ("total_b12", "active_b12", "mma", "homocysteine"),
    ("calcium", "albumin"),
    ("wbc", "neutrophil_fraction"),
    ("platelets", "platelets"),
    (),
)
CONTEXT = ("pregnant", "ataxia", "nitrous_oxide", "metformin", "paraesthesia")
# What nobody can report has no name a case could give it.
OURS = {"worked-out": "name-unknown"}
ANALYTES = terminology.load().analytes


@lru_cache(maxsize=1)
def engine() -> Engine:
    return interpretation.prepared("uk")[0]


def choose(reading: Reading) -> Case:
    return interpretation.choose_case(reading, MOMENT, engine())


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    """One person's results, some of them twice, in their usual unit."""
    results: list[dict[str, Any]] = []
    names = [
        *draw(st.sampled_from(TOGETHER)),
        *draw(st.lists(st.sampled_from(sorted(RANGES)), max_size=4)),
    ]
    for name in names:
        unit, low, high = RANGES[name]
        value: Any = draw(st.integers(low * 10, high * 10)) / 10
        if draw(st.integers(0, 9)) == 0:
            value = f"{draw(st.sampled_from('<>'))}{value}"
        one = {"test": name, "value": value, "unit": unit, "date": draw(st.sampled_from(DAYS))}
        if draw(st.booleans()):
            one["range"] = {"low": low + (high - low) / 5, "high": high - (high - low) / 3}
        one["status"] = draw(st.sampled_from(("final", "final", "preliminary", "corrected")))
        results.append(one)
    case = {
        "patient": {
            "sex": draw(st.sampled_from(["female", "male"])),
            "birth_date": draw(st.sampled_from(["1950-04-01", "1991-01-05", "2006", "1961-10"])),
        },
        "results": results,
        "context": {
            "conditions": {
                "present": draw(st.lists(st.sampled_from(CONTEXT), max_size=2, unique=True))
            }
        },
    }
    return plain.read(json.dumps(case).encode(), as_of=MOMENT, lenient=True)


def near(reading: Reading, turns: Turns, parts: list[Decimal]) -> Iterator[Decimal]:
    """Values spread over what is usual, and those beside which something may turn."""
    about = ANALYTES[turns.analyte]
    usual, low, high = RANGES[turns.analyte]
    with contextlib.suppress(units.UnitError):
        for part in parts:
            value = low + (high - low) * part
            yield units.convert(about, value, usual, turns.unit)
    edges = [turn.at for turn in turns.turns]
    for one in reading.results:
        if one.analyte == turns.analyte:
            known = (one.interval, one.reference_range or one.interval)
            ends = [end for each in known for end in (each.low, each.high) if end is not None]
            with contextlib.suppress(units.UnitError):
                edges += [units.convert(about, end, one.unit, turns.unit) for end in ends]
    for edge in edges:
        step = Decimal(1).scaleb(edge.adjusted() - 5)
        yield from (edge - step, edge, edge + step)


@at_most(20)
@given(st.data(), readings())
def test_a_value_is_answered_as_its_band_says(data: st.DataObject, reading: Reading) -> None:
    measured = sorted({one.analyte for one in reading.results} & RANGES.keys())
    name = data.draw(st.sampled_from([*measured, *measured, *sorted(RANGES)]))
    unit = data.draw(st.sampled_from(ANALYTES[name].units))
    way = Way(engine(), reading, choose(reading), choose, name, unit)
    turns = turns_of(way)
    if turns.rough:
        return
    ends = turns.bands[0].interval.low, turns.bands[-1].interval.high
    parts = data.draw(st.lists(st.integers(0, 1000), min_size=8, max_size=8))
    for value in near(reading, turns, [Decimal(part) / 1000 for part in parts]):
        band = turns.holding(value)
        if band is not None and value not in ends:
            assert band.outcome == way.outcome(value), value


@at_most(20)
@given(readings(), st.sampled_from(sorted(RANGES)))
def test_bands_are_one_after_the_other_without_a_hole(reading: Reading, name: str) -> None:
    turns = turns_of(Way(engine(), reading, choose(reading), choose, name, RANGES[name][0]))
    for one, other in zip(turns.bands, turns.bands[1:], strict=False):
        assert one.interval.high == other.interval.low
        assert one.interval.high_closed is not other.interval.low_closed
        assert one.outcome != other.outcome


@given(
    st.sampled_from(sorted(name for name, one in ANALYTES.items() if one.kind == "quantity")),
    st.data(),
)
def test_what_is_supposed_is_taken_as_a_reader_takes_it(name: str, data: st.DataObject) -> None:
    about = ANALYTES[name]
    unit = data.draw(st.sampled_from((*about.units, "mg/dL", "ng/mL", "IU", "x")))
    value = Decimal(data.draw(st.integers(-20, 10**6))).scaleb(data.draw(st.integers(-4, 0)))
    written = {"test": name, "value": "VALUE", "unit": unit, "date": "2026-10-28"}
    text = json.dumps({"results": [written]}).replace('"VALUE"', f"{value:f}")
    read = plain.read(text.encode(), as_of=MOMENT, lenient=True)
    bare = Reading(read.subject)
    try:
        made = suppose(bare, choose(bare), name, value, unit)
    except CannotSuppose as refused:
        if refused.reason != "not-alone":  # pregnancy is stated by the result itself
            assert OURS.get(refused.reason, refused.reason) in {x.reason for x in read.refusals}
        return
    assert not read.refusals
    (found,) = read.results
    assert (made.result.interval, made.result.unit) == (found.interval, found.unit)
    assert isinstance(found, Measured)
    assert made.result.reported_unit == found.reported_unit
