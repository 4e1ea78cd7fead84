"""A submitted document: what kind it is, and the reading of it by the reader of its kind."""

from __future__ import annotations

import json

from corrin.api import clinician, negotiation
from corrin.api.interpreter import Interpreter
from corrin.api.page.submission import Kind, Submission
from corrin.api.problem import Fault, Problem
from corrin.facts.case import Reading

_SEGMENTS = ("MSH", "FHS", "BHS")
_CALL = ("hook", "hookInstance", "prefetch")
_CASE = ("results", "context")
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


def kind_of(text: str) -> Kind:
    """What a document is, by its beginning or its outermost elements; not whether it is sound.

    Raises:
        corrin.api.problem.Problem: 422, it is none that is read.
    """
    bare = text.lstrip("\ufeff\x0b \t\r\n")
    if bare[:3] in _SEGMENTS and not bare[3:4].isalnum():
        return "hl7v2"
    if bare[:1] == "{":
        return _of_object(bare)
    if bare[:1] == "[" and '"resourceType"' in bare:
        return "fhir"  # a list of resources: its reader says what is wrong with that
    raise Problem(422, _UNKNOWN)


def _of_object(text: str) -> Kind:
    try:
        found = _DECODER.raw_decode(text)[0]
    except (ValueError, RecursionError):
        return _by_words(text)
    if "resourceType" in found:
        return "fhir"
    if any(name in found for name in _CALL):
        return "cds-hooks"
    if any(name in found for name in _CASE):
        return "case"
    return _by_words(text)


def _by_words(text: str) -> Kind:
    """Of a text that is no whole JSON: the reader most likely to say where it is broken."""
    if '"hookInstance"' in text:
        return "cds-hooks"
    if '"resourceType"' in text:
        return "fhir"
    if any(f'"{name}"' in text for name in _CASE):
        return "case"
    raise Problem(422, _UNKNOWN)


def read(asked: Submission, interpreter: Interpreter) -> Reading:
    """Read a document: the same decisions as at the door of its kind.

    Raises:
        corrin.intake.IntakeError: it is refused whole.
        corrin.UsageError: the moment asked for is none.
        corrin.api.problem.Problem: it is no document of its kind.
    """
    match asked.kind:
        case "cds-hooks":
            from corrin.api.page.enter import hook

            return hook.read(asked.document.encode(), interpreter)
        case "hl7v2":
            from corrin.api.page.enter import message

            return message.read(asked.document, interpreter)
        case _:
            kind = negotiation.JSON if asked.kind == "case" else negotiation.FHIR
            as_of = asked.as_of or None
            return clinician.read(asked.document.encode(), kind, interpreter, as_of=as_of)


_UNKNOWN = Fault(
    "input-unrecognised",
    "This is no document that is read here.",
    "Paste FHIR as JSON or NDJSON, a CDS Hooks request, HL7 v2 (ORU^R01), or a case as JSON.",
    "document",
)
