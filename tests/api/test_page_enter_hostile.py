"""What nobody types by accident: shown as text or told as a fault, never run and never a 500."""

from __future__ import annotations

import html
import re
from urllib.parse import quote_from_bytes, urlencode

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PAGE = {"Accept": "text/html"}
PART = PAGE | {"HX-Request": "true"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FIELDS = (
    *("test.x1", "value.x1", "unit.x1", "date.x1", "low.x1", "high.x1", "sign.x1"),
    *("value.total_b12", "unit.total_b12", "sign.total_b12", "date", "age", "birth_date", "sex"),
    *("as_of", "profile", "weeks", "pregnant", "symptoms.ataxia", "medicines.metformin.when"),
    *("document", "value.intrinsic_factor_antibody", "medicines.complete"),
)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea><script>alert(1)</script>",
    "{{7*7}}",
    "{% raw %}",
    "x" * 10_000,
    "9" * 10_000,
    "\u202e051\u202d",
    "\u0627\u0644\u062f\u0645",
    "150\x00",
    "\x1b[31m150",
    "\\ud800",
    "1e999999",
    "٣٤",
    "−5",
    "\U0001f9ea" * 50,
    "a\u0301" * 3000,
    "javascript:alert(1)",
    "' OR 1=1 --",
    "\r\n\r\n150",
)


def posted(client: TestClient, path: str, said: dict[str, str], part: bool) -> Response:
    return client.post(path, data=said, headers=PART if part else PAGE)


def harmless(answer: Response) -> None:
    """The page is a page, and nothing in it was put there as markup."""
    assert answer.status_code < 500
    assert answer.headers["content-type"].startswith("text/html")
    text = answer.text
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert not re.search(r'\son\w+="', text)
    assert "javascript:alert" not in "".join(re.findall(r'href="([^"]*)"', text))


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("part", [False, True], ids=["page", "part"])
def test_in_any_field_alone_and_in_all_at_once(client: TestClient, value: str, part: bool) -> None:
    for name in FIELDS:
        said = {"value.mcv": "98", "unit.mcv": "fL", "date": "2026-11-01", name: value}
        answer = posted(client, "/", said, part)
        harmless(answer)
    everywhere = dict.fromkeys(FIELDS, value)
    for path in ("/", "/page/check", "/page/row"):
        harmless(posted(client, path, everywhere, part))


@pytest.mark.parametrize("value", ["<b>1</b>", "{{7*7}}", "\u202e051", "x" * 10_000])
@pytest.mark.parametrize("name", ["value.total_b12", "unit.x1", "test.x1", "document", "as_of"])
def test_what_was_typed_stands_in_its_field_as_it_came(
    client: TestClient, name: str, value: str
) -> None:
    page = posted(client, "/", {name: value}, False).text
    assert html.escape(value) in page


def test_a_field_that_comes_twice_is_told(client: TestClient) -> None:
    body = urlencode([("value.mcv", "98"), ("value.mcv", "108"), ("unit.mcv", "fL")])
    answer = client.post("/", content=body, headers=PAGE | FORM)
    assert answer.status_code == 422
    assert "field-twice" in answer.text
    assert 'href="#value-mcv"' in answer.text


def test_a_document_that_comes_twice_is_told(client: TestClient) -> None:
    body = urlencode([("document", '{"results": []}'), ("document", "MSH|")])
    answer = client.post("/", content=body, headers=PAGE | FORM)
    assert answer.status_code == 422
    assert "field-twice" in answer.text


@pytest.mark.parametrize("name", ["<b>", "value.<b>", "x" * 500, "value.", ".", "value.x1.y", "é"])
def test_a_field_of_no_form_changes_nothing(client: TestClient, name: str) -> None:
    said = {"value.mcv": "98", "unit.mcv": "fL", "date": "2026-11-01", "as_of": "2026-11-01"}
    answer = posted(client, "/", said | {name: "1"}, False)
    harmless(answer)
    assert answer.status_code == 200
    twice = urlencode([*said.items(), (name, "1"), (name, "2")])
    harmless(client.post("/", content=twice, headers=PAGE | FORM))


@pytest.mark.parametrize("many", [3_990, 4_100])
def test_thousands_of_fields(client: TestClient, many: int) -> None:
    said = {f"value.x{at}": "1" for at in range(999)} | {
        f"field{at}": "" for at in range(many - 999)
    }
    for path in ("/", "/page/check", "/page/row"):
        answer = posted(client, path, said, False)
        assert answer.status_code in (200, 400, 413, 422)


def test_thousands_of_results_are_told_of_in_bounds(client: TestClient) -> None:
    said = {f"test.x{at}": "MCV" for at in range(1, 999)}
    said |= {f"value.x{at}": "98" for at in range(1, 999)}
    answer = posted(client, "/", said, True)
    harmless(answer)
    assert answer.status_code == 422
    assert answer.text.count("<li>") < 300


@pytest.mark.parametrize(
    "raw",
    [b"\xed\xa0\x80", b"\xff\xfe", b"\xc0\xaf", b"\xf0\x9f"],
    ids=["surrogate", "bom", "overlong", "cut"],
)
def test_bytes_that_are_no_text(client: TestClient, raw: bytes) -> None:
    for path in ("/", "/page/check", "/page/row"):
        body = "value.mcv=" + quote_from_bytes(raw)
        answer = client.post(path, content=body, headers=PAGE | FORM)
        assert answer.status_code == 400
        straight = client.post(path, content=b"value.mcv=" + raw, headers=PAGE | FORM)
        assert straight.status_code == 400


def test_a_lone_surrogate_within_a_document(client: TestClient) -> None:
    for document in (
        '{"results": [{"test": "\\ud800", "value": 1, "unit": "\\udfff", "date": "2026-11-01"}]}',
        '{"resourceType": "Bundle", "id": "\\ud800", "entry": []}',
        '{"hook": "\\ud800", "hookInstance": "x", "context": {}}',
    ):
        answer = posted(client, "/", {"document": document}, False)
        harmless(answer)
        assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    "document",
    ["[" * 50_000,
     '{"a":' * 50_000, "{" * 10, "\x00", "MSH" + "|" * 100_000, "MSH|^~\\&|\r" * 2_000,
     '{"resourceType": "Bundle", "entry": ' + "9" * 100_000 + "}",
     '{"results": [' + ",".join(["{}"] * 6_000) + "]}"],
    ids=range(8),
)  # fmt: skip
def test_documents_made_to_hurt(client: TestClient, document: str) -> None:
    answer = posted(client, "/", {"document": document}, True)
    harmless(answer)
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("name", ["symptoms.gone", "medicines.gone.when", "diet.complete"])
def test_what_a_form_of_before_stated_is_not_dropped_in_silence(
    client: TestClient, name: str
) -> None:
    said = {"value.mcv": "98", "unit.mcv": "fL", "date": "2026-11-01"}
    assert posted(client, "/", said | {name: ""}, True).status_code == 200
    answer = posted(client, "/", said | {name: "present"}, True)
    assert answer.status_code == 422
    assert "field-unknown" in answer.text


def test_nothing_typed_stands_in_a_header_or_an_address(client: TestClient) -> None:
    said = {"value.mcv": "98", "unit.mcv": "fL", "date": "2026-11-01", "test.x1": "SECRET"}
    for part in (False, True):
        answer = posted(client, "/", said, part)
        assert "SECRET" not in str(answer.headers)
        assert "SECRET" not in "".join(re.findall(r'(?:href|action|src)="([^"]*)"', answer.text))
        assert "set-cookie" not in answer.headers


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.sampled_from(FIELDS),
        st.text(max_size=40) | st.sampled_from(HOSTILE),
        min_size=1,
        max_size=8,
    )
)
def test_any_text_in_any_fields(client: TestClient, said: dict[str, str]) -> None:
    try:
        urlencode(said).encode()
    except UnicodeEncodeError:
        return
    for path in ("/", "/page/check"):
        harmless(posted(client, path, said, True))
