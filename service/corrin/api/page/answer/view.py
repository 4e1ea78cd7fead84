"""Everything the templates of an answer know: one name each."""

from __future__ import annotations

from typing import Any

from corrin.api.page.answered import Answered
from corrin.render.basis import References


def view(answered: Answered) -> dict[str, Any]:
    """What ``templates/answer/answer.html.j2`` is filled with."""
    return {
        "answered": answered,
        "asked": answered.asked,
        "report": answered.report,
        "references": References(answered.report),
    }
