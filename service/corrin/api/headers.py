"""Headers every answer carries for a browser's sake, and which browsers may call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from corrin.render.page import style_hash

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from corrin.api.settings import Settings

Header = tuple[bytes, bytes]

# A page shows and loads only what this service gives itself; nobody frames it. A page whose style
# stands within it has a policy of its own, by the hash of that style.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

ALWAYS: Sequence[Header] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

_UNLESS_SAID: Mapping[bytes, bytes] = {
    b"cache-control": b"no-store",  # what is about a patient is kept by nobody
    b"content-security-policy": _POLICY.encode(),
}
_A_YEAR = 31_536_000

# Browser clients of CDS Hooks ask for authorization and content-type (the reference sandbox).
_ASKED = ("Accept", "Authorization", "Content-Type", "Prefer", "X-Request-Id")
_SHOWN = ("ETag", "Location", "Retry-After", "X-Request-Id")


def policy(style: str) -> dict[str, str]:
    """The content policy of a page of ours that has this style sheet within it, and no script."""
    allowed = (
        "default-src 'none'",
        f"style-src '{style_hash(style)}'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {"Content-Security-Policy": "; ".join(allowed)}


class SecurityHeaders:
    """ASGI middleware: adds to every answer what a browser is to know of it."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self._always = list(ALWAYS)
        if settings.base.startswith("https://"):
            self._always.append((b"strict-transport-security", b"max-age=%d" % _A_YEAR))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def given(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                said = {name for name, _ in headers}
                message["headers"] = [
                    *headers,
                    *self._always,
                    *(pair for pair in _UNLESS_SAID.items() if pair[0] not in said),
                ]
            await send(message)

        await self.app(scope, receive, given)


def cors(settings: Settings) -> dict[str, Any]:
    """What Starlette's CORSMiddleware is told. Credentials of a browser (cookies) are not used."""
    return {
        "allow_origins": settings.allowed_origins,
        "allow_methods": ("GET", "POST"),
        "allow_headers": _ASKED,
        "allow_credentials": False,
        "expose_headers": _SHOWN,
        "max_age": 600,
    }
