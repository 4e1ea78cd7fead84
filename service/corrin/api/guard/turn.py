"""How long a request may have waited for its turn before it is told to come again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from corrin.api.guard import refusal

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

    from starlette.types import ASGIApp, Receive, Scope, Send

HEALTH = frozenset(("/livez", "/readyz", "/metrics"))  # answered however busy the rest is

_SINCE = "corrin.since"


def begin(scope: MutableMapping[str, Any]) -> None:
    """Note in a request's scope that from now on it waits for nothing but its turn.

    Called by the connection: once its head is there and nothing before it on the same connection
    is left to answer, and again once its body is there.
    """
    scope.setdefault("state", {})[_SINCE] = time.monotonic()


def waited(scope: MutableMapping[str, Any], since: float = 0.0) -> float:
    """Seconds it has waited, or has waited after ``since``; 0 where nobody noted when it began."""
    began = scope.get("state", {}).get(_SINCE)
    return 0.0 if began is None else time.monotonic() - max(began, since)


class Turn:
    """ASGI middleware: refuses what has waited too long already, before anything is done for it.

    Small requests are worked on one after the other, so under too many of them nothing but time
    passes; whoever has waited for long is likely to have given up, and the rest is answered
    sooner.

    Args:
        seconds: the longest a request may have waited.
    """

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self.app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        late = scope["type"] == "http" and waited(scope) > self._seconds
        if late and scope["path"] not in HEALTH:
            await refusal.answer(refusal.waited_too_long(), scope, receive, send)
        else:
            await self.app(scope, receive, send)
