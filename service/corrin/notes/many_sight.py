"""How one rule sees each of many cases, as a number: cases of one number differ only in values.

What a note says besides values rests on the truth of the leaves of its conditions, on what is
there, known in part or missing, on units, on what the laboratory gives as its limits, and on the
answer of its topic.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from corrin.evaluate.many import Answers, Asker, Firing, ManyRule
from corrin.evaluate.many_facts import Face, sets_of
from corrin.evaluate.many_sheet import Cases, Era, Values
from corrin.facts.calculated import CALCULATED
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.language import tree
from corrin.language.to_columns import Column, Fixed, Node, Outer, Rows, Table
from corrin.language.world import AS_OF
from corrin.notes.words import Dictionary
from corrin.packs import placeholder

_MOST_MIXED = 1 << 60

Key = tuple[object, ...]
Numbers = NDArray[np.intp]


@dataclass(slots=True)
class _View:
    """One fact as a rule sees it.

    Attributes:
        leaves: what looks at this fact only.
        reason: whether the reason of its absence is told.
        cuts: the cut-offs it is held against, where they are told.
        numbers: of its classes, in each era; -1 where not yet met.
    """

    column: str
    leaves: tuple[Table, ...]
    reason: bool
    cuts: tuple[tree.Cut, ...]
    numbers: dict[Era, list[int]] = field(default_factory=dict)
    known: dict[Key, int] = field(default_factory=dict)

    def of(self, sheet: Cases | Values, classes: list[int]) -> list[int]:
        """The numbers of some classes."""
        faces, era = sheet.slot(self.column).faces, sheet.era
        numbers = self.numbers.setdefault(era, [])
        numbers.extend([-1] * (len(faces) - len(numbers)))
        for one in classes:
            if numbers[one] < 0:
                truths = tuple(int(sheet.table(leaf)[one]) for leaf in self.leaves)
                key = (truths, *self._seen(faces[one]))
                numbers[one] = self.known.setdefault(key, len(self.known))
        return numbers

    def _seen(self, face: Face) -> Key:
        match face.fact:
            case None:
                return (None, face.code)
            case Stated(_, value):
                return ("stated", face.code, value)
            case Absent(name, reason):
                among = tuple((one.analyte, CALCULATED in one.flags) for one in face.fact.among)
                return ("absent", face.code, name, among, reason if self.reason else None)
            case Measured():
                fact = face.fact
                units = (fact.unit, fact.reported_unit) if self.cuts else ()
                calculated = CALCULATED in fact.flags
                return (
                    "measured",
                    face.code,
                    fact.analyte,
                    fact.interval.is_point,
                    calculated,
                    *units,
                )

    def singular(self, face: Face) -> bool:
        """Whether the figure of a cut-off is told otherwise for every value or laboratory."""
        fact = face.fact
        if not isinstance(fact, Measured):
            return False
        for cut in self.cuts:
            if cut.laboratory_limit is not None and fact.reference_range is not None:
                return True
            if any(fact.unit not in dict(values) for values in sets_of(cut) if values):
                return True
        return False


class Sight:
    """What one rule looks at, in its conditions and in its texts.

    Attributes:
        alone: whether each of its notes must be worded by itself.
    """

    def __init__(self, rule: ManyRule, asker: Asker, words: Dictionary) -> None:
        self._rule, self._asker, self._words = rule, asker, words
        note, bound = rule.bound.rule.note, rule.bound
        cuts = rule.pack.visible_cuts()
        texts = placeholder.texts_of(note)
        names = {name for text in texts for name, _ in placeholder.names_in(text)}
        decided = note.topic in asker.deciders
        of_status = placeholder.OF_STATUS if decided else frozenset[str]()
        self.topic = note.topic if names & of_status else None
        self._separated = decided and "separated_by" in names
        shown = [cuts[name] for name in sorted(names - of_status - {"result"}) if name in cuts]
        told = names - of_status - cuts.keys()
        self.alone = AS_OF in told
        self._limits = tuple(
            part for limit in note.limits for part in placeholder.names_in(limit) if part[0] in told
        )
        selectors = [variant.when for cut in shown for variant in cut.variants]
        for condition in selectors:
            asker.node(rule, condition)
        self._conditions = (
            bound.when,
            *(() if bound.unless is None else (bound.unless,)),
            *selectors,
        )
        self._texts = told
        self._told = {*bound.rule.asks, *told}
        self._shown = shown
        named = {name for one in self._conditions for name in tree.facts_of(one)}
        named |= self._told | {cut.analyte for cut in shown}
        if bound.result is not None:
            named.add("result")
        self._columns = tuple(
            dict.fromkeys(
                asker.column(rule, name) for name in sorted(named - {AS_OF, *tree.ENGINE_TRUTHS})
            )
        )
        for column in self._columns:
            asker.look_at(column)
        self._views: tuple[_View, ...] = ()
        self._others: tuple[Node, ...] = ()

    def tells(self, name: str) -> bool:
        """Whether a text tells the fact of this name."""
        return name in self._texts

    def of(
        self, firing: Firing, answers: Answers
    ) -> tuple[list[int], list[tuple[Key | None, int]]]:
        """The number of each row a rule fires for, and per number its key and one such row.

        A key stays the same from one batch to the next; ``None`` where each note is to be worded
        by itself.
        """
        if self.alone:
            return [0] * len(firing.rows), [(None, 0)]
        if not self._views:
            self._prepare()
        sheet, rows = firing.place(answers.sheet)
        parts: list[int | Numbers] = [self._seen(view, sheet, rows) for view in self._views]
        parts += [_numbers(node.at(sheet, rows)) for node in self._others]
        if self.topic is not None:
            parts.append(answers.decided[self.topic].numbers[firing.rows])
        if firing.several:
            parts.append(np.array([len(found) > 1 for found in firing.values], np.intp))
        said, known = self._singular(firing, answers.sheet, sheet, rows), dict[Key, int]()
        if said:
            parts.append(np.array([known.setdefault(one, len(known)) for one in said], np.intp))
        first, back = _distinct([one for one in parts if not isinstance(one, int)], len(rows))
        keys: list[tuple[Key | None, int]] = []
        for at in first:
            if self._each_apart(firing, answers, at):
                keys.append((None, at))
                continue
            seen = (
                one if isinstance(one, int) else int(one[at])
                for one in parts[: -1 if said else None]
            )
            keys.append(((sheet.era, *seen, said[at] if said else ()), at))
        return back, keys

    def _each_apart(self, firing: Firing, answers: Answers, at: int) -> bool:
        """Whether the note of a row tells several values, or where an open status parts."""
        if firing.values and len(firing.values[at]) > 1:
            return True
        if self.topic is None or not self._separated:
            return False
        answered = answers.decided[self.topic]
        return answered.answers[int(answered.numbers[firing.rows[at]])].status is None

    def _prepare(self) -> None:
        """Look through the conditions; done when the rule first fires."""
        leaves: dict[str, dict[Table, None]] = {column: {} for column in self._columns}
        others: dict[Node, None] = {}
        cuts: dict[str, dict[tree.Cut, None]] = {}
        for condition in self._conditions:
            for one in tree.walk(condition):
                if tree.parts_of(one) or (
                    isinstance(one, tree.Truth) and one.definition is not None
                ):
                    continue
                node = self._asker.node(self._rule, one)
                within = node.node if isinstance(node, Outer) else node
                if isinstance(within, Table):
                    leaves.setdefault(within.names[0][1], {})[within] = None
                elif not isinstance(within, Fixed):
                    others[node] = None
                if isinstance(one, tree.Compare | tree.Between):
                    column = self._asker.column(self._rule, one.fact)
                    cuts.setdefault(column, {}).update(dict.fromkeys(tree.cuts_of(one)))
        for cut in self._shown:
            cuts.setdefault(self._asker.column(self._rule, cut.analyte), {})[cut] = None
        told = {self._asker.column(self._rule, name) for name in self._told}
        self._views = tuple(
            _View(column, tuple(found), column in told, tuple(cuts.get(column, ())))
            for column, found in leaves.items()
        )
        self._others = tuple(others)

    def _seen(self, view: _View, sheet: Cases | Values, rows: Rows) -> int | Numbers:
        classes = sheet.classes(view.column)
        if isinstance(classes, int):
            return view.of(sheet, [classes])[classes]
        here = classes[rows]
        present = np.flatnonzero(np.bincount(here)).tolist()
        numbers = view.of(sheet, present)
        found = {numbers[one] for one in present}
        return found.pop() if len(found) == 1 else np.array(numbers, np.intp)[here]

    def _singular(
        self, firing: Firing, cases: Cases, sheet: Cases | Values, rows: Rows
    ) -> list[Key]:
        """What no class holds of each row: figures told otherwise for every value, and values that
        are told as limits; empty where there is nothing such."""
        columns: list[str] = []
        for view in self._views:
            if view.cuts:
                faces, classes = sheet.slot(view.column).faces, sheet.classes(view.column)
                here = [classes] if isinstance(classes, int) else np.unique(classes[rows]).tolist()
                if any(view.singular(faces[one]) for one in here):
                    columns.append(view.column)
        if not columns and not self._limits:
            return []
        found: list[Key] = []
        for at in range(len(rows)):
            facts = [firing.fact(cases, at, column) for column in columns]
            said = [
                self._words.said(firing.fact(cases, at, name), name, aspect)
                for name, aspect in self._limits
            ]
            found.append((*map(_figures, facts), *said))
        return found


def _figures(fact: Fact | None) -> Key:
    """All figures of a fact, digit by digit."""
    if not isinstance(fact, Measured):
        return ()
    range_ = fact.reference_range
    ends = () if range_ is None else (range_.low, range_.high)
    interval = fact.interval
    return (str(interval.low), str(interval.high), interval.low_closed, *map(str, ends))


def _numbers(column: Column) -> int | Numbers:
    return column if isinstance(column, int) else column.astype(np.intp)


def _distinct(parts: list[Numbers], size: int) -> tuple[list[int], list[int]]:
    """One row of each combination of numbers that occurs, and which of these each row is like."""
    mixed, most = np.zeros(size, np.intp), 1
    for part in parts:
        span = int(part.max()) + 1
        if most * span > _MOST_MIXED:
            distinct, mixed = np.unique(mixed, return_inverse=True)
            most = len(distinct)
        mixed, most = mixed * span + part, most * span
    if not parts:
        return [0], [0] * size
    _, first, back = np.unique(mixed, return_index=True, return_inverse=True)
    return first.tolist(), back.tolist()
