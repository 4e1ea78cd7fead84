"""Every answer of our CDS Hooks services against a JSON Schema written from the specification,
over all example cases; and the cards say what the report of the same case says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from corrin.api import Settings, create_app
from corrin.render.cards import Occasion, cards
from golden.cases import Case, _moment, every_case
from support import hooks
from support.hooks import SELECT, SIGN, VIEW, searchset

Json = dict[str, Any]

BASE = "https://corrin.example.org"
CASES = [case for case in every_case() if not case.refused_whole]
PERSON = "p-of-the-example"
READ = {
    *("Observation", "Condition", "Procedure", "Encounter", "FamilyMemberHistory"),
    *("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"),
}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(public_url=BASE))) as found:
        yield found


def resources(found: Any) -> Iterator[Json]:
    """Every resource of a request in any form."""
    if isinstance(found, list):
        for one in found:
            yield from resources(one)
    elif isinstance(found, dict):
        if found.get("resourceType") == "Bundle":
            yield from resources([e["resource"] for e in found.get("entry", ()) if "resource" in e])
        elif found.get("resourceType") == "Parameters":
            yield from resources(
                [p["resource"] for p in found.get("parameter", ()) if "resource" in p]
            )
        else:
            yield found


def own(resource: Json) -> Json:
    """The resource, and what it contains, as that of one person with one id."""
    found = dict(resource)
    if found.get("resourceType") == "Patient":
        return {**found, "id": PERSON}
    if "contained" in found:
        found["contained"] = [own(one) for one in found["contained"]]
    if "patient" in found or "subject" in found or found.get("resourceType") in READ:
        found["patient" if "patient" in found else "subject"] = {"reference": f"Patient/{PERSON}"}
    return found


def record(case: Case) -> list[Json]:
    """The resources of a case, all of one person; decimals as texts between NUL."""
    text = case.request_file.read_text("utf-8")
    lines = text.splitlines() if case.request_file.suffix == ".ndjson" else [text]
    parsed = [json.loads(line, parse_float=lambda t: f"\0{t}\0") for line in lines if line.strip()]
    return [own(one) for one in resources(parsed)]


def sent(body: Json) -> bytes:
    """The body with every digit its decimals had."""
    return re.sub(r'"\\u0000([^"\\]*)\\u0000"', r"\1", json.dumps(body)).encode()


def request(case: Case, hook: str, **context: Any) -> Json:
    """A case as a request; whatever no key asks for comes under one of its own."""
    as_of = case.expected["as_of"]
    extension = {"org.corrin.profile": case.expected["profile"]}
    if as_of is not None:
        extension["org.corrin.evaluationTime"] = _moment(as_of)
    return {
        "hook": hook,
        "hookInstance": hooks.INSTANCE,
        "context": {"userId": "Practitioner/1", "patientId": PERSON, **context},
        "prefetch": {"b12": None, "everything": searchset(*record(case))},
        "extension": extension,
    }


def draft(code: str) -> Json:
    asked = {"coding": [{"system": "http://loinc.org", "code": code}]}
    order = {"resourceType": "ServiceRequest", "id": "d1", "status": "draft", "intent": "order"}
    order |= {"code": asked, "subject": {"reference": f"Patient/{PERSON}"}}
    return searchset(order)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_answer_keeps_to_the_specification(client: TestClient, case: Case) -> None:
    for service, body in (
        (VIEW, request(case, "patient-view")),
        (SIGN, request(case, "order-sign", draftOrders=draft("2132-9"))),
        (
            SELECT,
            request(
                case,
                "order-select",
                draftOrders=draft("13964-2"),
                selections=["ServiceRequest/d1"],
            ),
        ),
    ):
        answer = client.post(f"/cds-services/{service}", content=sent(body))
        assert answer.status_code == 200, answer.text
        assert not hooks.faults("response", answer.json())


# Their references, missing Patients or writing Bundles are what the example is about.
# And what says its own moment, or asks for packs, asks otherwise than a hook can.
_BY_ITSELF = {"no-patient", "no-patient-mma-between-limits", "urn-uuid-transaction"}


@pytest.mark.parametrize(
    "case",
    [
        case
        for case in CASES
        if case.name not in _BY_ITSELF
        and case.expected["as_of"] is not None
        and not case.expected.get("packs")
    ],
    ids=lambda case: case.name,
)
def test_cards_say_what_the_report_says(client: TestClient, case: Case) -> None:
    answer = client.post(f"/cds-services/{VIEW}", content=sent(request(case, "patient-view")))
    report = case.report
    supply: Any = {"b12": "empty"}
    wanted = cards(
        report,
        base=BASE,
        about=f"Patient/{PERSON}",
        instance=hooks.INSTANCE,
        occasion=Occasion(supply=supply),
    )["cards"]
    told = [(one["source"]["topic"]["code"], one["summary"]) for one in answer.json()["cards"]]
    assert told == [(one["source"]["topic"]["code"], one["summary"]) for one in wanted]


def test_discovery_and_samples_keep_to_the_specification(client: TestClient) -> None:
    assert not hooks.faults("discovery", client.get("/cds-services").json())
    for name in ("patient-view", "order-select", "order-sign"):
        assert not hooks.faults("request", hooks.sample(name))
    assert not hooks.faults("feedback", hooks.sample("feedback"))


CARD: Json = {"summary": "s", "indicator": "info", "source": {"label": "l"}}
SUGGESTION: Json = {"label": "l", "isRecommended": True}
ACTION: Json = {"type": "create", "description": "d", "resource": {"resourceType": "Task"}}
REQUEST: Json = {
    "hook": "patient-view",
    "hookInstance": hooks.INSTANCE,
    "context": {"userId": "Practitioner/1", "patientId": "p"},
}
AUTHORIZED = {"access_token": "t", "token_type": "Bearer", "expires_in": 3, "scope": "s",
              "subject": "c"}  # fmt: skip
SERVICE: Json = {"hook": "patient-view", "id": "a", "description": "d"}
VERDICT: Json = {"card": hooks.INSTANCE, "outcome": "overridden",
                 "outcomeTimestamp": "2026-11-01T09:05:00Z"}  # fmt: skip


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("response", {}),
        ("response", {"cards": None}),
        ("response", {"cards": [{**CARD, "summary": "x" * 140}]}),
        ("response", {"cards": [{**CARD, "summary": ""}]}),
        ("response", {"cards": [{**CARD, "indicator": "hard-stop"}]}),
        ("response", {"cards": [{**CARD, "source": {}}]}),
        ("response", {"cards": [{**CARD, "source": {"label": "l", "url": "/rules/1"}}]}),
        ("response", {"cards": [{**CARD, "source": {"label": "l", "topic": {"code": "x"}}}]}),
        ("response", {"cards": [{**CARD, "suggestions": [SUGGESTION]}]}),
        ("response", {"cards": [{**CARD, "suggestions": [], "selectionBehavior": "any"}]}),
        ("response", {"cards": [{**CARD, "suggestions": [SUGGESTION] * 2,
                                 "selectionBehavior": "at-most-one"}]}),
        ("response", {"cards": [{**CARD, "selectionBehavior": "all"}]}),
        ("response", {"cards": [{**CARD, "overrideReasons": [{"code": "a", "system": "b"}]}]}),
        ("response", {"cards": [{**CARD, "links": [{"label": "l", "url": "https://a/"}]}]}),
        ("response", {"cards": [{**CARD, "links": [{"label": "l", "url": "https://a/",
                                                    "type": "absolute", "appContext": "x"}]}]}),
        ("response", {"cards": [{**CARD, "links": [
            {"label": "l", "url": "https://a/", "type": "absolute", "autoLaunchable": True}]}]}),
        ("response", {"cards": [{**CARD, "selectionBehavior": "any", "suggestions": [
            {"label": "l", "actions": [{"type": "create", "description": "d"}]}]}]}),
        ("response", {"cards": [{**CARD, "selectionBehavior": "any", "suggestions": [
            {"label": "l", "actions": [{**ACTION, "type": "delete"}]}]}]}),
        ("response", {"cards": [{**CARD, "selectionBehavior": "any", "suggestions": [
            {"label": "l", "actions": [{"type": "create", "resource": ACTION["resource"]}]}]}]}),
        ("response", {"cards": [{**CARD, "detail": None}]}),
        ("response", {"cards": [{**CARD, "uuid": "1"}]}),
        ("discovery", {}),
        ("discovery", {"services": [{"hook": "patient-view", "id": "a"}]}),
        ("discovery", {"services": [{**SERVICE, "prefetch": {}}]}),
        ("discovery", {"services": [{**SERVICE, "prefetch": {"a": "Patient/{{context.a.b}}"}}]}),
        ("discovery", {"services": [{**SERVICE, "prefetch": {"a": "Patient?_has:x=1"}}]}),
        ("discovery", {"services": [{**SERVICE, "prefetch": {"a": "Patient?name:exact=1"}}]}),
        ("discovery", {"services": [{**SERVICE, "prefetch": {"a": "Patient?a.b=1"}}]}),
        ("discovery", {"services": [{**SERVICE, "prefetch": {"a": "https://x/Patient/1"}}]}),
        ("request", {**REQUEST, "hookInstance": "1"}),
        ("request", {**REQUEST, "context": {"userId": "Practitioner/1"}}),
        ("request", {**REQUEST, "hook": "order-sign"}),
        ("request", {**REQUEST, "fhirAuthorization": AUTHORIZED}),
        ("request", {**REQUEST, "prefetch": {"a": "x"}}),
        ("feedback", {"feedback": []}),
        ("feedback", {"feedback": [{**VERDICT, "outcome": "accepted"}]}),
        ("feedback", {"feedback": [{**VERDICT, "overrideReason": {}}]}),
        ("feedback", {"feedback": [{**VERDICT, "outcomeTimestamp": "2026-11-01"}]}),
    ],
)  # fmt: skip
def test_the_schema_finds_what_is_wrong(part: str, wrong: Json) -> None:
    assert hooks.faults(part, wrong)


@pytest.mark.parametrize(
    ("part", "right"),
    [
        ("response", {"cards": []}),
        ("response", {"cards": [CARD]}),
        ("response", {"cards": [{**CARD, "selectionBehavior": "any",
                                 "suggestions": [{**SUGGESTION, "actions": [ACTION]}] * 2}]}),
        ("response", {"cards": [{**CARD, "selectionBehavior": "at-most-one",
                                 "suggestions": [SUGGESTION, {"label": "m"}]}]}),
        ("discovery", {"services": []}),
        ("discovery", {"services": [{**SERVICE, "prefetch": {
            "a": "Patient/{{context.patientId}}", "b": "Task?patient={{userPatientId}}&x:in=a|b"
        }}]}),
        ("request", {**REQUEST, "prefetch": {"a": None}, "fhirServer": "https://a.example.org/",
                     "fhirAuthorization": AUTHORIZED}),
        ("feedback", {"feedback": [VERDICT]}),
    ],
)  # fmt: skip
def test_the_schema_lets_pass_what_is_right(part: str, right: Json) -> None:
    assert not hooks.faults(part, right)
