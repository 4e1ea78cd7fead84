"""A scale as it is drawn: everything in hundredths of its width, so that it fits any.

Linear from zero where that keeps the cut-offs apart, as a reader expects; else logarithmic. What
would still touch is moved apart, in order: on which side of a cut-off a value lies must be seen,
and is what the rules said, whatever the drawing's precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import log
from typing import Literal

from corrin.facts.interval import Interval
from corrin.notes.sentence import readable
from corrin.notes.words import quantity, short_digits
from corrin.question.cut_off import CutOff
from corrin.question.scale import Reach, Scale, Stretch

Kind = Literal["linear", "logarithmic"]
End = Literal["closed", "open", "arrow", "zero"]
Anchor = Literal["start", "middle", "end"]

# Of the drawing, in hundredths of its width: where zero stands, and the last figure at most.
_LEFT, _RIGHT = 0.0, 97.0
# Cut-offs nearer than this on a linear scale ask for a logarithmic one; nearer than that they
# are moved apart, and a value keeps this far from a cut-off it does not equal.
_CLEAR, _APART, _ASIDE = 11.0, 7.0, 2.5
# Where the number of a stretch may stand in it: the first that the value does not cross.
_PARTS = (0.5, 0.25, 0.75)
# The narrowest a scale is drawn, in pixels, and what a character of its labels takes at most.
NARROWEST, CHARACTER, _GAP = 250, 7.5, 8


@dataclass(frozen=True, slots=True)
class Label:
    """A text at a place; labels of one row never touch."""

    x: float
    text: str
    anchor: Anchor
    row: int = 0

    def reaches(self, width: float = NARROWEST) -> tuple[float, float]:
        """From where to where it goes, in pixels, on a drawing of a width."""
        long, at = len(self.text) * CHARACTER, self.x * width / 100
        start = at - {"start": 0.0, "middle": long / 2, "end": long}[self.anchor]
        return start, start + long


@dataclass(frozen=True, slots=True)
class Tick:
    """A cut-off at its place."""

    x: float
    label: Label
    cut_off: CutOff


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of values: a point where both ends are one."""

    low: float
    high: float
    low_end: End
    high_end: End

    @property
    def is_point(self) -> bool:
        """Whether it is one exactly known value."""
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a strip with its number in the list below."""

    x: float
    width: float
    number: int
    number_x: float
    stretch: Stretch


@dataclass(frozen=True, slots=True)
class Drawn:
    """A scale ready for the template."""

    scale: Scale
    reach: Reach | None
    kind: Kind
    reported: str
    compared: str
    label: Label
    value: Bar
    ticks: tuple[Tick, ...]
    pieces: tuple[Piece, ...]
    laboratory: Bar | None
    rows: int


def drawn(scale: Scale, topic: str | None = None) -> Drawn:
    """A scale with the stretches of one topic, or with none."""
    places = _Places(scale)
    value = scale.value
    bar = places.bar(value.interval)
    reach = next((one for one in scale.reaches if one.topic == topic), None)
    reported, compared = (
        readable(value.reported),
        readable(short_digits(quantity(value.interval, value.unit))),
    )
    ticks = _ticks(scale.cut_offs, places.ticks)
    limits = value.reference_range
    return Drawn(
        scale=scale,
        reach=reach,
        kind=places.kind,
        reported=reported,
        compared=compared,
        label=_label((bar.low + bar.high) / 2, reported),
        value=bar,
        ticks=ticks,
        pieces=() if reach is None else _pieces(reach, places, bar),
        laboratory=None if limits is None or limits.is_point else places.bar(_cut(limits, scale)),
        rows=max((tick.label.row for tick in ticks), default=0) + 1,
    )


def _cut(limits: Interval, scale: Scale) -> Interval:
    """A laboratory's range as far as the drawing goes: what ends beyond it reaches its edge."""
    low, high = limits.low, limits.high
    return Interval(
        None if low is None or low <= scale.low else min(low, scale.high),
        None if high is None or high >= scale.high else max(high, scale.low),
        limits.low_closed,
        limits.high_closed,
    )


class _Places:
    """Where figures stand."""

    def __init__(self, scale: Scale) -> None:
        self._scale = scale
        figures = [one.figure for one in scale.cut_offs]
        self.kind, self._raw = _ruler(scale, figures)
        self.ticks = _apart([self._raw(figure) for figure in figures])
        self._at = dict(zip(figures, self.ticks, strict=True))

    def bar(self, interval: Interval) -> Bar:
        """A stretch of values; open ends reach the edge."""
        low, high = interval.low, interval.high
        from_zero = low is None and self.kind == "linear" and self._scale.low == 0
        if interval.is_point and low is not None:
            x = self._value(low)
            return Bar(x, x, "closed", "closed")
        low_end: End = "zero" if from_zero else "arrow"
        if low is not None:
            low_end = "closed" if interval.low_closed else "open"
        high_end: End = "arrow" if high is None else "closed" if interval.high_closed else "open"
        start = (_LEFT if from_zero else 0.0) if low is None else self.place(low)
        return Bar(start, 100.0 if high is None else self.place(high), low_end, high_end)

    def _value(self, value: Decimal) -> float:
        """Where an exactly known value stands: as the rules compared it with each cut-off."""
        if value != self._scale.value.interval.low:
            return self.place(value)
        below = above = None
        for one, x in zip(self._scale.cut_offs, self.ticks, strict=True):
            if one.stands == "at":
                return x
            if one.stands == "above":
                below = x
            elif above is None:
                above = x
        return _between(self._raw(value), below, above)

    def place(self, figure: Decimal) -> float:
        """Where a figure stands: at its tick, or between two."""
        known = self._at.get(figure)
        if known is not None:
            return known
        below = max((x for one, x in self._at.items() if one < figure), default=None)
        above = min((x for one, x in self._at.items() if one > figure), default=None)
        return _between(self._raw(figure), below, above)


def _ruler(scale: Scale, figures: Sequence[Decimal]) -> tuple[Kind, Callable[[Decimal], float]]:
    """Linear, or logarithmic where that keeps cut-offs apart that linear would not."""
    low, high = float(scale.low), float(scale.high)

    def linear(figure: Decimal) -> float:
        return _within((float(figure) - low) / (high - low))

    ends = [e for e in (scale.value.interval.low, scale.value.interval.high) if e is not None]
    every = [*figures, *ends]
    least, most = float(min(every)), float(max(every))
    if least <= 0 or least == most or _nearest(map(linear, figures)) >= _CLEAR:
        return "linear", linear
    room = (most / least) ** 0.2
    start, end = log(least / room), log(most * room)

    def logarithmic(figure: Decimal) -> float:
        return _within((log(figure) - start) / (end - start)) if figure > 0 else 0.0

    if _nearest(map(logarithmic, figures)) > _nearest(map(linear, figures)):
        return "logarithmic", logarithmic
    return "linear", linear


def _within(part: float) -> float:
    return _LEFT + max(0.0, min(part, 1.0)) * (_RIGHT - _LEFT)


def _nearest(places: Iterable[float]) -> float:
    """The least distance between neighbours, the edge included."""
    found = [_LEFT, *sorted(places)]
    return min((b - a for a, b in pairwise(found)), default=_RIGHT)


def _apart(places: Sequence[float]) -> list[float]:
    """The places, ascending, moved apart where they are too near, and kept on the drawing."""
    gap = min(_APART, (_RIGHT - _LEFT) / (len(places) + 1))
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + gap if found else _LEFT + gap))
    last = _RIGHT - gap
    for index in range(len(found) - 1, -1, -1):
        found[index] = last = min(found[index], last)
        last -= gap
    return found


def _between(place: float, below: float | None, above: float | None) -> float:
    """A place kept clear of the ticks on both sides."""
    least = 0.0 if below is None else below
    most = 100.0 if above is None else above
    aside = min(_ASIDE, (most - least) / 3)
    return max(least + aside, min(place, most - aside))


def _ticks(cut_offs: Sequence[CutOff], places: Sequence[float]) -> tuple[Tick, ...]:
    """Ticks with their labels, in as many rows as keep them from touching."""
    texts = _without_unit([one.shown for one in cut_offs])
    ends: list[float] = []
    found = []
    for one, x, text in zip(cut_offs, places, texts, strict=True):
        label = _label(x, text)
        start, end = label.reaches()
        row = next((i for i, taken in enumerate(ends) if taken + _GAP <= start), len(ends))
        ends[row : row + 1] = [end]
        found.append(Tick(x, Label(label.x, text, label.anchor, row), one))
    return tuple(found)


def _without_unit(texts: Sequence[str]) -> list[str]:
    """Figures without the unit where all are in one: it stands beside the value."""
    parted = [text.partition(" ") for text in texts]
    if len({unit for _, _, unit in parted}) == 1 and all(text[0].isdigit() for text in texts):
        return [figure for figure, _, _ in parted]
    return list(texts)


def _label(x: float, text: str) -> Label:
    """A text at a place, held inside the narrowest drawing."""
    anchors: tuple[Anchor, ...] = ("middle", "start", "end")
    for anchor in anchors:
        label = Label(round(x, 2), text, anchor)
        start, end = label.reaches()
        if start >= 0 and end <= NARROWEST:
            return label
    return Label(0.0, text, "start")


def _pieces(reach: Reach, places: _Places, value: Bar) -> tuple[Piece, ...]:
    """The stretches of a strip; those of a single figure are as wide as a line."""
    found = []
    for number, one in enumerate(reach.stretches, 1):
        low, high = one.interval.low, one.interval.high
        start = 0.0 if low is None or low == 0 else places.place(low)
        end = 100.0 if high is None else places.place(high)
        width = round(end - start, 2)
        at = (round(start + width * part, 2) for part in _PARTS)
        clear = next((x for x in at if abs(x - value.low) >= _CLEAR / 2), start + width / 2)
        found.append(Piece(round(start, 2), width, number, round(clear, 2), one))
    return tuple(found)
