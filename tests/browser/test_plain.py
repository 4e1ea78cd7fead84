"""With script off: the form interprets, and what is asked of an answer comes as whole pages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from browser import walk
from browser.conftest import Open
from support.browser import Watch, expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_the_form_interprets(plain: Page) -> None:
    walk.usual(plain)
    walk.says(plain, "133 pmol/L")
    walk.unfold(plain, "What was entered")
    expect(walk.value(plain, "B12")).to_have_value("133")
    expect(walk.unit(plain, "B12")).to_have_value("pmol/L")
    assert "133" not in plain.url


def test_a_document_is_interpreted(plain: Page) -> None:
    walk.answered(plain, walk.document())
    expect(walk.pasted(plain)).to_have_value(walk.document())
    drawn = walk.answer(plain).get_by_role("img", name="Total vitamin B12").first
    expect(drawn).to_be_visible()


def test_a_fault_stands_beside_its_field(plain: Page, watch: Watch) -> None:
    watch.refused = {422}
    walk.person(plain)
    walk.value(plain, "MCV").fill("104")
    walk.interpret(plain)
    expect(plain.get_by_role("alert").first).to_contain_text("Nothing was interpreted")
    expect(walk.unit(plain, "MCV")).to_have_attribute("aria-invalid", "true")
    expect(walk.value(plain, "MCV")).to_have_value("104")


def test_a_row_is_added_and_nothing_lost(plain: Page) -> None:
    walk.enter(plain, "B12", "133", "pmol/L")
    free = plain.get_by_role("group", name="Another test", exact=True)
    before = free.count()
    plain.get_by_role("button", name="Add a row").click()
    expect(free).to_have_count(before + 1)
    expect(walk.value(plain, "B12")).to_have_value("133")


def test_conditions_come_as_a_page(plain: Page) -> None:
    walk.answered(plain, walk.document())
    shut = walk.every_condition(plain)
    shut.locator("summary").click()
    shut.get_by_role("button", name="Show every condition").click()
    walk.says(plain, "Holds when")
    expect(walk.headline(plain).first).to_be_visible()


def test_frameworks_are_compared_on_a_page(plain: Page) -> None:
    walk.answered(plain, walk.document())
    walk.answer(plain).get_by_role("button", name="Compare", exact=True).click()
    section = walk.answer(plain).get_by_role("region", name="What other guidelines say")
    expect(section.get_by_role("heading", level=5).first).to_be_visible()
    assert section.get_by_role("heading", level=5).count() >= 2
    expect(walk.headline(plain).first).to_be_visible()


def test_a_value_is_supposed_on_a_page(plain: Page) -> None:
    walk.answered(plain, walk.document())
    panel = walk.unfold(plain, "Total vitamin B12")
    panel.get_by_label("supposed value").fill("400")
    panel.get_by_role("button", name="Suppose it").click()
    expect(plain.get_by_text("Suppose").first).to_be_visible()
    expect(plain.locator("main")).to_contain_text("400")
    assert plain.url.endswith(("/page/suppose", "/page/suppose#suppose")) or "400" not in plain.url


def test_it_is_taken_along(plain: Page) -> None:
    walk.answered(plain, walk.document())
    with plain.expect_download() as waited:
        walk.answer(plain).get_by_role("button", name="Download JSON").click()
    assert json.loads(waited.value.path().read_bytes())["headline"]


def test_what_needs_script_is_not_shown(plain: Page) -> None:
    walk.answered(plain, walk.document())
    for name in ("Print", "today"):
        expect(plain.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(plain.get_by_label("Colours")).not_to_be_visible()


def test_rules_are_found(open_page: Open) -> None:
    page = open_page(script=False)
    page.goto("/rules")
    page.get_by_role("searchbox").first.fill("metformin")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("etformin")
