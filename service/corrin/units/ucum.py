"""What a string says when it is read as UCUM, over a small closed list of symbols.

Used to tell that a laboratory spelling is also valid UCUM with another meaning (``K/uL`` is
kelvin per microlitre), and to name a unit in words. Conversion factors never come from here: they
come from the committed table. The symbols and what they stand for were derived by ucumvert and
pint (:mod:`corrin.units.derive`); a string with any other symbol has no reading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

_TERM = re.compile(
    r"(?P<sign>[./]?)"
    r"(?:10[*^](?P<power>[+-]?\d{1,2})(?!\d)|(?P<number>\d{1,9})(?![*^\d])"
    r"|(?P<symbol>(?:[A-Za-z%]|\[[^\[\]{}]*\])(?:[A-Za-z%']|\[[^\[\]{}]*\])*)(?P<exponent>[+-]?\d)?)?"
    r"(?P<note>\{[^{}]*\})?"
)
_CONTEXT = Context(prec=20)
_CLOSE = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Symbol:
    """One UCUM symbol with its prefix: name, size in base units, base units with their powers."""

    words: str
    size: Decimal
    base: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A string read as UCUM: size, base units above and below the line (not cancelled), notes.

    Above and below are kept apart because a mass ratio and a substance ratio must not be equal.
    """

    size: Decimal
    above: tuple[tuple[str, int], ...]
    below: tuple[tuple[str, int], ...]
    notes: frozenset[str]
    words: str

    def same_size_as(self, other: Reading) -> bool:
        """Whether both say the same but for their annotations."""
        return (
            self.above == other.above
            and self.below == other.below
            and abs(self.size - other.size) <= _CLOSE * abs(other.size)
        )

    def same_as(self, other: Reading) -> bool:
        """Whether both say the same."""
        return self.notes == other.notes and self.same_size_as(other)

    def without(self, notes: frozenset[str]) -> Reading:
        """This reading with annotations dropped that change nothing (compared without case)."""
        kept = frozenset(note for note in self.notes if note[1:-1].casefold() not in notes)
        return Reading(self.size, self.above, self.below, kept, self.words)


def read(text: str, symbols: Mapping[str, Symbol]) -> Reading | None:
    """Read UCUM made of ``symbols``, powers of ten, whole numbers and annotations.

    ``None`` when it is not UCUM, or UCUM with a symbol that is not in the list. Follows UCUM's
    left-to-right rule: ``mL/min/1.73`` is millilitre per minute, divided by 1, times 73.
    """
    if not text or len(text) > 64:
        return None
    size, words, notes = Decimal(1), "", set()
    above: dict[str, int] = {}
    below: dict[str, int] = {}
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None or match.end() == at or match.end() == at + len(match["sign"]):
            return None
        if at > 0 and not match["sign"]:
            return None
        if at == 0 and match["sign"] == ".":
            return None
        under = match["sign"] == "/"
        if match["note"]:
            notes.add(match["note"])
        factor, name = Decimal(1), ""
        if match["power"] is not None:
            factor, name = Decimal(10) ** int(match["power"]), f"10^{int(match['power'])}"
        elif match["number"] is not None:
            factor, name = Decimal(match["number"]), match["number"]
            if factor == 0:
                return None
        elif match["symbol"] is not None:
            symbol = symbols.get(match["symbol"])
            if symbol is None:
                return None
            exponent = int(match["exponent"] or 1)
            if exponent == 0:
                return None
            factor = _CONTEXT.power(symbol.size, exponent)
            for base, power in symbol.base:
                side = below if under != (exponent * power < 0) else above
                side[base] = side.get(base, 0) + abs(power * exponent)
            name = symbol.words + ("" if exponent == 1 else f"^{exponent}")
        size = _CONTEXT.divide(size, factor) if under else _CONTEXT.multiply(size, factor)
        words = _say(words, under, name, match["note"])
        at = match.end()
    return Reading(size, _sorted(above), _sorted(below), frozenset(notes), words.strip())


def _say(words: str, under: bool, name: str, note: str | None) -> str:
    spoken = note[1:-1].replace("_", " ") if note else ""
    term = " of ".join(part for part in (name, spoken) if part) if name else spoken
    if under:
        return f"{words} per {term}"
    if not words:
        return term
    # A number before a thing is a count of it; a number after is a product worth pointing out.
    return f"{words} times {term}" if term[:1].isdigit() else f"{words} {term}"


def _sorted(side: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(side.items()))
