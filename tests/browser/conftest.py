"""One service and one Chromium for all tests of the page; a context, watched, for each.

All of them run in one process (``xdist_group``), one after the other. The browser is shared by this
package only, not by the whole session: while it runs, its driver's loop runs in this thread, and
other tests want to run one of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from support import browser as support
from support.service import Service, service

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

_REPORTS = pytest.StashKey[dict[str, pytest.TestReport]]()


@dataclass(frozen=True, slots=True)
class Screen:
    """On what a page is looked at."""

    scheme: str = "light"
    width: int = 1280

    @property
    def height(self) -> int:
        """As high as such screens are."""
        return 844 if self.width < 600 else 900

    def __str__(self) -> str:
        return f"{self.scheme}-{self.width}"


SCREENS = tuple(Screen(scheme, width) for scheme in ("light", "dark") for width in (390, 1280))
"""Both colour schemes in both widths; every state of the page is looked at on all four."""

WALKED = (Screen("light", 1280), Screen("dark", 390))
"""Each scheme and each width once: every path is walked on both."""

Open = Callable[..., "Page"]
"""``open(screen=…, script=…, **options of a context)``: a page of a watched context of its own."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    report = yield
    item.stash.setdefault(_REPORTS, {})[report.when] = report
    return report


@pytest.fixture(scope="package")
def served() -> Iterator[Service]:
    """A service on loopback, with its settings as they come."""
    with service(log_level="info") as found:
        yield found


MAKER = re.compile(r"^\S+ (?:https?://)?[\w.-]*\b(?:google|googleapis|gvt1|gstatic)\.com[:/]")


@pytest.fixture(scope="package")
def tripwire() -> Iterator[support.Tripwire]:
    """What everything the browser asks of others runs into; nothing may."""
    with support.tripwire() as found:
        yield found
        # After minutes a browser may call on its maker whatever it is told; what pages ask is
        # watched in each of them.
        others = [one for one in found.asked if not MAKER.search(one)]
        assert not others, "the browser asked other hosts"


@pytest.fixture(scope="package")
def chromium(tripwire: support.Tripwire) -> Iterator[Browser]:
    """The one browser."""
    missing = support.lacking()
    if missing:
        pytest.fail(f"The tests of the page must run here: {missing} (make browser).")
    with support.chromium(tripwire) as found:
        yield found


@pytest.fixture
def watch(served: Service) -> support.Watch:
    """What the pages of the test do; ``refused`` and ``unreachable`` say what it means to see."""
    return support.Watch(f"{served.host}:{served.port}")


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest, chromium: Browser, served: Service, watch: support.Watch
) -> Iterator[Open]:
    """Opens pages; afterwards nothing may have gone wrong in any of them."""
    contexts: list[BrowserContext] = []

    def opened(screen: Screen = Screen(), script: bool = True, **options: Any) -> Page:
        context = chromium.new_context(
            **{
                "base_url": served.url,
                "color_scheme": screen.scheme,
                "viewport": {"width": screen.width, "height": screen.height},
                "java_script_enabled": script,
                "reduced_motion": "reduce",
                "locale": "en-GB",
                "timezone_id": "Europe/London",
            }
            | options
        )
        context.set_default_timeout(support.ANSWER_MS)
        watch.over(context)
        contexts.append(context)
        return context.new_page()

    yield opened
    reports = request.node.stash.get(_REPORTS, {})
    failed = watch.wrong or any(report.failed for report in reports.values())
    for number, page in enumerate(page for context in contexts for page in context.pages):
        if failed:
            support.keep(page, f"{request.node.name}-{number}", watch)
    for context in contexts:
        context.close()
    if watch.wrong:
        pytest.fail("\n".join(watch.wrong), pytrace=False)


@pytest.fixture(params=WALKED, ids=str)
def screen(request: pytest.FixtureRequest) -> Screen:
    """Both colour schemes and both widths."""
    found: Screen = request.param
    return found


@pytest.fixture
def page(open_page: Open, screen: Screen) -> Page:
    """The page as it is first shown, on both screens."""
    found = open_page(screen)
    found.goto("/")
    return found


@pytest.fixture
def plain(open_page: Open) -> Page:
    """The page as it is first shown where script is off."""
    found = open_page(script=False)
    found.goto("/")
    return found
