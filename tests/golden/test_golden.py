"""Every example request gives the answer that was expected of it by hand, and the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from corrin.intake.problem import IntakeError
from corrin.notes.report import Report
from corrin.render.text import render as to_text
from golden.cases import KNOWN_KEYS, REQUESTS, Case, every_case, flags_of, reasons

CASES = every_case()
IDS = [case.name for case in CASES]
# Traps of the clinical reference (section 14).
TRAPS = {f"TR-{n:02d}" for n in range(1, 32)}
# Seed statements of the clinical reference (section 13).
SEEDS = {f"SD-{n:02d}" for n in range(1, 25)}
# Shapes that an R4 model must not accept: other releases, and faults that are the point.
NOT_R4 = {"r5-shape", "stu3-shape", "bad-performer-beside-potassium", "not-fhir"}

# What no sentence may hold: a hole left open, a code's unit or time, doubled punctuation.
UNSAID = re.compile(r"[{}]|None(?! of)|\d 10\*|\dT\d|  |\.\.|,,|\( ")
# What no rule may promise, whatever the result.
REASSURING = ("replete", "is sufficient", "deficiency is excluded", "no action", "reassuringly")


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_case_is_complete(case: Case) -> None:
    requests = [name for name in REQUESTS if (case.folder / name).is_file()]
    assert len(requests) == 1, "one request"
    readme = (case.folder / "README.md").read_text("utf-8")
    assert len(readme.splitlines()) == 1 and len(readme.strip()) > 40, "README.md is one line"
    expected = case.expected
    assert set(expected) <= KNOWN_KEYS
    assert {"as_of", "profile", "why", "evidence", "traps"} <= set(expected)
    assert expected.get("error") or "statuses" in expected or "statuses_not" in expected
    assert case.answer_file.is_file(), "make golden"


def test_every_trap_has_a_case() -> None:
    covered = {trap for case in CASES for trap in case.expected["traps"]}
    assert covered >= TRAPS
    assert len(CASES) >= 40


def test_every_seed_statement_has_a_case_of_its_name() -> None:
    named = {case.name[:5].upper(): case for case in CASES if case.name.startswith("sd-")}
    assert set(named) == SEEDS
    assert all(seed in case.expected["evidence"] for seed, case in named.items())


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_disclaimer_stands_in_every_rendering(case: Case) -> None:
    if case.refused_whole:
        return
    report = case.report
    statement = _folded(report.statement)
    assert "decision support" in statement and "not medical advice to a patient" in statement
    assert statement in _folded(case.text)
    assert statement in _folded(to_text(report, explain=True))
    assert statement in _folded(_unescaped(case.page))
    assert json.loads(report.to_json())["statement"] == report.statement


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_answer_is_the_one_expected(case: Case) -> None:
    if case.refused_whole:
        with pytest.raises(IntakeError) as caught:
            case.report  # noqa: B018
        assert reasons(caught.value) == case.refused_whole
        return
    differences = list(_differences(case.expected, case.report, case.text))
    assert not differences, "\n".join(["", *differences])


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_answer_has_the_same_bytes(case: Case) -> None:
    assert case.answer_bytes() == case.answer_file.read_bytes(), (
        "read the change, then: make golden CASE=" + case.name
    )


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_text_and_page_say_every_note(case: Case) -> None:
    if case.refused_whole:
        return
    report = case.report
    text, page = _folded(case.text), _folded(_unescaped(case.page))
    for rendering in (text, page):
        assert _folded(report.statement) in rendering
        for status in report.statuses.values():
            assert _folded(status.says) in rendering
        for note in report.notes:
            assert _folded(note.summary) in rendering
            assert _folded(note.detail) in rendering
        for refusal in report.refusals:
            assert _folded(refusal.says) in rendering


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_nothing_is_said_twice_or_half(case: Case) -> None:
    if case.refused_whole:
        return
    report = case.report
    summaries = [note.summary for note in report.notes]
    assert len(summaries) == len(set(summaries)), "two notes say the same"
    because = [status.because for status in report.statuses.values()]
    details = [note.detail for note in report.notes]
    limits = [limit for note in report.notes for limit in note.limits]
    for sentence in (report.headline, *report.notices, *because, *summaries, *details, *limits):
        assert not UNSAID.search(sentence), sentence
        assert sentence[:1].isupper() or sentence.startswith(("eGFR", "cB12")), sentence
        assert not any(word in sentence for word in REASSURING), sentence


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c.name not in NOT_R4 and c.request_file.suffix == ".json"],
    ids=lambda case: case.name,
)
def test_a_request_is_valid_r4(case: Case) -> None:
    from fhir.resources.R4B import get_fhir_model_class

    request = json.loads(case.request_file.read_bytes())
    get_fhir_model_class(request["resourceType"]).model_validate(request)


def _differences(expected: dict[str, Any], report: Report, said: str) -> Iterator[str]:
    """What of the report is not as expected, in words."""
    for topic, status in (expected.get("statuses") or {}).items():
        found = report.statuses.get(topic)
        if found is None or found.status != status:
            got = (found.status, _codes(found.possible)) if found else None
            yield f"{topic}: expected {status}, got {got}"
    for topic, statuses in (expected.get("statuses_not") or {}).items():
        found = report.statuses.get(topic)
        if found is not None and found.status in statuses:
            yield f"{topic}: {found.status} is not to be said"
    for topic, possible in (expected.get("possible") or {}).items():
        found = report.statuses.get(topic)
        if found is None or set(_codes(found.possible)) != set(possible):
            yield f"{topic}: possible {possible}, got {found and _codes(found.possible)}"
        elif not found.separated_by:
            yield f"{topic}: what separates the possible statuses is not said"
    for topic, possible in (expected.get("possible_includes") or {}).items():
        found = report.statuses.get(topic)
        if found is None or not set(possible) <= set(_codes(found.possible)):
            yield f"{topic}: possible at least {possible}, got {found and _codes(found.possible)}"
    for key, part in (("missing", "name"), ("assumed", "code")):
        for topic, names in (expected.get(key) or {}).items():
            found = report.statuses.get(topic)
            have = [getattr(p, part) for p in getattr(found, key)] if found else []
            if lacking := sorted(set(names) - set(have)):
                yield f"{topic}: {key} lacks {lacking}, has {have}"
    for topic, names in (expected.get("assumed_not") or {}).items():
        have = [word.code for word in report.statuses[topic].assumed]
        if surplus := sorted(set(names) & set(have)):
            yield f"{topic}: {surplus} is stated and must not be listed as assumed"
    urgency = expected.get("urgency")
    if urgency is not None and report.urgency not in _listed(urgency):
        yield f"urgency: expected {urgency}, got {report.urgency}"
    if first := expected.get("first_note"):
        at_top = report.notes[0].urgency if report.notes else None
        if at_top != first:
            yield f"the first note is to be {first}, is {at_top}"
    if (first_rule := expected.get("first_rule")) and report.notes[0].rule != first_rule:
        yield f"the first note is to be {first_rule}, is {report.notes[0].rule}"
    rules = {note.rule for note in report.notes}
    if lacking := sorted(set(expected.get("notes_include") or ()) - rules):
        yield f"notes lack {lacking}, have {sorted(rules)}"
    if surplus := sorted(set(expected.get("notes_exclude") or ()) & rules):
        yield f"notes must not hold {surplus}"
    for key, folded in (("on_top", False), ("folded", True)):
        there = {note.rule for note in report.notes if (note.under is not None) is folded}
        if lacking := sorted(set(expected.get(key) or ()) - there):
            yield f"{key}: lacks {lacking}, has {sorted(there)}"
    if "refused" in expected:
        refused = sorted(refusal.reason for refusal in report.refusals)
        if refused != sorted(expected["refused"]):
            yield f"refused: expected {sorted(expected['refused'])}, got {refused}"
    flags = set(flags_of(json.loads(report.to_json())))
    if lacking := sorted(set(expected.get("flags") or ()) - flags):
        yield f"flags lack {lacking}, have {sorted(flags)}"
    text = _folded(said)
    for fragment in expected.get("says") or ():
        if _folded(fragment) not in text:
            yield f"the text does not say {fragment!r}"
    own = _folded(" ".join(_own_words(report)))
    for fragment in expected.get("says_not") or ():
        if _folded(fragment) in own:
            yield f"the answer must not say {fragment!r}"


def _own_words(report: Report) -> Iterator[str]:
    """What the report says is so: not where a further finding would lead."""
    yield report.headline
    for status in report.statuses.values():
        yield from (status.says, status.because)
    for note in report.notes:
        yield from (note.summary, note.detail, *note.limits)


def _codes(words: Any) -> list[str]:
    return [word.code for word in words]


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _folded(text: str) -> str:
    """Without line ends and case: a rendering may break lines where it likes."""
    return " ".join(text.split()).casefold()


def _unescaped(page: str) -> str:
    import html
    import re

    return html.unescape(re.sub(r"<[^>]+>", " ", page))
