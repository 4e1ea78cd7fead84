"""A real Chromium for the tests of the page, and a watch over everything it does.

Nothing is fetched to run it: the browser is the system's own. Its driver is imported only when a
browser is started, so that tests that will not run can still be collected.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from support import places

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

LOCK = places.ROOT / "requirements-browser.lock"
PICTURES = places.ROOT / "build" / "screenshots"
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The same browser without windows of its own comes first: it takes half the time."""

DRIVEN_BY = ("playwright", "axe-playwright-python")

_NOWHERE = "http://127.0.0.1:9/"

QUIET = (
    "--allow-browser-signin=false",
    f"--autofill-server-url={_NOWHERE}",
    f"--component-updater=url-source={_NOWHERE}",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    f"--gaia-url={_NOWHERE}",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
)
"""Options with which a browser asks nobody anything on its own account. Where it asks all the same
(its updater, its signing in, its filling in of forms), it is told to ask where nobody is."""

ANSWER_MS = 10_000
"""How long a test waits for what must come; on a busy machine it comes late."""


def program() -> str | None:
    """The Chromium of this machine: the one ``CORRIN_CHROMIUM`` names, else by its usual names."""
    named = os.environ.get("CORRIN_CHROMIUM")
    if named:
        return shutil.which(named)
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def lacking() -> str | None:
    """What is not there for the tests of the page to run; None when everything is."""
    if program() is None:
        return "and Chromium is not there"
    locked = dict(re.findall(r"^([\w-]+)==(\S+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    for name in DRIVEN_BY:
        try:
            there = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return f"and the package {name} is not there"
        if there != locked[name]:
            return f"and the package {name} is not the one of its lock"
    return None


def expect(thing: Any) -> Any:
    """Playwright's own assertions, which wait for what they say."""
    from playwright.sync_api import expect as expected

    expected.set_options(timeout=ANSWER_MS)
    return expected(thing)


@dataclass(slots=True)
class Tripwire:
    """A proxy that lets nothing through and keeps what it was asked for.

    A browser told to use it goes past it to this machine alone, so that whatever else it asks, for
    a page or for itself, ends up here.

    Attributes:
        port: where it listens.
        asked: the first line of everything it was asked.
    """

    port: int
    asked: list[str] = field(default_factory=list)


@contextlib.contextmanager
def tripwire() -> Iterator[Tripwire]:
    """Listen until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = Tripwire(listening.getsockname()[1])

        def listen() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    with contextlib.suppress(OSError):
                        first = connection.recv(2048).split(b"\r\n")[0]
                        found.asked.append(first.decode("latin-1"))
                        connection.sendall(b"HTTP/1.1 502 Not here\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()
            thread.join(10)


@contextlib.contextmanager
def chromium(through: Tripwire) -> Iterator[Browser]:
    """Run one until the block ends; what it asks of other machines goes into the tripwire."""
    from playwright.sync_api import sync_playwright

    options = [*QUIET, f"--proxy-server=http://127.0.0.1:{through.port}"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=program(), headless=True, args=options, timeout=60_000
        )
        try:
            yield browser
        finally:
            browser.close()


# What htmx calls an error: a request given up for a later one, and, with any, the end of it.
_OVERTAKEN = ("htmx:sendAbort", "htmx:afterRequest")
_UNREACHED = ("htmx:sendError", "Failed to load resource: net::ERR_")


@dataclass
class Watch:
    """What happened in the pages of one context.

    Attributes:
        home: host and port of the service, the only one that may be asked.
        refused: statuses a test means to get; a browser reports each as an error.
        unreachable: whether a test means the service not to be reached.
        wrong: everything that must not happen and did.
        said: everything the console said.
        asked: every address asked for.
    """

    home: str
    refused: set[int] = field(default_factory=set)
    unreachable: bool = False
    wrong: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Begin to watch a context."""
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation', (event) => console.error("
            "'securitypolicyviolation', event.violatedDirective, event.blockedURI, event.sample))"
        )
        context.on("console", self._console)
        context.on("weberror", lambda error: self.wrong.append(f"page error: {error.error}"))
        context.on("request", self._request)
        context.on("dialog", self._dialog)

    def _console(self, message: Any) -> None:
        line = f"{message.type}: {message.text}"
        self.said.append(line)
        if message.text.startswith(_OVERTAKEN):
            return
        if self.unreachable and message.text.startswith(_UNREACHED):
            return
        stated = re.search(r"(?:status of|Status Error Code) (\d{3})\b", message.text)
        if stated and int(stated[1]) in self.refused:
            return
        if message.type == "error" or "Content Security Policy" in message.text:
            self.wrong.append(line)

    def _request(self, request: Any) -> None:
        self.asked.append(request.url)
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc != self.home:
            self.wrong.append(f"asked another host: {request.url[:200]}")

    def _dialog(self, dialog: Any) -> None:
        self.wrong.append(f"a dialog opened: {dialog.type} {dialog.message}")
        dialog.dismiss()


def keep(page: Page, name: str, watch: Watch) -> None:
    """Leave a picture and the console of a test that failed in ``build/screenshots``."""
    folder = PICTURES / "failed"
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "_", name)[:150]
    (folder / f"{stem}.txt").write_text(
        "\n".join([page.url, *watch.wrong, "", *watch.said, "", *watch.asked]) + "\n",
        encoding="utf-8",
    )
    with contextlib.suppress(Exception):  # a page that is gone has no picture
        page.screenshot(path=folder / f"{stem}.png", full_page=True, timeout=10_000)
