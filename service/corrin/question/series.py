"""All results of one analyte over time, with its cut-offs and the times vitamin B12 was given."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Literal

from corrin import terminology, units
from corrin.evaluate.engine import Evaluation
from corrin.facts import versions
from corrin.facts.case import Case, Reading
from corrin.facts.fact import Absent, Measured, Stated
from corrin.facts.interval import Interval
from corrin.facts.statements import order
from corrin.notes import report
from corrin.notes.words import Dictionary
from corrin.question.cut_off import CutOff
from corrin.question.scale import Ground, Scale, Scales

Standing = Literal["used", "earlier", "not used"]


@dataclass(frozen=True, slots=True)
class Point:
    """One result.

    Attributes:
        value: as it was read.
        interval: in the unit of the series; ``None`` where no conversion leads there.
        standing: ``used`` for this answer; ``earlier``: fit to be used, another was; else not fit.
        why: codes of what is peculiar to it, or keeps it from being used.
    """

    value: Measured
    interval: Interval | None
    standing: Standing
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """Vitamin B12 given: a course, or one act, as somebody stated it."""

    label: str
    stated: Stated


@dataclass(frozen=True, slots=True)
class Series:
    """The results of one analyte, oldest first."""

    name: str
    label: str
    unit: str
    points: tuple[Point, ...]
    cut_offs: tuple[CutOff, ...]
    given: tuple[Given, ...]


def series_of(
    reading: Reading,
    evaluation: Evaluation,
    told: report.Report,
    scales: Scales,
    drawn: Iterable[Scale],
    words: Dictionary,
) -> tuple[Series, ...]:
    """Every analyte of which there are two results or more; ``drawn`` are the answer's scales."""
    case = evaluation.case
    several = {
        name: found
        for name in {**case.every, **case.earlier}
        if name in words.terms.analytes and len(found := _results(case, name)) > 1
    }
    if not several:
        return ()
    given = _given(reading, words)
    order_of = {name: index for index, name in enumerate(words.terms.analytes)}
    known = {one.name: one.cut_offs for one in drawn}
    ground: Ground | None = None
    made: list[Series] = []
    for name in sorted(several, key=order_of.__getitem__):
        results = several[name]
        if name not in known:
            # Without a value chosen, the cut-offs that would hold for the last one.
            ground = ground or scales.ground(evaluation, told)
            scale = scales.scale(ground, name, _last(case, name, results))
            known[name] = () if scale is None else scale.cut_offs
        made.append(_one(name, results, given, case, known[name], words))
    return tuple(made)


def _results(case: Case, name: str) -> tuple[Measured, ...]:
    """Every result that stands, each once, oldest first."""
    found = dict.fromkeys((*case.every.get(name, ()), *case.earlier.get(name, ())))
    return tuple(sorted(found, key=versions.order))


def _one(
    name: str,
    results: tuple[Measured, ...],
    given: tuple[Given, ...],
    case: Case,
    cut_offs: tuple[CutOff, ...],
    words: Dictionary,
) -> Series:
    used = _used(case, name)
    unit = _last(case, name, results).unit
    earlier = frozenset(case.earlier.get(name, ()))
    points = tuple(_point(one, unit, used, earlier, case) for one in results)
    return Series(name, words.label(name), unit, points, cut_offs, given)


def _used(case: Case, name: str) -> tuple[Measured, ...]:
    """What was chosen: one result, or those that disagree, or none."""
    fact = case.facts.get(name)
    chosen = fact.among if isinstance(fact, Absent) else (fact,)
    return tuple(one for one in chosen if isinstance(one, Measured))


def _last(case: Case, name: str, results: tuple[Measured, ...]) -> Measured:
    """The result chosen, else the last there is."""
    return (_used(case, name) or results)[-1]


def _point(
    one: Measured, unit: str, used: tuple[Measured, ...], earlier: Set[Measured], case: Case
) -> Point:
    standing: Standing = "not used"
    why = list(one.flags)
    if any(_key(one) == _key(other) for other in used):
        standing = "used"
    elif one.when is None:
        why.append("date-missing")
    elif one.when.start > case.as_of.end:
        why.append("future")
    elif one in earlier:
        standing = "earlier"
    return Point(one, _moved(one, unit), standing, tuple(dict.fromkeys(why)))


def _key(one: Measured) -> tuple[object, ...]:
    """What tells a result from others; flags may be added where it is chosen."""
    return (one.origin, one.path, one.when, one.reported)


def _moved(one: Measured, unit: str) -> Interval | None:
    if one.unit == unit:
        return one.interval
    try:
        analyte = terminology.load().analytes[one.analyte]
        return units.convert_interval(analyte, one.interval, one.unit, unit)
    except units.UnitError:
        return None


def _given(reading: Reading, words: Dictionary) -> tuple[Given, ...]:
    """What was stated of vitamin B12 being given, where it says when.

    One entry may state several concepts: of those the narrowest are told.
    """
    terms = words.terms
    entries: dict[tuple[str, str], dict[str, Stated]] = {}
    for one in sorted(reading.statements, key=order):
        concept = terms.concepts.get(one.name)
        if one.value and one.since is not None and concept is not None and concept.gives_b12:
            entries.setdefault((one.origin, one.path), {})[one.name] = one
    found = []
    for stated in entries.values():
        wider = {other.id for name in stated for other in terms.wider(name)}
        narrow = [name for name in stated if name not in wider] or list(stated)
        found.append(Given(" and ".join(map(words.label, narrow)), stated[narrow[0]]))
    return tuple(found)
