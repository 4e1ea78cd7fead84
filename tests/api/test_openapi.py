"""The API's own description: true of what is answered, the same everywhere, shown without help."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import html5lib
import jsonschema
import openapi_examples as examples
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from corrin.api import Settings, create_app
from corrin.api.interpreter import Interpreter
from corrin.api.openapi import document
from support import places

COMMITTED = json.loads(examples.DOCUMENT.read_bytes())
METHODS = {"get", "post"}
OPERATIONS = [
    (path, method, operation)
    for path, item in COMMITTED["paths"].items()
    for method, operation in item.items()
]


def _service(interpreter: Interpreter, **settings: Any) -> FastAPI:
    return create_app(Settings(**settings), interpreter)


def test_committed_document_and_examples_are_what_the_service_gives() -> None:
    kept, whole = examples.written()
    assert examples.EXAMPLES.read_text("utf-8") == kept, "run: make docs"
    assert examples.DOCUMENT.read_text("utf-8") == whole, "run: make docs"


def test_service_gives_the_committed_document(client: TestClient) -> None:
    found = client.get("/openapi.json")
    assert found.headers["content-type"] == "application/json"
    assert found.json() == COMMITTED


def test_document_does_not_depend_on_the_machine() -> None:
    """Another hash seed, zone, folder and environment: the same bytes."""
    code = "import openapi_examples as e, sys; sys.stdout.write(e.written()[1])"
    env = {
        "PYTHONPATH": f"{places.ROOT / 'docs'}{os.pathsep}{places.ROOT / 'service'}",
        "PYTHONHASHSEED": "4711",
        "TZ": "Pacific/Auckland",
        "PATH": os.environ["PATH"],
        "CORRIN_PROFILE": "us",
        "CORRIN_PORT": "9999",
        "CORRIN_METRICS": "false",
    }
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=env,
        cwd="/",
        capture_output=True,
        check=True,
    )
    assert found.stdout.decode() == examples.DOCUMENT.read_text("utf-8")


def test_document_is_openapi() -> None:
    assert COMMITTED["openapi"].startswith("3.1")
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(ids) == len(set(ids))
    tags = {one["name"] for one in COMMITTED["tags"]}
    for path, method, operation in OPERATIONS:
        assert method in METHODS, path
        assert operation["summary"] and operation["description"], path
        assert set(operation["tags"]) <= tags and operation["tags"], path
        assert {"429", "500"} <= set(operation["responses"]), path
        for status, answer in operation["responses"].items():
            assert answer["description"], (path, status)
            if int(status) >= 400:
                assert answer["content"], (path, status)


def test_every_reference_leads_somewhere() -> None:
    schemas = COMMITTED["components"]["schemas"]
    used = set(document._references(COMMITTED))
    assert used <= set(schemas)
    assert {"Report", "Comparison", "Problem", "OperationOutcome", "Case"} <= set(schemas)
    jsonschema.Draft202012Validator.check_schema({"$defs": schemas})


def test_every_door_of_the_app_is_described(client: TestClient) -> None:
    from fastapi.routing import iter_route_contexts

    app = client.app
    assert isinstance(app, FastAPI)
    doors = {
        one.path
        for one in iter_route_contexts(app.routes)
        if one.path is not None and getattr(one.original_route, "include_in_schema", True)
    }
    assert doors == set(COMMITTED["paths"])


def _resolved(part: Any) -> Any:
    """Schemas of the document as one that stands alone."""
    text = json.dumps(part).replace("#/components/schemas/", "#/$defs/")
    found = json.loads(text)
    if isinstance(found, dict):
        defs = json.dumps(COMMITTED["components"]["schemas"])
        found["$defs"] = json.loads(defs.replace("#/components/schemas/", "#/$defs/"))
    return found


def _examples() -> list[tuple[str, dict[str, Any], Any]]:
    found = []
    for _, _, operation in OPERATIONS:
        bodies = [("request", operation.get("requestBody", {}))]
        bodies += list(operation["responses"].items())
        for where, body in bodies:
            for media, content in body.get("content", {}).items():
                for name, one in content.get("examples", {}).items():
                    if media.endswith("json") and "ndjson" not in media:
                        about = f"{operation['operationId']} {where} {media} {name}"
                        found.append((about, content["schema"], one["value"]))
    return found


@pytest.mark.parametrize(
    ("schema", "value"),
    [pytest.param(schema, value, id=about) for about, schema, value in _examples()],
)
def test_example_keeps_to_its_schema(schema: dict[str, Any], value: Any) -> None:
    jsonschema.Draft202012Validator(_resolved(schema)).validate(value)


@pytest.mark.parametrize("door", ["interpret", "interpretBatch", "compare"])
def test_doors_for_patients_show_a_request_and_its_answer(door: str) -> None:
    operation = next(one for _, _, one in OPERATIONS if one["operationId"] == door)
    asked = {
        name
        for content in operation["requestBody"]["content"].values()
        for name in content.get("examples", {})
    }
    answered = {
        name
        for content in operation["responses"]["200"]["content"].values()
        for name in content.get("examples", {})
    }
    assert asked and asked == answered


# --- settings that change it ----------------------------------------------------------------


def test_tokens_are_described_where_they_are_asked_for(interpreter: Interpreter) -> None:
    app = _service(
        interpreter,
        auth="jwt",
        public_url="https://corrin.example.org/",
        token_issuer="https://issuer.example.org",
        token_jwks_url="https://issuer.example.org/keys",
    )
    found = document.document(app)
    assert found["servers"] == [{"url": "https://corrin.example.org"}]
    interpret = found["paths"]["/v1/interpret"]["post"]
    assert interpret["security"] == [{"accessToken": []}]
    assert {"401", "403"} <= set(interpret["responses"])
    assert "security" not in found["paths"]["/livez"]["get"]
    committed = COMMITTED["paths"]["/v1/interpret"]["post"]
    assert committed["security"] == [{}, {"accessToken": []}]  # with a token or, as here, without
    assert {"401", "403"} <= set(committed["responses"])


def test_description_can_be_left_out(interpreter: Interpreter) -> None:
    client = TestClient(_service(interpreter, docs=False))
    assert client.get("/docs").status_code == client.get("/openapi.json").status_code == 404
    landing = client.get("/")
    assert landing.status_code == 200 and "docs" not in landing.json()


def test_no_metrics_no_word_of_them(interpreter: Interpreter) -> None:
    assert "/metrics" not in document.document(_service(interpreter, metrics=False))["paths"]


# --- pages ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pageless(interpreter: Interpreter) -> Iterator[TestClient]:
    """A service without the page for people: at / stand its doors."""
    with TestClient(_service(interpreter, page=False), base_url="http://127.0.0.1:8000") as found:
        yield found


@pytest.mark.parametrize("path", ["/docs", "/"])
def test_page_asks_nobody_for_anything(pageless: TestClient, path: str) -> None:
    found = pageless.get(path, headers={"Accept": "text/html"})
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(found.text)
    tags = {node.tag for node in tree.iter() if isinstance(node.tag, str)}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    for node in tree.iter():
        assert "style" not in node.attrib and "src" not in node.attrib
        assert not any(name.startswith("on") for name in node.attrib)
        href = node.attrib.get("href", "/")
        assert href.startswith(("/", "#")), href
    policy = found.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "url(" not in found.text and "@import" not in found.text


def test_style_is_the_one_the_policy_allows(pageless: TestClient) -> None:
    import base64
    import hashlib

    for path in ("/docs", "/", "/v1/rules/b12-confirmed-total"):
        found = pageless.get(path, headers={"Accept": "text/html"})
        style = found.text.partition("<style>")[2].partition("</style>")[0]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in found.headers["content-security-policy"]


def test_page_shows_every_door_with_its_examples(client: TestClient) -> None:
    page = client.get("/docs").text
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    ids = [node.attrib["id"] for node in tree.iter() if "id" in node.attrib]
    assert len(ids) == len(set(ids))
    for path, method, operation in OPERATIONS:
        assert operation["operationId"] in ids
        assert f"{method.upper()} {path}" in page
    for node in tree.iter("a"):
        href = node.attrib["href"]
        assert not href.startswith("#") or href[1:] in ids
    assert page.count("<summary>Example") >= len(examples.ASKED)


def test_links_keep_what_a_proxy_takes_off(interpreter: Interpreter) -> None:
    """Behind ``https://host/corrin`` the pages lead to each other, not to another service."""
    app = create_app(Settings(public_url="https://host.example.org/corrin/"), interpreter)
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        for path in ("/", "/docs"):
            found = client.get(path, headers={"Accept": "text/html"}).text
            hrefs = re.findall(r'href="([^"#][^"]*)"', found)
            assert hrefs and all(one.startswith("/corrin/") for one in hrefs), path
        assert client.get("/").json()["docs"] == "/corrin/docs"


def test_landing_names_the_doors(client: TestClient) -> None:
    found = client.get("/").json()
    assert {one["path"] for one in found["doors"]} == set(COMMITTED["paths"]) - {"/"}
    assert client.get("/", headers={"Accept": "image/png"}).status_code == 406
