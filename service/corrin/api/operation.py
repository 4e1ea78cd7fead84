"""``POST /fhir/$interpret``: FHIR R4 in, a collection Bundle out."""

from __future__ import annotations

import re
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin import intake
from corrin.api import negotiation, telemetry
from corrin.api.content import only
from corrin.api.interpreter import Interpreter
from corrin.api.problem import FHIR_JSON, Fault, Problem
from corrin.facts.case import Reading
from corrin.intake.placed import pending
from corrin.notes.report import Report
from corrin.render.fhir import bundle
from corrin.render.fhir.naming import plan

router = APIRouter(tags=["fhir"])

FHIR_NDJSON = "application/fhir+ndjson"
RULESET = "Parameters.parameter.where(name='ruleset').value"

_PARAMETER = re.compile(r"[A-Za-z0-9$.()\[\]]*parameter\[\d+\](?:\.part\[\d+\])*\.value", re.ASCII)
_KINDS = (negotiation.FHIR, negotiation.JSON, FHIR_NDJSON, negotiation.NDJSON)
FORMS = (negotiation.FHIR, negotiation.JSON)
NAMES = {"json": negotiation.FHIR, "fhir+json": negotiation.FHIR}

_EXAMPLE = {
    "resourceType": "Parameters",
    "parameter": [
        {"name": "evaluationTime", "valueDateTime": "2026-03-02T09:00:00Z"},
        {
            "name": "patient",
            "resource": {
                "resourceType": "Patient",
                "id": "p1",
                "gender": "female",
                "birthDate": "1958-01-01",
            },
        },
        {
            "name": "observation",
            "resource": {
                "resourceType": "Observation",
                "id": "b12",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "2132-9"}]},
                "subject": {"reference": "Patient/p1"},
                "effectiveDateTime": "2026-03-01T08:15:00Z",
                "valueQuantity": {
                    "value": 152,
                    "unit": "ng/L",
                    "system": "http://unitsofmeasure.org",
                    "code": "ng/L",
                },
            },
        },
    ],
}

_BODY = {
    "required": True,
    "description": "Parameters (`evaluationTime`, `patient`, `observation`, `data`, `ruleset`, "
    "`complete`), a Bundle, or one resource; also NDJSON of resources. All of one patient.",
    "content": {
        negotiation.FHIR: {
            "schema": {"$ref": "#/components/schemas/FhirInput"},
            "examples": {"parameters": {"value": _EXAMPLE}},
        },
        negotiation.JSON: {"schema": {"$ref": "#/components/schemas/FhirInput"}},
        FHIR_NDJSON: {"schema": {"type": "string"}},
        negotiation.NDJSON: {"schema": {"type": "string"}},
    },
}
_FORMAT = {
    "name": "_format",
    "in": "query",
    "description": "json or a media type; goes before Accept",
    "schema": {"type": "string"},
}
_PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": "`handling=strict`: every whole resource must be valid R4; `handling=lenient` "
    "(the default): strict about all that is used, silent about the rest",
    "schema": {"type": "string"},
}
_DESCRIBED: dict[str, Any] = {
    "openapi_extra": {"requestBody": _BODY, "parameters": [_FORMAT, _PREFER]},
    "responses": {
        200: {
            "description": "A collection Bundle: GuidanceResponse, DetectedIssues, ServiceRequest "
            "proposals, Provenance, Device. Missing results are no error.",
            "content": {
                form: {"schema": {"$ref": "#/components/schemas/FhirAnswer"}} for form in FORMS
            },
        },
        **{status: {} for status in (400, 406, 413, 415, 422)},
    },
    "response_class": Response,
}


@router.post(
    "/fhir/$interpret",
    operation_id="fhirInterpret",
    summary="Interpret one patient's results (FHIR operation)",
    **_DESCRIBED,
)
async def interpret(request: Request) -> Response:
    """The operation `$interpret` on the system: results of one patient by value, decision-support
    notes for a clinician as a Bundle. Nothing is stored and no state is changed. The same request
    with the same `evaluationTime` gives the same bytes."""
    return await _answer(request)


@router.post(
    "/fhir/Observation/$interpret",
    operation_id="fhirInterpretObservations",
    summary="The same under the type Observation",
    **_DESCRIBED,
)
async def interpret_observations(request: Request) -> Response:
    """An alias of `/fhir/$interpret` for clients that call operations on a type only."""
    return await _answer(request)


async def _answer(request: Request) -> Response:
    only(request)  # a moment or rules asked for in the URL would be passed over
    negotiation.content_type(request, _KINDS)
    wanted = negotiation.accepted(request, FORMS, NAMES)
    strict = negotiation.strict(request)
    interpreter: Interpreter = request.app.state.interpreter
    base: str = request.app.state.settings.base
    data = await request.body()

    def job() -> tuple[Report, bytes]:
        with telemetry.step("read"):
            reading = intake.read(
                data, strict=strict, limits=interpreter.limits, zone=interpreter.zone
            )
        _asked_for_a_moment(reading)
        profile = _profile(reading.rulesets, interpreter, base)
        report = interpreter.report(reading, profile=profile)
        with telemetry.step("render"):
            ordered = pending(reading, report.as_of, interpreter.zone)
            found = bundle(
                report, base=base, about=reading.about, ordered=ordered, zone=interpreter.zone
            )
            return report, orjson.dumps(found)

    report, body = await interpreter.work(len(data), job)
    telemetry.noted(request, report, door="fhir")
    headers = {"Cache-Control": "no-store", "Vary": "Accept, Prefer"}
    return Response(body, 200, headers, media_type(wanted))


def media_type(wanted: str) -> str:
    """The Content-Type of an answer in one of the two forms, which hold the same bytes."""
    return FHIR_JSON if wanted == negotiation.FHIR else wanted


def _asked_for_a_moment(reading: Reading) -> None:
    """Refuse a moment that is none: the answer for another one would be another answer.

    Raises:
        Problem: 422.
    """
    for one in reading.refusals:
        if one.reason == "date-invalid" and _PARAMETER.fullmatch(one.path):
            raise Problem(
                422,
                Fault(
                    "date-invalid",
                    "evaluationTime is no FHIR date or dateTime.",
                    "Write it as 2026-11-01T09:00:00Z, or leave it out for now.",
                    path=one.path,
                ),
            )


def _profile(rulesets: tuple[str, ...], interpreter: Interpreter, base: str) -> str | None:
    """The profile a request asks for: by its canonical URL, with or without version, or its id.

    Raises:
        Problem: 422, when it is not one that runs here, or there are several.
    """
    if not rulesets:
        return None
    if len(rulesets) == 1:
        url, _, version = rulesets[0].partition("|")
        for name, (engine, _composer) in interpreter.engines.items():
            if url in (name, f"PlanDefinition/{name}", plan(base, name)):
                if version in ("", engine.profile.head.version):
                    return name
                break
    known = ", ".join(
        f"{plan(base, name)}|{engine.profile.head.version}"
        for name, (engine, _composer) in interpreter.engines.items()
    )
    raise Problem(
        422,
        Fault(
            "ruleset-unknown",
            "The rules asked for do not run here, or several are asked for.",
            f"Ask for one of {known}, or for none.",
            path=RULESET,
        ),
    )
