"""Along the values of one analyte: where any status, note or urgency would be another.

Exact, because it is asked the whole way: the values are parted at every figure any condition holds
the analyte against, and in each part one value is supposed, chosen, derived and evaluated like any
result. What is worked out of the analyte (kidney function, an index) turns where no figure of the
analyte stands; such a turn is looked for by halving, down to the twelfth digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from corrin.evaluate.engine import Engine
from corrin.facts.case import Case, Reading
from corrin.facts.fact import Measured
from corrin.facts.interval import Interval
from corrin.notes.status import most_urgent, urgency_of
from corrin.packs.schema import Urgency
from corrin.question import part
from corrin.question.part import Cell
from corrin.question.supposed import CannotSuppose, Supposed, not_used, suppose

ROUTINE: Urgency = "routine"
# What is looked at: parts of the values, each asked of all results and of all rules, which weigh
# about as much as so many results.
_MOST_WORK, _RULES = 200_000, 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of one supposed value.

    Attributes:
        statuses: topic → the statuses possible; one where it is decided.
        urgency: of the whole.
        notes: (rule, analyte or empty) of every note above routine.
        refused: why the value is not supposed, else ``None``.
    """

    statuses: tuple[tuple[str, tuple[str, ...]], ...] = ()
    urgency: Urgency = ROUTINE
    notes: frozenset[tuple[str, str]] = frozenset()
    refused: str | None = None

    def status(self, topic: str) -> tuple[str, ...]:
        """The statuses possible of one topic; none where it is not asked."""
        return next((found for name, found in self.statuses if name == topic), ())


@dataclass(frozen=True, slots=True)
class Band:
    """Values, in the unit of the turns, that all lead to one outcome."""

    interval: Interval
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Turn:
    """Where one outcome gives way to another.

    Attributes:
        at: the figure.
        below: whether the figure itself still belongs to the lower side.
        about: whether it is no figure of a cut-off but worked out, and known to twelve digits.
    """

    at: Decimal
    below: bool
    about: bool
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class Turns:
    """The bands of one analyte in ascending order, all else as it is.

    Attributes:
        value: the result they are told for; ``None`` where there is none.
        about: ends of bands that are worked out.
        figures: everything the values were parted at, turned there or not.
        rough: whether an earlier result in another kind of unit makes the trend beside it
            depend on how many digits a value is given with.
    """

    analyte: str
    unit: str
    value: Measured | None
    bands: tuple[Band, ...]
    about: frozenset[Decimal]
    figures: tuple[Decimal, ...]
    rough: bool

    def holding(self, value: Decimal) -> Band | None:
        """The band of a value; ``None`` outside what was looked at."""
        point = Interval.point(value)
        return next((b for b in self.bands if b.interval.intersect(point) is not None), None)

    def of_topic(self, topic: str) -> tuple[tuple[Interval, tuple[str, ...] | None], ...]:
        """Stretches and the statuses possible of one topic; ``None`` where none is supposed."""
        found: list[tuple[Interval, tuple[str, ...] | None]] = []
        for band in self.bands:
            status = None if band.outcome.refused else band.outcome.status(topic)
            if found and found[-1][1] == status:
                found[-1] = (joined(found[-1][0], band.interval), status)
            else:
                found.append((band.interval, status))
        return tuple(found)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Each place where neighbouring bands meet."""
        found = []
        for one, other in zip(self.bands, self.bands[1:], strict=False):
            at = one.interval.high
            assert at is not None
            closed = one.interval.high_closed
            found.append(Turn(at, closed, at in self.about, one.outcome, other.outcome))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Way:
    """The whole way from a reading to an outcome, with one value supposed.

    Attributes:
        case: chosen of the reading as it is.
        choose: how a case is chosen of a reading, for the same moment.
    """

    engine: Engine
    reading: Reading
    case: Case
    choose: Callable[[Reading], Case]
    analyte: str
    unit: str

    def chosen(self, value: Decimal) -> tuple[Supposed, Case]:
        """The supposition and the case chosen with it.

        Raises:
            CannotSuppose: it is refused, or would not be used.
        """
        made = suppose(self.reading, self.case, self.analyte, value, self.unit)
        case = self.choose(made.reading)
        why = not_used(made, case)
        if why is not None:
            raise CannotSuppose(why)
        return made, case

    def outcome(self, value: Decimal) -> Outcome:
        """What comes of one value."""
        try:
            _, case = self.chosen(value)
        except CannotSuppose as refused:
            return Outcome(refused=refused.reason)
        return outcome_of(self.engine, case)


def outcome_of(engine: Engine, case: Case) -> Outcome:
    """Statuses, urgency and notes above routine of one case."""
    found = engine.evaluate(case)
    urgencies: list[Urgency] = [one.bound.rule.note.urgency for one in found.fired]
    for topic, decided in found.decided.items():
        urgencies.append(urgency_of(decided, engine.deciders[topic].decision.decision))
    return Outcome(
        tuple((topic, decided.possible) for topic, decided in found.decided.items()),
        most_urgent(tuple(urgencies)),
        frozenset(
            (one.bound.rule.id, one.bound.result or "")
            for one in found.fired
            if one.bound.rule.note.urgency != ROUTINE
        ),
    )


def turns_of(way: Way) -> Turns:
    """Where the outcome of a supposed value turns.

    Raises:
        CannotSuppose: there are too many results to ask for every part of the values.
    """
    parts = part.Parts(way.engine, way.reading, way.case, way.analyte, way.unit)
    edges = parts.edges()
    if 2 * len(edges) * (len(way.reading.results) + _RULES) > _MOST_WORK:
        raise CannotSuppose("too-many-results")
    worked_out = _Worked(way, parts)
    cells: list[Cell] = []
    about: set[Decimal] = set()
    for cell in part.cells(edges):
        if cell.interval.is_point:
            cells.append(cell)
            continue
        gaps = tuple(worked_out.turning(cell))
        about.update(low for low, _ in gaps)
        cells.extend(part.parted(cell, gaps))
    bands: list[Band] = []
    for cell in cells:
        outcome = way.outcome(cell.probe)
        if bands and bands[-1].outcome == outcome:
            bands[-1] = Band(joined(bands[-1].interval, cell.interval), outcome)
        else:
            bands.append(Band(cell.interval, outcome))
    fact = way.case.facts.get(way.analyte)
    ends = {band.interval.high for band in bands[:-1]}
    return Turns(
        analyte=way.analyte,
        unit=way.unit,
        value=fact if isinstance(fact, Measured) else None,
        bands=tuple(_without_bare_ends(bands)),
        about=frozenset(end for end in about if end in ends),
        figures=edges[1:-1],
        rough=parts.rough(),
    )


class _Worked:
    """What is worked out of the analyte, and where inside a stretch it turns."""

    def __init__(self, way: Way, parts: part.Parts) -> None:
        self._way, self._parts = way, parts
        self._known: dict[Decimal, part.Sign] = {}
        cases = [case for case in map(self._case, parts.span()) if case is not None]
        self._watched = parts.watched(cases)

    def turning(self, cell: Cell) -> Iterator[tuple[Decimal, Decimal]]:
        """Neighbouring values (to twelve digits) between which something worked out turns."""
        if not self._watched:
            return
        low, high = cell.inside
        if low < high:
            yield from self._between(low, high)

    def _between(self, low: Decimal, high: Decimal) -> Iterator[tuple[Decimal, Decimal]]:
        if self._sign(low) == self._sign(high):
            return
        middle = part.between(low, high)
        if not low < middle < high:
            yield low, high
            return
        yield from self._between(low, middle)
        yield from self._between(middle, high)

    def _sign(self, value: Decimal) -> part.Sign:
        if value not in self._known:
            case = self._case(value)
            self._known[value] = () if case is None else self._parts.sign(case, self._watched)
        return self._known[value]

    def _case(self, value: Decimal) -> Case | None:
        try:
            return self._way.chosen(value)[1]
        except CannotSuppose:
            return None


def joined(one: Interval, other: Interval) -> Interval:
    """The interval that one and its neighbour above make together."""
    return Interval(one.low, other.high, one.low_closed, other.high_closed)


def _without_bare_ends(bands: list[Band]) -> list[Band]:
    """Without a refused end that is a mere point: rounding put it outside of what is plausible."""
    for end in (0, -1):
        if len(bands) > 1 and bands[end].outcome.refused and bands[end].interval.is_point:
            del bands[end]
    return bands
