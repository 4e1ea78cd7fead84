"""The values a slider stops at, and the place of every value among them.

Everything has its place by the stops: a value at the third of five stops lies in the middle, for
the slider and for what is drawn beneath it alike, so that both agree.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

from corrin.facts.interval import Interval
from corrin.units import as_text

# A value of a test without a plausible window may have some hundred digits.
_EXACT = Context(prec=1000, Emax=MAX_EMAX, Emin=MIN_EMIN)

_STEPS = 160
_DIGITS = 4
# From so many times the lowest to the highest figure on, equal steps are equal ratios.
_WIDE = 8


@dataclass(frozen=True, slots=True)
class Stops:
    """Values in ascending order, at least two."""

    values: tuple[Decimal, ...]

    @classmethod
    def of(
        cls, special: set[Decimal], figures: Iterable[Decimal], low: Decimal, high: Decimal
    ) -> Stops:
        """Round values over what is worth a slider, and every special one exactly.

        Args:
            figures: cut-offs, met exactly where they lie within that; where hardly anything is
                special they are what makes it worth a slider.
            low, high: the ends of what is plausible.
        """
        special = {value for value in special if low <= value <= high}
        near = special if len(special) > 1 else (special | set(figures) or {low, high})
        least, most = _focus(near, low, high)
        wide = least > 0 and most / least > _WIDE
        found = special | {one for one in (*near, *figures) if least <= one <= most}
        ratio = (most / least).ln() if wide else Decimal(0)
        for step in range(_STEPS + 1):
            part = Decimal(step) / _STEPS
            if wide:
                value = rounded(least * (ratio * part).exp(), _DIGITS - 1)
            else:
                value = _on_grid(least + (most - least) * part, (most - least) / _STEPS)
            if least <= value <= most:
                found.add(value)
        return cls(tuple(sorted(found)))

    def place(self, value: Decimal) -> float:
        """Per cent of the way from the first stop to the last."""
        stops = self.values
        if value <= stops[0]:
            return 0.0
        if value >= stops[-1]:
            return 100.0
        after = bisect_right(stops, value)
        left, right = stops[after - 1], stops[after]
        return float(100 * (after - 1 + (value - left) / (right - left)) / (len(stops) - 1))

    def extent(self, interval: Interval) -> tuple[float, float]:
        """Where a stretch begins and how wide it is, in per cent."""
        start = 0.0 if interval.low is None else self.place(interval.low)
        end = 100.0 if interval.high is None else self.place(interval.high)
        return round(start, 2), round(end - start, 2)

    def nearest(self, value: Decimal) -> int:
        """The stop nearest to a value, by its number."""
        return min(range(len(self.values)), key=lambda index: abs(self.values[index] - value))


def number(value: Decimal, about: str = "about ") -> str:
    """A figure in few digits, and marked where that leaves some out."""
    near = rounded(value, _DIGITS)
    return as_text(value) if near == value else f"{about}{as_text(near)}"


def short(value: Decimal) -> str:
    """A figure in few digits, for where there is little room."""
    return as_text(rounded(value, _DIGITS))


def rounded(value: Decimal, digits: int) -> Decimal:
    """A figure to so many significant digits; whole ones are kept whole."""
    if not value:
        return value
    place = min(value.adjusted() - digits + 1, 0) if value == int(value) else None
    unit = Decimal(1).scaleb(value.adjusted() - digits + 1 if place is None else place)
    return value.quantize(unit, context=_EXACT)


def _focus(special: set[Decimal], low: Decimal, high: Decimal) -> tuple[Decimal, Decimal]:
    """What is worth a slider: some way beyond everything that is said of, if plausible."""
    least, most = min(special), max(special)
    if least > 0 and most / least > _WIDE:
        return max(low, _near(least / 3, 1)), min(high, _near(most * 3, 1))
    room = (most - least) / 2 or most / 2 or Decimal(1)
    return max(low, _near(least - room, 2), Decimal(0)), min(high, _near(most + room, 2))


def _near(value: Decimal, digits: int) -> Decimal:
    unit = Decimal(1).scaleb(value.adjusted() - digits + 1)
    return value and value.quantize(unit, context=_EXACT)


def _on_grid(value: Decimal, step: Decimal) -> Decimal:
    """The nearest round value: a multiple of one, two or five of the power of ten below a step."""
    power = Decimal(1).scaleb(step.adjusted())
    nice = next((power * k for k in (1, 2, 5) if power * k * 2 > step), power * 10)
    return (value / nice).to_integral_value() * nice
