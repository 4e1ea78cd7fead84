"""Access tokens of the site's authorization server, against a real server of its keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from corrin.api.settings import Settings
from support.guarded import BASE, Guarded, reason, told_rightly
from support.issuer import KeyServer, claims, key_server, private_key, published, raw, signed

ISS = "https://login.example.org/realms/lab"
EC = private_key("P-384")
RSA = private_key("RSA-2048")
P256 = private_key("P-256")
P521 = private_key("P-521")
STRANGER = private_key("P-384", 1)
SECRET = "sentinel-of-the-token"


@pytest.fixture(scope="module")
def server() -> Iterator[KeyServer]:
    keys = {"ec": EC, "rsa": RSA, "p256": P256, "p521": P521}
    with key_server(*(published(key, kid) for kid, key in keys.items())) as found:
        yield found


@pytest.fixture(scope="module")
def guarded(server: KeyServer) -> Guarded:
    return Guarded(
        Settings(auth="jwt", public_url=BASE, token_issuer=ISS, token_jwks_url=server.jwks_url)
    )


def good(**more: object) -> dict[str, Any]:
    found = claims(iss=ISS, aud=BASE, scope="openid system/Observation.rs", client_id="lab-batch")
    return {name: value for name, value in (found | more).items() if value is not None}


def token(key: Any = EC, *, alg: str = "ES384", kid: object = "ec", **more: object) -> str:
    return signed(key, good(**more), alg=alg, kid=kid)


GOOD: dict[str, Callable[[], str]] = {
    "ES384": token,
    "ES256": lambda: token(P256, alg="ES256", kid="p256"),
    "ES512": lambda: token(P521, alg="ES512", kid="p521"),
    "RS256": lambda: token(RSA, alg="RS256", kid="rsa"),
    "RS384": lambda: token(RSA, alg="RS384", kid="rsa"),
    "RS512": lambda: token(RSA, alg="RS512", kid="rsa"),
    "PS256": lambda: token(RSA, alg="PS256", kid="rsa"),
    "typ at+jwt": lambda: signed(EC, good(), kid="ec", typ="at+jwt"),
    "typ in full": lambda: signed(EC, good(), kid="ec", typ="application/at+JWT"),
    "no typ": lambda: signed(EC, good(), kid="ec", typ=None),
    "aud the FHIR base": lambda: token(aud=BASE + "/fhir"),
    "aud an array": lambda: token(aud=["account", BASE]),
    "scp, an array": lambda: token(scope=None, scp=["a", "system/*.read"]),
    "no iat, no jti": lambda: token(iat=None, jti=None),
    "a long life": lambda: token(exp=int(time.time()) + 86400),
}

BAD: dict[str, tuple[int, str, Callable[[], str]]] = {
    "one word": (401, "token-malformed", lambda: SECRET),
    "huge": (401, "token-too-long", lambda: "e" * 20000),
    "unsigned": (401, "token-algorithm", lambda: raw({"alg": "none"}, good(), b"")),
    "HMAC": (401, "token-algorithm", lambda: signed("s" * 64, good(), alg="HS256", kid="rsa")),
    "crit": (401, "token-malformed", lambda: signed(EC, good(), kid="ec", crit=["x"], x=1)),
    "another typ": (401, "token-type", lambda: signed(EC, good(), kid="ec", typ="logout+jwt")),
    "iss of another": (401, "token-issuer", lambda: token(iss=ISS + "/")),
    "iss missing": (401, "token-issuer", lambda: token(iss=None)),
    "no kid": (401, "token-key", lambda: token(kid=None)),
    "kid unknown": (401, "token-key", lambda: token(kid=SECRET)),
    "alg and key do not go together": (401, "token-key", lambda: token(kid="rsa")),
    "a stranger's key": (401, "token-signature", lambda: token(STRANGER)),
    "RSA of another scheme": (
        401,
        "token-key",
        lambda: token(P256, alg="ES256", kid="p521"),
    ),
    "aud missing": (401, "token-claims", lambda: token(aud=None)),
    "aud of another": (401, "token-audience", lambda: token(aud="https://fhir.example.org")),
    "aud a longer path": (401, "token-audience", lambda: token(aud=BASE + "/fhir/")),
    "expired": (
        401,
        "token-expired",
        lambda: token(iat=int(time.time()) - 4000, exp=int(time.time()) - 60),
    ),
    "exp missing": (401, "token-claims", lambda: token(exp=None)),
    "exp text": (401, "token-claims", lambda: token(exp=str(int(time.time()) + 100))),
    "not yet": (401, "token-not-yet", lambda: token(nbf=int(time.time()) + 300)),
    "issued in the future": (401, "token-not-yet", lambda: token(iat=int(time.time()) + 100)),
    "no scope": (403, "scope-missing", lambda: token(scope=None)),
    "scope empty": (403, "scope-missing", lambda: token(scope="")),
    "scope of another kind": (403, "scope-missing", lambda: token(scope="user/Observation.rs")),
    "scope in other letters": (403, "scope-missing", lambda: token(scope="system/observation.rs")),
    "scope as a part of a word": (
        403,
        "scope-missing",
        lambda: token(scope="xsystem/Observation.rsx"),
    ),
    "scope a number": (403, "scope-missing", lambda: token(scope=7)),
    "scope a list of lists": (403, "scope-missing", lambda: token(scope=[["system/*.rs"]])),
    "scope empty, scp right": (403, "scope-missing", lambda: token(scope="", scp="system/*.rs")),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_token_is_let_in(guarded: Guarded, name: str) -> None:
    text = GOOD[name]()
    for _ in range(2):  # an access token serves for as long as it lives
        answer = guarded.get("/v1/interpret", text)
        assert answer.text == "in"
    assert guarded.caller == "lab-batch"


@pytest.mark.parametrize("path", ["/v1/interpret", "/fhir/$interpret"])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_is_refused(guarded: Guarded, name: str, path: str) -> None:
    status, why, made = BAD[name]
    text = made()
    answer = guarded.get(path, text)
    assert (answer.status_code, reason(answer)) == (status, why)
    told_rightly(answer, SECRET, text[:40])
    challenge = answer.headers["www-authenticate"]
    if status == 401:
        assert 'error="invalid_token"' in challenge
    else:
        assert 'error="insufficient_scope"' in challenge
        assert 'scope="system/Observation.rs system/Observation.read' in challenge
    assert ("resourceType" in answer.json()) == path.startswith("/fhir")


def test_the_audience_of_the_settings_stands_alone(server: KeyServer) -> None:
    own = Guarded(
        Settings(
            auth="jwt",
            public_url=BASE,
            token_issuer=ISS,
            token_jwks_url=server.jwks_url,
            token_audience="corrin",
        )
    )
    assert own.get("/v1/interpret", token(aud="corrin")).status_code == 200
    assert reason(own.get("/v1/interpret", token())) == "token-audience"


def test_a_place_of_keys_in_the_token_is_never_asked(guarded: Guarded) -> None:
    with key_server(published(STRANGER, "ec")) as foreign:
        header = {"kid": "ec", "jku": foreign.jwks_url, "x5u": foreign.jwks_url}
        answer = guarded.get("/v1/interpret", signed(STRANGER, good(), **header))
        assert reason(answer) == "token-signature"
        assert foreign.calls == []


def test_a_cds_hooks_token_is_no_access_token(guarded: Guarded) -> None:
    answer = guarded.get("/cds-services", token())
    assert (answer.status_code, reason(answer)) == (401, "token-not-taken")
