"""A signed JWT: read without trust, then verified with a key that its issuer published."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from corrin.api.auth.refusal import refused

MOST_LETTERS = 16 * 1024
_TIMES = ("exp", "iat", "nbf")
_LATEST = 253_402_300_800  # the year 10000, in seconds since 1970


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says of itself; worth nothing until :func:`verified`."""

    text: str
    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def alg(self) -> str:
        """The algorithm, one that is taken (see :func:`unverified`)."""
        return str(self.header["alg"])

    @property
    def kid(self) -> str:
        """The id of the key; "" when it names none."""
        return str(self.header.get("kid", ""))


def unverified(text: str, *, algorithms: Collection[str], types: Collection[str]) -> Token:
    """Read a token without trust.

    Args:
        algorithms: values of ``alg`` that are taken.
        types: values of ``typ`` that are taken, in lower case; "" when it may be absent.

    Raises:
        Problem: 401; it is no JWS in compact form, or asks for what is not taken.
    """
    if len(text) > MOST_LETTERS:
        raise refused("token-too-long")
    try:
        found = jwt.decode_complete(text, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise refused("token-malformed") from None
    header, claims = found["header"], found["payload"]
    if "crit" in header or "b64" in header:
        raise refused("token-malformed")
    # Compared with a list, not looked up in a set: what was sent may be unhashable.
    if header.get("alg") not in tuple(algorithms):
        raise refused("token-algorithm")
    kind = header.get("typ", "")
    if not isinstance(kind, str) or kind.lower() not in types:
        raise refused("token-type")
    return Token(text, header, claims)


def verified(
    token: Token,
    key: jwt.PyJWK,
    *,
    issuer: str,
    audiences: Sequence[str],
    algorithms: Sequence[str],
    require: Sequence[str],
    leeway: int,
) -> dict[str, Any]:
    """The claims of a token, once signature, issuer, audience and times are right.

    Args:
        audiences: of which ``aud`` must name one.
        require: claims that must be there.
        leeway: seconds by which clocks may differ.

    Raises:
        Problem: 401, with the first thing that is wrong; the signature is looked at first.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token.text,
            key,
            algorithms=algorithms,
            issuer=issuer,
            audience=audiences,
            leeway=leeway,
            options={"require": list(require), "enforce_minimum_key_length": True},
        )
    except (jwt.InvalidSignatureError, jwt.InvalidKeyError, jwt.InvalidAlgorithmError):
        raise refused("token-signature") from None
    except jwt.ExpiredSignatureError:
        raise refused("token-expired") from None
    except jwt.ImmatureSignatureError:
        raise refused("token-not-yet") from None
    except jwt.InvalidAudienceError:
        raise refused("token-audience") from None
    except (jwt.PyJWTError, ValueError, TypeError, ArithmeticError):
        raise refused("token-claims") from None
    # PyJWT reads "17" and true as numbers; a NumericDate is neither.
    if not all(_moment(claims[name]) for name in _TIMES if name in claims):
        raise refused("token-claims")
    return claims


def _moment(given: object) -> bool:
    if isinstance(given, bool) or not isinstance(given, int | float):
        return False
    return math.isfinite(given) and 0 <= given < _LATEST
