"""Why, asked on the page: every condition of a note, a status, a rule that could not answer."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import html5lib
import pytest
from fastapi.testclient import TestClient

from corrin.api.interpreter import Interpreter
from corrin.api.page.answered import answer
from corrin.api.page.question import conditions
from corrin.api.page.submission import Submission
from support import places

CASES = places.ROOT / "fixtures" / "fhir"
AS_OF = "2026-11-01"
HX = {"HX-Request": "true"}
NS = "{http://www.w3.org/1999/xhtml}"


def fields(name: str = "demo", **more: Any) -> dict[str, Any]:
    document = (CASES / name / "request.json").read_text("utf-8")
    return {"kind": "fhir", "document": document, "as_of": AS_OF, "profile": "", **more}


def page(client: TestClient, **sent: Any) -> str:
    found = client.post("/", data=fields(**sent))
    assert found.status_code == 200
    return found.text


def keys(text: str) -> list[str]:
    """What can be opened, in the order of the page."""
    return re.findall(r'name="why" value="([^"]+)"', text)


def parsed(part: str) -> Any:
    """A part of a page, held against the grammar of HTML."""
    whole = f"<!doctype html><html><head><title>.</title></head><body>{part}</body></html>"
    return html5lib.HTMLParser(strict=True).parse(whole)


def said(part: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", part)).split())


@pytest.mark.parametrize(
    "case",
    [
        "demo",
        "b12-below-200",
        "potassium-old-not-repeated",
        "sd-13-metabolites-separate-the-cause",
        "nitrous-oxide-raised-metabolites",
    ],
)
def test_everything_of_an_answer_can_be_opened(client: TestClient, case: str) -> None:
    first = client.post("/", data=fields(case))
    assert first.status_code == 200
    found = keys(first.text)
    report = client.post(
        f"/v1/interpret?as_of={AS_OF}",
        content=fields(case)["document"],
        headers={"Content-Type": "application/fhir+json"},
    ).json()
    statuses = sorted(f"status/{topic}" for topic in report["statuses"])
    assert sorted(key for key in found if key.startswith("status/")) == statuses
    notes = sorted(f"note/{n['pack']}/{n['rule']}" for n in report["notes"])
    assert sorted(k.rpartition("/")[0] for k in found if k.startswith("note/")) == notes
    for key in found:
        part = client.post("/page/why", data=fields(case, why=key), headers=HX)
        assert part.status_code == 200, key
        parsed(part.text)
        assert "<html" not in part.text and " style=" not in part.text
        assert part.headers["cache-control"] == "no-store"
        if key.startswith("note/"):
            rule = key.split("/")[2]
            assert f'href="/rules/{key.split("/")[1]}/{rule}"' in part.text
            assert re.search(r'class="truth true"', part.text), key


def test_the_rule_and_the_table_are_a_link_away(client: TestClient) -> None:
    silent = keys(client.post("/page/why", data=fields(why="unsaid"), headers=HX).text)
    for key in (*keys(page(client)), *silent[::20]):
        part = client.post("/page/why", data=fields(why=key), headers=HX).text
        links = re.findall(r'href="(/rules/[^"]+)"', part)
        assert links or key == "unsaid"
        for link in links:
            assert client.get(link, headers={"Accept": "text/html"}).status_code == 200, link


def test_a_note_shows_its_rule_and_what_decided(client: TestClient) -> None:
    part = client.post(
        "/page/why", data=fields(why="note/ng239/b12-probable-raised-mma/1"), headers=HX
    )
    text = said(part.text)
    assert "Holds when" in text and "Its condition is" in text
    assert "Only beside Vitamin B12 status (NICE NG239): B12 deficiency probable" in text
    assert "In force from" in text or "Cut-offs" not in text
    assert "The rule rests on" in text and "Checks: V read in the source" in text
    assert "decided" in text
    assert "+ true" in text


def test_a_table_is_read_row_by_row(client: TestClient) -> None:
    part = client.post("/page/why", data=fields(why="status/b12_status"), headers=HX).text
    rows = re.findall(r"<li><details(?: open)?><summary>(.*?)</summary>", part)
    texts = [said(row) for row in rows]
    gave = [text for text in texts if re.search(r" decided mma-raised-kidney-normal$", text)]
    assert gave == ["+ true B12 deficiency probable decided mma-raised-kidney-normal"]
    assert "Rows below, which were not asked" in part
    assert "the first row that is true gives the status" in part
    assert "otherwise" in texts[-1] or any(t.endswith("otherwise") for t in texts)


def test_a_value_known_in_part_shows_each_row_it_may_lead_to(client: TestClient) -> None:
    part = client.post(
        "/page/why", data=fields("b12-below-200", why="status/b12_status"), headers=HX
    ).text
    text = said(part)
    assert text.count("may decide") == 2
    assert "this row gives the status for B12 below 180 ng/L" in text
    assert "this row gives the status for B12 above 180 to below 200 ng/L" in text


@pytest.mark.parametrize("case", ["demo", "b12-below-200", "only-lipids"])
def test_nothing_of_a_tree_is_left_out(
    client: TestClient, interpreter: Interpreter, case: str
) -> None:
    """However its terms are put together, every condition stands in the part, with its truth."""
    sent = fields(case)
    asked = Submission("fhir", sent["document"], as_of=sent["as_of"])
    answered = answer(asked, interpreter)
    for topic in answered.report.statuses:
        key = f"status/{topic}"
        table = conditions.opened(answered, key).table
        assert table is not None
        part = client.post("/page/why", data={**sent, "why": key}, headers=HX).text
        text = said(part)
        for row in table.rows:
            assert row.id in text and " ".join(row.because.split()) in text
            for node in () if row.node is None else row.node.walk():
                if node.kind in ("leaf", "definition"):
                    assert " ".join(node.says.split()) in text, (topic, row.id, node.says)
                assert all(one.says in text for one in node.because)
                assert node.met in text


def test_an_unknown_leaf_says_what_is_missing(client: TestClient) -> None:
    first = client.post("/page/why", data=fields("only-lipids", why="unsaid"), headers=HX)
    wanted = [key for key in keys(first.text) if key.startswith("rule/")]
    assert wanted
    for key in wanted[:5]:
        part = client.post("/page/why", data=fields("only-lipids", why=key), headers=HX)
        assert part.status_code == 200
        text = said(part.text)
        assert "? unknown" in text
        assert re.search(r"No result was supplied\.|Nobody stated whether it is so\.", text), key


@pytest.mark.parametrize("key", ["status/b12_status", "note/ng239/within-laboratory-range/1"])
def test_without_script_the_whole_page_comes_with_it_open(client: TestClient, key: str) -> None:
    found = client.post("/page/why", data=fields(why=key))
    assert found.status_code == 200
    html5lib.HTMLParser(strict=False).parse(found.text)
    place = f"why-{key.replace('/', '-')}"
    assert found.text.count(f'id="{place}" open>') == 1
    assert key not in keys(found.text), "it is open, so nothing asks for it"
    assert "Its condition is" in found.text or "read from the top" in found.text
    assert '<form id="case"' in found.text, "what was entered is still there"
    assert "script-src 'self'" in found.headers["content-security-policy"]


def test_without_script_a_silent_rule_opens_inside_the_list(client: TestClient) -> None:
    listed = client.post("/page/why", data=fields(why="unsaid")).text
    key = next(key for key in keys(listed) if key.startswith("rule/"))
    found = client.post("/page/why", data=fields(why=key)).text
    assert 'id="why-unsaid" open>' in found
    assert f'id="why-{key.replace("/", "-")}" open>' in found
    assert "? unknown" in said(found)


def test_a_button_asks_with_the_case_and_no_address(client: TestClient) -> None:
    text = page(client)
    asking = re.findall(r'<button[^>]*name="why"[^>]*>', text)
    assert asking
    for button in asking:
        assert 'form="case"' in button and 'formaction="/page/why#why-' in button
    assert "?why" not in text


@pytest.mark.parametrize(
    "key",
    [
        "",
        "note",
        "note/",
        "note/ng239/b12-probable-raised-mma/2",
        "note/ng239/../1",
        "status/",
        "status/b12",
        "rule/ng239/b12-probable-raised-mma",
        "rule/nobody/nothing",
        "<script>",
        "unsaid/1",
    ],
)
def test_what_is_not_there(client: TestClient, key: str) -> None:
    for headers in ({}, HX):
        found = client.post("/page/why", data=fields(why=key), headers=headers)
        assert found.status_code == 404
        assert "holds nothing of that name" in said(found.text)
        assert "<script>" not in found.text


def test_what_cannot_be_read(client: TestClient) -> None:
    sent = fields(why="status/b12_status")
    assert client.post("/page/why", data={**sent, "document": "{"}, headers=HX).status_code == 400
    assert client.post("/page/why", data={"why": "unsaid"}, headers=HX).status_code == 400
    assert client.post("/page/why", json={"why": "unsaid"}).status_code == 415
    assert client.get("/page/why").status_code == 405


def test_hostile_text_is_shown_as_text(client: TestClient) -> None:
    document = json.dumps(
        {
            "patient": {"age": 50, "sex": "female"},
            "results": [
                {"test": "B12", "value": 190, "unit": "<img src=x>ng/L", "date": "2026-10-01"}
            ],
        }
    )
    sent = {"kind": "case", "document": document, "as_of": AS_OF, "why": "status/b12_status"}
    for headers in ({}, HX):
        found = client.post("/page/why", data=sent, headers=headers)
        assert "<img" not in found.text


def test_the_same_question_gives_the_same_part(client: TestClient) -> None:
    sent = fields(why="status/b12_status")
    first = client.post("/page/why", data=sent, headers=HX)
    assert client.post("/page/why", data=sent, headers=HX).content == first.content
