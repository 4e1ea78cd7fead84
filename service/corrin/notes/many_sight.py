"""How one rule sees each of many cases, as a number: cases of one number differ only in values.

What a note says besides values rests on the leaves that decide its conditions, on what is there or
missing, on the units and limits that cut-offs are told with, and on the answer of its topic.
"""

from __future__ import annotations

import numpy as np

from corrin.evaluate.many import Answers, Asker, Firing, ManyRule
from corrin.evaluate.many_sheet import Cases
from corrin.language import tree
from corrin.language.columns import Node, distinct
from corrin.language.world import AS_OF
from corrin.notes.many_plan import NO_COLUMN, Figure, Plan
from corrin.notes.many_reach import part_of
from corrin.notes.many_view import Key, Marks, Numbers, View, figures, inputs, singly, told, units
from corrin.notes.words import Dictionary
from corrin.packs import placeholder

_RESULT = "result"
_TOPIC, _SEVERAL = "topic", "several"


class Sight:
    """What one rule looks at, in its conditions and in its texts.

    Attributes:
        alone: whether each of its notes must be worded by itself.
        topic: the topic whose answer the texts tell, if they do.
    """

    def __init__(self, rule: ManyRule, asker: Asker, words: Dictionary) -> None:
        self._rule, self._asker, self._words = rule, asker, words
        note, bound = rule.bound.rule.note, rule.bound
        cuts, texts = rule.pack.visible_cuts(), placeholder.texts_of(note)
        names = {name for text in texts for name, _ in placeholder.names_in(text)}
        decided = note.topic in asker.deciders
        of_status = placeholder.OF_STATUS if decided else frozenset[str]()
        self.topic = note.topic if names & of_status else None
        self._separated = decided and "separated_by" in names
        self._texts = names - of_status - (cuts.keys() - {_RESULT})
        self._cuts = [cuts[name] for name in sorted(names - of_status - self._texts)]
        self._limits = tuple(
            part
            for limit in note.limits
            for part in placeholder.names_in(limit)
            if part[0] in self._texts
        )
        self.alone = AS_OF in self._texts
        selectors = [variant.when for cut in self._cuts for variant in cut.variants]
        for condition in selectors:
            asker.node(rule, condition)
        for cut in self._cuts:
            asker.filler.look_at_figures(cut)
        conditions = (bound.when, *(() if bound.unless is None else (bound.unless,)), *selectors)
        looked_at = {name for one in conditions for name in tree.facts_of(one)}
        looked_at |= {*self._texts, *bound.rule.asks, *(cut.analyte for cut in self._cuts)}
        if bound.result is not None:
            looked_at.add(_RESULT)
        for name in sorted(looked_at - NO_COLUMN):
            asker.filler.look_at(self._column(name))
        self._plan: Plan | None = None

    def _column(self, name: str) -> str:
        return self._asker.column(self._rule, name)

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
        if self._plan is None:
            self._plan = self._prepared()
        sheet, rows = firing.place(answers.sheet)
        parts, told_singly = self._plan.seen(sheet, rows)
        if self.topic is not None:
            parts[_TOPIC] = answers.decided[self.topic].numbers[firing.rows] + 1
        if firing.several:
            several = [len(found) > 1 for found in firing.values]
            parts[_SEVERAL] = np.array(several, np.intp)
        said = self._said(firing, answers.sheet, told_singly)
        mixed = [*parts.values(), *([_numbered(said)] if said else [])]
        first, back = _mixed(mixed, len(rows))
        keys: list[tuple[Key | None, int]] = []
        for at in first:
            if self._each_apart(firing, answers, at):
                keys.append((None, at))
                continue
            seen = frozenset((name, int(part[at])) for name, part in parts.items() if part[at])
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

    def _said(
        self, firing: Firing, cases: Cases, told_singly: list[tuple[str, Numbers]]
    ) -> list[Key]:
        """What no number holds of each row: figures told otherwise for every value, and values that
        are told as limits; empty where there is nothing such."""
        if not told_singly and not self._limits:
            return []
        columns = [(column, how.tolist()) for column, how in told_singly]
        found: list[Key] = []
        for at in range(len(firing.rows)):
            facts = (figures(firing.fact(cases, at, name), how[at]) for name, how in columns)
            limits = (
                self._words.said(firing.fact(cases, at, name), name, aspect)
                for name, aspect in self._limits
            )
            found.append((*facts, *limits))
        return found

    def _prepared(self) -> Plan:
        """Look through the conditions; done when the rule first fires."""
        bound = self._rule.bound
        cuts: dict[str, dict[tree.Cut, None]] = {}

        def node_of(condition: tree.Expression) -> Node:
            return self._asker.node(self._rule, condition)

        def figure(name: str, cut: tree.Cut) -> Figure:
            column = self._column(name)
            cuts.setdefault(column, {})[cut] = None
            return Figure(column, tuple(node_of(variant.when) for variant in cut.variants))

        when = part_of(bound.when, node_of)
        beside = {
            leaf: tuple(
                figure(one.fact, cut)
                for one in tree.walk(leaf.condition)
                if isinstance(one, tree.Compare | tree.Between)
                for cut in tree.cuts_of(one)
            )
            for leaf in when.leaves()
        }
        always = tuple(figure(cut.analyte, cut) for cut in self._cuts)
        texts = {self._column(name) for name in (*self._texts, *bound.rule.asks)}
        brought = {self._column(name) for name in {*tree.facts_of(bound.when)} - NO_COLUMN}
        if bound.result is not None:
            brought.add(self._column(_RESULT))
        return Plan(
            when,
            None if bound.unless is None else part_of(bound.unless, node_of),
            beside,
            always,
            tuple(View(one, told if one in texts else inputs) for one in sorted(brought | texts)),
            {column: View(column, units) for column in cuts},
            {column: Marks(column, singly(tuple(found))) for column, found in cuts.items()},
            self._column,
        )


def _numbered(keys: list[Key]) -> Numbers:
    known: dict[Key, int] = {}
    return np.array([known.setdefault(one, len(known)) for one in keys], np.intp)


def _mixed(parts: list[Numbers], size: int) -> tuple[list[int], list[int]]:
    """One row of each combination of numbers that occurs, and which of these each row is like."""
    first, like, most = np.zeros(1, np.intp), np.zeros(size, np.intp), 1
    for part in parts:
        span = int(part.max()) + 1
        if span > 1 and part.min() < span - 1:
            first, like = distinct(like * span + part, most * span)
            most = len(first)
    return first.tolist(), like.tolist()
