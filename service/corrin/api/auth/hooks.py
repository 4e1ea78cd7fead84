"""Tokens of CDS Hooks clients: self-signed, for one call each (CDS Hooks 2.0, section 4.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from corrin.api.auth.clients import HooksClient
from corrin.api.auth.keys import KeySet
from corrin.api.auth.refusal import refused
from corrin.api.auth.replay import Seen
from corrin.api.auth.token import unverified, verified

PATH = "/cds-services"
_ALGORITHMS = ("ES384", "RS384")
_TYPES = ("jwt",)


@dataclass(frozen=True, slots=True)
class _Known:
    client: HooksClient
    keys: KeySet
    seen: Seen


class HooksTokens:
    """What the token of a CDS Hooks client must be.

    Args:
        clients: the ones trusted.
        base: public URL of the service; endpoints are told from it, never from a request.
        leeway: seconds by which clocks may differ.
        life: most seconds from ``iat`` to ``exp``.
        entries: token ids remembered, shared out among the clients.
    """

    def __init__(
        self, clients: Iterable[HooksClient], *, base: str, leeway: int, life: int, entries: int
    ) -> None:
        clients = tuple(clients)
        share = max(1, entries // len(clients))
        self._known = {one.iss: _Known(one, KeySet(one.jwks_url), Seen(share)) for one in clients}
        self._base, self._leeway, self._life = base, leeway, life

    async def check(self, text: str, path: str) -> str:
        """The issuer of a token for the endpoint at a path.

        Raises:
            Problem: 401, 403 for a tenant, or 503 when it cannot be checked at present.
        """
        token = unverified(text, algorithms=_ALGORITHMS, types=_TYPES)
        issuer = token.claims.get("iss")
        known = self._known.get(issuer) if isinstance(issuer, str) else None
        if known is None:
            raise refused("token-issuer")
        if token.header.get("jku", known.client.registered_jku) != known.client.registered_jku:
            raise refused("token-jku")
        key = await known.keys.key(token.kid, token.alg)
        claims = verified(
            token,
            key,
            issuer=known.client.iss,
            audiences=self._endpoint(path),
            algorithms=_ALGORITHMS,
            require=("iss", "aud", "exp", "iat", "jti"),
            leeway=self._leeway,
        )
        if not claims["jti"]:
            raise refused("token-claims")
        if not 0 < claims["exp"] - claims["iat"] <= self._life:
            raise refused("token-life")
        tenants = known.client.tenants
        if tenants is not None and claims.get("tenant") not in tenants:
            raise refused("tenant-unknown")
        known.seen.use(claims["jti"], claims["exp"] + self._leeway)
        return known.client.iss

    def _endpoint(self, path: str) -> list[str]:
        """The URLs a token for a path may be made out to; for feedback also its service's."""
        found = [self._base + path]
        parts = path.split("/")
        if len(parts) == 4 and parts[3] == "feedback":
            found.append(self._base + path.removesuffix("/feedback"))
        return found
