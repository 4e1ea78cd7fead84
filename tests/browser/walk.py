"""What a person does on the page, by what they see: labels, roles, headings; never by a class."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from support import places
from support.browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Response

USUAL = "b12-133-pmol"
"""A case as most are: a low vitamin B12 with a blood count."""

MOMENT = "2026-05-20T09:00:00Z"
"""When what is typed here is interpreted for."""


def document(case: str = USUAL) -> str:
    """What is submitted in one of the example cases."""
    return (places.CASES / case / "request.json").read_text(encoding="utf-8")


def handwritten(**more: object) -> str:
    """A case written by hand."""
    case: dict[str, object] = {
        "patient": {"sex": "female", "age": 71},
        "results": [
            {"test": "total_b12", "value": 133, "unit": "pmol/L", "date": "2026-05-18"},
            {"test": "haemoglobin", "value": 108, "unit": "g/L", "date": "2026-05-18"},
        ],
    }
    return json.dumps(case | more)


def over_time() -> str:
    """Three values of one analyte, with an injection between them, and one that is refused."""
    values = (("2026-01-12", 118), ("2026-03-10", 205), ("2026-05-18", 133))
    return handwritten(
        results=[
            {"test": "total_b12", "value": value, "unit": "pmol/L", "date": date}
            for date, value in values
        ]
        + [{"test": "haemoglobin", "value": 108, "unit": "mmol/mol", "date": "2026-05-18"}],
        context={"medicines": [{"name": "hydroxocobalamin", "given": "2026-02-02"}]},
    )


# --- The form ---------------------------------------------------------------------------------


def row(page: Page, test: str) -> Locator:
    """The row of a test."""
    return page.get_by_role("group", name=test, exact=True)


def value(page: Page, test: str) -> Locator:
    """The field of its value."""
    return row(page, test).locator("input[inputmode=decimal]").first


def unit(page: Page, test: str) -> Locator:
    """The menu of its units."""
    return row(page, test).get_by_label(f"{test}: unit", exact=True)


def sign(page: Page, test: str) -> Locator:
    """The menu of its “less than / more than”."""
    return row(page, test).get_by_label(f"{test}: exactly, less or more than")


def told(page: Page, test: str) -> Locator:
    """What is told beside the row."""
    return row(page, test).locator(f"#{value(page, test).get_attribute('aria-describedby')}")


def enter(page: Page, test: str, typed: str, chosen: str, compared: str = "") -> None:
    """Type a value, choose its unit by the words of the menu."""
    if compared:
        sign(page, test).select_option(label=compared)
    unit(page, test).select_option(label=chosen)
    value(page, test).fill(typed)


def person(page: Page, age: str = "71", sex: str = "female", date: str = "2026-05-18") -> None:
    """Say who, and when the sample was taken."""
    page.get_by_label("Age", exact=True).fill(age)
    page.get_by_label("Sex", exact=True).select_option(sex)
    page.get_by_label("Sampled on").fill(date)


def state(page: Page, part: str, entry: str, said: str) -> None:
    """State something of the context: present, absent or not stated."""
    unfold(page, part)
    asked = page.get_by_role("group", name=entry, exact=True)
    asked.get_by_role("radio", name=said, exact=True).check()


def unfold(page: Page, title: str) -> Locator:
    """Open what is folded away under a title."""
    found = page.locator("details").filter(has=page.locator("> summary", has_text=title)).last
    if found.get_attribute("open") is None:
        found.locator("> summary").click()
    return found


def pasted(page: Page) -> Locator:
    """The field to paste into."""
    return page.get_by_label("The document", exact=True)


def paste(page: Page, text: str) -> None:
    """Put a document into it."""
    if not pasted(page).is_visible():
        unfold(page, "Paste or drop")
    # Typing as the driver does it takes seconds for a long document; pasting does not.
    pasted(page).evaluate(
        """(field, text) => {
             field.value = text;
             for (const kind of ["input", "change"]) {
               field.dispatchEvent(new Event(kind, { bubbles: true }));
             }
           }""",
        text,
    )


def as_of(page: Page, moment: str = MOMENT) -> None:
    """Say the moment it is interpreted for."""
    if not page.get_by_label("As of", exact=True).is_visible():
        unfold(page, "How it is interpreted")
    page.get_by_label("As of", exact=True).fill(moment)


def interpret(page: Page) -> None:
    """Ask for the answer."""
    page.get_by_role("button", name="Interpret", exact=True).click()


def _answer(page: Page) -> None:
    """Ask for the answer and wait for it, not for one that stands there already."""

    def asked(response: Response) -> bool:
        return response.request.method == "POST" and urlsplit(response.url).path == "/"

    with page.expect_response(asked):
        interpret(page)
    page.wait_for_function("() => !document.querySelector('.htmx-request')")
    headline(page).wait_for()


def usual(page: Page) -> None:
    """A usual case, typed and answered."""
    person(page)
    enter(page, "B12", "133", "pmol/L")
    enter(page, "Hb", "108", "g/L")
    enter(page, "MCV", "104", "fL")
    as_of(page)
    _answer(page)


def answered(page: Page, text: str, moment: str = "") -> None:
    """A document pasted and answered."""
    paste(page, text)
    if moment:
        as_of(page, moment)
    _answer(page)


# --- The answer -------------------------------------------------------------------------------


def answer(page: Page) -> Locator:
    """Where the answer stands."""
    return page.locator("#answer")


def headline(page: Page) -> Locator:
    """The one sentence that stands first in it."""
    return answer(page).get_by_role("heading", level=2)


def says(page: Page, text: str) -> None:
    """The answer says this where a person sees it: not folded away, not in a hidden field."""
    expect(answer(page)).to_contain_text(text, use_inner_text=True)


def says_not(page: Page, text: str) -> None:
    """The answer does not say this where a person sees it."""
    expect(answer(page)).not_to_contain_text(text, use_inner_text=True)


def every_condition(page: Page) -> Locator:
    """The place of the first note where its conditions can be opened."""
    about = page.get_by_text("(note 1)", exact=True)
    summary = answer(page).locator("summary").filter(has_text="Why: every condition", has=about)
    return summary.locator("xpath=..")


def open_everything(page: Page) -> None:
    """Open what is folded away in an answer, with what is fetched then; of lists the beginning."""
    for most in (16, 4):  # what is fetched holds more to open: of a hundred rules all conditions
        answer(page).evaluate(
            """(root, most) => {
                 const shut = [...root.querySelectorAll("details:not([open]) > summary")];
                 shut.filter((one) => one.checkVisibility()).slice(0, most)
                   .forEach((one) => one.click());
               }""",
            most,
        )
        settle(page)


def settle(page: Page) -> None:
    """Wait until nothing is asked of the service any more."""
    page.wait_for_timeout(100)
    page.wait_for_function("() => !document.querySelector('.htmx-request')", timeout=30_000)
    page.wait_for_load_state("networkidle")
