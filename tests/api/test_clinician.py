"""``POST /v1/interpret``: every form in, every form out, and what is refused in which words."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
from fastapi.testclient import TestClient

from corrin import interpret
from corrin.render import json as rendered
from corrin.render import text
from support.fhir import bundle, dumps, observation, patient
from support.places import ROOT

DOOR = "/v1/interpret"
CASE = {
    "as_of": "2026-05-20",
    "patient": {"age": 68, "sex": "female"},
    "results": [{"test": "B12", "value": "<150", "unit": "ng/L", "date": "2026-05-01"}],
    "context": {"symptoms": ["paraesthesia"], "medicines": ["metformin"]},
}
FHIR = {"content-type": "application/fhir+json"}
FILES = sorted((ROOT / "fixtures" / "cases").glob("*.json"))


def wrong(client: TestClient, body: Any, status: int, **how: Any) -> dict[str, Any]:
    """The problem a body is answered with."""
    given = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = client.post(DOOR, content=given, **how)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_answer_is_that_of_the_command_line(client: TestClient, file: Any) -> None:
    answer = client.post(DOOR, content=file.read_bytes())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content == rendered.render(interpret(file.read_bytes()), indent=False)


def test_forms_to_answer_in(client: TestClient) -> None:
    def asked(accept: str, **query: str) -> Any:
        return client.post(DOOR, json=CASE, headers={"accept": accept}, params=query)

    report = interpret(json.dumps(CASE))
    assert asked("text/plain").text == text.render(report)
    assert asked("text/plain", explain="true").text == text.render(report, explain=True)
    page = asked("text/html")
    assert page.headers["content-type"].startswith("text/html")
    assert "sha256-" in page.headers["content-security-policy"]
    assert len(asked("text/html", explain="false").text) < len(page.text)
    assert asked("*/*", _format="text").text == text.render(report)
    answer = asked("application/fhir+json")
    assert answer.headers["content-type"].startswith("application/fhir+json")
    assert answer.json()["resourceType"] == "Bundle"
    assert asked("image/png").status_code == 406


def test_fhir_by_its_content_type(client: TestClient) -> None:
    body = dumps(bundle(patient(), observation()))
    answer = client.post(DOOR, content=body, headers=FHIR, params={"as_of": "2026-11-01"})
    assert answer.status_code == 200
    expected = rendered.render(interpret(body, as_of="2026-11-01"), indent=False)
    assert answer.content == expected
    assert wrong(client, body, 422)["faults"][0]["reason"] == "not-a-case"
    strict = {**FHIR, "prefer": "handling=strict"}
    given = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {}}]}
    assert wrong(client, given, 400, headers=strict)["faults"][0]["reason"] == "strict-invalid"


def test_profile_and_moment(client: TestClient) -> None:
    one = client.post(DOOR, json=CASE, params={"profile": "us"}).json()
    assert one["profile"]["id"] == "us"
    later = client.post(DOOR, json=CASE, params={"as_of": "2026-06-20"}).json()
    assert later["as_of"] == "2026-06-20"
    assert later["subject"]["age"] == "68 to 69 years"
    undated = {key: value for key, value in CASE.items() if key != "as_of"}
    asked = client.post(DOOR, json=undated, params={"as_of": "2026-06-20"}).json()
    assert asked["subject"]["age"] == "68 years"
    now = client.post(DOOR, json=undated).json()
    assert now["subject"]["age"] == "68 years"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", now["as_of"])
    east = client.post(f"{DOOR}?as_of=2026-06-20T08:00:00+02:00", json=CASE).json()
    assert east["as_of"] == "2026-06-20T08:00:00+02:00"
    assert wrong(client, CASE, 422, params={"as_of": "soon"})["faults"][0]["reason"] == "usage"
    assert wrong(client, CASE, 422, params={"profile": "xx"})["faults"][0]["reason"] == "usage"
    assert wrong(client, CASE, 422, params={"explain": "yes"})["faults"]
    assert wrong(client, CASE, 422, params={"as_off": "2026"})["faults"]


def test_everything_wrong_is_told_at_once_with_the_nearest_names(client: TestClient) -> None:
    given = {
        "results": [
            {"test": "holotranscobalmin", "value": 1, "unit": "pmol/L", "date": "2026-05-01"},
            {"test": "B12", "value": 150, "date": "2026-05-01"},
        ],
        "context": {"symptoms": ["paresthesa"], "dieet": "vegan"},
    }
    faults = {one["path"]: one for one in wrong(client, given, 422)["faults"]}
    assert set(faults) == {
        "results[0].test",
        "results[1].unit",
        "context.symptoms[0]",
        "context.dieet",
    }
    assert "holotranscobalamin" in faults["results[0].test"]["nearest"]
    assert "paresthesia" in faults["context.symptoms[0]"]["nearest"]
    assert "ng/L" in faults["results[1].unit"]["nearest"]
    assert faults["context.dieet"]["nearest"] == ["diet"]


def test_lenient_handling(client: TestClient) -> None:
    given = {**CASE, "context": {"medicines": ["Brandx"], "symptoms": ["tinglin"]}}
    detail = wrong(client, given, 422)["detail"]
    assert detail.endswith("Nothing of this case was interpreted, critical values included.")
    answer = client.post(DOOR, json=given, headers={"prefer": "handling=lenient"}).json()
    assert sorted((one["reason"], one["path"]) for one in answer["refusals"]) == [
        ("name-unknown", "context.medicines[0]"),
        ("name-unknown", "context.symptoms[0]"),
    ]


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "empty"),
        (b"{", 400, "not-json"),
        (b"\xff", 400, "not-utf8"),
        (b'{"results": [{"value": 1e999}]}', 400, "number-too-long"),
        (b'{"results": [{"value": -Infinity}]}', 400, "number-not-finite"),
        (b'{"results": [], "results": []}', 400, "duplicate-key"),
        (b'{"results":' + b"[" * 200 + b"]" * 200 + b"}", 400, "too-deep"),
        (b"[" * 100_000, 400, "too-deep"),
        (b'{"results": [' + b"{}," * 6000 + b"{}]}", 413, "too-many-entries"),
        (b"[]", 422, "not-a-case"),
        (b'{"results": {}}', 422, "type-wrong"),
        (b'{"patient": [{}, {}], "results": []}', 422, "type-wrong"),
    ],
)
def test_hostile_bodies(client: TestClient, body: bytes, status: int, reason: str) -> None:
    assert wrong(client, body, status)["faults"][0]["reason"] == reason


def test_no_word_of_a_problem_repeats_what_was_sent(client: TestClient) -> None:
    secret = "Zebulon1958"
    results = [
        {"test": secret, "value": secret, "unit": secret, "date": secret, secret: secret},
        {"test": "B12", "value": 3, "unit": secret, "date": secret, "status": secret},
    ]
    context = {secret: secret, "symptoms": [secret, {secret: 1}], "diet": secret}
    given = {"results": results, "context": context, "patient": {secret: 1, "sex": secret}}
    answer = client.post(DOOR, json={**given, "id": secret, "as_of": secret})
    assert answer.status_code == 422
    assert secret not in answer.text
    assert secret.lower() not in answer.text.lower()


def test_other_content(client: TestClient) -> None:
    for kind in ("text/xml", "application/json; charset=utf-16", "application/x-ndjson"):
        answer = client.post(DOOR, content=b"{}", headers={"content-type": kind})
        assert answer.status_code == 415
        assert "Content-Type" in answer.json()["faults"][0]["remedy"]
    wrong = client.get(DOOR)
    assert wrong.status_code == 405 and wrong.json()["faults"][0]["remedy"] == "Use POST."
    fault = client.post(f"{DOOR}?explain=ja", json={"results": []}).json()["faults"][0]
    assert fault["remedy"]
    told = client.post(DOOR, json={"context": {"pregnant": "no"}}).json()["faults"][0]
    assert told["path"] == "context.pregnant" and "true or false" in told["remedy"]


def test_the_lines_of_the_page_can_be_typed(client: TestClient) -> None:
    page = (ROOT / "docs" / "case.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("curl ")]
    assert len(lines) == 2
    for line in lines:
        words = shlex.split(line)
        headers = dict(words[at + 1].split(": ") for at, one in enumerate(words) if one == "-H")
        file = words[words.index("--data-binary") + 1].removeprefix("@")
        url = next(word for word in words if word.startswith("http"))
        answer = client.post(url, content=(ROOT / file).read_bytes(), headers=headers)
        assert answer.status_code == 200
        assert answer.content


def test_a_report_without_explanation_is_the_same_but_for_what_could_not_answer(
    client: TestClient,
) -> None:
    case = (ROOT / "fixtures" / "cases" / "critical-potassium.json").read_bytes()
    whole, brief = (
        client.post(f"/v1/interpret?explain={word}", content=case) for word in ("true", "false")
    )
    assert "cannot_say" not in brief.json()
    assert {**brief.json(), "cannot_say": whole.json()["cannot_say"]} == whole.json()
    assert len(brief.content) < len(whole.content) / 4
    line = client.post(
        "/v1/interpret/batch?explain=false",
        content=json.dumps(json.loads(case)).encode(),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert line.json()["report"] == brief.json()


def test_a_refused_case_says_so_in_fhir_too(client: TestClient) -> None:
    answer = client.post(
        DOOR,
        json={"results": [{"test": "B13", "value": 1}], "context": {"diet": "xyz"}},
        headers={"accept": "application/fhir+json"},
    )
    assert answer.status_code == 422
    texts = [issue["details"]["text"] for issue in answer.json()["issue"]]
    said = "Nothing of this case was interpreted, critical values included."
    assert len(texts) > 1 and [said in text for text in texts] == [True] + [False] * (
        len(texts) - 1
    )
