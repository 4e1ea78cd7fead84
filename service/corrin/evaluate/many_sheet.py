"""Many cases side by side: the class of every fact, and what conditions say of each class."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from corrin.evaluate.engine import every_value
from corrin.evaluate.many_facts import Face, Slot, world_of
from corrin.evaluate.many_times import Clock, Times, within
from corrin.facts.case import Case
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.language import tree
from corrin.language.columns import (
    NOT_ASKED,
    Classes,
    Column,
    Joint,
    Late,
    Named,
    Rows,
    Sheet,
    Table,
    Truths,
    code,
)
from corrin.language.world import AS_OF, World

IMPLAUSIBLE = "result_implausible"
RESULT = "result"
_ONLY_NOTHING = np.zeros(1, np.intp)
_NO_CODES: Mapping[str, str] = {}
_NO_REFUSALS: Mapping[str, frozenset[str]] = {}


@dataclass(slots=True, eq=False)
class Era:
    """What conditions say of classes on the days on which the same figures are in force.

    Attributes:
        on: a world of one of these days.
    """

    on: World
    tables: dict[Table, Truths] = field(default_factory=dict)
    joints: dict[Joint, dict[tuple[int, ...], int]] = field(default_factory=dict)


@dataclass(slots=True)
class Cases:
    """The sheet of whole cases.

    Attributes:
        cases: one a row.
        slots: by the name of their column.
        columns: the class of each fact in every row, of those that any case has.
        era: whose figures are in force.
    """

    cases: Sequence[Case]
    slots: Mapping[str, Slot]
    columns: Mapping[str, NDArray[np.intp]]
    era: Era
    size: int = 0
    kept: dict[int, Column] = field(default_factory=dict)
    _present: dict[str, NDArray[np.intp]] = field(default_factory=dict)
    _late: dict[int, Truths] = field(default_factory=dict)
    times: dict[str, Times] = field(default_factory=dict)
    """When the facts of a name were, of those that were asked for."""
    _clock: Clock = field(default_factory=Clock)
    _asked: Stated | None = None
    _worlds: dict[int, World] = field(default_factory=dict)
    _every: dict[tuple[int, str], tuple[World, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.size = len(self.cases)

    def classes(self, name: str) -> Classes:
        """As :class:`Sheet` says."""
        return self.columns.get(name, 0)

    def classes_at(self, name: str, rows: Rows) -> Classes:
        """The class of one fact in some rows."""
        column = self.columns.get(name)
        return 0 if column is None else column[rows]

    def present(self, name: str) -> NDArray[np.intp]:
        """As :class:`Sheet` says."""
        found = self._present.get(name)
        if found is None:
            column = self.columns.get(name)
            found = _ONLY_NOTHING if column is None else np.flatnonzero(np.bincount(column))
            self._present[name] = found
        return found

    def slot(self, name: str) -> Slot:
        """The classes of one column."""
        return self.slots[name]

    def table(self, leaf: Table) -> Truths:
        """As :class:`Sheet` says."""
        return table_of(leaf, self.slot(leaf.names[0][1]), self.era)

    def joint(self, leaf: Joint, classes: tuple[int, ...]) -> int:
        """As :class:`Sheet` says."""
        return joint_of(leaf, classes, self.slot, self.era)

    def late(self, leaf: Late, rows: Rows) -> Truths:
        """As :class:`Sheet` says."""
        if not isinstance(leaf.condition, tree.Within):
            return asked_late(self._late, leaf, rows, self.size, self._whole)
        if leaf.number not in self._late:
            self._late[leaf.number] = self._within(leaf, leaf.condition)
        return asked_late(self._late, leaf, rows, self.size, self._only)

    def _within(self, leaf: Late, condition: tree.Within) -> Truths:
        """The truth of a leaf about two times in every row, as far as numbers tell it."""
        columns = dict(leaf.names)
        first, second = (self._times_of(columns[n]) for n in (condition.fact, condition.anchor))
        if condition.direction == "after":
            first, second = second, first
        return within(first, second, int(condition.days))

    def _times_of(self, name: str) -> Times:
        found = self.times.get(name)
        if found is None:
            facts: Iterator[Fact | None]
            if name == AS_OF:
                facts = (self._as_of(case) for case in self.cases)
            elif name in self.slots and name not in self.columns:
                facts = itertools.repeat(None, self.size)
            else:
                facts = (case.facts.get(name) for case in self.cases)
            found = self.times[name] = self._clock.times(facts)
        return found

    def _whole(self, names: Named, row: int) -> World:
        result = next((column for name, column in names if name == RESULT), None)
        world = self.world(row)
        if result is None:
            return world
        return world.given(result=world.facts.get(result) or Absent(result))

    def _only(self, names: Named, row: int) -> World:
        """A world of a few facts of one case, and its moment: of no use to what looks at more."""
        case = self.cases[row]
        found: dict[str, Fact] = {}
        for name, column in names:
            fact = self._as_of(case) if name == AS_OF else case.facts.get(column)
            if fact is not None:
                found[name] = fact
            elif name == RESULT:
                found[name] = Absent(column)
        return World(found, _NO_CODES, _NO_REFUSALS, self.era.on.on)

    def _as_of(self, case: Case) -> Stated:
        """The moment of a case as a fact; mostly it is the same for many cases."""
        known = self._asked
        if known is None or known.since is not case.as_of:
            known = self._asked = Stated(AS_OF, True, since=case.as_of)
        return known

    def owners(self, rows: Rows | None) -> Rows:
        """A case belongs to no other row."""
        raise AssertionError

    def around(self) -> Sheet:
        """There is no other sheet around cases."""
        raise AssertionError

    def world(self, row: int) -> World:
        """The whole world of one case."""
        found = self._worlds.get(row)
        if found is None:
            found = self._worlds[row] = World.of(self.cases[row])
        return found

    def every(self, row: int, analyte: str, critical_days: int) -> tuple[World, ...]:
        """The worlds of each value of an analyte of one case, oldest first."""
        found = self._every.get((row, analyte))
        if found is None:
            made = every_value(self.cases[row], self.world(row), analyte, critical_days)
            found = self._every[row, analyte] = tuple(made)
        return found


@dataclass(slots=True)
class Values:
    """The sheet of every value of one analyte, oldest first within a case; its outer sheet is that
    of the cases."""

    analyte: str
    critical_days: int
    own: Slot
    column: str
    found: NDArray[np.intp]
    """The class of each value."""
    owner: NDArray[np.intp]
    """The row of the case it is of."""
    outer: Cases
    size: int = 0
    kept: dict[int, Column] = field(default_factory=dict)
    _late: dict[int, Truths] = field(default_factory=dict)
    _present: NDArray[np.intp] | None = None

    def __post_init__(self) -> None:
        self.size = len(self.found)

    def classes(self, name: str) -> Classes:
        """As :class:`Sheet` says."""
        if name == self.column:
            return self.found
        around = self.outer.classes(name)
        return around if isinstance(around, int) else around[self.owner]

    def classes_at(self, name: str, rows: Rows) -> Classes:
        """The class of one fact in some rows."""
        if name == self.column:
            return self.found[rows]
        return self.outer.classes_at(name, self.owner[rows])

    def present(self, name: str) -> NDArray[np.intp]:
        """As :class:`Sheet` says."""
        if name != self.column:
            return self.outer.present(name)
        if self._present is None:
            self._present = np.flatnonzero(np.bincount(self.found))
        return self._present

    @property
    def era(self) -> Era:
        """Whose figures are in force."""
        return self.outer.era

    def table(self, leaf: Table) -> Truths:
        """As :class:`Sheet` says."""
        return table_of(leaf, self.slot(leaf.names[0][1]), self.outer.era)

    def joint(self, leaf: Joint, classes: tuple[int, ...]) -> int:
        """As :class:`Sheet` says."""
        return joint_of(leaf, classes, self.slot, self.outer.era)

    def slot(self, name: str) -> Slot:
        """The classes of one column."""
        return self.own if name == self.column else self.outer.slots[name]

    def late(self, leaf: Late, rows: Rows) -> Truths:
        """As :class:`Sheet` says."""
        return asked_late(self._late, leaf, rows, self.size, lambda _, row: self.world(row))

    def around(self) -> Sheet:
        """As :class:`Sheet` says."""
        return self.outer

    def owners(self, rows: Rows | None) -> Rows:
        """As :class:`Sheet` says."""
        return self.owner if rows is None else self.owner[rows]

    def world(self, row: int) -> World:
        """The world of one value."""
        owner = int(self.owner[row])
        return self.outer.every(owner, self.analyte, self.critical_days)[self._place(row)]

    def value(self, row: int) -> Measured:
        """One value."""
        return self.outer.cases[int(self.owner[row])].every[self.analyte][self._place(row)]

    def _place(self, row: int) -> int:
        """Which of the values of its case a value is."""
        return row - int(np.searchsorted(self.owner, self.owner[row]))


def table_of(leaf: Table, slot: Slot, era: Era) -> Truths:
    """The truth of a leaf for every class there is of the one fact it looks at."""
    table = era.tables.get(leaf)
    known = 0 if table is None else len(table)
    if table is None or known < len(slot.faces):
        names = [name for name, _ in leaf.names]
        added = [
            code(leaf.holds(world_of(_under(names, slot, face), era.on)))
            for face in slot.faces[known:]
        ]
        more = np.array(added, np.int8)
        table = era.tables[leaf] = more if table is None else np.concatenate((table, more))
    return table


def joint_of(
    leaf: Joint, classes: tuple[int, ...], slot_of: Callable[[str], Slot], era: Era
) -> int:
    """The truth of a leaf for one combination of classes of the facts it looks at."""
    known = era.joints.setdefault(leaf, {})
    found = known.get(classes)
    if found is None:
        facts: dict[str, Face] = {}
        columns = dict.fromkeys(column for _, column in leaf.names)
        for column, class_ in zip(columns, classes, strict=True):
            slot = slot_of(column)
            names = [name for name, its in leaf.names if its == column]
            facts |= _under(names, slot, slot.faces[class_])
        found = known[classes] = code(leaf.holds(world_of(facts, era.on)))
    return found


def _under(names: Sequence[str], slot: Slot, face: Face) -> dict[str, Face]:
    """A face under each name a leaf has for its fact."""
    found: dict[str, Face] = {}
    for name in names:
        if name == IMPLAUSIBLE:
            flags = face.fact.flags if isinstance(face.fact, Measured) else ()
            found[name] = Face(Stated(name, "implausible" in flags))
        elif name == RESULT and face.fact is None:
            found[name] = Face(Absent(slot.name), refused=face.refused)
        else:
            found[name] = face
    return found


def asked_late(
    kept: dict[int, Truths],
    leaf: Late,
    rows: Rows,
    size: int,
    world: Callable[[Named, int], World],
) -> Truths:
    """The truth of a leaf in some rows, each asked for once."""
    column = kept.get(leaf.number)
    if column is None:
        column = kept[leaf.number] = np.full(size, NOT_ASKED, np.int8)
    for row in rows[column[rows] == NOT_ASKED].tolist():
        if column[row] == NOT_ASKED:
            column[row] = code(leaf.holds(world(leaf.names, row)))
    return column[rows]
