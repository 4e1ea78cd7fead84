"""The answer as it is read: everything the report tells, the most important first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from corrin import UsageError
from corrin.api.interpreter import Interpreter
from corrin.api.page import layout
from corrin.api.page.answer.view import view
from corrin.api.page.answered import Answered, answer
from corrin.api.page.submission import Submission
from corrin.api.problem import Problem
from corrin.intake import IntakeError
from corrin.render import basis, words
from corrin.render import json as json_form

EXAMPLES = Path(__file__).parents[2] / "fixtures" / "fhir"
VOID = {"input", "link", "meta", "br", "path", "rect", "line", "circle"}


class Reader(HTMLParser):
    """The text of a page, its ids, what it links to, and whether its elements close."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.styled = False
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [str(given["id"])] if "id" in given else []
        link = str(given.get("href") or "")
        self.links |= {link[1:]} if link.startswith("#") else set()
        self.styled |= "style" in given or any(name.startswith("on") for name in given)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        return plain(" ".join(self.text))


def plain(text: str) -> str:
    return re.sub(r"\s+([,;.:)])", r"\1", " ".join(text.split()))


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    return tuple(sorted(one.name for one in EXAMPLES.iterdir() if one.is_dir()))


def answered(name: str, interpreter: Interpreter, profile: str = "uk") -> Answered | None:
    """The answer to an example; nothing where it is refused whole."""
    file = next((EXAMPLES / name).glob("request.*"))
    try:
        return answer(Submission("fhir", file.read_text(), profile), interpreter)
    except (IntakeError, UsageError, Problem):
        return None


def page_of(found: Answered) -> str:
    template = layout.environment().get_template("answer/answer.html.j2")
    return template.render(prefix="", **view(found))


def told(found: Answered) -> Iterator[str]:
    """Every sentence of a report that a reader must be able to find."""
    report = found.report
    references = basis.References(report)
    yield from (report.headline, report.statement, report.facts_digest, *report.notices)
    yield from (words.dated(report.as_of), words.subject(report.subject), report.profile.digest)
    for status in report.statuses.values():
        yield from (status.title, words.status_says(status), status.because)
        yield from words.missing_lines(status.missing)
        yield from (one.says for one in status.why)
        yield from (basis.threshold(one) for one in status.thresholds)
        yield from (f"Restricted by {one.confounder}" for one in status.restrictions)
        yield from (one.says for one in status.fragile)
        yield words.assumed(status)
        for settles in (*status.separated_by, *status.settle):
            yield words.settled_by(settles)
            for band in settles.bands:
                yield f"{band.finding} {words.statuses(band.statuses)}"
    for note in report.notes:
        yield from (note.title, note.summary, note.detail, *note.limits, basis.rule_line(note))
        yield from words.missing_lines(note.missing)
        yield from (one.says for one in note.why)
        yield from (basis.threshold(one) for one in note.thresholds)
        yield from (words.compared(one) for one in note.inputs)
    for value in report.values:
        yield f"{words.capital(value.label)} {value.reported} {value.compared}"
        yield "; ".join(words.value_more(value))
        yield from (flag.says for flag in value.flags)
        yield from map(words.earlier, value.earlier)
    yield from map(words.trend, report.trends)
    yield from (f"{words.capital(one.label)} {words.context(one)}" for one in report.context)
    for part in report.refusals:
        yield from (words.refused_what(part), part.says, part.remedy, words.refused_where(part))
    if report.cannot_say:
        yield words.wanting(report.cannot_say)
    for _, source in references.sources:
        yield source.title
    for row in references.rows:
        yield f"{row.row} {row.check}"
    for pack in report.packs:
        yield from (pack.id, basis.pack_line(pack), pack.digest, *pack.citations)
    if report.overlay is not None:
        yield from (basis.site_line(report.overlay), *report.overlay.changes)
    yield words.counted(report)


@pytest.mark.parametrize(("profile", "each"), [("uk", 1), ("us", 8)])
def test_everything_the_report_tells_is_found_on_the_page(
    interpreter: Interpreter, profile: str, each: int
) -> None:
    answers = 0
    for name in names()[::each]:
        found = answered(name, interpreter, profile)
        if found is None:
            continue
        answers += 1
        seen = Reader(page_of(found))
        text = seen.words.lower()
        for sentence in told(found):
            assert plain(sentence).lower() in text, (name, sentence)
        assert not seen.open, name
        assert not seen.styled, name
        assert len(set(seen.ids)) == len(seen.ids), name
        assert seen.links <= set(seen.ids), name
        numbers = {f"note-{number}" for number in range(1, len(found.report.notes) + 1)}
        assert numbers <= set(seen.ids), name
    assert answers > 100 // each


def test_the_sentence_the_urgency_and_what_cannot_wait_come_first(
    interpreter: Interpreter,
) -> None:
    pressing = 0
    for name in names():
        found = answered(name, interpreter)
        if found is None or not found.report.in_scope:
            continue
        first = page_of(found).partition("</section>")[0].partition("<section")[2]
        text = Reader(f"<section{first}").words
        assert plain(found.report.headline) in text
        assert words.URGENCY[found.report.urgency] in text
        for number, note in words.pointed_out(found.report):
            pressing += 1
            assert f'href="#note-{number}"' in first
            assert plain(note.summary) in text
    assert pressing


def test_what_is_pressing_stands_before_what_is_not(interpreter: Interpreter) -> None:
    found = answered("ataxia-normal-mma", interpreter)
    assert found is not None
    page = page_of(found)
    assert page.index('id="note-1"') < page.index('id="status-1"') < page.index('id="status-2"')


CASE = {
    "patient": {"sex": "female", "birth_date": "1958-03-01"},
    "results": [
        {"test": "total_b12", "value": "<150", "unit": "pg/mL", "date": "2026-10-28"},
        {"test": "total_b12", "value": 240, "unit": "pg/mL", "date": "2026-06-28"},
    ],
}


def sent(client: TestClient, case: dict[str, Any], **fields: str) -> str:
    form = {"kind": "case", "document": json.dumps(case), "as_of": "2026-11-01", **fields}
    # The answer's own hidden fields ask the whole page again.
    found = client.post("/page/why", data={"why": "status/b12_status", **form})
    assert found.status_code == 200
    return found.text


def test_a_value_is_drawn_among_its_cut_offs_and_said_in_words(client: TestClient) -> None:
    page = sent(client, CASE)
    drawing = page[page.index("<figure") : page.index("</figure>")]
    text = Reader(drawing).words
    assert 'role="img"' in drawing
    assert "Total vitamin B12 <150 pg/mL among its cut-offs" in text
    assert "Below 180 pg/mL." in text
    assert "Lies in stretch 1, below 180 pg/mL." in text
    assert "below 180 pg/mL: B12 deficiency confirmed (this result)" in text
    assert 'class="value open"' in drawing
    assert 'text-anchor="' in drawing


def test_results_over_time_are_a_table_with_times_and_figures(client: TestClient) -> None:
    page = sent(client, CASE)
    table = page[page.index("data-trend") :]
    table = table[table.index("<tbody>") : table.index("</table>")]
    assert table.index("2026-10-28") < table.index("2026-06-28")
    assert '<time datetime="2026-06-28T' in table
    assert '<data value="240">' in table
    assert 'data-low="" data-high="150"' in table
    assert "used for this answer" in table


def test_very_many_results_are_told_of_and_not_all_shown(interpreter: Interpreter) -> None:
    first = date(2026, 10, 28)
    results = [
        {"test": name, "value": value + at, "unit": unit, "date": str(first - timedelta(days=at))}
        for name, value, unit in (("total_b12", 200, "ng/L"), ("ferritin", 50, "ug/L"))
        for at in range(1000)
    ]
    asked = Submission("case", json.dumps({"results": results}), "uk", "2026-11-01")
    found = answer(asked, interpreter)
    page = page_of(found)
    table = page[page.index('id="trends"') : page.index('id="values"')]
    assert table.count("<tr data-point") == 62  # and the highest of each
    assert "969 older results of total vitamin B12 are not shown here" in table
    assert "and in the answer taken along as JSON" in table
    assert "31 of 1,000 results of total vitamin B12, as a table" in table
    assert len(page) - page.count(asked.document) * len(asked.document) < 400_000
    # The promise holds: every one of them is there.
    told = json.loads(json_form.render(found.given))["values"]
    for value in told:
        if value["name"] in ("total_b12", "ferritin"):
            assert len({one["reported"] for one in value["earlier"]}) == 999
    assert "of which the answer taken along as JSON tells" in page


def test_hostile_text_is_shown_as_text(interpreter: Interpreter) -> None:
    evil = "<script>alert(1)</script>{{ 7*7 }}\u202e\"'>"
    bundle = json.loads((EXAMPLES / "nothing-usable" / "request.json").read_text())
    for entry in bundle["entry"]:
        quantity = entry["resource"].get("valueQuantity")
        if quantity is not None:
            quantity |= {"unit": evil, "code": evil, "system": "http://unitsofmeasure.org"}
    found = answer(Submission("fhir", json.dumps(bundle), "uk"), interpreter)
    page = page_of(found).partition('id="told"')[2]
    assert "{{ 7*7 }}" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "\u202e" not in page
