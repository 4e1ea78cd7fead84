"""An answer questioned: its conditions, a value moved, the points where it turns, frameworks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browser import walk
from support.browser import Watch, expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

INDETERMINATE = "indeterminate-normal-mma"


def moved(page: Page, name: str) -> Locator:
    """The panel in which a value is moved, opened."""
    panel = walk.unfold(page, name)
    walk.settle(page)
    return panel


def test_a_note_shows_every_condition_with_its_truth(page: Page) -> None:
    walk.answered(page, walk.document())
    opened = walk.every_condition(page)
    opened.locator("summary").first.click()
    walk.settle(page)
    expect(opened).to_contain_text("true")
    expect(opened).to_contain_text("false")
    expect(opened).to_contain_text("unknown")
    expect(opened).to_contain_text("Holds when")
    assert "/rules/" in (opened.get_by_role("link").first.get_attribute("href") or "")


def test_a_status_shows_the_table_that_decided(page: Page) -> None:
    walk.answered(page, walk.document())
    walk.open_everything(page)
    walk.says(page, "read from the top")
    expect(walk.answer(page).get_by_text("decided", exact=True).first).to_be_visible()


def test_what_could_not_be_answered_can_be_asked(page: Page) -> None:
    walk.answered(page, walk.document())
    rules = walk.unfold(page, "Rules that could not answer")
    walk.settle(page)
    expect(rules).to_contain_text("For want of")


def test_the_status_follows_the_slider(page: Page) -> None:
    walk.answered(page, walk.document())
    panel = moved(page, "Total vitamin B12")
    slider = panel.get_by_role("slider")
    expect(slider).to_be_visible()
    before = walk.headline(page).first.inner_text()
    slider.focus()
    slider.press("End")
    walk.settle(page)
    expect(panel).to_contain_text("Suppos")
    high = panel.inner_text()
    slider.press("Home")
    walk.settle(page)
    assert panel.inner_text() != high
    assert walk.headline(page).first.inner_text() == before, "the answer itself does not move"
    panel.get_by_role("button", name="Back to the reported value").click()
    walk.settle(page)


def test_the_slider_says_what_it_stands_at(page: Page) -> None:
    walk.answered(page, walk.document())
    panel = moved(page, "Total vitamin B12")
    slider = panel.get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    walk.settle(page)
    said = slider.get_attribute("aria-valuetext") or ""
    assert "pmol/L" in said
    places = []
    for text in ("1234", "1,234", "1.234"):  # a figure typed with a comma as the service reads it
        panel.get_by_role("textbox").fill(text)
        places.append(slider.input_value())
    assert places[0] == places[1] != places[2]


def test_a_supposed_value_is_typed(page: Page, watch: Watch) -> None:
    watch.refused = {422}
    walk.answered(page, walk.document())
    panel = moved(page, "Total vitamin B12")
    field = panel.get_by_label("supposed value").and_(page.locator("input[type=text]"))
    field.fill("400")
    field.press("Tab")
    walk.settle(page)
    expect(panel).to_contain_text("400")
    field.fill("many")
    field.press("Tab")
    walk.settle(page)
    expect(panel).to_contain_text("Not supposed")


def test_the_points_where_it_turns_are_jumped_to(page: Page) -> None:
    walk.answered(page, walk.document())
    panel = moved(page, "Total vitamin B12")
    jumps = panel.get_by_role("group", name="Jump to a turn").get_by_role("button")
    expect(jumps.first).to_be_visible()
    field = panel.get_by_label("supposed value").and_(page.locator("input[type=text]"))
    seen = set()
    for number in range(min(3, jumps.count())):
        jumps.nth(number).click()
        walk.settle(page)
        seen.add(field.input_value())
    assert len(seen) > 1


def test_frameworks_are_compared(page: Page) -> None:
    walk.answered(page, walk.document("b12-300-pmol-under-mass-code"))
    expect(walk.answer(page).get_by_role("group", name="Compare two to six")).to_be_visible()
    walk.answer(page).get_by_role("button", name="Compare", exact=True).click()
    walk.settle(page)
    section = walk.answer(page).get_by_role("region", name="What other guidelines say")
    expect(section.get_by_role("heading", level=5).nth(1)).to_be_visible()
    expect(section).to_contain_text("Cut-offs for this person")


def test_one_framework_alone_is_not_compared(page: Page, watch: Watch) -> None:
    watch.refused = {422}
    walk.answered(page, walk.document())
    choices = (
        walk.answer(page)
        .get_by_role("group", name="Compare two to six")
        .get_by_role("checkbox", checked=True)
    )
    while choices.count() > 1:
        choices.last.uncheck()
    walk.answer(page).get_by_role("button", name="Compare", exact=True).click()
    walk.settle(page)
    expect(walk.answer(page).get_by_role("alert")).to_be_visible()
    expect(walk.headline(page).first).to_be_visible()
