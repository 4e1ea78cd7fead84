"""How a page of the browser is answered: in the site's frame, kept by caches, or not found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from corrin.api import negotiation
from corrin.api.content import content
from corrin.api.page import layout
from corrin.api.page.rules import addresses
from corrin.api.page.rules.browser import CHECKS, Browser, check_of, owner_of
from corrin.render.safe import visible

_MOST_KEPT = 48  # pages, of some hundred KiB at most
_LONGEST = 200  # characters of an address whose page is kept
_MOST_LETTERS = 80  # of a name that is not known, as it is shown


@dataclass(frozen=True, slots=True)
class Near:
    """Something that is called nearly as what was asked for."""

    says: str
    href: str


async def listed(request: Request, template: str, browser: Browser, **context: Any) -> Response:
    """A page with a list one can filter; what was found alone where script asks for it."""
    name = f"{template}_found" if layout.in_part(request) else template
    return await page(request, name, browser, **context)


async def page(request: Request, template: str, browser: Browser, **context: Any) -> Response:
    """A page of content."""
    body = await _text(request, f"rules/{template}.html.j2", browser, **context)
    answer = content(request, body.encode(), negotiation.HTML)
    answer.headers.update(layout.OURS)
    return answer


async def missing(
    request: Request, browser: Browser, what: str, name: str, near: Sequence[Near]
) -> Response:
    """404: there is nothing of this name, and what is called nearly so."""
    said = visible(name, _MOST_LETTERS)
    context = {"what": what, "name": said, "near": near, "here": ""}
    body = await _text(request, "rules/missing.html.j2", browser, **context)
    headers = {**layout.OURS, "Cache-Control": "no-store"}
    return Response(body.encode(), 404, headers, negotiation.HTML)


async def _text(request: Request, template: str, browser: Browser, **context: Any) -> str:
    """A template filled in; the pages asked for last are kept, since their content stays."""
    address = request.url.path + "?" + request.url.query
    in_part = layout.in_part(request)
    key = (template, address, in_part)
    kept = browser.kept.get(key)
    if kept is not None:
        return kept
    known = {
        "at": "rules",
        "browser": browser,
        "addresses": addresses,
        "pages": addresses.PAGES,
        "owner_of": owner_of,
        "checks_known": CHECKS,
        "check_of": check_of,
        "in_part": in_part,
    }
    write = partial(layout.written, request, template, **known, **context)
    limiter = layout.interpreter(request).threads
    found = await to_thread.run_sync(write, limiter=limiter)
    if len(address) <= _LONGEST:
        while len(browser.kept) >= _MOST_KEPT:
            browser.kept.pop(next(iter(browser.kept)), None)
        browser.kept[key] = found
    return found
