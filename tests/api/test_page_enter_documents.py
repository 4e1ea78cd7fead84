"""What is pasted or dropped: its kind is found out, and the reader of its kind decides."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from corrin.api.interpreter import Interpreter
from corrin.api.page.enter import document, message
from corrin.api.page.submission import Submission
from corrin.api.problem import Problem
from corrin.facts.interval import Interval
from corrin.intake import IntakeError
from support import places
from support.hooks import sample

PART = {"Accept": "text/html", "HX-Request": "true"}
MESSAGE = (
    "MSH|^~\\&|LAB|X|Y|Z|20261101090000||ORU^R01|1|P|2.5\r"
    "PID|1||123^^^HOSP^MR||DOE^J||19560203|F\r"
    "OBR|1||77|CBC\r"
    "OBX|1|NM|2132-9^B12^LN||133|pg/mL^pg/mL^UCUM|180-900|L|||F|||20261030\r"
    "OBX|2|SN|13964-2^MMA^LN||>^0.310|umol/L||H|||F|||20261030\r"
)
HEAVY = ("numpy", "numba", "duckdb", "pyarrow", "zstandard", "msgspec", "polars", "matplotlib")


def pasted(client: TestClient, text: str, as_of: str = "2026-11-01T09:00:00Z") -> Response:
    return client.post("/", data={"document": text, "as_of": as_of}, headers=PART)


def faults(page: str) -> list[str]:
    found = re.findall(r"<li>(.*?)</li>", page, re.S)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in found]


def headline(page: str) -> str:
    return html.unescape(page)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"results": []}', "case"),
        (' \ufeff{"context": {}}', "case"),
        ('{"resourceType": "Bundle"}', "fhir"),
        ('{"resourceType": "Patient"}\n{"resourceType": "Observation"}', "fhir"),
        ('[{"resourceType": "Patient"}]', "fhir"),
        ('{"context": {"results": 1}, "hook": "x", "prefetch": {"a": {"resourceType": "Bundle"}}}',
         "cds-hooks"),
        ('{"hookInstance": "1", "context": {}', "cds-hooks"),
        ('{"resourceType": "Bundle", "entry": [', "fhir"),
        ('{"results": [1, 2', "case"),
        ('{"results": [{"comment": "resourceType and hookInstance"}]}', "case"),
        (MESSAGE, "hl7v2"),
        ("\x0bMSH|^~\\&|", "hl7v2"),
        ("\r\nFHS|^~\\&|", "hl7v2"),
    ],
)  # fmt: skip
def test_the_kind_of_a_document(text: str, kind: str) -> None:
    assert document.kind_of(text) == kind


@pytest.mark.parametrize(
    "text", ["", "x", "{}", "[]", "42", "MSHX", '{"a": 1', "<Bundle/>", "[" * 9999]
)
def test_a_document_of_no_kind(text: str) -> None:
    with pytest.raises(Problem) as told:
        document.kind_of(text)
    assert told.value.faults[0].reason == "input-unrecognised"


def test_fhir_and_a_case_are_answered_as_at_their_own_doors(client: TestClient) -> None:
    fhir = (places.ROOT / "fixtures/fhir/demo/request.json").read_text("utf-8")
    case = (places.ROOT / "fixtures/cases/below-the-scale.json").read_text("utf-8")
    for text, kind in ((fhir, "application/fhir+json"), (case, "application/json")):
        direct = client.post(
            "/v1/interpret?as_of=2026-11-01T09:00:00Z",
            content=text,
            headers={"Content-Type": kind, "Accept": "application/json"},
        ).json()
        page = pasted(client, text)
        assert page.status_code == 200
        assert direct["notes"][0]["title"] in html.unescape(page.text)


@pytest.mark.parametrize("name", ["patient-view", "order-select", "order-sign"])
def test_a_call_is_read_as_its_service_reads_it(client: TestClient, name: str) -> None:
    call = sample(name)
    page = pasted(client, json.dumps(call), as_of="")
    assert page.status_code == 200
    cards = client.post(f"/cds-services/b12-{name}", json=call).json()["cards"]
    assert cards
    if name == "patient-view":
        assert 'name="as_of" value="2026-11-01T09:00:00Z"' in page.text  # as its extension asks


def test_a_call_about_somebody_else_is_refused_whole(client: TestClient) -> None:
    call = sample("patient-view")
    call["context"]["patientId"] = "somebody-else"
    page = pasted(client, json.dumps(call))
    assert page.status_code == 422
    assert "other-patient" in faults(page.text)[0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"hook": "medication-prescribe"}, "hook-mismatch"),
        ({"hookInstance": "no uuid"}, "value-invalid"),
        ({"prefetch": {}}, "prefetch-missing"),
    ],
)
def test_a_call_that_is_none(client: TestClient, change: dict[str, object], reason: str) -> None:
    page = pasted(client, json.dumps(sample("patient-view") | change))
    assert 400 <= page.status_code < 500
    assert any(reason in one for one in faults(page.text))


@pytest.mark.parametrize(
    "text",
    [
        MESSAGE,
        MESSAGE.replace("\r", "\n"),
        MESSAGE.replace("\r", "\r\n"),
        f"\x0b{MESSAGE}\x1c\r",
        f"FHS|^~\\&|\r{MESSAGE}FTS|1\r",
        MESSAGE.replace("|2.5\r", "|2.5||||||8859/1\r"),
    ],
    ids=["cr", "lf", "crlf", "mllp", "envelope", "latin-1"],
)
def test_hl7v2_however_its_lines_end(
    client: TestClient, interpreter: Interpreter, text: str
) -> None:
    reading = document.read(Submission("hl7v2", text), interpreter)
    b12, mma = sorted(reading.results, key=lambda one: one.unit)
    assert (b12.analyte, b12.reported, str(b12.interval)) == ("total_b12", "133 pg/mL", "133")
    assert (mma.analyte, mma.interval) == ("mma", Interval.from_comparator(">", mma.interval.low))  # type: ignore[arg-type]
    assert str(mma.interval) == ">0.310"  # every digit
    assert (reading.subject.sex, reading.about) == ("female", "")
    assert pasted(client, text).status_code == 200


def test_a_unit_in_latin_1_that_came_as_text(interpreter: Interpreter) -> None:
    text = MESSAGE.replace("|2.5\r", "|2.5||||||8859/1\r").replace("umol/L", "µmol/L")
    found = message.read(text, interpreter)
    assert sorted(one.analyte for one in found.results) == ["mma", "total_b12"]


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        (MESSAGE + MESSAGE.replace("123^", "124^"), "two-subjects", 7),
        (MESSAGE.replace("|P|", "|T|"), "input-message-test", 1),
        (MESSAGE.replace("|P|2.5", "|P|2.5||more"), "input-message-continued", 1),
        (f"\x0b{MESSAGE}", "input-message-cut", 1),
        (MESSAGE.replace("123^^^HOSP^MR", ""), "subject-missing", 2),
        (MESSAGE.replace("PID|1", "ZZZ|1"), "subject-missing", 4),
        ("MSH|^^^^|LAB\r", "input-message-header", 1),
        (MESSAGE.replace("OBR|1||77|CBC", "what is this"), "input-segment", 3),
    ],
)
def test_messages_that_are_refused_whole(
    client: TestClient, interpreter: Interpreter, text: str, reason: str, line: int
) -> None:
    with pytest.raises(IntakeError) as told:
        message.read(text, interpreter)
    assert [(one.reason, one.line) for one in told.value.problems] == [(reason, line)]
    page = pasted(client, text)
    assert page.status_code in (400, 422)
    assert reason in faults(page.text)[0]
    assert f"line {line}" in faults(page.text)[0]


def test_more_segments_than_can_be_taken_apart_are_refused_before(
    interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(*_: object, **__: object) -> None:
        raise AssertionError("a message was taken apart")

    monkeypatch.setattr(message, "parse", parse)
    many = 2 * interpreter.limits.entries + 1
    texts = [MESSAGE + f"NTE|1|L|haemolysed{end}" * many for end in ("\r", "\r\n", "\n")]
    texts += [f"{MESSAGE}NTE|1|L|{sign * 40 * many}" for sign in "|^~\\&"]
    for text in texts:
        with pytest.raises(IntakeError) as refused:
            document.read(Submission("hl7v2", text), interpreter)
        assert [one.reason for one in refused.value.problems] == ["too-many-entries"]


def test_messages_of_another_kind(client: TestClient) -> None:
    page = pasted(client, MESSAGE.replace("ORU^R01", "ADT^A01"))
    assert page.status_code == 422
    assert "None of the messages reports results" in faults(page.text)[0]


def test_a_result_not_taken_names_its_line_and_field(interpreter: Interpreter) -> None:
    text = MESSAGE.replace("pg/mL^pg/mL^UCUM", "").replace("|>^0.310|", "|>^0.310|")
    (refused,) = message.read(text, interpreter).refusals
    assert (refused.reason, refused.path) == ("unit-missing", "line 4, OBX-6")


def test_a_withdrawn_result_is_not_read(interpreter: Interpreter) -> None:
    text = MESSAGE.replace("|L|||F|", "|L|||W|")
    found = message.read(text, interpreter)
    assert [one.analyte for one in found.results] == ["mma"]
    assert "entered-in-error" in {one.reason for one in found.refusals}


def test_several_messages_of_one_person_are_one_case(interpreter: Interpreter) -> None:
    later = MESSAGE.replace("||133|", "||140|").replace("20261030", "20261031")
    found = message.read(MESSAGE + later, interpreter)
    assert len(found.results) == 4


def test_a_message_is_read_without_what_only_a_batch_has() -> None:
    code = (
        "import sys\n"
        "from corrin.api.page.enter import document, message\n"
        "from corrin.api import Settings\n"
        "from corrin.api.interpreter import open_interpreter\n"
        "from corrin.api.page.submission import Submission\n"
        f"asked = Submission('hl7v2', {MESSAGE!r})\n"
        "found = document.read(asked, open_interpreter(Settings()))\n"
        "assert len(found.results) == 2, found\n"
        f"print(sorted({{one.split('.')[0] for one in sys.modules}} & set({HEAVY!r})))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_nothing_of_hl7_is_loaded_until_a_message_is_read() -> None:
    code = "import sys, corrin.api.page; print('hl7' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_document_of_a_person_of_two_is_refused_whole(client: TestClient) -> None:
    text = (places.ROOT / "fixtures/fhir/two-subjects/request.json").read_text("utf-8")
    page = pasted(client, text)
    assert page.status_code == 422
    assert "two-subjects" in faults(page.text)[0]


def test_broken_json_names_its_line(client: TestClient) -> None:
    page = pasted(client, '{"resourceType": "Bundle",\n "entry": [\n')
    assert page.status_code == 400
    assert re.search(r"line \d", faults(page.text)[0])
    whole = client.post("/", data={"document": '{"resourceType": "Bundle",\n'},
                        headers={"Accept": "text/html"}).text  # fmt: skip
    assert "{&#34;resourceType&#34;: &#34;Bundle&#34;," in whole  # it is still there to be mended
