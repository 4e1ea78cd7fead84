"""The keys of one issuer: fetched when needed, once at a time, kept as long as they may be."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from anyio import to_thread

from corrin.api import telemetry
from corrin.api.auth.fetch import ALL_SECONDS, Fetched, FetchError, fetch
from corrin.api.auth.refusal import refused

COOLDOWN_SECONDS = 10.0
"""Between two fetches that an unknown key id asks for, and after one that failed."""

SPARE_SECONDS = 1.0
"""That a request waits for newer keys where older ones may still be used."""

KEY_OF: Mapping[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None), "RS384": ("RSA", None), "RS512": ("RSA", None),
    "PS256": ("RSA", None), "PS384": ("RSA", None), "PS512": ("RSA", None),
    "ES256": ("EC", "P-256"), "ES384": ("EC", "P-384"), "ES512": ("EC", "P-521"),
}  # fmt: skip
"""Key type and curve that an algorithm needs (RFC 7518, section 3.1)."""


@dataclass(slots=True)
class _Held:
    """A set in use; ``built`` holds the keys made ready by id and algorithm."""

    keys: tuple[Mapping[str, Any], ...]
    fresh_until: float
    usable_until: float
    built: dict[tuple[str, str], jwt.PyJWK] = field(default_factory=dict)

    def knows(self, kid: str) -> bool:
        return any(key.get("kid") == kid for key in self.keys)

    def one(self, kid: str, alg: str) -> jwt.PyJWK | None:
        """The key of an id and an algorithm; None unless there is exactly one."""
        if (kid, alg) not in self.built:
            fitting = [key for key in self.keys if key.get("kid") == kid and _fits(key, alg)]
            if len(fitting) != 1:
                return None
            try:
                self.built[kid, alg] = jwt.PyJWK(dict(fitting[0]), alg)
            except (jwt.PyJWTError, ValueError, TypeError, ArithmeticError):
                return None
        return self.built[kid, alg]


class KeySet:
    """The JWK Set at one URL, which is of the settings and never of a token."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._held: _Held | None = None
        self._asked = -math.inf
        self._failed = False
        self._flight: asyncio.Task[None] | None = None

    async def key(self, kid: str, alg: str) -> jwt.PyJWK:
        """The one key that may have signed a token.

        A key id that is not known asks for the set again, but not within the cooldown.

        Raises:
            Problem: 401, there is no such key, or more than one; 503, the keys cannot be had.
        """
        if not kid:
            raise refused("token-key")
        held = self._held
        if held is None or time.monotonic() >= held.fresh_until:
            held = await self._refreshed(after=COOLDOWN_SECONDS if self._failed else 0.0)
        if not held.knows(kid):
            held = await self._refreshed(after=COOLDOWN_SECONDS)
            if self._failed and not held.knows(kid):
                raise self._away()  # the key may be new: not known to be the client's fault
        found = held.one(kid, alg)
        if found is None:
            raise refused("token-key")
        return found

    async def _refreshed(self, after: float) -> _Held:
        """The set, asked for again when the last time is that many seconds ago."""
        flight = self._flight
        loop = asyncio.get_running_loop()
        if flight is None or flight.done() or flight.get_loop() is not loop:
            flight = None
            if time.monotonic() - self._asked >= after:
                flight = self._flight = loop.create_task(self._ask())
        if flight is not None:
            spare = self._held is not None and time.monotonic() < self._held.usable_until
            await asyncio.wait({flight}, timeout=SPARE_SECONDS if spare else ALL_SECONDS)
        held = self._held
        if held is None or time.monotonic() >= held.usable_until:
            raise self._away()
        return held

    async def _ask(self) -> None:
        self._asked, self._failed = time.monotonic(), True
        try:
            found = await to_thread.run_sync(fetch, self.url, abandon_on_cancel=True)
        except FetchError as error:
            telemetry.event("auth.keys-unavailable", level="warning", why=str(error))
        else:
            self._failed = False
            self._held = self._keep(found)
            telemetry.event("auth.keys-fetched", keys=len(found.keys))

    def _keep(self, found: Fetched) -> _Held:
        # Counted from the question, not the answer: never longer than the server said.
        return _Held(found.keys, self._asked + found.fresh, self._asked + found.usable)

    def _away(self) -> Exception:
        left = self._asked + COOLDOWN_SECONDS - time.monotonic()
        return refused("keys-unavailable", retry_seconds=max(1, math.ceil(left)))


def _fits(key: Mapping[str, Any], alg: str) -> bool:
    """Whether a published key is a public one, for verifying signatures of this algorithm."""
    kty, curve = KEY_OF[alg]
    operations = key.get("key_ops")
    return (
        key.get("kty") == kty
        and (curve is None or key.get("crv") == curve)
        and key.get("use") in (None, "sig")
        and key.get("alg") in (None, alg)
        and (operations is None or (isinstance(operations, list) and "verify" in operations))
        and "d" not in key  # a private key that is published proves nothing
    )
