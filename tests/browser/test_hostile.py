"""Hostile text, in every free field and in a document, is shown as text; nothing of it runs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
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


def turned(by: int) -> Iterator[str]:
    """The hostile texts one after the other, without end, beginning with another one."""
    texts = list(HOSTILE.values())
    return itertools.cycle(texts[by:] + texts[:by])


def bundle(by: int) -> str:
    """The usual Bundle with a hostile text, another each, wherever a laboratory could write one."""
    whole: dict[str, Any] = json.loads(walk.document())
    texts = turned(by)
    for entry in whole["entry"]:
        one = entry["resource"]
        match one["resourceType"]:
            case "Observation":
                one["code"]["text"] = next(texts)
                one["note"] = [{"text": next(texts)}]
                one["method"] = {"text": next(texts)}
                one["referenceRange"] = [{"text": next(texts)}]
                subject = one.get("subject", {})
            case "Patient":
                one["name"] = [{"text": next(texts)}]
    whole["entry"] += [
        {
            "fullUrl": f"urn:uuid:00000000-0000-4000-8000-00000000000{number}",
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "code": {
                    "coding": [{"system": "http://loinc.org", "code": code, "display": next(texts)}]
                },
                "effectiveDateTime": "2026-05-18",
                "valueQuantity": {"value": 108, "unit": next(texts)},
                "subject": subject,
            },
        }
        for number, code in enumerate(("718-7", "787-2", "2276-4"))
    ]
    return json.dumps(whole)


def unharmed(page: Page) -> None:
    """Nothing came into the page but text; the watch sees dialogs, errors and other hosts."""
    assert page.evaluate(BROUGHT) == 0
    text = page.locator("body").inner_text()
    assert not any(mark in text for mark in MARKS), "a mark that turns text round stays itself"
    assert "alert(1)" not in page.title()


@pytest.mark.parametrize("by", range(0, len(HOSTILE), 2))
def test_in_every_free_field(open_page: Open, watch: Watch, by: int) -> None:
    watch.refused = {422, 400, 413}
    page = open_page()
    page.goto("/")
    fields = page.evaluate(
        """(texts) => {
          for (const one of document.querySelectorAll("details")) one.open = true;
          const free = "#entry input:not([type]), #entry input[type=text]";
          const all = [...document.querySelectorAll(free)];
          all.forEach((one, at) => { one.value = texts[at % texts.length]; });
          return all.length;
        }""",
        list(itertools.islice(turned(by), len(HOSTILE))),
    )
    assert fields > 30
    walk.interpret(page)
    walk.settle(page)
    expect(page.get_by_role("alert").first).to_be_visible()
    unharmed(page)
    expect(page.get_by_role("alert").first).not_to_contain_text("49")


@pytest.mark.parametrize("by", range(0, len(HOSTILE), 2))
def test_in_a_document(open_page: Open, by: int) -> None:
    page = open_page()
    page.goto("/")
    walk.answered(page, bundle(by))
    walk.open_everything(page)
    unharmed(page)
    walk.answer(page).get_by_role("button", name="Compare", exact=True).click()
    walk.settle(page)
    unharmed(page)


@pytest.mark.parametrize("by", range(0, len(HOSTILE), 2))
def test_in_a_document_without_script(plain: Page, by: int) -> None:
    walk.answered(plain, bundle(by))
    walk.unfold(plain, "What was entered")
    expect(walk.pasted(plain)).to_have_value(bundle(by))
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
