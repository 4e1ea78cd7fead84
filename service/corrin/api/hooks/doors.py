"""``/cds-services``: discovery, the services, and feedback on their cards."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin.api import negotiation, telemetry
from corrin.api.hooks import form, offer
from corrin.api.hooks.answer import answer
from corrin.api.hooks.call import body_of
from corrin.api.hooks.feedback import rules_by_prefix, verdicts
from corrin.api.hooks.offer import Service
from corrin.api.interpreter import Interpreter
from corrin.api.problem import Fault, Problem
from corrin.render.cards import content as card_content

router = APIRouter(tags=["cds-hooks"])

_KINDS = (negotiation.JSON, negotiation.FHIR)
_NO_STORE = {"Cache-Control": "no-store"}
_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "id of a service, as discovery lists it",
    "schema": {"type": "string", "enum": list(offer.load().services)},
}


@router.get(
    "/cds-services",
    operation_id="discoverHooks",
    summary="The services and what to send along",
    responses={
        200: {
            "description": "Every service with its prefetch templates.",
            "content": form.content(form.DISCOVERY),
        },
        406: {},
    },
)
async def discover(request: Request) -> Response:
    """CDS Hooks 2.0.1 discovery. Templates keep to what every FHIR server can search by."""
    _wants_json(request)
    return _json(offer.load().discovery(), {"Cache-Control": "no-cache"})


@router.post(
    "/cds-services/{id}",
    operation_id="callHook",
    summary="Cards on one patient's results",
    openapi_extra={"parameters": [_ID], **form.body(form.REQUEST)},
    responses={
        200: {
            "description": "One card per topic that deserves attention now; `cards: []` when there "
            "is nothing to add.",
            "content": form.content(form.CARDS),
        },
        **{status: {} for status in (400, 404, 406, 412, 413, 415, 422)},
    },
)
async def call(request: Request) -> Response:
    """Interpret what was sent along (`prefetch`). Nothing is fetched: without any laboratory
    results the answer is 412. `fhirServer` and `fhirAuthorization` are passed over unread."""
    service = _service(request)
    negotiation.content_type(request, _KINDS)
    _wants_json(request)
    data = await request.body()
    interpreter: Interpreter = request.app.state.interpreter
    base = request.app.state.settings.base

    def job() -> tuple[bytes, Any]:
        found = answer(data, service, offer.load(), interpreter, base=base)
        return orjson.dumps(found.cards), found.report

    body, report = await interpreter.work(len(data), job)
    if report is not None:
        telemetry.noted(request, report)
    return Response(body, 200, _NO_STORE, negotiation.JSON)


@router.post(
    "/cds-services/{id}/feedback",
    operation_id="tellFeedback",
    summary="What became of cards",
    openapi_extra={"parameters": [_ID], **form.body(form.FEEDBACK)},
    responses={
        200: {"description": "Counted by rule and reason; nothing else is kept.", "content": {}},
        **{status: {} for status in (400, 404, 413, 415)},
    },
)
async def feedback(request: Request) -> Response:
    """Whether cards were accepted or overridden, and why. A comment is not read, kept or logged."""
    _service(request)
    negotiation.content_type(request, _KINDS)
    data = await request.body()
    state = request.app.state
    interpreter: Interpreter = state.interpreter
    content = card_content.load()
    rules = getattr(state, "card_rules", None)
    if rules is None:
        rules = state.card_rules = rules_by_prefix(interpreter, content)
    limits = interpreter.hooks_limits
    found = verdicts(
        body_of(data, limits), rules, content, base=state.settings.base, most=limits.entries
    )
    for one in found:
        telemetry.feedback(request, one.rule, one.outcome, one.reason)
    return Response(status_code=200, headers=_NO_STORE)


def _service(request: Request) -> Service:
    found = offer.load().services.get(request.path_params["id"])
    if found is None:
        raise Problem(
            404,
            Fault("service-unknown", "There is no such service.", "See GET /cds-services."),
        )
    return found


def _wants_json(request: Request) -> None:
    negotiation.accepted(request, (negotiation.JSON,), {"json": negotiation.JSON})


def _json(found: Any, headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(found), 200, headers, negotiation.JSON)
