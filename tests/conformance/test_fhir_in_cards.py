"""FHIR within cards: what they suggest, as an EHR would take it over."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from golden.cases import every_case
from support import ehr, references
from support.fhir import B12, coded
from support.fhir import bundle as bundled
from support.judged import Resource, errors, read_by_models
from support.validator import US_CORE, Validator

pytestmark = pytest.mark.xdist_group("node")  # one process of the validator, one app

TAKEN = [
    case for case in every_case() if case.request_file.suffix == ".json" and not case.refused_whole
]


def ordered(person: str) -> Resource:
    """Somebody is about to order a vitamin B12."""
    return {
        "resourceType": "ServiceRequest",
        "id": "draft",
        "status": "draft",
        "intent": "order",
        "code": coded(B12),
        "subject": {"reference": f"Patient/{person}"},
    }


@pytest.fixture(scope="module")
def suggested(served_app: TestClient) -> list[tuple[str, Resource, set[str]]]:
    """Case, resource and known references of everything the cards suggest, for every service."""
    found = []
    services = served_app.get("/cds-services").json()["services"]
    for place, service in enumerate(services):
        for case in TAKEN[place::3] if place else TAKEN:
            held = ehr.today(json.loads(case.request_file.read_bytes()))
            if not isinstance(held, dict) or held.get("resourceType") != "Bundle":
                continue
            people = [one for one in ehr.record(held) if one.get("resourceType") == "Patient"]
            if len(people) != 1 or "id" not in people[0]:
                continue
            context: Resource = {}
            if service["hook"] in ("order-sign", "order-select"):
                context["draftOrders"] = bundled(ordered(people[0]["id"]))
            if service["hook"] == "order-select":
                context["selections"] = ["ServiceRequest/draft"]
            body = ehr.request(service, ehr.record(held), people[0]["id"], **context)
            answer = served_app.post(f"/cds-services/{service['id']}", json=body)
            assert answer.status_code in (200, 412), (case.name, answer.text)
            known = references.mentioned([held, ehr.record(held)])
            for card in answer.json().get("cards", ()):
                for suggestion in card.get("suggestions", ()):
                    for action in suggestion["actions"]:
                        found.append((f"{service['id']} {case.name}", action["resource"], known))
    return found


@pytest.mark.node
def test_suggestions_are_valid(suggested: list[Any], validator: Validator) -> None:
    said = {}
    for name, resource, known in suggested:
        read_by_models(resource)
        assert resource["resourceType"] == "ServiceRequest", name
        alone = {"entry": [{"resource": resource}]}
        wrong = [*errors(validator, resource), *references.unresolved(alone, known)]
        if wrong:
            said[name] = wrong
    assert len(suggested) > 20
    assert said == {}


@pytest.mark.node
@pytest.mark.profiles
def test_suggestions_meet_us_core(suggested: list[Any], validator: Validator) -> None:
    for name, resource, _ in suggested:
        assert errors(validator, resource, f"{US_CORE}servicerequest") == [], name
