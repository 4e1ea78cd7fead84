"""Tokens and client certificates at a real server, as a client of the network meets them."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.certificates import authority
from support.issuer import KeyServer, claims, key_server, private_key, published, signed
from support.places import SERVICE
from support.service import Service, service

BASE = "https://corrin.example.org"
ISS = "https://login.example.org"
EHR = "https://ehr.example.org"
KEY = private_key("P-384")
STRANGER = private_key("P-384", 1)
JTI = "sentinel-jti"


@dataclass(frozen=True, slots=True)
class Running:
    service: Service
    server: KeyServer


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    clients = tmp_path_factory.mktemp("clients") / "clients.json"
    with key_server(published(KEY, "k")) as server:
        clients.write_text(json.dumps([{"iss": EHR, "jwks_url": server.jwks_url}]))
        with service(
            auth="jwt",
            public_url=BASE,
            token_issuer=ISS,
            token_jwks_url=server.jwks_url,
            hooks_clients=clients,
            metrics_token="sentinel-metrics",
            open_catalogue=False,
        ) as found:
            yield Running(found, server)


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def access(**more: object) -> str:
    return signed(KEY, claims(iss=ISS, aud=BASE, scope="system/*.rs", jti=JTI) | more, kid="k")


def hooks(**more: object) -> str:
    return signed(KEY, claims(iss=EHR, aud=BASE + "/cds-services") | more, kid="k")


def test_a_token_opens_the_door(running: Running) -> None:
    status, headers, _ = running.service.ask("/v1/packs")
    assert (status, headers["www-authenticate"]) == (401, 'Bearer realm="corrin"')
    assert running.service.ask("/v1/packs", headers=bearer(access()))[0] == 200


def test_the_log_names_the_client_and_no_person(running: Running) -> None:
    assert running.service.ask("/v1/packs", headers=bearer(access(client_id="lab-7")))[0] == 200
    odd = access(client_id="Mrs. Sentinel, née X", sub="sentinel-person")
    assert running.service.ask("/v1/packs", headers=bearer(odd))[0] == 200
    assert running.service.ask("/cds-services", headers=bearer(hooks(jti="once-only")))[0] == 200
    named: list[str | None] = []
    end = time.monotonic() + 60
    while EHR not in named and time.monotonic() < end:  # a line is written after its answer
        said = running.service.said()
        lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        named = [line.get("client") for line in lines if line["event"] == "request"]
    assert {"lab-7", EHR} <= set(named)
    assert "entinel" not in "".join(name or "" for name in named)


def test_a_body_is_not_waited_for_from_whom_is_not_let_in(running: Running) -> None:
    with running.service.connect(5) as connection:
        connection.sendall(
            b"POST /v1/interpret HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000000\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 401")


def test_a_body_announced_is_not_asked_for_from_whom_is_not_let_in(running: Running) -> None:
    """Nor may a later request be read as the body that never came."""
    with running.service.connect(5) as connection:
        connection.sendall(
            b"POST /v1/interpret HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            b"Content-Length: 1000\r\n\r\n"
        )
        said = b""
        while piece := connection.recv(4096):
            said += piece
    assert said.startswith(b"HTTP/1.1 401")
    assert b"connection: close" in said.lower()


def test_a_connection_goes_on_after_a_refusal(running: Running) -> None:
    connection = http.client.HTTPConnection(running.service.host, running.service.port, timeout=60)
    for headers, expected in (({}, 401), (bearer(access()), 200)) * 2:
        if expected == 401:
            connection.request("POST", "/v1/interpret", b"x" * 300_000, headers)
        else:
            connection.request("GET", "/v1/packs", headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == expected
    connection.close()


def test_a_client_token_is_used_once(running: Running) -> None:
    text = hooks()
    statuses = [running.service.ask("/cds-services", headers=bearer(text))[0] for _ in range(2)]
    assert statuses[0] not in (400, 401, 403, 503)
    assert statuses[1] == 401


def test_the_health_of_the_service_is_open(running: Running) -> None:
    for path in ("/livez", "/readyz"):
        assert running.service.ask(path)[0] != 401


def test_metrics_ask_for_their_own(running: Running) -> None:
    assert running.service.ask("/metrics")[0] == 401
    assert running.service.ask("/metrics", headers=bearer("sentinel-metrics"))[0] != 401


@pytest.mark.parametrize("length", [9_000, 17_000, 40_000, 200_000])
def test_a_huge_token_is_no_fault_of_the_server(running: Running, length: int) -> None:
    try:
        status, _, _ = running.service.ask("/v1/packs", headers=bearer("a" * length))
    except (ConnectionError, http.client.HTTPException):
        return  # more than a head may hold: the connection is closed
    assert 400 <= status < 500


def test_nothing_of_a_token_is_in_the_log(running: Running) -> None:
    mark = "sentinel-claim"
    tokens = [
        access(sub=mark),
        access(exp=int(time.time()) - 4000, sub=mark),
        signed(STRANGER, claims(iss=mark, aud=BASE), kid=mark),
        hooks(jti=mark, sub=mark),
        hooks(jti=mark, sub=mark),
        mark,
    ]
    for text in tokens:
        for path in ("/v1/packs", "/cds-services", "/fhir/$interpret"):
            running.service.ask(path, headers=bearer(text))
            running.service.ask(f"{path}?access_token={text}")
    time.sleep(0.3)
    said = running.service.said()
    assert "sentinel" not in said
    for text in tokens:
        assert all(part not in said for part in text.split(".") if len(part) > 20)
    assert running.server.url not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("workers", [1, 2])
def test_a_wrong_file_of_clients_is_told_once_at_start(tmp_path: Path, workers: int) -> None:
    clients = tmp_path / "clients.json"
    clients.write_text('[{"iss": "https://ehr.example.org"}]')
    with (
        pytest.raises(AssertionError, match="did not come up, it ended") as raised,
        service(auth="jwt", public_url=BASE, hooks_clients=clients, workers=workers),
    ):
        pass
    said = " ".join(str(raised.value).split())
    assert said.count("The file of CDS Hooks clients is not usable, at 0.jwks_url") == 1
    assert "Traceback" not in said


# --- without tokens ---------------------------------------------------------------------------


def _own_address() -> str | None:
    """An address at which others could reach this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked, suppress(OSError):
        asked.connect(("192.0.2.1", 9))  # sends nothing
        found = str(asked.getsockname()[0])
        return None if found.startswith("127.") else found
    return None


def test_a_server_that_listens_everywhere_answers_this_machine_only() -> None:
    """uvicorn started by hand knows nothing of CORRIN_AUTH=none."""
    own = _own_address()
    if own is None:  # the refusal itself is asked of the app, without a network, in test_auth_gate
        pytest.skip("this machine has no address but loopback")
    with socket.socket() as bound:
        bound.bind(("0.0.0.0", 0))
        port = bound.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", "corrin.api:create_app"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CORRIN_")}
    with subprocess.Popen(
        [*command, "--host", "0.0.0.0", "--port", str(port)],
        env=kept | {"PYTHONPATH": str(SERVICE)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            assert _status("127.0.0.1", port) == 200
            assert _status(own, port) == 403
        finally:
            process.terminate()


def _status(host: str, port: int) -> int:
    ends = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection(host, port, timeout=60)
        try:
            connection.request("GET", "/livez")
            return connection.getresponse().status
        except ConnectionError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.2)
        finally:
            connection.close()


def test_rules_are_read_without_a_token_by_a_browser(running: Running) -> None:
    with service(
        auth="jwt", public_url=BASE, token_issuer=ISS, token_jwks_url=running.server.jwks_url
    ) as found:
        status, headers, page = found.ask(
            "/v1/rules/b12-confirmed-total", headers={"Accept": "text/html"}
        )
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert headers["cache-control"].startswith("public")
        assert b"<html" in page
        for path in ("/v1/rules/..%2Finterpret", "/v1/rules%0A", "/v1/rules/%2e%2e/interpret"):
            assert found.ask(path)[0] in (401, 404)
        for path in ("/v1/interpret", "/v1/rules", "/fhir/$interpret"):
            assert found.ask(path, b"{}")[0] == 401


# --- mutual TLS -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Path]]:
    folder = tmp_path_factory.mktemp("tls")
    ours, theirs = authority(folder / "ours", "ours"), authority(folder / "theirs", "theirs")
    authority(folder / "strange", "strange").sign("client")
    certificate, key = ours.sign("server")
    theirs.sign("client")
    theirs.sign("expired", days=-1)
    with service(
        tls_certificate=certificate, tls_key=key, tls_client_ca=theirs.certificate
    ) as found:
        yield found, folder


def ask(tls: tuple[Service, Path], client: str | None) -> int:
    """The status of a request with a client's certificate; an error when there is none."""
    found, folder = tls
    context = ssl.create_default_context(cafile=folder / "ours" / "ca.pem")
    if client is not None:
        context.load_cert_chain(folder / f"{client}.pem", folder / f"{client}.key")
    connection = http.client.HTTPSConnection(found.host, found.port, context=context, timeout=60)
    try:
        connection.request("GET", "/v1/packs")
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_client_with_a_certificate_of_the_authority_is_let_in(tls: tuple[Service, Path]) -> None:
    assert tls[0].url.startswith("https://")
    assert ask(tls, "theirs/client") == 200


@pytest.mark.parametrize("client", [None, "ours/server", "strange/client", "theirs/expired"])
def test_any_other_client_is_refused(tls: tuple[Service, Path], client: str | None) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(tls, client)
    assert ask(tls, "theirs/client") == 200


def test_a_client_that_speaks_no_tls_is_refused(tls: tuple[Service, Path]) -> None:
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        tls[0].ask("/v1/packs")
