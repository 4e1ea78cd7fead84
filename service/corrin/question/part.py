"""The values of one analyte parted: at the figures conditions hold it against, at other results of
the same, where a calculation stops holding; and what is worked out of it, as far as rules ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from itertools import pairwise

from corrin import terminology, units
from corrin.evaluate.cells import figures_in
from corrin.evaluate.decide import Decider
from corrin.evaluate.engine import Compiled, Engine
from corrin.facts import calculated
from corrin.facts.case import Case, Reading
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.interval import Interval
from corrin.language import tree
from corrin.language.compare import CutReader
from corrin.language.world import World
from corrin.question.supposed import CannotSuppose, suppose
from corrin.terminology.analyte import Analyte
from corrin.units import UnitError
from corrin.units.limits import suspicions

_TWELVE = Context(prec=12, rounding=ROUND_HALF_EVEN)
_ZERO, _TWO = Decimal(0), Decimal(2)
# Without a plausible window this many times the highest figure is looked at.
_FAR = Decimal(10)
_NEAR_ZERO = Decimal("1E-9")

Sign = tuple[object, ...]
Watched = Mapping[str, tuple[Decimal, ...]]


@dataclass(frozen=True, slots=True)
class Cell:
    """A stretch of values in which every comparison of the analyte has one answer, and one of
    them to ask; ``inside`` are its lowest and highest value of twelve digits."""

    interval: Interval
    probe: Decimal
    inside: tuple[Decimal, Decimal]


def cells(edges: Sequence[Decimal]) -> Iterator[Cell]:
    """The edges themselves and what lies between, in ascending order."""
    for low, high in pairwise(edges):
        yield _point(low)
        first = _TWELVE.next_plus(low) if low else _TWELVE.multiply(high, _NEAR_ZERO)
        last = _TWELVE.next_minus(high)
        if first <= last:
            stretch = Interval(low, high, False, False)
            yield Cell(stretch, between(first, last), (first, last))
    yield _point(edges[-1])


def parted(cell: Cell, gaps: Sequence[tuple[Decimal, Decimal]]) -> Iterator[Cell]:
    """A cell cut between neighbouring values: what lies between them falls to the upper part."""
    low, closed, first = cell.interval.low, cell.interval.low_closed, cell.inside[0]
    for before, after in gaps:
        yield Cell(Interval(low, before, closed, True), before, (first, before))
        low, closed, first = before, False, after
    last = cell.inside[1]
    probe = between(first, last) if gaps else cell.probe
    upper = Interval(low, cell.interval.high, closed, cell.interval.high_closed)
    yield Cell(upper, probe, (first, last))


def between(low: Decimal, high: Decimal) -> Decimal:
    """The value of twelve digits in the middle; one of the two where none lies between."""
    return _TWELVE.add(low, _TWELVE.divide(_TWELVE.subtract(high, low), _TWO))


def _point(value: Decimal) -> Cell:
    return Cell(Interval.point(value), value, (value, value))


@lru_cache(maxsize=16)
def readers_of(engine: Engine) -> Mapping[str, tuple[CutReader, ...]]:
    """The cut-offs any condition of an engine uses, by the analyte they are of."""
    found: dict[str, dict[tree.Cut, None]] = {}
    for condition in _conditions(engine):
        for node in tree.walk(condition):
            if isinstance(node, tree.Compare | tree.Between):
                for cut in tree.cuts_of(node):
                    found.setdefault(cut.analyte, {})[cut] = None
    read = engine.compiler.reader
    return {name: tuple(read(cut) for cut in cuts) for name, cuts in found.items()}


def _conditions(engine: Engine) -> Iterator[tree.Expression]:
    yield engine.scope
    deciders: Iterable[Decider] = (*engine.deciders.values(), *engine.published.values())
    for decider in deciders:
        yield from decider.decision.conditions
        yield from (one.when for one in decider.restrictions)
    rules: Iterable[Compiled] = (*engine.rules, *engine.guards)
    for rule in rules:
        yield rule.bound.when
        if rule.bound.unless is not None:
            yield rule.bound.unless


class Parts:
    """Where the values of one analyte are parted for one case, in one accepted unit."""

    def __init__(
        self, engine: Engine, reading: Reading, case: Case, analyte: str, unit: str
    ) -> None:
        self._engine, self._reading, self._case = engine, reading, case
        self._about, self._unit = terminology.load().analytes[analyte], unit
        self._canonical = self._about.canonical_of(unit) or unit
        self._edges = self._found()

    def edges(self) -> tuple[Decimal, ...]:
        """All figures, from the lowest plausible value to the highest, both among them."""
        return self._edges

    def span(self) -> tuple[Decimal, ...]:
        """The ends of each stretch: what is worked out may differ between any two of them."""
        inside = [end for cell in cells(self._edges) for end in cell.inside]
        return tuple(dict.fromkeys(inside))

    def rough(self) -> bool:
        """Whether an earlier result is in another kind of unit than the one supposed."""
        return any(
            one.analyte == self._about.id and one.unit != self._canonical
            for one in self._reading.results
        )

    def watched(self, cases: Sequence[Case]) -> dict[str, tuple[Decimal, ...]]:
        """Facts that are worked out of the analyte, with the figures each is held against."""
        names = {name for case in cases for name in (*case.facts, *case.every)}
        names.discard(self._about.id)
        found: dict[str, tuple[Decimal, ...]] = {}
        for name in sorted(names):
            if len({_seen(case, name) for case in cases}) > 1:
                figures = {f for case in cases for f in self._figures_of(name, case)}
                found[name] = tuple(sorted(figures))
        return found

    def sign(self, case: Case, watched: Watched) -> Sign:
        """On which side of every figure each fact worked out lies, and how it is flagged."""
        own = case.facts.get(self._about.id)
        return (
            own.flags if isinstance(own, Measured) else None,
            *(tuple(_side(one, cuts) for one in _all(case, n)) for n, cuts in watched.items()),
        )

    def _found(self) -> tuple[Decimal, ...]:
        figures = {_TWELVE.plus(self._moved(f, self._canonical)) for f in self._figures()}
        figures |= {_TWELVE.plus(f) for f in self._others()} | set(self._limits())
        fact = self._case.facts.get(self._about.id)
        own = [
            self._moved(end, fact.unit)
            for fact in (fact,)
            if isinstance(fact, Measured)
            for end in (fact.interval.low, fact.interval.high)
            if end is not None and self._leads(fact.unit)
        ]
        window = self._about.plausible
        if window is not None and self._leads(window.unit):
            low, high = (self._moved(end, window.unit) for end in (window.low, window.high))
        else:
            low, high = _ZERO, max((*figures, *own, Decimal(1))) * _FAR
        inside = sorted(figure for figure in figures if low < figure < high)
        return (low, *inside, high)

    def _figures(self) -> Iterator[Decimal]:
        """Figures of cut-offs of the analyte, in the canonical unit; of each variant that any
        person may need, for what is worked out may choose among them."""
        readers = readers_of(self._engine).get(self._about.id, ())
        world = World.of(self._case)
        yield from figures_in(self._canonical, self._about, readers, world, self._example())
        for reader in readers:
            for variant in reader.cut.variants:
                yield from _in_unit(self._about, variant.values, self._canonical)

    def _example(self) -> Measured:
        """What is supposed, but for its value: with the laboratory's range where it has one."""
        window = self._about.plausible
        tried = [Decimal(1)]
        if window is not None and self._leads(window.unit):
            tried += [self._moved(end, window.unit) for end in (window.low, window.high)]
        for value in tried:
            try:
                made = suppose(self._reading, self._case, self._about.id, value, self._unit)
            except CannotSuppose:
                continue
            return made.result
        return Measured(self._about.id, Interval(None, None), self._canonical, "")

    def _others(self) -> Iterator[Decimal]:
        """Values of other results of the same analyte: it rises or falls beside one of them."""
        for one in self._reading.results:
            if one.analyte == self._about.id and self._leads(one.unit):
                for end in (one.interval.low, one.interval.high):
                    if end is not None:
                        yield self._moved(end, one.unit)

    def _limits(self) -> Iterator[Decimal]:
        """Where a value is suspected to mean something else, or a calculation stops holding."""
        for doubt in suspicions().get(self._about.id, ()):
            if doubt.unit == self._unit:
                yield doubt.below
        for rule in calculated.calculations():
            if rule.second != self._about.id:
                continue
            for constants in rule.by_unit.values():
                window = constants.second_between
                ends = [rule.second_at_most]
                ends += [] if window is None else [window.low, window.high]
                if self._leads(constants.second_unit):
                    yield from (
                        self._moved(end, constants.second_unit) for end in ends if end is not None
                    )

    def _figures_of(self, name: str, case: Case) -> Iterator[Decimal]:
        """Figures a fact worked out is held against, in its own unit; its plausible ends too."""
        readers, world = readers_of(self._engine).get(name, ()), World.of(case)
        for fact in _all(case, name):
            about = terminology.load().analytes.get(
                fact.analyte if isinstance(fact, Measured) else ""
            )
            if not isinstance(fact, Measured) or about is None:
                continue
            yield from figures_in(fact.unit, about, readers, world, fact)
            window = about.plausible
            if window is not None:
                yield from _in_unit(
                    about, ((window.unit, window.low), (window.unit, window.high)), fact.unit
                )

    def _leads(self, unit: str) -> bool:
        try:
            units.factor(self._about, unit, self._unit)
        except UnitError:
            return False
        return True

    def _moved(self, value: Decimal, unit: str) -> Decimal:
        return units.convert(self._about, value, unit, self._unit)


def _in_unit(about: Analyte, values: Iterable[tuple[str, Decimal]], unit: str) -> Iterator[Decimal]:
    for own, value in values:
        try:
            yield units.convert(about, value, own, unit)
        except UnitError:
            continue


def _all(case: Case, name: str) -> tuple[Fact, ...]:
    """What is chosen of a name, and every value of it."""
    fact = case.facts.get(name)
    return (*(() if fact is None else (fact,)), *case.every.get(name, ()))


def _seen(case: Case, name: str) -> tuple[object, ...]:
    return tuple(
        (one.interval, one.unit, one.flags) if isinstance(one, Measured) else _plain(one)
        for one in _all(case, name)
    )


def _plain(fact: Stated | Absent) -> object:
    return fact.value if isinstance(fact, Stated) else fact.reason


def _side(fact: Fact, figures: Iterable[Decimal]) -> object:
    if not isinstance(fact, Measured):
        return _plain(fact)
    points = [Interval.point(figure) for figure in figures]
    sides = tuple((fact.interval.lt(one), fact.interval.gt(one)) for one in points)
    return (fact.unit, fact.flags, sides)
