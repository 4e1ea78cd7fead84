"""The pages and states of the page that are looked at: each one arranged once, on every screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from browser import walk

if TYPE_CHECKING:
    from playwright.sync_api import Page

State = Callable[["Page"], None]


def form(page: Page) -> None:
    """As it is first shown."""
    page.goto("/")


def filled(page: Page) -> None:
    """With everything open, values of every kind and context."""
    page.goto("/")
    page.evaluate(
        "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
    )
    walk.person(page)
    walk.enter(page, "B12", "150", "pg/mL", "less than")
    walk.enter(page, "Hb", "10.8", "g/L")
    walk.value(page, "Hb").press("Tab")
    walk.state(page, "Symptoms and signs", "Paraesthesia", "present")
    walk.state(page, "Symptoms and signs", "Ataxia", "absent")
    walk.settle(page)


def faults(page: Page) -> None:
    """With what is wrong told on top and beside the fields."""
    page.goto("/")
    walk.value(page, "B12").fill("133")
    walk.value(page, "MCV").fill("104")
    walk.interpret(page)
    page.get_by_role("alert").first.wait_for()


def answer(page: Page) -> None:
    """An answer as it comes."""
    page.goto("/")
    walk.answered(page, walk.document())


def opened(page: Page) -> None:
    """An answer with everything in it open, a value moved, frameworks compared."""
    page.goto("/")
    walk.answered(page, walk.document("ataxia-normal-mma"))
    walk.answer(page).get_by_role("button", name="Compare", exact=True).click()
    walk.settle(page)
    walk.open_everything(page)
    slider = walk.answer(page).get_by_role("slider").first
    if slider.count():
        slider.press("End")
        walk.settle(page)


def over_time(page: Page) -> None:
    """An answer with values over time, a treatment among them, and a result that was refused."""
    page.goto("/")
    walk.answered(page, walk.over_time(), walk.MOMENT)


def urgent(page: Page) -> None:
    """An answer of the greatest urgency."""
    page.goto("/")
    walk.answered(page, walk.document("potassium-23-with-cramps"))


def refused(page: Page) -> None:
    """An answer from which everything was refused."""
    page.goto("/")
    walk.answered(page, walk.document("nothing-usable"))


def at(path: str) -> State:
    """A page by its address."""

    def show(page: Page) -> None:
        page.goto(path)

    return show


STATES: dict[str, State] = {
    "form": form,
    "form-filled": filled,
    "form-faults": faults,
    "answer": answer,
    "answer-opened": opened,
    "answer-over-time": over_time,
    "answer-urgent": urgent,
    "answer-refused": refused,
    "examples": at("/examples"),
    "example": at(f"/examples/{walk.USUAL}"),
    "rules": at("/rules"),
    "rules-found": at("/rules?q=metformin"),
    "rules-pack": at("/rules/ng239"),
    "rules-rule": at("/rules/ng239/b12-confirmed-total"),
    "rules-thresholds": at("/rules/thresholds?q=b12"),
    "rules-evidence": at("/rules/evidence?q=metformin"),
    "rules-evidence-row": at("/rules/evidence/B12-01"),
    "rules-coverage": at("/rules/coverage"),
    "rules-alert-rates": at("/rules/alert-rates"),
    "rules-analytes": at("/rules/analytes?q=b12"),
    "problem": at("/no-such-page"),
}
