"""One decision table over many cases at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from corrin.evaluate.decide import Decider
from corrin.evaluate.engine import CANNOT_CLASSIFY
from corrin.evaluate.many_sheet import Cases
from corrin.evaluate.table import Verdict
from corrin.facts.fact import Fact, Measured
from corrin.language import tree
from corrin.language.columns import Node, Rows, distinct
from corrin.language.to_columns import Program

# Answers kept of cases that are known in part; they hold no more than classes of facts.
_MOST_KEPT = 20_000
_BITS = 40


@dataclass(frozen=True, slots=True)
class Settled:
    """What a table says of a case, as far as a record keeps it."""

    verdict: Verdict
    possible: tuple[str, ...]

    @property
    def status(self) -> str | None:
        """The status; ``None`` where several are possible."""
        return self.possible[0] if len(self.possible) == 1 else None


@dataclass(frozen=True, slots=True)
class Answered:
    """What one table says of every row.

    Attributes:
        numbers: the place of each row's answer in ``answers``; -1 where nothing was asked.
    """

    numbers: NDArray[np.intp]
    answers: list[Settled]

    def among(self, statuses: frozenset[str], rows: Rows) -> Rows:
        """Those of some rows whose status is one of these."""
        fits = [(one.status or CANNOT_CLASSIFY) in statuses for one in self.answers]
        found: Rows = rows[np.array(fits, np.bool_)[self.numbers[rows]]] if fits else rows[:0]
        return found


@dataclass(slots=True)
class ManyDecider:
    """A decision table as columns; its answers are numbered as they are met."""

    decider: Decider
    _rows: tuple[Node, ...]
    _restrictions: tuple[Node, ...]
    _leaves: tuple[Node, ...]
    _open: dict[tuple[object, ...], Settled] = field(default_factory=dict)
    _numbers: dict[tuple[object, ...], int] = field(default_factory=dict)
    _answers: list[Settled] = field(default_factory=list)

    @classmethod
    def of(cls, decider: Decider, program: Program) -> ManyDecider:
        """A table made ready.

        Raises:
            ValueError: it has more restrictions than are told apart.
        """
        if len(decider.restrictions) > _BITS:
            raise ValueError(f"more than {_BITS} restrictions of one topic")
        rows = tuple(program.node(row.when) for row in decider.decision.rows)
        restrictions = tuple(program.node(one.when) for one in decider.restrictions)
        leaves: dict[Node, None] = {}
        for condition in (*decider.decision.conditions, *(r.when for r in decider.restrictions)):
            for one in tree.walk(condition):
                defined = isinstance(one, tree.Truth) and one.definition is not None
                if not tree.parts_of(one) and not defined:
                    leaves[program.node(one)] = None
        return cls(decider, rows, restrictions, tuple(leaves))

    def decide(self, sheet: Cases, rows: Rows) -> Answered:
        """What the table says of some rows."""
        matched = np.full(sheet.size, len(self._rows), np.intp)
        left = rows
        for index, node in enumerate(self._rows):
            hit = node.true_in(sheet, left)
            if len(hit):
                matched[hit] = index
                left = left[matched[left] == len(self._rows)]
            if not len(left):
                break
        applied = self._restricted(sheet, rows, matched)
        numbers = np.full(sheet.size, -1, np.intp)
        if len(rows):
            # Restrictions are few: their bits, as numbers, take little room beside the rows.
            matched, applied = matched[rows], applied[rows]
            like, sets = applied, 1
            if applied.any():
                found_sets, like = np.unique(applied, return_inverse=True)
                sets = len(found_sets)
            span = len(self._rows) + 1
            first, back = distinct(like * span + matched, sets * span)
            found = [
                self._number(self._settled(int(matched[at]), int(applied[at])))
                for at in first.tolist()
            ]
            numbers[rows] = np.array(found, np.intp)[back]
        open_ = self._open_rows(sheet, rows)
        for row, settled in zip(open_.tolist(), self._decided(sheet, open_), strict=True):
            numbers[row] = self._number(settled)
        return Answered(numbers, self._answers)

    def _restricted(self, sheet: Cases, rows: Rows, matched: NDArray[np.intp]) -> NDArray[np.intp]:
        """A bit for every restriction that changed the status of a row."""
        content = self.decider.decision.decision
        bound = self.decider.restrictions
        given = [row.row.status for row in self.decider.decision.rows] + [content.otherwise]
        names = list(dict.fromkeys([*given, *(one.restriction.replaced_by for one in bound)]))
        status = np.array([names.index(one) for one in given], np.intp)[matched]
        applied = np.zeros(sheet.size, np.intp)
        for bit, (node, one) in enumerate(zip(self._restrictions, bound, strict=True)):
            withdrawn = np.array([name in one.restriction.withdraws for name in names])
            concerned = rows[withdrawn[status[rows]]]
            hit = node.true_in(sheet, concerned) if len(concerned) else concerned
            applied[hit] |= 1 << bit
            status[hit] = names.index(one.restriction.replaced_by)
        return applied

    def _settled(self, row: int, bits: int) -> Settled:
        """The answer of one row of the table with the restrictions that changed it."""
        decision, every = self.decider.decision, self.decider.restrictions
        applied = tuple(one for bit, one in enumerate(every) if bits >> bit & 1)
        index = None if row == len(decision.rows) else row
        status = decision.decision.otherwise if index is None else decision.rows[index].row.status
        if applied:
            status = applied[-1].restriction.replaced_by
        possible = tuple(one for one in decision.decision.statuses if one == status)
        return Settled(Verdict(status, index, applied), possible)

    def _number(self, settled: Settled) -> int:
        verdict = settled.verdict
        key = (verdict.row, settled.possible, *(one.restriction.id for one in verdict.restrictions))
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self._answers)
            self._answers.append(settled)
        return found

    def _open_rows(self, sheet: Cases, rows: Rows) -> Rows:
        """Rows of which the table looks at something that is known in part."""
        open_ = np.zeros(sheet.size, np.bool_)
        for name in self.decider.facts:
            classes = sheet.classes(name)
            if not isinstance(classes, int):
                faces = sheet.slots[name].faces
                if any(faces[one].open for one in sheet.present(name).tolist()):
                    open_ |= np.array([face.open for face in faces])[classes]
        found: Rows = rows[open_[rows]]
        return found

    def _decided(self, sheet: Cases, rows: Rows) -> Iterator[Settled]:
        """The answers for cases decided by themselves, once for all that look alike: in the truth
        of every leaf, and in what is known in part."""
        if not len(rows):
            return
        truths = np.empty((len(rows), len(self._leaves)), np.int8)
        for at, leaf in enumerate(self._leaves):
            truths[:, at] = leaf.at(sheet, rows)
        parts: list[list[object]] = []
        for name in self.decider.facts:
            classes = sheet.classes_at(name, rows)
            if isinstance(classes, int):
                continue
            faces = sheet.slot(name).faces
            numbers = classes.tolist()
            if any(faces[one].open for one in numbers):
                parts.append([(name, one) if faces[one].open else None for one in numbers])
            if any(faces[one].open and faces[one].converted for one in numbers):
                # A cut-off is converted to the unit of the value, which rounds otherwise.
                facts = (sheet.cases[row].facts.get(name) for row in rows.tolist())
                parts.append([_interval(fact) for fact in facts])
        for at, (row, open_) in enumerate(
            zip(rows.tolist(), zip(*parts, strict=True), strict=True)
        ):
            known = (one for one in open_ if one is not None)
            key = (sheet.era, truths[at].tobytes(), *known)
            found = self._open.get(key)
            if found is None:
                if len(self._open) >= _MOST_KEPT:
                    self._open.clear()
                found = self._open[key] = Settled(*self.decider.first(sheet.world(row)))
            yield found


def _interval(fact: Fact | None) -> tuple[Decimal | None, Decimal | None] | None:
    if not isinstance(fact, Measured) or fact.interval.is_point:
        return None
    return fact.interval.low, fact.interval.high
