"""Spans that leave the process: all of them, before it ends; and a collector that is not there."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from support import canary, places
from support.service import service

DEMO = (places.ROOT / "fixtures" / "fhir" / "demo" / "request.json").read_bytes()
FHIR = {"Content-Type": "application/fhir+json", "tracestate": f"ehr={canary.word(1)}"}


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    got: list[tuple[str, bytes]] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *said: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_spans_are_sent_before_the_process_ends(
    collector: tuple[str, list[tuple[str, bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, got = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
    with service() as running:
        for _ in range(5):
            assert running.ask("/v1/interpret", DEMO, FHIR)[0] == 200
        assert running.stop() == 0
    assert {path for path, _ in got} == {"/v1/traces"}
    sent = b"".join(body for _, body in got)
    assert sent.count(b"POST /v1/interpret") == 5 and b"evaluate" in sent and b"corrin" in sent
    assert not canary.found_in(sent)


def test_a_collector_that_is_not_there_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    with service() as running:
        for _ in range(3):
            assert running.ask("/v1/interpret", DEMO, FHIR)[0] == 200
        assert running.stop() == 0
        said = running.said()
    assert "127.0.0.1:9" not in said and "Traceback" not in said
