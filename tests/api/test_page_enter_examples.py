"""The examples: all of them, each for its own moment, and nothing else by an address."""

from __future__ import annotations

import html
import re

import pytest
from fastapi.testclient import TestClient

from corrin.api.interpreter import Interpreter
from corrin.api.page.answered import answer
from corrin.api.page.enter import examples
from corrin.intake import IntakeError
from corrin.render.safe import clean
from golden.cases import Case, every_case, reasons
from support import places

PAGE = {"Accept": "text/html"}
CASES = {case.name: case for case in every_case()}


def test_every_case_is_an_example_but_those_of_packs_no_profile_runs() -> None:
    asked = {name for name, case in CASES.items() if not case.expected.get("packs")}
    assert set(examples.by_name()) == asked
    assert sum(len(shelf.examples) for shelf in examples.load()) == len(asked)  # none twice


@pytest.mark.parametrize("name", sorted(examples.by_name()))
def test_an_example_is_interpreted_as_its_case_is(name: str, interpreter: Interpreter) -> None:
    case: Case = CASES[name]
    one = examples.by_name()[name]
    assert one.file == case.request_file
    try:
        report = answer(one.submission(), interpreter).report
    except IntakeError as error:
        assert reasons(error) == case.refused_whole
        return
    assert report == clean(case.answer())


def test_the_list_says_what_each_shows(client: TestClient) -> None:
    page = client.get("/examples", headers=PAGE)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    text = html.unescape(page.text)
    for one in examples.by_name().values():
        assert f'href="/examples/{one.name}"' in text
        assert one.says in text
    assert client.head("/examples").status_code == 200


@pytest.mark.parametrize(
    ("words", "name", "other"),
    [
        ("potassium cramps", "potassium-23-with-cramps", "demo"),
        ("NITROUS", "nitrous-oxide-refuted", "demo"),
        ("nothing above routine", "quiet-healthy-vegan", "potassium-corrected"),
    ],
)
def test_a_search_finds_by_every_word(
    client: TestClient, words: str, name: str, other: str
) -> None:
    page = client.get("/examples", params={"q": words}, headers=PAGE).text
    assert f'/examples/{name}"' in page
    assert f'/examples/{other}"' not in page


@pytest.mark.parametrize(
    "words", ["zzzz", "<script>alert(1)</script>", "{{7*7}}", "\x00", "\u202e"]
)
def test_a_search_that_finds_nothing_shows_its_words_as_text(
    client: TestClient, words: str
) -> None:
    page = client.get("/examples", params={"q": words}, headers=PAGE)
    assert page.status_code == 200
    assert "0 examples" in page.text
    assert "<script>alert" not in page.text
    assert "49" not in re.findall(r'id="q"[^>]*', page.text)[0]


def test_an_example_fills_the_form_and_is_answered(client: TestClient) -> None:
    page = client.get("/examples/b12-133-pmol", headers=PAGE)
    assert page.status_code == 200
    assert 'id="told"' in page.text or 'class="urgency' in page.text
    request = (places.ROOT / "fixtures/fhir/b12-133-pmol/request.json").read_text("utf-8")
    assert request.strip()[:200] in html.unescape(page.text)
    assert 'value="2026-11-01T09:00:00Z"' in page.text


def test_one_refused_whole_says_so(client: TestClient) -> None:
    page = client.get("/examples/two-subjects", headers=PAGE)
    assert page.status_code == 422
    assert "two-subjects" in page.text


@pytest.mark.parametrize(
    "name", ["nothing", "..", "%2e%2e", "demo/request.json", "demo%00", "DEMO"]
)
def test_no_other_address_leads_to_a_file(client: TestClient, name: str) -> None:
    assert client.get(f"/examples/{name}", headers=PAGE).status_code in (200, 404)
    if name not in ("..", "%2e%2e"):
        assert client.get(f"/examples/{name}", headers=PAGE).status_code == 404
