"""Book → one self-contained page that prints well: no script, no request to anywhere."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from corrin.book.part import Book
from corrin.render import page
from corrin.render.safe import visible

_HERE = Path(__file__).parent


def render(book: Book) -> str:
    """The book as an HTML page whose content policy allows its own style sheet and nothing else."""
    return page.template(_HERE / "page.html.j2").render(
        book=book, lines=_lines, **page.style(_HERE / "page.css")
    )


def _lines(text: str) -> Markup:
    """A text of several lines, each of them made fit to show."""
    return Markup("\n").join(visible(line) for line in text.splitlines())
