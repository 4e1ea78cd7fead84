"""Cases → columns of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from corrin.evaluate.many_facts import NOTHING, Irregular, Slot
from corrin.evaluate.many_sheet import IMPLAUSIBLE, RESULT, Cases, Era, Values
from corrin.facts.case import Case
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.language import tree
from corrin.language.columns import Rows
from corrin.language.to_columns import Program
from corrin.language.to_python import Compiler
from corrin.language.world import AS_OF, World

EACH = "each "
SEX = "sex"  # the fact that is coded
_UNTOLD = frozenset(tree.ENGINE_TRUTHS) - {IMPLAUSIBLE}


@dataclass(slots=True)
class Filled:
    """Cases in columns, and the rows of those that must be looked at by themselves."""

    sheet: Cases
    values: Mapping[str, Values]
    irregular: Rows


class Filler:
    """Puts cases into the columns that conditions look at.

    Conditions are made ready by its ``program`` (or by that of :meth:`of_values`) before the first
    case is filled in.

    Args:
        critical_days: how old a value may be to count as recent.
    """

    def __init__(self, compiler: Compiler, critical_days: int) -> None:
        self.slots: dict[str, Slot] = {}
        self.program = Program(compiler, self._meet)
        self._compiler, self._critical_days = compiler, critical_days
        self._each: dict[str, Slot] = {}
        self._periods: dict[tree.Cut, None] = {}
        self._eras: dict[tuple[int, ...], Era] = {}
        self._days: dict[date, tuple[int, ...]] = {}
        self._programs: dict[str, Program] = {}

    def of_values(self, analyte: str) -> Program:
        """The program of conditions about each value of an analyte."""
        found = self._programs.get(analyte)
        if found is None:
            column = EACH + analyte
            own = {RESULT: column, IMPLAUSIBLE: column} | {name: name for name in _UNTOLD}
            self._each[analyte] = self.slots[column] = Slot(analyte, self._compiler)
            found = Program(self._compiler, self._meet, own, _UNTOLD, self.program)
            self._programs[analyte] = found
        return found

    def _meet(self, leaf: tree.Expression, name: str, column: str) -> None:
        slot = self.slots.get(column)
        if slot is None:
            slot = self.slots[column] = Slot(column, self._compiler)
        slot.meet(leaf, name)
        if isinstance(leaf, tree.Compare | tree.Between):
            for cut in tree.cuts_of(leaf):
                self.look_at_figures(cut)

    def look_at(self, name: str) -> None:
        """Put a fact into columns that no condition looks at."""
        if name not in self.slots:
            self.slots[name] = Slot(name, self._compiler)

    def look_at_figures(self, cut: tree.Cut) -> None:
        """Tell the days apart on which a cut-off that is told has other figures."""
        if cut.earlier:
            self._periods[cut] = None

    def fill(self, cases: Sequence[Case]) -> Filled:
        """Cases of one era in columns."""
        era = self._era(cases[0].as_of.end.date())
        size = len(cases)
        columns: dict[str, tuple[Slot, list[int]]] = {}
        each: dict[str, tuple[list[int], list[int]]] = {a: ([], []) for a in self._each}
        irregular: list[int] = []
        for row, case in enumerate(cases):
            try:
                self._fill(row, case, columns, size)
                self._fill_values(row, case, each)
            except Irregular:
                irregular.append(row)
        arrays = {name: np.array(column, np.intp) for name, (_, column) in columns.items()}
        sheet = Cases(cases, self.slots, arrays, era)
        values = {
            analyte: Values(
                analyte,
                self._critical_days,
                self._each[analyte],
                EACH + analyte,
                np.array(classes, np.intp),
                np.array(owners, np.intp),
                sheet,
            )
            for analyte, (classes, owners) in each.items()
            if classes
        }
        return Filled(sheet, values, np.array(irregular, np.intp))

    def _fill(
        self, row: int, case: Case, columns: dict[str, tuple[Slot, list[int]]], size: int
    ) -> None:
        refused = World.of(case).refused if case.refusals else None
        facts = case.facts
        for name, fact in facts.items():
            target = columns.get(name)
            if target is None:
                target = self._column(name, columns, size)
                if target is None:
                    continue
            slot, column = target
            if type(fact) is Measured:
                column[row] = slot.measured(fact)
            elif (
                type(fact) is Absent
                and not fact.among
                and (refused is None or fact.name not in refused)
            ):
                column[row] = slot.reasons.get(fact.reason) or slot.absent(fact)
            else:
                column[row] = slot.class_of(fact, None, _refused(refused, fact, name))
        beside = [name for name in refused or () if name not in facts]
        for name in beside:
            target = self._column(name, columns, size)
            if target is not None:
                target[1][row] = target[0].class_of(None, None, _refused(refused, None, name))
        sex = case.subject.sex
        target = None if sex is None else self._column(SEX, columns, size)
        if target is not None:
            own = facts.get(SEX)
            target[1][row] = target[0].class_of(own, sex, _refused(refused, own, SEX))
        target = self._column(AS_OF, columns, size)
        if target is not None:
            target[1][row] = target[0].class_of(Stated(AS_OF, True))

    def _column(
        self, name: str, columns: dict[str, tuple[Slot, list[int]]], size: int
    ) -> tuple[Slot, list[int]] | None:
        """The classes of a fact and its column; ``None`` where nothing looks at it."""
        found = columns.get(name)
        if found is None and name in self.slots:
            found = columns[name] = (self.slots[name], [0] * size)
        return found

    def _fill_values(
        self, row: int, case: Case, each: dict[str, tuple[list[int], list[int]]]
    ) -> None:
        for analyte, values in case.every.items():
            found = each.get(analyte)
            if found is not None:
                slot = self._each[analyte]
                classes = [slot.measured(value) for value in values]
                found[0].extend(classes)
                found[1].extend([row] * len(classes))

    def era_of(self, day: date) -> tuple[int, ...]:
        """Which figures of every cut-off that had others before are in force on a day."""
        found = self._days.get(day)
        if found is None:
            found = tuple(
                next(
                    (
                        index
                        for index, one in enumerate(cut.earlier)
                        if one.start <= day and (one.end is None or day < one.end)
                    ),
                    -1,
                )
                for cut in self._periods
            )
            self._days[day] = found
        return found

    def _era(self, day: date) -> Era:
        which = self.era_of(day)
        found = self._eras.get(which)
        if found is None:
            found = self._eras[which] = Era(World({}, {}, {}, day))
        return found


def _refused(
    refused: Mapping[str, frozenset[str]] | None, fact: Fact | None, name: str
) -> frozenset[str]:
    """What was refused of a fact: of an absent one, under the name it goes by."""
    if refused is None:
        return NOTHING
    return refused.get(fact.name if isinstance(fact, Absent) else name, NOTHING)
