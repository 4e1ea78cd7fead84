"""Tests ordered before: named as ordered, proposed by no door again, and never taken for facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from corrin import intake
from corrin.cli.program import app
from support import fhir, hooks
from support.hooks import SIGN, VIEW, sample, searchset, view

Json = dict[str, Any]

FHIR = "application/fhir+json"
B12 = fhir.observation(id="b12")
OURS = {"coding": [{"system": "http://loinc.org", "code": fhir.MMA}]}
UNSEEN = "Orders placed earlier were not looked at"
PARTLY = "Not all orders placed earlier were looked at"


def order(**more: Any) -> Json:
    """An order of methylmalonic acid of 30 October 2026, two days before the moment asked about."""
    found = {
        "resourceType": "ServiceRequest",
        "id": "sr",
        "status": "active",
        "intent": "order",
        "code": OURS,
        "subject": {"reference": "Patient/p"},
        "authoredOn": "2026-10-30",
    }
    return {name: value for name, value in {**found, **more}.items() if value is not None}


def mma(**more: Any) -> Json:
    return fhir.observation(fhir.MMA, 0.35, "umol/L", id="mma", **more)


def card(client: TestClient, prefetch: Json) -> Json:
    answer = client.post(
        f"/cds-services/{VIEW}", json=view({"b12": searchset(B12), "mma": None, **prefetch})
    )
    assert answer.status_code == 200, answer.text
    assert not hooks.faults("response", answer.json())
    (found,) = answer.json()["cards"]
    return dict(found)


def proposed(card: Json) -> set[str]:
    """LOINC codes of what a card proposes."""
    return {
        action["resource"]["code"]["coding"][0]["code"]
        for one in card.get("suggestions", ())
        for action in one["actions"]
    }


def bundle(client: TestClient, *resources: Json, at: str = "2026-11-01T09:00:00Z") -> Json:
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "evaluationTime", "valueDateTime": at},
            {"name": "data", "resource": fhir.bundle(fhir.patient(), B12, *resources)},
        ],
    }
    answer = client.post(
        "/fhir/$interpret", content=fhir.dumps(body), headers={"Content-Type": FHIR}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def asked(found: Json) -> set[str]:
    """LOINC codes of the ServiceRequests of an answer."""
    return {
        one["resource"]["code"]["coding"][0]["code"]
        for one in found["entry"]
        if one["resource"]["resourceType"] == "ServiceRequest"
    }


def messages(found: Json) -> list[str]:
    return [
        issue["details"]["text"]
        for one in found["entry"][0]["resource"]["contained"]
        for issue in one.get("issue", ())
    ]


# --- cards --------------------------------------------------------------------------------------


def test_every_service_asks_for_the_orders_that_are_open(client: TestClient) -> None:
    for one in client.get("/cds-services").json()["services"]:
        query = one["prefetch"]["serviceRequests"]
        assert query.startswith("ServiceRequest?patient={{context.patientId}}&status=active&")
        assert not hooks.faults("discovery", {"services": [one]})


def test_what_was_ordered_before_is_named_and_not_proposed(client: TestClient) -> None:
    found = card(client, {"serviceRequests": searchset(order())})
    assert "suggestions" not in found
    assert "**Already ordered**: Methylmalonic acid (2026-10-30)" in found["detail"]
    assert "on the screen" not in found["detail"] and UNSEEN not in found["detail"]


def test_an_order_under_a_key_that_was_not_asked_for_is_read(client: TestClient) -> None:
    found = card(client, {"orders": searchset(order())})
    assert "suggestions" not in found and "Already ordered" in found["detail"]


@pytest.mark.parametrize(
    "more",
    [
        {"status": "on-hold"},
        {"status": "draft"},
        {"intent": "plan"},
        {"intent": "filler-order"},
        {"authoredOn": None},
        {"authoredOn": "soon"},
        {"code": {"text": "Methylmalonic acid, serum"}},
        {"code": {"coding": [{"system": "https://lab.example.org", "code": "1"}], "text": "MMA"}},
        {"code": {"concept": OURS}},
    ],
)
def test_what_counts_as_an_open_order(client: TestClient, more: Json) -> None:
    found = card(client, {"serviceRequests": searchset(order(**more))})
    assert "suggestions" not in found and "Already ordered" in found["detail"]


@pytest.mark.parametrize(
    "more",
    [
        {"status": "completed"},
        {"status": "revoked"},
        {"status": "entered-in-error"},
        {"status": "unknown"},
        {"status": None},
        {"status": 1},
        {"intent": "proposal"},
        {"intent": "option"},
        {"intent": ["order"]},
        {"doNotPerform": True},
        {"modifierExtension": [{"url": "https://example.org/not", "valueBoolean": True}]},
        {"authoredOn": "2026-11-02"},
        {"code": None},
        {"code": {"text": "Methylmalonic acid ratio of nothing"}},
        {"code": {"coding": [{"system": "http://loinc.org", "code": "1-8"}], "text": "MMA"}},
    ],
)
def test_what_does_not(client: TestClient, more: Json) -> None:
    found = card(client, {"serviceRequests": searchset(order(**more))})
    assert fhir.MMA in proposed(found) and "Already ordered" not in found["detail"]


def test_an_order_that_has_its_result_is_open_no_more(client: TestClient) -> None:
    """The result is too old to be used by now, so the test is proposed as if never ordered."""
    old = mma(effectiveDateTime="2020-01-02T08:00:00Z")
    done, again = order(authoredOn="2020-01-01"), order(authoredOn="2020-01-03")
    for placed, known in ((done, False), (again, True)):
        found = card(client, {"mma": searchset(old), "serviceRequests": searchset(placed)})
        assert ("Already ordered" in found["detail"]) is known
        assert (fhir.MMA in proposed(found)) is not known


def test_a_result_entered_in_error_answers_no_order(client: TestClient) -> None:
    wrong = mma(status="entered-in-error", effectiveDateTime="2026-10-31T08:00:00Z")
    found = card(client, {"mma": searchset(wrong), "serviceRequests": searchset(order())})
    assert "Already ordered" in found["detail"]


@pytest.mark.parametrize(
    ("prefetch", "said"),
    [
        ({}, UNSEEN),
        ({"serviceRequests": {"resourceType": "OperationOutcome", "issue": []}}, UNSEEN),
        ({"serviceRequests": searchset(total=101)}, PARTLY),
        ({"serviceRequests": None}, ""),
        ({"serviceRequests": searchset()}, ""),
    ],
)
def test_whether_earlier_orders_were_looked_at_is_said(
    client: TestClient, prefetch: Json, said: str
) -> None:
    found = card(client, prefetch)
    assert fhir.MMA in proposed(found)
    assert [one for one in (UNSEEN, PARTLY) if one in found["detail"]] == ([said] if said else [])


def test_an_order_of_a_panel_asks_for_what_it_holds() -> None:
    panel = {"coding": [{"system": "http://loinc.org", "code": "24362-6"}]}
    (found,) = intake.read(fhir.dumps(order(code=panel))).orders
    assert found.tests == {"sodium", "potassium", "creatinine"}


def test_an_order_for_somebody_else_refuses_the_call(client: TestClient) -> None:
    for more in ({"subject": {"reference": "Patient/q"}}, {"subject": None}):
        prefetch = {"b12": searchset(B12), "serviceRequests": searchset(order(**more))}
        answer = client.post(f"/cds-services/{VIEW}", json=view(prefetch))
        assert answer.status_code == 422
        assert answer.json()["issue"][0]["diagnostics"] == "other-patient"


@pytest.mark.parametrize(
    "text", ["Methylmalonic acid, serum", "MMA", "methylmalonic  ACID (Serum)"]
)
def test_a_draft_with_a_local_code_is_known_by_its_name(client: TestClient, text: str) -> None:
    local = {"system": "https://lab.example.org/tests", "code": "4711"}
    for code in ({"coding": [{**local, "display": text}]}, {"coding": [local], "text": text}):
        body = sample("order-sign")
        body["context"]["draftOrders"]["entry"][1]["resource"]["code"] = code
        (found,) = client.post(f"/cds-services/{SIGN}", json=body).json()["cards"]
        assert "suggestions" not in found
        assert "Already among the orders on the screen**: Methylmalonic acid" in found["detail"]


def test_a_draft_whose_name_is_only_like_one_is_not(client: TestClient) -> None:
    for text in ("Methylmalonic acid and homocysteine reflex", "methylmalonik acid", "MMA2"):
        body = sample("order-sign")
        body["context"]["draftOrders"]["entry"][1]["resource"]["code"] = {"text": text}
        (found,) = client.post(f"/cds-services/{SIGN}", json=body).json()["cards"]
        assert fhir.MMA in proposed(found)


# --- FHIR ---------------------------------------------------------------------------------------


def test_fhir_proposes_nothing_that_is_on_order_and_says_so(client: TestClient) -> None:
    bare, found = bundle(client), bundle(client, order())
    assert asked(bare) - asked(found) == {fhir.MMA}
    said = "Already ordered, and therefore not proposed: Methylmalonic acid (2026-10-30)"
    assert said in messages(found) and not any("Already ordered" in one for one in messages(bare))
    response = found["entry"][0]["resource"]
    assert response["dataRequirement"] == bare["entry"][0]["resource"]["dataRequirement"]
    assert found["id"] != bare["id"]
    # Nothing else depends on it: an order is no fact.
    notes = [
        [
            one["resource"]["code"]
            for one in answer["entry"]
            if one["resource"]["resourceType"] == "DetectedIssue"
        ]
        for answer in (bare, found)
    ]
    assert notes[0] == notes[1]


def test_an_order_written_later_was_not_known_then(client: TestClient) -> None:
    assert fhir.MMA in asked(bundle(client, order(), at="2026-10-29T09:00:00Z"))


def test_our_own_proposals_are_no_orders(client: TestClient) -> None:
    """An answer that is sent in again with the results proposes the same again."""
    first = bundle(client)
    own = [
        one["resource"]
        for one in first["entry"]
        if one["resource"]["resourceType"] == "ServiceRequest"
    ]
    own = json.loads(json.dumps(own))
    for one in own:
        one["subject"] = {"reference": "Patient/p"}
    assert asked(bundle(client, *own)) == asked(first)


def test_every_door_that_answers_in_fhir_knows_it(client: TestClient, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_bytes(fhir.dumps(fhir.bundle(fhir.patient(), B12, order())))
    answer = client.post(
        "/v1/interpret?as_of=2026-11-01",
        content=file.read_bytes(),
        headers={"Content-Type": FHIR, "Accept": FHIR},
    )
    said = ["interpret", str(file), "--as-of", "2026-11-01", "--format", "fhir"]
    printed = CliRunner().invoke(app, said)
    assert printed.exit_code == 0, printed.output
    for found in (answer.json(), json.loads(printed.stdout)):
        assert fhir.MMA not in asked(found)
        assert any("Already ordered" in one for one in messages(found))
