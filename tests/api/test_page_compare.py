"""Guidelines side by side on the page: the answer of the door of programs, put for a reader."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import html5lib
import pytest
from fastapi.testclient import TestClient

from corrin.api import Settings, create_app
from corrin.notes.sentence import readable
from support import places

CASES = places.ROOT / "fixtures" / "fhir"
AS_OF = "2026-11-01T09:00:00Z"
HX = {"HX-Request": "true"}
DIFFER = "b12-160-framework-named"
BOTH = ["ng239", "aafp-2025"]
# Cases of which frameworks say different things: by a cut-off, by their tables.
EXPLAINED = (
    ("b12-160-framework-named", ["ng239", "mayo-acasm"]),
    ("b12-258-1-pmol", BOTH),
    ("amended-result", ["ng239", "mayo-acasm", "nih-ods"]),
)


def fields(name: str = DIFFER, packs: list[str] | None = None, **more: Any) -> dict[str, Any]:
    document = (CASES / name / "request.json").read_text("utf-8")
    sent = {"kind": "fhir", "document": document, "as_of": AS_OF, "profile": "", **more}
    return sent if packs is None else {**sent, "packs": packs}


def said(part: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", part)).split())


def told(client: TestClient, name: str, packs: list[str], profile: str = "uk") -> Any:
    """What the door of programs says."""
    query = f"packs={','.join(packs)}&as_of={AS_OF}&profile={profile}"
    return client.post(
        f"/v1/compare?{query}",
        content=fields(name)["document"],
        headers={"Content-Type": "application/fhir+json"},
    ).json()


def ticked(text: str) -> list[str]:
    return re.findall(r'name="packs" value="([^"]+)" form="case" checked', text)


def test_the_section_offers_every_framework_by_its_title(client: TestClient) -> None:
    text = client.post("/", data=fields()).text
    offered = re.findall(r'name="packs" value="([^"]+)"', text)
    assert offered[:2] == BOTH
    known = {"ng239", "aafp-2025", "mayo-acasm", "labcorp-141503", "bsh-2014", "nih-ods"}
    assert known | {"ng239@1.0.0"} == set(offered)
    assert len(offered) == len(set(offered))
    assert ticked(text) == BOTH
    assert "NICE NG239: vitamin B12 deficiency in over 16s, version 1.0.0" in text
    assert "What makes the difference" not in text, "nothing is compared until it is asked for"


def test_the_framework_of_the_profile_comes_first(client: TestClient) -> None:
    text = client.post("/", data=fields(profile="us")).text
    assert re.findall(r'name="packs" value="([^"]+)"', text)[:2] == ["aafp-2025", "ng239"]


@pytest.mark.parametrize(
    "packs", [BOTH, ["ng239@1.0.0", "ng239"], [*BOTH, "mayo-acasm", "nih-ods"]]
)
@pytest.mark.parametrize("case", [DIFFER, "demo", "b12-below-200", "oestrogen-low-total-b12"])
def test_says_what_the_door_of_programs_says(
    client: TestClient, case: str, packs: list[str]
) -> None:
    part = client.post("/page/compare", data=fields(case, packs), headers=HX)
    assert part.status_code == 200
    whole = f"<!doctype html><html><head><title>.</title></head><body>{part.text}</body></html>"
    html5lib.HTMLParser(strict=True).parse(whole)
    assert " style=" not in part.text
    found, text = told(client, case, packs), said(part.text)
    assert " ".join(found["headline"].split()) in text
    assert part.text.count('<section class="framework"') == len(packs)
    cards = part.text.split('<section class="framework"')[1:]
    for column, card in zip(found["columns"], cards, strict=True):
        shown = said(card).lower()
        used, status = column["framework"], column["status"]
        assert used["title"].lower() in shown
        assert f"{used['name']}, version {used['version']} of {used['date']}" in shown
        assert status["says"].lower() in shown
        assert status["urgency"] in shown
        assert " ".join(column["row"]["because"].lower().split()) in shown
        assert (f"row {column['row']['id']}" in shown) is (column["row"]["id"] is not None)
        for cut in column["cutoffs"]:
            figure = readable(cut["figure"]).lower() + (" decided" if cut["decided"] else "")
            assert f"{cut['name'].replace('_', ' ')}: {figure}" in shown
        for one in column["withdrawn"]:
            assert one["because"].lower() in shown and one["says"].lower() in shown
        assert used["in_force_from"] in shown
    assert ("What makes the difference" in part.text) is bool(found["differences"])
    for one in found["differences"]:
        for cut in one["cutoffs"]:
            assert f"{cut['name']}: {cut['first']} against {cut['second']}" in text
    for note in found["urgent"]:
        assert note["summary"] in text


def test_the_difference_is_explained(client: TestClient) -> None:
    kinds = set()
    for case, packs in EXPLAINED:
        text = said(client.post("/page/compare", data=fields(case, packs), headers=HX).text)
        found = told(client, case, packs)["differences"]
        assert found, "the case is there to show one"
        for one in found:
            kinds.add(one["kind"])
            if one["kind"] == "table":
                assert "No cut-off that both have makes the difference; the tables do:" in text
                for name, row in (("first", "first_row"), ("second", "second_row")):
                    decided = one[row]
                    where = f", row {decided['id']}" if decided["id"] else ""
                    assert f"{one[name]}{where}: {decided['because']}" in text
            elif one["kind"] == "threshold":
                cut = one["cutoffs"][0]
                giver = one["second"] if cut["turns"] == one["first"] else one["first"]
                assert f"With {giver}'s figure, {cut['turns']} says what {giver} says." in text
    assert {"table", "threshold"} <= kinds


def test_urgent_notes_say_under_which_frameworks_they_stand(client: TestClient) -> None:
    text = said(client.post("/page/compare", data=fields("demo", BOTH), headers=HX).text)
    for note in told(client, "demo", BOTH)["urgent"]:
        alone = len(note["given_by"]) < len(BOTH)
        ending = f"(only with {note['given_by'][0]})" if alone else "(with all)"
        assert f"{note['summary']} {ending}" in text


def test_out_of_scope_says_so(client: TestClient) -> None:
    part = client.post("/page/compare", data=fields("child-of-12", BOTH), headers=HX)
    assert part.status_code == 200
    assert told(client, "child-of-12", BOTH)["headline"] in said(part.text)
    assert '<section class="framework"' not in part.text


def test_without_script_the_whole_page_comes_with_it(client: TestClient) -> None:
    found = client.post("/page/compare", data=fields(packs=["aafp-2025", "nih-ods"]))
    assert found.status_code == 200
    assert '<form id="case"' in found.text and found.text.count('<section class="framework"') == 2
    assert sorted(ticked(found.text)) == ["aafp-2025", "nih-ods"]
    assert 'id="compare"' in found.text
    assert 'formaction="/page/compare#compare"' in found.text
    assert "script-src 'self'" in found.headers["content-security-policy"]
    assert found.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "packs",
    [
        [],
        ["ng239"],
        ["ng239", "ng239"],
        ["ng239", "ng239@1.1.0"],
        ["ng239", "safety"],
        ["ng239", "/etc/passwd"],
        ["ng239", "<b>"],
        [
            "ng239",
            "aafp-2025",
            "mayo-acasm",
            "labcorp-141503",
            "bsh-2014",
            "nih-ods",
            "ng239@1.0.0",
        ],
    ],
)
def test_what_cannot_be_compared_is_said_in_the_section(
    client: TestClient, packs: list[str]
) -> None:
    for headers in ({}, HX):
        found = client.post("/page/compare", data=fields(packs=packs), headers=headers)
        assert found.status_code == 422
        section = found.text.split('id="compare"')[1]
        assert 'role="alert"' in section
        assert "etc" not in said(section).replace("etc.", "")
        assert "<b>" not in found.text
        assert '<section class="framework"' not in found.text


def test_what_cannot_be_read(client: TestClient) -> None:
    sent = fields(packs=BOTH)
    assert (
        client.post("/page/compare", data={**sent, "document": "{"}, headers=HX).status_code == 400
    )
    assert client.post("/page/compare", data={"packs": BOTH}).status_code == 400
    assert client.get("/page/compare").status_code == 405


def test_a_site_file_does_not_change_a_guideline() -> None:
    site = places.ROOT / "fixtures" / "site" / "example.yaml"
    own = TestClient(create_app(Settings(site_file=site)), base_url="http://127.0.0.1:8000")
    plain = TestClient(create_app(Settings()), base_url="http://127.0.0.1:8000")
    parts = [
        client.post("/page/compare", data=fields(packs=BOTH), headers=HX) for client in (own, plain)
    ]
    cards = [
        re.findall(r'<section class="framework".*?</section>', part.text, re.DOTALL)
        for part in parts
    ]
    assert cards[0] and cards[0] == cards[1]
    says = "is left out here: every guideline stands as it is published"
    assert says in parts[0].text and says not in parts[1].text
