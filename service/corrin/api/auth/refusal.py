"""What a caller is told who may not come in: fixed sentences, nothing of the token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from corrin.api.problem import Fault, Problem

REALM = "corrin"


@dataclass(frozen=True, slots=True)
class _Kind:
    """A status, the error code of RFC 6750 (section 3.1; "" for none), and two sentences.

    The first sentence also stands in a header: ASCII without quotes and backslashes.
    """

    status: int
    error: str
    says: str
    remedy: str


_KINDS: Mapping[str, _Kind] = {
    "token-missing": _Kind(
        401,
        "",
        "The request carries no token.",
        "Send one as 'Authorization: Bearer ...'. In a browser, open the page by way of the "
        "site's own sign-in.",
    ),
    "token-not-taken": _Kind(
        401,
        "",
        "This part of the service takes no token at present.",
        "Whoever operates this service has to name the issuer or the clients it trusts.",
    ),
    "token-several": _Kind(
        400,
        "invalid_request",
        "The request carries more than one token.",
        "Send one Authorization header.",
    ),
    "token-in-url": _Kind(
        400,
        "invalid_request",
        "The request carries a token in its URL.",
        "Send it as 'Authorization: Bearer ...', and hold the one in the URL for disclosed.",
    ),
    "token-malformed": _Kind(
        401,
        "invalid_token",
        "The token is not a signed JWT in compact form.",
        "Send header.payload.signature in base64url, without critical extensions.",
    ),
    "token-too-long": _Kind(
        401, "invalid_token", "The token is too long.", "Send one with fewer claims."
    ),
    "token-algorithm": _Kind(
        401,
        "invalid_token",
        "The token is signed with an algorithm that is not taken.",
        "CDS Hooks clients sign with ES384 or RS384; no token is taken unsigned or with a "
        "shared secret.",
    ),
    "token-type": _Kind(
        401,
        "invalid_token",
        "The token is of another type.",
        "Its header says typ JWT; that of an access token may say at+jwt or nothing.",
    ),
    "token-issuer": _Kind(
        401,
        "invalid_token",
        "The token is from an issuer that is not known here.",
        "Ask whoever operates this service to register the issuer.",
    ),
    "token-jku": _Kind(
        401,
        "invalid_token",
        "The token names another place for its keys than the one registered.",
        "Leave jku out, or send the registered URL letter by letter.",
    ),
    "token-key": _Kind(
        401,
        "invalid_token",
        "The key that signed the token is not among its issuer's keys.",
        "Publish exactly one key of this kid and of the kind that alg asks for, for signing; "
        "a new one is known here within seconds.",
    ),
    "token-signature": _Kind(
        401,
        "invalid_token",
        "The signature of the token is not right.",
        "Sign it with the key that its kid names, RSA of 2048 bits or more.",
    ),
    "token-unknown": _Kind(
        401,
        "invalid_token",
        "The token is not the one that is asked for here.",
        "Send the one set as CORRIN_METRICS_TOKEN.",
    ),
    "token-audience": _Kind(
        401,
        "invalid_token",
        "The token is made out to another audience.",
        "For CDS Hooks, aud is the public URL of the endpoint called; else what the site agreed.",
    ),
    "token-expired": _Kind(
        401, "invalid_token", "The token has expired.", "Ask for a new one, and compare clocks."
    ),
    "token-not-yet": _Kind(401, "invalid_token", "The token is not valid yet.", "Compare clocks."),
    "token-claims": _Kind(
        401,
        "invalid_token",
        "The token lacks a claim, or a claim is of the wrong form.",
        "Access tokens carry iss, aud and exp; those of CDS Hooks clients iat and jti too. "
        "Times are numbers, the others strings; aud may be an array of strings.",
    ),
    "token-life": _Kind(
        401,
        "invalid_token",
        "The token is made to live too long.",
        "Make one for each call, that lives five minutes (exp - iat).",
    ),
    "token-replayed": _Kind(
        401,
        "invalid_token",
        "The token was used before.",
        "Make a new one, with a jti of its own, for each call.",
    ),
    "scope-missing": _Kind(
        403,
        "insufficient_scope",
        "The token carries none of the scopes that are asked for.",
        "Ask the authorization server for one of the scopes in WWW-Authenticate.",
    ),
    "tenant-unknown": _Kind(
        403,
        "insufficient_scope",
        "The token is for a tenant that is not registered for its issuer.",
        "Ask whoever operates this service to register the tenant.",
    ),
    "keys-unavailable": _Kind(
        503,
        "",
        "The keys that tokens are checked with cannot be fetched at present.",
        "Try again later.",
    ),
    "replay-full": _Kind(
        503,
        "",
        "More tokens are in use at present than can be remembered.",
        "Try again later; whoever operates this service can raise CORRIN_REPLAY_ENTRIES.",
    ),
}


def refused(reason: str, *, scopes: Sequence[str] = (), retry_seconds: int = 0) -> Problem:
    """The problem of one reason, with the header a client is owed.

    Args:
        scopes: of which one is asked for.
        retry_seconds: after which another try may succeed, for a status of 503.
    """
    kind = _KINDS[reason]
    headers = {}
    if retry_seconds:
        headers["Retry-After"] = str(retry_seconds)
    if kind.status != 503:
        headers["WWW-Authenticate"] = _challenge(kind, scopes)
    return Problem(kind.status, Fault(reason, kind.says, kind.remedy), headers=headers)


def exposed() -> Problem:
    """403: without tokens, nobody is answered at an address that others can reach."""
    return Problem(
        403,
        Fault(
            "loopback-only",
            "Without tokens this service answers on loopback only.",
            "Whoever operates it sets CORRIN_AUTH=jwt, or lets it listen on 127.0.0.1 only.",
        ),
    )


def no_path() -> Problem:
    """404: as for any path that no door knows."""
    return Problem(404, Fault("not-found", "There is nothing at this path."))


def _challenge(kind: _Kind, scopes: Sequence[str]) -> str:
    """The Bearer challenge (RFC 6750, section 3)."""
    parts = [f'realm="{REALM}"']
    if kind.error:
        parts += [f'error="{kind.error}"', f'error_description="{kind.says}"']
    if scopes:
        parts.append(f'scope="{" ".join(scopes)}"')
    return "Bearer " + ", ".join(parts)
