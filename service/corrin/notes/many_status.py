"""Records of the status of one topic for many cases: one for all cases alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corrin.evaluate.decide import Decided
from corrin.evaluate.many import Answers, Asker
from corrin.evaluate.many_decide import Answered, ManyDecider
from corrin.language.columns import Rows, distinct
from corrin.notes.record import Recorder, StatusRecord
from corrin.notes.status import URGENCIES


@dataclass(frozen=True, slots=True)
class StatusColumn:
    """The records of one topic, and the place of the urgency of each among all urgencies."""

    records: list[StatusRecord]
    urgency: NDArray[np.intp]


class ManyStatus:
    """The records of one topic; a record is made once for every combination that is met."""

    def __init__(self, decider: ManyDecider, asker: Asker, recorder: Recorder) -> None:
        content = decider.decider.decision.decision
        self._decider, self._asker, self._recorder = decider, asker, recorder
        self._settled_by, self._assumes = content.settled_by, content.assumes
        for name in (*content.settled_by, *content.assumes):
            asker.filler.look_at(name)
        self._bits = len(self._settled_by) + len(self._assumes)
        self._made: dict[tuple[int, int, int], StatusRecord] = {}

    def records(self, answers: Answers, answered: Answered) -> StatusColumn:
        """The record of each row in scope, in order."""
        rows = answers.in_scope
        missing = self._mask(self._settled_by, answers, rows)
        assumed = self._mask(self._assumes, answers, rows)
        mixed = (missing << len(self._assumes)) + assumed
        first, back = distinct(mixed, 1 << self._bits)
        like = back * len(answered.answers) + answered.numbers[rows]
        first, back = distinct(like, max(len(first), 1) * len(answered.answers))
        made = [
            self._record(
                (int(answered.numbers[rows[at]]), int(missing[at]), int(assumed[at])), answered
            )
            for at in first.tolist()
        ]
        ranks = np.array([URGENCIES.index(one.urgency) for one in made], np.intp)
        return StatusColumn([made[at] for at in back.tolist()], ranks[back])

    def _mask(self, names: tuple[str, ...], answers: Answers, rows: Rows) -> NDArray[np.intp]:
        """A bit for each of these facts that is missing."""
        found = np.zeros(len(rows), np.intp)
        for bit, name in enumerate(names):
            classes = answers.sheet.classes(name)
            faces = self._asker.filler.slots[name].faces
            if isinstance(classes, int):
                found |= int(faces[classes].missing) << bit
            else:
                table = np.array([face.missing for face in faces], np.intp)
                found |= table[classes[rows]] << bit
        return found

    def _record(self, key: tuple[int, int, int], answered: Answered) -> StatusRecord:
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._make(key, answered)
        return found

    def _make(self, key: tuple[int, int, int], answered: Answered) -> StatusRecord:
        number, missing, assumed = key
        settled, decider = answered.answers[number], self._decider.decider
        decided = Decided(
            topic=decider.decision.topic,
            pack=decider.pack,
            status=settled.status,
            possible=settled.possible,
            verdict=settled.verdict,
            missing=(),
            assumed=tuple(n for bit, n in enumerate(self._assumes) if assumed >> bit & 1),
            separated_by=(),
            settle=(),
        )
        gone = tuple(n for bit, n in enumerate(self._settled_by) if missing >> bit & 1)
        return self._recorder.status_of(decided, gone)
