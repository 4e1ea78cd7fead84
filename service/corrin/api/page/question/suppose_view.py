"""What would be otherwise if a value were another: the answer as it is beside the one supposed."""

from __future__ import annotations

from dataclasses import dataclass

from corrin.api.page.answered import Answered
from corrin.api.page.question.suppose_panels import Panel, unit_said
from corrin.evaluate.engine import Evaluation
from corrin.notes.report import Note, Report
from corrin.question.supposed import Supposed
from corrin.render import words
from corrin.render.safe import clean


@dataclass(frozen=True, slots=True)
class Row:
    """One topic now and supposed."""

    title: str
    now: str
    then: str
    urgency_now: str
    urgency_then: str

    @property
    def changed(self) -> bool:
        """Whether its status would be another."""
        return self.now != self.then


@dataclass(frozen=True, slots=True)
class Moved:
    """An answer beside the one to a supposition.

    Attributes:
        says: what is supposed, instead of what.
        brief: what changes, in one sentence, for a reader who hears it.
        nothing: whether what is supposed is what was reported.
        come: notes there would be and are not; ``go``: those there are and would not be.
    """

    says: str
    brief: str
    nothing: bool
    rows: tuple[Row, ...]
    headline: str
    urgency_now: str
    urgency_then: str
    come: tuple[Note, ...]
    go: tuple[Note, ...]


def moved(panel: Panel, made: Supposed, answered: Answered, evaluation: Evaluation) -> Moved:
    """The answer beside what the same rules say with a supposed value."""
    now = answered.report
    then = now if made.as_reported else clean(answered.composer.compose(evaluation))
    rows = tuple(_rows(now, then))
    come = _notes(then, _fired(evaluation) - _fired(answered.evaluation))
    go = _notes(now, _fired(answered.evaluation) - _fired(evaluation))
    says = _says(panel, made)
    return Moved(
        says=says,
        brief=f"{says} {_brief(rows, now, then, come, go)}",
        nothing=made.as_reported,
        rows=rows,
        headline=then.headline,
        urgency_now=now.urgency,
        urgency_then=then.urgency,
        come=come,
        go=go,
    )


def _says(panel: Panel, made: Supposed) -> str:
    figure = " ".join(filter(None, (str(made.figure), unit_said(made.unit))))
    if made.as_reported:
        return f"As reported: {panel.label} {panel.reported}. Nothing is supposed."
    if panel.reported:
        return f"Supposed: {panel.label} {figure} instead of {panel.reported} as reported."
    if made.instead:
        return f"Supposed: {panel.label} {figure} instead of the results that disagree."
    return f"Supposed: {panel.label} {figure}, taken now, instead of none."


def _rows(now: Report, then: Report) -> list[Row]:
    return [
        Row(
            title=status.title,
            now=words.status_says(now.statuses[topic]) if topic in now.statuses else "not asked",
            then=words.status_says(status),
            urgency_now=now.statuses[topic].urgency if topic in now.statuses else "routine",
            urgency_then=status.urgency,
        )
        for topic, status in then.statuses.items()
    ]


def _fired(evaluation: Evaluation) -> set[tuple[str, str]]:
    return {(one.bound.rule.id, one.bound.result or "") for one in evaluation.fired}


def _notes(report: Report, keys: set[tuple[str, str]]) -> tuple[Note, ...]:
    return tuple(
        note
        for note in report.notes
        if (note.rule, "") in keys or any((note.rule, one.name) in keys for one in note.inputs)
    )


def _brief(
    rows: tuple[Row, ...],
    now: Report,
    then: Report,
    come: tuple[Note, ...],
    go: tuple[Note, ...],
) -> str:
    said = [f"{row.title} would be {row.then}." for row in rows if row.changed]
    said = said or ["No status would change."]
    if now.urgency != then.urgency:
        said.append(f"Urgency would be {words.URGENCY[then.urgency].lower()}.")
    for notes, what in ((come, "come"), (go, "go")):
        if notes:
            said.append(f"{words.count(len(notes), 'note')} would {what}.")
    return " ".join(said)
