"""The content of the form: held against the terminology, and the case it makes against another."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrin import terminology
from corrin.api.page.enter import menu
from corrin.api.page.enter.typed import typed
from corrin.content import ContentError
from corrin.intake import IntakeError, plain
from corrin.intake.plain import names
from corrin.render import words
from support import places

FORM = (places.ROOT / "rules" / "page" / "form.yaml").read_text("utf-8")
TESTS = tuple(menu.load().tests.values())
ENTRIES = tuple((part.name, entry) for part in menu.load().parts for entry in part.entries)


def with_change(folder: Path, old: str, new: str) -> Path:
    assert old in FORM
    (folder / "page").mkdir(parents=True)
    (folder / "page" / "form.yaml").write_text(FORM.replace(old, new, 1), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("total_b12,", "total_b13,", "total_b13 is no test that is read"),
        ("total_b12,", "mentzer_index,", "mentzer_index is no test that is read"),
        ("total_b12, active_b12", "total_b12, total_b12", "total_b12 stands twice"),
        ("{id: ataxia}", "{id: metformin}", "metformin does not belong under symptoms"),
        ("{id: ataxia}", "{id: ataxy}", "ataxy does not belong under symptoms"),
        ("{id: ataxia}", "{id: numbness}", "numbness stands twice"),
        ("{id: vegan, asks: since}", "{id: vegan, asks: given}", "an entry of diet has no given"),
        ("{id: vegan, asks: since}", "{id: vegan, asks: name}", "an entry of diet has no name"),
        ("- {id: autoimmune_disease}", "- {id: smoking}", "smoking makes no family history"),
        ("part: procedures", "part: allergies", "allergies is no list of a case's context"),
        ('"ug/L": "µg/L"', '"ug/L/h": "µg/L"', "ug/L/h is no unit"),
        ("unit-missing: Choose", "unit-mising: Choose", "unit-mising is no reason"),
        ("untold: [implausible", "untold: [unbelievable", "unbelievable is no reason"),
        ("  medicines: \"This is", "  procedures: \"This is", "procedures is no list that can be"),
    ],
)  # fmt: skip
def test_content_that_does_not_fit_is_named(tmp_path: Path, old: str, new: str, why: str) -> None:
    with pytest.raises(ContentError, match=why):
        menu.load(with_change(tmp_path / "rules", old, new))
    shutil.rmtree(tmp_path / "rules")


def test_every_label_and_name_is_one_the_reader_knows() -> None:
    content = menu.load()
    for test in TESTS:
        found = names.test(test.id)
        assert found is not None and found["coding"][0]["code"] == test.id
    for name in content.names:
        assert names.test_named(name) is not None, name
    assert words.count(len(TESTS), "test") == f"{len(TESTS)} tests"


def test_critical_tests_have_rows_of_their_own() -> None:
    critical = {one.id for one in terminology.load().analytes.values() if one.critical}
    assert critical <= set(menu.load().tests)


def test_whoever_says_all_symptoms_were_asked_for_saw_each_that_is_denied() -> None:
    shown = {entry.id for part, entry in ENTRIES if part == "symptoms"}
    assert set(names.words().closes) <= shown


VALUES = st.decimals(min_value=0, max_value=5000, places=2, allow_nan=False).map(str)


@st.composite
def results(draw: st.DrawFn) -> tuple[dict[str, list[str]], list[dict[str, Any]]]:
    """Results typed in the form's order, and as somebody would write them by hand."""
    fields: dict[str, list[str]] = {}
    case: list[dict[str, Any]] = []
    day = draw(st.sampled_from(["2026-10-30", "2026-11-01", ""]))
    fields["date"] = [day]
    for test in TESTS:
        if draw(st.integers(0, 11)):
            continue
        one: dict[str, Any] = {"test": test.id}
        own = draw(st.sampled_from(["", "2026-10-01"]))
        if own or day:
            one["date"] = own or day
        fields[f"date.{test.id}"] = [own]
        if not test.measured:
            one["value"] = draw(st.sampled_from(["positive", "negative"]))
        else:
            one["value"] = draw(VALUES | st.sampled_from(["<150", "7,5", "abc", "1.234,5"]))
            sign = draw(st.sampled_from(["", "", "<", ">="]))
            unit = draw(st.sampled_from(["", *(unit.code for unit in test.units)]))
            low = draw(st.sampled_from(["", "1", "2.50", "2,5"]))
            if sign:
                one["comparator"] = sign
            if unit:
                one["unit"] = unit
            if low:
                one["range"] = {"low": json.loads(low.replace(",", "."))}
            fields |= {f"sign.{test.id}": [sign], f"unit.{test.id}": [unit]}
            fields[f"low.{test.id}"] = [low]
        fields[f"value.{test.id}"] = [one["value"]]
        case.append(one)
    return fields, case


def outcome(document: str) -> object:
    """What the reader makes of a case: the reading, or everything that is wrong with it."""
    try:
        return plain.read(document.encode())
    except IntakeError as error:
        return [(one.reason, one.path) for one in error.problems]


@settings(max_examples=60, deadline=None)
@given(results())
def test_what_is_typed_is_read_as_what_is_written_by_hand(
    both: tuple[dict[str, list[str]], list[dict[str, Any]]],
) -> None:
    fields, case = both
    found = typed(fields, menu.load())
    if not case:
        assert found.empty
        return
    made, written = outcome(found.document), outcome(json.dumps({"results": case}))
    assert made == written
    if isinstance(made, list):
        assert all(found.place(path, reason) for reason, path in made)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(ENTRIES), st.sampled_from(["", "present", "absent"]), st.booleans()
        ),
        unique_by=lambda one: one[0],
        max_size=12,
    )
)
def test_context_is_read_as_what_is_written_by_hand(
    given_: list[tuple[tuple[str, menu.Entry], str, bool]],
) -> None:
    fields: dict[str, list[str]] = {}
    case: dict[str, dict[str, list[Any]]] = {}
    order = {one: at for at, one in enumerate(ENTRIES)}
    for (part, entry), state, dated in sorted(given_, key=lambda one: order[one[0]]):
        fields[f"{part}.{entry.id}"] = [state]
        if not state:
            continue
        one = {"name": entry.id}
        if dated and entry.asks and state == "present":
            fields[f"{part}.{entry.id}.when"] = ["2026-05"]
            one[entry.asks] = "2026-05"
        case.setdefault(part, {}).setdefault(state, []).append(one)
    found = typed(fields, menu.load())
    if not case:
        assert found.empty
        return
    made, written = outcome(found.document), outcome(json.dumps({"context": case}))
    if isinstance(made, list):
        assert isinstance(written, list)
        assert sorted(made) == sorted(written)
        assert all(found.place(path, reason) for reason, path in made)
    else:
        assert not isinstance(written, list)
        assert sorted(map(repr, made.statements)) == sorted(map(repr, written.statements))  # type: ignore[attr-defined]
