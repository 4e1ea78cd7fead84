"""In which order notes are read, and which stand under another.

Emergency first, then by urgency, safety before the rest, then what settles most. Of one topic one
note stands on top and the others are folded under it; an emergency is never folded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from corrin.evaluate.decide import Decided
from corrin.notes import report
from corrin.notes.status import URGENCIES
from corrin.packs import schema


class Order:
    """The order of the notes of one profile.

    Args:
        packs: ids of the packs, in the order they run.
        first: ids of those among them that always come first, by topic and not by what they ask.
        topics: ids of the topics, in the order of display.
    """

    def __init__(self, packs: Sequence[str], first: Sequence[str], topics: Sequence[str]) -> None:
        self._first = frozenset(first)
        self._packs = {name: index for index, name in enumerate(packs)}
        self._topics = {name: index for index, name in enumerate(topics)}

    def of(
        self,
        notes: Iterable[tuple[report.Note, schema.Rule]],
        decided: Mapping[str, Decided],
    ) -> tuple[report.Note, ...]:
        """The notes in the order to be read: those on top first, then the folded ones."""
        settles = _ranks(decided)
        last = len(settles)

        def key(pair: tuple[report.Note, schema.Rule]) -> tuple[int, bool, int, int, int, str]:
            note, rule = pair
            first = note.pack in self._first
            rank = min((settles.get(name, last) for name in rule.asks), default=last)
            topic = self._topics.get(note.topic, len(self._topics))
            return (
                URGENCIES.index(note.urgency),
                not first,
                topic if first else rank,
                self._packs[note.pack],
                topic,
                note.rule,
            )

        top: list[report.Note] = []
        folded: list[report.Note] = []
        heads: dict[str, int] = {}
        for note, _ in sorted(notes, key=key):
            if note.topic not in heads or note.urgency == "emergency":
                heads.setdefault(note.topic, len(top))
                top.append(note)
            else:
                folded.append(note.model_copy(update={"under": heads[note.topic]}))
        return (*top, *folded)


def _ranks(decided: Mapping[str, Decided]) -> dict[str, int]:
    """How much each input would settle: 0 for the one that settles most of any topic."""
    ranks: dict[str, int] = {}
    for one in decided.values():
        for rank, finding in enumerate(one.settle):
            ranks[finding.fact] = min(rank, ranks.get(finding.fact, rank))
    return ranks
