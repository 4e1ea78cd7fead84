"""Large answers, packed for clients that unpack them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.middleware.gzip import GZipMiddleware

from corrin.api.guard.guard import STREAMED

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_LEAST_BYTES = 4096
_GZIP = re.compile(rb"(?<![\w-])gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))|,|$)", re.IGNORECASE)
"""Asked for, and not with the quality 0, which means "not"; Starlette's own sees the word only."""
_LEVEL = 4  # a third of the time of the default for a few percent of size


class Compress:
    """ASGI middleware: Starlette's own, out of the way of all that do not ask for it.

    The stream of a batch is never packed: its lines are to arrive as they are made. An answer
    holds no secret beside what its own request sent, so its length tells a listener nothing that
    a token or a cookie could be guessed from.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._packing = GZipMiddleware(app, minimum_size=_LEAST_BYTES, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if (
            scope["type"] == "http"
            and scope["path"] != STREAMED
            and any(
                name == b"accept-encoding" and _GZIP.search(value)
                for name, value in scope["headers"]
            )
        ):
            await self._packing(scope, receive, send)
        else:
            await self.app(scope, receive, send)
