"""How every page is written: its templates, what all of them know, and its content policy."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment
from markupsafe import escape
from starlette.requests import Request
from starlette.responses import Response

from corrin import __version__
from corrin.api import negotiation
from corrin.api.interpreter import Interpreter
from corrin.api.page import assets
from corrin.render import basis, page, words

_TEMPLATES = Path(__file__).parent / "templates"

# Own files only, no inline script or style, nothing evaluated; forms lead nowhere else.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
# By its name script tells an answer of ours from what a gateway puts in its place.
OURS = {"Content-Security-Policy": POLICY, "Vary": "HX-Request", "Corrin-Page": "1"}
_HEADERS = {**OURS, "Cache-Control": "no-store"}


@lru_cache(maxsize=1)
def environment() -> Environment:
    """What reads the page's templates."""
    found = page.environment(_TEMPLATES)
    found.globals.update(words=words, basis=basis, version=__version__, asset=assets.address)
    # What a field holds goes back into it as it came; only markup is escaped.
    found.filters["raw"] = escape
    return found


def in_part(request: Request) -> bool:
    """Whether script asks for a part of a page, and not for a whole one."""
    return "hx-request" in request.headers


def interpreter(request: Request) -> Interpreter:
    """What interprets, as this service runs it."""
    found: Interpreter = request.app.state.interpreter
    return found


def prefix(request: Request) -> str:
    """What stands before every path where a proxy takes it off: ``/corrin``, or nothing."""
    base: str = request.app.state.settings.base
    return urlsplit(base).path


def written(request: Request, template: str, **context: Any) -> str:
    """A template filled in; every one knows ``prefix``, ``words``, ``basis``, ``asset(name)``."""
    found: str = environment().get_template(template).render(prefix=prefix(request), **context)
    return found


def show(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """A page, or a part of one, as it is answered; kept by nobody."""
    body = written(request, template, **context)
    return Response(body.encode(), status, dict(_HEADERS), negotiation.HTML)
