"""The form as it is shown: what was typed so far, and what there is to choose from."""

from __future__ import annotations

from dataclasses import dataclass

from corrin.api.interpreter import Interpreter
from corrin.api.page.submission import Fields, Submission, one


@dataclass(frozen=True, slots=True)
class Form:
    """What the form shows.

    Attributes:
        document: the text of the field to paste into.
        profile: the profile chosen.
        profiles: those there are.
        as_of: the moment asked for, as typed.
    """

    document: str = ""
    profile: str = ""
    profiles: tuple[str, ...] = ()
    as_of: str = ""


def form_of(fields: Fields, interpreter: Interpreter) -> Form:
    """The form with what was typed into it; empty fields give the form as it is first shown."""
    return Form(
        document=fields.get("document", [""])[0],
        profile=one(fields, "profile") or interpreter.default,
        profiles=tuple(interpreter.engines),
        as_of=one(fields, "as_of"),
    )


def submission(fields: Fields) -> Submission:
    """What was entered, as a document.

    Raises:
        corrin.api.problem.Problem: nothing was entered, or it cannot be made out what it is.
    """
    document = fields.get("document", [""])[0]
    kind = "fhir" if '"resourceType"' in document else "case"
    return Submission(kind, document, one(fields, "profile"), one(fields, "as_of"))  # type: ignore[arg-type]
