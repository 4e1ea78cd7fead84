"""The three forms of a report say the same, in any text somebody may put in."""

from __future__ import annotations

import json
import re
import unicodedata
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rich.cells import cell_len

from corrin.notes import sentence
from corrin.notes.report import Report
from corrin.render import basis, html, page, words
from corrin.render import json as json_form
from corrin.render import text as text_form
from corrin.render.safe import MOST_PROSE, clean, visible
from support.chance import at_most
from unit.report_example import EXAMPLE

HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "line\nbreak\r\nand\ttab",
    "\u202egnol ot thgir\u202c",
    "[bold red]markup[/bold red] :smile:",
    "<script>alert(1)</script><img src=http://evil.example.org/x.png>",
    "\"'><b onmouseover=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "\x00\x07\x08\x7f\x9b31m",
    "z" + "\u0301" * 50,
    "x" * 10_000,
    "\ufeff\u200b\u2028\u2029\u00ad",
    "血清維生素" * 30,
)


def flat(text: str) -> str:
    """Text without line breaks and indents, for looking a sentence up in it."""
    return re.sub(r"\s+", "", text)


class Page(HTMLParser):
    """What a page holds: its text, tags, links and whatever it would load."""

    VOID = frozenset({"meta", "br", "hr", "img", "link", "input"})

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    @property
    def plain(self) -> str:
        return flat("".join(self.text))


def sentences(report: Report) -> list[str]:
    """What every readable form has to contain, word for word."""
    found = [report.headline, report.statement, *report.notices]
    for status in report.statuses.values():
        found += [status.title, status.says, status.because]
        found += [word.says for word in (*status.possible, *status.assumed)]
        found += [part.says for part in (*status.thresholds, *status.missing)]
        found += [part.because for part in status.restrictions]
        for settles in (*status.separated_by, *status.settle):
            found += [settles.label, *(band.finding for band in settles.bands)]
    for note in report.notes:
        found += [note.summary, note.detail, note.rule, note.pack_version, *note.limits]
        found += [part.used for part in note.thresholds]
        found += [row.row for row in note.evidence]
    for value in report.values:
        found += [value.label, value.reported, value.compared, value.origin]
        found += [flag.says for flag in value.flags]
        found += [part.reported for part in value.earlier]
    found += [stated.label for stated in report.context]
    for part in report.refusals:
        found += [part.reason, part.says, part.remedy, part.path, part.reported]
    found += [pack.id for pack in report.packs] + [pack.version for pack in report.packs]
    return [sentence for sentence in found if sentence]


def more_sentences(report: Report) -> list[str]:
    """What ``explain`` adds."""
    found = [report.facts_digest, report.profile.digest]
    found += [pack.digest for pack in report.packs]
    found += [citation for pack in report.packs for citation in pack.citations]
    found += [part.title for part in report.cannot_say] + [p.rule for p in report.cannot_say]
    found += [reason.says for status in report.statuses.values() for reason in status.why]
    found += [reason.says for note in report.notes for reason in note.why]
    found += [note.title for note in report.notes]
    return found


@pytest.mark.parametrize("explain", [False, True])
def test_every_form_says_the_same(explain: bool) -> None:
    forms = {
        "text": flat(text_form.render(EXAMPLE, explain=explain)),
        "html": Page(html.render(EXAMPLE, explain=explain)).plain,
        "coloured": flat(
            re.sub(r"\x1b\[[0-9;]*m", "", text_form.render(EXAMPLE, explain=explain, colour=True))
        ),
    }
    wanted = sentences(EXAMPLE) + (more_sentences(EXAMPLE) if explain else [])
    for form, content in forms.items():
        lacking = [w for w in wanted if flat(w).casefold() not in content.casefold()]
        assert not lacking, (form, lacking)


def test_what_rests_on_an_unverified_row_is_marked_wherever_it_stands() -> None:
    for content in (text_form.render(EXAMPLE), html.render(EXAMPLE, explain=False)):
        assert content.count(basis.UNVERIFIED) >= 5
    sound = EXAMPLE.model_copy(update={"notes": EXAMPLE.notes[1:], "statuses": {}, "packs": ()})
    assert basis.UNVERIFIED not in text_form.render(sound)


def test_json_is_the_report_and_keeps_to_its_schema() -> None:
    for indent in (True, False):
        data = json_form.render(EXAMPLE, indent=indent)
        assert data.endswith(b"}\n")
        assert Report.model_validate_json(data) == EXAMPLE
    schema = json.loads(json_form.schema())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(json_form.render(EXAMPLE)))
    broken = json.loads(json_form.render(EXAMPLE)) | {"urgency": "whenever"}
    assert not Draft202012Validator(schema).is_valid(broken)


def test_the_same_report_gives_the_same_bytes() -> None:
    again = Report.model_validate_json(json_form.render(EXAMPLE))
    assert text_form.render(again) == text_form.render(EXAMPLE)
    assert html.render(again) == html.render(EXAMPLE)
    assert json_form.render(again) == json_form.render(EXAMPLE)


def test_text_begins_with_the_headline_and_how_urgent_it_is() -> None:
    lines = text_form.render(EXAMPLE).splitlines()
    assert lines[0] == EXAMPLE.headline
    assert lines[1].startswith(" EMERGENCY ")
    assert lines[-1] == EXAMPLE.statement


def test_without_explain_the_unanswered_rules_take_one_sentence() -> None:
    content = text_form.render(EXAMPLE)
    assert "2 RULES" in content and "For want of: Methylmalonic acid (serum); eGFR." in content
    assert "mma-raised" not in content
    assert "mma-raised" in text_form.render(EXAMPLE, explain=True)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 132])
@pytest.mark.parametrize("explain", [False, True])
def test_text_keeps_to_its_width(width: int, explain: bool) -> None:
    content = text_form.render(EXAMPLE, explain=explain, width=width)
    for line in content.splitlines():
        assert cell_len(line) <= max(width, 40)
        assert line == line.rstrip()


def test_plain_text_has_no_escape_code_and_coloured_text_has() -> None:
    assert "\x1b" not in text_form.render(EXAMPLE)
    assert "\x1b[" in text_form.render(EXAMPLE, colour=True)


def test_page_loads_nothing_and_runs_nothing() -> None:
    page = Page(html.render(EXAMPLE))
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "form", "input"}
    for tag, attributes in page.tags:
        assert not {"src", "srcset", "style", "action", "data"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
        address = attributes.get("href") or "#"
        assert tag == "a" or "href" not in attributes
        if not address.startswith("#"):
            assert address.startswith("https://")
            assert "noreferrer" in str(attributes["rel"])
    assert "url(" not in html.render(EXAMPLE) and "@import" not in html.render(EXAMPLE)


def test_page_allows_its_own_style_by_hash_and_nothing_else() -> None:
    content = html.render(EXAMPLE)
    style = re.search(r"<style>(.*?)</style>", content, re.S)
    assert style is not None
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', content)
    assert policy is not None
    assert policy.group(1).startswith("default-src 'none'; ")
    assert f"style-src '{page.style_hash(style.group(1))}'" in policy.group(1)
    assert "unsafe" not in policy.group(1)


def test_page_can_be_walked_by_landmarks_headings_and_tables() -> None:
    content = html.render(EXAMPLE)
    assert content.startswith('<!DOCTYPE html>\n<html lang="en">')
    page = Page(content)
    names = [tag for tag, _ in page.tags]
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert names.count(landmark) == 1, landmark
    levels = [int(name[1]) for name in names if re.fullmatch(r"h\d", name)]
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert names.count("table") == names.count("caption")
    assert all(attributes.get("scope") for tag, attributes in page.tags if tag == "th")
    ids = [str(attributes["id"]) for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        target = attributes.get("href") or ""
        assert not target.startswith("#") or target[1:] in ids, target


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "JAVASCRIPT:x",
        "//evil.example.org",
        "https://a.example.org ; https://b.example.org",
        "public code repository",
    ],
)
def test_an_address_of_another_scheme_is_shown_and_not_linked(address: str) -> None:
    raw = EXAMPLE.model_dump()
    raw["notes"][0]["evidence"][0]["sources"][0]["url"] = address
    raw["notes"][0]["evidence"][0]["sources"][0]["key"] = "another"
    raw["notes"][0]["evidence"][0]["row"] = "AA-01"
    page = Page(html.render(Report.model_validate(raw)))
    assert flat(address) in page.plain
    assert address not in [attributes.get("href") for _, attributes in page.tags]


def _with(value: Any, text: str) -> Any:
    """The same data with ``text`` behind every text that is free."""
    if isinstance(value, dict):
        fixed = {"urgency", "rule_status", "truth", "schema_version", "url", "direction"}
        return {k: v if k in fixed else _with(v, text) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_with(item, text) for item in value]
    return value + text if isinstance(value, str) else value


def poisoned(text: str) -> Report:
    return Report.model_validate(_with(EXAMPLE.model_dump(), text))


def harmless(content: str) -> bool:
    return not [c for c in content if c != "\n" and unicodedata.category(c)[0] == "C"]


def check_all(report: Report) -> None:
    for explain in (False, True):
        plain = text_form.render(report, explain=explain)
        assert harmless(plain)
        for line in plain.splitlines():
            assert cell_len(line) <= 80
            assert line == line.rstrip()
        coloured = text_form.render(report, explain=explain, colour=True)
        assert harmless(re.sub(r"\x1b\[[0-9;]*m", "", coloured))
    page = html.render(report)
    assert harmless(page)
    seen, sound = Page(page), Page(html.render(EXAMPLE))
    assert [tag for tag, _ in seen.tags] == [tag for tag, _ in sound.tags]
    assert json.loads(json_form.render(report)) == json.loads(report.model_dump_json())


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_shown_and_does_nothing(text: str) -> None:
    check_all(poisoned(text))


@at_most(15)
@given(st.text(max_size=30))
def test_any_text_is_shown_and_does_nothing(text: str) -> None:
    if any(unicodedata.category(character) == "Cs" for character in text):
        return
    check_all(poisoned(text))


@given(st.text())
def test_visible_text_is_one_line_and_stays_as_it_is(text: str) -> None:
    shown = visible(text)
    assert harmless(shown) and "\n" not in shown
    assert visible(shown) == shown


def test_markup_of_the_terminal_library_is_text() -> None:
    content = text_form.render(poisoned("[bold red]x[/] :smile:"), colour=True)
    assert "[bold red]x[/]" in content and ":smile:" in content


def test_what_is_too_long_is_cut_and_says_so() -> None:
    assert visible("x" * 10_000).endswith("… (10,000 characters, cut here)")
    assert len(visible("x" * 10_000)) < MOST_PROSE
    report = clean(poisoned("x" * 10_000))
    assert len(report.values[0].reported) < 200


def test_dates_are_shortened_and_say_their_zone() -> None:
    assert words.dated("2026-03-01T08:30:00Z") == "2026-03-01 08:30 UTC"
    assert words.dated("2026-03-01T08:30:15.250+02:00") == "2026-03-01 08:30:15 +02:00"
    assert words.dated("2026-03") == "2026-03"
    assert words.dated(None) == "date not stated"
    assert words.dated("2026-03-01T08:30:00Z/2026-03-02") == "2026-03-01 08:30 UTC/2026-03-02"
    assert sentence.readable("taken 2026-03-01T08:30:00Z.") == "taken 2026-03-01 08:30 UTC."


def test_an_annotated_unit_is_put_as_people_read_it() -> None:
    assert sentence.readable("76 mL/min/{1.73_m2}, {name}") == "76 mL/min/1.73 m2, {name}"


def test_a_computed_figure_is_rounded_where_not_everything_is_asked_for() -> None:
    value = EXAMPLE.values[0].model_copy(update={"compared": "75.9613455976 mL/min"})
    assert words.compared(value).endswith("75.9613455976 mL/min")
    assert words.compared(value, full=False).endswith("≈75.9613 mL/min")


def test_labels_begin_lines_with_a_capital_unless_they_are_names() -> None:
    assert words.capital("total vitamin B12") == "Total vitamin B12"
    assert words.capital("eGFR") == "eGFR"


def test_the_inputs_most_wanted_are_named_and_the_rest_counted() -> None:
    from corrin.notes.report import CannotSay, Missing

    def want(*names: str) -> CannotSay:
        causes = tuple(Missing(name=n, label=n, reason="", says="") for n in names)
        return CannotSay(rule="r", title="t", pack="p", because=causes)

    assert words.wanting([want("b"), want("a", "b")]) == "b; a"
    many = words.wanting([want(*"abcdefghijk")])
    assert many == "a; b; c; d; e; f; g; h; and 3 other inputs"


def test_inputs_missing_for_one_reason_share_a_line() -> None:
    from corrin.notes.report import Missing

    def lack(name: str, says: str, when: str | None = None) -> Missing:
        return Missing(name=name, label=name, reason="", says=says, when=when)

    parts = [lack("a", "None."), lack("b", "Old.", "2025"), lack("c", "None."), lack("d", "Bad.")]
    assert words.missing_lines(parts) == ("A; c: None.", "B, 2025: Old.", "D: Bad.")


def test_what_cannot_wait_is_named_at_once_unless_the_headline_does() -> None:
    assert [number for number, _ in words.pointed_out(EXAMPLE)] == [1]
    named = EXAMPLE.model_copy(update={"headline": f"Emergency: {EXAMPLE.notes[0].summary}."})
    assert words.pointed_out(named) == ()
    lines = text_form.render(EXAMPLE).splitlines()
    assert lines[2] == " EMERGENCY  Potassium 2.1 mmol/L (preliminary) is critically low (note 1)"


def test_the_note_that_makes_a_report_urgent_is_named() -> None:
    calm = EXAMPLE.model_copy(
        update={
            "urgency": "soon",
            "notes": EXAMPLE.notes[1:],
            "statuses": {"cramp_attribution": EXAMPLE.statuses["cramp_attribution"]},
        }
    )
    assert [number for number, _ in words.pointed_out(calm)] == [1]


def test_lists_and_counts_on_the_page_keep_their_blanks() -> None:
    page = Page(html.render(EXAMPLE))
    text = "".join(page.text)
    assert re.search(r"\bNotes \(\d+\)", text)
    assert re.search(r"[A-Z0-9]+-\d\d \w+", text)
    assert re.search(r"[A-Za-z0-9)],[A-Z]+\d*-\d\d\b", text) is None


def test_a_figure_of_the_site_is_never_called_published() -> None:
    used = next(used for status in EXAMPLE.statuses.values() for used in status.thresholds)
    ours = used.model_copy(update={"set_by": "a-site@1.0.0", "published": ("200 ng/L", "1 pmol/L")})
    assert "published" in basis.threshold(ours.model_copy(update={"set_by": None}))
    assert "published" not in basis.threshold(ours)
