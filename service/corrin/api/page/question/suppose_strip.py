"""The turns of a value drawn: bands beneath its slider, each turn named and reachable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from corrin import terminology, units
from corrin.api.page.answered import Answered
from corrin.api.page.question.suppose_panels import Panel, unit_said
from corrin.api.page.question.suppose_stops import Stops, number, short
from corrin.facts.interval import Interval
from corrin.notes.sentence import capital
from corrin.question.turns import ROUTINE, Outcome, Turn, Turns, joined
from corrin.render import words
from corrin.units import UnitError, as_text

_ROWS = 3
_NARROW = 9  # per cent between two labels of one row


@dataclass(frozen=True, slots=True)
class Mark:
    """A figure on the strip, in per cent; ``row`` keeps labels apart."""

    text: str
    at: float
    row: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A band on the strip, and in words."""

    letter: str
    says: str
    values: str
    kind: str
    start: float
    width: float
    here: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """The bands of one topic, or of the urgency of all."""

    title: str
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Jump:
    """A value to jump to, and what it is beside a turn."""

    value: str
    says: str


@dataclass(frozen=True, slots=True)
class TurnShown:
    """One turn in words, with values on either side of it."""

    at: str
    belongs: str
    changes: tuple[str, ...]
    come: tuple[str, ...]
    go: tuple[str, ...]
    jumps: tuple[Jump, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """What the panel of one value shows once it is open.

    Attributes:
        stops: the values of the slider, in ascending order; ``at`` is where it stands first.
        lanes: only of what turns anywhere among plausible values.
        reported: (start, width) of the value reported, in per cent; ``None`` without one.
    """

    stops: tuple[str, ...]
    at: int
    unit: str
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    turns: tuple[TurnShown, ...]
    reported: tuple[float, float] | None
    looked_at: str
    rough: bool


def strip(turns: Turns, panel: Panel, answered: Answered) -> Strip:
    """The turns of one value, ready to be drawn."""
    maker = _Maker(turns, panel, answered)
    return maker.strip()


class _Maker:
    def __init__(self, turns: Turns, panel: Panel, answered: Answered) -> None:
        self._turns, self._panel, self._answered = turns, panel, answered
        self._said = unit_said(turns.unit)
        self._own = self._own_value()
        self._mark = self._own if self._is_comparable() else None
        self._jumps = {turn.at: tuple(self._jumps_of(turn)) for turn in turns.turns}
        self._stops = self._found_stops()

    def strip(self) -> Strip:
        turns, stops = self._turns, self._stops
        start = self._start()
        lanes = [self._lane(topic) for topic in self._topics()]
        low, high = turns.bands[0].interval.low, turns.bands[-1].interval.high
        ends = " to ".join(number(end) for end in (low, high) if end is not None)
        return Strip(
            stops=tuple(map(as_text, stops.values)),
            at=stops.nearest(start),
            unit=self._said,
            lanes=tuple(lane for lane in (*lanes, *self._of_all(lanes)) if len(lane.stretches) > 1),
            marks=tuple(self._marks()),
            turns=tuple(map(self._turn, turns.turns)),
            reported=None if self._mark is None else self._stops.extent(self._mark),
            looked_at=self._with_unit(ends),
            rough=turns.rough,
        )

    def _own_value(self) -> Interval | None:
        used = self._turns.value
        if used is None:
            return None
        about = terminology.load().analytes[self._turns.analyte]
        try:
            return units.convert_interval(about, used.interval, used.unit, self._turns.unit)
        except UnitError:
            return None

    def _is_comparable(self) -> bool:
        """Whether the value reported lies among these turns where its figure here does.

        A cut-off published in mass and in moles is two figures, neither worked out of the other: a
        value right at one of them, told in the other kind of unit, may seem to lie beside it.
        """
        used = self._turns.value
        if used is None or self._own is None:
            return False
        about = terminology.load().analytes[self._turns.analyte]
        return units.factor(about, used.unit, self._turns.unit).by == "scale"

    def _found_stops(self) -> Stops:
        special = {Decimal(jump.value) for found in self._jumps.values() for jump in found}
        own = [] if self._own is None else [self._own.low, self._own.high]
        special |= {end for end in own if end is not None}
        low, high = self._turns.bands[0].interval.low, self._turns.bands[-1].interval.high
        assert low is not None and high is not None
        return Stops.of(special, self._turns.figures, low, high)

    def _start(self) -> Decimal:
        own = self._own
        if own is not None:
            found = own.low if own.low is not None else own.high
            if found is not None:
                return found
        return self._turns.turns[0].at if self._turns.turns else self._stops.values[0]

    # Lanes

    def _topics(self) -> list[str]:
        named = [topic for band in self._turns.bands for topic, _ in band.outcome.statuses]
        return list(dict.fromkeys(named))

    def _lane(self, topic: str) -> Lane:
        content = self._answered.engine.deciders[topic].decision.decision
        found = [
            (
                interval,
                "refused" if status is None else " or ".join(status),
                self._status(topic, status),
            )
            for interval, status in self._turns.of_topic(topic)
        ]
        return Lane(content.title, self._stretches(found))

    def _status(self, topic: str, status: tuple[str, ...] | None) -> str:
        if status is None:
            return "not taken"
        statuses = self._answered.engine.deciders[topic].decision.decision.statuses
        return " or ".join(statuses[one].says for one in status) or "not asked"

    def _of_all(self, topics: list[Lane]) -> list[Lane]:
        """The urgency of the whole; the notes too, where they turn at a place of their own."""
        urgency = self._by(
            "Urgency of the whole",
            lambda outcome: (outcome.urgency, words.URGENCY[outcome.urgency].lower()),
        )
        notes = self._by(
            "Notes above routine",
            lambda outcome: (
                " ".join(map("".join, sorted(outcome.notes))) or "none",
                words.count(len(outcome.notes), "note") if outcome.notes else "none",
            ),
        )
        told = {one.start for lane in (*topics, urgency) for one in lane.stretches}
        own = any(one.start not in told for one in notes.stretches)
        return [urgency, notes] if own else [urgency]

    def _by(self, title: str, said: Callable[[Outcome], tuple[str, str]]) -> Lane:
        """A lane of what is said of each outcome: what tells it from others, and its words."""
        found: list[tuple[Interval, str, str]] = []
        for band in self._turns.bands:
            refused = band.outcome.refused is not None
            kind, says = ("refused", "not taken") if refused else said(band.outcome)
            if found and found[-1][1] == kind:
                found[-1] = (joined(found[-1][0], band.interval), kind, says)
            else:
                found.append((band.interval, kind, says))
        return Lane(title, self._stretches(found))

    def _stretches(self, found: list[tuple[Interval, str, str]]) -> tuple[Stretch, ...]:
        kinds = list(dict.fromkeys(kind for _, kind, _ in found))
        made = []
        for index, (interval, kind, says) in enumerate(found):
            start, width = self._stops.extent(interval)
            made.append(
                Stretch(
                    letter=chr(ord("A") + kinds.index(kind) % 26),
                    says=says,
                    values=self._values(interval, index == 0, index == len(found) - 1),
                    kind=kind,
                    start=start,
                    width=width,
                    here=self._mark is not None and self._mark.intersect(interval) is not None,
                )
            )
        return tuple(made)

    def _values(self, interval: Interval, first: bool, last: bool) -> str:
        """A stretch in words; the ends of what is plausible go without saying."""
        low, high = interval.low, interval.high
        assert low is not None and high is not None
        if first and last:
            return "any plausible value"
        if low == high:
            return f"exactly {self._with_unit(number(low))}"
        if first:
            side = "at or below" if interval.high_closed else "below"
            return f"{side} {self._with_unit(number(high))}"
        if last:
            side = "at or above" if interval.low_closed else "above"
            return f"{side} {self._with_unit(number(low))}"
        left = "from" if interval.low_closed else "above"
        right = "to" if interval.high_closed else "to below"
        return f"{left} {number(low)} {right} {self._with_unit(number(high))}"

    # Turns

    def _marks(self) -> list[Mark]:
        marks: list[Mark] = []
        last = [-100.0] * _ROWS
        for at in dict.fromkeys(turn.at for turn in self._turns.turns):
            place = round(self._stops.place(at), 2)
            row = next((r for r in range(_ROWS) if place - last[r] >= _NARROW), _ROWS - 1)
            last[row] = place
            marks.append(Mark(number(at, "≈"), place, row))
        return marks

    def _turn(self, turn: Turn) -> TurnShown:
        sides = "lower" if turn.below else "upper"
        belongs = (
            ""
            if turn.about
            else f"{self._with_unit(number(turn.at))} itself belongs to the {sides} side"
        )
        come = turn.after.notes - turn.before.notes
        go = turn.before.notes - turn.after.notes
        return TurnShown(
            at=self._with_unit(number(turn.at)),
            belongs=belongs,
            changes=tuple(self._changes(turn.before, turn.after)),
            come=self._titles(come),
            go=self._titles(go),
            jumps=self._jumps[turn.at],
        )

    def _changes(self, before: Outcome, after: Outcome) -> list[str]:
        if before.refused or after.refused:
            return ["values on the one side are not taken"]
        changes = []
        for topic in self._topics():
            one, other = before.status(topic), after.status(topic)
            if one != other:
                title = self._answered.engine.deciders[topic].decision.decision.title
                ways = (self._status(topic, one), self._status(topic, other))
                changes.append(f"{title}: {f' {words.ARROW} '.join(ways)}")
        if before.urgency != after.urgency:
            names = [words.URGENCY[one].lower() for one in (before.urgency, after.urgency)]
            changes.append(f"Urgency of the whole: {names[0]} {words.ARROW} {names[1]}")
        return changes

    def _titles(self, notes: frozenset[tuple[str, str]]) -> tuple[str, ...]:
        titles = {
            one.bound.rule.id: (one.bound.rule.title, one.bound.rule.note.urgency)
            for one in self._answered.engine.rules
        }
        label = self._answered.composer.words.label
        found = []
        for rule, analyte in sorted(notes):
            title, urgency = titles.get(rule, (rule, ROUTINE))
            about = f" ({label(analyte)})" if analyte else ""
            found.append(f"{capital(title)}{about}, {words.URGENCY[urgency].lower()}")
        return tuple(found)

    def _jumps_of(self, turn: Turn) -> list[Jump]:
        """A value just below, the figure itself, and one just above: each in its own band."""
        below, above = self._beside(turn.at, -1, turn), self._beside(turn.at, 1, turn)
        at = "" if turn.about else as_text(turn.at)
        found = [
            Jump(below, f"just below {short(turn.at)}"),
            Jump(at, f"at {short(turn.at)}"),
            Jump(above, f"just above {short(turn.at)}"),
        ]
        return [jump for jump in found if jump.value]

    def _beside(self, at: Decimal, way: int, turn: Turn) -> str:
        """The nearest value of few digits on one side of a turn, still before the next one."""
        wanted = turn.before if way < 0 else turn.after
        if wanted.refused:
            return ""
        digits = 3
        while digits < 12:
            step = Decimal(1).scaleb(at.adjusted() - digits + 1)
            whole = (at / step).to_integral_value()
            value = whole * step
            while (value - at) * way <= 0:
                value += step * way
            held = self._turns.holding(value)
            if held is not None and held.outcome == wanted:
                return as_text(value)
            digits += 1
        return ""

    def _with_unit(self, text: str) -> str:
        return f"{text} {self._said}" if self._said else text
