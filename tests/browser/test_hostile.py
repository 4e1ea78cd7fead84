"""Hostile text, in every free field and in a document, is shown as text; nothing of it runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from browser import walk
from browser.conftest import Open
from support.browser import Watch, expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

HOSTILE = {
    "script": '"><script>alert(1)</script><img src=x onerror=alert(2)>',
    "template": "{{7*7}}${7*7}{% raw %}<%= 7*7 %>",
    "textarea": "</textarea></form><svg onload=alert(3)>",
    "address": "javascript:alert(4)//'\"><a href='//elsewhere.invalid'>",
    "long": "x" * 10_000,
    "right to left": "\u202e\u2066B12 521\u2069 \u202c\u200f",
}
MARKS = ("\u202e", "\u2066", "\u200f")
BROUGHT = """() => document.querySelectorAll(
  "script:not([src]), img[src='x'], [onload], [onerror], " +
  "a[href*='elsewhere'], a[href^='javascript']"
).length"""


def bundle(text: str) -> str:
    """The usual Bundle with the text wherever a laboratory could write one."""
    whole: dict[str, Any] = json.loads(walk.document())
    for entry in whole["entry"]:
        one = entry["resource"]
        match one["resourceType"]:
            case "Observation":
                one["code"]["text"] = text
                one["note"] = [{"text": text}]
                one["method"] = {"text": text}
                if "valueQuantity" in one:
                    one["referenceRange"] = [{"text": text}]
            case "Patient":
                one["name"] = [{"text": text}]
    first = next(
        entry["resource"]
        for entry in whole["entry"]
        if entry["resource"]["resourceType"] == "Observation"
    )
    whole["entry"] += [
        {
            "fullUrl": "urn:uuid:00000000-0000-4000-8000-00000000abcd",
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "code": {
                    "coding": [{"system": "http://loinc.org", "code": "718-7", "display": text}]
                },
                "effectiveDateTime": "2026-05-18",
                "valueQuantity": {"value": 108, "unit": text},
                "subject": first.get("subject", {}),
            },
        }
    ]
    return json.dumps(whole)


def unharmed(page: Page) -> None:
    """Nothing came into the page but text; the watch sees dialogs, errors and other hosts."""
    assert page.evaluate(BROUGHT) == 0
    text = page.locator("body").inner_text()
    assert not any(mark in text for mark in MARKS), "a mark that turns text round stays itself"
    assert "alert(1)" not in page.title()


@pytest.mark.parametrize("kind", HOSTILE)
def test_in_every_free_field(open_page: Open, watch: Watch, kind: str) -> None:
    watch.refused = {422, 400, 413}
    text = HOSTILE[kind]
    page = open_page()
    page.goto("/")
    fields = page.evaluate(
        """(text) => {
          for (const one of document.querySelectorAll("details")) one.open = true;
          const free = "#entry input:not([type]), #entry input[type=text], #entry textarea";
          const all = [...document.querySelectorAll(free)];
          for (const one of all) if (one.name !== "document") one.value = text;
          return all.length;
        }""",
        text,
    )
    assert fields > 30
    walk.interpret(page)
    walk.settle(page)
    expect(page.get_by_role("alert").first).to_be_visible()
    unharmed(page)
    expect(page.get_by_role("alert").first).not_to_contain_text("49")


@pytest.mark.parametrize("kind", HOSTILE)
def test_in_a_document(open_page: Open, watch: Watch, kind: str) -> None:
    page = open_page()
    page.goto("/")
    walk.answered(page, bundle(HOSTILE[kind]))
    walk.open_everything(page)
    unharmed(page)
    walk.answer(page).get_by_role("button", name="Compare", exact=True).click()
    walk.settle(page)
    unharmed(page)


@pytest.mark.parametrize("kind", ["script", "textarea", "right to left"])
def test_in_a_document_without_script(plain: Page, kind: str) -> None:
    walk.answered(plain, bundle(HOSTILE[kind]))
    expect(walk.pasted(plain)).to_have_value(bundle(HOSTILE[kind]))
    assert plain.locator("script:not([src]), img[src='x'], [onload], [onerror]").count() == 0


@pytest.mark.parametrize("kind", ["script", "template"])
def test_as_the_whole_document(page: Page, watch: Watch, kind: str) -> None:
    watch.refused = {422, 400}
    walk.paste(page, HOSTILE[kind])
    walk.interpret(page)
    expect(page.get_by_role("alert").first).to_be_visible()
    unharmed(page)


def test_in_the_search_of_the_rules(open_page: Open, watch: Watch) -> None:
    page = open_page()
    page.goto("/rules")
    for text in HOSTILE.values():
        page.get_by_role("searchbox").first.fill(text[:300])
        page.keyboard.press("Enter")
        walk.settle(page)
        assert page.evaluate(BROUGHT) == 0
    assert "49" not in page.locator("#found").inner_text()[:200]


def test_nobody_else_can_frame_or_post_to_it(open_page: Open, served: Any) -> None:
    _, headers, _ = served.ask("/", headers={"Accept": "text/html"})
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "form-action 'self'" in policy
    assert "unsafe" not in policy and "*" not in policy
