"""An answer as it is read: the sentence first, values on their scales, trends, what was refused."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from browser import walk
from support.browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def bundle(**of_first: Any) -> dict[str, Any]:
    """The usual Bundle, with one element of its first Observation set."""
    whole: dict[str, Any] = json.loads(walk.document())
    for entry in whole["entry"]:
        if entry["resource"]["resourceType"] == "Observation":
            entry["resource"] |= of_first
            break
    return whole


def test_one_sentence_and_its_urgency_come_first(page: Page) -> None:
    walk.answered(page, walk.document())
    first = walk.answer(page).get_by_role("heading").first
    assert first.inner_text() == walk.headline(page).first.inner_text()
    assert first.inner_text().split()[0].lower() in ("emergency", "urgent", "soon", "routine")
    walk.says(page, "As of")
    levels = (
        walk.answer(page)
        .locator("h2, h3, h4, h5")
        .evaluate_all(
            "all => all.filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]))"
        )
    )
    assert levels[0] == 2
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_a_value_is_drawn_among_its_cut_offs(page: Page) -> None:
    walk.answered(page, walk.document())
    drawn = walk.answer(page).get_by_role("img", name="Total vitamin B12").first
    expect(drawn).to_be_visible()
    box = drawn.bounding_box()
    assert box is not None and box["width"] > 150 and box["height"] > 40
    assert drawn.evaluate("(one) => one.querySelectorAll('line, rect, path').length") >= 3


def test_a_value_below_a_limit_is_drawn_as_a_stretch(page: Page) -> None:
    walk.answered(page, walk.document("b12-below-150"))
    drawn = walk.answer(page).get_by_role("img", name="<150").first
    expect(drawn).to_be_visible()
    walk.says(page, "<150")


def test_values_over_time_are_drawn_and_listed(page: Page) -> None:
    walk.answered(page, walk.over_time(), walk.MOMENT)
    canvas = walk.answer(page).locator("canvas").first
    expect(canvas).to_be_visible()
    drawn = canvas.evaluate(
        "(one) => one.getContext('2d').getImageData(0, 0, one.width, one.height).data"
        ".reduce((sum, byte) => sum + (byte ? 1 : 0), 0)"
    )
    assert drawn > 500, "the chart is empty"
    for date in ("2026-01-12", "2026-03-10", "2026-05-18"):
        expect(walk.answer(page).get_by_role("table").filter(has_text=date)).not_to_have_count(0)
    walk.says(page, "2026-02-02")


def test_what_was_refused_is_listed_with_why(page: Page) -> None:
    walk.answered(page, json.dumps(bundle(status="cancelled")))
    refused = walk.answer(page).get_by_role("region", name="What was not taken, and why")
    expect(refused).to_be_visible()
    expect(refused).to_contain_text("cancelled")
    expect(walk.headline(page)).not_to_contain_text("133")


def test_the_links_of_an_answer_lead_somewhere(page: Page) -> None:
    walk.answered(page, walk.document())
    lost = walk.answer(page).evaluate(
        """(root) => [...root.querySelectorAll("a[href^='#']")]
             .map((one) => one.getAttribute("href"))
             .filter((to) => !document.getElementById(decodeURIComponent(to.slice(1))))"""
    )
    assert lost == []


@pytest.mark.parametrize("case", ["b12-133-pmol", "ataxia-normal-mma"])
def test_no_two_things_have_one_name(page: Page, case: str) -> None:
    walk.answered(page, walk.document(case))
    walk.open_everything(page)
    twice = page.evaluate(
        """() => { const all = [...document.querySelectorAll("[id]")].map((one) => one.id);
             return [...new Set(all.filter((id, at) => all.indexOf(id) !== at))]; }"""
    )
    assert twice == []


def test_nothing_reads_like_an_order_or_a_diagnosis(page: Page) -> None:
    walk.answered(page, walk.document())
    walk.open_everything(page)
    for name in ("Order", "Prescribe", "Diagnose", "Refer"):
        expect(walk.answer(page).get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_text("never a diagnosis, never an order").first).to_be_visible()
