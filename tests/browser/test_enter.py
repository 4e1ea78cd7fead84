"""Results entered in every way there is, up to the painted note."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser import walk
from browser.conftest import Open
from support import places
from support.browser import Watch, expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

HOOK = json.loads((places.ROOT / "fixtures/hooks/patient-view.json").read_text(encoding="utf-8"))
MESSAGE = "\r".join(
    (
        "MSH|^~\\&|LAB|NORTH|EHR|NORTH|20260518103000||ORU^R01|1|P|2.5.1",
        "PID|1||900^^^NORTH^MR||Invented^Person||19550101|F",
        "OBR|1||1|26464-8^CBC^LN|||20260518090000",
        "OBX|1|NM|14685-2^Cobalamin^LN||133|pmol/L|150-700|L|||F|||20260518090000",
        "OBX|2|NM|718-7^Haemoglobin^LN||10.8|g/dL|12-16|L|||F|||20260518090000",
    )
)
FOCUSED = """() => {
  const at = document.activeElement;
  const said = at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent;
  const outline = getComputedStyle(at).outlineStyle;
  return [said.trim().replace(/\\s+/g, " "), at.matches(":focus-visible"), outline];
}"""
DOCUMENTS = {
    "FHIR": (walk.document(), "133"),
    "a CDS Hooks request": (json.dumps(HOOK), ""),
    "HL7 v2": (MESSAGE, "133"),
    "a case": (walk.handwritten(), "133"),
}


def test_typed_values_become_a_note(page: Page) -> None:
    walk.usual(page)
    expect(walk.headline(page)).to_contain_text("B12")
    walk.says(page, "133 pmol/L")
    expect(walk.value(page, "B12")).to_have_value("133")


def test_a_value_below_a_limit_stays_below_it(page: Page) -> None:
    walk.person(page)
    walk.enter(page, "B12", "150", "pg/mL", "less than")
    walk.as_of(page)
    walk.interpret(page)
    walk.says(page, "<150 pg/mL")


def test_an_answer_is_not_read_as_of_values_typed_since(page: Page) -> None:
    walk.usual(page)
    since = page.locator("#answer > .stale")
    expect(since).to_have_count(0)
    walk.value(page, "B12").fill("433")
    expect(since).to_contain_text("entered before")
    walk.value(page, "B12").fill("133")
    expect(since).to_have_count(0)
    walk.value(page, "B12").fill("433")
    walk.interpret(page)
    walk.says(page, "433 pmol/L")
    expect(since).to_have_count(0)
    walk.paste(page, walk.document())
    expect(since).to_contain_text("entered before")


def test_what_is_folded_away_and_sent_says_so(page: Page) -> None:
    filled = page.locator("#entry details.filled")
    expect(filled).to_have_count(0)
    walk.state(page, "Diet", "Vegan diet", "present")
    expect(filled).to_have_count(1)
    expect(filled.locator("> summary")).to_contain_text("Diet")
    walk.state(page, "Diet", "Vegan diet", "not stated")
    expect(filled).to_have_count(0)


def test_unit_is_remembered_but_no_value(page: Page) -> None:
    walk.enter(page, "B12", "133", "pmol/L")
    walk.person(page)
    page.reload()
    expect(walk.unit(page, "B12")).to_have_value("pmol/L")
    expect(walk.value(page, "B12")).to_have_value("")
    expect(page.get_by_label("Age", exact=True)).to_have_value("")
    walk.value(page, "B12").press_sequentially("180")
    expect(walk.told(page, "B12")).to_contain_text("The unit is the one last used here")
    walk.unit(page, "B12").select_option(label="ng/L")
    expect(walk.told(page, "B12")).to_have_text(re.compile(r"Read as 180 ng/L\.\s*$"))


def test_a_unit_that_looks_wrong_is_flagged_as_typed(page: Page) -> None:
    walk.enter(page, "Hb", "10.8", "g/L")
    walk.value(page, "Hb").press("Tab")
    expect(walk.told(page, "Hb")).to_contain_text("Check value, unit")
    expect(walk.row(page, "Hb").locator("[aria-invalid=true]")).not_to_have_count(0)
    walk.unit(page, "Hb").select_option(label="g/dL")
    expect(walk.row(page, "Hb").locator("[aria-invalid=true]")).to_have_count(0)


def test_faults_stand_beside_their_fields(page: Page, watch: Watch) -> None:
    watch.refused = {422}
    walk.person(page)
    walk.value(page, "MCV").fill("104")
    walk.value(page, "B12").fill("133")
    walk.interpret(page)
    alert = page.get_by_role("alert").filter(has_text="Nothing was interpreted")
    expect(alert).to_be_visible()
    expect(walk.headline(page)).to_have_count(0)
    for test in ("MCV", "B12"):
        expect(walk.unit(page, test)).to_have_attribute("aria-invalid", "true")
        expect(walk.told(page, test)).to_contain_text("unit")
    expect(walk.value(page, "B12")).to_have_value("133")
    alert.get_by_role("link", name="MCV").first.click()
    expect(walk.unit(page, "MCV")).to_be_focused()
    walk.unit(page, "MCV").select_option(label="fL")
    walk.unit(page, "B12").select_option(label="pmol/L")
    walk.interpret(page)
    expect(walk.headline(page)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("[aria-invalid=true]")).to_have_count(0)


def test_what_was_said_beside_a_field_goes_with_its_fault(page: Page, watch: Watch) -> None:
    watch.refused = {422}
    walk.person(page)
    walk.enter(page, "B12", "133", "pmol/L")
    walk.as_of(page, "yesterday")
    walk.interpret(page)
    moment = page.get_by_label("As of", exact=True)
    beside = page.locator("#hint-as_of")
    expect(moment).to_have_attribute("aria-invalid", "true")
    expect(beside).to_contain_text("date")
    walk.as_of(page)
    walk.interpret(page)
    expect(walk.headline(page)).to_be_visible()
    expect(moment).not_to_have_attribute("aria-invalid", "true")
    expect(beside).to_be_empty()


def test_nothing_entered_is_no_answer(page: Page, watch: Watch) -> None:
    watch.refused = {422, 400}
    walk.interpret(page)
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(walk.headline(page)).to_have_count(0)


def test_context_has_three_states(page: Page) -> None:
    walk.unfold(page, "Symptoms and signs")
    asked = page.get_by_role("group", name="Paraesthesia", exact=True)
    expect(asked.get_by_role("radio")).to_have_count(3)
    expect(asked.get_by_role("radio", name="not stated")).to_be_checked()
    walk.state(page, "Symptoms and signs", "Paraesthesia", "present")
    walk.state(page, "Symptoms and signs", "Ataxia", "absent")
    expect(asked.get_by_role("radio", name="present")).to_be_checked()
    walk.usual(page)
    walk.says(page, "araesthesia")


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_pasted_document_becomes_a_note(page: Page, kind: str) -> None:
    text, holds = DOCUMENTS[kind]
    walk.answered(page, text, "2026-05-20T09:00:00Z")
    expect(walk.headline(page)).not_to_be_empty()
    walk.says(page, holds)


def test_a_file_is_dropped(page: Page) -> None:
    dropped = page.evaluate_handle(
        """(text) => {
          const moved = new DataTransfer();
          moved.items.add(new File([text], "results.json", { type: "application/json" }));
          return moved;
        }""",
        walk.document(),
    )
    for kind in ("dragenter", "dragover", "drop"):
        page.dispatch_event("main", kind, {"dataTransfer": dropped})
    expect(walk.pasted(page)).to_have_value(walk.document())
    walk.interpret(page)
    expect(walk.headline(page)).to_contain_text("B12")


def test_a_file_is_chosen(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "results.hl7"
    file.write_text(MESSAGE, encoding="utf-8", newline="")
    walk.unfold(page, "Paste or drop")
    page.get_by_label("Or choose a file").set_input_files(file)
    expect(walk.pasted(page)).to_have_value(MESSAGE.replace("\r", "\n"))
    walk.interpret(page)
    walk.says(page, "133 pmol/L")


def test_a_file_that_is_no_text_is_not_taken(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "picture.txt"
    file.write_bytes(bytes(range(256)) * 4)
    walk.unfold(page, "Paste or drop")
    page.get_by_label("Or choose a file").set_input_files(file)
    expect(page.get_by_text("The file is no text")).to_be_visible()
    expect(walk.pasted(page)).to_have_value("")


def test_an_example_has_a_link(page: Page) -> None:
    page.get_by_role("navigation", name="Site").get_by_role("link", name="Examples").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.locator(f"main a[href$='/examples/{walk.USUAL}']").first.click()
    expect(page).to_have_url(f"/examples/{walk.USUAL}")
    expect(walk.headline(page)).to_contain_text("B12")
    page.reload()
    expect(walk.headline(page)).to_contain_text("B12")


def test_every_example_answers_by_its_link(open_page: Open) -> None:
    page = open_page(script=False)
    page.goto("/examples")
    links = page.locator("main a[href*='/examples/']").evaluate_all(
        "all => [...new Set(all.map((one) => one.getAttribute('href')))]"
    )
    assert len(links) > 20
    for link in links[:: max(1, len(links) // 8)]:
        answer = page.goto(link)
        assert answer is not None and answer.ok, link
        expect(walk.headline(page)).to_be_visible()


def test_another_result_by_name(page: Page) -> None:
    free = page.get_by_role("group", name="Another test", exact=True)
    before = free.count()
    page.get_by_role("button", name="Add a row").click()
    expect(free).to_have_count(before + 1)
    last = free.last
    last.get_by_label("Another test, by name").fill("magnesium")
    last.get_by_label("Another test: value").fill("0.38")
    last.get_by_label("Another test: unit").fill("mmol/L")
    walk.usual(page)
    walk.says(page, "0.38 mmol/L")


def test_keyboard_alone_leads_from_the_top_to_a_painted_note(page: Page) -> None:
    keys = page.keyboard
    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    keys.press("Enter")

    def tab_to(name: str, steps: int = 60) -> None:
        """Go on with Tab until the field with this name has the focus, and is seen to have it."""
        for _ in range(steps):
            keys.press("Tab")
            said, shown, outline = page.evaluate(FOCUSED)
            if said.startswith(name):
                assert shown and outline != "none", f"the focus on {name} is not seen"
                return
        raise AssertionError(f"Tab does not lead to {name}")

    tab_to("Age")
    keys.type("71")
    tab_to("Sampled on", 12)
    keys.type("05052026")  # the same day in either order
    tab_to("B12 total", 20)
    keys.type("133")
    tab_to("B12: unit", 2)
    keys.type("pmol")
    keys.press("Shift+Tab")
    keys.press("ArrowDown")
    keys.press("ArrowUp")
    expect(walk.value(page, "B12")).to_be_focused()
    keys.press("Enter")
    expect(walk.headline(page)).to_be_visible()
    expect(walk.headline(page)).to_be_focused()
