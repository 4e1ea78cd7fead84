"""``POST /v1/interpret/batch``: cases as NDJSON in, answers as NDJSON out, one by one, in order.

A line is held whole and nothing else is: what comes in is answered before more is taken, so a
client that does not read its answers is not read either.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace

import orjson
from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from corrin import UsageError
from corrin.api import negotiation, problem, telemetry
from corrin.api.clinician import EXPLAIN, PROFILE, explained, parameter
from corrin.api.content import only
from corrin.api.interpreter import Interpreter
from corrin.api.problem import Fault, Problem
from corrin.facts.moment import Moment
from corrin.intake import IntakeError
from corrin.intake.plain import CaseError
from corrin.intake.plain.case import read_named
from corrin.notes.report import Report
from corrin.render import json

router = APIRouter(tags=["clinician"])

_KINDS = (negotiation.NDJSON, "application/ndjson", "application/jsonl")
_BLANK = b" \t\r"

_PREFER = parameter(
    "Prefer",
    "`handling=lenient`, the default here: an unknown name, or a unit or date that is missing or "
    "not known, becomes a refusal in the report, and the rest of the case, critical values "
    "included, is interpreted; `handling=strict` lets it stop the case",
    place="header",
)
_LINE = {
    "type": "object",
    "required": ["line"],
    "properties": {
        "line": {"type": "integer", "description": "line of the request, counted from 1"},
        "id": {"type": "string", "description": "id of the case, where it has one"},
        "report": {"$ref": "#/components/schemas/Report"},
        "problem": {"$ref": "#/components/schemas/Problem"},
    },
    "additionalProperties": False,
}


@router.post(
    "/v1/interpret/batch",
    operation_id="interpretBatch",
    summary="Many cases, one per line",
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "One case per line, each of one person; blank lines are passed over.",
            "content": {negotiation.NDJSON: {"schema": {"$ref": "#/components/schemas/Case"}}},
        },
        "parameters": [PROFILE, EXPLAIN, _PREFER],
    },
    responses={
        200: {
            "description": "One line per case, in the order of the cases and as they are done: "
            "its report, or the problem it has, which stops no other.",
            "content": {negotiation.NDJSON: {"schema": _LINE}},
        },
        **{status: {} for status in (400, 406, 413, 415, 422)},
    },
)
async def batch(request: Request) -> Response:
    """Interpret many cases written by hand. Answers are written as the cases come in. A line that
    cannot be read is answered with its problem and stops nothing. Cases are written by programs
    here, so what stops a case at `/v1/interpret` (an unknown name, a unit that is missing) becomes
    a refusal in its report; `Prefer: handling=strict` lets it stop the case. Each case has its own
    `as_of`; where it has none, it is interpreted for the moment the request came in. With
    `explain=false` a report does without the rules that could not answer, and is a tenth as
    long."""
    only(request, "profile", "explain")
    negotiation.content_type(request, _KINDS)
    negotiation.accepted(request, _KINDS, {"ndjson": negotiation.NDJSON})
    settings, interpreter = request.app.state.settings, request.app.state.interpreter
    profile = request.query_params.get("profile")
    interpreter.engine(profile)
    work = Work(
        interpreter,
        profile,
        negotiation.handling(request) != "strict",
        interpreter.moment(None),
        explained(request) is not False,
    )
    lines = split(request.stream(), settings.line_bytes, settings.batch_lines)
    return _Streamed(_answers(request, lines, work))


@dataclass(frozen=True, slots=True)
class Work:
    """How every line of one batch is interpreted; ``now`` is when the batch came in."""

    interpreter: Interpreter
    profile: str | None
    lenient: bool
    now: Moment
    explain: bool = True

    def answer(self, line: Line) -> tuple[bytes, Report | None]:
        """The answer to one line, with its report if there is one; never raises for its data."""
        case_id = ""
        try:
            if line.fault is not None:
                raise Problem(413, line.fault)
            case_id, reading = read_named(
                line.data,
                limits=self.interpreter.limits,
                lenient=self.lenient,
                zone=self.interpreter.zone,
                as_of=self.now,
            )
            report = self.interpreter.report(reading, profile=self.profile)
            head = orjson.dumps(_head(line.number, case_id))[:-1]
            body = json.render(report, indent=False, explain=self.explain).rstrip(b"\n")
            return head + b',"report":' + body + b"}\n", report
        except CaseError as error:
            return _refused(line.number, error.case_id, problem.of_intake(error)), None
        except IntakeError as error:
            return _refused(line.number, "", problem.of_intake(error)), None
        except UsageError as error:
            fault = Fault("usage", error.message, error.hint)
            return _refused(line.number, case_id, Problem(422, fault)), None
        except Problem as found:
            return _refused(line.number, case_id, found), None
        except Exception as error:  # a fault of ours in one case stops no other
            number = telemetry.fault(error)
            remedy = f"Report fault {number} to whoever operates this service."
            told = Fault("fault", "A fault of the service itself.", remedy)
            return _refused(line.number, case_id, Problem(500, told)), None


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank, or why it could not be taken."""

    number: int
    data: bytes = b""
    fault: Fault | None = None


async def split(stream: AsyncIterator[bytes], longest: int, most: int) -> AsyncIterator[Line]:
    """The lines of a stream, one at a time, holding no more than one of them and one chunk.

    A line that is too long is passed over as it comes; after ``most`` lines that are not blank one
    fault follows, and the rest is read and dropped.
    """
    kept, number, taken, too_long = bytearray(), 1, 0, False
    async for chunk in stream:
        start = 0
        while taken <= most:
            end = chunk.find(b"\n", start)
            piece = chunk[start : len(chunk) if end < 0 else end]
            too_long = too_long or len(kept) + len(piece) > longest
            if too_long:
                kept.clear()
            else:
                kept += piece
            if end < 0:
                break
            if too_long or kept.strip(_BLANK):
                taken += 1
                yield _line(number, kept, too_long, longest, taken > most, most)
            kept.clear()
            number, too_long, start = number + 1, False, end + 1
    if taken <= most and (too_long or kept.strip(_BLANK)):
        yield _line(number, kept, too_long, longest, taken + 1 > most, most)


def _line(
    number: int, kept: bytearray, too_long: bool, longest: int, over: bool, most: int
) -> Line:
    if over:
        says = f"More than {most} cases; this one and those after it were not read."
        return Line(number, fault=Fault("too-many-lines", says, "Send the rest in another call."))
    if too_long:
        says = f"The line is longer than {longest} bytes."
        return Line(number, fault=Fault("line-too-long", says, "Send less with this case."))
    return Line(number, bytes(kept))


async def _answers(
    request: Request, lines: AsyncIterator[Line], work: Work
) -> AsyncIterator[bytes]:
    number = count = refused = 0
    try:
        async for line in lines:
            number = line.number
            answer, report = await to_thread.run_sync(
                work.answer, line, limiter=work.interpreter.threads
            )
            count += 1
            if report is None:
                refused += 1
            else:
                telemetry.noted(request, report, door="batch")
            yield answer
    except Problem as found:  # what stands in front ended the stream: too much of it, or too slow
        yield _refused(number + 1, "", found)
    telemetry.event("batch", cases=count, refused=refused)


def _head(number: int, case_id: str) -> dict[str, object]:
    return {"line": number, "id": case_id} if case_id else {"line": number}


def _refused(number: int, case_id: str, found: Problem) -> bytes:
    telemetry.reasons(fault.reason for fault in found.faults)
    # Lines are counted in the stream; within a line there is only one.
    faults = (replace(fault, line=None) for fault in found.faults)
    found = Problem(found.status, *faults, warning=found.warning)
    return orjson.dumps({**_head(number, case_id), "problem": problem.plain(found)}) + b"\n"


class _Streamed(Response):
    """An answer written while the request is still being read.

    Starlette's own listens for the client's leaving meanwhile, and would take the request's lines.
    """

    media_type = negotiation.NDJSON

    def __init__(self, answers: AsyncIterator[bytes]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self.answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send each answer as it is there."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        try:
            async with aclosing(self.answers) as answers:  # type: ignore[type-var]
                async for answer in answers:
                    await send({"type": "http.response.body", "body": answer, "more_body": True})
        except ClientDisconnect:
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
