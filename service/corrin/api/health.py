"""Doors for whoever runs the service: is it alive, is it ready, what has it counted."""

from __future__ import annotations

import orjson
from anyio import to_thread
from fastapi import APIRouter
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from starlette.requests import Request
from starlette.responses import Response

from corrin.api.negotiation import JSON
from corrin.api.telemetry.metrics import Metrics

router = APIRouter(tags=["operation"])
scrape = APIRouter(tags=["operation"])

_OPENMETRICS = "application/openmetrics-text"
_NOT_KEPT = {"Cache-Control": "no-store"}
_ALIVE = orjson.dumps({"status": "alive"})


def _answers(*answers: tuple[int, str, str, object]) -> dict[int | str, dict[str, object]]:
    return {
        status: {"description": says, "content": {kind: {"example": example}}}
        for status, says, kind, example in answers
    }


@router.head("/livez", include_in_schema=False)
@router.get(
    "/livez",
    operation_id="livez",
    summary="Whether the process answers",
    description="Looks at nothing but itself. Restart the process when this fails.",
    responses=_answers((200, "It does.", JSON, {"status": "alive"})),
    response_class=Response,
)
async def livez(request: Request) -> Response:
    """The process answers."""
    return Response(_ALIVE, 200, _NOT_KEPT, JSON)


_CASE = {"check": "case", "profile": "uk"}


@router.head("/readyz", include_in_schema=False)
@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Whether the service answers right",
    description="The packs of every profile are loaded, and a case kept with the rules gets the "
    "answer kept beside it. Send no requests while this fails. Made anew at most every 5 seconds.",
    responses=_answers(
        (200, "Every check holds.", JSON, {"status": "ready", "checks": [_CASE | {"ok": True}]}),
        (
            503,
            "A check failed: which, and why.",
            JSON,
            {"status": "not-ready", "checks": [_CASE | {"ok": False, "why": "status b12_status"}]},
        ),
    ),
    response_class=Response,
)
async def readyz(request: Request) -> Response:
    """The rules are there and answer a known case right."""
    checks = request.app.state.readiness.checks()
    ready = not any(check.why for check in checks)
    body = {
        "status": "ready" if ready else "not-ready",
        "checks": [check.told() for check in checks],
    }
    return Response(orjson.dumps(body), 200 if ready else 503, _NOT_KEPT, JSON)


@scrape.head("/metrics", include_in_schema=False)
@scrape.get(
    "/metrics",
    operation_id="metrics",
    summary="What has been counted",
    description="Prometheus text, or OpenMetrics where Accept names it.",
    responses=_answers(
        (200, "Every count.", "text/plain", 'corrin_notes_total{rule="aafp-low",urgency="soon"} 3')
    ),
    response_class=Response,
)
async def metrics(request: Request) -> Response:
    """Every count, in the form the scraper asks for; its words are never given back to it."""
    counts = request.app.state.metrics
    accept = request.headers.get("accept", "")
    opened = any(part.split(";")[0].strip() == _OPENMETRICS for part in accept.split(","))
    # One at a time: whoever asks without end takes no more from those who work than one would.
    body, kind = await to_thread.run_sync(_told, counts, opened, limiter=counts.scrapes)
    return Response(body, 200, _NOT_KEPT | {"Vary": "Accept"}, kind)


def _told(counts: Metrics, opened: bool) -> tuple[bytes, str]:
    if opened:
        told: bytes = openmetrics.generate_latest(counts.collected())  # type: ignore[no-untyped-call]
        return told, openmetrics.CONTENT_TYPE_LATEST
    return generate_latest(counts.collected()), CONTENT_TYPE_PLAIN_0_0_4
