"""Many cases → their records, all at once: the same as one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from corrin.evaluate.engine import Engine
from corrin.evaluate.many import Asker
from corrin.facts.case import Case
from corrin.facts.fact import Measured
from corrin.notes.many_status import ManyStatus
from corrin.notes.many_text import Tidy
from corrin.notes.many_words import ManyNotes
from corrin.notes.record import NoteRecord, Record, Recorder
from corrin.notes.status import URGENCIES, most_urgent

# Cases are looked at so many at a time: columns of them stay in a processor's cache.
AT_ONCE = 16_384


class Many:
    """The records of many cases of one engine; not to be shared between threads.

    Attributes:
        alone: how many cases so far were evaluated one by one, since they hold something that
            columns do not.
    """

    def __init__(self, engine: Engine, recorder: Recorder) -> None:
        self._engine, self._recorder = engine, recorder
        self.alone = 0
        self._tidy = Tidy()
        asker = self._asker = Asker(engine)
        self._statuses = {
            topic: ManyStatus(decider, asker, recorder) for topic, decider in asker.deciders.items()
        }
        self._notes = [
            ManyNotes(rule, asker, recorder, recorder.composer, self._tidy) for rule in asker.rules
        ]

    def records(self, cases: Sequence[Case]) -> list[Record]:
        """``[recorder.of(engine.evaluate(case)) for case in cases]``."""
        found: list[Record | None] = [None] * len(cases)
        eras: dict[tuple[int, ...], list[int]] = {}
        for index, case in enumerate(cases):
            eras.setdefault(self._asker.filler.era_of(case.as_of.end.date()), []).append(index)
        for rows in eras.values():
            for start in range(0, len(rows), AT_ONCE):
                part = rows[start : start + AT_ONCE]
                for row, record in zip(
                    part, self._records([cases[at] for at in part]), strict=True
                ):
                    found[row] = record
        return [one for one in found if one is not None]

    def _alone(self, case: Case) -> Record:
        return self._recorder.of(self._engine.evaluate(case))

    def _records(self, cases: list[Case]) -> list[Record]:
        filled = self._asker.filler.fill(cases)
        answers = self._asker.answers(filled)
        notes: list[list[NoteRecord]] = [[] for _ in cases]
        results: dict[int, list[Measured]] = {}
        urgency = np.full(len(cases), URGENCIES.index(most_urgent(())), np.intp)
        for firing in answers.fired():
            rank = URGENCIES.index(firing.rule.bound.rule.note.urgency)
            urgency[firing.rows] = np.minimum(urgency[firing.rows], rank)
            written = self._notes[firing.rule.index].notes(firing, answers)
            for row, note in zip(firing.rows.tolist(), written, strict=True):
                notes[row].append(note)
            if firing.sheet is not None:
                for at, row in enumerate(firing.rows.tolist()):
                    results.setdefault(row, []).extend(firing.results(at))
        rows = answers.in_scope
        statuses = []
        for topic, decided in answers.decided.items():
            found = self._statuses[topic].records(answers, decided)
            statuses.append(found.records)
            urgency[rows] = np.minimum(urgency[rows], found.urgency)
        records = [Record(False, most_urgent(()), (), (), ())] * len(cases)
        each = zip(rows.tolist(), urgency[rows].tolist(), *statuses, strict=True)
        for row, rank, *own in each:
            looked_at = _not_chosen(cases[row], results[row]) if row in results else ()
            records[row] = Record(True, URGENCIES[rank], tuple(own), tuple(notes[row]), looked_at)
        self._tidy.forget()
        for row in filled.irregular.tolist():
            self.alone += 1
            records[row] = self._alone(cases[row])
        return records


def _not_chosen(case: Case, results: Sequence[Measured]) -> tuple[Measured, ...]:
    """Values some rule looked at one by one that are not the ones chosen, each once."""
    chosen = {id(fact) for fact in case.facts.values()}
    found = {(r.analyte, r.origin, r.path): r for r in results if id(r) not in chosen}
    return tuple(found.values())
