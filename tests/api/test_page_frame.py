"""What every answer of the page has about it, and what travels with a case."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from corrin.api import Settings, create_app
from corrin.api.interpreter import Interpreter
from corrin.api.page.layout import POLICY

HTML = {"Accept": "text/html"}
CASE = '{"results": [{"test": "B12", "value": "<150", "unit": "ng/L", "date": "2026-05-01"}]}'
CARRIED = {"kind": "case", "document": CASE, "as_of": "2026-05-20", "profile": "uk"}
ASKED = [
    ("/", {"document": CASE}),
    ("/", {"document": "{}"}),  # refused
    ("/page/check", {"value.total_b12": "150"}),
    ("/page/row", {}),
    ("/page/compare", {**CARRIED, "packs": ["ng239", "aafp-2025"]}),
    ("/page/compare", {"document": CASE}),  # refused
    ("/page/suppose", {**CARRIED, "analyte": "total_b12", "value": "300", "unit": "ng/L"}),
    ("/page/turns", {**CARRIED, "analyte": "total_b12"}),
    ("/page/why", {**CARRIED, "why": "status/b12_status"}),
]


@pytest.mark.parametrize("part", [False, True], ids=["whole", "part"])
@pytest.mark.parametrize(("path", "fields"), ASKED)
def test_an_answer_is_known_as_ours_and_kept_by_nobody(
    client: TestClient, path: str, fields: dict[str, str], part: bool
) -> None:
    headers = HTML | ({"HX-Request": "true"} if part else {})
    found = client.post(path, data=fields, headers=headers)
    assert found.headers["corrin-page"] == "1"
    assert found.headers["content-security-policy"] == POLICY
    assert "no-store" in found.headers["cache-control"]
    assert ("<html" in found.text) is not part


@pytest.mark.parametrize("path", ["/", "/examples", "/examples/demo", "/rules", "/rules/ng239"])
def test_what_anybody_may_read_is_known_as_ours_too(client: TestClient, path: str) -> None:
    found = client.get(path, headers=HTML)
    assert found.status_code == 200
    assert found.headers["corrin-page"] == "1"
    assert found.headers["content-security-policy"] == POLICY


def test_an_example_stays_one_whatever_is_asked_about_it(client: TestClient) -> None:
    link = 'href="/examples/demo"'
    assert link in client.get("/examples/demo", headers=HTML).text
    carried = {**CARRIED, "packs": ["ng239", "aafp-2025"]}
    named = client.post("/page/compare", data={**carried, "example": "demo"}, headers=HTML)
    assert link in named.text
    for other in ("", "../rules", 'x" onclick="y', "a" * 200):
        found = client.post("/page/compare", data={**carried, "example": other}, headers=HTML)
        assert found.status_code == 200 and "/examples/" not in found.text.partition("<main")[2]


def test_a_browser_without_a_token_is_told_to_sign_in(interpreter: Interpreter) -> None:
    base = "https://corrin.example.org"
    settings = Settings(auth="jwt", public_url=base, token_issuer=base, token_jwks_url=base + "/k")
    with TestClient(create_app(settings, interpreter), base_url=base) as client:
        assert client.get("/", headers=HTML).status_code == 200
        found = client.post("/", data={"document": CASE}, headers=HTML)
    assert found.status_code == 401 and "Corrin-Page" not in found.headers
    assert found.headers["content-type"].startswith("text/html") and "sign-in" in found.text


def test_there_is_no_page_where_it_is_switched_off(interpreter: Interpreter) -> None:
    with TestClient(create_app(Settings(page=False), interpreter)) as client:
        assert "Doors" in client.get("/", headers=HTML).text
        assert client.post("/", data={"document": CASE}).status_code == 405
        for path in ("/examples", "/rules", "/page/static/base.css"):
            assert client.get(path).status_code == 404
