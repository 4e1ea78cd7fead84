"""What a door answers when it cannot answer: what, where, why, what to do. No patient data.

One :class:`Problem` for every error. The FHIR and CDS Hooks doors tell it as an OperationOutcome,
the others as ``application/problem+json`` (RFC 9457) with its faults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from corrin.api import problem_page
from corrin.api.telemetry.doors import reasons
from corrin.intake import IntakeError
from corrin.intake.plain import CaseError

FHIR_JSON = "application/fhir+json; fhirVersion=4.0"
PROBLEM_JSON = "application/problem+json"

_UNREAD = "Nothing of this case was interpreted, critical values included."
_DOORS = ("/fhir", "/cds-services")

# Reasons of the reader (rules/terminology/reasons.yaml) whose status is not 400.
_STATUS: Mapping[str, int] = {
    "too-large": 413,
    "too-many-entries": 413,
    "two-subjects": 422,
}

# FHIR issue types (http://hl7.org/fhir/R4/valueset-issue-type.html) of reasons and statuses.
_ISSUE: Mapping[str, str] = {
    "two-subjects": "business-rule",
    "too-large": "too-costly",
    "too-many-entries": "too-costly",
    "too-deep": "too-costly",
    "too-costly": "too-costly",
    "number-too-long": "too-costly",
    "strict-invalid": "invalid",
    "empty": "required",
    "field-missing": "required",
    "name-unknown": "code-invalid",
    "prefetch-missing": "incomplete",
    "token-expired": "expired",
    "ruleset-unknown": "not-found",
    "date-invalid": "value",
    "parameter-unknown": "not-supported",
}
# As RFC 9110 has them; Python says so from 3.13 on.
_TITLES: Mapping[int, str] = {413: "Content Too Large", 422: "Unprocessable Content"}

_ISSUE_OF_STATUS: Mapping[int, str] = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    408: "timeout",
    412: "incomplete",
    413: "too-costly",
    415: "not-supported",
    422: "business-rule",
    429: "throttled",
    500: "exception",
    503: "transient",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        reason: a code of ours, kebab-case.
        says: what is wrong, in a sentence; holds no patient data.
        remedy: what to do about it.
        path: FHIRPath (or path in the hand-written case) of the element; of what stands in the
            URL the name of the parameter.
        line: line of the body, from 1.
        nearest: known names near the one that was not known.
        in_url: whether ``path`` names a parameter of the URL.
    """

    reason: str
    says: str
    remedy: str = ""
    path: str = ""
    line: int | None = None
    nearest: tuple[str, ...] = ()
    in_url: bool = False


class Problem(Exception):
    """A request that cannot be answered: the status, and everything that is wrong.

    ``warning`` says what follows for whoever waits for an answer.
    """

    def __init__(
        self,
        status: int,
        *faults: Fault,
        headers: Mapping[str, str] | None = None,
        warning: str = "",
    ) -> None:
        super().__init__(f"{status} {', '.join(fault.reason for fault in faults)}")
        self.status, self.faults, self.headers = status, faults, dict(headers or {})
        self.warning = warning


def of_intake(error: IntakeError) -> Problem:
    """A request the reader refused whole."""
    faults = tuple(
        Fault(one.reason, one.sentence, one.remedy, one.path, one.line, one.nearest)
        for one in error.problems
    )
    if isinstance(error, CaseError):
        return Problem(422, *faults, warning=_UNREAD)
    return Problem(max(_STATUS.get(fault.reason, 400) for fault in faults), *faults)


def response(problem: Problem, path: str, accept: str = "") -> Response:
    """The answer a door gives; ``path`` is the request's, ``accept`` its Accept header."""
    reasons(fault.reason for fault in problem.faults)
    if problem_page.wanted(path, accept):
        return problem_page.response(problem, _title(problem))
    fhir = path.startswith(_DOORS) or "application/fhir+json" in accept
    body = outcome(problem) if fhir else plain(problem)
    return Response(
        orjson.dumps(body),
        problem.status,
        {**problem.headers, "Cache-Control": "no-store"},
        FHIR_JSON if fhir else PROBLEM_JSON,
    )


def outcome(problem: Problem) -> dict[str, Any]:
    """A FHIR R4 OperationOutcome."""
    issues: list[dict[str, Any]] = []
    for fault in problem.faults:
        warning = problem.warning if not issues else ""
        parts = (fault.says, _nearest(fault), fault.remedy, warning)
        said = " ".join(part for part in parts if part)
        issue: dict[str, Any] = {
            "severity": "error",
            "code": _ISSUE.get(fault.reason) or _ISSUE_OF_STATUS.get(problem.status, "processing"),
            "details": {"text": said},
            "diagnostics": fault.reason
            if fault.line is None
            else f"{fault.reason}, line {fault.line}",
        }
        if fault.path and fault.in_url:  # as R4 has it for what stands in no resource
            issue["location"] = [f"http.{fault.path}"]
        elif fault.path:
            issue["expression"] = [fault.path]
        issues.append(issue)
    return {"resourceType": "OperationOutcome", "issue": issues}


def plain(problem: Problem) -> dict[str, Any]:
    """A problem document (RFC 9457) with its faults."""
    first = problem.faults[0]
    return {
        "type": f"urn:corrin:problem:{first.reason}",
        "title": _title(problem),
        "status": problem.status,
        "detail": f"{first.says} {problem.warning}".rstrip(),
        "faults": [told(fault) for fault in problem.faults],
    }


def _title(problem: Problem) -> str:
    return _TITLES.get(problem.status) or HTTPStatus(problem.status).phrase


def told(fault: Fault) -> dict[str, Any]:
    """One fault as plain JSON; what is empty is left out."""
    found: dict[str, Any] = {"reason": fault.reason, "says": fault.says, "remedy": fault.remedy}
    found |= {"path": fault.path, "line": fault.line, "nearest": list(fault.nearest)}
    return {name: value for name, value in found.items() if value}


def _nearest(fault: Fault) -> str:
    return f"Nearest known: {', '.join(fault.nearest)}." if fault.nearest else ""
