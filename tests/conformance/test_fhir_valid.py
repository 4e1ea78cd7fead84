"""Every piece of FHIR the service emits, judged by others: a validator of R4, models of R4B.

What neither looks at is judged here: references that mean something, codes and canonical URLs of
ours that are there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st

from corrin.api import Settings, create_app, problem
from corrin.api.interpreter import open_interpreter
from corrin.api.problem import Fault, Problem
from corrin.evaluate.given import case_of
from corrin.interpretation import prepared
from corrin.render.fhir import bundle
from golden.cases import Case, every_case
from support import ehr, references
from support.chance import anything
from support.fhir import B12, coded, observation, patient
from support.fhir import bundle as bundled
from support.validator import US_CORE, Validator

BASE = "https://corrin.example.org"
FHIR = {"Content-Type": "application/fhir+json"}
CASES = [case for case in every_case() if case.request_file.suffix == ".json"]
TAKEN = [case for case in CASES if not case.refused_whole]

Resource = dict[str, Any]

pytestmark = pytest.mark.xdist_group("node")  # one process of the validator, one app


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A client of the app; every canonical URL begins with ``BASE``."""
    app = create_app(Settings(public_url=BASE), open_interpreter(Settings()))
    with TestClient(app, base_url="http://127.0.0.1:8000") as found:
        yield found


_answers: dict[str, tuple[int, Resource]] = {}


def answered(client: TestClient, case: Case, **headers: str) -> tuple[int, Resource]:
    """Status and body of one example through the operation, asked once."""
    key = f"{case.name} {headers}"
    if key not in _answers:
        answer = client.post("/fhir/$interpret", content=sent(case), headers=FHIR | headers)
        _answers[key] = answer.status_code, answer.json()
    return _answers[key]


def sent(case: Case) -> bytes:
    """The request as of the moment it was written for: a Bundle in a Parameters that names it."""
    data, when = case.request_file.read_bytes(), case.expected["as_of"]
    try:
        given = json.loads(data)
    except ValueError:
        return data
    if when is None or not isinstance(given, dict) or given.get("resourceType") != "Bundle":
        return data
    moment = {"name": "evaluationTime", "valueDateTime": written(when)}
    data = data.decode().strip()  # the digits of its numbers stay as they are
    return f"""{{"resourceType": "Parameters", "parameter": [{json.dumps(moment)},
        {{"name": "data", "resource": {data}}}]}}""".encode()


def written(when: Any) -> str:
    """A moment as FHIR writes it; YAML has made some a date or a time."""
    return when if isinstance(when, str) else str(when.isoformat()).replace("+00:00", "Z")


def errors(validator: Validator, resource: Resource, profile: str | None = None) -> list[str]:
    """What the validator calls wrong, in words."""
    return [str(one) for one in validator.judge(resource, profile) if one.severity != "information"]


def read_by_models(resource: Resource) -> None:
    """Let ``fhir.resources`` read it; raises what it finds wrong."""
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


# --- the operation --------------------------------------------------------------------------


@pytest.mark.node
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_answer_is_valid(client: TestClient, validator: Validator, case: Case) -> None:
    for headers in ({}, {"Prefer": "handling=strict"}):
        status, answer = answered(client, case, **headers)
        expected = "Bundle" if status == 200 else "OperationOutcome"
        assert answer["resourceType"] == expected
        assert errors(validator, answer) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_answer_holds_together(client: TestClient, case: Case) -> None:
    """Other people's models read it; every reference means an entry, or what was sent."""
    status, answer = answered(client, case)
    assert (status == 200) is (not case.refused_whole)
    read_by_models(answer)
    if status == 200:
        known = references.mentioned(json.loads(case.request_file.read_bytes()))
        assert references.unresolved(answer, known) == []
        assert references.same_twice(answer) == []


@pytest.mark.node
@pytest.mark.profiles
@pytest.mark.parametrize("case", TAKEN, ids=lambda case: case.name)
def test_answer_meets_us_core(client: TestClient, validator: Validator, case: Case) -> None:
    """Proposals and provenance as US Core wants them, as a server would store them."""
    for entry in references.localised(answered(client, case)[1])["entry"]:
        kind = entry["resource"]["resourceType"]
        if kind in ("ServiceRequest", "Provenance"):
            assert errors(validator, entry["resource"], f"{US_CORE}{kind.lower()}") == []


@pytest.mark.parametrize(
    "about", ["Patient/p1", "urn:uuid:5f0b0d3e-7a39-4a5e-9c8c-2d3f1f5e0a01", ""]
)
def test_every_way_to_name_the_person(client: TestClient, about: str) -> None:
    """With a reference of any form, and without any."""
    sent = bundled(observation(subject={"reference": about} if about else None))
    if about.startswith("urn:"):
        person = patient(id=None)
        sent["entry"].insert(0, {"fullUrl": about, "resource": person})
    answer = client.post("/fhir/$interpret", json=sent, headers=FHIR)
    assert answer.status_code == 200, answer.text
    read_by_models(answer.json())
    assert references.unresolved(answer.json(), references.mentioned(sent)) == []


@cache
def asked(profile: str) -> Any:
    """The engine and the writer of a profile."""
    return prepared(profile)


@pytest.mark.node
@given(st.integers(0, 2**32), st.sampled_from(["Patient/p1", ""]), st.sampled_from(["uk", "us"]))
def test_any_report_is_valid(validator: Validator, seed: int, about: str, profile: str) -> None:
    engine, composer = asked(profile)
    case = case_of(anything(Random(seed)), engine.library.vocabulary)
    answer = json.loads(
        json.dumps(bundle(composer.compose(engine.evaluate(case)), base=BASE, about=about))
    )
    assert errors(validator, answer) == []
    known = {about} | {
        text
        for text in references.mentioned(answer)
        if text.startswith(("Observation/", "Patient/"))
    }
    assert references.unresolved(answer, known) == []
    read_by_models(answer)


# --- what the answers rest on ---------------------------------------------------------------


@pytest.fixture(scope="module")
def served(client: TestClient) -> dict[str, Resource]:
    """Everything of ours a FHIR client comes to from the metadata and the answers, link by link."""
    found: dict[str, Resource] = {}
    ahead = [f"{BASE}/fhir/metadata"]
    for case in TAKEN:
        ahead += sorted(ours(answered(client, case)[1]))
    while ahead:
        url = ahead.pop()
        if url in found:
            continue
        answer = client.get(url.removeprefix(BASE))
        assert answer.status_code == 200, url
        found[url] = answer.json()
        ahead += sorted(ours(found[url]))
    return found


def ours(resource: Resource) -> set[str]:
    """Canonical URLs of ours in a resource, without versions."""
    return {
        text.partition("|")[0]
        for text in references.texts(resource)
        if text.startswith(f"{BASE}/fhir/") and "$" not in text
    }


def test_canonical_urls_lead_to_what_they_name(served: dict[str, Resource]) -> None:
    kinds = {resource["resourceType"] for resource in served.values()}
    assert kinds >= {"CapabilityStatement", "OperationDefinition", "CodeSystem", "Library"}
    for url, resource in served.items():
        assert resource.get("url") == url or resource["resourceType"] == "CapabilityStatement"


@pytest.mark.node
def test_definitions_are_valid(served: dict[str, Resource], validator: Validator) -> None:
    said = {url: errors(validator, resource) for url, resource in served.items()}
    assert {url: wrong for url, wrong in said.items() if wrong} == {}


def test_definitions_are_read_by_models(served: dict[str, Resource]) -> None:
    for resource in served.values():
        read_by_models(resource)


def test_codes_of_ours_are_defined(client: TestClient, served: dict[str, Resource]) -> None:
    """A code in an answer that its CodeSystem does not hold would mean nothing to anybody."""
    defined = {
        (resource["url"], concept["code"])
        for resource in served.values()
        if resource["resourceType"] == "CodeSystem"
        for concept in resource["concept"]
    }
    used = set()
    for case in CASES:
        used |= references.codings(answered(client, case)[1])
    own = {(system, code) for system, code in used if system.startswith(BASE)}
    assert own
    assert own - defined == set()


def test_pages_of_rules_are_there(client: TestClient) -> None:
    links = set()
    for case in TAKEN:
        for text in references.texts(answered(client, case)[1]):
            if text.startswith(f"{BASE}/v1/"):
                links.add(text)
    assert links
    gone = {one for one in links if client.get(one.removeprefix(BASE)).status_code != 200}
    assert gone == set()


# --- errors ---------------------------------------------------------------------------------

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


def outcome(client: TestClient, name: str) -> Resource:
    """What one wrong request is told."""
    status, method, path, sent = WRONG[name]
    if "{service}" in path:
        path = path.format(service=client.get("/cds-services").json()["services"][0]["id"])
    answer = client.request(method, path, **sent)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/fhir+json")
    found: Resource = answer.json()
    assert found["resourceType"] == "OperationOutcome"
    assert all(issue["severity"] in ("error", "fatal") for issue in found["issue"])
    return found


@pytest.mark.parametrize("name", WRONG)
def test_error_is_an_outcome(client: TestClient, name: str) -> None:
    read_by_models(outcome(client, name))


@pytest.mark.node
@pytest.mark.parametrize("name", WRONG)
def test_error_is_valid(client: TestClient, validator: Validator, name: str) -> None:
    assert errors(validator, outcome(client, name)) == []


@pytest.mark.node
@pytest.mark.parametrize("status", sorted(problem._ISSUE_OF_STATUS))
def test_outcome_of_every_status_and_reason_is_valid(validator: Validator, status: int) -> None:
    """Also of those no request of a test brings about: 408, 429, 500, 503."""
    faults = [
        Fault(reason, "Says.", "Remedy.", "Bundle.entry[0].resource", 3, ("near",))
        for reason in ("unknown-to-the-table", *problem._ISSUE)
    ]
    assert errors(validator, problem.outcome(Problem(status, *faults))) == []


# --- FHIR within cards ----------------------------------------------------------------------


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
def suggested(client: TestClient) -> list[tuple[str, Resource, set[str]]]:
    """Case, resource and known references of everything the cards suggest, for every service."""
    found = []
    services = client.get("/cds-services").json()["services"]
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
            answer = client.post(f"/cds-services/{service['id']}", json=body)
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
