"""Kleene's strong three-valued logic: ``True``, ``False`` and ``None`` for unknown.

Source: S. C. Kleene, Introduction to Metamathematics, 1952, section 64. FHIRPath, CQL and SQL
use the same tables.
"""

from __future__ import annotations

from collections.abc import Iterable

Kleene = bool | None


def negate(value: Kleene) -> Kleene:
    """Not: unknown stays unknown."""
    return None if value is None else not value


def all_of(values: Iterable[Kleene]) -> Kleene:
    """And: one false decides; otherwise one unknown makes it unknown."""
    answer: Kleene = True
    for value in values:
        if value is False:
            return False
        if value is None:
            answer = None
    return answer


def any_of(values: Iterable[Kleene]) -> Kleene:
    """Or: one true decides; otherwise one unknown makes it unknown."""
    answer: Kleene = False
    for value in values:
        if value is True:
            return True
        if value is None:
            answer = None
    return answer


def agree(values: Iterable[Kleene]) -> Kleene:
    """The one answer all alternatives give, or unknown when they differ."""
    seen = set(values)
    return seen.pop() if len(seen) == 1 else None
