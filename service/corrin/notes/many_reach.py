"""Which leaves decide a condition, for many cases at once.

As :func:`corrin.evaluate.trace.deciding` finds them: a term decides where it shares the truth of
the whole it is a term of. And as :class:`corrin.evaluate.trace.Unknowns` finds what leaves a
condition unknown: the unknown terms of an unknown whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corrin.language import tree
from corrin.language.columns import FALSE, TRUE, UNKNOWN, Column, Node, Rows, Sheet

Mask = NDArray[np.bool_] | None
"""Rows in which a part decides; ``None`` for all."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """A leaf, where it decides, and its truth there."""

    leaf: Part
    mask: Mask
    truth: Column

    @property
    def always(self) -> bool:
        """Whether it decides with one truth in all rows, whatever the cases."""
        return self.mask is None and isinstance(self.truth, int)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a condition, definitions looked into.

    Attributes:
        node: what says its truth.
        condition: itself.
        terms: what it is made of; a leaf has none.
        shared: the truth that all terms have where the whole has it (of an "and": true).
    """

    node: Node
    condition: tree.Expression
    terms: tuple[Part, ...] = ()
    shared: int | None = None

    def leaves(self) -> Iterator[Part]:
        """Its leaves; itself if it is one."""
        if not self.terms:
            yield self
        for term in self.terms:
            yield from term.leaves()

    def deciding(
        self, sheet: Sheet, rows: Rows, truth: Column, mask: Mask = None
    ) -> Iterator[Deciding]:
        """The leaves that give it its ``truth`` in some rows, where the mask says so."""
        if not self.terms:
            yield Deciding(self, mask, truth)
        elif isinstance(self.condition, tree.Not):
            yield from self.terms[0].deciding(sheet, rows, TRUE - truth, mask)
        elif isinstance(truth, int) and truth == self.shared:
            for term in self.terms:
                yield from term.deciding(sheet, rows, truth, mask)
        else:
            for term in self.terms:
                found = term.node.at(sheet, rows)
                shares = np.broadcast_to(np.equal(found, truth), len(rows))
                here = shares if mask is None else shares & mask
                if here.any():
                    yield from term.deciding(sheet, rows, found, here)

    def unknown(self, sheet: Sheet, rows: Rows) -> Iterator[Deciding]:
        """The leaves that leave it unknown, where it is."""
        truth = self.node.at(sheet, rows)
        mask = np.broadcast_to(np.equal(truth, UNKNOWN), len(rows))
        if mask.any():
            yield from self.deciding(sheet, rows, UNKNOWN, mask)


def part_of(condition: tree.Expression, node_of: Callable[[tree.Expression], Node]) -> Part:
    """A condition with its parts."""

    def made(*terms: tree.Expression) -> tuple[Part, ...]:
        return tuple(part_of(term, node_of) for term in terms)

    match condition:
        case tree.All(terms):
            return Part(node_of(condition), condition, made(*terms), TRUE)
        case tree.Any(terms):
            return Part(node_of(condition), condition, made(*terms), FALSE)
        case tree.AtLeast(_, terms):
            return Part(node_of(condition), condition, made(*terms))
        case tree.Not(term):
            return Part(node_of(condition), condition, made(term))
        case tree.Truth(_, definition) if definition is not None:
            return part_of(definition, node_of)
        case _:
            return Part(node_of(condition), condition)
