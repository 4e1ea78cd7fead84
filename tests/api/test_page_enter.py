"""The form: what is typed becomes a case, and every fault comes back beside its field."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from corrin import terminology
from corrin.api.interpreter import Interpreter
from corrin.api.page.enter import form, hint, menu
from corrin.api.page.enter.row import MOST_FREE, rows_of
from corrin.api.page.enter.typed import typed
from corrin.api.problem import Problem
from corrin.intake import plain
from corrin.units import convert

PAGE = {"Accept": "text/html"}
PART = PAGE | {"HX-Request": "true"}
DAY = "2026-11-01"


def sent(client: TestClient, said: Mapping[str, str], part: bool = False) -> Response:
    return client.post("/", data=dict(said), headers=PART if part else PAGE)


def lists(said: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in said.items()}


def faults(page: str) -> list[tuple[str, str]]:
    """Field and reason of every fault of the list on top."""
    found = re.search(r'<section class="faults".*?</section>', page, re.S)
    assert found is not None
    items = re.findall(r"<li>(.*?)</li>", found[0], re.S)
    return [
        (
            next(iter(re.findall(r'data-field="([^"]*)"', one)), ""),
            re.findall(r'<code class="quiet">([^<]*)</code>', one)[0],
        )
        for one in items
    ]


def beside(page: str, place: str) -> str:
    """What is told beside a field or a row."""
    found = re.search(rf'<p[^>]* id="hint-{place}"[^>]*>(.*?)</p>', page, re.S)
    found = found or re.search(rf'<p id="hint-{place}"[^>]*>(.*?)</p>', page, re.S)
    assert found is not None
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", found[1])).split())


def control(page: str, place: str) -> str:
    """The tag of the control of an id."""
    found = re.search(rf'<(?:input|select|textarea)[^>]* id="{place}"[^>]*>', page)
    assert found is not None, place
    return found[0]


def test_the_empty_form_offers_every_test_with_its_accepted_units(client: TestClient) -> None:
    page = client.get("/", headers=PAGE).text
    for name, test in menu.load().tests.items():
        assert f'id="value-{name}"' in page
        found = re.search(rf'<select class="unit" id="unit-{name}".*?</select>', page, re.S)
        if not test.measured:
            assert found is None
            continue
        assert found is not None
        options = re.findall(r'<option value="([^"]*)"( selected)?>', found[0])
        units = terminology.load().analytes[name].units
        assert [html.unescape(value) for value, _ in options] == ["", *units]
        assert not any(chosen for _, chosen in options)  # none is assumed


def test_every_unit_of_a_menu_is_one_its_test_is_read_in(interpreter: Interpreter) -> None:
    for test in menu.load().tests.values():
        plausible = terminology.load().analytes[test.id].plausible
        for unit in test.units:
            value = Decimal(1)
            if plausible is not None:
                middle = (plausible.low + plausible.high) / 2
                analyte = terminology.load().analytes[test.id]
                value = round(convert(analyte, middle, plausible.unit, unit.code), 6)
            said = {f"value.{test.id}": f"{value:f}", f"unit.{test.id}": unit.code, "date": DAY}
            told = hint.hints_of(lists(said | {"as_of": DAY}), interpreter)[test.id]
            assert [one.kind for one in told] == ["read"], (test.id, unit, told)


def test_five_values_are_interpreted_as_the_case_they_are(
    client: TestClient, interpreter: Interpreter
) -> None:
    said = {
        "age": "68", "sex": "female", "date": DAY, "as_of": DAY,
        "value.total_b12": "150", "sign.total_b12": "<", "unit.total_b12": "ng/L",
        "value.haemoglobin": "104", "unit.haemoglobin": "g/L",
        "low.haemoglobin": "115", "high.haemoglobin": "165", "date.haemoglobin": "2026-10-30",
        "value.mcv": "108", "unit.mcv": "fL",
        "value.intrinsic_factor_antibody": "positive",
        "test.x1": "white cells", "value.x1": "5.2", "unit.x1": "10*9/L",
        "symptoms.ataxia": "present", "symptoms.fatigue": "absent",
        "medicines.metformin": "present", "medicines.metformin.when": "2020-01",
        "procedures.gastrectomy": "present", "procedures.gastrectomy.when": "2019",
        "family_history.pernicious_anaemia": "present", "medicines.complete": "yes",
        "pregnant": "absent",
    }  # fmt: skip
    found = typed(lists(said), menu.load())
    assert json.loads(found.document) == {
        "patient": {"age": 68, "sex": "female"},
        "results": [
            {"test": "total_b12", "comparator": "<", "value": "150", "unit": "ng/L", "date": DAY},
            {
                "test": "haemoglobin",
                "value": "104",
                "unit": "g/L",
                "date": "2026-10-30",
                "range": {"low": 115, "high": 165},
            },
            {"test": "mcv", "value": "108", "unit": "fL", "date": DAY},
            {"test": "intrinsic_factor_antibody", "value": "positive", "date": DAY},
            {"test": "white cells", "value": "5.2", "unit": "10*9/L", "date": DAY},
        ],
        "context": {
            "symptoms": {"present": [{"name": "ataxia"}], "absent": [{"name": "fatigue"}]},
            "medicines": {"present": [{"name": "metformin", "since": "2020-01"}], "complete": True},
            "procedures": {"present": [{"name": "gastrectomy", "date": "2019"}]},
            "family_history": {"present": [{"name": "pernicious_anaemia"}]},
            "pregnant": False,
        },
    }
    page = sent(client, said)
    assert page.status_code == 200
    assert "B12 deficiency confirmed" in page.text
    direct = client.post("/v1/interpret?as_of=" + DAY, content=found.document,
                         headers={"Content-Type": "application/json"}).json()  # fmt: skip
    assert html.escape(direct["headline"], quote=False) in html.unescape(page.text)


@pytest.mark.parametrize(
    ("said", "field", "reason"),
    [
        ({"value.mma": "0.6", "date": DAY}, "unit-mma", "unit-missing"),
        ({"value.mma": "0,6", "date": DAY}, "unit-mma", "unit-missing"),
        ({"value.mma": "1", "unit.mma": "furlong", "date": DAY}, "unit-mma", "unit-unknown"),
        ({"value.mcv": "98", "unit.mcv": "fL"}, "date", "date-missing"),
        ({"value.mcv": "98", "unit.mcv": "fL", "date": "tomorrow"}, "date", "date-invalid"),
        (
            {"value.mcv": "98", "unit.mcv": "fL", "date": DAY, "date.mcv": "x"},
            "date-mcv",
            "date-invalid",
        ),
        ({"low.mcv": "80", "unit.mcv": "fL", "date": DAY}, "value-mcv", "field-missing"),
        (
            {"value.mcv": "98", "unit.mcv": "fL", "date": DAY, "low.mcv": "about 80"},
            "low-mcv",
            "type-wrong",
        ),
        (
            {"value.mcv": "98", "unit.mcv": "fL", "date": DAY, "sign.mcv": "~"},
            "sign-mcv",
            "comparator-unknown",
        ),
        ({"test.x2": "B13", "value.x2": "1", "unit.x2": "g/L", "date": DAY}, "test-x2",
         "name-unknown"),
        ({"value.x2": "1", "unit.x2": "g/L", "date": DAY}, "test-x2", "field-missing"),
        ({"value.mcv": "98", "unit.mcv": "fL", "date": DAY, "age": "old"}, "age", "type-wrong"),
        (
            {"value.mcv": "98", "unit.mcv": "fL", "date": DAY, "age": "8", "birth_date": "2018"},
            "age",
            "field-conflict",
        ),
        ({"value.mcv": "98", "unit.mcv": "fL", "date": DAY, "sex": "x"}, "sex", "name-unknown"),
        ({"value.mcv": "98", "unit.mcv": "fL", "date": DAY, "as_of": "soon"}, "as_of",
         "date-invalid"),
        ({"medicines.metformin": "present", "medicines.metformin.when": "x"},
         "medicines-metformin-when", "date-invalid"),
        ({"medicines.metformin.when": "2020"}, "medicines-metformin-when", "field-conflict"),
        ({"symptoms.ataxia": "perhaps"}, "symptoms-ataxia", "value-invalid"),
        ({"pregnant": "present", "weeks": "99"}, "weeks", "type-wrong"),
        ({"weeks": "12"}, "weeks", "field-conflict"),
        ({}, "value-total_b12", "empty"),
        ({"age": "50", "unit.mcv": "fL"}, "value-total_b12", "empty"),
        ({"value.mch": "30", "unit.mch": "pg", "date": DAY, "sign.mcv": "<"}, "value-mcv",
         "field-missing"),
        ({"document": "{}", "value.mcv": "98"}, "document", "field-conflict"),
        ({"document": "{}", "age": "50"}, "document", "field-conflict"),
        ({"document": "{}", "date": DAY}, "document", "field-conflict"),
        ({"document": "{}", "pregnant": "absent"}, "document", "field-conflict"),
        ({"document": "what is this"}, "document", "input-unrecognised"),
    ],
)  # fmt: skip
def test_every_fault_stands_beside_its_field_and_nothing_typed_is_lost(
    client: TestClient, said: dict[str, str], field: str, reason: str
) -> None:
    answer = sent(client, said)
    assert 400 <= answer.status_code < 500
    page = answer.text
    assert (field, reason) in faults(page)
    assert f'id="{field}"' in page
    if "document" not in said and reason != "empty":
        key = field.removesuffix("-when").removeprefix("fieldset-")
        key = field.partition("-")[2] if f'data-row="{field.partition("-")[2]}"' in page else key
        assert beside(page, key)
        fieldset = f'<fieldset class="states" id="{field}"' in page
        assert fieldset or 'aria-invalid="true"' in control(page, field)
    for name, value in said.items():
        if name.split(".")[0] in ("symptoms", "pregnant") or name.endswith("metformin"):
            continue  # radios: one that is none of the three is told, and leaves all open
        assert html.escape(value) in page, name
    part = sent(client, said, part=True)
    assert part.status_code == answer.status_code
    assert faults(part.text) == faults(page)
    assert "<html" not in part.text


def test_a_radio_keeps_its_state(client: TestClient) -> None:
    page = sent(client, {"symptoms.ataxia": "absent", "value.mcv": "x"}).text
    chosen = re.findall(r'name="symptoms.ataxia" value="(\w*)" checked', page)
    assert chosen == ["absent"]
    assert re.findall(r'name="symptoms.fatigue" value="(\w*)" checked', page) == [""]


def test_one_missing_date_is_told_once_for_all_results(client: TestClient) -> None:
    said = {f"value.{name}": "5" for name in ("mcv", "total_b12", "potassium")}
    said |= {"unit.mcv": "fL", "unit.total_b12": "ng/L", "unit.potassium": "mmol/L"}
    assert faults(sent(client, said).text).count(("date", "date-missing")) == 1


def test_a_value_without_a_unit_is_never_guessed(client: TestClient) -> None:
    answer = sent(client, {"value.total_b12": "150", "date": DAY})
    assert answer.status_code == 422
    assert 'class="urgency' not in answer.text
    assert "Nothing was interpreted" in answer.text


@pytest.mark.parametrize(
    ("said", "place", "words"),
    [
        ({"value.total_b12": "133", "unit.total_b12": "ng/L"}, "value-total_b12",
         "Read as 133 ng/L."),
        ({"value.total_b12": "133", "unit.total_b12": "pg/mL"}, "value-total_b12",
         "Read as 133 pg/mL, compared as 133 ng/L."),
        ({"value.total_b12": "133", "unit.total_b12": "ng/L", "date.total_b12": "2026-01-02",
          "date": DAY}, "value-total_b12", "Read as 133 ng/L, sampled 2026-01-02."),
        ({"value.total_b12": "1", "unit.total_b12": "ng/L"}, "value-total_b12", "plausible"),
        ({"value.total_b12": "133"}, "unit-total_b12", "Choose the unit"),
        ({"value.active_b12": "40", "unit.active_b12": "ng/L"}, "unit-active_b12", "unit"),
        ({"value.total_b12": "lots", "unit.total_b12": "ng/L"}, "value-total_b12",
         "cannot be read as a number"),
        ({"value.haemoglobin": "3.1", "unit.haemoglobin": "mmol/L"}, "value-haemoglobin",
         "tetramer"),
        ({"value.mcv": "98", "unit.mcv": "fL", "date": "2026-11-02"}, "date",
         "after the moment of interpretation"),
        ({"value.total_b12": "1,234", "unit.total_b12": "ng/L"}, "value-total_b12", "Read as"),
        ({"test.x1": "vitamin B-12", "value.x1": "133", "unit.x1": "pg/ml"}, "value-x1",
         "compared as 133 ng/L"),
        ({"test.x1": "vitamin B13", "value.x1": "133", "unit.x1": "ng/L"}, "test-x1", "Known: "),
    ],
)  # fmt: skip
def test_what_is_typed_is_flagged_beside_its_field(
    client: TestClient, said: dict[str, str], place: str, words: str
) -> None:
    answer = client.post("/page/check", data=said | {"as_of": DAY}, headers=PART)
    assert answer.status_code == 200
    told = re.findall(r'<span class="(\w+)" data-field="([^"]+)">([^<]*)</span>', answer.text)
    assert any(field == place and words in html.unescape(says) for _, field, says in told), told
    assert not re.search(r"\b(normal|abnormal|deficien\w*)\b", answer.text)


def test_checking_without_script_gives_the_whole_form(client: TestClient) -> None:
    page = client.post("/page/check", data={"value.mcv": "980", "unit.mcv": "fL", "date": DAY},
                       headers=PAGE).text  # fmt: skip
    assert "<html" in page
    assert "plausible" in beside(page, "mcv")


def test_an_empty_row_is_told_nothing(client: TestClient) -> None:
    answer = client.post("/page/check", data={"value.mcv": "", "unit.mcv": "fL"}, headers=PART)
    assert (answer.status_code, answer.text.strip()) == (200, "")


def test_hints_come_with_the_answer_with_and_without_script(client: TestClient) -> None:
    said = {"value.total_b12": "133", "unit.total_b12": "pg/mL", "value.potassium": "23",
            "unit.potassium": "mmol/L", "date": DAY, "as_of": DAY}  # fmt: skip
    for part in (False, True):
        page = sent(client, said, part)
        assert page.status_code == 200
        assert beside(page.text, "total_b12") == "Read as 133 pg/mL, compared as 133 ng/L."
        assert "plausible" in beside(page.text, "potassium")


def test_the_form_stands_open_above_an_answer_where_a_value_was_not_taken(
    client: TestClient,
) -> None:
    said = {"value.potassium": "4.1", "unit.potassium": "mmol/L", "date": DAY, "as_of": DAY}
    assert '<details class="entered no-print">' in sent(client, said).text
    said["value.potassium"] = "23"
    assert '<details class="entered no-print" open>' in sent(client, said).text


def test_a_hint_is_what_the_reader_says_of_the_whole_case(interpreter: Interpreter) -> None:
    said = {"value.total_b12": "133", "unit.total_b12": "pmol/L", "date": DAY, "as_of": DAY}
    found = typed(lists(said), menu.load())
    reading = plain.read(found.document.encode())
    (taken,) = reading.results
    (told,) = hint.hints_of(lists(said), interpreter)["total_b12"]
    assert told.says == f"Read as {taken.reported}."


def test_rows_can_be_added_with_and_without_script(client: TestClient) -> None:
    said = {"test.x1": "MCV", "value.x1": "98", "value.x2": "", "value.x3": ""}
    for headers in (PAGE, PART):
        page = client.post("/page/row", data=said, headers=headers).text
        keys = re.findall(r'name="test\.(x\d+)"', page)
        assert keys == ["x1", "x2", "x3", "x4"]
        assert 'value="MCV"' in page


def test_rows_do_not_grow_without_end(interpreter: Interpreter) -> None:
    said = {f"value.x{at}": [""] for at in range(1, 200)}
    found = form.form_of(said, interpreter, more=1)
    assert len(found.free) == len(rows_of(said, menu.load())) == MOST_FREE
    with pytest.raises(Problem) as told:
        form.submission(said)
    assert told.value.faults[0].reason == "too-many-entries"


def test_an_earlier_answer_does_not_stay_beside_a_refusal(client: TestClient) -> None:
    part = sent(client, {"value.mcv": "98"}, part=True).text
    before, _, _ = part.partition('id="form-faults"')
    assert "Nothing was interpreted" in before


def test_an_answer_takes_the_faults_away(client: TestClient) -> None:
    part = sent(client, {"value.mcv": "98", "unit.mcv": "fL", "date": DAY}, part=True).text
    assert re.search(r'<div id="form-faults" hx-swap-oob="innerHTML">\s*</div>', part)
    assert 'id="hint-date"' not in part  # what is not said is taken away by script


def test_the_form_is_labelled_and_submits_by_enter(client: TestClient) -> None:
    page = client.get("/", headers=PAGE).text
    entry = re.search(r'<form id="entry".*?</form>', page, re.S)
    assert entry is not None
    buttons = re.findall(r"<button[^>]*>", entry[0])
    first = next(one for one in buttons if 'type="submit"' in one)
    assert "formaction" not in first  # what Enter presses
    for tag in re.findall(r"<(?:input|select|textarea)[^>]*>", entry[0]):
        if 'type="radio"' in tag or 'type="checkbox"' in tag:
            continue
        place = re.search(r' id="([^"]+)"', tag)
        assert place is not None, tag
        assert (
            "aria-label=" in tag
            or f'<label for="{place[1]}"' in entry[0]
            or (f'for="{place[1]}"' in entry[0])
        ), tag


RANGES = (
    # low, high; what the case has; what is told beside the row, or the field that is at fault
    ("1,4", "2,0", {"low": 1.4, "high": 2.0}, "read as 1.4 to 2.0 µmol/L."),
    ("1,4", "", {"low": 1.4}, "read as ≥1.4 µmol/L."),
    ("", "1,4", {"high": 1.4}, "read as ≤1.4 µmol/L."),
    ("1,4-2,0", "", {"low": 1.4, "high": 2.0}, "read as 1.4 to 2.0 µmol/L."),
    ("1,4 – 2,0", "", {"low": 1.4, "high": 2.0}, "read as 1.4 to 2.0 µmol/L."),
    ("", "1,4-2,0 umol/L", {"low": 1.4, "high": 2.0}, "read as 1.4 to 2.0 µmol/L."),
    ("<1,4", "", "<1.4", "read as <1.4 µmol/L."),
    ("0,400", "", {"low": 0.4}, "read as ≥0.400 µmol/L."),
    # A comma that may stand between thousands is sent back; 1.234 is one and a bit.
    ("1.234", "2", {"low": 1.234, "high": 2}, ""),
    ("1.4-2.0", "", {"low": 1.4, "high": 2.0}, ""),
)  # fmt: skip


@pytest.mark.parametrize(("low", "high", "case", "told"), RANGES)
def test_a_range_is_read_as_a_value_is_and_says_where_it_was_a_guess(
    interpreter: Interpreter, low: str, high: str, case: object, told: str
) -> None:
    said = {"value.mma": "0,5", "unit.mma": "umol/L", "date": DAY, "low.mma": low, "high.mma": high}
    assert json.loads(typed(lists(said), menu.load()).document)["results"][0]["range"] == case
    hints = hint.hints_of(lists(said | {"as_of": DAY}), interpreter)["mma"]
    assert not [one for one in hints if one.kind == "wrong"]
    about = [one.says for one in hints if one.says.startswith("Laboratory range")]
    assert [one for one in about if "read as" in one] == ([f"Laboratory range {told}"] * bool(told))
    guessed = any("comma" in one or "separator" in one for one in about)
    assert guessed is any("," in text for text in (low, high))


@pytest.mark.parametrize(
    ("low", "high", "places"),
    [
        ("3,5 bis", "", ["low-mma"]),
        ("3,5 bis", "5,0", ["low-mma"]),
        ("1,4-2,0", "5", ["low-mma"]),
        ("", ">1,4", ["high-mma"]),
        ("1,4 nmol/L", "2,0", ["low-mma"]),
        ("-1,4", "2,0", ["low-mma"]),
        ("<1", "~2", ["low-mma", "high-mma"]),
        ("0,270", "4,200", ["low-mma", "high-mma"]),
        ("1,234", "2,000", ["low-mma", "high-mma"]),
        ("0,270-4,200", "", ["low-mma"]),
        ("", "4,200", ["high-mma"]),
        ("5-5", "", ["low-mma"]),
    ],
)
def test_a_range_that_is_none_is_sent_back_to_its_field(
    client: TestClient, low: str, high: str, places: list[str]
) -> None:
    said = {"value.mma": "0,5", "unit.mma": "umol/L", "date": DAY, "low.mma": low, "high.mma": high}
    answer = sent(client, said)
    assert answer.status_code == 422
    assert faults(answer.text) == [(place, "type-wrong") for place in places]


def test_a_range_turned_about_is_told_and_not_used(interpreter: Interpreter) -> None:
    said = {"value.mma": "0,5", "unit.mma": "umol/L", "date": DAY, "low.mma": "2,0"}
    hints = hint.hints_of(lists(said | {"high.mma": "1,4", "as_of": DAY}), interpreter)["mma"]
    assert "The laboratory's reference range cannot be read." in [one.says for one in hints]
    found = typed(lists(said | {"high.mma": "1,4"}), menu.load())
    assert plain.read(found.document.encode()).results[0].reference_range is None
