"""The gate: what is open, how a token is carried, and what the settings must say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from corrin import UsageError
from corrin.api import Settings, create_app
from corrin.api.auth import open_gate
from corrin.api.interpreter import Interpreter
from support.guarded import BASE, Guarded, reason, told_rightly
from support.issuer import claims, key_server, private_key, published, signed

ISS = "https://login.example.org"
KEY = private_key("P-384")
METRICS = "metrics-sentinel"

CLOSED = (
    "/", "/docs", "/openapi.json", "/v1", "/v1/interpret", "/v1/packs/b12", "/fhir",
    "/fhir/$interpret", "/fhir/metadata/", "/fhir/OperationDefinition/interpret", "/cds-services",
    "/cds-services/b12", "/cds-services/b12/feedback", "/cds-servicesx", "/livez/", "/readyz/x",
    "/LIVEZ", "//livez", "/nothing", "/metrics/", "/v1/../livez", "/fhir/metadata/../$interpret",
)  # fmt: skip


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    with key_server(published(KEY, "k")) as server:
        yield Guarded(
            Settings(
                auth="jwt",
                public_url=BASE,
                token_issuer=ISS,
                token_jwks_url=server.jwks_url,
                metrics_token=METRICS,
            )
        )


def token(**more: object) -> str:
    found = claims(iss=ISS, aud=BASE, scope="system/*.rs") | more
    return signed(KEY, found, kid="k")


@pytest.mark.parametrize("path", CLOSED)
def test_what_is_not_named_open_asks_for_a_token(guarded: Guarded, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS", "HEAD", "DELETE"):
        answer = asyncio.run(_path(guarded, path, method))
        assert answer == 401


async def _path(guarded: Guarded, path: str, method: str) -> int:
    """The status of a path as a server gives it, which a client would tidy up before."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    await guarded.app(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/fhir/metadata"])
def test_what_is_open(guarded: Guarded, path: str) -> None:
    assert guarded.get(path).text == "in"
    assert guarded.get(path, "not a token").text == "in"


def test_metadata_is_open_to_read_only(guarded: Guarded) -> None:
    assert asyncio.run(guarded.ask("/fhir/metadata", method="POST")).status_code == 401


def test_a_websocket_is_closed(guarded: Guarded) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError

    scope = {"type": "websocket", "path": "/livez", "headers": [], "query_string": b""}
    asyncio.run(guarded.app(scope, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


CARRIED: dict[str, tuple[int, str, str, list[str]]] = {
    # name: status, reason, query, Authorization headers
    "not at all": (401, "token-missing", "", []),
    "Basic": (401, "token-missing", "", ["Basic dXNlcjpwYXNz"]),
    "empty": (401, "token-missing", "", [""]),
    "Bearer alone": (401, "token-missing", "", ["Bearer"]),
    "Bearer and spaces": (401, "token-missing", "", ["Bearer    "]),
    "without Bearer": (401, "token-missing", "", ["TOKEN"]),
    "DPoP": (401, "token-missing", "", ["DPoP TOKEN"]),
    "two words": (401, "token-malformed", "", ["Bearer TOKEN TOKEN"]),
    "joined by a proxy": (401, "token-malformed", "", ["Bearer TOKEN, Bearer TOKEN"]),
    "quoted": (401, "token-malformed", "", ['Bearer "TOKEN"']),
    "in two headers": (400, "token-several", "", ["Bearer TOKEN", "Bearer TOKEN"]),
    "Bearer and Basic": (400, "token-several", "", ["Bearer TOKEN", "Basic dXNlcjpwYXNz"]),
    "in the query": (400, "token-in-url", "?access_token=TOKEN", []),
    "in the query, disguised": (400, "token-in-url", "?a=1&access%5Ftoken=TOKEN", []),
    "in both": (400, "token-in-url", "?access_token=TOKEN", ["Bearer TOKEN"]),
}


@pytest.mark.parametrize("name", CARRIED)
def test_how_a_token_is_carried(guarded: Guarded, name: str) -> None:
    status, why, query, headers = CARRIED[name]
    text = token()
    given = [("authorization", one.replace("TOKEN", text)) for one in headers]
    path = "/v1/packs" + query.replace("TOKEN", text)
    answer = asyncio.run(guarded.ask(path, *given))
    assert (answer.status_code, reason(answer)) == (status, why)
    told_rightly(answer, text, "dXNlcjpwYXNz")
    challenge = answer.headers["www-authenticate"]
    if why == "token-missing":
        assert challenge == 'Bearer realm="corrin"'  # RFC 6750: no error where nothing was sent
    elif status == 400:
        assert 'error="invalid_request"' in challenge


@pytest.mark.parametrize("given", ["Bearer ", "bearer ", "BEARER   "])
def test_the_scheme_is_in_any_case(guarded: Guarded, given: str) -> None:
    headers = ("authorization", given + token())
    assert asyncio.run(guarded.ask("/v1/packs?q=token", headers)).text == "in"


def test_metrics_have_a_token_of_their_own(guarded: Guarded) -> None:
    assert guarded.get("/metrics", METRICS).text == "in"
    for wrong in (None, METRICS[:-1], METRICS + "x", "é", token()):
        answer = guarded.get("/metrics", wrong)
        assert answer.status_code == 401
        told_rightly(answer, METRICS)


def test_the_token_of_metrics_opens_nothing_else(guarded: Guarded) -> None:
    assert reason(guarded.get("/v1/packs", METRICS)) == "token-malformed"


def test_metrics_are_guarded_without_any_other_token() -> None:
    open_but_metrics = Guarded(Settings(metrics_token=METRICS))
    assert open_but_metrics.get("/v1/packs").text == "in"
    assert open_but_metrics.get("/metrics").status_code == 401
    assert open_but_metrics.get("/metrics", METRICS).text == "in"
    assert Guarded(Settings()).get("/metrics").text == "in"


def test_the_whole_app_stands_behind_the_gate(interpreter: Interpreter) -> None:
    """The same with every door mounted: nothing is answered without a token but what is open."""
    with key_server(published(KEY, "k")) as server:
        settings = Settings(
            auth="jwt", public_url=BASE, token_issuer=ISS, token_jwks_url=server.jwks_url
        )
        app = create_app(settings, interpreter)
        with TestClient(app) as client:
            paths = {getattr(route, "path", "/") for route in app.routes}
            for path in sorted(paths - {"/livez", "/readyz", "/metrics", "/fhir/metadata"}):
                for method in ("GET", "POST"):
                    assert client.request(method, path).status_code == 401, path
            answer = client.get("/v1/packs", headers={"authorization": f"Bearer {token()}"})
            assert answer.status_code == 200


# --- settings -------------------------------------------------------------------------------


def clients_file(folder: Path, content: object) -> Path:
    found = folder / "clients.json"
    found.write_text(content if isinstance(content, str) else json.dumps(content))
    return found


ONE = {"iss": "https://ehr.example.org", "jwks_url": "https://ehr.example.org/jwks.json"}

WRONG_FILES: dict[str, object] = {
    "no JSON": "{",
    "no list": ONE,
    "empty": [],
    "no iss": [{"jwks_url": ONE["jwks_url"]}],
    "empty iss": [ONE | {"iss": ""}],
    "iss no string": [ONE | {"iss": 7}],
    "no keys": [{"iss": "https://ehr.example.org"}],
    "keys by http": [ONE | {"jwks_url": "http://ehr.example.org/jwks.json"}],
    "keys of a file": [ONE | {"jwks_url": "file:///etc/passwd"}],
    "keys of no host": [ONE | {"jwks_url": "https:///jwks.json"}],
    "keys with a password": [ONE | {"jwks_url": "https://a:b@ehr.example.org/jwks.json"}],
    "keys of no port": [ONE | {"jwks_url": "https://ehr.example.org:port/jwks.json"}],
    "keys with a line break": [ONE | {"jwks_url": "https://ehr.example.org/a\nb"}],
    "a name that looks local": [ONE | {"jwks_url": "http://localhost.example.org/jwks.json"}],
    "misspelt member": [ONE | {"tenant": ["a"]}],
    "tenants no list": [ONE | {"tenants": "a"}],
    "tenants empty": [ONE | {"tenants": []}],
    "empty jku": [ONE | {"jku": ""}],
    "an issuer twice": [ONE, ONE | {"tenants": ["a"]}],
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_wrong_file_of_clients_stops_the_start(tmp_path: Path, name: str) -> None:
    file = clients_file(tmp_path, WRONG_FILES[name])
    with pytest.raises(UsageError, match="file of CDS Hooks clients"):
        open_gate(Settings(auth="jwt", public_url=BASE, hooks_clients=file))


def test_a_missing_file_of_clients_stops_the_start(tmp_path: Path) -> None:
    settings = Settings(auth="jwt", public_url=BASE, hooks_clients=tmp_path / "none.json")
    with pytest.raises(UsageError, match="cannot be read"):
        open_gate(settings)


def test_a_right_file_of_clients(tmp_path: Path) -> None:
    for more in ({}, {"jku": "https://x.example.org/k"}, {"tenants": ["a"]}):
        file = clients_file(tmp_path, [ONE | more, ONE | {"iss": "https://two.example.org"}])
        open_gate(Settings(auth="jwt", public_url=BASE, hooks_clients=file))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"token_issuer": ISS},
        {"token_jwks_url": "https://login.example.org/jwks"},
        {"token_issuer": ISS, "token_jwks_url": "http://login.example.org/jwks"},
        {"token_issuer": ISS, "token_jwks_url": "https://login.example.org/k", "token_scopes": ()},
        {
            "token_issuer": ISS,
            "token_jwks_url": "https://login.example.org/k",
            "metrics_token": "",
        },
    ],
)
def test_settings_that_do_not_go_together_stop_the_start(
    interpreter: Interpreter, given: dict[str, Any]
) -> None:
    with pytest.raises(UsageError):
        create_app(Settings(auth="jwt", public_url=BASE, **given), interpreter)
