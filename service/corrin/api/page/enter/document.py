"""A submitted document → the reading of it, by the reader of its kind."""

from __future__ import annotations

from corrin.api import clinician, negotiation
from corrin.api.interpreter import Interpreter
from corrin.api.page.submission import Submission
from corrin.facts.case import Reading


def read(asked: Submission, interpreter: Interpreter) -> Reading:
    """Read a document: the same decisions as at the door of its kind.

    Raises:
        corrin.intake.IntakeError: it is refused whole.
        corrin.UsageError: the moment asked for is none.
    """
    kind = negotiation.JSON if asked.kind == "case" else negotiation.FHIR
    return clinician.read(asked.document.encode(), kind, interpreter, as_of=asked.as_of or None)
