"""``POST /fhir/$interpret``: bodies, headers, answers and every way to be told no."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from corrin import interpret
from corrin.api import Settings, create_app
from corrin.api.interpreter import Interpreter, open_interpreter
from support import fhir, places
from support.fhir import observation, patient
from support.fhir_answers import check, contained, only, resources, statuses

BASE = "https://corrin.example.org"
WHEN = "2026-11-01T09:00:00Z"
FHIR = "application/fhir+json"
ANSWER = "application/fhir+json; fhirVersion=4.0"
TIME = {"name": "evaluationTime", "valueDateTime": WHEN}


def parameters(*more: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(more)}


def asked(*entries: fhir.Resource) -> dict[str, Any]:
    """Parameters about some resources at a fixed moment."""
    return parameters(TIME, {"name": "data", "resource": fhir.bundle(*entries)})


def post(
    client: TestClient, body: Any, path: str = "/fhir/$interpret", **headers: str
) -> httpx.Response:
    data = body if isinstance(body, bytes) else fhir.dumps(body)
    given = {"Content-Type": FHIR} | {k.replace("_", "-"): v for k, v in headers.items()}
    return client.post(path, content=data, headers=given)


def outcome(answer: httpx.Response, status: int) -> list[dict[str, Any]]:
    """The issues of an error, which is always an OperationOutcome of the FHIR door."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == ANSWER
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert found["resourceType"] == "OperationOutcome"
    assert all(one["severity"] in ("error", "fatal") for one in found["issue"])
    assert all(one["details"]["text"] for one in found["issue"])
    return list(found["issue"])


SITE = places.ROOT / "fixtures" / "site"
CASES = sorted({file.parent.name for file in places.CASES.glob("*/request.json")})
REFUSED_WHOLE = {"not-fhir": 400, "two-subjects": 422}


@pytest.mark.parametrize("name", sorted(set(CASES) - set(REFUSED_WHOLE)))
def test_every_example_is_answered_as_the_python_door_does(client: TestClient, name: str) -> None:
    case = json.loads((places.CASES / name / "request.json").read_bytes())
    if case["resourceType"] == "Parameters":
        case["parameter"] = [p for p in case["parameter"] if p["name"] != "evaluationTime"]
        body = {**case, "parameter": [TIME, *case["parameter"]]}
    else:
        body = parameters(TIME, {"name": "data", "resource": case})
    answer = post(client, body)

    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == ANSWER
    found = answer.json()
    check(found, BASE)
    report = interpret(fhir.dumps(body))
    assert statuses(found) == {
        topic: {
            "status": status.status,
            "possible": [word.code for word in status.possible],
            "urgency": status.urgency,
        }
        for topic, status in report.statuses.items()
    }
    assert [one["code"]["coding"][0]["code"] for one in resources(found, "DetectedIssue")] == [
        note.rule for note in report.notes
    ]


@pytest.mark.parametrize(("name", "status"), REFUSED_WHOLE.items())
def test_what_is_refused_whole_is_an_outcome(client: TestClient, name: str, status: int) -> None:
    (issue,) = outcome(post(client, (places.CASES / name / "request.json").read_bytes()), status)

    assert issue["diagnostics"] == name
    assert issue["code"] == {"not-fhir": "structure", "two-subjects": "business-rule"}[name]
    assert issue["expression"]


@pytest.mark.parametrize(
    "body",
    [
        asked(patient(), observation()),
        parameters(
            TIME,
            {"name": "patient", "resource": patient()},
            {"name": "observation", "resource": observation()},
        ),
    ],
)
def test_parameters_in_any_arrangement(client: TestClient, body: dict[str, Any]) -> None:
    found = post(client, body).json()

    assert only(found, "GuidanceResponse")["subject"] == {"reference": "Patient/p"}
    assert statuses(found)["b12_status"]["status"] == "indeterminate"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (fhir.dumps(fhir.bundle(patient(), observation())), FHIR),
        (fhir.dumps(observation()), FHIR),
        (fhir.dumps([patient(), observation()]), "application/json"),
        (fhir.dumps(patient()) + b"\n" + fhir.dumps(observation()), "application/fhir+ndjson"),
        (fhir.dumps(patient()) + b"\n" + fhir.dumps(observation()), "application/x-ndjson"),
    ],
)
def test_other_bodies(client: TestClient, body: bytes, kind: str) -> None:
    answer = post(client, body, Content_Type=kind)

    assert answer.status_code == 200, answer.text
    check(answer.json(), BASE)


def test_both_paths_answer_alike(client: TestClient) -> None:
    body = asked(patient(), observation())

    assert post(client, body).content == post(client, body, "/fhir/Observation/$interpret").content


def test_the_same_question_gives_the_same_bytes_whatever_the_order(client: TestClient) -> None:
    entries = (patient(), observation(id="a"), observation(fhir.MMA, 1, "umol/L", id="b"))
    parts = (TIME, {"name": "ruleset", "valueCanonical": f"{BASE}/fhir/PlanDefinition/us"})

    given = [
        parameters(*two, {"name": "data", "resource": fhir.bundle(*order)})
        for two in permutations(parts)
        for order in permutations(entries)
    ]
    assert len({post(client, body).content for body in given}) == 1


def test_missing_results_are_no_error(client: TestClient) -> None:
    found = post(client, asked(patient())).json()

    assert only(found, "GuidanceResponse")["status"] == "data-required"
    assert only(found, "GuidanceResponse")["dataRequirement"]


def test_a_bad_resource_stops_none_of_the_good_ones(client: TestClient) -> None:
    found = post(
        client, asked(patient(), observation(), {"resourceType": "Nonsense", "id": "n"})
    ).json()

    issues = contained(found, "OperationOutcome")["issue"]
    assert issues[0]["details"]["coding"][0]["code"] == "resource-unknown"
    assert statuses(found)["b12_status"]["status"] == "indeterminate"


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "*/*",
        "application/*",
        FHIR,
        "application/fhir+json; fhirVersion=4.0",
        "application/fhir+json;charset=utf-8, text/html;q=0.1",
        "text/html, application/fhir+json;q=0.9",
    ],
)
def test_accepts(client: TestClient, accept: str | None) -> None:
    body = fhir.dumps(asked(patient(), observation()))
    headers = {"Content-Type": FHIR, "Accept": accept or ""}
    answer = client.post("/fhir/$interpret", content=body, headers=headers)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == ANSWER
    assert "Accept" in answer.headers["vary"]


def test_plain_json_is_given_to_who_takes_nothing_else(client: TestClient) -> None:
    answer = post(client, asked(observation()), Accept="application/json")

    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["resourceType"] == "Bundle"


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("", "application/fhir+xml"),
        ("", "text/html"),
        ("", "application/fhir+json; fhirVersion=5.0"),
        ("?_format=xml", "*/*"),
        ("?_format=application/fhir%2Bxml", FHIR),
    ],
)
def test_other_forms_are_not_given(client: TestClient, query: str, accept: str) -> None:
    answer = post(client, asked(observation()), f"/fhir/$interpret{query}", Accept=accept)

    assert outcome(answer, 406)[0]["code"] == "not-supported"


@pytest.mark.parametrize("wanted", ["json", "application/json", "application/fhir%2Bjson"])
def test_format_goes_before_accept(client: TestClient, wanted: str) -> None:
    path = f"/fhir/$interpret?_format={wanted}"

    assert post(client, asked(observation()), path, Accept="text/html").status_code == 200


@pytest.mark.parametrize(
    "kind",
    [
        "application/fhir+xml",
        "text/plain",
        "application/fhir+json; charset=latin-1",
        "application/fhir+json; fhirVersion=3.0",
        "multipart/form-data",
        "nonsense",
    ],
)
def test_other_bodies_are_not_read(client: TestClient, kind: str) -> None:
    answer = post(client, asked(observation()), Content_Type=kind)

    assert outcome(answer, 415)[0]["code"] == "not-supported"
    assert FHIR in answer.headers["accept-post"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "required"),
        (b"{", "structure"),
        (b"\xff\xfe", "structure"),
        (b'{"resourceType":"Bundle","resourceType":"Bundle"}', "structure"),
        (b"[" * 5000, "structure"),
        (b'{"resourceType":"Nonsense"}', "structure"),
        (b"7", "structure"),
        (b'{"a":' + b"1" * 100_000 + b"}", "too-costly"),
    ],
)
def test_what_cannot_be_read_is_told(client: TestClient, body: bytes, code: str) -> None:
    issues = outcome(post(client, body), 400)

    assert issues[0]["code"] in (code, "too-costly")


def test_many_resources_are_too_many(client: TestClient) -> None:
    body = fhir.bundle(*({"resourceType": "Basic"} for _ in range(5001)))

    (issue,) = outcome(post(client, body), 413)
    assert issue["code"] == "too-costly"
    assert issue["expression"] == ["Bundle.entry"]


def test_lenient_reads_what_strict_refuses(client: TestClient) -> None:
    body = asked(patient(), observation(), {"resourceType": "Basic", "code": 7})

    assert post(client, body).status_code == 200
    assert post(client, body, Prefer="handling=lenient").status_code == 200
    issues = outcome(post(client, body, Prefer='respond-async, handling="strict"'), 400)
    assert issues[0]["code"] == "invalid"
    assert issues[0]["expression"][0].startswith("Parameters.parameter[1].resource")


@pytest.mark.parametrize(
    "ruleset",
    [
        f"{BASE}/fhir/PlanDefinition/us",
        f"{BASE}/fhir/PlanDefinition/us|VERSION",
        "PlanDefinition/us",
        "us",
    ],
)
def test_the_rules_asked_for_are_run(
    client: TestClient, interpreter: Interpreter, ruleset: str
) -> None:
    version = interpreter.engine("us")[0].profile.head.version
    ruleset = ruleset.replace("VERSION", version)
    body = asked(patient(), observation())
    body["parameter"].append({"name": "ruleset", "valueCanonical": ruleset})
    found = post(client, body).json()

    module = only(found, "GuidanceResponse")["moduleCanonical"]
    assert module == f"{BASE}/fhir/PlanDefinition/us|{version}"


@pytest.mark.parametrize(
    "rulesets",
    [
        [{"valueCanonical": "https://elsewhere.example.org/fhir/PlanDefinition/us"}],
        [{"valueCanonical": f"{BASE}/fhir/PlanDefinition/us|9.9.9"}],
        [{"valueCanonical": ""}],
        [{}],
        [{"valueCanonical": "us"}, {"valueCanonical": "uk"}],
    ],
)
def test_rules_that_do_not_run_here_are_refused(
    client: TestClient, rulesets: list[dict[str, str]]
) -> None:
    body = asked(patient(), observation())
    body["parameter"] += [{"name": "ruleset", **one} for one in rulesets]
    (issue,) = outcome(post(client, body), 422)

    assert issue["code"] == "not-found"
    assert issue["expression"] == ["Parameters.parameter.where(name='ruleset').value"]
    assert f"{BASE}/fhir/PlanDefinition/uk|" in issue["details"]["text"]
    assert "elsewhere" not in issue["details"]["text"]


@pytest.mark.parametrize(
    "value",
    [{"valueDateTime": "yesterday"}, {"valueDateTime": "2026-02-30"}, {"valueDateTime": 7}, {}],
)
def test_a_moment_that_is_none_is_refused(client: TestClient, value: dict[str, Any]) -> None:
    observed = {"name": "observation", "resource": observation()}
    (issue,) = outcome(post(client, parameters(observed, {"name": "evaluationTime", **value})), 422)

    assert issue["expression"] == ["Parameters.parameter[1].value"]
    assert issue["code"] == "value"
    assert "yesterday" not in issue["details"]["text"]


@pytest.mark.parametrize("query", ["evaluationTime=2026-01-01", "profile=us", "ruleset=us"])
def test_what_is_asked_in_the_url_is_not_passed_over(client: TestClient, query: str) -> None:
    (issue,) = outcome(post(client, asked(observation()), f"/fhir/$interpret?{query}"), 422)

    assert issue["code"] == "not-supported"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_only_post_is_taken(client: TestClient, method: str) -> None:
    answer = client.request(method, "/fhir/$interpret")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    if method != "HEAD":
        assert outcome(answer, 405)[0]["code"] == "not-supported"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/fhir"),
        ("GET", "/fhir/"),
        ("GET", "/fhir/Patient/p"),
        ("POST", "/fhir/Patient/p/$interpret"),
        ("POST", "/fhir/$evaluate"),
        ("POST", "/fhir"),
        ("GET", "/fhir/CodeSystem/urgency/_history/1"),
    ],
)
def test_what_is_not_there_is_an_outcome(client: TestClient, method: str, path: str) -> None:
    (issue,) = outcome(client.request(method, path), 404)

    assert issue["code"] == "not-found"


def test_a_fault_of_ours_is_an_outcome(interpreter: Interpreter) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("Patient/secret")

    app = create_app(Settings(public_url=BASE), interpreter)
    with TestClient(app, raise_server_exceptions=False) as broken:
        app.state.interpreter = Broken()
        answer = post(broken, asked(patient(), observation()))

    (issue,) = outcome(answer, 500)
    assert issue["code"] == "exception"
    assert "secret" not in answer.text


def test_a_site_file_is_named_in_the_answer() -> None:
    settings = Settings(public_url=BASE, site_file=next(SITE.glob("*.yaml")))
    app = create_app(settings, open_interpreter(settings))
    with TestClient(app) as site:
        found = post(site, asked(patient(), observation())).json()
        check(found, BASE)
        (named,) = [one for one in only(found, "Provenance")["policy"] if "/Library/site-" in one]
        url, _, version = named.partition("|")
        library = site.get(url.removeprefix(BASE)).json()

    assert library["url"] == url
    assert library["version"] == version
