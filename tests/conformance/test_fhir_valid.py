"""Every piece of FHIR the service emits, judged by others: a validator of R4, models of R4B.

What neither looks at is judged here: references that mean something, codes and canonical URLs of
ours that are there.
"""

from __future__ import annotations

import json
from functools import cache
from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from corrin.evaluate.given import case_of
from corrin.interpretation import prepared
from corrin.render.fhir import bundle
from golden.cases import Case, every_case
from support import references
from support.chance import anything, at_most
from support.fhir import bundle as bundled
from support.fhir import observation, patient
from support.judged import BASE, FHIR, Resource, errors, read_by_models
from support.validator import US_CORE, Validator

CASES = [case for case in every_case() if case.request_file.suffix == ".json"]
TAKEN = [case for case in CASES if not case.refused_whole]

pytestmark = pytest.mark.xdist_group("node")  # one process of the validator, one app


_answers: dict[str, tuple[int, Resource]] = {}


def answered(served_app: TestClient, case: Case, **headers: str) -> tuple[int, Resource]:
    """Status and body of one example through the operation, asked once."""
    key = f"{case.name} {headers}"
    if key not in _answers:
        answer = served_app.post("/fhir/$interpret", content=sent(case), headers=FHIR | headers)
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


# --- the operation --------------------------------------------------------------------------


@pytest.mark.node
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_answer_is_valid(served_app: TestClient, validator: Validator, case: Case) -> None:
    for headers in ({}, {"Prefer": "handling=strict"}):
        status, answer = answered(served_app, case, **headers)
        expected = "Bundle" if status == 200 else "OperationOutcome"
        assert answer["resourceType"] == expected
        assert errors(validator, answer) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_answer_holds_together(served_app: TestClient, case: Case) -> None:
    """Other people's models read it; every reference means an entry, or what was sent."""
    status, answer = answered(served_app, case)
    assert (status == 200) is (not case.refused_whole)
    read_by_models(answer)
    if status == 200:
        known = references.mentioned(json.loads(case.request_file.read_bytes()))
        assert references.unresolved(answer, known) == []
        assert references.same_twice(answer) == []


@pytest.mark.node
@pytest.mark.profiles
@pytest.mark.parametrize("case", TAKEN, ids=lambda case: case.name)
def test_answer_meets_us_core(served_app: TestClient, validator: Validator, case: Case) -> None:
    """Proposals and provenance as US Core wants them, as a server would store them."""
    for entry in references.localised(answered(served_app, case)[1])["entry"]:
        kind = entry["resource"]["resourceType"]
        if kind in ("ServiceRequest", "Provenance"):
            assert errors(validator, entry["resource"], f"{US_CORE}{kind.lower()}") == []


@pytest.mark.parametrize(
    "about", ["Patient/p1", "urn:uuid:5f0b0d3e-7a39-4a5e-9c8c-2d3f1f5e0a01", ""]
)
def test_every_way_to_name_the_person(served_app: TestClient, about: str) -> None:
    """With a reference of any form, and without any."""
    sent = bundled(observation(subject={"reference": about} if about else None))
    if about.startswith("urn:"):
        person = patient(id=None)
        sent["entry"].insert(0, {"fullUrl": about, "resource": person})
    answer = served_app.post("/fhir/$interpret", json=sent, headers=FHIR)
    assert answer.status_code == 200, answer.text
    read_by_models(answer.json())
    assert references.unresolved(answer.json(), references.mentioned(sent)) == []


@cache
def asked(profile: str) -> Any:
    """The engine and the writer of a profile."""
    return prepared(profile)


@pytest.mark.node
@at_most(20)
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
def served(served_app: TestClient) -> dict[str, Resource]:
    """Everything of ours a FHIR client comes to from the metadata and the answers, link by link."""
    found: dict[str, Resource] = {}
    ahead = [f"{BASE}/fhir/metadata"]
    for case in TAKEN:
        ahead += sorted(ours(answered(served_app, case)[1]))
    while ahead:
        url = ahead.pop()
        if url in found:
            continue
        answer = served_app.get(url.removeprefix(BASE))
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


def test_codes_of_ours_are_defined(served_app: TestClient, served: dict[str, Resource]) -> None:
    """A code in an answer that its CodeSystem does not hold would mean nothing to anybody."""
    defined = {
        (resource["url"], concept["code"])
        for resource in served.values()
        if resource["resourceType"] == "CodeSystem"
        for concept in resource["concept"]
    }
    used = set()
    for case in CASES:
        used |= references.codings(answered(served_app, case)[1])
    own = {(system, code) for system, code in used if system.startswith(BASE)}
    assert own
    assert own - defined == set()


def test_pages_of_rules_are_there(served_app: TestClient) -> None:
    links = set()
    for case in TAKEN:
        for text in references.texts(answered(served_app, case)[1]):
            if text.startswith(f"{BASE}/v1/"):
                links.add(text)
    assert links
    gone = {one for one in links if served_app.get(one.removeprefix(BASE)).status_code != 200}
    assert gone == set()
