"""The gate: what is open, how a token is carried, and what the settings must say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
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

CATALOGUE = (
    "/", "/docs", "/openapi.json", "/v1/rules", "/v1/rules/b12-confirmed-total", "/v1/packs",
    "/v1/packs/b12", "/v1/packs/b12/source-attributes", "/v1/analytes", "/v1/analytes/Vitamin B12",
    "/v1/profiles", "/fhir/OperationDefinition/interpret", "/fhir/CodeSystem", "/fhir/ValueSet/x",
    "/fhir/Library/x", "/fhir/PlanDefinition",
)  # fmt: skip
"""Open to read where the settings say so."""

CLOSED = (
    "/v1", "/v1/", "/v1/interpret", "/v1/interpret/batch", "/v1/compare", "/fhir", "/fhir/",
    "/fhir/$interpret", "/fhir/Observation/$interpret", "/fhir/metadata/", "/cds-services",
    "/cds-services/b12", "/cds-services/b12/feedback", "/cds-servicesx", "/livez/", "/readyz/x",
    "/LIVEZ", "//livez", "/nothing", "/metrics/", "/v1/../livez", "/fhir/metadata/../$interpret",
    "//", "//docs", "/docs/", "/Docs", "/openapi.jsonx", "/openapi-json", "/v1/rulesx",
    "/v1/rules/", "//v1/rules", "/V1/rules", "/v1//rules", "/v1/rules/../interpret",
    "/v1/rules/x/y", "/v1/packs/x/source-attributes/", "/v1/profiles/x", "/fhir/CodeSystem/x/y",
    "/fhir/CodeSystem/", "/fhir/Patient", "/fhir/Patient/1", "/fhir/CodeSystem/$lookup/x", "",
    "/v1/rules/x/../../interpret", "/x/v1/rules", "http://x/v1/rules", "/v1/rules/x\n/y",
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


@pytest.mark.parametrize("path", CATALOGUE)
def test_what_holds_no_patient_is_open_to_read_where_the_settings_say_so(
    guarded: Guarded, path: str
) -> None:
    closed = Guarded(guarded.settings.model_copy(update={"open_catalogue": False}))
    for method in ("GET", "HEAD"):
        assert asyncio.run(_path(guarded, path, method)) == 200
        assert asyncio.run(_path(closed, path, method)) == 401
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", "QUERY"):
        assert asyncio.run(_path(guarded, path, method)) == 401


@pytest.mark.parametrize("path", ["/v1/rules", "/fhir/metadata"])
def test_no_body_is_taken_from_whom_is_not_asked_for_a_token(guarded: Guarded, path: str) -> None:
    for header in ((b"content-length", b"9"), (b"transfer-encoding", b"chunked")):
        assert asyncio.run(_path(guarded, path, "GET", header)) == 401
    assert asyncio.run(_path(guarded, path, "GET", (b"content-length", b"0"))) == 200


@pytest.mark.parametrize("path", ["/metrics\n", "/livez\n", "/cds-services\n", "/v1/rules\n"])
def test_a_line_break_after_a_path_is_no_way_past_the_gate(guarded: Guarded, path: str) -> None:
    """The router's patterns would take it for the path without one."""
    for gate in (guarded, Guarded(Settings(metrics_token=METRICS), at="127.0.0.1")):
        assert asyncio.run(_path(gate, path, "GET")) == 404


def test_the_gate_sees_the_path_the_router_sees(guarded: Guarded) -> None:
    """An app mounted under a prefix is guarded as one that is not."""
    for gate in (guarded, Guarded(Settings(metrics_token=METRICS))):
        for path, status in (("/corrin/metrics", 401), ("/corrin/livez", 200)):
            assert asyncio.run(_path(gate, path, "GET", root_path="/corrin")) == status
    assert asyncio.run(_path(guarded, "/corrin/v1/interpret", "GET", root_path="/corrin")) == 401
    assert asyncio.run(_path(guarded, "/livezx", "GET", root_path="/livez")) == 401


@pytest.mark.parametrize(
    ("at", "status"),
    [
        ("127.0.0.1", 200),
        ("127.1.2.3", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
        ("/run/corrin.sock", 200),
        ("testserver", 200),
        (None, 200),
        ("10.0.0.7", 403),
        ("0.0.0.0", 403),
        ("fe80::1%eth0", 403),
        ("::ffff:10.0.0.7", 403),
        ("2001:db8::1", 403),
    ],
)
def test_without_tokens_only_this_machine_is_answered(at: str | None, status: int) -> None:
    """Whatever started the server, and wherever it was told to listen."""
    server = None if at is None else (at, 8000)
    open_to_all = Guarded(Settings(metrics_token=METRICS))
    for path in ("/v1/interpret", "/livez", "/v1/rules"):
        assert asyncio.run(_path(open_to_all, path, "POST", server=server)) == status
    asked = asyncio.run(_path(open_to_all, "/metrics", "GET", server=server))
    assert asked == (401 if status == 200 else 403)


def test_a_refusal_of_an_address_is_told_without_asking_for_a_token() -> None:
    for path in ("/v1/interpret", "/fhir/$interpret"):
        answer = Guarded(Settings(), at="10.0.0.7").get(path)
        assert (answer.status_code, reason(answer)) == (403, "loopback-only")
        assert "www-authenticate" not in answer.headers
        assert "10.0.0.7" not in answer.text


async def _path(
    guarded: Guarded,
    path: str,
    method: str,
    *headers: tuple[bytes, bytes],
    root_path: str = "",
    server: tuple[str, int] | None = None,
) -> int:
    """The status of a path as a server gives it, which a client would tidy up before."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": root_path,
        "headers": headers,
        "query_string": b"",
        "server": server,
    }
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
    path = "/v1/interpret" + query.replace("TOKEN", text)
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
    assert asyncio.run(guarded.ask("/v1/interpret?q=token", headers)).text == "in"


def test_metrics_have_a_token_of_their_own(guarded: Guarded) -> None:
    assert guarded.get("/metrics", METRICS).text == "in"
    for wrong in (None, METRICS[:-1], METRICS + "x", "é", token()):
        answer = guarded.get("/metrics", wrong)
        assert answer.status_code == 401
        told_rightly(answer, METRICS)


def test_the_token_of_metrics_opens_nothing_else(guarded: Guarded) -> None:
    assert reason(guarded.get("/v1/interpret", METRICS)) == "token-malformed"


def test_metrics_are_guarded_without_any_other_token() -> None:
    open_but_metrics = Guarded(Settings(metrics_token=METRICS), at="127.0.0.1")
    assert open_but_metrics.get("/v1/packs").text == "in"
    assert open_but_metrics.get("/metrics").status_code == 401
    assert open_but_metrics.get("/metrics", METRICS).text == "in"
    assert Guarded(Settings(), at="127.0.0.1").get("/metrics").text == "in"


@pytest.mark.parametrize("catalogue", [True, False])
def test_the_whole_app_stands_behind_the_gate(interpreter: Interpreter, catalogue: bool) -> None:
    """The same with every door mounted: nothing is answered without a token but what is open."""
    with key_server(published(KEY, "k")) as server:
        settings = Settings(
            auth="jwt",
            public_url=BASE,
            token_issuer=ISS,
            token_jwks_url=server.jwks_url,
            open_catalogue=catalogue,
        )
        app = create_app(settings, interpreter)
        paths = {one.path for one in iter_route_contexts(app.routes)}
        assert {"/v1/interpret", "/fhir/$interpret", "/cds-services/{id}", *ALWAYS} <= paths
        read = set()
        with TestClient(app) as client:
            for path in sorted(filter(None, paths)):
                got = client.get(path)
                if got.status_code != 401:
                    read.add(path)
                if path not in HEALTH:
                    assert client.post(path).status_code == 401, path
            pages = {one for one in filter(None, paths) if one.startswith(PAGES)}
            assert pages and read == ALWAYS | (READ | pages if catalogue else set())
            answer = client.get("/v1/packs", headers={"authorization": f"Bearer {token()}"})
            assert answer.status_code == 200
            assert answer.headers["cache-control"].startswith("public" if catalogue else "private")


HEALTH = {"/livez", "/readyz", "/metrics"}
ALWAYS = HEALTH | {"/fhir/metadata"}
PAGES = ("/page/static/", "/examples", "/rules")
KINDS = ("CodeSystem", "ValueSet", "Library", "PlanDefinition", "OperationDefinition")
READ = {
    "/", "/docs", "/openapi.json", "/v1/profiles", "/v1/rules", "/v1/rules/{id}", "/v1/packs",
    "/v1/packs/{id}", "/v1/packs/{id}/source-attributes", "/v1/analytes", "/v1/analytes/{id}",
    *(f"/fhir/{kind}" for kind in KINDS), *(f"/fhir/{kind}/{{id}}" for kind in KINDS),
}  # fmt: skip


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
