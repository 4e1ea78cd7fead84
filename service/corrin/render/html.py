"""Report → one self-contained HTML page: no script, no request, readable and printable anywhere."""

from __future__ import annotations

from pathlib import Path

from corrin.notes.report import Report
from corrin.render import basis, page, words
from corrin.render.safe import clean

_HERE = Path(__file__).parent


def render(report: Report, explain: bool = True) -> str:
    """The report as an HTML page whose content policy allows its own style sheet and nothing else.

    ``explain`` adds the conditions that decided, every evidence row, the rules that could not
    answer and whole digests.
    """
    seen = clean(report)
    return page.template(_HERE / "report.html.j2").render(
        report=seen,
        references=basis.References(seen),
        explain=explain,
        words=words,
        basis=basis,
        **page.style(_HERE / "report.css"),
    )


def style() -> str:
    """The style sheet the page holds."""
    return str(page.style(_HERE / "report.css")["style"])
