"""Moving a value on the page: what would be otherwise, where it turns, and what is refused."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient

from corrin.terminology import load
from support import places

AS_OF = "2026-11-01T09:00:00Z"
CASE: Final[dict[str, Any]] = {
    "as_of": AS_OF,
    "patient": {"sex": "female", "birth_date": "1958-03-01"},
    "results": [
        {"test": "total_b12", "value": 240, "unit": "pg/mL", "date": "2026-10-28"},
        {"test": "creatinine", "value": 74, "unit": "umol/L", "date": "2026-10-28"},
    ],
}
HTMX = {"HX-Request": "true"}


def asked(
    client: TestClient,
    door: str,
    *,
    case: dict[str, Any] | None = None,
    part: bool = True,
    **fields: str,
) -> tuple[int, str]:
    form = {"kind": "case", "profile": "", "as_of": AS_OF, "document": json.dumps(case or CASE)}
    answer = client.post(door, data={**form, **fields}, headers=HTMX if part else {})
    return answer.status_code, answer.text


def text_of(page: str) -> str:
    """The words of a page, without its markup."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_a_supposition_says_so_on_top_and_what_would_change(client: TestClient) -> None:
    status, page = asked(client, "/page/suppose", analyte="total_b12", value="170", unit="ng/L")
    words = text_of(page)
    assert status == 200
    assert words.startswith(
        "Supposed: total vitamin B12 170 ng/L instead of 240 pg/mL as reported."
    )
    assert "changed to B12 deficiency confirmed" in words
    assert "Anaemia (WHO 2024)" in words
    assert "unchanged" in words
    assert "Notes that would come" in words
    assert "170 ng/L (supposed)" in words
    assert "<html" not in page


def test_every_figure_of_a_note_that_would_come_is_marked(client: TestClient) -> None:
    _, page = asked(client, "/page/suppose", analyte="total_b12", value="170", unit="ng/L")
    come = page.split("Notes that would come")[1].split("Notes that would go")[0]
    figures = re.findall(r"170 ng/L(?! \(supposed\))", come)
    assert "170 ng/L (supposed)" in come
    assert not figures


@pytest.mark.parametrize(
    ("name", "value", "unit"), [("calcium", "1,5", "mmol/L"), ("albumin", "48", "g/L")]
)
def test_a_figure_worked_out_of_what_is_supposed_is_marked(
    client: TestClient, name: str, value: str, unit: str
) -> None:
    both = [
        {"test": "calcium", "value": 2.0, "unit": "mmol/L", "date": "2026-10-28"},
        {"test": "albumin", "value": 30, "unit": "g/L", "date": "2026-10-28"},
    ]
    case = {**CASE, "results": [*CASE["results"], *both]}
    _, page = asked(client, "/page/suppose", case=case, analyte=name, value=value, unit=unit)
    assert re.search(r"Supposed answer: [^<]*Adjusted calcium [\d.]+ mmol/L \(supposed\)", page)
    assert not re.search(r"djusted calcium [\d.]+ mmol/L(?! \(supposed\))", page)


@pytest.mark.parametrize("value", ["", "240"])
def test_the_reported_value_supposes_nothing(client: TestClient, value: str) -> None:
    status, page = asked(client, "/page/suppose", analyte="total_b12", value=value)
    words = text_of(page)
    assert status == 200
    assert words.startswith("As reported: total vitamin B12 240 pg/mL. Nothing is supposed.")
    assert "changed to" not in words
    assert "would" not in words


def test_a_field_of_its_own_name_is_read_for_the_value_asked_about(client: TestClient) -> None:
    fields: dict[str, str] = {
        "analyte": "total_b12", "supposed.total_b12": "170", "supposed-unit.total_b12": "ng/L",
        "supposed.creatinine": "300", "supposed-unit.creatinine": "umol/L",
    }  # fmt: skip
    _, page = asked(client, "/page/suppose", case=None, part=True, **fields)
    assert "Supposed: total vitamin B12 170 ng/L" in page
    assert "300" not in page


def test_a_value_below_a_bound_and_a_decimal_comma_are_read(client: TestClient) -> None:
    _, below = asked(client, "/page/suppose", analyte="total_b12", value="<150", unit="ng/L")
    assert "total vitamin B12 &lt;150 ng/L instead of" in below
    _, comma = asked(client, "/page/suppose", analyte="creatinine", value="74,5", unit="umol/L")
    assert "creatinine 74.5 umol/L instead of" in comma


def test_what_is_worked_out_follows(client: TestClient) -> None:
    results = [
        *CASE["results"],
        {"test": "MMA", "value": 0.52, "unit": "umol/L", "date": "2026-10-28"},
    ]
    case = {**CASE, "results": results}
    _, page = asked(
        client, "/page/suppose", case=case, analyte="creatinine", value="300", unit="umol/L"
    )
    words = text_of(page)
    assert "B12 deficiency probable → changed to indeterminate" in words


def test_an_absent_test_is_supposed_as_taken_now(client: TestClient) -> None:
    status, page = asked(client, "/page/suppose", analyte="mma", value="520", unit="nmol/L")
    assert status == 200
    assert "taken now, instead of none." in page
    assert "changed to" in page


def test_results_that_disagree_give_way_to_what_is_supposed(client: TestClient) -> None:
    both = [
        {"test": "total_b12", "value": value, "unit": "ng/L", "date": "2026-10-28"}
        for value in (150, 600)
    ]
    case = {**CASE, "results": both}
    page = client.post("/", data={"document": json.dumps(case)}).text
    assert 'data-analyte="total_b12"' in page
    _, page = asked(
        client, "/page/suppose", case=case, analyte="total_b12", value="170", unit="ng/L"
    )
    words = text_of(page)
    assert "total vitamin B12 170 ng/L instead of the results that disagree." in words
    assert "changed to B12 deficiency confirmed" in words


def test_each_cause_that_would_settle_it_is_offered(client: TestClient) -> None:
    results = [
        {"test": "total_b12", "value": 240, "unit": "ng/L", "date": "2026-10-28"},
        {"test": "MMA", "value": 0.52, "unit": "umol/L", "date": "2026-10-28"},
    ]
    page = client.post("/", data={"document": json.dumps({**CASE, "results": results})}).text
    panels = re.findall(r'class="suppose-panel" data-analyte="([^"]*)"', page)
    assert {"creatinine", "egfr"} <= set(panels)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"analyte": "total_b12", "value": "1", "unit": "ng/L"}, "plausible"),
        ({"analyte": "total_b12", "value": "-5", "unit": "ng/L"}, "negative"),
        ({"analyte": "total_b12", "value": "low", "unit": "ng/L"}, "It was: low."),
        ({"analyte": "total_b12", "value": "170", "unit": "wibbles"}, "unit is not known"),
        ({"analyte": "total_b12", "value": "170 ng/L", "unit": "ng/L"}, "number alone"),
        ({"analyte": "egfr", "value": "30"}, "worked out"),
        ({"analyte": "mma", "value": ""}, "Write a value"),
        ({"analyte": "nothing", "value": "1"}, "no measured test"),
        ({"value": "1"}, "no measured test"),
    ],
)
def test_what_is_not_supposed_says_why(
    client: TestClient, fields: dict[str, str], says: str
) -> None:
    for part in (True, False):
        status, page = asked(client, "/page/suppose", case=None, part=part, **fields)
        assert status == (200 if part else 422)
        assert "Not supposed." in page
        assert says in page


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "{{ 7*7 }}", "\u202e170", "9" * 500]
)
def test_hostile_values_are_shown_as_text(client: TestClient, hostile: str) -> None:
    for part in (True, False):
        status, page = asked(
            client, "/page/suppose", part=part, analyte="total_b12", value=hostile, unit="ng/L"
        )
        assert status == (200 if part else 422)
        assert "Not supposed." in page
        assert "<script>alert" not in page
        shown = re.sub(r' value="[^"]*"', "", page)  # a field keeps what was typed into it
        assert "\u202e" not in shown
        assert "49" not in text_of(page)


def test_the_turns_of_a_value_are_told_drawn_and_reachable(client: TestClient) -> None:
    status, page = asked(client, "/page/turns", analyte="total_b12")
    words = text_of(page)
    assert status == 200
    assert "below 180 pg/mL: B12 deficiency confirmed" in words
    assert "from 180 to 350 pg/mL: indeterminate" in words
    assert "above 350 pg/mL: B12 deficiency unlikely" in words
    assert "180 pg/mL itself belongs to the upper side" in words
    assert "350 pg/mL itself belongs to the lower side" in words
    stops = re.search(r'data-stops="([^"]*)"', page)
    assert stops is not None
    assert {"179", "180", "181", "240", "349", "350", "351"} <= set(stops[1].split())
    jumps = re.findall(r'<button type="button" data-value="([^"]*)">', page)
    assert jumps[:3] == ["179", "180", "181"]
    assert "<svg" in page
    assert "style=" not in page


def test_turns_are_told_in_the_unit_asked_for(client: TestClient) -> None:
    _, page = asked(client, "/page/turns", analyte="total_b12", unit="pmol/L")
    assert "below 133 pmol/L" in page
    assert 'data-unit="pmol/L"' in page


def test_a_turn_that_is_worked_out_is_told_as_about(client: TestClient) -> None:
    results = [
        *CASE["results"],
        {"test": "MMA", "value": 0.52, "unit": "umol/L", "date": "2026-10-28"},
    ]
    _, page = asked(client, "/page/turns", case={**CASE, "results": results}, analyte="creatinine")
    assert "about 90.07 umol/L" in page
    assert "at 90.07" not in page
    assert "just below 90.07" in page


def test_where_only_notes_turn_they_are_the_bands(client: TestClient) -> None:
    document = (places.CASES / "demo" / "request.json").read_text(encoding="utf-8")
    form = {"kind": "fhir", "document": document, "analyte": "homocysteine"}
    words = text_of(client.post("/page/turns", data=form, headers=HTMX).text)
    assert "Urgency of the whole" not in words
    assert "Notes above routine : at or below 100 umol/L: 3 notes" in words
    assert "above it comes the note: Severely raised homocysteine, soon" in words


def test_values_that_turn_nothing_say_so(client: TestClient) -> None:
    case = {**CASE, "results": [{"test": "MCH", "value": 30, "unit": "pg", "date": "2026-10-28"}]}
    status, page = asked(client, "/page/turns", case=case, analyte="mch")
    assert status == 200
    assert "Nothing turns" in page


def test_without_script_each_door_answers_a_whole_page(client: TestClient) -> None:
    for door, says in (("/page/suppose", "Supposed: total"), ("/page/turns", "below 180")):
        status, page = asked(
            client, door, part=False, analyte="total_b12", value="170", unit="ng/L"
        )
        assert status == 200
        assert page.lstrip().startswith("<!doctype html>")
        assert says in page
        assert 'id="case"' in page
        assert "Back to the answer" in page
        assert 'value="170"' in page


def test_enter_in_a_supposed_field_asks_for_the_answer_again(client: TestClient) -> None:
    # All that belongs to the form goes along: what stands in the field, and what is ticked.
    ticked = {"supposed.total_b12": "90", "packs": ["ng239", "aafp2025"]}
    status, page = asked(client, "/", part=False, **ticked)  # type: ignore[arg-type]
    assert status == 200
    assert "240 pg/mL" in page


def test_what_is_supposed_is_never_taken_for_a_result(client: TestClient) -> None:
    """The way back sends what stands in the fields along."""
    _, page = asked(client, "/page/suppose", part=False, analyte="total_b12", value="170")
    names = re.findall(r'form="case"[^>]* name="([^"]*)"', page)
    assert "supposed.total_b12" in names
    form = {"kind": "case", "profile": "", "as_of": AS_OF, "document": json.dumps(CASE)}
    plain = client.post("/", data=form, headers=HTMX)
    sent = client.post("/", data={**form, **dict.fromkeys(names, "170")}, headers=HTMX)
    assert plain.status_code == sent.status_code == 200
    assert "indeterminate" in text_of(sent.text)
    assert sent.text == plain.text


def test_an_answer_offers_its_values_and_what_would_settle_it(client: TestClient) -> None:
    form = {"document": json.dumps(CASE)}
    page = client.post("/", data=form).text
    panels = re.findall(r'class="suppose-panel" data-analyte="([^"]*)"', page)
    assert panels[0] == "total_b12"
    assert "creatinine" in panels
    assert "mma" in panels
    assert "egfr" not in panels
    assert page.count('id="supposed-said"') == 1


def test_a_page_with_nothing_to_move_has_no_section(client: TestClient) -> None:
    case = {**CASE, "patient": {"sex": "female", "birth_date": "2015-03-01"}}
    page = client.post("/", data={"document": json.dumps(case)}).text
    assert "suppose-panel" not in page


def test_a_submission_that_cannot_be_read_is_told(client: TestClient) -> None:
    for part in (True, False):
        answer = client.post(
            "/page/suppose",
            data={"kind": "case", "document": "{", "analyte": "total_b12", "value": "1"},
            headers=HTMX if part else {},
        )
        assert answer.status_code in (400, 422)
        assert "Nothing was interpreted" in answer.text


def test_nothing_supposed_is_counted(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    def counted() -> list[str]:
        metrics = client.get("/metrics").text
        return [line for line in metrics.splitlines() if re.match(r"corrin_(reports|notes)", line)]

    client.post("/", data={"document": json.dumps(CASE)})
    before = counted()
    assert any("corrin_reports_total" in line for line in before)
    asked(client, "/page/suppose", analyte="total_b12", value="171.25", unit="ng/L")
    asked(client, "/page/turns", analyte="total_b12")
    assert counted() == before
    told = capsys.readouterr()
    assert "171.25" not in told.out + told.err


@pytest.mark.parametrize("name", ["demo", "b12-below-150", "nitrous-oxide-raised-metabolites"])
def test_every_value_offered_can_be_moved(client: TestClient, name: str) -> None:
    document = (places.CASES / name / "request.json").read_text(encoding="utf-8")
    page = client.post("/", data={"document": document}).text
    for analyte in re.findall(r'class="suppose-panel" data-analyte="([^"]*)"', page):
        form = {"kind": "fhir", "document": document, "analyte": analyte}
        turns = client.post("/page/turns", data=form, headers=HTMX)
        assert turns.status_code == 200, analyte
        stops = re.search(r'data-stops="([^"]*)"', turns.text)
        assert stops is not None
        values = stops[1].split()
        for value in (values[0], values[len(values) // 2], values[-1]):
            moved = client.post("/page/suppose", data={**form, "value": value}, headers=HTMX)
            assert moved.status_code == 200, (analyte, value)


@pytest.mark.parametrize(("unit", "shown"), [("pg/mL", 1), ("ng/L", 1), ("pmol/L", 0)])
def test_a_value_is_marked_among_turns_only_where_its_figure_there_lies_as_it_does(
    client: TestClient, unit: str, shown: int
) -> None:
    # 180 pg/mL is right at a cut-off whose figure in moles is above 180 pg/mL worked out in moles.
    at = {**CASE["results"][0], "value": 180}
    case = {**CASE, "results": [at, CASE["results"][1]]}
    _, page = asked(client, "/page/turns", case=case, analyte="total_b12", unit=unit)
    assert page.count("the reported value.") == shown
    assert ("<em>" in page) == bool(shown)
    assert "<em>B12 deficiency confirmed" not in page


@pytest.mark.parametrize("value", ["1e30", "1" + "0" * 40, "9" * 30, "1e-25", "0"])
@pytest.mark.parametrize("name", ["haematocrit", "neutrophils"])
def test_no_figure_is_too_large_or_too_small(client: TestClient, name: str, value: str) -> None:
    about = load().analytes[name]
    assert about.plausible is None, "nothing bounds what is moved here"
    result = {"test": name, "value": "F", "unit": about.units[0], "date": "2026-10-28"}
    case = {**CASE, "results": [result]}
    form = {"kind": "case", "as_of": AS_OF, "document": json.dumps(case).replace('"F"', value)}
    for door, fields in (("/", {}), ("/page/turns", {}), ("/page/suppose", {"value": "2"})):
        answer = client.post(door, data={**form, "analyte": name, **fields}, headers=HTMX)
        assert answer.status_code == 200, door
        assert not re.search(r"\b(nan|inf)\b", answer.text), door
