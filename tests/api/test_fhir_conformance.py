"""What the FHIR door says of itself, and that everything an answer points to can be read."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from corrin.api import Settings, create_app
from corrin.api.interpreter import Interpreter
from corrin.intake.strict import _empty, _faults
from support import places
from support.fhir_answers import codings, each

BASE = "https://corrin.example.org"
ANSWER = "application/fhir+json; fhirVersion=4.0"
KINDS = ("OperationDefinition", "CodeSystem", "ValueSet", "Library", "PlanDefinition")
TIME = {"name": "evaluationTime", "valueDateTime": "2026-11-01T09:00:00Z"}
DEMO = places.CASES / "demo" / "request.json"


def get(client: TestClient, path: str, **headers: str) -> httpx.Response:
    return client.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})


def read(client: TestClient, path: str) -> dict[str, Any]:
    """A resource of the door: valid R4, nothing empty."""
    answer = get(client, path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == ANSWER
    found = dict(answer.json())
    assert _faults(found, "") == []
    assert list(_empty(found, "")) == []
    return found


def every(client: TestClient, kind: str) -> list[dict[str, Any]]:
    found = read(client, f"/fhir/{kind}")
    assert found["type"] == "searchset"
    assert found["total"] == len(found["entry"])
    return [entry["resource"] for entry in found["entry"]]


def answers(client: TestClient) -> list[dict[str, Any]]:
    """The answers to many examples, under both profiles."""
    found = []
    for file in sorted(places.CASES.glob("*/request.json"))[::5]:
        for profile in ("uk", "us"):
            body = {
                "resourceType": "Parameters",
                "parameter": [
                    TIME,
                    {"name": "ruleset", "valueCanonical": profile},
                    {"name": "data", "resource": json.loads(file.read_bytes())},
                ],
            }
            answer = client.post("/fhir/$interpret", json=body)
            if answer.status_code == 200:
                found.append(answer.json())
    assert len(found) > 40
    return found


def test_capabilities_are_those_of_an_instance(client: TestClient) -> None:
    found = read(client, "/fhir/metadata")

    assert found["resourceType"] == "CapabilityStatement"
    assert found["fhirVersion"] == "4.0.1"
    assert found["kind"] == "instance"
    assert found["implementation"]["url"] == f"{BASE}/fhir"
    assert found["url"] == f"{BASE}/fhir/metadata"
    (rest,) = found["rest"]
    assert {one["type"] for one in rest["resource"]} == {"Observation", *KINDS}
    (operation,) = rest["operation"]
    assert operation["name"] == "interpret"
    defined = read(client, operation["definition"].removeprefix(BASE))
    assert defined["url"] == operation["definition"]


def test_security_is_told_where_tokens_are_asked_for(interpreter: Interpreter) -> None:
    settings = Settings(
        public_url=BASE,
        auth="jwt",
        token_issuer="https://issuer.example.org",
        token_jwks_url="https://issuer.example.org/jwks",
    )
    app = create_app(settings, interpreter)
    with TestClient(app) as guarded:
        answer = get(guarded, "/fhir/metadata")
    assert answer.status_code == 200
    service = answer.json()["rest"][0]["security"]["service"]
    assert service[0]["coding"][0]["code"] == "SMART-on-FHIR"


def test_terminology_capabilities_name_every_code_system(client: TestClient) -> None:
    found = read(client, "/fhir/metadata?mode=terminology")

    assert found["resourceType"] == "TerminologyCapabilities"
    assert {one["uri"] for one in found["codeSystem"]} == {
        system["url"] for system in every(client, "CodeSystem")
    }


def test_the_operation_is_as_it_is_called(client: TestClient) -> None:
    found = read(client, "/fhir/OperationDefinition/interpret")

    assert found["affectsState"] is False
    assert (found["system"], found["type"], found["instance"]) == (True, True, False)
    uses = {one["name"]: one["use"] for one in found["parameter"]}
    assert uses.pop("return") == "out"
    assert set(uses) == {
        "evaluationTime",
        "patient",
        "observation",
        "data",
        "ruleset",
        "complete",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_resource_is_valid_and_reads_as_it_was_found(client: TestClient, kind: str) -> None:
    found = every(client, kind)

    assert found
    assert len({one["id"] for one in found}) == len(found)
    for one in found:
        assert one["resourceType"] == kind
        assert one["url"] == f"{BASE}/fhir/{kind}/{one['id']}"
        assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", one["id"])
        assert re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,254}", one["name"])
        assert read(client, f"/fhir/{kind}/{one['id']}") == one


def test_code_systems_hold_each_code_once(client: TestClient) -> None:
    for system in every(client, "CodeSystem"):
        codes = [one["code"] for one in system["concept"]]
        assert len(set(codes)) == len(codes) == system["count"], system["id"]
        assert all(code == code.strip() and "  " not in code for code in codes)
        declared = {one["code"] for one in system.get("property", [])}
        used = {p["code"] for one in system["concept"] for p in one.get("property", [])}
        assert used == declared
        whole = read(client, system["valueSet"].removeprefix(BASE))
        assert whole["compose"]["include"] == [
            {"system": system["url"], "version": system["version"]}
        ]


def test_every_code_of_an_answer_is_in_its_code_system(client: TestClient) -> None:
    known = {
        system["url"]: {one["code"]: one.get("display") for one in system["concept"]}
        for system in every(client, "CodeSystem")
    }

    for found in answers(client):
        for system, code in codings(found, BASE):
            assert code in known[system], (system, code)
        for _, value in each(found):
            if isinstance(value, dict) and value.get("system") in known and "display" in value:
                assert value["display"] == known[value["system"]][value["code"]]


def test_every_canonical_of_an_answer_can_be_read(client: TestClient) -> None:
    urls = {
        value
        for found in answers(client)
        for name, value in each(found)
        if isinstance(value, str) and value.startswith(BASE)
        if name not in ("url",)
    }

    assert any("/fhir/PlanDefinition/us|" in one for one in urls)
    assert any("/v1/rules/" in one for one in urls)
    for one in sorted(urls):
        url, _, version = one.partition("|")
        answer = get(client, url.removeprefix(BASE))
        assert answer.status_code == 200, one
        if version:
            assert answer.json()["version"] == version
            kind = answer.json()["resourceType"]
            search = client.get(f"/fhir/{kind}", params={"url": one}).json()
            assert search["total"] == 1


def test_what_describes_points_to_what_is_there(client: TestClient) -> None:
    for kind in KINDS:
        for resource in every(client, kind):
            for name, value in each(resource):
                if isinstance(value, str) and value.startswith(BASE) and name != "fullUrl":
                    path = value.partition("|")[0].removeprefix(BASE)
                    assert get(client, path).status_code == 200, value


def test_the_codes_of_cards_are_there_too(client: TestClient) -> None:
    from corrin.render.cards.content import OVERRIDE_SYSTEM, TOPIC_SYSTEM, load, topics_of_cards

    reasons = read(client, f"/{OVERRIDE_SYSTEM}")
    topics = read(client, f"/{TOPIC_SYSTEM}")

    assert [(one["code"], one["display"]) for one in reasons["concept"]] == list(load().reasons)
    assert {one["code"]: one["display"] for one in topics["concept"]} == dict(topics_of_cards())


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("_id=urgency", 1),
        ("_id=nothing", 0),
        (f"url={BASE}/fhir/CodeSystem/urgency", 1),
        (f"url={BASE}/fhir/CodeSystem/urgency|0", 0),
        ("name=CorrinUrgencyCodeSystem", 1),
        ("status=active&_id=urgency", 1),
        ("status=draft", 0),
        ("version=0", 0),
    ],
)
def test_search(client: TestClient, query: str, count: int) -> None:
    found = read(client, f"/fhir/CodeSystem?{query}")

    assert found["total"] == count
    assert len(found.get("entry", [])) == count
    assert found["link"][0]["url"].startswith(f"{BASE}/fhir/CodeSystem?")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/fhir/CodeSystem/urgncy", 404),
        ("/fhir/Library/" + "x" * 65, 422),
        ("/fhir/CodeSystem?sytem=a", 422),
        ("/fhir/metadata?mode=all", 422),
        ("/fhir/metadata?_format=xml", 406),
        ("/fhir/ConceptMap", 404),
    ],
)
def test_errors_are_outcomes(client: TestClient, path: str, status: int) -> None:
    answer = get(client, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == ANSWER
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_parameter_of_the_url_is_named_as_such_and_by_no_fhirpath(client: TestClient) -> None:
    (issue,) = get(client, "/fhir/metadata?mode=all").json()["issue"]

    assert issue["location"] == ["http.mode"]
    assert "expression" not in issue
    assert "'full', 'normative' or 'terminology'" in issue["details"]["text"]


def test_a_misspelt_id_is_told_the_nearest(client: TestClient) -> None:
    text = get(client, "/fhir/CodeSystem/urgncy").json()["issue"][0]["details"]["text"]

    assert "urgency" in text
    assert "urgncy" not in text


@pytest.mark.parametrize("path", ["/fhir/metadata", "/fhir/CodeSystem", "/fhir/Library/ng239"])
def test_caches_may_keep_them(client: TestClient, path: str) -> None:
    first = get(client, path)
    again = get(client, path, If_None_Match=first.headers["etag"])
    head = client.head(path)

    assert "max-age" in first.headers["cache-control"]
    assert again.status_code == 304
    assert again.content == b""
    assert head.status_code == 200
    assert head.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/fhir/metadata", "/fhir/CodeSystem", "/fhir/Library/ng239"])
def test_nothing_is_written(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path)

    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_packs_carry_their_citations_and_days_in_force(client: TestClient) -> None:
    found = read(client, "/fhir/Library/ng239")

    assert found["effectivePeriod"]["start"] == "2024-03-06"
    kinds = {one["type"] for one in found["relatedArtifact"]}
    assert kinds == {"depends-on", "citation", "documentation"}
    assert found["identifier"][0]["value"].startswith("sha256:")
