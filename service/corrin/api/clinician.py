"""``POST /v1/interpret``: one person's results in, the note out, in the form asked for."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin import intake
from corrin.api import negotiation, telemetry
from corrin.api.content import only
from corrin.api.headers import policy
from corrin.api.interpreter import Interpreter
from corrin.api.problem import Fault, Problem
from corrin.facts.case import Reading
from corrin.intake import plain
from corrin.intake.placed import pending
from corrin.notes.report import Report
from corrin.render import html, json, text

router = APIRouter(tags=["clinician"])

_KINDS = (negotiation.JSON, negotiation.FHIR)
_FORMS = (negotiation.JSON, negotiation.TEXT, negotiation.HTML, negotiation.FHIR)
_NAMES = {
    "json": negotiation.JSON,
    "text": negotiation.TEXT,
    "html": negotiation.HTML,
    "fhir": negotiation.FHIR,
}
_TRUTHS = {"true": True, "false": False}

_BODY = {
    "required": True,
    "description": "A case written by hand, or with the Content-Type application/fhir+json a FHIR "
    "Bundle, Parameters or resource of one patient.",
    "content": {
        negotiation.JSON: {"schema": {"$ref": "#/components/schemas/Case"}},
        negotiation.FHIR: {"schema": {"$ref": "#/components/schemas/FhirInput"}},
    },
}


def parameter(name: str, says: str, kind: str = "string", place: str = "query") -> dict[str, Any]:
    """A parameter as OpenAPI tells it."""
    return {"name": name, "in": place, "description": says, "schema": {"type": kind}}


PREFER = parameter(
    "Prefer",
    "`handling=lenient`: an unknown name, or a unit or date that is missing or not known, becomes "
    "a refusal in the report and stops nothing; `handling=strict` (of FHIR: every whole resource "
    "must be valid) lets it stop the case",
    place="header",
)
PROFILE = parameter("profile", "which packs run together (`uk`, `us`)")
EXPLAIN = parameter(
    "explain",
    "tell the conditions, all evidence and the rules that could not answer (most of the length of "
    "a report as JSON); on for json and html, off for text",
    "boolean",
)
_PARAMETERS = [
    PROFILE,
    parameter("as_of", "FHIR date or dateTime to interpret for; else what the body says, else now"),
    EXPLAIN,
    parameter("_format", "json, text, html, fhir or a media type; goes before Accept"),
    PREFER,
]


@router.post(
    "/v1/interpret",
    operation_id="interpret",
    summary="One person's results to a note",
    openapi_extra={"requestBody": _BODY, "parameters": _PARAMETERS},
    responses={
        200: {
            "model": Report,
            "description": "Statuses, notes, what is missing, what was not taken and why.",
            "content": {
                negotiation.TEXT: {"schema": {"type": "string"}},
                negotiation.HTML: {"schema": {"type": "string"}},
                negotiation.FHIR: {"schema": {"$ref": "#/components/schemas/FhirAnswer"}},
            },
        },
        **{status: {} for status in (400, 406, 413, 415, 422)},
    },
)
async def interpret(request: Request) -> Response:
    """Interpret one person's laboratory results and context, and answer with a note for a
    clinician to check. Everything wrong with a case is told at once, each with its place and the
    nearest known names."""
    only(request, "profile", "as_of", "explain", "_format")
    kind = negotiation.content_type(request, _KINDS)
    wanted = negotiation.accepted(request, _FORMS, _NAMES)
    explain = explained(request)
    handling = negotiation.handling(request)
    interpreter: Interpreter = request.app.state.interpreter
    profile, as_of = request.query_params.get("profile"), moment(request)
    base: str = request.app.state.settings.base
    data = await request.body()

    def job() -> tuple[Report, bytes]:
        interpreter.engine(profile)  # a profile that is not there is told before the body is read
        with telemetry.step("read"):
            reading = read(data, kind, interpreter, as_of=as_of, handling=handling)
        report = interpreter.report(reading, as_of=as_of, profile=profile)
        with telemetry.step("render"):
            return report, _written(report, reading, wanted, explain, base, interpreter.zone)

    report, body = await interpreter.work(len(data), job)
    telemetry.noted(request, report, door="clinician")
    headers = {"Cache-Control": "no-store", "Vary": "Accept, Prefer"}
    if wanted == negotiation.HTML:
        headers |= _POLICY
    shown = "application/fhir+json; fhirVersion=4.0" if wanted == negotiation.FHIR else wanted
    return Response(body, 200, headers, shown)


def moment(request: Request) -> str | None:
    """The moment the URL asks for; a plus that was not written as ``%2B`` arrives as a space."""
    said = request.query_params.get("as_of")
    return None if said is None else said.replace(" ", "+")


def read(
    data: bytes,
    kind: str,
    interpreter: Interpreter,
    *,
    as_of: str | None = None,
    handling: str | None = None,
) -> Reading:
    """The reading of a body: a case written by hand, or FHIR when ``kind`` says so.

    Args:
        as_of: the moment asked for; an age is stated for it where the case names none.
        handling: ``strict``, ``lenient`` or ``None``; a case is read strictly by itself, FHIR
            leniently.

    Raises:
        IntakeError: the body is refused whole; CaseError where it is a case.
        corrin.UsageError: ``as_of`` is no moment.
    """
    limits = interpreter.limits
    if kind == negotiation.FHIR:
        return intake.read(data, strict=handling == "strict", limits=limits, zone=interpreter.zone)
    return plain.read(
        data,
        limits=limits,
        lenient=handling == "lenient",
        zone=interpreter.zone,
        as_of=interpreter.moment(as_of),
    )


def _written(
    report: Report,
    reading: Reading,
    wanted: str,
    explain: bool | None,
    base: str,
    zone: tzinfo,
) -> bytes:
    if wanted == negotiation.JSON:
        return json.render(report, indent=False, explain=explain is not False)
    if wanted == negotiation.TEXT:
        return text.render(report, explain=explain is True).encode()
    if wanted == negotiation.HTML:
        return html.render(report, explain=explain is not False).encode()
    from corrin.render.fhir import bundle

    ordered = pending(reading, report.as_of, zone)
    return orjson.dumps(bundle(report, base=base, about=reading.about, ordered=ordered, zone=zone))


def explained(request: Request) -> bool | None:
    """What ``?explain=`` says; ``None`` when it is not there.

    Raises:
        Problem: 422, it is neither true nor false.
    """
    said = request.query_params.get("explain")
    if said is None:
        return None
    if said not in _TRUTHS:
        remedy = "Write explain=true or explain=false, or leave it out."
        raise Problem(
            422, Fault("value-invalid", "explain is true or false.", remedy, "explain", in_url=True)
        )
    return _TRUTHS[said]


_POLICY = policy(html.style())
