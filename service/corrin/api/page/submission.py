"""What a person asks the page to interpret: a document, of which kind, for which profile and time.

It travels with every question about its answer, in the body of the request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from corrin.api import negotiation
from corrin.api.interpreter import Interpreter
from corrin.api.problem import Fault, Problem

Kind = Literal["case", "fhir", "cds-hooks", "hl7v2"]

Fields = Mapping[str, list[str]]
"""What a form sends, by name."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,80}", re.ASCII)
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 4000
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Submission:
    """One person's results as they were entered.

    Attributes:
        kind: what the document is.
        document: a case written by hand, FHIR, a CDS Hooks request, or HL7 v2, as text.
        profile: id of a profile; empty: the default.
        as_of: FHIR date or dateTime; empty: what the document says, else now.
        example: name of the example it is, of which alone there is a link; else empty.
    """

    kind: Kind
    document: str
    profile: str = ""
    as_of: str = ""
    example: str = ""

    def at(self, as_of: str) -> Submission:
        """The same, asked for a moment: what is asked about an answer is asked of its moment."""
        return replace(self, as_of=as_of)


async def fields_of(request: Request) -> Fields:
    """The fields of a form.

    Raises:
        Problem: 415, it is no form; 400, it cannot be read.
    """
    negotiation.content_type(request, (_FORM,))
    body = await request.body()
    interpreter: Interpreter = request.app.state.interpreter
    try:
        return await interpreter.work(len(body), lambda: _parsed(body))
    except ValueError:
        raise Problem(
            400,
            Fault("form-unreadable", "The form cannot be read.", "Load the page and try again."),
        ) from None


def _parsed(body: bytes) -> Fields:
    if not body.isascii() or body.count(b"&") >= _MOST_FIELDS:
        raise ValueError
    found: dict[str, list[str]] = {}
    for part in filter(None, body.split(b"&")):
        name, _, value = part.partition(b"=")
        found.setdefault(_text(name), []).append(_text(value))
    return found


def _text(part: bytes) -> str:
    return b"".join(map(unquote_to_bytes, _pieces(part.replace(b"+", b" ")))).decode()


def _pieces(part: bytes) -> Iterator[bytes]:
    """A text in pieces, no escaped sign cut: written out, every sign of a piece is held alone."""
    at = 0
    while at < len(part):
        end = at + _PIECE
        escaped = part.rfind(b"%", end - 2, end)
        end = end if escaped < 0 else escaped
        yield part[at:end]
        at = end


def one(fields: Fields, name: str) -> str:
    """The first value of a field, without white space around it; empty when it is not there."""
    return fields.get(name, [""])[0].strip()


def submission_of(fields: Fields) -> Submission:
    """The submission the hidden fields of an answer carry (``templates/answer/case.html.j2``).

    Raises:
        Problem: 400, they are not there.
    """
    kind = one(fields, "kind")
    match kind:
        case "case" | "fhir" | "cds-hooks" | "hl7v2":
            return Submission(
                kind,
                fields.get("document", [""])[0],
                one(fields, "profile"),
                one(fields, "as_of"),
                said if _NAME.fullmatch(said := one(fields, "example")) else "",
            )
        case _:
            raise Problem(
                400,
                Fault(
                    "form-unreadable",
                    "The form does not say what is to be interpreted.",
                    "Load the page and enter the results again.",
                ),
            )
