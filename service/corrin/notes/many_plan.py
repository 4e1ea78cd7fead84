"""What of one rule differs from case to case besides values, as columns of numbers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from corrin.evaluate.many_sheet import Cases, Values
from corrin.language import tree
from corrin.language.columns import TRUE, Column, Node, Rows
from corrin.language.world import AS_OF
from corrin.notes.many_reach import Mask, Part
from corrin.notes.many_view import Marks, Numbers, View, known

NO_COLUMN = frozenset({AS_OF, *tree.ENGINE_TRUTHS})
_T = TypeVar("_T")
Parts = dict[Hashable, Numbers]


@dataclass(frozen=True, slots=True)
class Figure:
    """A cut-off that is told beside the fact of a column, and what selects its figures."""

    column: str
    selectors: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The parts of a rule that its notes tell of.

    Attributes:
        when: its condition.
        unless: its exceptions.
        beside: the cut-offs that are told of each leaf of ``when``, where it decides.
        always: those that a text tells.
        facts: what there is of every fact it looks at.
        units: of every column some cut-off is held against.
        singly: likewise.
        column: the column of a name.
    """

    when: Part
    unless: Part | None
    beside: Mapping[Part, tuple[Figure, ...]]
    always: tuple[Figure, ...]
    facts: tuple[View, ...]
    units: Mapping[str, View]
    singly: Mapping[str, Marks]
    column: Callable[[str], str]
    _known: dict[str, View] = field(default_factory=dict)

    def seen(self, sheet: Cases | Values, rows: Rows) -> tuple[Parts, list[tuple[str, Numbers]]]:
        """The numbers of some rows, each under what it is about (nothing: 0), and the columns of
        which figures are told singly."""
        parts: Parts = {}
        for view in self.facts:
            found = view.of(sheet, rows)
            if found is not None:
                parts["fact", view.column] = found
        columns: dict[str, Mask] = {}
        selectors: dict[Node, Mask] = {}
        _reach(self.always, None, columns, selectors)
        for one in self.when.deciding(sheet, rows, TRUE):
            if not one.always:
                parts["leaf", one.leaf] = _masked(one.truth, one.mask, len(rows))
            _reach(self.beside[one.leaf], one.mask, columns, selectors)
        for node, mask in selectors.items():
            parts["selects", node] = _masked(node.at(sheet, rows), mask, len(rows))
        singly = []
        for column, mask in columns.items():
            unit, how = self.units[column].of(sheet, rows), self.singly[column].of(sheet, rows)
            if unit is not None:
                parts["unit", column] = unit if mask is None else np.where(mask, unit, 0)
            if how is not None:
                how = how if mask is None else np.where(mask, how, 0)
                if how.any():
                    singly.append((column, how))
        if self.unless is not None:
            self._exceptions(self.unless, sheet, rows, parts)
        return parts, singly

    def _exceptions(self, unless: Part, sheet: Cases | Values, rows: Rows, parts: Parts) -> None:
        """What leaves exceptions unknown, which is told as a limit."""
        for one in unless.unknown(sheet, rows):
            parts["unless", one.leaf] = _masked(one.truth, one.mask, len(rows))
            condition = one.leaf.condition
            if not isinstance(condition, tree.Compare | tree.Between | tree.Within):
                continue
            for name in tree.facts_of(condition):
                if name in NO_COLUMN:
                    continue
                column = self.column(name)
                if column not in self._known:
                    self._known[column] = View(column, known)
                found = self._known[column].of(sheet, rows)
                if found is not None:
                    here = found if one.mask is None else np.where(one.mask, found, 0)
                    parts["unknown", one.leaf, column] = here


def _reach(
    figures: Iterable[Figure],
    mask: Mask,
    columns: dict[str, Mask],
    selectors: dict[Node, Mask],
) -> None:
    """Note in which rows figures are told."""
    for one in figures:
        columns[one.column] = _either(columns, one.column, mask)
        for node in one.selectors:
            selectors[node] = _either(selectors, node, mask)


def _either(masks: Mapping[_T, Mask], name: _T, mask: Mask) -> Mask:
    if name not in masks:
        return mask
    found = masks[name]
    return None if found is None or mask is None else found | mask


def _masked(truth: Column, mask: Mask, size: int) -> Numbers:
    """A truth as a number above nought where the mask says so."""
    found = np.zeros(size, np.intp) + truth + 1
    return found if mask is None else np.where(mask, found, 0)
