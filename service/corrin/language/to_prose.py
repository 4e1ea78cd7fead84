"""Bound tree → words a clinician can read aloud."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from corrin.language import tree

_WORDS = {
    "<": "below",
    "<=": "at or below",
    ">": "above",
    ">=": "at or above",
    "=": "exactly",
    "!=": "other than",
}


class Prose:
    """Puts conditions into words.

    Args:
        names: fact name → what people call it (``total_b12`` → ``total B12``).
        means: definition name → what it means.
        reasons: reason or flag code → its sentence.
    """

    def __init__(
        self, names: Mapping[str, str], means: Mapping[str, str], reasons: Mapping[str, str]
    ) -> None:
        self._names, self._means, self._reasons = names, means, reasons

    def name(self, fact: str) -> str:
        """What people call a fact."""
        return self._names.get(fact, fact.replace("_", " "))

    def of(self, node: tree.Expression, *, inner: bool = False) -> str:
        """A condition in words."""
        match node:
            case tree.All(terms):
                return _joined([self.of(term, inner=True) for term in terms], "and", inner)
            case tree.Any(terms):
                return _joined([self.of(term, inner=True) for term in terms], "or", inner)
            case tree.AtLeast(count, terms):
                said = "; ".join(self.of(term, inner=True) for term in terms)
                return f"at least {count} of these: ({said})"
            case tree.Not(term):
                return f"not: {self.of(term, inner=True)}"
            case tree.Is(expression, truth, negated):
                return self._is(expression, truth, negated)
            case tree.Truth(name):
                return self._means.get(name, self.name(name))
            case tree.Compare(fact, operator, operand):
                return f"{self.name(fact)} {_WORDS[operator]} {self.operand(operand)}"
            case tree.Between(fact, low, high):
                return (
                    f"{self.name(fact)} from {self.operand(low)} to {self.operand(high)}"
                    ", both included"
                )
            case tree.CompareText(fact, operator, text):
                return f"{self.name(fact)} {'is' if operator == '=' else 'is not'} {text}"
            case tree.IsNull(fact, negated, reasons):
                if reasons:
                    said = "; ".join(self._reasons.get(r, r).rstrip(".") for r in reasons)
                    return f"{self.name(fact)} not usable, because: {said}"
                return f"{'a' if negated else 'no'} usable {self.name(fact)}"
            case tree.Flagged(fact, flags):
                said = "; ".join(self._reasons.get(f, f).rstrip(".") for f in flags)
                return f"{self.name(fact)} marked: {said}"
            case tree.Within(fact, days, direction, anchor):
                return f"{self.name(fact)} at most {days} days {direction} {self.name(anchor)}"
            case tree.Always():
                return "always"

    def _is(self, expression: tree.Expression, truth: bool, negated: bool) -> str:
        said = self.of(expression, inner=True)
        if isinstance(expression, tree.Truth):
            if truth:
                return f"{said}: {'not known to be so' if negated else 'stated'}"
            return f"{said}: {'not known to be absent' if negated else 'stated absent'}"
        word = "true" if truth else "false"
        return f"{said}: {'not ' if negated else ''}known to be {word}"

    def operand(self, operand: tree.Operand) -> str:
        """A cut-off in words: its figures, and what selects them."""
        if not isinstance(operand, tree.Cut):
            return str(operand)
        parts = []
        if operand.values:
            parts.append(figures(operand.values))
        parts += [f"{figures(v.values)} ({self.of(v.when)})" for v in operand.variants]
        said = ", ".join(parts)
        if operand.laboratory_limit is not None:
            limit = "upper" if operand.laboratory_limit == "high" else "lower"
            own = f"the laboratory's own {limit} limit"
            return f"{own}, or where it gave none {said}" if said else own
        return said


def figures(values: tuple[tuple[str, Decimal], ...]) -> str:
    """Published figures: ``180 ng/L (133 pmol/L)``."""
    said = [f"{value:f}" if unit == "1" else f"{value:f} {unit}" for unit, value in values]
    return said[0] + (f" ({', '.join(said[1:])})" if said[1:] else "")


def _joined(parts: list[str], word: str, inner: bool) -> str:
    said = f" {word} ".join(parts)
    return f"({said})" if inner and len(parts) > 1 else said
