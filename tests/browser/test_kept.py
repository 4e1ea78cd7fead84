"""What a browser keeps after somebody used the page: units and colours, and nothing else."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from browser import walk
from browser.conftest import Open, Screen
from support.browser import Watch, expect
from support.service import Service

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

KEPT = """async () => ({
  local: Object.fromEntries(Object.entries(localStorage)),
  session: Object.entries(sessionStorage),
  cookies: document.cookie,
  databases: (await indexedDB.databases()).map((one) => one.name),
  caches: await caches.keys(),
  workers: (await navigator.serviceWorker.getRegistrations()).length,
  state: history.state,
  name: window.name,
  address: location.href,
})"""
PRIVATE = ("133", "108", "71", "2026-05-18")


def test_a_whole_session_leaves_units_and_colours(
    page: Page, watch: Watch, served: Service
) -> None:
    walk.usual(page)
    walk.open_everything(page)
    walk.answer(page).get_by_role("button", name="Compare", exact=True).click()
    walk.settle(page)
    page.get_by_label("Colours").select_option("dark")
    kept: dict[str, Any] = page.evaluate(KEPT)
    assert set(kept["local"]) == {"corrin.units", "corrin.theme"}
    assert kept["local"]["corrin.theme"] == "dark"
    units = json.loads(kept["local"]["corrin.units"])
    assert units == {"total_b12": "pmol/L", "haemoglobin": "g/L", "mcv": "fL"}
    assert not kept["session"] and not kept["cookies"] and not kept["databases"]
    assert not kept["caches"] and not kept["workers"] and not kept["name"]
    assert kept["state"] is None, "no answer is kept to go back to"
    assert kept["address"].split("#")[0] == f"{served.url}/"
    assert page.context.cookies() == []
    asked = [one for one in watch.asked if "/page/static/" not in one]
    assert asked
    assert not [one for one in asked if "?" in one or any(part in one for part in PRIVATE)]


def test_no_log_holds_what_was_entered(page: Page, served: Service) -> None:
    text = walk.document().replace("133", "131.70913")
    walk.answered(page, text)
    walk.open_everything(page)
    assert "131.70913" not in served.said()


def test_reload_and_back_show_no_answer(page: Page) -> None:
    walk.usual(page)
    page.reload()
    expect(walk.headline(page)).to_have_count(0)
    expect(walk.value(page, "B12")).to_have_value("")
    walk.usual(page)
    page.goto("/rules")
    page.go_back()
    expect(walk.headline(page)).to_have_count(0)
    expect(walk.value(page, "B12")).to_have_value("")


def test_an_answer_is_kept_by_no_cache(served: Service) -> None:
    status, headers, _ = served.ask("/", headers={"Accept": "text/html"})
    assert (status, headers["cache-control"]) == (200, "no-store")
    form = b"document=%7B%22results%22%3A%5B%5D%7D"
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
    for path in ("/", "/page/why", "/page/compare", "/page/suppose", "/page/turns", "/page/check"):
        _, headers, _ = served.ask(path, form, kind)
        assert headers["cache-control"] == "no-store", path
        assert "set-cookie" not in headers


def test_two_tabs_do_not_mix(page: Page) -> None:
    walk.answered(page, walk.document("b12-258-1-pmol"))
    other = page.context.new_page()
    other.goto("/")
    expect(walk.headline(other)).to_have_count(0)
    walk.answered(other, walk.document("b12-375-one-guideline-only"))
    walk.says(other, "375 pg/mL")
    walk.says_not(other, "258.1")
    walk.answer(page).get_by_role("button", name="Compare", exact=True).click()
    walk.settle(page)
    walk.says(page, "258.1 pmol/L")
    walk.says_not(page, "375 pg/mL")


def test_two_answers_in_a_row_do_not_mix(page: Page) -> None:
    walk.answered(page, walk.document("b12-258-1-pmol"))
    walk.says(page, "258.1 pmol/L")
    walk.paste(page, walk.document("b12-375-one-guideline-only"))
    walk.interpret(page)
    walk.says(page, "375 pg/mL")
    walk.says_not(page, "258.1")
    expect(walk.headline(page)).to_have_count(1)


def test_colours_stay_as_chosen(open_page: Open) -> None:
    page = open_page(Screen("light", 1280))
    page.goto("/")
    paper = "() => getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_label("Colours").select_option("dark")
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == dark
    page.goto("/rules")
    assert page.evaluate(paper) == dark
    page.get_by_label("Colours").select_option("")
    assert page.evaluate(paper) == light
    assert page.evaluate("() => localStorage.getItem('corrin.theme')") is None


def test_nonsense_in_storage_does_no_harm(open_page: Open) -> None:
    page = open_page()
    page.goto("/")
    page.evaluate(
        """() => { localStorage.setItem("corrin.units", '{"total_b12": "<b>", "mcv": 7');
             localStorage.setItem("corrin.theme", '"><script>'); }"""
    )
    page.reload()
    expect(walk.unit(page, "B12")).to_have_value("")
    walk.usual(page)
    kept = page.evaluate("() => localStorage.getItem('corrin.units')")
    assert re.fullmatch(r"\{.*\}", kept)
