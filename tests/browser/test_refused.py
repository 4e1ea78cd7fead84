"""Where the service does not answer as it should, the page says so and shows nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser import walk
from browser.conftest import Open
from support.browser import Watch, expect
from support.service import PROGRAM, Service, service

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# One submission is a fault of this service, and it is too busy while a file is there.
AILING = f"""
import pathlib
from corrin.api.guard import turn
from corrin.api.page import doors

kept, waited = doors.answer_to, turn.waited

async def answer_to(request, asked):
    if "break down" in asked.document:
        raise RuntimeError("as asked")
    return await kept(request, asked)

def busy(scope, since=0.0):
    there = pathlib.Path(BUSY).exists() and scope.get("method") == "POST"
    return 3600.0 if there else waited(scope, since)

doors.answer_to, turn.waited = answer_to, busy
{PROGRAM}
"""
MOST_BYTES = 20_000


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """While this file is there, the ailing service is too busy."""
    return tmp_path_factory.mktemp("busy") / "busy"


@pytest.fixture(scope="module")
def ailing(busy: Path) -> Iterator[Service]:
    """A service that takes small bodies only and sometimes fails."""
    with service(program=f"BUSY = {str(busy)!r}\n{AILING}", body_bytes=MOST_BYTES) as found:
        yield found


@pytest.fixture
def unwell(open_page: Open, watch: Watch, ailing: Service) -> Page:
    """The page of the ailing service."""
    watch.home = f"{ailing.host}:{ailing.port}"
    page = open_page(base_url=ailing.url)
    page.goto("/")
    return page


def said(page: Page, *words: str) -> None:
    """The page tells these words as an alert, and shows no answer beside it."""
    alert = page.get_by_role("alert").first
    expect(alert).to_be_visible()
    for one in words:
        expect(alert).to_contain_text(one)
    expect(page.get_by_role("heading", name="Take it along")).to_have_count(0)


def test_too_large(unwell: Page, watch: Watch) -> None:
    watch.refused = {413}
    walk.paste(unwell, json.dumps({"resourceType": "Bundle", "id": "x" * MOST_BYTES}))
    walk.interpret(unwell)
    said(unwell, "413")
    expect(walk.pasted(unwell)).to_have_value(
        json.dumps({"resourceType": "Bundle", "id": "x" * MOST_BYTES})
    )


def test_too_busy(unwell: Page, watch: Watch, busy: Path) -> None:
    watch.refused = {429, 503}
    walk.paste(unwell, walk.document("b12-133-pmol"))
    busy.touch()
    try:
        walk.interpret(unwell)
        said(unwell, "429")
    finally:
        busy.unlink()
    walk.interpret(unwell)
    expect(walk.headline(unwell)).to_be_visible()


def test_a_fault_of_the_service(unwell: Page, watch: Watch) -> None:
    watch.refused = {500}
    walk.paste(unwell, walk.handwritten(note="break down"))
    walk.interpret(unwell)
    said(unwell, "500")
    expect(unwell.locator("body")).not_to_contain_text("as asked")


def test_no_service(page: Page, watch: Watch) -> None:
    watch.unreachable = True
    walk.paste(page, walk.document("b12-133-pmol"))
    page.context.set_offline(True)
    walk.interpret(page)
    said(page, "cannot be reached", "Nothing was interpreted")
    page.context.set_offline(False)
    walk.interpret(page)
    expect(walk.headline(page)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_an_earlier_answer_does_not_stay_beside_a_failure(page: Page, watch: Watch) -> None:
    """The answer to what was entered before must not be read as one to what is entered now."""
    walk.paste(page, walk.document("b12-133-pmol"))
    walk.interpret(page)
    expect(walk.headline(page)).to_be_visible()
    watch.unreachable = True
    page.context.set_offline(True)
    walk.interpret(page)
    said(page, "cannot be reached")


def test_no_json(page: Page, watch: Watch) -> None:
    watch.refused = {400, 422}
    walk.paste(page, '{"resourceType": "Bundle", ')
    walk.interpret(page)
    said(page, "line 1")


@pytest.mark.parametrize("path", ["/no-such-page", "/rules/no-such-rule", "/examples/no-such-case"])
def test_no_such_page(open_page: Open, watch: Watch, path: str) -> None:
    watch.refused = {404}
    page = open_page()
    answer = page.goto(path)
    assert answer is not None and answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_be_visible()
