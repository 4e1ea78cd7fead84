"""What every answer carries for a browser, and which browsers may call."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from corrin.api import Settings, create_app
from corrin.api.interpreter import Interpreter

EHR = "https://ehr.example.org"
CASE = b'{"patient":{"age":68,"sex":"female"},"results":[]}'


@pytest.fixture(scope="module")
def browsed(interpreter: Interpreter) -> TestClient:
    """A service that pages of one origin may call."""
    settings = Settings(allowed_origins=(EHR,), body_bytes=1024)
    return TestClient(create_app(settings, interpreter))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/livez"),
        ("GET", "/v1/packs"),
        ("GET", "/nothing"),
        ("POST", "/v1/interpret"),
        ("DELETE", "/fhir/metadata"),
        ("GET", "/cds-services"),
    ],
)
def test_every_answer_tells_browsers_to_be_careful(
    client: TestClient, method: str, path: str
) -> None:
    headers = client.request(method, path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["strict-transport-security"] == "max-age=31536000"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "*" not in policy


def test_strict_transport_only_where_clients_come_by_https(browsed: TestClient) -> None:
    assert "strict-transport-security" not in browsed.get("/livez").headers


@pytest.mark.parametrize("path", ["/v1/interpret", "/fhir/$interpret", "/cds-services/x"])
def test_nothing_about_a_patient_is_kept(client: TestClient, path: str) -> None:
    for body in (CASE, b"{"):
        headers = {"content-type": "application/json"}
        assert client.post(path, content=body, headers=headers).headers["cache-control"] == (
            "no-store"
        )


def test_content_is_kept_as_its_door_says(client: TestClient) -> None:
    assert "max-age" in client.get("/v1/packs").headers["cache-control"]


@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/x", "/cds-services/x/feedback"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_preflight_of_the_reference_sandbox_passes(
    browsed: TestClient, path: str, method: str
) -> None:
    answer = browsed.options(
        path,
        headers={
            "Origin": EHR,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == EHR
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert "authorization" in allowed and "content-type" in allowed
    assert {"GET", "POST"} == set(
        answer.headers["access-control-allow-methods"].replace(" ", "").split(",")
    )
    assert "access-control-allow-credentials" not in answer.headers
    assert "origin" in answer.headers["vary"].lower()


def test_other_origins_and_methods_are_not_let_in(browsed: TestClient) -> None:
    asked = {"Access-Control-Request-Method": "POST"}
    for more in ({"Origin": "https://elsewhere.example"}, {"Origin": "null"}):
        answer = browsed.options("/cds-services", headers=asked | more)
        assert answer.status_code == 400
        assert "access-control-allow-origin" not in answer.headers
    asked = {"Origin": EHR, "Access-Control-Request-Method": "DELETE"}
    assert browsed.options("/cds-services", headers=asked).status_code == 400
    plain = browsed.get("/livez", headers={"Origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in plain.headers


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("/nothing", None, 404), ("/v1/interpret", b"{", 400), ("/v1/interpret", bytes(2000), 413)],
)
def test_errors_can_be_read_by_the_pages_that_may_call(
    browsed: TestClient, path: str, body: bytes | None, status: int
) -> None:
    headers = {"Origin": EHR, "Content-Type": "application/json"}
    answer = browsed.request("POST" if body else "GET", path, content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == EHR
    assert "X-Request-Id" in answer.headers["access-control-expose-headers"]


def test_nobody_is_let_in_by_default(client: TestClient) -> None:
    answer = client.get("/livez", headers={"Origin": EHR})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example.org", "ehr.example.org", f"{EHR}/", f"{EHR}/app", "null"]
)
def test_an_origin_is_named_in_full(origin: str) -> None:
    with pytest.raises(ValueError, match="no origin"):
        Settings(allowed_origins=(origin,))


@pytest.mark.parametrize(
    "url", ["corrin.example.org", "ftp://a.org", "https://", "https://a.org/?b"]
)
def test_a_public_url_is_one(url: str) -> None:
    with pytest.raises(ValueError, match="no URL like"):
        Settings(public_url=url)
    for good in ("https://a.org", "http://[::1]:8000", "https://a.org/corrin/"):
        assert Settings(public_url=good).public_url == good


def test_large_answers_are_packed_where_that_is_asked_for(client: TestClient) -> None:
    packed = client.get("/v1/analytes", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/v1/analytes", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    small = client.get("/livez", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in small.headers


@pytest.mark.parametrize(
    ("asked", "packed"),
    [
        ("gzip", True),
        ("br;q=1.0, gzip; q=0.8", True),
        ("gzip;q=0.001", True),
        ("gzip;q=0", False),
        ("deflate, gzip;q=0.000, br", False),
        ("x-gzip", False),
        ("identity", False),
    ],
)
def test_an_answer_is_packed_only_for_who_asks_for_it(
    client: TestClient, asked: str, packed: bool
) -> None:
    answer = client.get("/v1/rules", headers={"accept-encoding": asked})
    assert ("content-encoding" in answer.headers) is packed
    assert answer.json()
