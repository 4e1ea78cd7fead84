"""What the operator sees of a request: its id, one line, counts of names of ours, and spans."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.testclient import TestClient

from corrin.api import Settings, create_app, telemetry
from corrin.api.interpreter import Interpreter
from corrin.api.telemetry import log, tracing
from corrin.api.telemetry.routes import DOORS, OTHER, Routes
from corrin.fault import known_by
from support import places

DEMO = (places.ROOT / "fixtures" / "fhir" / "demo" / "request.json").read_bytes()
FHIR = {"Content-Type": "application/fhir+json"}
HEX = re.compile(r"[0-9a-f]{32}")
Making = Callable[..., TestClient]


@pytest.fixture
def make(interpreter: Interpreter) -> Iterator[Making]:
    def made(**settings: Any) -> TestClient:
        return TestClient(create_app(Settings(**settings), interpreter))

    yield made
    log.open_log()


@pytest.fixture
def fresh(make: Making) -> TestClient:
    return make()


def _lines(capsys: pytest.CaptureFixture[str], event: str = "request") -> list[dict[str, Any]]:
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [one for one in found if one["event"] == event]


def _series(client: TestClient) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


# --- request ids ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "answered", "known"),
    [
        ("abc-1.Z_9", True, False),
        ("x" * 64, True, False),
        ("x" * 65, False, False),
        ("", False, False),
        ("a b", False, False),
        ("a\u00e9", False, False),
        ("{${jndi:ldap}}", False, False),
        ("0" * 32, True, True),
        ("ABCDEFabcdef01234567890123456789", True, True),
        ("123e4567-e89b-12d3-a456-426614174000", True, True),
        ("123e4567e89b-12d3-a456-426614174000", True, False),
    ],
)
def test_request_ids(
    fresh: TestClient,
    capsys: pytest.CaptureFixture[str],
    given: str,
    answered: bool,
    known: bool,
) -> None:
    headers = [(b"X-Request-Id", given.encode("latin-1"))]
    answer = fresh.get("/v1/packs", headers=headers)  # type: ignore[arg-type]
    got = answer.headers["x-request-id"]
    (line,) = _lines(capsys)
    assert (got == given) is answered and (line["request_id"] == given) is known
    assert known or HEX.fullmatch(line["request_id"])
    assert answered or got == line["request_id"]


def test_every_answer_has_an_id_of_its_own(fresh: TestClient) -> None:
    paths = ("/livez", "/nothing", "/v1/packs", "/metrics", "/fhir/nothing")
    ids = [fresh.get(path).headers.get_list("x-request-id") for path in paths]
    assert all(len(one) == 1 and HEX.fullmatch(one[0]) for one in ids)
    assert len({one[0] for one in ids}) == len(paths)


# --- one line per request -------------------------------------------------------------------


def test_the_line_of_a_report(fresh: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    plain = FHIR | {"Accept-Encoding": "identity"}
    answer = fresh.post("/v1/interpret?explain=true", content=DEMO, headers=plain)
    (line,) = _lines(capsys)
    assert set(line) == {
        *("timestamp", "level", "event", "request_id", "method", "route", "door", "status", "ms"),
        *("bytes_in", "bytes_out", "reports", "notes", "rules", "refusals", "cannot_say"),
    }
    report = answer.json()
    assert (line["method"], line["route"]) == ("POST", "/v1/interpret")
    assert (line["door"], line["status"], line["level"]) == ("clinician", 200, "info")
    assert (line["bytes_in"], line["bytes_out"]) == (len(DEMO), len(answer.content))
    assert line["reports"] == 1 and 0 < line["ms"] < 60_000
    assert line["rules"] == list(dict.fromkeys(one["rule"] for one in report["notes"]))
    for name in ("notes", "refusals", "cannot_say"):
        assert line[name] == len(report[name])


def test_lines_name_routes_and_reasons_never_paths(
    fresh: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh.get("/v1/rules/nobody-knows?who=smith")
    fresh.post("/fhir/$interpret", content=b"{", headers=FHIR)
    fresh.get("/smith")
    fresh.request("SMITH", "/v1/packs")
    fresh.put("/v1/packs/x")
    rules, broken, nothing, odd, put = _lines(capsys)
    assert rules["route"].startswith("/v1/rules/{") and rules["door"] == "catalogue"
    assert broken["reasons"] == ["not-json"] and broken["door"] == "fhir"
    assert (nothing["route"], nothing["reasons"]) == (OTHER, ["not-found"])
    assert (odd["method"], odd["status"]) == (OTHER, 405)
    assert (put["method"], put["status"]) == ("PUT", 405)
    assert "smith" not in json.dumps([rules, broken, nothing, odd, put]).lower()


def test_probes_are_told_only_when_asked_for_or_wrong(
    make: Making, capsys: pytest.CaptureFixture[str]
) -> None:
    make().get("/livez")
    assert not _lines(capsys)
    make(log_level="debug").get("/livez")
    (line,) = _lines(capsys)
    assert line["level"] == "debug"


def test_a_form_for_people(make: Making, capsys: pytest.CaptureFixture[str]) -> None:
    make(log_format="console").get("/v1/packs")
    said = capsys.readouterr().out
    assert "request" in said and "route=/v1/packs" in said and not said.startswith("{")


def test_a_log_nobody_reads_harms_no_request(
    fresh: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone:
        def write(self, text: str) -> None:
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stdout", Gone())
    assert fresh.get("/v1/packs").status_code == 200


def test_events_of_doors_take_numbers_only(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.event("batch", cases=3, who="smith", what=[1])
    (line,) = _lines(capsys, "batch")
    assert set(line) == {"timestamp", "level", "event", "cases"}


# --- what ends otherwise --------------------------------------------------------------------


async def _boom(request: Request) -> Response:
    raise ExceptionGroup("several", [KeyError("smith")])


async def _cut(request: Request) -> Response:
    async def parts() -> Any:
        yield b"begun"
        raise ValueError("smith")

    return StreamingResponse(parts(), 200)


@pytest.mark.parametrize("path", ["/v1/boom", "/fhir/boom"])
def test_the_last_answer(fresh: TestClient, capsys: pytest.CaptureFixture[str], path: str) -> None:
    fresh.app.add_route(path, _boom)  # type: ignore[attr-defined]
    answer = fresh.get(path, headers={"X-Request-Id": "theirs"})
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    fault, line = (one for one in told if one["event"] in ("fault", "request"))
    assert answer.status_code == 500 and answer.headers["x-request-id"] == "theirs"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (answer.json().get("resourceType") == "OperationOutcome") is path.startswith("/fhir")
    assert line["request_id"] in answer.text and fault["fault"] in answer.text
    assert (fault["kind"], fault["level"], line["status"]) == ("KeyError", "error", 500)
    assert "smith" not in answer.text + json.dumps(told)


def test_a_fault_after_the_answer_began(
    fresh: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh.app.add_route("/cut", _cut)  # type: ignore[attr-defined]
    fresh.get("/cut")
    (line,) = _lines(capsys)
    assert (line["status"], line["ended"], line["level"]) == (200, "cut-short", "warning")
    assert _series(fresh)['corrin_unfinished_total{door="other",ended="cut-short"}'] == 1


def test_a_fault_is_known_by_kind_and_place_alone() -> None:
    def number(text: str) -> str:
        try:
            raise ValueError(text)
        except ValueError as error:
            return known_by(error).number

    assert number("one") == number("two")


# --- counts ---------------------------------------------------------------------------------


def test_a_report_is_counted(fresh: TestClient) -> None:
    report = fresh.post("/v1/interpret", content=DEMO, headers=FHIR).json()
    found = _series(fresh)
    for note in report["notes"]:
        assert found[f'corrin_notes_total{{rule="{note["rule"]}",urgency="{note["urgency"]}"}}']
    for topic, status in report["statuses"].items():
        name = status["status"] or "open"
        assert found[f'corrin_statuses_total{{status="{name}",topic="{topic}"}}'] == 1
    refused = sum(n for name, n in found.items() if name.startswith("corrin_refusals_total"))
    assert refused == len(report["refusals"])
    unsaid = sum(n for name, n in found.items() if name.startswith("corrin_cannot_say_total"))
    assert unsaid == len(report["cannot_say"])
    labels = 'door="clinician",method="POST",route="/v1/interpret"'
    assert found[f'corrin_requests_total{{{labels},status="200"}}'] == 1
    assert found[f"corrin_request_seconds_count{{{labels}}}"] == 1
    assert found['corrin_reports_total{door="clinician",profile="uk"}'] == 1
    assert found['corrin_received_bytes_total{door="clinician"}'] == len(DEMO)


def test_what_runs_is_told(fresh: TestClient, interpreter: Interpreter) -> None:
    found = _series(fresh)
    for engine, _ in interpreter.engines.values():
        for one in engine.packs:
            head, digest = one.pack.head, one.pack.digest
            labels = f'digest="{digest}",pack="{head.id}",version="{head.version}"'
            assert found[f"corrin_pack_info{{{labels}}}"] == 1
    assert any(name.startswith("corrin_build_info{") for name in found)
    assert "process_resident_memory_bytes" in found
    assert found["corrin_requests_in_flight"] == 1, "the scrape itself"


def test_names_of_clients_make_no_series(fresh: TestClient) -> None:
    def ask(number: int) -> None:
        fresh.get(f"/nothing/{number}")
        fresh.request(f"M{number}", "/livez")
        fresh.get(f"/v1/rules/r{number}?x={number}")

    ask(0)
    _series(fresh)  # the scrape is counted too, after it has been read
    before = set(_series(fresh))
    for number in range(1, 50):
        ask(number)
    assert set(_series(fresh)) == before


def test_feedback_counts_known_names_only(fresh: TestClient, interpreter: Interpreter) -> None:
    async def told(request: Request) -> Response:
        rule = next(iter(interpreter.engines.values()))[0].packs[0].rules[0].rule.id
        telemetry.feedback(request, rule, "overridden", "already-treated")
        telemetry.feedback(request, "smith", "smith", "smith")
        return Response()

    fresh.app.add_route("/told", told)  # type: ignore[attr-defined]
    assert fresh.get("/told").status_code == 200
    found = [name for name in _series(fresh) if name.startswith("corrin_feedback_total")]
    assert len(found) == 2
    assert 'corrin_feedback_total{outcome="other",reason="other",rule="other"}' in found
    assert any('outcome="overridden",reason="already-treated"' in name for name in found)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/plain; version=9.smith", "text/plain; version=0.0.4; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.smith,text/plain;q=0.5",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
    ],
)
def test_forms_of_metrics(fresh: TestClient, accept: str, kind: str) -> None:
    answer = fresh.get("/metrics", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.text.endswith("# EOF\n") is kind.startswith("application/")
    assert fresh.head("/metrics").status_code == 200


def test_metrics_can_be_closed(make: Making) -> None:
    assert make(metrics=False).get("/metrics").status_code == 404
    closed = make(metrics_token="open-sesame")
    assert closed.get("/metrics").status_code == 401
    asked = {"Authorization": "Bearer open-sesame"}
    assert closed.get("/metrics", headers=asked).status_code == 200


def test_apps_count_each_for_themselves(make: Making) -> None:
    one, other = make(), make()
    one.get("/v1/packs")
    assert any('route="/v1/packs"' in name for name in _series(one))
    assert not any('route="/v1/packs"' in name for name in _series(other))


def test_every_path_of_the_api_has_a_route_and_a_door(fresh: TestClient) -> None:
    app: Any = fresh.app
    routes = Routes(app.routes)
    templates = list(fresh.get("/openapi.json").json()["paths"])
    assert len(templates) > 15
    for template in templates:
        route, door = routes.find(re.sub(r"\{\w+\}", "some-name", template))
        assert route == template
        assert door in DOORS and (door != OTHER or template == "/")
    assert routes.find("/nothing/at/all") == (OTHER, OTHER)
    assert routes.find("/fhir/nothing") == (OTHER, "fhir")
    assert routes.find("/fhirs") == (OTHER, OTHER)


# --- spans ----------------------------------------------------------------------------------


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    found = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(found))
    monkeypatch.setattr(tracing, "provider", lambda: provider)
    return found


PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_spans_of_a_request(
    spans: InMemorySpanExporter, make: Making, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = FHIR | {"traceparent": PARENT, "tracestate": "ehr=smith", "baggage": "p=smith"}
    make(inline_bytes=0).post("/v1/interpret?explain=true", content=DEMO, headers=headers)
    found = {one.name: one for one in spans.get_finished_spans()}
    assert set(found) == {"POST /v1/interpret", "read", "evaluate", "compose", "render"}
    server = found.pop("POST /v1/interpret")
    assert server.kind is trace.SpanKind.SERVER and server.parent is not None
    assert f"{server.context.trace_id:032x}" == PARENT.split("-")[1]
    assert f"{server.parent.span_id:016x}" == PARENT.split("-")[2]
    assert all(one.parent.span_id == server.context.span_id for one in found.values() if one.parent)
    assert dict(server.attributes or {})["http.response.status_code"] == 200
    assert set(server.attributes or {}) == {
        *("http.request.method", "http.route", "http.response.status_code"),
        *("corrin.door", "corrin.request_id", "corrin.reasons"),
    }
    assert "smith" not in "".join(one.to_json() for one in spans.get_finished_spans())
    (line,) = _lines(capsys)
    assert line["trace_id"] == PARENT.split("-")[1]


def test_spans_of_a_fault_hold_no_exception(spans: InMemorySpanExporter, make: Making) -> None:
    client = make()
    client.app.add_route("/boom", _boom)  # type: ignore[attr-defined]
    client.get("/boom?who=smith")
    (server,) = spans.get_finished_spans()
    assert not server.events and server.status.status_code is trace.StatusCode.ERROR
    assert dict(server.attributes or {})["error.type"] == "500" and "smith" not in server.to_json()


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, ()),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, ("otlp",)),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x/v1/traces"}, ("otlp",)),
        ({"OTEL_TRACES_EXPORTER": "console, otlp"}, ("console", "otlp")),
        ({"OTEL_METRICS_EXPORTER": "otlp"}, ()),
    ],
)
def test_who_asks_for_spans(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], wanted: tuple[str, ...]
) -> None:
    for name in ("TRACES_EXPORTER", "EXPORTER_OTLP_ENDPOINT", "EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(f"OTEL_{name}", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert tracing._wanted() == wanted


def test_nobody_asks_and_nothing_traces(
    fresh: TestClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh.get("/v1/packs", headers={"traceparent": PARENT})
    assert "trace_id" not in _lines(capsys)[0]
    assert telemetry.step("read") is telemetry.step("render")


def test_the_frameworks_own_spans_are_off(fresh: TestClient) -> None:
    """They would hold the path, the query, and exceptions with their messages."""
    app: Any = fresh.app
    assert not any(app._telemetry[name] for name in tracing.OFF)
    assert set(tracing.OFF) >= {
        name for name, value in app._telemetry.items() if isinstance(value, bool)
    }


def test_an_exporter_that_is_not_there_is_told_and_harms_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "zipkin")
    tracing._made.cache_clear()
    assert tracing.provider() is None
    tracing._made.cache_clear()
    (line,) = _lines(capsys, "tracing-unavailable")
    assert line["level"] == "warning"
