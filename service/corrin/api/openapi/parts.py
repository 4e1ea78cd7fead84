"""What every door's description shares: schemas, problems by status, ways to show a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from corrin.api import negotiation
from corrin.api.problem import PROBLEM_JSON
from corrin.comparison.side_by_side import Comparison
from corrin.intake.plain import schema as case_schema
from corrin.notes.report import Report

Schema = dict[str, Any]

REF = "#/components/schemas/"

TAGS = (
    ("clinician", "One patient's results in, the report or a comparison out."),
    ("fhir", "The same as a FHIR R4 operation, with what describes it."),
    ("cds-hooks", "The same as CDS Hooks 2.0.1 services."),
    ("catalogue", "What is read, which packs and rules run, and on what they rest."),
    ("operation", "For whoever runs the service, and the description itself."),
)

DESCRIPTION = """\
Corrin reads one patient's laboratory results and returns notes for a clinician to review: every
figure with its unit, date, cut-off and source. It is decision support, never a diagnosis and never
an order, for professionals only. It keeps nothing of a request.

An input that is missing, too old or not usable is never taken as normal: it is named, with the
reason and what to do. Every error says what is wrong, where, and how to mend it; it never repeats
what was sent.
"""


class FaultTold(BaseModel):
    """One thing that is wrong."""

    reason: str = Field(description="a code that does not change")
    says: str
    remedy: str | None = Field(default=None, description="what to do about it")
    path: str | None = Field(default=None, description="where in the request")
    line: int | None = Field(default=None, description="line of the body, from 1")
    nearest: list[str] | None = Field(default=None, description="known names near the unknown one")


class ProblemDocument(BaseModel):
    """Why a request could not be answered (RFC 9457), with everything that is wrong."""

    type: str = Field(description="urn:corrin:problem:, and the first reason")
    title: str
    status: int
    detail: str
    faults: list[FaultTold]


def schemas() -> dict[str, Schema]:
    """Component schemas the doors refer to, by name."""
    models = [(one, "serialization") for one in (Report, Comparison, ProblemDocument)]
    _, found = models_json_schema(models, ref_template=REF + "{model}")  # type: ignore[arg-type]
    named: dict[str, Schema] = dict(found["$defs"])
    named["Problem"] = named.pop("ProblemDocument")
    case = {key: part for key, part in case_schema().items() if key not in ("$schema", "$id")}
    return {**named, "Case": case, **FHIR}


def _resource(kind: str, says: str, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "description": says,
        "required": ["resourceType", *properties],
        "properties": {"resourceType": {"const": kind}, **properties},
    }


_ISSUE: Schema = {
    "type": "object",
    "required": ["severity", "code"],
    "properties": {
        "severity": {"enum": ["fatal", "error", "warning", "information"]},
        "code": {"type": "string", "description": "FHIR issue type"},
        "details": {"type": "object", "properties": {"text": {"type": "string"}}},
        "diagnostics": {"type": "string", "description": "our reason, and the line"},
        "expression": {"type": "array", "items": {"type": "string"}, "description": "FHIRPath"},
    },
}

FHIR: dict[str, Schema] = {
    "OperationOutcome": _resource(
        "OperationOutcome",
        "FHIR R4 OperationOutcome: why a request could not be answered.",
        issue={"type": "array", "minItems": 1, "items": _ISSUE},
    ),
    "FhirBundle": {
        "type": "object",
        "description": "FHIR R4 Bundle; see http://hl7.org/fhir/R4/bundle.html.",
        "required": ["resourceType", "type"],
        "properties": {
            "resourceType": {"const": "Bundle"},
            "type": {"type": "string"},
            "entry": {"type": "array", "minItems": 1, "items": {"type": "object"}},
        },
    },
    "FhirAnswer": _resource(
        "Bundle",
        "FHIR R4 Bundle of GuidanceResponse, DetectedIssue, ServiceRequest, Provenance and Device.",
        type={"const": "collection"},
        entry={"type": "array", "items": {"type": "object", "required": ["resource"]}},
    ),
    "FhirInput": {
        "type": "object",
        "description": "FHIR R4 Bundle, Parameters, or one resource of a patient.",
        "required": ["resourceType"],
        "properties": {"resourceType": {"type": "string"}},
    },
}

SAYS: Mapping[int, str] = {
    304: "The client has it already.",
    400: "The body cannot be read: what is wrong, and where.",
    401: "A token is missing or not taken.",
    403: "The token does not allow this.",
    404: "There is nothing of this name; the nearest known names.",
    405: "This path does not take this method.",
    406: "None of the forms asked for can be given.",
    408: "The request took too long to arrive.",
    411: "The length of the body is not told.",
    412: "Nothing usable is there.",
    413: "The request is larger than this service takes.",
    415: "The body is in a form this door does not read.",
    422: "The request cannot be answered as it is asked: what is wrong, and where.",
    429: "Too many requests at once; try again after the time told.",
    500: "A fault of the service itself.",
    503: "The service cannot answer now; try again after the time told.",
}

EVERYWHERE = (429, 500, 503)
WITH_BODY = (400, 408, 413, 415)
WITH_TOKEN = (400, 401, 403)

SECURITY: Mapping[str, Schema] = {
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Access token of the site's authorization server (SMART Backend Services), "
        "where the service is set to ask for one.",
    },
    "hooksClient": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "JWT of a CDS Hooks client, made out to the URL it calls, where the "
        "service is set to ask for one.",
    },
}


def problems(fhir: bool) -> dict[str, Schema]:
    """The content of an error answer: OperationOutcome on the FHIR doors, else a problem document,
    or an OperationOutcome where ``Accept`` names FHIR."""
    outcome = {negotiation.FHIR: {"schema": {"$ref": REF + "OperationOutcome"}}}
    return outcome if fhir else {PROBLEM_JSON: {"schema": {"$ref": REF + "Problem"}}, **outcome}
