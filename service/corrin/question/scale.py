"""One measured value beside the cut-offs that hold for this person, and where each stretch of
values would lead. Exact: what is drawn of it is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from corrin.evaluate.cells import EVERYTHING
from corrin.evaluate.decide import MOST_SETTLED, Band, Decider
from corrin.evaluate.engine import Engine, Evaluation
from corrin.facts.fact import Absent, Measured
from corrin.facts.interval import Interval
from corrin.notes import report
from corrin.notes.compose import Composer
from corrin.notes.figure import in_reported_unit
from corrin.notes.sentence import readable
from corrin.notes.words import stretch
from corrin.question.cut_off import Behind, Beside, CutOff, CutOffs, told_of
from corrin.terminology.analyte import Analyte

_ZERO, _ONE = Decimal(0), Decimal(1)
_ROOM = Decimal(5)  # a fifth of all is kept free beyond the outermost figure
_FROM_ZERO = Interval(_ZERO, None, True, False)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values that lead to the same statuses; ``here`` where the value lies in it, or may."""

    interval: Interval
    shown: str
    says: tuple[str, ...]
    here: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """Where each value would lead under one topic, all else as it is; stretches ascend."""

    topic: str
    title: str
    stretches: tuple[Stretch, ...]

    @property
    def edges(self) -> frozenset[Decimal]:
        """The figures at which that changes; zero is the end of all values, and no change."""
        ends = (end for one in self.stretches[1:] for end in (one.interval.low, one.interval.high))
        return frozenset(end for end in ends if end is not None)


@dataclass(frozen=True, slots=True)
class Scale:
    """A value, its cut-offs in ascending order, and what they part.

    ``low`` and ``high`` bound what is worth drawing: everything finite lies between them.
    """

    value: Measured
    label: str
    cut_offs: tuple[CutOff, ...]
    reaches: tuple[Reach, ...]
    low: Decimal
    high: Decimal

    @property
    def name(self) -> str:
        """The analyte."""
        return self.value.analyte


@dataclass(frozen=True, slots=True)
class Ground:
    """One answer: what the rules said, what the report tells, the cut-offs it names and those
    behind its notes."""

    evaluation: Evaluation
    told: report.Report
    named: Mapping[tuple[str, str], report.ThresholdUsed]
    behind: Behind


class Scales:
    """Makes the scales of one engine's answers; safe to share between threads."""

    def __init__(self, engine: Engine, composer: Composer) -> None:
        self._engine, self._words = engine, composer.words
        self._cut_offs = CutOffs(engine, composer)

    def of(self, evaluation: Evaluation, told: report.Report) -> tuple[Scale, ...]:
        """A scale for each value chosen that has a cut-off, in the order of the report."""
        facts, ground = evaluation.case.facts, self.ground(evaluation, told)
        found = []
        for name in dict.fromkeys(value.name for value in told.values):
            fact = facts.get(name)
            for value in fact.among if isinstance(fact, Absent) else (fact,):
                if isinstance(value, Measured):
                    scale = self.scale(ground, name, value)
                    if scale is not None:
                        found.append(scale)
        return tuple(found)

    def ground(self, evaluation: Evaluation, told: report.Report) -> Ground:
        """What all scales of one answer share."""
        behind = self._cut_offs.behind(evaluation, told)
        return Ground(evaluation, told, told_of(told), behind)

    def scale(self, ground: Ground, name: str, value: Measured) -> Scale | None:
        """The scale of one value, as if it were the one chosen; ``None`` without a cut-off."""
        evaluation, told = ground.evaluation, ground.told
        world = evaluation.world
        if world.facts.get(name) is not value:
            world = world.given(**{name: value})
        of = Beside(name, value, self._engine.compiler.analyte(name), world, ground.named)
        reaches = []
        for topic in evaluation.decided:
            if not self._cut_offs.in_table(topic, name):
                continue
            decider = self._engine.deciders[topic]
            reach = self._reach(decider, of)
            wanted = {(used.pack, used.name) for used in told.statuses[topic].thresholds}
            if reach is None:
                self._cut_offs.of_decision(of, decider, (), frozenset(), wanted)
            else:
                reaches.append(reach)
                stretches = [one.interval for one in reach.stretches]
                self._cut_offs.of_decision(of, decider, stretches, reach.edges, wanted)
        self._cut_offs.of_notes(of, ground.behind)
        cut_offs = of.found()
        if not cut_offs:
            return None
        low, high = _domain(value.interval, (one.figure for one in cut_offs))
        return Scale(value, self._words.label(name), cut_offs, tuple(reaches), low, high)

    def _reach(self, decider: Decider, of: Beside) -> Reach | None:
        """Where every value leads; ``None`` where all lead to the same, or too much is open."""
        if decider.size(of.world) > MOST_SETTLED:
            return None
        # What is measured does not fall below nothing, unless this one did.
        low = of.value.interval.low
        everything = _FROM_ZERO if low is None or low >= _ZERO else EVERYTHING
        finding = decider.within(of.world, of.name, everything)
        if len(finding.outcomes) < 2:
            return None
        content = decider.decision.decision
        stretches = tuple(
            Stretch(
                band.interval,
                _shown(of.analyte, band, of.value),
                tuple(content.statuses[status].says for status in band.statuses),
                of.value.interval.intersect(band.interval) is not None,
            )
            for band in finding.bands
            if band.interval is not None
        )
        return Reach(decider.decision.topic, content.title, stretches)


@lru_cache(maxsize=16)
def scales_of(engine: Engine, composer: Composer) -> Scales:
    """What makes the scales of an engine's answers, made once."""
    return Scales(engine, composer)


def _shown(analyte: Analyte, band: Band, value: Measured) -> str:
    """A stretch in words, in the unit the value was reported in where that stays short."""
    interval, unit = band.interval, band.unit
    assert interval is not None and unit is not None
    if interval.low == _ZERO and interval.high is not None:
        interval = Interval(None, interval.high, False, interval.high_closed)
    reported = value.reported_unit or unit
    if reported != unit:
        low, high = (_moved(analyte, end, unit, value) for end in (interval.low, interval.high))
        if (low is None) is (interval.low is None) and (high is None) is (interval.high is None):
            interval = Interval(low, high, interval.low_closed, interval.high_closed)
            unit = reported
    return readable(stretch(interval, unit))


def _moved(analyte: Analyte, end: Decimal | None, unit: str, value: Measured) -> Decimal | None:
    """A figure in the unit a value was reported in; ``None`` where that makes long decimals."""
    if end is None:
        return None
    said = in_reported_unit(analyte, Interval.point(end), unit, value)
    figure, _, its_unit = said.partition(" ")
    return Decimal(figure) if its_unit == value.reported_unit else None


def _domain(value: Interval, figures: Iterable[Decimal]) -> tuple[Decimal, Decimal]:
    """From nothing (or below, where something is) to some way beyond the highest figure."""
    every = [*figures, *(end for end in (value.low, value.high) if end is not None)]
    low, high = min(every), max(every)
    room = (high - min(low, _ZERO)) / _ROOM or _ONE
    return (_ZERO if low >= _ZERO else low - room), high + room
