"""Report → one self-contained HTML page: no script, no request, readable and printable anywhere."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from corrin.notes.report import Report
from corrin.render import basis, words
from corrin.render.safe import clean, visible

_HERE = Path(__file__).parent


def render(report: Report, explain: bool = True) -> str:
    """The report as an HTML page whose content policy allows its own style sheet and nothing else.

    ``explain`` adds the conditions that decided, every evidence row, the rules that could not
    answer and whole digests.
    """
    seen = clean(report)
    style = _style()
    return _template().render(
        report=seen,
        references=basis.References(seen),
        explain=explain,
        words=words,
        basis=basis,
        style=Markup(style),
        style_hash=_hash(style),
    )


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
    return environment.get_template("report.html.j2")


@lru_cache(maxsize=1)
def _style() -> str:
    return (_HERE / "report.css").read_text(encoding="utf-8")


def _hash(style: str) -> str:
    digest = hashlib.sha256(style.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _fit(value: Any) -> Any:
    """The last guard: whatever text a template shows is fit to show."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def is_link(url: object) -> bool:
    """Whether an address may be followed from the page: the web's own two schemes only."""
    if not isinstance(url, str) or any(character.isspace() for character in url):
        return False
    return url.startswith(("https://", "http://"))
