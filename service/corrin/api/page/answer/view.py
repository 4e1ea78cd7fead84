"""Everything the templates of an answer know: one name each."""

from __future__ import annotations

from typing import Any

from corrin.api.page.answer import trend_view
from corrin.api.page.answer.groups import elsewhere, groups
from corrin.api.page.answer.sources import Sources
from corrin.api.page.answered import Answered
from corrin.api.page.question import conditions
from corrin.api.page.question.compare_view import compared
from corrin.api.page.question.suppose_panels import panels
from corrin.question.scale import scales_of
from corrin.question.series import series_of


def view(answered: Answered) -> dict[str, Any]:
    """What ``templates/answer/answer.html.j2`` is filled with."""
    report, evaluation = answered.report, answered.evaluation
    words = answered.composer.words
    scales = scales_of(answered.engine, answered.composer)
    found = scales.of(evaluation, report)
    named = {(one.origin, one.path) for note in answered.given.notes for one in note.inputs}
    over_time = series_of(answered.reading, evaluation, report, scales, found, words)
    return {
        "answered": answered,
        "suppose": panels(answered),
        "questions": conditions.of(answered),
        "compare": compared(answered),
        "asked": answered.asked,
        "report": report,
        "references": Sources(report, (cut for one in found for cut in one.cut_offs)),
        "groups": groups(report, found),
        "other_scales": elsewhere(found),
        "newest_of_each": trend_view.NEWEST,
        "series": tuple(trend_view.shown(one, report, words, named) for one in over_time),
    }
