"""Answers that hold content only: kept by caches, asked for again by their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from difflib import get_close_matches

from starlette.requests import Request
from starlette.responses import Response

from corrin.api.problem import Fault, Problem

FRESH_SECONDS = 300
_MOST_LETTERS = 100  # of a name that is compared with those that are known


def content(request: Request, body: bytes, media_type: str, *, varies: bool = False) -> Response:
    """A body of content with its digest; 304 where the client has it, only its head for HEAD.

    Args:
        varies: whether the same path is given in other forms too.
    """
    # A weak one: packed for the way or not, it is the same content.
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    # What a token was asked for is not for a shared cache to give to others.
    settings = request.app.state.settings
    kept = "public" if settings.auth == "none" or settings.open_catalogue else "private"
    headers = {
        "ETag": tag,
        "Cache-Control": f"{kept}, max-age={FRESH_SECONDS}, must-revalidate",
    }
    if varies:
        headers["Vary"] = "Accept"
    if _has(request.headers.getlist("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        headers["Content-Length"] = str(len(body))
        return Response(b"", 200, headers, media_type)
    return Response(body, 200, headers, media_type)


def only(request: Request, *known: str) -> None:
    """Refuse a query parameter that would be passed over: one misspelt, or given twice.

    Those that begin with ``_`` are everybody's (``_format``, a cache's ``_=``).

    Raises:
        Problem: 422.
    """
    for name in request.query_params:
        if name not in known and not name.startswith("_"):
            raise Problem(
                422,
                Fault(
                    "parameter-unknown",
                    "A query parameter is not known here.",
                    f"Known: {', '.join(known)}." if known else "This path takes none.",
                    nearest=nearest(name, known),
                ),
            )
        if len(request.query_params.getlist(name)) > 1 and name in known:
            raise Problem(
                422,
                Fault(
                    "parameter-twice",
                    "A query parameter is given more than once.",
                    "Give it once.",
                    path=name,
                    in_url=True,
                ),
            )


def nearest(name: str, known: Collection[str]) -> tuple[str, ...]:
    """Known names that are most like one that is not, best first."""
    short = name[:_MOST_LETTERS]
    close = get_close_matches(short, known, n=3, cutoff=0.5)
    within = sorted(one for one in known if len(short) > 2 and short.casefold() in one)
    return tuple(dict.fromkeys((*close, *within)))[:3]


def _has(given: list[str], tag: str) -> bool:
    tags = [one.strip().removeprefix("W/") for one in ",".join(given).split(",", 100)]
    return tag.removeprefix("W/") in tags or tags == ["*"]
