"""Tokens of CDS Hooks clients, against a real server of keys: one right, many wrong."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from jwt.algorithms import ECAlgorithm

from corrin.api.settings import Settings
from support.guarded import BASE, Guarded, reason, told_rightly
from support.issuer import KeyServer, claims, key_server, private_key, published, raw, signed

ISS = "https://ehr.example.org"
OTHER_ISS = "https://other.example.org"
SERVICE = "/cds-services/b12"
URL = BASE + SERVICE

EC = private_key("P-384")
RSA = private_key("RSA-2048")
STRANGER = private_key("P-384", 1)
TWIN = private_key("P-384", 2)
SMALL = private_key("RSA-1024")


@dataclass(frozen=True, slots=True)
class World:
    guarded: Guarded
    server: KeyServer
    foreign: KeyServer


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A gate that knows two clients; a third server that nobody registered."""
    own = (
        published(EC, "ec", use="sig", alg="ES384", key_ops=["verify"]),
        published(RSA, "rsa"),
        published(EC, "twins"),
        published(TWIN, "twins"),
        published(EC, "one-kid-two-kinds"),
        published(RSA, "one-kid-two-kinds"),
        published(EC, "for-encryption", use="enc"),
        published(EC, "other-alg", alg="ES256"),
        published(EC, "wrapping", key_ops=["wrapKey"]),
        published(private_key("P-256"), "other-curve"),
        published(SMALL, "small"),
        published(EC, "not-on-curve", x=published(STRANGER, "")["x"]),
        jwk(EC, "disclosed"),
        {"kid": "shared", "kty": "oct", "k": "c2VjcmV0"},
        {"kid": 7},
    )
    with (
        key_server(*own) as server,
        key_server(published(STRANGER, "other")) as others,
        key_server(published(STRANGER, "ec")) as foreign,
    ):
        clients = tmp_path_factory.mktemp("clients") / "clients.json"
        clients.write_text(
            json.dumps(
                [
                    {"iss": ISS, "jwks_url": server.jwks_url},
                    {
                        "iss": OTHER_ISS,
                        "jwks_url": others.jwks_url,
                        "jku": "https://other.example.org/keys",
                        "tenants": ["north", "south"],
                    },
                ]
            )
        )
        guarded = Guarded(
            Settings(auth="jwt", public_url=BASE, hooks_clients=clients, token_life_seconds=300)
        )
        yield World(guarded, server, foreign)


def good(**more: object) -> dict[str, Any]:
    return claims(iss=ISS, aud=URL) | more


def token(key: Any = EC, *, alg: str = "ES384", kid: object = "ec", **more: object) -> str:
    """A right token but for the claims given; None leaves a claim out."""
    return signed(key, good(**more), alg=alg, kid=kid)


def headed(**header: object) -> str:
    return signed(EC, good(), **({"kid": "ec"} | header))


def jwk(key: Any, kid: str) -> dict[str, Any]:
    """A key with its private half, published by mistake."""
    whole: dict[str, Any] = ECAlgorithm.to_jwk(key, as_dict=True)
    return {name: value for name, value in whole.items() if name != "key_ops"} | {"kid": kid}


def pem() -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return RSA.public_key().public_bytes(serialization.Encoding.PEM, form)


def hmac_with_public_key() -> str:
    """The old confusion: a public key taken for the secret of an HMAC."""
    import hashlib
    import hmac

    text = raw({"typ": "JWT", "alg": "HS256", "kid": "rsa"}, good(), b"").rstrip(".")
    made = hmac.digest(pem(), text.encode(), hashlib.sha256)
    return text + "." + base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def tampered() -> str:
    head, _, signature = token().split(".")
    return ".".join((head, raw({}, good(iss=ISS, aud=URL)).split(".")[1], signature))


def respaced() -> str:
    head, body, signature = token().split(".")
    return f"{head}.{body}.{signature[:-4]}"


def doubled_exp() -> str:
    """Two ``exp`` in one object, the lasting one first; the last counts for everybody."""
    now = int(time.time())
    text = json.dumps(good()).replace('"exp"', '"was"')[:-1] + f', "exp": {now - 4000}}}'
    import jwt

    return jwt.api_jws.encode(text.encode(), EC, "ES384", {"typ": "JWT", "kid": "ec"})


NOW = int(time.time())
SECRET = "sentinel-of-the-token"

BAD: dict[str, tuple[int, str, Callable[[], str]]] = {
    # not a token at all
    "one word": (401, "token-malformed", lambda: SECRET),
    "two parts": (401, "token-malformed", lambda: f"{SECRET}.{SECRET}"),
    "five parts, encrypted": (401, "token-malformed", lambda: ".".join([token(), "AAAA", "AAAA"])),
    "bad base64": (401, "token-malformed", lambda: "!!." + token().split(".", 1)[1]),
    "padding": (401, "token-malformed", lambda: token() + "==="),
    "space within": (401, "token-malformed", lambda: token().replace(".", ". ", 1)),
    "bytes beyond ASCII": (401, "token-malformed", lambda: "é" + token()),
    "header no object": (401, "token-malformed", lambda: raw([SECRET], good())),
    "header no JSON": (401, "token-malformed", lambda: "AAAA." + token().split(".", 1)[1]),
    "claims no object": (401, "token-malformed", lambda: raw({"alg": "ES384", "typ": "JWT"}, [1])),
    "nested without end": (
        401,
        "token-malformed",
        lambda: base64.urlsafe_b64encode(b"[" * 9000).decode().rstrip("=") + ".e30.AAAA",
    ),
    "digits without end": (
        401,
        "token-malformed",
        lambda: (
            "eyJ0eXAiOiJKV1QifQ."
            + base64.urlsafe_b64encode(b'{"exp":' + b"9" * 5000 + b"}").decode().rstrip("=")
            + ".AAAA"
        ),
    ),
    "huge": (401, "token-too-long", lambda: token(padding=SECRET * 2000)),
    # its header
    "unsigned": (401, "token-algorithm", lambda: raw({"alg": "none", "typ": "JWT"}, good(), b"")),
    "unsigned, shouted": (
        401,
        "token-algorithm",
        lambda: raw({"alg": "NONE", "typ": "JWT"}, good(), b""),
    ),
    "HMAC": (401, "token-algorithm", lambda: signed("s" * 48, good(), alg="HS384", kid="shared")),
    "HMAC with the public key": (401, "token-algorithm", hmac_with_public_key),
    "RS256": (401, "token-algorithm", lambda: token(RSA, alg="RS256", kid="rsa")),
    "PS384": (401, "token-algorithm", lambda: token(RSA, alg="PS384", kid="rsa")),
    "ES256": (
        401,
        "token-algorithm",
        lambda: token(private_key("P-256"), alg="ES256", kid="other-curve"),
    ),
    "no alg": (401, "token-algorithm", lambda: raw({"typ": "JWT", "kid": "ec"}, good())),
    "alg no string": (
        401,
        "token-algorithm",
        lambda: raw({"typ": "JWT", "alg": ["ES384"], "kid": "ec"}, good()),
    ),
    "alg an object": (
        401,
        "token-algorithm",
        lambda: raw({"typ": "JWT", "alg": {"ES384": 1}, "kid": "ec"}, good()),
    ),
    "no typ": (401, "token-type", lambda: headed(typ=None)),
    "typ of an access token": (401, "token-type", lambda: headed(typ="at+jwt")),
    "typ no string": (
        401,
        "token-type",
        lambda: raw({"alg": "ES384", "typ": ["JWT"], "kid": "ec"}, good()),
    ),
    "crit": (401, "token-malformed", lambda: headed(crit=["exp"], exp=1)),
    "crit empty": (
        401,
        "token-malformed",
        lambda: raw({"alg": "ES384", "typ": "JWT", "crit": []}, good()),
    ),
    "crit b64": (
        401,
        "token-malformed",
        lambda: raw({"alg": "ES384", "typ": "JWT", "crit": ["b64"], "b64": True}, good()),
    ),
    # whose it is
    "iss unknown": (401, "token-issuer", lambda: token(iss="https://evil.example.org")),
    "iss with a slash more": (401, "token-issuer", lambda: token(iss=ISS + "/")),
    "iss missing": (401, "token-issuer", lambda: token(iss=None)),
    "iss a list": (
        401,
        "token-issuer",
        lambda: raw({"alg": "ES384", "typ": "JWT", "kid": "ec"}, good() | {"iss": [ISS]}),
    ),
    "jku foreign": (401, "token-jku", lambda: headed(jku="FOREIGN")),
    "jku of another client": (
        401,
        "token-jku",
        lambda: headed(jku="https://other.example.org/keys"),
    ),
    "jku no string": (401, "token-jku", lambda: headed(jku=["FOREIGN"])),
    "jku empty": (401, "token-jku", lambda: headed(jku="")),
    # its key
    "kid missing": (401, "token-key", lambda: token(kid=None)),
    "kid empty": (401, "token-key", lambda: token(kid="")),
    "kid a number": (
        401,
        "token-malformed",
        lambda: raw({"alg": "ES384", "typ": "JWT", "kid": 7}, good()),
    ),
    "kid unknown": (401, "token-key", lambda: token(kid=SECRET)),
    "kid of another client": (401, "token-key", lambda: token(STRANGER, kid="other")),
    "two keys of one kid": (401, "token-key", lambda: token(kid="twins")),
    "another kty": (401, "token-key", lambda: token(RSA, alg="RS384", kid="ec")),
    "another curve": (401, "token-key", lambda: token(kid="other-curve")),
    "key for encryption": (401, "token-key", lambda: token(kid="for-encryption")),
    "key of another alg": (401, "token-key", lambda: token(kid="other-alg")),
    "key for wrapping": (401, "token-key", lambda: token(kid="wrapping")),
    "key disclosed": (401, "token-key", lambda: token(kid="disclosed")),
    "key not on its curve": (401, "token-key", lambda: token(kid="not-on-curve")),
    "symmetric key": (401, "token-key", lambda: token(kid="shared")),
    "small RSA key": (401, "token-signature", lambda: token(SMALL, alg="RS384", kid="small")),
    # its signature
    "another key's": (401, "token-signature", lambda: token(STRANGER)),
    "embedded jwk": (
        401,
        "token-signature",
        lambda: signed(STRANGER, good(), kid="ec", jwk=published(STRANGER, "ec")),
    ),
    "x5u foreign": (
        401,
        "token-signature",
        lambda: signed(STRANGER, good(), kid="ec", x5u="FOREIGN"),
    ),
    "claims changed": (401, "token-signature", tampered),
    "signature cut": (401, "token-signature", respaced),
    "signature missing": (
        401,
        "token-signature",
        lambda: token().rsplit(".", 1)[0] + ".",
    ),
    "signature of zeros": (
        401,
        "token-signature",
        lambda: token().rsplit(".", 1)[0] + "." + "A" * 128,
    ),
    # whom it is for
    "aud missing": (401, "token-claims", lambda: token(aud=None)),
    "aud empty": (401, "token-claims", lambda: token(aud=[])),
    "aud of another service": (401, "token-audience", lambda: token(aud=BASE + "/cds-services/x")),
    "aud of discovery": (401, "token-audience", lambda: token(aud=BASE + "/cds-services")),
    "aud the base": (401, "token-audience", lambda: token(aud=BASE)),
    "aud of feedback": (401, "token-audience", lambda: token(aud=URL + "/feedback")),
    "aud with a slash more": (401, "token-audience", lambda: token(aud=URL + "/")),
    "aud of the Host header": (
        401,
        "token-audience",
        lambda: token(aud="http://10.0.0.7" + SERVICE),
    ),
    "aud a number": (401, "token-audience", lambda: token(aud=7)),
    "aud an object": (401, "token-audience", lambda: token(aud={URL: URL})),
    "aud with a number": (401, "token-audience", lambda: token(aud=[URL, 7])),
    # its times
    "expired": (401, "token-expired", lambda: token(exp=NOW - 60, iat=NOW - 120)),
    "exp twice": (401, "token-expired", doubled_exp),
    "exp missing": (401, "token-claims", lambda: token(exp=None)),
    "exp text": (401, "token-claims", lambda: token(exp=str(int(time.time()) + 200))),
    "exp true": (401, "token-expired", lambda: token(exp=True)),
    "exp without end": (401, "token-claims", lambda: token(exp=float("inf"))),
    "exp no number": (401, "token-claims", lambda: token(exp=float("nan"))),
    "exp huge": (401, "token-claims", lambda: token(exp=10**300)),
    "iat missing": (401, "token-claims", lambda: token(iat=None)),
    "iat in the future": (401, "token-not-yet", lambda: token(iat=int(time.time()) + 90)),
    "iat text": (401, "token-claims", lambda: token(iat=str(NOW))),
    "iat true": (401, "token-claims", lambda: token(iat=True)),
    "nbf in the future": (401, "token-not-yet", lambda: token(nbf=int(time.time()) + 90)),
    "life too long": (401, "token-life", lambda: token(exp=int(time.time()) + 3600)),
    "exp before iat": (
        401,
        "token-life",
        lambda: token(iat=int(time.time()) + 10, exp=int(time.time())),
    ),
    # its id
    "jti missing": (401, "token-claims", lambda: token(jti=None)),
    "jti empty": (401, "token-claims", lambda: token(jti="")),
    "jti a number": (401, "token-claims", lambda: token(jti=7)),
    "jti a list": (401, "token-claims", lambda: token(jti=["a"])),
    # tenants
    "tenant unknown": (
        403,
        "tenant-unknown",
        lambda: token(STRANGER, kid="other", iss=OTHER_ISS, tenant="west"),
    ),
    "tenant missing": (403, "tenant-unknown", lambda: token(STRANGER, kid="other", iss=OTHER_ISS)),
    "tenant a list": (
        403,
        "tenant-unknown",
        lambda: token(STRANGER, kid="other", iss=OTHER_ISS, tenant=["north"]),
    ),
}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_is_refused(world: World, name: str) -> None:
    status, why, made = BAD[name]
    if "jku" in name or "x5u" in name:
        header = {"kid": "ec", "jku" if "jku" in name else "x5u": world.foreign.jwks_url}
        text = made() if "FOREIGN" not in _header_of(made()) else _foreign(made(), header)
    else:
        text = made()
    answer = world.guarded.get(SERVICE, text)
    assert (answer.status_code, reason(answer)) == (status, why)
    told_rightly(answer, SECRET, text[:40], world.foreign.url)
    if status == 401:
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert world.foreign.calls == []


def _header_of(text: str) -> str:
    part = text.split(".")[0]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode(errors="replace")


def _foreign(text: str, header: dict[str, Any]) -> str:
    """The same attack with the address of a server that really is there."""
    if "[" in _header_of(text):
        header = header | {"jku": [header["jku"]]}
    return signed(STRANGER, good(), **header)


GOOD: dict[str, Callable[[World], str]] = {
    "ES384": lambda _: token(),
    "RS384": lambda _: token(RSA, alg="RS384", kid="rsa"),
    "aud an array": lambda _: token(aud=["https://elsewhere.example.org", URL]),
    "jku as registered": lambda w: headed(jku=w.server.jwks_url),
    "typ in lower case": lambda _: headed(typ="jwt"),
    "unknown header and claim": lambda _: signed(EC, good(more={"a": [1]}), kid="ec", more="x"),
    "clock ahead within the leeway": lambda _: token(iat=int(time.time()) + 20),
    "just expired within the leeway": lambda _: token(
        iat=int(time.time()) - 100, exp=int(time.time()) - 10
    ),
    "times with fractions": lambda _: token(iat=time.time(), exp=time.time() + 100.5),
    "one kid, two kinds": lambda _: token(kid="one-kid-two-kinds"),
    "tenant": lambda _: token(STRANGER, kid="other", iss=OTHER_ISS, tenant="north"),
    "jku that is no place of keys": lambda _: signed(
        STRANGER,
        good(iss=OTHER_ISS, tenant="south"),
        kid="other",
        jku="https://other.example.org/keys",
    ),
    "tenant nobody asks for": lambda _: token(tenant="anything"),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_token_is_let_in(world: World, name: str) -> None:
    answer = world.guarded.get(SERVICE, GOOD[name](world))
    assert (answer.status_code, answer.text) == (200, "in")
    assert world.guarded.caller in (ISS, OTHER_ISS)


def test_a_token_is_used_once(world: World) -> None:
    text = token()
    assert world.guarded.get(SERVICE, text).status_code == 200
    for _ in range(2):
        answer = world.guarded.get(SERVICE, text)
        assert (answer.status_code, reason(answer)) == (401, "token-replayed")
        told_rightly(answer, text[:40])


def test_an_id_may_be_used_by_each_client(world: World) -> None:
    same = "an-id-both-use"
    assert world.guarded.get(SERVICE, token(jti=same)).status_code == 200
    other = token(STRANGER, kid="other", iss=OTHER_ISS, tenant="north", jti=same)
    assert world.guarded.get(SERVICE, other).status_code == 200


def test_a_refused_token_does_not_use_its_id(world: World) -> None:
    """Else anyone could use up the ids of others' tokens before they arrive."""
    assert world.guarded.get(SERVICE, token(STRANGER, jti="mine")).status_code == 401
    assert world.guarded.get(SERVICE, token(jti="mine", aud=BASE)).status_code == 401
    assert world.guarded.get(SERVICE, token(jti="mine")).status_code == 200


@pytest.mark.parametrize("aud", [URL, URL + "/feedback"])
def test_feedback_takes_both_audiences(world: World, aud: str) -> None:
    assert world.guarded.get(SERVICE + "/feedback", token(aud=aud)).status_code == 200


@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/", "/cds-services/a/b/c"])
def test_every_path_below_has_its_own_audience(world: World, path: str) -> None:
    assert world.guarded.get(path).status_code == 401
    assert reason(world.guarded.get(path, token())) == "token-audience"
    assert world.guarded.get(path, token(aud=BASE + path)).status_code == 200


def test_the_host_a_request_names_is_not_believed(world: World) -> None:
    """An attacker who was sent a token for his own host cannot use it here."""
    text = token(aud="https://evil.example.org" + SERVICE)
    answer = world.guarded.get(
        SERVICE,
        text,
        host="evil.example.org",
        **{"x-forwarded-host": "evil.example.org", "x-forwarded-proto": "https"},
    )
    assert reason(answer) == "token-audience"
