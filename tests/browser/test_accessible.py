"""Every page and state: axe finds nothing, nothing is cut off; with pictures where asked for.

axe looks at each scheme and each width once; all four screens are asked whether a page is too wide.

``make screenshots`` sets ``CORRIN_SCREENSHOTS`` and leaves the pictures in ``build/screenshots``.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import pytest

from browser import walk
from browser.conftest import SCREENS, WALKED, Open, Screen
from browser.states import STATES
from support.browser import PICTURES, Watch, expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AXE = {
    "resultTypes": ["violations"],
    "preload": False,
    "rules": {"target-size": {"enabled": True}},
}
# A sheet of paper is neither touched nor moved about in, and its heading is the answer's own.
ON_PAPER = AXE | {
    "rules": {name: {"enabled": False} for name in ("target-size", "page-has-heading-one")}
}
SIDEWAYS = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const wide = [...document.querySelectorAll("main *, header *, footer *")].filter((one) =>
    one.getBoundingClientRect().right > root.clientWidth + 1 && one.checkVisibility() &&
    !one.closest(".scroll"));
  return [`${root.scrollWidth} > ${root.clientWidth}`, ...wide.slice(0, 8).map((one) =>
    `${one.tagName.toLowerCase()}#${one.id}.${one.getAttribute("class")}`)];
}"""
FITS = """() => {
  const root = document.documentElement;
  return root.scrollWidth <= root.clientWidth;
}"""
SMALL = """() => [...document.querySelectorAll("button, select, input, summary, textarea")]
  .filter((one) => one.checkVisibility({ checkOpacity: true }))
  .filter((one) => !one.closest("[aria-hidden=true], .sr"))
  .filter((one) => !one.matches("input[type=radio], input[type=checkbox]"))
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([one, box]) => box.width > 1 && (box.height < 24 || box.width < 24))
  .map(([one, box]) => `${one.outerHTML.slice(0, 120)} ${box.width}×${box.height}`)"""
MOVING = """() => [...document.querySelectorAll("*")].filter((one) => {
  const style = getComputedStyle(one);
  const some = (list) => list.split(",").some((time) => parseFloat(time) > 0.001);
  const animated = style.animationName !== "none" && some(style.animationDuration);
  return animated || some(style.transitionDuration);
}).map((one) => one.outerHTML.slice(0, 100))"""
ZOOMED = {"width": 320, "height": 256}
"""A screen of 1280 by 1024 at 400 %."""


def violations(page: Page, options: dict[str, Any] = AXE) -> str:
    """What axe finds, in words; empty when it finds nothing."""
    from axe_playwright_python.base import AXE_SCRIPT, AxeResults

    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: dict[str, Any] = page.evaluate("(options) => axe.run(document, options)", options)
    return AxeResults(found).generate_report() if found["violations"] else ""


def show(page: Page, screen: Screen) -> None:
    """Look at the page on another screen."""
    page.emulate_media(color_scheme=screen.scheme)
    page.set_viewport_size({"width": screen.width, "height": screen.height})


def sideways(page: Page) -> list[str]:
    """What is wider than the page; a chart may take a moment to follow its width."""
    from playwright.sync_api import Error

    with contextlib.suppress(Error):
        page.wait_for_function(FITS, timeout=2_000)
    found: list[str] = page.evaluate(SIDEWAYS)
    return found


@pytest.mark.parametrize("name", STATES)
def test_state(open_page: Open, watch: Watch, name: str) -> None:
    watch.refused = {404, 422}
    page = open_page()
    STATES[name](page)
    told = []
    for screen in SCREENS:
        show(page, screen)
        if os.environ.get("CORRIN_SCREENSHOTS"):
            PICTURES.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=PICTURES / f"{name}-{screen}.png", full_page=True)
        if screen in WALKED:  # colours hang on the scheme alone, the layout on the width alone
            told += [f"{screen}: {one}" for one in (violations(page),) if one]
        told += [f"{screen}, sideways: {one}" for one in sideways(page)]
    page.set_viewport_size(ZOOMED)
    told += [f"400 %, sideways: {one}" for one in sideways(page)]
    told += [f"too small a target: {one}" for one in page.evaluate(SMALL)]
    told += [f"moves all the same: {one}" for one in page.evaluate(MOVING)]
    assert not told, "\n".join(told)


@pytest.mark.parametrize("name", ["form", "answer", "answer-over-time", "rules-rule"])
def test_state_on_paper(open_page: Open, name: str) -> None:
    page = open_page(Screen("dark", 1280))
    STATES[name](page)
    page.emulate_media(media="print", color_scheme="dark")
    assert not violations(page, ON_PAPER)
    paper = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert paper in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    if os.environ.get("CORRIN_SCREENSHOTS"):
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.pdf(path=PICTURES / f"{name}.pdf", format="A4")
        page.screenshot(path=PICTURES / f"{name}-print.png", full_page=True)


def test_state_in_colours_chosen_against_the_device(open_page: Open) -> None:
    page = open_page(Screen("light", 1280))
    STATES["answer"](page)
    page.get_by_label("Colours").select_option("dark")
    assert not violations(page)


def test_supposed_without_script(open_page: Open) -> None:
    """The page that comes without script; axe, itself a script, looks at it where there is."""
    plain = open_page(Screen("dark", 390), script=False)
    plain.goto("/")
    walk.answered(plain, walk.document())
    walk.unfold(plain, "Total vitamin B12").get_by_role("button", name="Suppose it").click()
    expect(plain.get_by_role("heading", level=1)).to_be_visible()
    page = open_page(Screen("dark", 390))
    page.route(
        "**/as-it-came",
        lambda route: route.fulfill(body=plain.content(), content_type="text/html"),
    )
    page.goto("/as-it-came")
    assert not violations(page)
    assert not sideways(page)
