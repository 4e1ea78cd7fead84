"""Cards: one per topic, short, exact, and nothing a laboratory writes becomes markup."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from corrin import interpret
from corrin.notes.report import Report
from corrin.packs.library import open_library
from corrin.packs.topics import topics
from corrin.render.cards import Occasion, cards, content, identity, markdown
from corrin.render.cards.brief import MOST, brief, length
from corrin.render.fhir import words
from golden.cases import Case, every_case
from support import fhir, hooks, places

BASE = "https://corrin.example.org"
AS_OF = "2026-11-01T09:00:00Z"
CASES = [case for case in every_case() if not case.refused_whole]


def deck(report: Report, instance: str = hooks.INSTANCE, **more: Any) -> list[dict[str, Any]]:
    return cards(
        report, base=BASE, about="Patient/p", instance=instance, occasion=Occasion(**more)
    )["cards"]


def of(name: str, **more: Any) -> list[dict[str, Any]]:
    return deck(Case(places.CASES / name).answer(), **more)


def topic(card: dict[str, Any]) -> str:
    return str(card["source"]["topic"]["code"])


# --- what becomes a card ------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_gives_valid_cards(case: Case) -> None:
    report = case.report
    found = deck(report)
    assert not hooks.faults("response", {"cards": found})
    assert len({topic(card) for card in found}) == len(found)
    assert all(length(card["summary"]) <= MOST for card in found)
    tops = {note.topic: note for note in reversed(report.notes) if note.under is None}
    loud = {name for name, note in tops.items() if note.urgency != "routine"}
    assert loud <= {topic(card) for card in found}
    for card in found:
        if topic(card) == content.load().out_of_scope.code:
            assert not report.in_scope and not report.notes
            continue
        note = tops[topic(card)]
        wanted = {"emergency": "critical", "routine": "info"}.get(note.urgency, "warning")
        assert card["indicator"] == wanted
        assert card["source"]["url"] == f"{BASE}/v1/rules/{note.rule}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_only_an_emergency_is_critical(case: Case) -> None:
    report = case.report
    emergencies = {note.topic for note in report.notes if note.urgency == "emergency"}
    assert {topic(card) for card in deck(report) if card["indicator"] == "critical"} == emergencies


@pytest.mark.parametrize(
    "name",
    ["quiet-everything-normal", "quiet-healthy-vegan", "quiet-vegan-taking-b12", "only-lipids",
     "quiet-metformin-yearly-check", "quiet-everything-normal-us", "sd-21-cramps-on-injections"],
)  # fmt: skip
def test_silence_when_there_is_nothing_to_add(name: str) -> None:
    assert of(name) == []


def test_silence_never_stands_for_results_that_were_not_assessed() -> None:
    report = Case(places.CASES / "child-of-12").answer()
    (card,) = deck(report)
    assert (topic(card), card["indicator"]) == ("out_of_scope", "info")
    assert card["summary"] == report.headline and "critical" in card["summary"]
    assert report.statement.split(".")[0] in card["detail"] and "suggestions" not in card
    assert deck(report, relevant=frozenset({"b12_status"})) == [card]
    # An order that has nothing to do with us is no moment to say so.
    assert deck(report, relevant=frozenset()) == []
    assert deck(report.model_copy(update={"values": ()})) == []


def test_an_open_question_is_shown_although_it_is_routine() -> None:
    (card,) = of("b12-349-8-ng")
    assert card["indicator"] == "info"
    assert "methylmalonic acid" in card["suggestions"][0]["label"]
    assert [one["isRecommended"] for one in card["suggestions"]] == [True, False]
    assert card["selectionBehavior"] == "at-most-one"
    assert "Orders placed earlier were not looked at" in card["detail"]


def test_a_settled_question_proposes_nothing() -> None:
    assert all("suggestions" not in card for card in of("b12-below-150"))


def test_while_ordering_even_unlikely_is_news() -> None:
    report = Case(places.CASES / "quiet-everything-normal").answer()
    (card,) = deck(report, relevant=frozenset({"b12_status"}))
    assert "unlikely" in card["summary"]
    assert deck(report, relevant=frozenset({"thyroid"})) == []


def test_what_is_not_news_to_whoever_treats_is_told_when_a_test_is_ordered_again() -> None:
    report = Case(places.CASES / "quiet-vegan-taking-b12").answer()
    (card,) = deck(report, relevant=frozenset({"b12_status"}))
    assert topic(card) == "b12_status"


def test_an_order_of_something_else_shows_what_is_urgent_only() -> None:
    found = of("demo", relevant=frozenset({"thyroid"}))
    assert [topic(card) for card in found] == ["neurology"]


def test_what_is_on_order_is_not_proposed_again() -> None:
    (card,) = of("b12-349-8-ng", ordered=frozenset({"mma"}))
    assert "suggestions" not in card and "selectionBehavior" not in card
    assert "Already among the orders on the screen**: Methylmalonic acid" in card["detail"]
    assert "Orders placed earlier" not in card["detail"]


def test_a_proposal_is_a_draft_for_this_person_by_loinc() -> None:
    (card,) = of("b12-349-8-ng")
    for suggestion in card["suggestions"]:
        (action,) = suggestion["actions"]
        resource = action["resource"]
        assert (resource["status"], resource["intent"]) == ("draft", "proposal")
        assert resource["subject"] == {"reference": "Patient/p"}
        assert resource["code"]["coding"][0]["system"] == "http://loinc.org"
        assert resource["reasonReference"][0]["reference"].startswith("Observation/")


def test_nothing_is_proposed_for_nobody() -> None:
    report = Case(places.CASES / "b12-349-8-ng").answer()
    (card,) = cards(report, base=BASE, about="", instance=hooks.INSTANCE)["cards"]
    assert "suggestions" not in card


@pytest.mark.parametrize(
    "changes",
    [
        {"valueQuantity": {"value": 0.5}},
        {"valueQuantity": None, "status": "registered"},
        {"valueQuantity": None, "valueString": "see report"},
    ],
    ids=["without-unit", "on-its-way", "in-words"],
)
def test_a_test_that_was_done_or_is_on_its_way_is_not_proposed(changes: dict[str, Any]) -> None:
    mma = fhir.observation(fhir.MMA, id="m", **changes)
    b12 = fhir.observation(fhir.B12, 240, "ng/L", id="b")
    request = fhir.dumps(fhir.bundle(fhir.patient(), b12, mma))
    found = deck(interpret(request, as_of=AS_OF))
    labels = [one["label"] for card in found for one in card.get("suggestions", ())]
    assert labels == ["Propose active vitamin B12 (holotranscobalamin)"]


def test_creatinine_is_not_proposed_where_the_age_is_what_is_missing() -> None:
    results = [
        fhir.observation(fhir.B12, 240, "ng/L", id="b"),
        fhir.observation(fhir.MMA, 0.5, "umol/L", id="m"),
    ]
    creatinine = fhir.observation("14682-9", 80, "umol/L", id="c")
    without, with_it = (
        deck(interpret(fhir.dumps(fhir.bundle(*some)), as_of=AS_OF))
        for some in (results, [*results, creatinine])
    )
    assert any("creatinine" in json.dumps(card.get("suggestions", ())) for card in without)
    assert not any("creatinine" in json.dumps(card.get("suggestions", ())) for card in with_it)


def test_a_test_whose_results_were_not_seen_is_not_recommended() -> None:
    supply: Any = {"mma": "absent", "b12": "complete"}
    (card,) = of("b12-349-8-ng", supply=supply, key_of={"mma": "mma", "total_b12": "b12"})
    assert [one["isRecommended"] for one in card["suggestions"]] == [False, False]


# --- the detail ---------------------------------------------------------------------------------


def test_the_last_three_values_with_their_dates() -> None:
    results = [
        fhir.observation(value=value, id=f"o{at}", effectiveDateTime=when)
        for at, (value, when) in enumerate(
            [(240, "2026-10-20"), (262, "2026-09-02"), (301, "2026-08-11"), (333, "2026-08-01")]
        )
    ]
    report = interpret(fhir.bundle(*results), as_of=AS_OF)
    (card,) = deck(report)
    assert "**240 ng/L** (2026-10-20)" in card["detail"]
    assert "before: 262 ng/L (2026-09-02), 301 ng/L (2026-08-11)" in card["detail"]
    assert "333" not in card["detail"]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("absent", "was not provided"),
        ("failed", "the query for it failed"),
        ("empty", "no result was found"),
        ("incomplete", "there may be more than were sent"),
        ("complete", "no result was found"),
    ],
)
def test_the_states_of_a_key_are_told_apart(state: str, said: str) -> None:
    supply: Any = {"mma": state, "b12": "complete"}
    (card,) = of("b12-349-8-ng", supply=supply, key_of={"mma": "mma"}, titles={"mma": "MMA"})
    (line,) = [line for line in card["detail"].splitlines() if "ethylmalonic acid: " in line][:1]
    assert said in line
    others = {"was not provided", "the query for it failed", "no result was found",
              "there may be more than were sent"} - {said}  # fmt: skip
    assert not any(other in line for other in others)


def test_every_card_says_what_it_is_and_how_it_came_about() -> None:
    report = Case(places.CASES / "demo").answer()
    for card in deck(report):
        detail = card["detail"]
        assert report.statement in detail.replace("\\", "")
        assert f"profile uk {report.profile.version}" in detail
        assert "**Rule**: [" in detail and "**Sources**" in detail


def test_a_card_on_a_sign_says_which_it_was_and_where_it_stands() -> None:
    b12 = fhir.observation(fhir.B12, 420, "ng/L", id="b")
    signs = [
        fhir.stated("Condition", {"text": said}, id=f"c{at}")
        for at, said in enumerate(("Nitrous oxide misuse", "Ataxia"))
    ]
    request = fhir.dumps(fhir.bundle(fhir.patient(), b12, *signs))
    found = deck(interpret(request, as_of=AS_OF))
    assert "neurology" in {topic(card) for card in found}
    for card in found:
        (line,) = [one for one in card["detail"].splitlines() if "Known of the person" in one]
        assert "Ataxia (Condition/c1; It was recognised by its text" in line
        assert "Nitrous oxide exposure (Condition/c0;" in line


def test_a_second_emergency_of_one_topic_stands_first_in_the_detail() -> None:
    report = Case(places.CASES / "potassium-23-with-cramps").answer()
    first = next(note for note in report.notes if note.urgency == "emergency")
    second = first.model_copy(update={"rule": "another-danger", "summary": "Another danger"})
    both = report.model_copy(update={"notes": (first, second, *report.notes[1:])})
    (card,) = [one for one in deck(both) if topic(one) == first.topic]
    assert card["detail"].startswith("**Emergency as well**: Another danger")


def test_folded_and_routine_notes_are_not_lost() -> None:
    report = Case(places.CASES / "demo").answer()
    everything = "".join(card["detail"] for card in deck(report))
    told = {note.rule for note in report.notes if note.under is None or note.topic == "b12_status"}
    assert all(f"/v1/rules/{rule})" in everything for rule in told - {"stale"})


# --- markup -------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[press](javascript:alert(1))",
    "![](https://evil.example/x.png)",
    "**bold** _it_ ~~no~~ `code`",
    "https://evil.example/a",
    "www.evil.example",
    "<https://evil.example>",
    "a@evil.example",
    "&lt;b&gt;&#60;i&#62;",
    "| a | b |\n|---|---|\n| c | d |",
    "# head\n- list\n> quote\n```\ncode\n```",
    "1. one",
    "- item",
    "a\r\n\r\n<b>x</b>",
    "\\<b\\>",
    "[x]: https://evil.example 'y'",
    "$$x$$",
    "javascript:alert(1)",
]


def tokens(source: str) -> list[Any]:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    found = []
    for token in parser.parse(source):
        found += [token, *(token.children or [])]
    return found


@pytest.mark.parametrize("hostile", HOSTILE)
def test_escaped_text_is_text(hostile: str) -> None:
    found = tokens(f"- {markdown.text(hostile)}")
    kinds = {token.type for token in found} - {"inline", "text", "text_special"}
    assert kinds == {
        "bullet_list_open", "list_item_open", "paragraph_open", "paragraph_close",
        "list_item_close", "bullet_list_close",
    }  # fmt: skip
    escaped = markdown.text(hostile)
    assert "<" not in escaped and not re.search(r"https?://|www\.|\w@\w|script:", escaped)


@given(st.text(max_size=60))
def test_no_text_becomes_markup(said: str) -> None:
    kinds = {token.type for token in tokens(f"**Label**: {markdown.text(said)}")}
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special",
                     "strong_open", "strong_close"}  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_a_laboratory_writes_stays_text(hostile: str) -> None:
    """In a unit, a range, a text value: of values taken and refused, in every field of a card."""
    odd = fhir.observation(
        fhir.MMA,
        id="m1",
        valueQuantity={"value": 0.9, "unit": hostile},
    )
    ranged = fhir.observation(
        value=212, id="o2", referenceRange=[{"text": hostile}], interpretation=[{"text": hostile}]
    )
    spoken = fhir.observation(fhir.POTASSIUM, id="k", valueString=f"{hostile} 2.0")
    named = fhir.observation({"coding": [{"system": fhir.LOINC, "code": fhir.B12}],
                              "text": hostile}, id="o3", value=230)  # fmt: skip
    report = interpret(fhir.bundle(fhir.patient(), odd, ranged, spoken, named), as_of=AS_OF)
    found = deck(report)
    assert found
    for card in found:
        assert not {"html_inline", "html_block", "image", "code_inline", "fence"} & {
            token.type for token in tokens(card["detail"])
        }
        links = [t.attrs["href"] for t in tokens(card["detail"]) if t.type == "link_open"]
        assert not [link for link in links if "evil" in str(link) or "script" in str(link)]
        for text in (card["summary"], card["source"]["label"], json.dumps(card.get("links"))):
            assert not re.search(r"<[A-Za-z/!?]", text)
        assert not re.search(r"<[A-Za-z/!?]", card["detail"])


# --- summaries ----------------------------------------------------------------------------------


def test_a_short_sentence_stays() -> None:
    said = "x" * MOST
    assert brief(said) == said


def test_a_long_one_is_cut_at_a_word_and_says_so() -> None:
    found = brief("a word and another " * 20)
    assert length(found) <= MOST and found.endswith("…") and len(found) > MOST - 40


@pytest.mark.parametrize("filling", range(60, 110, 3))
def test_what_is_cut_off_never_turns_what_is_left(filling: int) -> None:
    head = f"Total B12 is {'well ' * (filling // 5)}above the limit"
    said = f"{head}: deficiency is unlikely, not excluded"
    found = brief(said)
    assert found in (said, f"{head}…")


QUANTITY = st.builds(
    lambda number, unit: f"{number} {unit}",
    st.decimals(0, 9999, places=2, allow_nan=False),
    st.sampled_from(["ng/L", "umol/L", "mL/min/1.73 m2", "10*9/L", "%", "g/dL"]),
)
WORD = st.sampled_from(
    ["B12", "is", "below", "above", "the", "limit", "(the laboratory's own limit)", "MMA", "and"]
)


@given(st.lists(st.one_of(QUANTITY, WORD), min_size=20, max_size=80))
def test_no_number_is_cut_from_its_unit(parts: list[str]) -> None:
    said = " ".join(parts)
    found = brief(said, "otherwise")
    assert length(found) <= MOST
    if found not in (said, "otherwise"):
        kept = found.removesuffix("…")
        assert said.startswith(kept)
        # Whatever quantity begins in what is kept ends in it too.
        position = 0
        for part in parts:
            if position < len(kept) and part[0].isdigit():
                assert position + len(part) <= len(kept)
            position += len(part) + 1
        assert kept.count("(") == kept.count(")")


@given(st.text(max_size=400))
def test_any_text_fits(said: str) -> None:
    assert length(brief(said)) <= MOST


def test_astral_characters_count_as_a_client_counts_them() -> None:
    assert length(brief("😀" * 139)) <= MOST


# --- names --------------------------------------------------------------------------------------


def test_a_name_tells_the_rule_and_nothing_else() -> None:
    (card,) = of("b12-349-8-ng")
    (other,) = of("b12-349-8-ng", instance="0d9a4f0f-5a01-4c5e-9d4c-2d3f1f5e0a05")
    name = UUID(card["uuid"])
    assert name.version == 8 and name.variant == "specified in RFC 4122"
    assert identity.prefix_in(card["uuid"]) == identity.prefix_in(other["uuid"])
    assert card["uuid"] != other["uuid"]
    report = Case(places.CASES / "b12-349-8-ng").answer()
    note = report.notes[0]
    assert identity.prefix_in(card["uuid"]) == identity.prefix_of(note.rule, note.pack_version)
    assert of("b12-349-8-ng") == of("b12-349-8-ng")


def test_names_of_one_answer_differ() -> None:
    found = of("b12-349-8-ng") + of("demo")
    names = [card["uuid"] for card in found]
    names += [one["uuid"] for card in found for one in card.get("suggestions", ())]
    assert len(set(names)) == len(names)


def test_no_two_rules_share_the_beginning_of_their_names() -> None:
    rules = {
        (bound.rule.id, pack.pack.head.version)
        for pack in open_library().packs.values()
        for bound in pack.rules
    }
    assert len({identity.prefix_of(*one) for one in rules}) == len(rules) > 200


# --- content ------------------------------------------------------------------------------------


def test_the_policy_names_what_exists() -> None:
    found = content.load()
    packs = open_library().packs.values()
    rules = {bound.rule.id for pack in packs for bound in pack.rules}
    assert found.viewing.rules | found.viewing.silent | found.ordering.rules <= rules
    assert set(found.viewing.statuses) | set(found.needs_seen) <= set(topics())
    statuses = {
        row.status
        for pack in packs
        for decision in pack.pack.decisions.values()
        for row in decision.rows
    }
    for wanted in (*found.viewing.statuses.values(), *found.open.values()):
        assert wanted <= statuses
    for topic, undecided in words.load().undecided.items():
        assert undecided <= found.open[topic]
    assert len({code for code, _ in found.reasons}) == len(found.reasons)
    assert not {code for code, _ in found.reasons} & found.understood
