"""Every line of ``docs/fhir.md`` that can be typed does what is said of it."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from fastapi.testclient import TestClient

from corrin.api.conformance.service import KINDS, SEARCH
from corrin.cli.program import run
from support.fhir_answers import check, contained, each, only, resources
from support.places import ROOT

PAGE = (ROOT / "docs" / "fhir.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(json|sh)\n(.*?)```", PAGE, re.DOTALL)
LINES = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
BASE = "https://corrin.example.org"


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("curl ")])
def test_curl(client: TestClient, line: str) -> None:
    words = shlex.split(line)
    headers = dict(words[at + 1].split(": ", 1) for at, one in enumerate(words) if one == "-H")
    url = next(word for word in words if word.startswith("http://127.0.0.1:8000/"))
    if "--data-binary" in words:
        file = words[words.index("--data-binary") + 1].removeprefix("@")
        answer = client.post(url, content=(ROOT / file).read_bytes(), headers=headers)
        check(answer.json(), BASE)
    else:
        answer = client.get(url, headers=headers)
        assert answer.json().get("total", 1) == 1
    assert answer.status_code == 200


def test_command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = [line for line in LINES if line.startswith("corrin ")]
    monkeypatch.chdir(ROOT)

    assert run(shlex.split(line)[1:]) == 0
    check(json.loads(capfd.readouterr().out), BASE)


def test_the_example_is_answered_as_told(client: TestClient) -> None:
    (example,) = [json.loads(text) for kind, text in BLOCKS if kind == "json"]
    found = client.post("/fhir/$interpret", json=example).json()

    check(found, BASE)
    assert only(found, "GuidanceResponse")["status"] == "data-requested"
    assert resources(found, "ServiceRequest")


def test_every_parameter_and_kind_of_the_answer_is_on_the_page(client: TestClient) -> None:
    data = (ROOT / "fixtures/fhir/mma-below-a-straddling-limit/request.json").read_bytes()
    found = client.post(
        "/fhir/$interpret", content=data, headers={"Content-Type": "application/json"}
    ).json()

    names = {
        value["name"]
        for _, value in each(contained(found, "Parameters"))
        if isinstance(value, dict) and "name" in value
    }
    assert {"status", "separatedBy", "leadsTo"} <= names
    kinds = {entry["resource"]["resourceType"] for entry in found["entry"]}
    for word in names | kinds | set(KINDS) | set(SEARCH):
        assert f"`{word}`" in PAGE, word


def test_every_code_system_is_on_the_page(client: TestClient) -> None:
    for entry in client.get("/fhir/CodeSystem").json()["entry"]:
        id = entry["resource"]["id"]
        assert f"`{'status-…' if id.startswith('status-') else id}`" in PAGE


def test_a_base_that_is_no_address_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    file = str(ROOT / "fixtures/fhir/demo/request.json")

    assert run(["interpret", file, "--format", "fhir", "--base", "not an address"]) != 0
    told = capfd.readouterr()
    assert told.out == ""
    assert "not an address" not in told.err


def test_without_a_base_nobody_can_mistake_the_urls(capfd: pytest.CaptureFixture[str]) -> None:
    file = str(ROOT / "fixtures/fhir/demo/request.json")

    assert run(["interpret", file, "--format", "fhir"]) == 0
    check(json.loads(capfd.readouterr().out), "https://corrin.invalid")
