"""Over all example requests: which notes stand on top, in which order, and what is folded."""

from __future__ import annotations

from collections import Counter

import pytest

from corrin.notes.status import URGENCIES
from golden.cases import Case, every_case

ANSWERED = [case for case in every_case() if not case.refused_whole]


@pytest.mark.parametrize("case", ANSWERED, ids=lambda case: case.name)
def test_notes_are_ordered_and_folded(case: Case) -> None:
    report = case.report
    top = [note for note in report.notes if note.under is None]
    folded = [note for note in report.notes if note.under is not None]
    assert list(report.notes) == [*top, *folded]
    for part in (top, folded):
        ranks = [URGENCIES.index(note.urgency) for note in part]
        assert ranks == sorted(ranks)
    topics = Counter(note.topic for note in top if note.urgency != "emergency")
    emergencies = {note.topic for note in top if note.urgency == "emergency"}
    assert all(count == 1 and topic not in emergencies for topic, count in topics.items())
    for note in folded:
        assert note.urgency != "emergency"
        assert note.under is not None
        head = report.notes[note.under]
        assert head.under is None
        assert head.topic == note.topic
        assert URGENCIES.index(head.urgency) <= URGENCIES.index(note.urgency)
    quiet = "No note above routine comes of what was supplied."
    assert (quiet in report.headline) is (report.in_scope and report.urgency == "routine")
