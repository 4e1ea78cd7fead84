"""An answer taken along: as text, FHIR, JSON, a line of curl, on paper."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from browser import walk
from browser.conftest import Open, Screen
from support.browser import expect
from support.service import Service

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

STATEMENT = re.compile("review by a clinician")
PAGES = re.compile(rb"/Type\s*/Page\b(?!s)")


@pytest.fixture
def answered(open_page: Open, screen: Screen) -> Page:
    """A usual answer, on a page that may use the clipboard."""
    page = open_page(screen, permissions=["clipboard-read", "clipboard-write"])
    page.goto("/")
    walk.answered(page, walk.document())
    return page


def copied(page: Page, button: str) -> str:
    """What a button puts on the clipboard."""
    walk.answer(page).get_by_role("button", name=button).click()
    expect(walk.answer(page).get_by_text("Copied:")).to_be_visible()
    text: str = page.evaluate("() => navigator.clipboard.readText()")
    return text


def downloaded(page: Page, button: str) -> tuple[str, bytes]:
    """The name and the bytes of what a button downloads."""
    with page.expect_download() as waited:
        walk.answer(page).get_by_role("button", name=button).click()
    path = waited.value.path()
    return waited.value.suggested_filename, path.read_bytes()


def test_as_text_for_the_record(answered: Page) -> None:
    text = copied(answered, "As text for the record")
    assert "133 pmol/L" in text
    assert "<" not in text.replace("<1", "").replace("<2", "")
    assert walk.headline(answered).first.inner_text().split(":")[-1].strip() in text


def test_as_json(answered: Page, served: Service) -> None:
    name, body = downloaded(answered, "Download JSON")
    assert name.endswith(".json")
    report: dict[str, Any] = json.loads(body)
    assert report["headline"] in walk.headline(answered).first.inner_text()
    path = f"/v1/interpret?as_of={report['as_of']}"
    status, _, direct = served.ask(
        path, walk.document().encode(), {"Content-Type": "application/fhir+json"}
    )
    assert status == 200
    assert json.loads(direct)["facts_digest"] == report["facts_digest"]


def test_as_fhir(answered: Page) -> None:
    from fhir.resources.R4B.bundle import Bundle

    name, body = downloaded(answered, "Download FHIR")
    assert name.endswith(".json")
    found = json.loads(body)
    assert found["resourceType"] == "Bundle"
    Bundle.model_validate(found)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not there")
def test_as_a_line_of_curl(answered: Page, served: Service) -> None:
    line = copied(answered, "As curl")
    assert line.startswith("curl ") and served.url in line
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=True, timeout=60)
    assert done.stdout.decode().strip() == copied(answered, "As text").strip()


def test_hostile_text_stays_text_in_a_line_of_curl(answered: Page) -> None:
    whole = json.loads(walk.document())
    hostile = "'; exit 9; $(exit 9) `exit 9` \\ \" \n it's & \u2019"
    whole["entry"][0]["resource"]["text"] = {"status": "empty", "div": hostile}
    walk.answered(answered, json.dumps(whole))
    line = copied(answered, "As curl")
    shown = subprocess.run(
        ["sh", "-c", f"curl() {{ cat; }}; {line}"], capture_output=True, timeout=60, check=True
    )
    assert json.loads(shown.stdout) == whole
    assert shown.stderr == b""


def test_by_hand_where_the_clipboard_is_kept_from_the_page(page: Page) -> None:
    walk.answered(page, walk.document())
    page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')); }"
    )
    walk.answer(page).get_by_role("button", name="As text for the record").click()
    by_hand = page.get_by_label("Copy this by hand")
    expect(by_hand).to_be_visible()
    expect(by_hand).to_be_focused()
    expect(by_hand).to_have_value(re.compile("133 pmol/L"))


@pytest.mark.parametrize("case", [walk.USUAL, "demo"])
def test_prints_to_one_page(page: Page, case: str) -> None:
    walk.answered(page, walk.document(case))
    assert len(PAGES.findall(page.pdf(format="A4"))) == 1
    page.emulate_media(media="print")
    expect(walk.headline(page).first).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_label("The document", exact=True)).not_to_be_visible()
    expect(page.get_by_text(STATEMENT).filter(visible=True)).not_to_have_count(0)


def test_a_link_is_given_for_examples_only(answered: Page) -> None:
    expect(walk.answer(answered).get_by_role("link", name="Link to this example")).to_have_count(0)
    answered.goto(f"/examples/{walk.USUAL}")
    link = walk.answer(answered).get_by_role("link", name="Link to this example")
    expect(link).to_have_attribute("href", f"/examples/{walk.USUAL}")
