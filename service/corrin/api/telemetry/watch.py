"""What stands around every request: its id, its log line, its counts, and the last answer."""

from __future__ import annotations

import os
from contextlib import nullcontext
from time import perf_counter
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from corrin import __version__
from corrin.api import problem
from corrin.api.headers import ALWAYS
from corrin.api.problem import Fault, Problem
from corrin.api.telemetry import tracing
from corrin.api.telemetry.doors import fault
from corrin.api.telemetry.log import tell
from corrin.api.telemetry.metrics import Metrics, shared_folder
from corrin.api.telemetry.record import CURRENT, Record, ids
from corrin.api.telemetry.routes import METHODS, Routes

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_QUIET = frozenset(("/livez", "/readyz", "/metrics"))  # asked every few seconds


class Telemetry:
    """ASGI middleware, outermost: nothing a request raises or holds gets past it untold or told."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics
        self.tracer = tracing.tracer()
        self._routes: Routes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch one request, or the start and stop of the process."""
        if scope["type"] == "lifespan":
            await self._life(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _life(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                tell("info", "started", version=__version__, process=os.getpid())
                workers = scope["app"].state.settings.workers
                if workers > 1 and not shared_folder():
                    tell("warning", "metrics-per-worker", workers=workers)
            elif message["type"] == "lifespan.shutdown.complete":
                tracing.close()
                tell("info", "stopped", process=os.getpid())
            await send(message)

        await self.app(scope, receive, told)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        record = self._opened(scope)
        token = CURRENT.set(record)
        self.metrics.in_flight.inc()
        traced = record.tracer is not None
        try:
            with tracing.span(record, scope["headers"]) if traced else nullcontext():
                try:
                    await self._watched(scope, receive, send, record)
                finally:
                    client = scope.get("state", {}).get("caller")
                    self._closed(record, perf_counter() - started, client)
        finally:
            self.metrics.in_flight.dec()
            CURRENT.reset(token)

    def _opened(self, scope: Scope) -> Record:
        if self._routes is None:
            app: Starlette = scope["app"]
            self._routes = Routes(app.routes)
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
        request_id, answered_id = ids(given)
        record = Record(request_id, answered_id, self.metrics, self.tracer)
        record.route, record.door = self._routes.find(scope["path"])
        if scope["method"] in METHODS:
            record.method = scope["method"]
        return record

    async def _watched(self, scope: Scope, receive: Receive, send: Send, record: Record) -> None:
        """Answer the request; whatever is raised beneath ends here."""
        started = ended = False

        async def taken() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                record.bytes_in += len(message.get("body", b""))
            elif not ended:
                record.ended = "client-gone"
            return message

        async def given(message: Message) -> None:
            nonlocal started, ended
            if message["type"] == "http.response.start":
                started, record.status = True, message["status"]
                message["headers"] = _with_id(message.get("headers", ()), record)
            elif message["type"] == "http.response.body":
                record.bytes_out += len(message.get("body", b""))
                ended = not message.get("more_body", False)
            await send(message)

        try:
            await self.app(scope, taken, given)
        except ClientDisconnect:
            record.ended = "client-gone"
        except Exception as error:
            record.fault = fault(error)
            if started:
                record.ended = "cut-short"  # the server closes the connection: no whole answer
                return
            accept = next((v for n, v in scope["headers"] if n == b"accept"), b"")
            answer = problem.response(_unexpected(record), scope["path"], accept.decode("latin-1"))
            answer.raw_headers.extend(ALWAYS)
            await answer(scope, taken, given)
        except BaseException:
            record.ended = "stopped"
            raise

    def _closed(self, record: Record, seconds: float, client: str | None) -> None:
        self.metrics.ended(record, seconds)
        fields: dict[str, object] = {
            "request_id": record.request_id,
            "method": record.method,
            "route": record.route,
            "door": record.door,
            "status": record.status or None,
            "ms": round(seconds * 1000, 2),
            "bytes_in": record.bytes_in,
            "bytes_out": record.bytes_out,
        }
        if client:
            fields["client"] = client
        if record.reasons:
            fields["reasons"] = list(record.reasons)
        if record.reports:
            fields |= {
                "reports": record.reports,
                "notes": record.notes,
                "rules": list(record.rules),
                "refusals": record.refusals,
                "cannot_say": record.cannot_say,
            }
        if record.ended != "answered":
            fields["ended"] = record.ended
        if record.tracer is not None:
            fields["trace_id"] = tracing.trace_id()
        tell(_level(record), "request", **fields)


def _level(record: Record) -> str:
    if record.status >= 500:
        return "error"
    if record.status in (408, 429) or record.ended != "answered":
        return "warning"
    return "debug" if record.route in _QUIET and record.status < 400 else "info"


def _with_id(headers: object, record: Record) -> list[tuple[bytes, bytes]]:
    kept = [pair for pair in headers if pair[0].lower() != b"x-request-id"]  # type: ignore[attr-defined]
    return [*kept, (b"x-request-id", record.answered_id.encode("ascii"))]


def _unexpected(record: Record) -> Problem:
    return Problem(
        500,
        Fault(
            "fault",
            "A fault of the service itself; nothing was interpreted.",
            f"Report request {record.request_id}, fault {record.fault}, to whoever operates this "
            "service. Do not send the results of a patient with it.",
        ),
    )
