"""The notes of one rule for many cases: worded once for all cases alike to it, values put in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from corrin.evaluate.decide import Decided
from corrin.evaluate.engine import Evaluation, Fired
from corrin.evaluate.many import Answers, Asker, Firing, ManyRule
from corrin.facts.calculated import CALCULATED
from corrin.facts.fact import Absent, Fact, Measured
from corrin.language.world import time_of
from corrin.notes.compose import Composer
from corrin.notes.many_sight import Sight
from corrin.notes.many_text import Sentence, Tidy, too_long_detail, too_long_summary
from corrin.notes.many_view import Key
from corrin.notes.record import NoteRecord, Recorder
from corrin.packs import placeholder

# Wordings kept of one rule; they hold no value of a patient.
_MOST_KEPT = 4096

Say = Callable[[Fact | None], str]


@dataclass(frozen=True, slots=True)
class _Worded:
    """A note of which values are left open.

    Attributes:
        note: with the values of the first case.
        gaps: the facts that fill the gaps (``None``: the value a rule reads), and how each is said.
        summary: with gaps; ``None`` where it has none.
        detail: likewise.
    """

    note: NoteRecord
    gaps: tuple[tuple[str | None, Say], ...]
    summary: Sentence | None
    detail: Sentence | None

    def written(self, values: list[list[str]], count: int) -> list[NoteRecord | None]:
        """The note with other values, for each of several cases; ``None`` where it grows too long.

        Args:
            values: for every gap that of each case.
        """
        if not self.gaps:
            return [self.note] * count
        summaries, details = [self.note.summary] * count, [self.note.detail] * count
        long: set[int] = set()
        if self.summary is not None:
            summaries = self.summary.filled(values)
            long.update(at for at, one in enumerate(summaries) if too_long_summary(one))
        if self.detail is not None:
            details = self.detail.filled(values)
            long.update(at for at, one in enumerate(details) if too_long_detail(one))
        made: list[NoteRecord | None] = [*map(self.filled, summaries, details)]
        for at in long:
            made[at] = None
        return made

    def filled(self, summary: str, detail: str) -> NoteRecord:
        """The note with other sentences."""
        note = self.note
        return NoteRecord(
            note.rule,
            note.pack,
            note.version,
            note.topic,
            note.urgency,
            note.rule_status,
            note.verified,
            summary,
            detail,
            note.basis,
        )


class ManyNotes:
    """The notes of one rule."""

    def __init__(
        self, rule: ManyRule, asker: Asker, recorder: Recorder, composer: Composer, tidy: Tidy
    ) -> None:
        self._rule, self._recorder, self._composer, self._tidy = rule, recorder, composer, tidy
        self._engine = asker.engine
        self._sight = Sight(rule, asker, composer.words)
        self._worded: dict[Key, _Worded | None] = {}

    def notes(self, firing: Firing, answers: Answers) -> list[NoteRecord]:
        """The note of each row the rule fires for, in order."""
        numbers, keys = self._sight.of(firing, answers)
        alike: list[list[int]] = [[] for _ in keys]
        for at, number in enumerate(numbers):
            alike[number].append(at)
        notes: list[NoteRecord | None] = [None] * len(numbers)
        for (key, first), places in zip(keys, alike, strict=True):
            worded = self._of(key, first, firing, answers)
            if worded is None:
                for at in places:
                    notes[at] = self._recorder.note(*self._fired(at, firing, answers))
                continue
            values = [self._said(gap, places, firing, answers) for gap in worded.gaps]
            for at, note in zip(places, worded.written(values, len(places)), strict=True):
                notes[at] = note or self._fitted(worded, at, firing, answers)
        return [note for note in notes if note is not None]

    def _fitted(self, worded: _Worded, at: int, firing: Firing, answers: Answers) -> NoteRecord:
        """A note whose sentences have to be made to fit."""
        texts = self._composer.writer.texts(*self._fired(at, firing, answers))
        return worded.filled(texts.summary, texts.detail)

    def _said(
        self, gap: tuple[str | None, Say], places: list[int], firing: Firing, answers: Answers
    ) -> list[str]:
        """What fills one gap in each of some cases."""
        where, say = gap
        if where is None:
            return [say(firing.value(at)) for at in places]
        cases, rows = answers.sheet.cases, firing.rows
        if len(places) < len(rows):
            rows = rows[places]
        return [say(cases[row].facts[where]) for row in rows.tolist()]

    def _fired(self, at: int, firing: Firing, answers: Answers) -> tuple[Fired, Evaluation]:
        """One case as the engine says it, as far as a note rests on it."""
        cases, row = answers.sheet, int(firing.rows[at])
        world, topic = cases.world(row), self._sight.topic
        decided: dict[str, Decided] = {}
        if topic is not None:
            decided[topic] = self._engine.deciders[topic].decide(world)
        evaluation = Evaluation(cases.cases[row], world, True, decided, (), ())
        return firing.fired(cases, at), evaluation

    def _of(self, key: Key | None, at: int, firing: Firing, answers: Answers) -> _Worded | None:
        """How a note is worded; ``None`` where each is to be worded by itself."""
        if key is None:
            return None
        if key not in self._worded:
            if len(self._worded) >= _MOST_KEPT:
                self._worded.clear()
            self._worded[key] = self._word(at, firing, answers)
        return self._worded[key]

    def _word(self, at: int, firing: Firing, answers: Answers) -> _Worded | None:
        fired, evaluation = self._fired(at, firing, answers)
        writer, text = self._composer.writer, fired.bound.rule.note
        if _partly_calculated(writer.every_measured(fired)):
            return None  # which of them are inputs depends on where they came from
        gaps: dict[tuple[str, str | None], int] = {}
        says: list[tuple[str | None, Say]] = []

        def sentence(text: str) -> Sentence | None:
            words, places = [""], list[int]()
            for literal, part in placeholder.split(text):
                words[-1] += literal
                if part is None:
                    continue
                say = self._gap(part, firing.fact(answers.sheet, at, part[0]))
                if say is None:
                    words[-1] += writer.said(*part, fired, evaluation)
                    continue
                if part not in gaps:
                    gaps[part] = len(says)
                    says.append((firing.where(part[0]), say))
                places.append(gaps[part])
                words.append("")
            return Sentence(words, places, self._tidy) if places else None

        summary, detail = sentence(text.summary), sentence(text.detail)
        note = self._recorder.written(fired, writer.texts(fired, evaluation))
        return _Worded(note, tuple(says), summary, detail)

    def _gap(self, part: tuple[str, str | None], fact: Fact | None) -> Say | None:
        """How a placeholder is said that depends on more than how the rule sees a case."""
        name, aspect = part
        if not self._sight.tells(name) or aspect in ("name", "reason"):
            return None
        words, of = self._composer.words, name
        if name == "result":
            of = str(self._rule.bound.result)
        if aspect == "date" and fact is not None:
            return _when if isinstance(fact, Measured | Absent) else _date
        if aspect is None and isinstance(fact, Measured):
            return _reported
        if isinstance(fact, Measured) or (
            isinstance(fact, Absent) and fact.reason != _NOT_MEASURED
        ):
            return lambda one: words.said(one, of, aspect)
        return None


def _partly_calculated(values: Iterable[Measured]) -> bool:
    """Whether of some values of one analyte one was worked out here and another was not."""
    known: dict[str, bool] = {}
    for one in values:
        was = CALCULATED in one.flags
        if known.setdefault(one.analyte, was) is not was:
            return True
    return False


_NOT_MEASURED = "not-measured"
_UNDATED = "date not stated"


def _reported(fact: Fact | None) -> str:
    assert isinstance(fact, Measured)
    return fact.reported


def _when(fact: Fact | None) -> str:
    assert isinstance(fact, Measured | Absent)
    return _UNDATED if fact.when is None else fact.when.text


def _date(fact: Fact | None) -> str:
    when = time_of(fact)
    return _UNDATED if when is None else when.text
