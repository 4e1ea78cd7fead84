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
from corrin.language.columns import Fixed, Node, Outer, Table, distinct
from corrin.language.world import AS_OF
from corrin.notes.words import Dictionary
from corrin.packs import placeholder

_BY_LIMITS, _BY_VALUE = 1, 2

Key = tuple[object, ...]
Numbers = NDArray[np.intp]


@dataclass(slots=True)
class _View:
    """One fact as a rule sees it.

    Attributes:
        leaves: what looks at this fact only.
        reason: whether the reason of its absence is told.
        cuts: the cut-offs it is held against, where they are told.
        numbers: of its classes, in each era; -1 where not yet met. Nothing known is number 0.
        told_singly: per class what of a fact is told figure by figure.
    """

    index: int
    column: str
    leaves: tuple[Table, ...]
    reason: bool
    cuts: tuple[tree.Cut, ...]
    numbers: dict[Era, Numbers] = field(default_factory=dict)
    told_singly: Numbers = field(default_factory=lambda: np.zeros(0, np.intp))
    _known: dict[Key, int] = field(default_factory=dict)

    def of(self, sheet: Cases | Values, classes: Numbers) -> Numbers:
        """The numbers of some classes."""
        known = self.numbers.get(sheet.era)
        faces = sheet.slot(self.column).faces
        if known is None or len(known) < len(faces):
            known = self._longer(sheet, known, len(faces))
        found = known[classes]
        if found.min() < 0:
            for one in np.unique(classes[found < 0]).tolist():
                known[one] = self._number(sheet, one, faces[one])
            found = known[classes]
        return found

    def _longer(self, sheet: Cases | Values, known: Numbers | None, size: int) -> Numbers:
        longer = np.full(size, -1, np.intp)
        if known is not None:
            longer[: len(known)] = known
        else:
            longer[0] = self._number(sheet, 0, sheet.slot(self.column).faces[0])
        self.numbers[sheet.era] = longer
        if self.cuts and len(self.told_singly) < size:
            faces = sheet.slot(self.column).faces
            self.told_singly = np.array([self._singly(face) for face in faces], np.intp)
        return longer

    def _number(self, sheet: Cases | Values, class_: int, face: Face) -> int:
        truths = tuple(int(sheet.table(leaf)[class_]) for leaf in self.leaves)
        # What nothing is known of is left out of a key, so it is nothing else's number.
        key = (sheet.era, class_ == 0, truths, *self._seen(face))
        if class_ == 0:
            return 0
        return self._known.setdefault(key, len(self._known) + 1)

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
                point = fact.interval.is_point
                return ("measured", face.code, fact.analyte, point, calculated, *units)

    def _singly(self, face: Face) -> int:
        """Whether figures are told otherwise by the laboratory's limits, by the value converted."""
        fact, found = face.fact, 0
        if not isinstance(fact, Measured):
            return 0
        for cut in self.cuts:
            if cut.laboratory_limit is not None and fact.reference_range is not None:
                found |= _BY_LIMITS
            if any(fact.unit not in dict(values) for values in sets_of(cut) if values):
                found |= _BY_VALUE
        return found


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
        for cut in shown:
            asker.filler.look_at_figures(cut)
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
            asker.filler.look_at(column)
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
        parts: dict[int, Numbers] = {}
        singly: list[tuple[str, Numbers]] = []
        for view in self._views:
            classes = sheet.classes_at(view.column, rows)
            if not isinstance(classes, int):
                parts[view.index] = view.of(sheet, classes)
                if view.cuts:
                    told = view.told_singly[classes]
                    if told.any():
                        singly.append((view.column, told))
        for index, node in enumerate(self._others, len(self._views)):
            truth = node.at(sheet, rows)
            parts[index] = np.zeros(len(rows), np.intp) + truth
        last = len(self._views) + len(self._others)
        if self.topic is not None:
            parts[last] = answers.decided[self.topic].numbers[firing.rows]
        if firing.several:
            several = [len(found) > 1 for found in firing.values]
            parts[last + 1] = np.array(several, np.intp)
        said = self._said(firing, answers.sheet, singly)
        if said:
            known: dict[Key, int] = {}
            numbers = [known.setdefault(one, len(known)) for one in said]
            parts[last + 2] = np.array(numbers, np.intp)
        first, back = _mixed(list(parts.values()), len(rows))
        parts.pop(last + 2, None)
        keys: list[tuple[Key | None, int]] = []
        for at in first:
            if self._each_apart(firing, answers, at):
                keys.append((None, at))
                continue
            seen = tuple((index, int(part[at])) for index, part in parts.items() if part[at])
            keys.append(((sheet.era, seen, said[at] if said else ()), at))
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
            _View(index, column, tuple(found), column in told, tuple(cuts.get(column, ())))
            for index, (column, found) in enumerate(leaves.items())
        )
        self._others = tuple(others)

    def _said(self, firing: Firing, cases: Cases, singly: list[tuple[str, Numbers]]) -> list[Key]:
        """What no class holds of each row: figures told otherwise for every value, and values that
        are told as limits; empty where there is nothing such."""
        if not singly and not self._limits:
            return []
        columns = [(column, told.tolist()) for column, told in singly]
        found: list[Key] = []
        for at in range(len(firing.rows)):
            facts = (_figures(firing.fact(cases, at, name), told[at]) for name, told in columns)
            said = (
                self._words.said(firing.fact(cases, at, name), name, aspect)
                for name, aspect in self._limits
            )
            found.append((*facts, *said))
        return found


def _figures(fact: Fact | None, told: int) -> Key:
    """The figures of a fact that are told, digit by digit."""
    found: list[str] = []
    if isinstance(fact, Measured):
        range_, interval = fact.reference_range, fact.interval
        if told & _BY_LIMITS and range_ is not None:
            found += [str(range_.low), str(range_.high)]
        if told & _BY_VALUE:
            found += [str(interval.low), str(interval.high), str(interval)]
    return tuple(found)


def _mixed(parts: list[Numbers], size: int) -> tuple[list[int], list[int]]:
    """One row of each combination of numbers that occurs, and which of these each row is like."""
    like, most = np.zeros(size, np.intp), 1
    first = like[:1]
    for part in parts:
        span = int(part.max()) + 1
        if span > 1 or part[0]:
            first, like = distinct(like * span + part, most * span)
            most = len(first)
    return first.tolist(), like.tolist()
