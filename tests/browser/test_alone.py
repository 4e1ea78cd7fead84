"""The browser asks this service and nobody else, and the watch over it sees what it must."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from support import browser as support

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_nothing_but_the_service_is_asked(page: Page, tripwire: support.Tripwire) -> None:
    page.wait_for_load_state("networkidle")
    assert not tripwire.asked


def test_whatever_asks_elsewhere_is_seen(
    open_page: object, watch: support.Watch, tripwire: support.Tripwire
) -> None:
    """The watch is no ornament: a request to another host is wrong, and it ends in the wire."""
    from playwright.sync_api import Error

    page = open_page()  # type: ignore[operator]
    page.goto("/")
    with contextlib.suppress(Error):  # one with windows shows a page of its own instead
        answer = page.goto("http://elsewhere.invalid/")
        assert answer is not None and answer.status == 502
    assert tripwire.asked == ["GET http://elsewhere.invalid/ HTTP/1.1"]
    assert any("another host" in line for line in watch.wrong)
    tripwire.asked.clear()
    watch.wrong.clear()


def test_script_of_another_kind_is_stopped_and_seen(page: Page, watch: support.Watch) -> None:
    page.evaluate(
        "() => { const one = document.createElement('script'); one.textContent = 'window.ran = 1';"
        " document.body.append(one); }"
    )
    page.evaluate(
        "() => { const one = document.createElement('p'); one.setAttribute('style',"
        " 'color: red'); document.body.append(one); }"
    )
    assert page.evaluate("() => window.ran") is None
    page.wait_for_timeout(50)
    assert any("script-src" in line for line in watch.wrong)
    assert any("style-src" in line for line in watch.wrong)
    watch.wrong.clear()
