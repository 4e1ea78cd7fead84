"""Feedback on cards: checked, counted by rule and reason, and nothing of it kept."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from corrin.api import Settings, create_app
from corrin.api.interpreter import Interpreter
from corrin.render.cards import content
from support import hooks
from support.hooks import VIEW, sample

Json = dict[str, Any]

BASE = "https://corrin.example.org"
SYSTEM = f"{BASE}/fhir/CodeSystem/override-reason"
BALLOT = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
SUGGESTION = "4b6d5b1e-5b8a-8a55-8a0e-0d9a4f0f5a02"


@pytest.fixture
def fresh(interpreter: Interpreter) -> TestClient:
    """An app of its own, so that counts begin at nothing."""
    return TestClient(create_app(Settings(public_url=BASE), interpreter))


def tell(client: TestClient, body: Any) -> Any:
    return client.post(f"/cds-services/{VIEW}/feedback", json=body)


def verdict(card: str, /, **more: Any) -> Json:
    found = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-01T09:05:00Z"}
    return {name: value for name, value in {**found, **more}.items() if value is not None}


def counts(client: TestClient) -> dict[tuple[str, str, str], float]:
    pattern = re.compile(
        r'corrin_feedback_total\{outcome="(\w+)",reason="([\w-]*)",rule="([\w-]+)"\} (\S+)'
    )
    found = pattern.findall(client.get("/metrics").text)
    return {(rule, outcome, reason): float(count) for outcome, reason, rule, count in found}


def card_of(client: TestClient) -> str:
    answer = client.post(f"/cds-services/{VIEW}", json=sample("patient-view"))
    return str(answer.json()["cards"][0]["uuid"])


def test_it_is_counted_by_rule_and_reason(fresh: TestClient) -> None:
    card = card_of(fresh)
    reason = {"reason": {"system": SYSTEM, "code": "already-treated", "display": "x"}}
    ballot = {"reason": {"system": BALLOT, "code": "cds-not-applicable"}}
    odd = {"reason": {"system": SYSTEM, "code": "SECRET-CODE"}}
    elsewhere = {"reason": {"system": "urn:x", "code": "already-treated"}}
    body = {
        "feedback": [
            verdict(card, outcome="accepted", acceptedSuggestions=[{"id": SUGGESTION}]),
            verdict(card),
            verdict(card, overrideReason=reason),
            verdict(card, overrideReason=ballot),
            verdict(card, overrideReason=odd),
            verdict(card, overrideReason=elsewhere),
            verdict(card, overrideReason={"userComment": "SECRET-WORDS"}),
            verdict("4b6d5b1e-5b8a-4a55-8a0e-0d9a4f0f5a01", overrideReason=reason),
        ]
    }
    assert not hooks.faults("feedback", body)
    answer = tell(fresh, body)
    assert answer.status_code == 200 and answer.content == b""
    rule = "b12-indeterminate-total"
    assert counts(fresh) == {
        (rule, "accepted", ""): 1,
        (rule, "overridden", ""): 2,
        (rule, "overridden", "already-treated"): 1,
        (rule, "overridden", "cds-not-applicable"): 1,
        (rule, "overridden", "other"): 2,
        ("other", "overridden", "already-treated"): 1,
    }


def test_the_sample_is_feedback_on_the_sample(fresh: TestClient) -> None:
    body = sample("feedback")
    assert not hooks.faults("feedback", body)
    assert body["feedback"][0]["card"] == card_of(fresh)
    assert tell(fresh, body).status_code == 200


def test_words_of_a_clinician_are_neither_logged_nor_counted(
    fresh: TestClient, capfd: pytest.CaptureFixture[str]
) -> None:
    body = {
        "feedback": [
            verdict(card_of(fresh), overrideReason={"userComment": "SECRET-WORDS"}),
            verdict(SUGGESTION, overrideReason={"reason": {"system": "s", "code": "SECRET-CODE"}}),
        ]
    }
    answer = tell(fresh, body)
    assert answer.status_code == 200
    seen = "".join(capfd.readouterr()) + fresh.get("/metrics").text
    assert "SECRET" not in seen and SUGGESTION not in seen


def test_every_reason_offered_is_counted_under_its_name(fresh: TestClient) -> None:
    card = card_of(fresh)
    answer = fresh.post(f"/cds-services/{VIEW}", json=sample("patient-view"))
    offered = answer.json()["cards"][0]["overrideReasons"]
    assert [one["code"] for one in offered] == [code for code, _ in content.load().reasons]
    tell(fresh, {"feedback": [verdict(card, overrideReason={"reason": one}) for one in offered]})
    assert {reason for _, _, reason in counts(fresh)} == {one["code"] for one in offered}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"card": "1"}, "feedback[0].card"),
        ({"card": None}, "feedback[0].card"),
        ({"outcome": "ignored"}, "feedback[0].outcome"),
        ({"outcome": None}, "feedback[0].outcome"),
        ({"outcome": ["accepted"]}, "feedback[0].outcome"),
        ({"outcome": "accepted"}, "feedback[0].acceptedSuggestions"),
        ({"acceptedSuggestions": []}, "feedback[0].acceptedSuggestions"),
        ({"acceptedSuggestions": [{"id": "1"}]}, "feedback[0].acceptedSuggestions"),
        ({"acceptedSuggestions": [SUGGESTION]}, "feedback[0].acceptedSuggestions"),
        ({"outcomeTimestamp": None}, "feedback[0].outcomeTimestamp"),
        ({"outcomeTimestamp": "2026-11-01"}, "feedback[0].outcomeTimestamp"),
        ({"outcomeTimestamp": "2026-11-01T09:05:00+02:00"}, "feedback[0].outcomeTimestamp"),
        ({"outcomeTimestamp": "2026-13-01T09:05:00Z"}, "feedback[0].outcomeTimestamp"),
        ({"overrideReason": {}}, "feedback[0].overrideReason"),
        ({"overrideReason": "x"}, "feedback[0].overrideReason"),
        ({"overrideReason": {"userComment": ""}}, "feedback[0].overrideReason.userComment"),
        ({"overrideReason": {"reason": "x"}}, "feedback[0].overrideReason.reason"),
        ({"overrideReason": {"reason": {"code": "x"}}}, "feedback[0].overrideReason.reason"),
        (
            {"overrideReason": {"reason": {"code": {}, "system": []}}},
            "feedback[0].overrideReason.reason",
        ),
    ],
)
def test_what_is_out_of_shape_is_400_and_counts_nothing(
    fresh: TestClient, change: Json, path: str
) -> None:
    good = verdict(SUGGESTION)
    answer = tell(fresh, {"feedback": [verdict(SUGGESTION, **change), good]})
    assert answer.status_code == 400
    assert path in json.dumps(answer.json())
    assert counts(fresh) == {}


@pytest.mark.parametrize(
    "body",
    [[], {}, {"feedback": None}, {"feedback": []}, {"feedback": {}}, {"feedback": ["x"]}, None],
)
def test_what_is_no_feedback_is_400(fresh: TestClient, body: Any) -> None:
    answer = tell(fresh, body)
    assert answer.status_code == 400 and answer.json()["resourceType"] == "OperationOutcome"


def test_faults_are_bounded(fresh: TestClient) -> None:
    answer = tell(fresh, {"feedback": [{}] * 500})
    assert answer.status_code == 400 and len(answer.json()["issue"]) <= 20
    answer = tell(fresh, {"feedback": [verdict(SUGGESTION)] * 5001})
    assert answer.status_code == 413
