"""The files a page loads: script, style, pictures. Ours, and two libraries kept beside them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin.api.content import content
from corrin.api.problem import Fault, Problem

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).parent / "static"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@lru_cache(maxsize=1)
def files() -> dict[str, tuple[bytes, str]]:
    """Every file by the name it is asked for, with its media type."""
    return {
        file.relative_to(_FOLDER).as_posix(): (file.read_bytes(), _KINDS[file.suffix])
        for file in sorted(_FOLDER.rglob("*"))
        if file.suffix in _KINDS
    }


@lru_cache(maxsize=64)
def address(name: str) -> str:
    """The path of a file, without the prefix; another content has another address.

    Raises:
        KeyError: there is no such file.
    """
    digest = hashlib.sha256(files()[name][0]).hexdigest()[:12]
    return f"/page/static/{name}?v={digest}"


@router.api_route("/page/static/{name:path}", methods=["GET", "HEAD"])
async def static(request: Request, name: str) -> Response:
    """One file."""
    found = files().get(name)
    if found is None:
        raise Problem(404, Fault("not-found", "There is no such file.", "Load the page again."))
    return content(request, *found)
