"""The topics of an answer in the order they are read: each with its status, its notes, its scales.

What is pressing comes first, then the topics that have a status, then the others; a status that
nothing more is said of comes last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from corrin.api.page.answer.scale_view import Drawn, drawn
from corrin.notes.report import Note, Report, Status
from corrin.question.scale import Scale

_PRESSING = ("emergency", "urgent")
_LAST = 10**6  # after every note


@dataclass(frozen=True, slots=True)
class Numbered:
    """A note with its number in the report, and those folded under it."""

    number: int
    note: Note
    folded: tuple[tuple[int, Note], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """One topic. ``place`` is the status's number in the report, from 1; 0 without a status."""

    topic: str
    title: str
    status: Status | None
    place: int
    notes: tuple[Numbered, ...]
    scales: tuple[Drawn, ...]

    @property
    def key(self) -> str:
        """What the topic is found by on the page."""
        return f"status-{self.place}" if self.place else f"topic-{self.topic}"

    @property
    def is_bare(self) -> bool:
        """Whether it is a status that needs nobody, and of which nothing more is said."""
        quiet = self.status is not None and self.status.urgency == "routine"
        return quiet and not self.notes and self.place != 1


def groups(report: Report, scales: Sequence[Scale]) -> tuple[Group, ...]:
    """Every topic that has a status or a note."""
    notes: dict[str, list[Numbered]] = {}
    folded: dict[int, list[tuple[int, Note]]] = {}
    for number, note in enumerate(report.notes, 1):
        if note.under is not None:
            folded.setdefault(note.under + 1, []).append((number, note))
    for number, note in enumerate(report.notes, 1):
        if note.under is None:
            one = Numbered(number, note, tuple(folded.get(number, ())))
            notes.setdefault(note.topic, []).append(one)
    places = {topic: place for place, topic in enumerate(report.statuses, 1)}
    # A subject of notes may be called as a status is (muscle cramps): a reader sees one topic.
    called = {status.title: topic for topic, status in report.statuses.items()}
    for topic in [one for one in notes if one not in places]:
        same = called.get(notes[topic][0].note.topic_title)
        if same is not None:
            notes.setdefault(same, []).extend(notes.pop(topic))
    found = [
        _group(topic, report, notes.get(topic, []), places, scales)
        for topic in dict.fromkeys((*places, *notes))
    ]
    return tuple(sorted(found, key=_order))


def _group(
    topic: str,
    report: Report,
    notes: list[Numbered],
    places: dict[str, int],
    scales: Sequence[Scale],
) -> Group:
    status = report.statuses.get(topic)
    title = status.title if status is not None else notes[0].note.topic_title
    return Group(
        topic,
        title,
        status,
        places.get(topic, 0),
        tuple(notes),
        tuple(
            drawn(one, topic)
            for one in scales
            if any(reach.topic == topic for reach in one.reaches)
        ),
    )


def _order(group: Group) -> tuple[int, int]:
    first = min((one.number for one in group.notes), default=_LAST)
    urgencies = [one.note.urgency for one in group.notes]
    urgencies += [] if group.status is None else [group.status.urgency]
    if any(urgency in _PRESSING for urgency in urgencies):
        return 0, first
    if group.status is None:
        return 3, first
    return (4 if group.is_bare else 1), group.place


def elsewhere(scales: Sequence[Scale]) -> tuple[Drawn, ...]:
    """Scales of values no status would change with: their cut-offs are those of notes."""
    return tuple(drawn(one) for one in scales if not one.reaches)
