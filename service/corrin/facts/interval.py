"""An interval of exact decimals: what is known of a measured number.

``150`` is ``[150, 150]``; ``<150`` is ``(-inf, 150)``; a FHIR Range is ``[low, high]``.
Comparisons answer with Kleene's three values: ``True`` when they hold for the whole
interval, ``False`` when for none of it, ``None`` (unknown) otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from corrin.facts.slots import by_slots

Kleene = bool | None


@by_slots
@dataclass(frozen=True, slots=True)
class Interval:
    """A non-empty interval; ``None`` as a bound means unbounded (and is never closed).

    Raises:
        ValueError: the bounds are not finite, or leave nothing between them.
    """

    low: Decimal | None
    high: Decimal | None
    low_closed: bool = True
    high_closed: bool = True

    def __post_init__(self) -> None:
        if self.low is None and self.low_closed:
            object.__setattr__(self, "low_closed", False)
        if self.high is None and self.high_closed:
            object.__setattr__(self, "high_closed", False)
        for bound in (self.low, self.high):
            if bound is not None and not bound.is_finite():
                raise ValueError("interval bounds are finite decimals")
        if self.low is not None and self.high is not None:
            if self.low > self.high:
                raise ValueError("interval low exceeds high")
            if self.low == self.high and not (self.low_closed and self.high_closed):
                raise ValueError("interval is empty")

    @classmethod
    def point(cls, value: Decimal) -> Interval:
        """The exactly known value ``[value, value]``."""
        return cls(value, value)

    @classmethod
    def from_comparator(cls, comparator: str | None, value: Decimal) -> Interval:
        """Read FHIR's ``Quantity.comparator``; ``ad`` (sufficient to achieve) is not a result.

        Raises:
            ValueError: the comparator is none of ``< <= >= >``.
        """
        match comparator:
            case None | "":
                return cls(value, value)
            case "<":
                return cls(None, value, False, False)
            case "<=":
                return cls(None, value, False, True)
            case ">=":
                return cls(value, None, True, False)
            case ">":
                return cls(value, None, False, False)
            case _:
                raise ValueError("comparator is not one of < <= >= >")

    @property
    def is_point(self) -> bool:
        """Whether the value is exactly known."""
        return self.low is not None and self.low == self.high

    def lt(self, other: Interval) -> Kleene:
        """``self < other`` for every pair, for no pair, or unknown."""
        if self.high is not None and other.low is not None:
            if self.high < other.low:
                return True
            if self.high == other.low and not (self.high_closed and other.low_closed):
                return True
        if self.low is not None and other.high is not None and self.low >= other.high:
            return False
        return None

    def le(self, other: Interval) -> Kleene:
        """``self <= other``."""
        greater = other.lt(self)
        return None if greater is None else not greater

    def gt(self, other: Interval) -> Kleene:
        """``self > other``."""
        return other.lt(self)

    def ge(self, other: Interval) -> Kleene:
        """``self >= other``."""
        less = self.lt(other)
        return None if less is None else not less

    def eq(self, other: Interval) -> Kleene:
        """``self = other``: true only for two equal points."""
        if self.is_point and other.is_point:
            return self.low == other.low
        return None if self.meets(other) else False

    def meets(self, other: Interval) -> bool:
        """Whether anything lies in both."""
        return self.lt(other) is not True and other.lt(self) is not True

    def intersect(self, other: Interval) -> Interval | None:
        """What lies in both, or ``None``."""
        low, low_closed = self.low, self.low_closed
        if other.low is not None and (low is None or other.low >= low):
            low_closed = (
                other.low_closed
                if low is None or other.low > low
                else low_closed and other.low_closed
            )
            low = other.low
        high, high_closed = self.high, self.high_closed
        if other.high is not None and (high is None or other.high <= high):
            high_closed = (
                other.high_closed
                if high is None or other.high < high
                else high_closed and other.high_closed
            )
            high = other.high
        if (
            low is not None
            and high is not None
            and (low > high or (low == high and not (low_closed and high_closed)))
        ):
            return None
        return Interval(low, high, low_closed, high_closed)

    def scale(self, factor: Decimal) -> Interval:
        """Multiply both bounds by a positive factor, in the caller's decimal context."""
        return Interval(
            None if self.low is None else self.low * factor,
            None if self.high is None else self.high * factor,
            self.low_closed,
            self.high_closed,
        )

    def __str__(self) -> str:
        if self.is_point:
            return format(self.low, "f") if self.low is not None else ""
        if self.low is None and self.high is None:
            return "unknown"
        if self.low is None:
            return f"{'≤' if self.high_closed else '<'}{self.high:f}"
        if self.high is None:
            return f"{'≥' if self.low_closed else '>'}{self.low:f}"
        left = "" if self.low_closed else ">"
        right = "" if self.high_closed else "<"
        return f"{left}{self.low:f} to {right}{self.high:f}"
