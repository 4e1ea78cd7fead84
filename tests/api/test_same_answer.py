"""One case through every door gives one answer: command line, JSON, FHIR and CDS Hooks."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from corrin import intake
from corrin.cli.program import run
from corrin.intake import IntakeError
from corrin.render.cards.content import load
from golden.cases import Case, every_case

BASE = "https://corrin.example.org"
CASES = [case for case in every_case() if not case.expected.get("packs")]
IDS = [case.name for case in CASES]
FHIR = {"Content-Type": "application/fhir+json"}


@lru_cache(maxsize=256)
def told(case: Case) -> dict[str, Any] | None:
    """What the Python door says; ``None`` when it refuses the call."""
    try:
        return dict(json.loads(case.answer().to_json()))
    except IntakeError:
        return None


def as_of(case: Case) -> str:
    """The moment of a case, as the report names it."""
    report = told(case)
    return "2026-11-01T09:00:00Z" if report is None else str(report["as_of"])


def resources(case: Case) -> str:
    """The request as one resource, every digit as it was written; lines and arrays as a Bundle."""
    text = case.request_file.read_text("utf-8")
    lines = case.request_file.suffix == ".ndjson"
    if not lines and not text.lstrip().startswith("["):
        return text
    entries = "[" + ",".join(line for line in text.splitlines() if line.strip()) + "]"
    found = json.loads(entries if lines else text, parse_float=_Digits, parse_int=_Digits)
    return _written(
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": one} for one in found],
        }
    )


class _Digits(str):
    """A number as it was written."""


def _written(value: Any) -> str:
    """JSON in which a number keeps the digits it had."""
    if isinstance(value, _Digits):
        return str(value)
    if isinstance(value, dict):
        inner = (f"{json.dumps(name)}:{_written(one)}" for name, one in value.items())
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value)


def read(text: str) -> Any:
    """JSON with every number as it was written."""
    return json.loads(text, parse_float=_Digits, parse_int=_Digits)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_command_line_and_json_give_the_same_bytes(
    case: Case, client: TestClient, tmp_path: Path
) -> None:
    moment = {"as_of": as_of(case)}
    profile = case.expected["profile"]
    over_http = client.post(
        "/v1/interpret",
        params={**moment, "profile": profile},
        content=case.request_file.read_bytes(),
        headers=FHIR,
    )
    file = tmp_path / "answer.json"
    command = ["interpret", str(case.request_file), "--as-of", moment["as_of"]]
    code = run([*command, "--profile", profile, "--format", "json", "--output", str(file)])
    if told(case) is None:
        assert code == 3 and 400 <= over_http.status_code < 500
        reasons = [fault["reason"] for fault in over_http.json()["faults"]]
        assert reasons == case.refused_whole
        return
    assert code == 0 and over_http.status_code == 200, over_http.text
    assert over_http.json() == json.loads(file.read_bytes()) == told(case)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_fhir_says_the_same(case: Case, client: TestClient) -> None:
    answer = client.post("/fhir/$interpret", content=_parameters(case), headers=FHIR)
    report = told(case)
    if report is None:
        assert 400 <= answer.status_code < 500
        assert answer.json()["resourceType"] == "OperationOutcome"
        return
    assert answer.status_code == 200, answer.text
    entries = [entry["resource"] for entry in answer.json()["entry"]]
    guidance = next(one for one in entries if one["resourceType"] == "GuidanceResponse")
    output = next(one for one in guidance["contained"] if one["resourceType"] == "Parameters")
    said = {
        topic: sorted(_codes(part, "status") or _codes(part, "possible"))
        for part in _parts(output["parameter"], "status")
        for topic in _codes(part, "topic")
    }
    assert said == {
        topic: [status["status"]]
        if status["status"]
        else sorted(one["code"] for one in status["possible"])
        for topic, status in report["statuses"].items()
    }
    issues = [one for one in entries if one["resourceType"] == "DetectedIssue"]
    rules = [one["reference"].rpartition("/")[2] for one in issues]
    assert rules == [note["rule"] for note in report["notes"]]
    assert [one["code"]["text"] for one in issues] == [note["summary"] for note in report["notes"]]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_cards_show_what_the_report_holds(case: Case, client: TestClient) -> None:
    report = told(case)
    text = resources(case)
    bundle = read(text)
    if report is None or bundle["resourceType"] != "Bundle":
        return
    about = intake.read(text.encode()).about
    if not about.startswith("Patient/"):
        return
    request = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": about.removeprefix("Patient/")},
        "prefetch": {"b12": bundle},
        "extension": {
            "org.corrin.evaluationTime": as_of(case),
            "org.corrin.profile": case.expected["profile"],
        },
    }
    answer = client.post("/cds-services/b12-patient-view", content=_written(request))
    assert answer.status_code == 200, answer.text
    cards = answer.json()["cards"]
    known = {note["rule"]: note for note in report["notes"]}
    if not report["in_scope"]:
        assert [card["summary"] for card in cards] == [report["headline"]] and not known
        return
    shown = [card["source"]["url"].rpartition("/")[2] for card in cards]
    assert set(shown) <= set(known)
    for card, rule in zip(cards, shown, strict=True):
        note = known[rule]
        assert card["source"]["topic"]["code"] == note["topic"]
        assert card["indicator"] == load().indicator[note["urgency"]]
        assert len(card["summary"]) < 140
    above = [
        note["rule"]
        for note in report["notes"]
        if note["under"] is None and note["urgency"] != "routine"
    ]
    assert [rule for rule in shown if known[rule]["urgency"] != "routine"] == above


def test_many_callers_at_once_get_what_one_gets(client: TestClient) -> None:
    chosen = [case for case in CASES if told(case) is not None][:24]

    def ask(case: Case) -> Any:
        return client.post(
            "/v1/interpret",
            params={"as_of": as_of(case), "profile": case.expected["profile"]},
            content=case.request_file.read_bytes(),
            headers=FHIR,
        ).json()

    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(ask, chosen * 3))
    assert answers == [told(case) for case in chosen * 3]


def _parameters(case: Case) -> str:
    found = read(resources(case))
    if "resourceType" not in found:
        return resources(case)
    ruleset = f"{BASE}/fhir/PlanDefinition/{case.expected['profile']}"
    given: list[Any] = [
        {"name": "evaluationTime", "valueDateTime": as_of(case)},
        {"name": "ruleset", "valueCanonical": ruleset},
    ]
    if found["resourceType"] == "Parameters":
        given += [one for one in found["parameter"] if one.get("name") != "evaluationTime"]
    else:
        given.append({"name": "data", "resource": found})
    return _written({"resourceType": "Parameters", "parameter": given})


def _parts(parameters: list[dict[str, Any]], name: str) -> list[list[dict[str, Any]]]:
    return [one["part"] for one in parameters if one["name"] == name]


def _codes(parts: list[dict[str, Any]], name: str) -> list[str]:
    return [one["valueCoding"]["code"] for one in parts if one["name"] == name]
