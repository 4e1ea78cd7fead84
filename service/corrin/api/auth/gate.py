"""The gate every request passes: what is open, and which token the rest asks for.

It stands before the guard: of whom is not let in no body is read, held or unpacked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from secrets import compare_digest
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from starlette.types import ASGIApp, Receive, Scope, Send

from corrin import UsageError
from corrin.api.auth import hooks
from corrin.api.auth.access import AccessTokens
from corrin.api.auth.clients import hooks_clients
from corrin.api.auth.fetch import trusted
from corrin.api.auth.hooks import HooksTokens
from corrin.api.auth.keys import KeySet
from corrin.api.auth.paths import HEALTH, METRICS, brings_body, is_open, path_of
from corrin.api.auth.refusal import exposed, no_path, refused
from corrin.api.guard.refusal import answer
from corrin.api.loopback import is_exposed
from corrin.api.problem import Problem

if TYPE_CHECKING:
    from corrin.api.settings import Settings

_IN_URL = re.compile(r"(?:^|[&;])access_token=")


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may call what.

    Attributes:
        asks: whether tokens are asked for at all (``CORRIN_AUTH=jwt``); else only who is on this
            machine is let in.
        access: for every path but the open ones and CDS Hooks; None lets nobody in.
        hooks: for ``/cds-services`` and below; None lets nobody in.
        metrics: bearer token of ``/metrics``; None leaves it open.
        catalogue: whether what holds no patient's data is open to read.
    """

    asks: bool
    access: AccessTokens | None = None
    hooks: HooksTokens | None = None
    metrics: bytes | None = None
    catalogue: bool = False

    async def admit(self, scope: Scope) -> str:
        """Who calls; "" where nobody is asked.

        Raises:
            Problem: 400, 401, 403, 404 or 503.
        """
        path = path_of(scope)
        if path.endswith("\n"):
            raise no_path()  # the router takes such a path for the one without the line break
        if not self.asks:
            server = scope.get("server")
            if server is not None and is_exposed(server[0]):
                raise exposed()
        if path == METRICS:
            if self.metrics is not None:
                self._scraper(_token(scope), self.metrics)
            return ""
        if not self.asks:
            return ""
        # Of nobody is a body held before it is known who sends it; that of health is never read.
        if is_open(path, scope["method"], catalogue=self.catalogue) and (
            path in HEALTH or not brings_body(scope)
        ):
            return ""
        # Whatever is not named above asks for a token: a door added later is closed, not open.
        if path == hooks.PATH or path.startswith(hooks.PATH + "/"):
            if self.hooks is None:
                raise refused("token-not-taken")
            return await self.hooks.check(_token(scope), path)
        if self.access is None:
            raise refused("token-not-taken")
        return await self.access.check(_token(scope))

    def _scraper(self, given: str, expected: bytes) -> None:
        if not compare_digest(given.encode("latin-1"), expected):
            raise refused("token-unknown")


class Authenticate:
    """ASGI middleware that lets through whom the gate admits, and answers the others."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self.app, self.gate = app, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # there are none; none gets past the gate
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            try:
                caller = await self.gate.admit(scope)
            except Problem as error:
                await answer(error, scope, receive, send)
                return
            scope.setdefault("state", {})["caller"] = caller
        await self.app(scope, receive, send)


def open_gate(settings: Settings) -> Gate:
    """The gate that settings ask for; fetches nothing yet.

    Raises:
        corrin.UsageError: the settings do not go together, or the clients' file is not usable.
    """
    metrics = settings.metrics_token
    secret = metrics.get_secret_value().encode() if metrics is not None else None
    if secret == b"":
        raise UsageError("CORRIN_METRICS_TOKEN is empty.", "Set it, or leave it out.")
    if settings.auth == "none":
        return Gate(asks=False, metrics=secret)
    if bool(settings.token_issuer) != bool(settings.token_jwks_url):
        raise UsageError(
            "Access tokens need both their issuer and the URL of its keys.",
            "Set CORRIN_TOKEN_ISSUER and CORRIN_TOKEN_JWKS_URL.",
        )
    if not settings.token_issuer and settings.hooks_clients is None:
        raise UsageError(
            "CORRIN_AUTH=jwt trusts nobody yet.",
            "Set CORRIN_TOKEN_ISSUER and CORRIN_TOKEN_JWKS_URL, or CORRIN_HOOKS_CLIENTS, or both.",
        )
    return Gate(True, _access(settings), _hooks(settings), secret, settings.open_catalogue)


def _access(settings: Settings) -> AccessTokens | None:
    if not settings.token_issuer:
        return None
    if not trusted(settings.token_jwks_url):
        raise UsageError(
            "CORRIN_TOKEN_JWKS_URL is not usable.", "Use https (or http on this machine)."
        )
    if not settings.token_scopes:
        raise UsageError("CORRIN_TOKEN_SCOPES is empty.", "Name one scope or more.")
    return AccessTokens(
        issuer=settings.token_issuer,
        audiences=[settings.token_audience]
        if settings.token_audience
        else [settings.base, settings.base + "/fhir"],
        scopes=settings.token_scopes,
        keys=KeySet(settings.token_jwks_url),
        leeway=settings.token_leeway_seconds,
    )


def _hooks(settings: Settings) -> HooksTokens | None:
    if settings.hooks_clients is None:
        return None
    return HooksTokens(
        hooks_clients(settings.hooks_clients),
        base=settings.base,
        leeway=settings.token_leeway_seconds,
        life=settings.token_life_seconds,
        entries=settings.replay_entries,
    )


def _token(scope: Scope) -> str:
    """The bearer token of a request.

    Raises:
        Problem: 401, there is none; 400, there are several, or one in the URL.
    """
    query = unquote_plus(scope.get("query_string", b"").decode("latin-1"))
    if _IN_URL.search(query):
        raise refused("token-in-url")
    given = [
        value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"
    ]
    if len(given) > 1:
        raise refused("token-several")
    scheme, _, token = (given[0] if given else "").partition(" ")
    token = token.strip(" ")
    if scheme.lower() != "bearer" or not token:
        raise refused("token-missing")
    return token
