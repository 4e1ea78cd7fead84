"""A profile over many cases at once: the same decisions and the same rules fire as one by one.

Every case is first put into columns of classes (:mod:`corrin.evaluate.many_facts`); every table and
rule is then evaluated over columns. A case that holds something classes do not is named, to be
evaluated by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corrin.evaluate.engine import Compiled, Engine, Fired
from corrin.evaluate.many_decide import Answered, ManyDecider
from corrin.evaluate.many_fill import Filled, Filler
from corrin.evaluate.many_sheet import RESULT, Cases, Values
from corrin.facts.fact import Absent, Fact, Measured
from corrin.language import tree
from corrin.language.columns import FALSE, TRUE, Node, Rows, Sheet
from corrin.language.to_columns import Program
from corrin.packs.bound import BoundPack, BoundRule


@dataclass(frozen=True, slots=True)
class ManyRule:
    """One rule as columns; ``reads_every`` is the analyte each value of which it reads, ``index``
    its place among all rules. A ``guard`` speaks by published cut-offs that a site moved, where no
    rule of its id does."""

    index: int
    pack: BoundPack
    bound: BoundRule
    when: Node
    unless: Node | None
    reads_every: str | None
    belongs_to: tuple[tuple[str, frozenset[str]], ...]
    guard: bool


@dataclass(frozen=True, slots=True)
class Firing:
    """One rule and the rows of the cases it fires for.

    ``values`` are, of a rule that reads each value, the rows of those it fires for in the sheet of
    values: for each case, newest first.
    """

    rule: ManyRule
    rows: Rows
    values: tuple[tuple[int, ...], ...] = ()
    sheet: Values | None = None

    @property
    def several(self) -> bool:
        """Whether it fires for more than one value of any case."""
        return any(len(found) > 1 for found in self.values)

    def place(self, cases: Cases) -> tuple[Cases | Values, Rows]:
        """The sheet it fires in, and the row there for each case: of several values the newest."""
        if self.sheet is None:
            return cases, self.rows
        return self.sheet, np.array([found[0] for found in self.values], np.intp)

    def where(self, name: str) -> str | None:
        """The name under which a case holds the fact of a name, or of a column; ``None`` for the
        value a rule reads."""
        if self.sheet is not None and name in (RESULT, self.sheet.column):
            return None
        return str(self.rule.bound.result) if name == RESULT else name

    def value(self, at: int) -> Measured:
        """The newest value it fires for in one case."""
        assert self.sheet is not None
        return self.sheet.value(self.values[at][0])

    def fact(self, cases: Cases, at: int, name: str) -> Fact | None:
        """The fact of a name, or of a column, in the newest world it fires for in one case."""
        where = self.where(name)
        return self.value(at) if where is None else cases.cases[int(self.rows[at])].facts.get(where)

    def results(self, at: int) -> tuple[Measured, ...]:
        """The values it fires for in one case, newest first, of a rule that reads each."""
        if self.sheet is None or self.rule.bound.result is None:
            return ()
        return tuple(self.sheet.value(value) for value in self.values[at])

    def fired(self, cases: Cases, at: int) -> Fired:
        """As the engine says it of one case."""
        row, bound = int(self.rows[at]), self.rule.bound
        if self.sheet is not None:
            world = self.sheet.world(self.values[at][0])
            return Fired(self.rule.pack, bound, world, self.results(at))
        world = cases.world(row)
        if bound.result is None:
            return Fired(self.rule.pack, bound, world)
        of = world.facts.get(bound.result) or Absent(bound.result)
        results = (of,) if isinstance(of, Measured) else ()
        return Fired(self.rule.pack, bound, world.given(result=of), results)


@dataclass(slots=True)
class Answers:
    """What a profile says of many cases, as columns.

    Attributes:
        in_scope: the rows anything was asked of.
        decided: by topic.
        published: by published cut-offs, of topics in which those of a site decide otherwise.
    """

    sheet: Cases
    in_scope: Rows
    decided: Mapping[str, Answered]
    published: Mapping[str, Answered]
    _rules: Sequence[ManyRule]
    _values: Mapping[str, Values]

    def fired(self) -> Iterator[Firing]:
        """The rules that fire for any case, by id."""
        name, spoken = "", np.zeros(self.sheet.size, np.bool_)
        for rule in self._rules:
            if rule.bound.rule.id != name:
                name = rule.bound.rule.id
                spoken[:] = False
            rows = self._may_speak(rule, spoken)
            firing = None
            if rule.reads_every is None:
                everybody = len(rows) == self.sheet.size
                rows = rule.when.true_in(self.sheet, None if everybody else rows)
                firing = Firing(rule, _unless(rule, self.sheet, rows))
            elif rule.reads_every in self._values:
                firing = self._each(rule, self._values[rule.reads_every], rows)
            if firing is not None and len(firing.rows):
                if not rule.guard:
                    spoken[firing.rows] = True
                yield firing

    def _may_speak(self, rule: ManyRule, spoken: NDArray[np.bool_]) -> Rows:
        """The rows in which a rule may speak: beside the decisions it belongs to."""
        rows = _belonging(rule, self.decided, self.in_scope)
        if not rule.guard:
            return rows
        otherwise = _belonging(rule, {**self.decided, **self.published}, self.in_scope)
        rows = np.union1d(rows, otherwise)
        left: Rows = rows[~spoken[rows]]
        return left

    def _each(self, rule: ManyRule, values: Values, may_speak: Rows) -> Firing:
        rows = _unless(rule, values, rule.when.true_in(values))
        speaks = np.zeros(self.sheet.size, np.bool_)
        speaks[may_speak] = True
        rows = rows[speaks[values.owner[rows]]]
        owners, starts = np.unique(values.owner[rows], return_index=True)
        parts = np.split(rows, starts[1:]) if len(owners) else []
        newest_first = tuple(tuple(part[::-1].tolist()) for part in parts)
        return Firing(rule, owners, newest_first, values)


class Asker:
    """The packs of an engine over many cases; not to be shared between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.filler = Filler(engine.compiler, engine.profile.head.critical_days)
        program = self.filler.program
        self._scope = program.node(engine.scope)
        self.deciders = {
            topic: ManyDecider.of(one, program) for topic, one in engine.deciders.items()
        }
        self._published = {
            topic: ManyDecider.of(one, program) for topic, one in engine.published.items()
        }
        asked = [(rule, False) for rule in engine.rules]
        asked += [(rule, True) for rule in engine.guards]
        asked.sort(key=lambda one: one[0].bound.rule.id)
        self.rules = tuple(self._rule(index, *one) for index, one in enumerate(asked))

    def _rule(self, index: int, rule: Compiled, guard: bool) -> ManyRule:
        bound, every = rule.bound, rule.reads_every
        program = self._program_of(every)
        result = bound.result if every is None else None
        return ManyRule(
            index,
            rule.pack,
            bound,
            program.node(bound.when, result),
            None if bound.unless is None else program.node(bound.unless, result),
            every,
            rule.belongs_to,
            guard,
        )

    def node(self, rule: ManyRule, condition: tree.Expression) -> Node:
        """The node of a condition as a rule would use it."""
        return self._program_of(rule.reads_every).node(condition, self._result_of(rule))

    def column(self, rule: ManyRule, name: str) -> str:
        """The column of classes in which a rule finds the fact of a name."""
        return self._program_of(rule.reads_every).column(name, self._result_of(rule))

    def _program_of(self, every: str | None) -> Program:
        return self.filler.program if every is None else self.filler.of_values(every)

    def _result_of(self, rule: ManyRule) -> str | None:
        return rule.bound.result if rule.reads_every is None else None

    def answers(self, filled: Filled) -> Answers:
        """What the profile says of them."""
        sheet = filled.sheet
        regular = np.setdiff1d(np.arange(sheet.size), filled.irregular, assume_unique=True)
        scope = self._scope.at(sheet, regular)
        if isinstance(scope, int):
            rows = regular if scope != FALSE else regular[:0]
        else:
            rows = regular[scope != FALSE]
        decided = {topic: one.decide(sheet, rows) for topic, one in self.deciders.items()}
        published = {topic: one.decide(sheet, rows) for topic, one in self._published.items()}
        return Answers(sheet, rows, decided, published, self.rules, filled.values)


def _belonging(rule: ManyRule, decided: Mapping[str, Answered], rows: Rows) -> Rows:
    """The rows beside whose decisions a rule may speak."""
    for topic, statuses in rule.belongs_to:
        found = decided.get(topic)
        rows = rows[:0] if found is None else found.among(statuses, rows)
    return rows


def _unless(rule: ManyRule, sheet: Sheet, rows: Rows) -> Rows:
    """Without the rows in which an exception is known to hold."""
    if rule.unless is None or not len(rows):
        return rows
    value = rule.unless.at(sheet, rows)
    if isinstance(value, int):
        return rows[:0] if value == TRUE else rows
    left: Rows = rows[value != TRUE]
    return left
