"""The rules browser: packs, rules, cut-offs, evidence, coverage, alert rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browser import walk
from browser.conftest import Open, Screen
from support.browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LISTS = ("thresholds", "evidence", "coverage", "alert-rates", "analytes")


@pytest.fixture
def rules(open_page: Open, screen: Screen) -> Page:
    """The first page of the rules."""
    page = open_page(screen)
    page.goto("/rules")
    return page


def test_a_pack_leads_to_its_rules_and_their_evidence(rules: Page) -> None:
    main = rules.get_by_role("main")
    main.get_by_role("region", name="Packs", exact=True).get_by_role("link").first.click()
    expect(rules.get_by_role("heading", level=1)).to_be_visible()
    rules.goto("/rules/ng239/b12-confirmed-total")
    expect(rules.get_by_role("heading", level=1)).to_contain_text("deficient band")
    expect(main).to_contain_text("source-checked")
    main.get_by_role("link", name="B12-01").first.click()
    expect(rules).to_have_url("/rules/evidence/B12-01")
    expect(rules.get_by_role("heading", level=1)).to_contain_text("B12-01")


@pytest.mark.parametrize("name", LISTS)
def test_every_list_is_reached_and_filled(rules: Page, name: str) -> None:
    rules.locator(f"nav[aria-label=Rules] a[href$='/rules/{name}']").click()
    expect(rules.get_by_role("heading", level=1)).to_be_visible()
    expect(rules.locator("[aria-current=page]")).not_to_have_count(0)
    assert len(rules.get_by_role("main").inner_text()) > 1500


def test_search_finds_while_it_is_typed(rules: Page) -> None:
    field = rules.get_by_role("searchbox").first
    field.press_sequentially("metformin")
    walk.settle(rules)
    expect(rules.locator("#found")).to_contain_text("etformin")
    assert rules.locator("#found").get_by_role("link").count()


def test_cut_offs_say_unit_and_date(rules: Page) -> None:
    rules.goto("/rules/thresholds")
    main = rules.get_by_role("main")
    expect(main).to_contain_text("180 ng/L")
    expect(main).to_contain_text("2024-03-06")


def test_no_link_of_the_rules_is_dead(open_page: Open) -> None:
    page = open_page()
    seen = set()
    for path in ("/rules", *(f"/rules/{name}" for name in LISTS), "/rules/ng239"):
        page.goto(path)
        seen |= set(
            page.locator("main a[href^='/']").evaluate_all(
                "all => all.map((one) => one.getAttribute('href').split('#')[0])"
            )
        )
    assert len(seen) > 50
    for link in sorted(seen)[:: max(1, len(seen) // 25)]:
        assert page.request.get(link, headers={"Accept": "text/html"}).ok, link
