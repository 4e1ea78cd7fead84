"""The cut-offs that hold for a person beside one value, and on which side of each it lies.

Of all cut-offs in the rules those are taken that are used: where a status changes, all else being
as it is, and those that a status or a note of the answer was decided by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from corrin import units
from corrin.evaluate.decide import Decider
from corrin.evaluate.engine import Engine, Evaluation
from corrin.facts.fact import Measured
from corrin.facts.interval import Interval
from corrin.language import tree
from corrin.language.compare import Figures, beside
from corrin.language.world import World
from corrin.notes import report
from corrin.notes.compose import Composer
from corrin.notes.figure import in_reported_unit
from corrin.notes.sentence import readable
from corrin.notes.words import short_digits
from corrin.packs.bound import BoundPack, BoundRule
from corrin.terminology.analyte import Analyte

Side = Literal["below", "at", "above", "open"]
_Key = tuple[str, str]
Behind = Mapping[str, list[tuple[tree.Cut, BoundPack]]]


@dataclass(frozen=True, slots=True)
class CutOff:
    """One figure a value is held against.

    Attributes:
        figure: in the unit of the value.
        shown: as the reader of the result would write it.
        stands: where the value lies, exactly as the rules compare; ``open``: on both sides.
        sure: false where who it holds for is not known and others may hold instead.
        used: the thresholds that have this figure; none for a figure written in a rule.
        figures: as each of them has it, in every unit it is published in.
    """

    figure: Decimal
    shown: str
    stands: Side
    sure: bool
    used: tuple[report.ThresholdUsed, ...]
    figures: tuple[Figures, ...] = ()


@dataclass(slots=True)
class Beside:
    """One value in its world, and the cut-offs found for it so far."""

    name: str
    value: Measured
    analyte: Analyte
    world: World
    told: Mapping[_Key, report.ThresholdUsed]
    _sides: dict[Decimal, tuple[Side, bool]] = field(default_factory=dict)
    _figures: dict[Decimal, dict[Figures, None]] = field(default_factory=dict)
    _used: dict[Decimal, dict[_Key, report.ThresholdUsed]] = field(default_factory=dict)

    def add(
        self, figure: Decimal, figures: Figures, sure: bool, used: report.ThresholdUsed | None
    ) -> None:
        """A figure that is held against the value, with the threshold it is one of."""
        known = self._sides.get(figure)
        self._sides[figure] = (
            side(self.analyte, self.value, figures),
            sure or (known is not None and known[1]),
        )
        self._figures.setdefault(figure, {})[figures] = None
        if used is not None:
            self._used.setdefault(figure, {}).setdefault((used.pack, used.name), used)

    def found(self) -> tuple[CutOff, ...]:
        """All of them, ascending."""
        value = self.value
        return tuple(
            CutOff(
                figure,
                readable(short_digits(_shown(self.analyte, figure, value))),
                stands,
                sure,
                tuple(self._used.get(figure, {}).values()),
                tuple(self._figures[figure]),
            )
            for figure, (stands, sure) in sorted(self._sides.items())
        )


class CutOffs:
    """Finds cut-offs in the rules of one engine; safe to share between threads."""

    def __init__(self, engine: Engine, composer: Composer) -> None:
        self._engine, self._basis = engine, composer.basis
        self._decisions = {topic: _of_table(one) for topic, one in engine.deciders.items()}
        # By identity; the rule is kept beside, so that its identity stays taken.
        self._rules: dict[int, tuple[BoundRule, tuple[tuple[str, tree.Cut], ...]]] = {}

    def in_table(self, topic: str, name: str) -> tuple[tree.Cut, ...]:
        """The cut-offs a decision and its restrictions hold a fact against."""
        return self._decisions[topic].get(name, ())

    def of_decision(
        self,
        of: Beside,
        decider: Decider,
        stretches: Iterable[Interval],
        edges: Set[Decimal],
        wanted: Set[_Key],
    ) -> None:
        """Add those of a decision that are wanted by name, or part two stretches of values.

        Args:
            edges: the figures at which the status changes.
        """
        pack = self._engine.library.packs[decider.pack]
        parting: dict[Decimal, list[tuple[tree.Cut, Figures, bool]]] = {}
        for cut in self.in_table(decider.decision.topic, of.name):
            for figure, figures, sure in self._figures(of, cut):
                if figure in edges:
                    parting.setdefault(figure, []).append((cut, figures, sure))
                elif _key(cut) in wanted:
                    of.add(figure, figures, sure, self._threshold(of, cut, pack))
        met: set[tree.Cut] | None = None
        for figure, parts in parting.items():
            if len(parts) > 1:
                # Of several of one figure some may be for others (a haemoglobin in pregnancy).
                met = self._met(of, decider, stretches) if met is None else met
                parts = [part for part in parts if part[0] in met] or parts
            for cut, figures, sure in parts:
                of.add(figure, figures, sure, self._threshold(of, cut, pack))

    def of_notes(self, of: Beside, behind: Behind) -> None:
        """Add those behind the notes of a report."""
        for cut, pack in behind.get(of.name, ()):
            for figure, figures, sure in self._figures(of, cut):
                of.add(figure, figures, sure, self._threshold(of, cut, pack))

    def behind(self, evaluation: Evaluation, told: report.Report) -> Behind:
        """The cut-offs behind the notes of a report, by the fact held against them."""
        wanted: dict[str, set[_Key]] = {}
        for note in told.notes:
            if note.thresholds:
                keys = {(used.pack, used.name) for used in note.thresholds}
                wanted.setdefault(note.rule, set()).update(keys)
        found: dict[str, list[tuple[tree.Cut, BoundPack]]] = {}
        for fired in evaluation.fired:
            keys = wanted.get(fired.bound.rule.id, set())
            for fact, cut in self._of_rule(fired.bound) if keys else ():
                if _key(cut) in keys:
                    about = fired.bound.result if fact == "result" else fact
                    found.setdefault(str(about), []).append((cut, fired.pack))
        return found

    def _figures(self, of: Beside, cut: tree.Cut) -> Iterator[tuple[Decimal, Figures, bool]]:
        """The figures a cut-off may have for this person, in the unit of the value."""
        possible = self._engine.compiler.reader(cut).figures(of.world, of.value)
        for figures in possible:
            figure = _in_unit(figures, of.analyte, of.value.unit)
            if figure is not None:
                yield figure, figures, len(possible) == 1

    def _threshold(self, of: Beside, cut: tree.Cut, pack: BoundPack) -> report.ThresholdUsed | None:
        if cut.name is None:
            return None
        return of.told.get(_key(cut)) or self._basis.threshold(cut, of.name, of.world, pack)

    def _met(self, of: Beside, decider: Decider, stretches: Iterable[Interval]) -> set[tree.Cut]:
        """The cut-offs that decide somewhere along some stretches of values."""
        found: set[tree.Cut] = set()
        for interval in stretches:
            here = of.world.given(**{of.name: replace(of.value, interval=interval)})
            verdict, _ = decider.first(here)
            holding = [one.when for one in verdict.restrictions]
            if verdict.row is not None:
                holding.append(decider.decision.rows[verdict.row].when)
            for condition in holding:
                for leaf in self._basis.leaves(condition, here):
                    found.update(cut for fact, cut in _cuts_in(leaf.node) if fact == of.name)
        return found

    def _of_rule(self, bound: BoundRule) -> tuple[tuple[str, tree.Cut], ...]:
        known = self._rules.get(id(bound))
        if known is None:
            found = tuple(dict.fromkeys(_cuts_in(bound.when)))
            known = self._rules[id(bound)] = (bound, found)
        return known[1]


def side(analyte: Analyte, value: Measured, figures: Figures) -> Side:
    """On which side of a cut-off a value lies, as the rules compare the two."""
    held, figure = beside(analyte, value, figures)
    if held.eq(figure) is True:
        return "at"
    if held.lt(figure) is True:
        return "below"
    return "above" if held.gt(figure) is True else "open"


def told_of(told: report.Report) -> dict[_Key, report.ThresholdUsed]:
    """The thresholds a report tells of, as it tells them."""
    parts = [one.thresholds for one in told.notes]
    parts += [one.thresholds for one in told.statuses.values()]
    return {(used.pack, used.name): used for part in parts for used in part}


def _shown(analyte: Analyte, figure: Decimal, value: Measured) -> str:
    return in_reported_unit(analyte, Interval.point(figure), value.unit, value)


def _of_table(decider: Decider) -> dict[str, tuple[tree.Cut, ...]]:
    found: dict[str, dict[tree.Cut, None]] = {}
    for condition in (*decider.decision.conditions, *(one.when for one in decider.restrictions)):
        for fact, cut in _cuts_in(condition):
            found.setdefault(fact, {})[cut] = None
    return {fact: tuple(cuts) for fact, cuts in found.items()}


def _cuts_in(condition: tree.Expression) -> Iterator[tuple[str, tree.Cut]]:
    for node in tree.walk(condition):
        if isinstance(node, tree.Compare | tree.Between):
            for cut in tree.cuts_of(node):
                yield node.fact, cut


def _key(cut: tree.Cut) -> _Key:
    return str(cut.pack), str(cut.name)


def _in_unit(figures: Figures, analyte: Analyte, unit: str) -> Decimal | None:
    """A figure in the unit of the value: as published, else converted."""
    for published, figure in figures:
        if published == unit:
            return figure.low
    other, figure = figures[0]
    try:
        return units.convert_interval(analyte, figure, other, unit).low
    except units.UnitError:
        return None
