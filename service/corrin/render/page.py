"""What self-contained HTML pages share: their template, their style sheet and its hash."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from corrin.render.safe import visible


@lru_cache(maxsize=8)
def template(file: Path) -> Template:
    """A template beside the code that uses it: text is escaped, an unknown name is an error."""
    return environment(file.parent).get_template(file.name)


def environment(folder: Path) -> Environment:
    """What reads the templates of a folder: text is escaped, an unknown name is an error."""
    found = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_fit,
    )
    found.tests["link"] = is_link
    return found


@lru_cache(maxsize=8)
def style(file: Path) -> dict[str, str]:
    """A style sheet, and its hash as a content policy allows it by."""
    text = file.read_text(encoding="utf-8")
    return {"style": Markup(text), "style_hash": style_hash(text)}


def style_hash(text: str) -> str:
    """``sha256-…`` of a style sheet."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def is_link(url: object) -> bool:
    """Whether an address may be followed from a page: the web's own two schemes only."""
    if not isinstance(url, str) or any(character.isspace() for character in url):
        return False
    return url.startswith(("https://", "http://"))


def _fit(value: Any) -> Any:
    """The last guard: whatever text a template shows is fit to show."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
