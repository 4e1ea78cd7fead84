"""Nothing a request holds comes out beside its own answer: every value of requests marked in turn,
through every door of the app, over answers and refusals and faults alike."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from httpx import Response
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

from corrin.api import Settings, create_app
from corrin.api.interpreter import Interpreter, open_interpreter
from corrin.api.telemetry import tracing
from support import canary, ehr, places

FIXTURES = places.ROOT / "fixtures" / "fhir"
REQUESTS = (
    "amended-result",
    "b12-as-text",
    "demo",
    "magnesium-038-on-ppi",
    "modifier-extension",
    "panel-with-members",
    "parameters-with-evaluation-time",
    "report-with-contained-results",
    "two-laboratories-disagree",
    "two-subjects",
    "urn-uuid-transaction",
)
FHIR = "application/fhir+json"
DOORS = ("/fhir/$interpret", "/v1/interpret", "/v1/compare?packs=ng239,aafp-2025")
W = canary.word(1)


@dataclass
class Watch:
    """A client of the app, and all that may be seen beside the answers."""

    client: TestClient
    spans: InMemorySpanExporter
    out: io.StringIO = field(default_factory=io.StringIO)
    statuses: set[int] = field(default_factory=set)

    def ask(self, method: str, path: str, **more: Any) -> Response:
        """Send one request; its headers, and what it says when it is refused, hold no mark."""
        with contextlib.redirect_stdout(self.out), contextlib.redirect_stderr(self.out):
            answer = self.client.request(method, path, **more)
        self.statuses.add(answer.status_code)
        told = {n: v for n, v in answer.headers.items() if n.lower() != "x-request-id"}
        assert not canary.found_in(json.dumps(told)), (answer.status_code, told)
        if answer.status_code >= 400:
            assert not canary.found_in(answer.content), (answer.status_code, answer.text)
        return answer

    def seen(self) -> str:
        """Every log line, metric and span."""
        metrics = self.client.get("/metrics").text
        metrics += self.client.get(
            "/metrics", headers={"Accept": "application/openmetrics-text"}
        ).text
        spans = "".join(one.to_json() for one in self.spans.get_finished_spans())
        return self.out.getvalue() + metrics + spans

    def check(self) -> None:
        """No mark in anything seen, though all of it told something."""
        seen = self.seen()
        assert not canary.found_in(seen)
        assert '"event":"request"' in seen and "corrin_requests_total{" in seen
        assert '"corrin.request_id"' in seen


@pytest.fixture(scope="module")
def interpreter() -> Interpreter:
    return open_interpreter(Settings())


@pytest.fixture
def watch(interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr(tracing, "provider", lambda: provider)
    app = create_app(Settings(log_level="debug", body_bytes=65536), interpreter)
    yield Watch(TestClient(app, raise_server_exceptions=True), spans)


def _request(name: str) -> Any:
    return json.loads((FIXTURES / name / "request.json").read_bytes())


@pytest.mark.parametrize("whole", [pytest.param(True, marks=pytest.mark.soak), False])
@pytest.mark.parametrize("group", canary.GROUPS)
def test_marked_requests_show_in_no_log_metric_span_or_refusal(
    watch: Watch, group: str, whole: bool
) -> None:
    """Each through every door, lenient or strict in turn; for long, both."""
    marked, turn = 0, list(canary.GROUPS).index(group)
    for name in REQUESTS:
        data = canary.poisoned(_request(name), group)
        marked += len(canary.found_in(data))
        for path in DOORS:
            turn += 1
            handlings = ("handling=lenient", "handling=strict")
            for prefer in handlings if whole else (handlings[turn % 2],):
                headers = {"Content-Type": FHIR, "Prefer": prefer}
                watch.ask("POST", path, content=data, headers=headers)
    assert marked
    watch.check()
    if group == "harmless":
        assert 'corrin_notes_total{rule="' in watch.seen(), "marked as it is, it was read"


def test_every_element_marked_alone(watch: Watch) -> None:
    for data in canary.each_leaf(_request("demo")):
        watch.ask("POST", "/v1/interpret", content=data, headers={"Content-Type": FHIR})
    watch.check()


CASE = {
    "id": W,
    "as_of": "2026-06-01",
    "patient": {"age": 68, "sex": "female"},
    "results": [{"test": "B12", "value": "<150", "unit": "ng/L", "date": "2026-05-01"}],
    "context": {
        "symptoms": {"present": ["paraesthesia"], "absent": ["ataxia"]},
        "medicines": [{"name": "metformin"}, {"name": "hydroxocobalamin", "since": "2026-03-01"}],
        "diet": "vegan",
        "pregnant": False,
        "setting": "primary-care",
    },
}


def test_cases_written_by_hand_marked_element_by_element(watch: Watch) -> None:
    cases = list(canary.each_leaf(CASE))
    cases += [canary.poisoned(CASE, group) for group in canary.GROUPS]
    cases.append(json.dumps({**CASE, W: 1, "results": [{W: 2}]}).encode())
    for data in cases:
        for form in ("application/json", "text/plain", "text/html", FHIR):
            watch.ask("POST", "/v1/interpret", content=data, headers={"Accept": form})
    watch.ask("POST", "/v1/interpret/batch", content=b"\n".join([*cases, b"{", W.encode()]))
    watch.check()


BAD = {
    "not JSON": b'{"resourceType":"Bundle","id":"%s",,' % W.encode(),
    "bare word": W.encode(),
    "text": f'"{W}"'.encode(),
    "number": canary.DIGITS.encode(),
    "array": f'["{W}"]'.encode(),
    "key twice": f'{{"resourceType":"Bundle","{W}":1,"{W}":2}}'.encode(),
    "not finite": f'{{"resourceType":"Observation","id":"{W}","value":NaN}}'.encode(),
    "not UTF-8": f'{{"resourceType":"Observation","id":"{W}'.encode() + b'\xff"}',
    "too deep": f'{{"resourceType":"Bundle","id":{"[" * 200}"{W}"'.encode(),
    "long number": f'{{"resourceType":"Bundle","total":{canary.DIGITS * 400}}}'.encode(),
    "too large": json.dumps({"resourceType": "Bundle", "id": W * 20_000}).encode(),
    "no such type": f'{{"resourceType":"{W}"}}'.encode(),
    "unknown element": f'{{"resourceType":"Observation","{W}":"{W}"}}'.encode(),
    "empty": b"",
    "lines": f'{{"resourceType":"Patient","id":"{W}"}}\n{{"{W}'.encode(),
}


@pytest.mark.parametrize("name", BAD)
def test_bodies_that_cannot_be_read(watch: Watch, name: str) -> None:
    for path in (*DOORS, "/v1/interpret/batch", "/cds-services/b12-patient-view", "/fhir/$nothing"):
        for kind in ("application/json", FHIR):
            for prefer in ("", "handling=strict"):
                headers = {"Content-Type": kind, "Prefer": prefer}
                answer = watch.ask("POST", path, content=BAD[name], headers=headers)
                assert answer.status_code < 500
    watch.check()


def test_queries_beside_a_good_body(watch: Watch) -> None:
    body = json.dumps(_request("demo"))
    for query in (
        f"profile={W}",
        f"as_of={W}",
        f"as_of={canary.DAY}",
        f"_format={W}",
        f"explain={W}",
        f"{W}={W}",
        f"packs={W},{canary.word(2)}",
        f"packs=ng239,aafp-2025@{W}",
        f"packs=ng239,aafp-2025&profile={W}",
        f"packs=ng239,aafp-2025&as_of={W}",
    ):
        for path in ("/v1/interpret", "/v1/compare", "/fhir/$interpret", "/v1/interpret/batch"):
            answer = watch.ask(
                "POST", f"{path}?{query}", content=body, headers={"Content-Type": FHIR}
            )
            assert answer.status_code < 500
    parameters = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "resource", "resource": _request("demo")},
            {"name": "ruleset", "valueCanonical": f"https://x.example.org/{W}"},
            {"name": "evaluationTime", "valueDateTime": W},
        ],
    }
    answer = watch.ask("POST", "/fhir/$interpret", content=json.dumps(parameters))
    assert answer.status_code < 500
    watch.check()


HEADERS = {
    "X-Request-Id": W,
    "User-Agent": W,
    "Referer": f"https://ehr.example.org/{W}",
    "Cookie": f"session={W}",
    "Authorization": f"Bearer {W}",
    "Proxy-Authorization": f"Basic {W}",
    "traceparent": f"00-{W}-{W}-01",
    "tracestate": f"ehr={W}",
    "baggage": f"patient={W}",
    "Forwarded": f"for={W}",
    "X-Forwarded-For": W,
    "X-Forwarded-Prefix": f"/{W}",
    "Origin": f"https://{W}.example.org",
    "Host": f"{W}.example.org",
    "Accept": f"application/{W}",
    "Accept-Language": W,
    "Content-Type": f"application/{W}; charset={W}",
    "Content-Disposition": f'form-data; name="{W}"; filename="{W}.json"',
    "Content-Encoding": W,
    "Prefer": f"handling={W}",
    "If-None-Match": f'"{W}"',
    "Range": f"bytes={W}",
    "X-Patient": W,
}
PATHS = (
    *(f"/{W}", f"/v1/{W}", f"/v1/rules/{W}", f"/v1/packs/{W}", f"/v1/packs/{W}/source-attributes"),
    *(f"/fhir/{W}", f"/fhir/Observation/{W}", f"/fhir/Patient?name={W}", f"/fhir/${W}"),
    *(f"/cds-services/{W}", f"/cds-services/{W}/feedback", f"/docs/{W}", f"//{W}", f"/%2e/{W}"),
    *(f"/v1/interpret?{W}={W}&profile={W}&as_of={W}&_format={W}", f"/v1/analytes?q={W}&{W}=1"),
    *(f"/fhir/$interpret?profile={W}&_format={W}", f"/metrics?{W}={W}", f"/readyz?{W}"),
    *(f"/v1/compare?packs={W}&profile={W}&as_of={W}", f"/fhir/metadata?mode={W}&_format={W}"),
)


@pytest.mark.parametrize("whole", [pytest.param(True, marks=pytest.mark.soak), False])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "QZX"])
def test_paths_queries_and_headers(watch: Watch, method: str, whole: bool) -> None:
    """Each header with every method, at one address in turn (GET and POST: at each)."""
    every = whole or method in ("GET", "POST")
    for path in PATHS:
        assert watch.ask(method, path, headers={}).status_code < 500
    paths = ("/v1/interpret", "/fhir/$interpret", "/v1/packs", "/fhir/metadata", "/livez")
    for at, path in enumerate(paths):
        for number, (name, value) in enumerate(HEADERS.items()):
            if not every and number % len(paths) != at:
                continue
            assert watch.ask(method, path, headers={name: value}).status_code < 500
        assert watch.ask(method, path, headers=HEADERS).status_code < 500
    watch.check()


def test_only_an_id_made_by_chance_is_known_by_the_clients_id(watch: Watch) -> None:
    by_chance = "0123456789abcdef0123456789ABCDEF"
    assert watch.ask("GET", "/livez", headers={"X-Request-Id": W}).headers["x-request-id"] == W
    answer = watch.ask("GET", "/v1/packs", headers={"X-Request-Id": by_chance})
    assert answer.headers["x-request-id"] == by_chance
    watch.check()
    assert by_chance in watch.seen()


PLACES = {
    "intake": "corrin.intake.reader.walk.walk",
    "facts": "corrin.facts.choose.choose",
    "engine": "corrin.evaluate.engine.Engine.evaluate",
    "composer": "corrin.notes.compose.Composer.compose",
    "renderer": "corrin.render.json.render",
}


class MarkedError(Exception):
    """An exception whose message, arguments, notes and cause all hold data."""


@pytest.mark.parametrize("place", PLACES)
def test_a_fault_anywhere_tells_nothing_of_the_data(
    watch: Watch, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: object, **named: object) -> object:
        patient = json.dumps(CASE)
        error = MarkedError(patient, given, named)
        error.add_note(patient)
        raise error from ValueError(patient)

    monkeypatch.setattr(PLACES[place], fails)
    data = canary.poisoned(_request("demo"), "harmless")
    for path in ("/v1/interpret", "/fhir/$interpret"):
        answer = watch.ask("POST", path, content=data, headers={"Content-Type": FHIR})
        if answer.status_code != 500:
            assert (path, place) == ("/fhir/$interpret", "renderer") or answer.status_code == 404
            continue
        assert "fault" in answer.text and "MarkedError" not in answer.text
    lines = [json.dumps(CASE), json.dumps({**CASE, "id": "another"})]
    answer = watch.ask("POST", "/v1/interpret/batch", content="\n".join(lines))
    if place != "intake":  # which a case written by hand does not pass
        assert [json.loads(one)["line"] for one in answer.text.splitlines()] == [1, 2]
        assert (
            answer.text.count("urn:corrin:problem:fault") == 2 and "MarkedError" not in answer.text
        )
    watch.check()
    seen = watch.seen()
    assert '"kind":"MarkedError"' in seen and '"event":"fault"' in seen
    assert "Traceback" not in seen and "corrin_faults_total{" in seen


def _hook_calls(watch: Watch) -> Iterator[tuple[str, Any]]:
    """Every service, called with what its templates find in a patient's record."""
    for offered in watch.client.get("/cds-services").json()["services"]:
        held = ehr.record(_request("demo"))
        call = ehr.request(offered, held, "demo-person")
        call["fhirServer"] = "https://ehr.example.org/fhir"
        call["fhirAuthorization"] = {"access_token": "secret", "token_type": "Bearer"}
        call["context"]["draftOrders"] = {
            "resourceType": "Bundle",
            "entry": [
                {
                    "resource": {
                        "resourceType": "ServiceRequest",
                        "id": "draft",
                        "status": "draft",
                        "intent": "order",
                        "code": {"coding": [{"system": "http://loinc.org", "code": "2132-9"}]},
                        "subject": {"reference": "Patient/demo-person"},
                    }
                }
            ],
        }
        call["context"]["selections"] = ["ServiceRequest/draft"]
        yield f"/cds-services/{offered['id']}", call


@pytest.mark.parametrize("group", canary.GROUPS)
def test_marked_hook_calls(watch: Watch, group: str) -> None:
    for path, call in _hook_calls(watch):
        watch.ask("POST", path, content=canary.poisoned(call, group))
        watch.ask("POST", path, content=canary.poisoned({**call, "prefetch": {W: None}}, group))
        stranger = {**call, "context": {**call["context"], "patientId": W}}
        watch.ask("POST", path, content=canary.poisoned(stranger, group))
    watch.check()
    if group == "harmless":
        assert 'corrin_reports_total{door="cds-hooks"' in watch.seen(), (
            "marked as it is, it was read"
        )


def test_every_element_of_a_hook_call_marked_alone(watch: Watch) -> None:
    path, call = next(_hook_calls(watch))
    kept = ("patient", "b12", "medicationRequests", "conditions")
    call["prefetch"] = {key: call["prefetch"][key] for key in kept}
    for data in canary.each_leaf(call):
        watch.ask("POST", path, content=data)
    watch.check()


def test_feedback_with_marks_everywhere(watch: Watch) -> None:
    told = {
        "card": "4e0a3a1e-3f3f-4f59-8dcd-000000000000",
        "outcome": "overridden",
        "outcomeTimestamp": "2026-11-01T10:05:00Z",
        "overrideReason": {
            "reason": {"code": "already-treated", "system": "https://x.example.org/reasons"},
            "userComment": "the patient will not come",
        },
    }
    accepted = {"acceptedSuggestions": [{"id": told["card"]}], "outcome": "accepted"}
    body = {"feedback": [told, {**told, **accepted}]}
    path = f"{next(_hook_calls(watch))[0]}/feedback"
    for data in canary.each_leaf(body):
        watch.ask("POST", path, content=data)
    only = {**body, "feedback": [{**told, "overrideReason": {"userComment": W, W: W}}]}
    assert watch.ask("POST", path, content=json.dumps(only)).status_code == 200
    watch.check()
    assert 'corrin_feedback_total{outcome="overridden",reason="other",rule="other"}' in watch.seen()
