"""Book → one self-contained page that prints well: no script, no request to anywhere."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from corrin.book.part import Book
from corrin.render.html import is_link
from corrin.render.safe import visible

_HERE = Path(__file__).parent


def render(book: Book) -> str:
    """The book as an HTML page whose content policy allows its own style sheet and nothing else."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _template().render(
        book=book, lines=_lines, style=Markup(style), style_hash=f"sha256-{digest}"
    )


@lru_cache(maxsize=1)
def _style() -> str:
    return (_HERE / "page.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_fit,
    )
    environment.tests["link"] = is_link
    return environment.get_template("page.html.j2")


def _lines(text: str) -> Markup:
    """A text of several lines, each of them made fit to show."""
    return Markup("\n").join(visible(line) for line in text.splitlines())


def _fit(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
