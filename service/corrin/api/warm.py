"""What a process does once before it takes requests, so that the first is answered like any other.

The case of the readiness check goes through the doors that people wait at, past everything that
counts, logs or asks for a token. What is read from files, compiled or imported on the way stays.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware

from corrin.api import negotiation
from corrin.api.hooks import offer
from corrin.api.telemetry import fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from starlette.types import Message

_FORMS = (negotiation.JSON, negotiation.TEXT, negotiation.HTML, negotiation.FHIR)

Asked = tuple[str, str, dict[str, str], bytes]
"""Path, query, headers, body."""


async def warm(app: FastAPI) -> int:
    """Ask every such door once; how many answered. A fault is logged and stops nothing: whether
    the service answers right is for ``/readyz`` to say."""
    door = AsyncExitStackMiddleware(app.router)
    answered = 0
    for asked in _asked(app):
        try:
            answered += await _answers(app, door, asked)
        except Exception as error:
            fault(error)
    return answered


def _asked(app: FastAPI) -> Iterator[Asked]:
    case, as_of = app.state.readiness.case
    bundle = json.loads(case)
    moment = {"name": "evaluationTime", "valueDateTime": as_of}
    parameters = [moment, {"name": "data", "resource": bundle}]
    dated = json.dumps({"resourceType": "Parameters", "parameter": parameters}).encode()
    for name in app.state.interpreter.engines:
        for form in _FORMS:
            query = f"profile={name}&as_of={as_of}"
            yield "/v1/interpret", query, {"content-type": negotiation.FHIR, "accept": form}, case
    yield "/v1/interpret", "", {"content-type": negotiation.JSON}, b'{"results": []}'
    fhir = {"content-type": negotiation.FHIR, "accept": negotiation.FHIR}
    for handling in ("lenient", "strict"):
        yield "/fhir/$interpret", "", fhir | {"prefer": f"handling={handling}"}, dated
    for service in offer.load().services.values():
        if service.hook == "patient-view":
            body = json.dumps(_call(service, bundle, as_of)).encode()
            yield f"/cds-services/{service.id}", "", {"content-type": negotiation.JSON}, body
    if app.state.settings.page:
        entered = urlencode({"document": case.decode(), "as_of": as_of}).encode()
        yield "/", "", {"content-type": "application/x-www-form-urlencoded"}, entered


def _call(service: offer.Service, bundle: dict[str, Any], as_of: str) -> dict[str, Any]:
    """A call of a CDS service, with all of the case under one key."""
    kept = [one["resource"] for one in bundle["entry"]]
    patient = next(one["id"] for one in kept if one["resourceType"] == "Patient")
    key = next(key.name for key in service.keys.values() if key.laboratory)
    return {
        "hook": service.hook,
        "hookInstance": str(UUID(int=0)),
        "context": {"userId": "Practitioner/nobody", "patientId": patient},
        "prefetch": {key: bundle},
        "extension": {offer.load().evaluation_time: as_of},
    }


async def _answers(app: FastAPI, door: AsyncExitStackMiddleware, asked: Asked) -> bool:
    path, query, headers, body = asked
    status = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http",
        "app": app,
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "state": {},
    }
    await door(scope, receive, send)
    return status == 200
