"""Which notes become a card: one stack per topic, the note on top of it in front."""

from __future__ import annotations

from dataclasses import dataclass

from corrin.notes.report import Note, Report, Settles, Status, Value
from corrin.render.cards.content import CardContent
from corrin.render.cards.occasion import Occasion


@dataclass(frozen=True, slots=True)
class Stack:
    """The notes of one topic.

    Attributes:
        top: the note that stands on top.
        beside: emergencies of the same topic, which are never folded.
        folded: what is folded under them.
        status: the status of the topic, where it has one.
    """

    top: Note
    beside: tuple[Note, ...] = ()
    folded: tuple[Note, ...] = ()
    status: Status | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        """All of them."""
        return (self.top, *self.beside, *self.folded)

    @property
    def inputs(self) -> tuple[Value, ...]:
        """The values behind them, each once, those of the note on top first."""
        found = {(v.name, v.reported, v.when): v for note in self.notes for v in note.inputs}
        return tuple(found.values())

    def settling(self, content: CardContent) -> tuple[Settles, ...]:
        """What would settle an open status, the one that settles most first; of one that is given
        only what could take it back."""
        if self.status is None:
            return ()
        found = (*self.status.separated_by, *self.status.settle)
        given = self.status.status
        if given is None or given in content.open.get(self.status.topic, ()):
            return tuple({one.name: one for one in found}.values())
        return tuple(one for one in found if one.name in content.even_settled)


def stacks(report: Report, content: CardContent) -> tuple[Stack, ...]:
    """The notes of a report by topic, in the order they are read."""
    tops: dict[str, list[Note]] = {}
    folded: dict[str, list[Note]] = {}
    for note in report.notes:
        (tops if note.under is None else folded).setdefault(note.topic, []).append(note)
    return tuple(
        Stack(
            top=first,
            beside=tuple(others),
            folded=tuple(folded.get(topic, ())),
            status=report.statuses.get(content.status_of.get(topic, topic)),
        )
        for topic, (first, *others) in tops.items()
    )


def is_card(stack: Stack, occasion: Occasion, content: CardContent) -> bool:
    """Whether a stack is worth a clinician's attention now (``rules/hooks/cards.yaml``)."""
    top = stack.top
    key = content.needs_seen.get(top.topic)
    if key is not None and occasion.unseen(key):
        return False
    ordering = occasion.relevant is not None
    if top.urgency in ("emergency", "urgent"):
        return True
    if occasion.relevant is not None and top.topic not in occasion.relevant:
        return False
    if top.urgency != "routine":
        return True
    policy = content.ordering if ordering else content.viewing
    if top.rule in policy.silent:
        return False
    if any(note.rule in policy.rules for note in stack.notes):
        return True
    wanted = policy.statuses.get(top.topic, frozenset())
    known = stack.status is not None and (
        stack.status.status is None or stack.status.status in wanted
    )
    return bool(wanted) and known and bool(stack.inputs)
