"""The parts of conditions over many cases at once: tables to look up, and Kleene's logic.

A column holds Kleene's values as small integers (false 0, unknown 1, true 2: "and" is the smaller,
"or" the larger, "not" two less it), or is one integer where all cases agree. What a condition can
see of one fact falls into few classes; a part that looks at one fact only is asked once per class,
of the closure of :mod:`corrin.language.to_python` itself, and looked up for every case.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corrin.language import tree
from corrin.language.compare import Condition
from corrin.language.kleene import Kleene

FALSE, UNKNOWN, TRUE = 0, 1, 2
NOT_ASKED = -1

Truths = NDArray[np.int8]
Column = Truths | int
Rows = NDArray[np.intp]
Classes = NDArray[np.intp] | int
Named = tuple[tuple[str, str], ...]
"""Names as a condition uses them, each with the name of the column of classes it is found in."""

# A part is worked out for some rows only where they are fewer than one in so many.
_FEW = 8
# Numbers are looked up in a table where it is no larger than so many times the rows.
_SPARSE = 4

_CODES: dict[Kleene, int] = {False: FALSE, None: UNKNOWN, True: TRUE}


def distinct(numbers: NDArray[np.intp], size: int) -> tuple[Rows, Rows]:
    """One row of each number that occurs, and which of these each row is like.

    Args:
        numbers: none negative.
        size: more than the largest.
    """
    if size > _SPARSE * len(numbers):
        _, first, back = np.unique(numbers, return_index=True, return_inverse=True)
        return first, back
    row_of = np.full(size, -1, np.intp)
    row_of[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
    met = np.flatnonzero(row_of >= 0)
    first = row_of[met]
    row_of[met] = np.arange(len(met))
    return first, row_of[numbers]


def code(truth: Kleene) -> int:
    """One truth as it stands in a column."""
    return _CODES[truth]


class Sheet(Protocol):
    """Many worlds, side by side; a row is one of them."""

    size: int
    kept: dict[int, Column]

    def around(self) -> Sheet:
        """The outer sheet."""

    def classes(self, name: str) -> Classes:
        """The class of one fact in every row; one number where it is the same in all."""

    def present(self, name: str) -> NDArray[np.intp]:
        """The classes of one fact that occur, in ascending order."""

    def table(self, leaf: Table) -> Truths:
        """The truth of a leaf by class."""

    def joint(self, leaf: Joint, classes: tuple[int, ...]) -> int:
        """The truth of a leaf that looks at several facts, for one combination of classes."""

    def late(self, leaf: Late, rows: Rows) -> Truths:
        """The truth of a leaf in each of some rows, from the facts themselves."""

    def owners(self, rows: Rows | None) -> Rows:
        """The rows of the outer sheet that rows belong to."""


@dataclass(eq=False)
class Node(ABC):
    """A part of a condition; ``late`` tells that it cannot be told from classes alone."""

    number: int
    late: bool

    @abstractmethod
    def work_out(self, sheet: Sheet, rows: Rows | None) -> Column:
        """Its truth in some rows, or in all."""

    def at(self, sheet: Sheet, rows: Rows | None = None) -> Column:
        """Its truth in some rows, or in all; what was worked out for all is kept."""
        column = sheet.kept.get(self.number)
        if column is None:
            few = rows is not None and len(rows) * _FEW < sheet.size
            if few or self.late:
                return self.work_out(sheet, rows)
            column = sheet.kept[self.number] = self.work_out(sheet, None)
        return column if rows is None or isinstance(column, int) else column[rows]

    def true_in(self, sheet: Sheet, rows: Rows | None = None) -> Rows:
        """Those of some rows, or of all, in which it is true."""
        column = self.at(sheet, rows)
        if isinstance(column, int):
            if column != TRUE:
                return np.empty(0, np.intp)
            return np.arange(sheet.size) if rows is None else rows
        found = np.flatnonzero(column == TRUE)
        return found if rows is None else rows[found]


@dataclass(eq=False)
class Fixed(Node):
    """What looks at nothing."""

    truth: int

    def work_out(self, sheet: Sheet, rows: Rows | None) -> Column:
        return self.truth


@dataclass(eq=False)
class Table(Node):
    """What looks at one fact only: looked up by class."""

    holds: Condition
    names: Named

    def work_out(self, sheet: Sheet, rows: Rows | None) -> Column:
        name = self.names[0][1]
        classes, table = sheet.classes(name), sheet.table(self)
        if isinstance(classes, int):
            return int(table[classes])
        if rows is not None:
            return table[classes[rows]]
        found = table[sheet.present(name)]
        least = int(found.min())
        return least if least == found.max() else table[classes]


@dataclass(eq=False)
class Joint(Node):
    """A comparison with a cut-off that other facts select: looked up by combination of classes."""

    holds: Condition
    names: Named

    def work_out(self, sheet: Sheet, rows: Rows | None) -> Column:
        names = dict.fromkeys(column for _, column in self.names)
        columns = [sheet.classes(name) for name in names]
        if rows is not None:
            columns = [one if isinstance(one, int) else one[rows] for one in columns]
        vary = [at for at, one in enumerate(columns) if not isinstance(one, int)]
        if not vary:
            return sheet.joint(self, tuple(int(one) for one in columns))
        mixed, sizes = np.zeros((), np.intp), list[int]()
        for at in vary:
            sizes.append(int(np.max(columns[at], initial=0)) + 1)
            mixed = mixed * sizes[-1] + columns[at]
        first, back = distinct(mixed, math.prod(sizes))
        truths = np.empty(len(first), np.int8)
        for index, row in enumerate(first.tolist()):
            key = tuple(one if isinstance(one, int) else int(one[row]) for one in columns)
            truths[index] = sheet.joint(self, key)
        found: Truths = truths[back]
        return found


@dataclass(eq=False)
class Late(Node):
    """What classes do not tell (times): asked of the facts themselves, where it matters."""

    condition: tree.Expression
    holds: Condition
    names: Named

    def work_out(self, sheet: Sheet, rows: Rows | None) -> Column:
        return sheet.late(self, np.arange(sheet.size) if rows is None else rows)


@dataclass(eq=False)
class Outer(Node):
    """What is the same for all rows of one row of the outer sheet."""

    node: Node

    def work_out(self, sheet: Sheet, rows: Rows | None) -> Column:
        return self.node.at(sheet.around(), sheet.owners(rows))


@dataclass(eq=False)
class Terms(Node):
    """An "and" or an "or"; what is late is asked only where the rest leaves it open."""

    terms: tuple[Node, ...]
    deciding: int
    """The truth of one term that decides."""

    def work_out(self, sheet: Sheet, rows: Rows | None) -> Column:
        answer: Column = TRUE - self.deciding
        early = 0
        for term in self.terms:
            if term.late:
                break
            early += 1
            answer = self._join(answer, term.at(sheet, rows))
            if isinstance(answer, int) and answer == self.deciding:
                return answer
        if early == len(self.terms):
            return answer
        size = sheet.size if rows is None else len(rows)
        found = np.full(size, answer, np.int8) if isinstance(answer, int) else answer.copy()
        for term in self.terms[early:]:
            open_ = np.flatnonzero(found != self.deciding)
            if len(open_):
                value = term.at(sheet, open_ if rows is None else rows[open_])
                found[open_] = self._join(found[open_], value)
        return found

    def _join(self, left: Column, right: Column) -> Column:
        if isinstance(left, int) and isinstance(right, int):
            return max(left, right) if self.deciding == TRUE else min(left, right)
        for one, other in ((left, right), (right, left)):
            if isinstance(one, int) and one != UNKNOWN:
                return one if one == self.deciding else other
        return np.maximum(left, right) if self.deciding == TRUE else np.minimum(left, right)

    def true_in(self, sheet: Sheet, rows: Rows | None = None) -> Rows:
        if self.deciding == TRUE or self.number in sheet.kept:
            return super().true_in(sheet, rows)
        for term in self.terms:
            rows = term.true_in(sheet, rows)
            if not len(rows):
                break
        return np.arange(sheet.size) if rows is None else rows


@dataclass(eq=False)
class AtLeast(Node):
    """So many of the terms."""

    terms: tuple[Node, ...]
    count: int

    def work_out(self, sheet: Sheet, rows: Rows | None) -> Column:
        certain: NDArray[np.int16] | int = 0
        possible: NDArray[np.int16] | int = 0
        for term in self.terms:
            value = term.at(sheet, rows)
            if isinstance(value, int):
                certain, possible = certain + (value == TRUE), possible + (value != FALSE)
            else:
                certain = certain + (value == TRUE).astype(np.int16)
                possible = possible + (value != FALSE).astype(np.int16)
        if isinstance(certain, int) or isinstance(possible, int):
            return int(certain >= self.count) + int(possible >= self.count)
        found: Truths = (certain >= self.count).astype(np.int8)
        return found + (possible >= self.count).astype(np.int8)


@dataclass(eq=False)
class Not(Node):
    """Two less its term."""

    term: Node

    def work_out(self, sheet: Sheet, rows: Rows | None) -> Column:
        value = self.term.at(sheet, rows)
        return TRUE - value


@dataclass(eq=False)
class Is(Node):
    """Whether a term is (not) true or false; unknown counts as neither."""

    term: Node
    truth: int
    negated: bool

    def work_out(self, sheet: Sheet, rows: Rows | None) -> Column:
        value = self.term.at(sheet, rows)
        if isinstance(value, int):
            return TRUE if (value == self.truth) is not self.negated else FALSE
        found = value != self.truth if self.negated else value == self.truth
        return np.where(found, np.int8(TRUE), np.int8(FALSE))
