"""Several guidelines asked about one patient over HTTP: the same answer as on the command line."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import html5lib
import pytest
from fastapi.testclient import TestClient

import corrin
from corrin.api import Settings, create_app
from corrin.api.frameworks import MOST, Frameworks, open_frameworks
from corrin.api.interpreter import Interpreter
from corrin.api.problem import Problem
from support import places

CASES = places.ROOT / "fixtures" / "fhir"
DIFFER = (CASES / "b12-160-framework-named" / "request.json").read_bytes()
FHIR = {"Content-Type": "application/fhir+json"}
AS_OF = "2026-11-01T09:00:00Z"
HAND = {
    "as_of": "2026-06-01",
    "patient": {"age": 68, "sex": "female"},
    "results": [{"test": "B12", "value": 190, "unit": "ng/L", "date": "2026-05-01"}],
}


@pytest.mark.parametrize("packs", ["ng239,aafp-2025", "ng239@1.0.0,ng239", "mayo-acasm,nih-ods"])
@pytest.mark.parametrize("case", ["b12-160-framework-named", "demo", "child-of-12", "only-lipids"])
def test_answers_as_the_python_door_does(client: TestClient, packs: str, case: str) -> None:
    body = (CASES / case / "request.json").read_bytes()
    found = client.post(f"/v1/compare?packs={packs}&as_of={AS_OF}", content=body, headers=FHIR)
    expected = corrin.compare(body, packs=packs.split(","), as_of=AS_OF)
    assert found.status_code == 200
    assert found.content == expected.to_json()
    assert found.headers["cache-control"] == "no-store"


def test_other_profile(client: TestClient) -> None:
    query = f"packs=ng239,aafp-2025&profile=us&as_of={AS_OF}"
    found = client.post(f"/v1/compare?{query}", content=DIFFER, headers=FHIR).json()
    assert found["profile"]["id"] == "us"


def test_case_written_by_hand(client: TestClient) -> None:
    found = client.post("/v1/compare?packs=ng239,aafp-2025", json=HAND)
    assert found.status_code == 200
    told = found.json()
    assert told["as_of"] == "2026-06-01"
    assert told["subject"]["age"] == "68 years"
    assert {one["framework"]["name"] for one in told["columns"]} == {"ng239", "aafp-2025"}


def test_forms_for_people(client: TestClient) -> None:
    query = f"/v1/compare?packs=ng239,aafp-2025,mayo-acasm&as_of={AS_OF}"
    told = client.post(query, content=DIFFER, headers=FHIR).json()
    assert told["differences"], "the case is there to show one"
    page = client.post(query, content=DIFFER, headers={**FHIR, "Accept": "text/html"})
    text = client.post(query, content=DIFFER, headers={**FHIR, "Accept": "text/plain"})
    html5lib.HTMLParser(strict=True).parse(page.text)
    assert "<script" not in page.text and " style=" not in page.text
    assert "unsafe" not in page.headers["content-security-policy"]
    for said in (page.text.replace("&#39;", "'"), text.text):
        assert told["headline"] in " ".join(said.split())
        for column in told["columns"]:
            assert column["framework"]["name"] in said
    assert "What makes the difference" in page.text
    assert page.headers["cache-control"] == text.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "packs-wanted"),
        ("packs=", "packs-wanted"),
        ("packs=ng239", "packs-wanted"),
        ("packs=ng239,ng239", "packs-wanted"),
        ("packs=ng239,ng239@1.1.0", "packs-wanted"),
        ("packs=" + ",".join(["ng239"] * 7), "packs-wanted"),
        ("packs=" + ",".join(["ng239"] * 5000), "packs-wanted"),
        ("packs=ng239,safety", "pack-unknown"),
        ("packs=ng239,ng293", "pack-unknown"),
        ("packs=ng239,ng239@9.9.9", "pack-unknown"),
        ("packs=ng239,/etc", "pack-unknown"),
        ("packs=ng239,../../rules/packs/aafp-2025", "pack-unknown"),
        ("packs=ng239,rules/packs/aafp-2025", "pack-unknown"),
        ("packs=ng239,%00", "pack-unknown"),
        ("packs=ng239,aafp-2025&profile=fr", "profile-unknown"),
        ("packs=ng239,aafp-2025&asof=2026", "parameter-unknown"),
        ("packs=ng239,aafp-2025&as_of=20-6", "usage"),
    ],
)
def test_what_cannot_be_asked(client: TestClient, query: str, reason: str) -> None:
    found = client.post(f"/v1/compare?{query}", content=DIFFER, headers=FHIR)
    assert found.status_code == 422
    fault = found.json()["faults"][0]
    assert fault["reason"] == reason and fault["remedy"]
    assert "etc" not in json.dumps(fault["says"])


def test_body_that_cannot_be_read(client: TestClient) -> None:
    query = "/v1/compare?packs=ng239,aafp-2025"
    assert client.post(query, content=b"{", headers=FHIR).status_code == 400
    assert client.post(query, content=b"{", headers={"Content-Type": "text/xml"}).status_code == 415
    assert client.post(query, json={"resultz": []}).status_code == 422
    two = (CASES / "two-subjects" / "request.json").read_bytes()
    assert client.post(query, content=two, headers=FHIR).status_code == 422
    refused = client.post(query, content=DIFFER, headers={**FHIR, "Accept": "image/png"})
    assert refused.status_code == 406
    assert client.get(query).status_code == 405


def test_site_file_does_not_change_a_guideline() -> None:
    site = places.ROOT / "fixtures" / "site" / "example.yaml"
    own = TestClient(create_app(Settings(site_file=site)))
    query = f"/v1/compare?packs=ng239,aafp-2025&as_of={AS_OF}"
    found = own.post(query, content=DIFFER, headers=FHIR)
    expected = corrin.compare(DIFFER, packs=["ng239", "aafp-2025"], as_of=AS_OF)
    assert found.content == expected.to_json()


# --- bounds ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frameworks(interpreter: Interpreter) -> Frameworks:
    return open_frameworks(interpreter)


def test_what_is_kept_is_bounded(frameworks: Frameworks) -> None:
    """However often other combinations are asked for, no more than the content has is kept."""
    wanted = [one for n in (2, 3) for one in permutations(frameworks.names[:6], n)]
    refused = 0
    for names in wanted:
        try:
            frameworks.comparer(names, "uk")
        except Problem as error:  # a version named twice
            assert error.status == 422
            refused += 1
    assert refused < len(wanted)
    assert len(frameworks._comparers) <= 64
    assert len(frameworks._made) <= len(frameworks.names) * len(frameworks.profiles)


def test_compiled_once_for_many_at_once(interpreter: Interpreter) -> None:
    fresh = open_frameworks(interpreter)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: fresh.comparer(("ng239", "aafp-2025"), None), range(16)))
    assert len(fresh._made) == 2
    assert all(one is not None for one in found)


def test_as_many_as_may_be_asked_for(client: TestClient, frameworks: Frameworks) -> None:
    names = [one for one in frameworks.names if "@" not in one][:MOST]
    found = client.post(
        f"/v1/compare?packs={','.join(names)}&as_of={AS_OF}", content=DIFFER, headers=FHIR
    )
    assert [one["framework"]["name"] for one in found.json()["columns"]] == names
