"""What was typed stands in the form again after every question that is answered by a whole page."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping

import pytest
from fastapi.testclient import TestClient

from corrin.api.page.enter import again, menu
from corrin.api.page.enter.examples import by_name
from corrin.api.page.enter.typed import typed

PAGE = {"Accept": "text/html"}
DAY = "2026-11-01"
TYPED = {
    "age": "68", "sex": "female", "date": DAY,
    "value.total_b12": "150", "sign.total_b12": "<", "unit.total_b12": "ng/L",
    "value.haemoglobin": "104", "unit.haemoglobin": "g/L",
    "low.haemoglobin": "115,0-165", "date.haemoglobin": "2026-10-30",
    "value.intrinsic_factor_antibody": "positive", "unit.mcv": "fL",
    "value.folate": "7,5", "unit.folate": "ug/L",
    "test.x1": "white cells", "value.x1": "5.2", "unit.x1": "10*9/L",
    "symptoms.ataxia": "present", "symptoms.fatigue": "absent",
    "medicines.metformin": "present", "medicines.metformin.when": "2020-01",
    "medicines.complete": "yes", "pregnant": "present", "weeks": "20", "profile": "us",
}  # fmt: skip
QUESTIONS = (
    ("/", {}),
    ("/page/why", {"why": "status/b12_status"}),
    ("/page/compare", {"packs": ["ng239", "aafp-2025"]}),
)


def carried(page: str) -> dict[str, str]:
    """The fields of the case that an answer carries."""
    case = page[page.index('<form id="case"') :]
    case = case[: case.index("</form>")]
    hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', case)
    found = {name: html.unescape(value) for name, value in hidden}
    text = re.search(r'<textarea name="document"[^>]*>\n(.*?)</textarea>', case, re.S)
    assert text is not None
    return {**found, "document": html.unescape(text[1])}


def standing(page: str) -> dict[str, str]:
    """Every field of the form that holds something, as a browser would send it."""
    entry = page[page.index('<form id="entry"') :]
    entry = entry[: entry.index("</form>")]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", entry):
        said = dict(re.findall(r'(name|value|type)="([^"]*)"', tag))
        if said.get("type") not in ("radio", "checkbox") or " checked" in tag:
            found[said.get("name", "")] = said.get("value", "")
    for name, options in re.findall(r'<select [^>]*name="([^"]*)".*?>(.*?)</select>', entry, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = "" if chosen is None else chosen[1]
    text = re.search(r'<textarea [^>]*name="document"[^>]*>\n(.*?)</textarea>', entry, re.S)
    assert text is not None
    found["document"] = text[1]
    return {name: html.unescape(value) for name, value in found.items() if name and value}


def asked(client: TestClient, door: str, fields: Mapping[str, object]) -> str:
    answer = client.post(door, data=dict(fields), headers=PAGE)
    assert answer.status_code == 200, answer.text[:2000]
    return answer.text


def first(client: TestClient, fields: Mapping[str, str]) -> str:
    return asked(client, "/", fields)


@pytest.mark.parametrize(("door", "more"), QUESTIONS, ids=[door for door, _ in QUESTIONS])
def test_what_was_typed_stands_there_again_as_it_was_typed(
    client: TestClient, door: str, more: dict[str, object]
) -> None:
    page = first(client, TYPED)
    before = standing(page)
    assert before == TYPED
    after = asked(client, door, carried(page) | more)
    assert standing(after) == before
    assert asked(client, "/page/why", carried(after) | {"why": "status/b12_status"})


def test_the_way_back_from_a_moved_value_leads_to_what_was_typed(client: TestClient) -> None:
    page = first(client, TYPED)
    moved = {"analyte": "haemoglobin", "supposed.haemoglobin": "130"}
    between = asked(client, "/page/suppose", carried(page) | moved)
    assert "Back to the answer" in between
    back = asked(client, "/", carried(between) | moved)
    assert standing(back) == standing(page)
    # The answer is of its own moment, not of the one it is asked again at.
    assert carried(back)["as_of"] == carried(page)["as_of"]


@pytest.mark.parametrize(("door", "more"), QUESTIONS, ids=[door for door, _ in QUESTIONS])
def test_what_was_pasted_stays_pasted(
    client: TestClient, door: str, more: dict[str, object]
) -> None:
    lists = {name: [text] for name, text in TYPED.items()}
    document = typed(lists, menu.load()).document  # the very case the form would make
    page = first(client, {"document": document, "profile": "us"})
    before = standing(page)
    assert before["document"] == document
    assert not [name for name in before if name.startswith("value.")]
    assert standing(asked(client, door, carried(page) | more)) == before


@pytest.mark.parametrize(("door", "more"), QUESTIONS, ids=[door for door, _ in QUESTIONS])
def test_an_example_stays_the_example(
    client: TestClient, door: str, more: dict[str, object]
) -> None:
    name = next(iter(by_name()))
    page = client.get(f"/examples/{name}", headers=PAGE).text
    after = asked(client, door, carried(page) | more)
    assert standing(after) == standing(page)
    assert f"the example {name}" in after


@pytest.mark.parametrize(
    "entered",
    [
        "", "{", "[]", "7", "[" * 100_000, '{"value.total_b12": 7}', '{"age": "68"',
        json.dumps({"value.total_b12": "999", "unit.total_b12": "ng/L", "date": DAY}),
        json.dumps({"value.total_b12": "150", "unit.total_b12": "ng/L", "date": DAY, "weeks": "9"}),
        '{"age": "\\ud800"}', json.dumps({f"low.x{number}": "1" for number in range(9_000)}),
    ],
    ids=range(11),
)  # fmt: skip
def test_rows_stand_there_only_where_the_answer_is_of_them(
    client: TestClient, entered: str
) -> None:
    said = {"value.total_b12": "150", "unit.total_b12": "ng/L", "date": DAY}
    fields = carried(first(client, said))
    assert json.loads(fields["entered"]) == said
    after = asked(client, "/page/why", fields | {"entered": entered, "why": "status/b12_status"})
    assert standing(after)["document"] == fields["document"]
    assert "value.total_b12" not in standing(after)


def test_only_fields_of_the_form_are_kept() -> None:
    fields = {"document": ["x"], "kind": ["case"], "age": ["68"], "sex": [" "], "packs": ["a", "b"]}
    assert json.loads(again.kept(fields)) == {"age": "68"}
