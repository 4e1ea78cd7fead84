"""Spans, where the standard ``OTEL_*`` variables ask for them; else nothing, at no cost.

A span holds the method, the route's template, the door, the status and the request id. FastAPI's
own spans hold the path, the query and exceptions with their messages, so they are switched off.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from corrin import __version__
from corrin.api.settings import standard
from corrin.api.telemetry.log import tell
from corrin.api.telemetry.record import CURRENT, Record

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

_NO_STEP = nullcontext()
_LAST_SECONDS = 3.0
_PARENT = TraceContextTextMapPropagator()

OFF: Any = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""What FastAPI is told about telemetry of its own."""


def tracer() -> Tracer | None:
    """What makes the spans of an app; None when nobody asked for any."""
    found = provider()
    return None if found is None else found.get_tracer("corrin", __version__)


def provider() -> TracerProvider | None:
    """The one an embedding program has set up, else one made as the environment says."""
    if standard("OTEL_SDK_DISABLED").strip().lower() == "true":
        return None
    found = trace.get_tracer_provider()
    if not isinstance(found, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
        return found
    return _made()


@lru_cache(maxsize=1)
def _made() -> TracerProvider | None:
    names = _wanted()
    if not names:
        return None
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider as Provider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporters = [_exporter(name) for name in names]
    except (ImportError, ValueError) as error:
        tell("warning", "tracing-unavailable", kind=type(error).__name__)
        return None
    named = {} if standard("OTEL_SERVICE_NAME") else {"service.name": "corrin"}
    resource = Resource.create({"service.version": __version__, **named})
    made = Provider(resource=resource, shutdown_on_exit=False)
    for exporter in exporters:
        made.add_span_processor(BatchSpanProcessor(exporter))
    return made


def _wanted() -> tuple[str, ...]:
    """The exporters asked for; the standard's default, OTLP, only where an address is given."""
    said = standard("OTEL_TRACES_EXPORTER").strip().lower()
    names = tuple(name.strip() for name in said.split(",") if name.strip())
    if "none" in names:
        return ()
    addresses = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    return names or (("otlp",) if any(map(standard, addresses)) else ())


def _exporter(name: str) -> SpanExporter:
    if name == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter(out=sys.stderr)
    if name == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter()
    raise ValueError("no such exporter")


def close() -> None:
    """Send the spans that wait, before the process ends; for a few seconds at most."""
    made = _made() if _made.cache_info().currsize else None
    _made.cache_clear()
    if made is not None:
        # It sends what waits, for as long as it takes: half a minute where nobody listens.
        sending = threading.Thread(target=made.shutdown, daemon=True)  # type: ignore[attr-defined]
        sending.start()
        sending.join(_LAST_SECONDS)


@contextmanager
def span(record: Record, headers: Iterable[tuple[bytes, bytes]]) -> Iterator[Span]:
    """The server span of a request, child of its ``traceparent``.

    ``tracestate`` and baggage are not taken: they hold whatever a client likes.
    """
    assert record.tracer is not None
    given = [value for name, value in headers if name == b"traceparent"]
    carrier = {"traceparent": given[0].decode("latin-1")} if len(given) == 1 else {}
    found = record.tracer.start_span(
        record.method,
        context=_PARENT.extract(carrier),
        kind=SpanKind.SERVER,
        attributes={"http.request.method": record.method if record.method != "other" else "_OTHER"},
    )
    with trace.use_span(
        found, end_on_exit=True, record_exception=False, set_status_on_exception=False
    ):
        try:
            yield found
        finally:
            _close(found, record)


def _close(found: Span, record: Record) -> None:
    found.update_name(f"{record.method} {record.route}")
    found.set_attributes(
        {
            "http.route": record.route,
            "corrin.door": record.door,
            "corrin.request_id": record.request_id,
            "corrin.reasons": tuple(record.reasons),
        }
    )
    if record.status:
        found.set_attribute("http.response.status_code", record.status)
    if record.status >= 500 or record.ended != "answered":
        found.set_attribute("error.type", str(record.status or record.ended))
        found.set_status(StatusCode.ERROR)


def trace_id() -> str:
    """The id of the trace in work, in 32 hex digits; empty when nothing traces."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


def step(name: str) -> AbstractContextManager[Any]:
    """A child span around a step of the work (``read``, ``render``); free when nothing traces."""
    record = CURRENT.get()
    if record is None or record.tracer is None:
        return _NO_STEP
    return record.tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    )
