"""Comparison → one self-contained HTML page: no script, no request."""

from __future__ import annotations

from pathlib import Path

from corrin.abreast import words as told
from corrin.comparison.side_by_side import Comparison
from corrin.render import page, words
from corrin.render.safe import clean

_HERE = Path(__file__).parent
_STYLE = _HERE.parent / "render" / "report.css"


def render(found: Comparison) -> str:
    """The comparison as a page whose content policy allows its own style sheet and nothing else."""
    seen = clean(found)
    return page.template(_HERE / "comparison.html.j2").render(
        found=seen,
        words=words,
        told=told,
        cutoffs=sorted({cut.name for column in seen.columns for cut in column.cutoffs}),
        **page.style(_STYLE),
    )


def style() -> str:
    """The style sheet the page holds."""
    return str(page.style(_STYLE)["style"])
