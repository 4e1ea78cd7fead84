"""Every error of the doors that speak FHIR: an OperationOutcome others call valid."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from corrin.api import problem
from corrin.api.problem import Fault, Problem
from support.fhir import bundle as bundled
from support.fhir import observation, patient
from support.judged import FHIR, Resource, errors, read_by_models
from support.validator import Validator

pytestmark = pytest.mark.xdist_group("node")  # one process of the validator, one app

WRONG: dict[str, tuple[int, str, str, dict[str, Any]]] = {
    "not JSON": (400, "POST", "/fhir/$interpret", {"content": b"{", "headers": FHIR}),
    "not FHIR": (400, "POST", "/fhir/$interpret", {"content": b'{"a": 1}', "headers": FHIR}),
    "not UTF-8": (400, "POST", "/fhir/$interpret", {"content": b'{"a": "\xff"}', "headers": FHIR}),
    "nothing": (400, "POST", "/fhir/$interpret", {"content": b"", "headers": FHIR}),
    "unknown path": (404, "GET", "/fhir/Nothing", {}),
    "unknown code system": (404, "GET", "/fhir/CodeSystem/nothing", {}),
    "unknown library": (404, "GET", "/fhir/Library/nothing", {}),
    "GET of the operation": (405, "GET", "/fhir/$interpret", {}),
    "DELETE of the metadata": (405, "DELETE", "/fhir/metadata", {}),
    "XML wanted": (
        406,
        "POST",
        "/fhir/$interpret",
        {"json": bundled(observation()), "headers": FHIR | {"Accept": "application/fhir+xml"}},
    ),
    "XML sent": (
        415,
        "POST",
        "/fhir/$interpret",
        {"content": b"<Bundle/>", "headers": {"Content-Type": "application/fhir+xml"}},
    ),
    "two people": (
        422,
        "POST",
        "/fhir/$interpret",
        {
            "json": bundled(
                patient(), observation(), observation(id="o2", subject={"reference": "Patient/q"})
            ),
            "headers": FHIR,
        },
    ),
    "strict": (
        400,
        "POST",
        "/fhir/$interpret",
        {
            "json": bundled(observation(status=None)),
            "headers": FHIR | {"Prefer": "handling=strict"},
        },
    ),
    "too deep": (
        400,
        "POST",
        "/fhir/$interpret",
        {"content": b'{"a":' * 500 + b"1" + b"}" * 500, "headers": FHIR},
    ),
    "no such service": (404, "POST", "/cds-services/nothing", {"json": {}}),
    "no hook": (400, "POST", "/cds-services/{service}", {"json": {}}),
}


def outcome(served_app: TestClient, name: str) -> Resource:
    """What one wrong request is told."""
    status, method, path, sent = WRONG[name]
    if "{service}" in path:
        path = path.format(service=served_app.get("/cds-services").json()["services"][0]["id"])
    answer = served_app.request(method, path, **sent)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/fhir+json")
    found: Resource = answer.json()
    assert found["resourceType"] == "OperationOutcome"
    assert all(issue["severity"] in ("error", "fatal") for issue in found["issue"])
    return found


@pytest.mark.parametrize("name", WRONG)
def test_error_is_an_outcome(served_app: TestClient, name: str) -> None:
    read_by_models(outcome(served_app, name))


@pytest.mark.node
@pytest.mark.parametrize("name", WRONG)
def test_error_is_valid(served_app: TestClient, validator: Validator, name: str) -> None:
    assert errors(validator, outcome(served_app, name)) == []


@pytest.mark.node
@pytest.mark.parametrize("status", sorted(problem._ISSUE_OF_STATUS))
def test_outcome_of_every_status_and_reason_is_valid(validator: Validator, status: int) -> None:
    """Also of those no request of a test brings about: 408, 429, 500, 503."""
    faults = [
        Fault(reason, "Says.", "Remedy.", "Bundle.entry[0].resource", 3, ("near",))
        for reason in ("unknown-to-the-table", *problem._ISSUE)
    ]
    assert errors(validator, problem.outcome(Problem(status, *faults))) == []
