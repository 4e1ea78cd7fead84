"""Access tokens of SMART Backend Services: issued by the site, checked here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corrin.api.auth.keys import KEY_OF, KeySet
from corrin.api.auth.refusal import refused
from corrin.api.auth.token import unverified, verified

# Which algorithm signs is the authorization server's choice; none is unsigned or symmetric.
_ALGORITHMS = tuple(KEY_OF)
_TYPES = ("", "jwt", "at+jwt", "application/at+jwt")  # RFC 9068; older servers say JWT or nothing
_CLIENT = re.compile(r"[A-Za-z0-9._:/-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AccessTokens:
    """What an access token must be (RFC 6750, RFC 9068, SMART App Launch 2).

    Attributes:
        issuer: its ``iss``.
        audiences: of which its ``aud`` names one.
        scopes: of which it carries one, letter by letter.
        keys: of the issuer.
        leeway: seconds by which clocks may differ.
    """

    issuer: str
    audiences: Sequence[str]
    scopes: Sequence[str]
    keys: KeySet
    leeway: int

    async def check(self, text: str) -> str:
        """The client that a token was issued to; "" when it does not say so in plain characters.

        Its ``sub`` is not asked: it may be a person.

        Raises:
            Problem: 401, 403, or 503 when the issuer's keys cannot be had.
        """
        token = unverified(text, algorithms=_ALGORITHMS, types=_TYPES)
        if token.claims.get("iss") != self.issuer:
            raise refused("token-issuer")
        key = await self.keys.key(token.kid, token.alg)
        claims = verified(
            token,
            key,
            issuer=self.issuer,
            audiences=self.audiences,
            algorithms=_ALGORITHMS,
            require=("iss", "aud", "exp"),
            leeway=self.leeway,
        )
        if not _scopes(claims) & set(self.scopes):
            raise refused("scope-missing", scopes=self.scopes)
        for name in ("client_id", "azp"):
            client = claims.get(name)
            if isinstance(client, str) and _CLIENT.fullmatch(client):
                return client
        return ""


def _scopes(claims: Mapping[str, Any]) -> set[str]:
    """The scopes granted: ``scope`` (RFC 8693), else ``scp`` as some servers name it."""
    given = claims.get("scope", claims.get("scp"))
    if isinstance(given, str):
        return set(given.split(" "))
    if isinstance(given, list):
        return {one for one in given if isinstance(one, str)}
    return set()
