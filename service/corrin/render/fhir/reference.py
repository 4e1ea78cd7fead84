"""References to what a request held, as far as anybody can follow them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from corrin.notes.report import Report
from corrin.render.fhir.words import exact

# Relative, absolute, or within the message; nothing is kept of what is asked.
_FOLLOWED = re.compile(
    r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}"
    r"|https?://[A-Za-z0-9:/._~%-]{1,1024}/[A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64}"
    r"|urn:(?:uuid|oid):[A-Za-z0-9.-]{1,64}",
    re.ASCII,
)
_REASONS = frozenset({"Condition", "Observation", "DiagnosticReport", "DocumentReference"})

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

Reference = dict[str, Any]


def to(origin: str) -> Reference | None:
    """A reference to where something came from, as the request named it.

    Of a contained resource the one that holds it, with its own id as display: FHIR lets nobody
    point into another resource. Of a place that is no reference (``line(3)``, ``results[0]``) only
    the place, as display. ``None`` where nothing is known.
    """
    if not origin:
        return None
    holder, hash_, inner = origin.partition("#")
    if resolvable(holder):
        found: Reference = {"reference": holder}
        if hash_ and inner:
            found["display"] = exact(f"#{inner}")
        return found
    shown = exact(origin)
    return {"display": shown} if shown else None


def resolvable(text: str) -> bool:
    """Whether a text is a reference FHIR knows how to follow."""
    return _FOLLOWED.fullmatch(text) is not None


def kind(reference: Reference) -> str:
    """The resource type a reference says it points to; ``""`` where it says none."""
    text = str(reference.get("reference", ""))
    return text.split("/")[-2] if "/" in text else ""


def may_be_reason(reference: Reference) -> bool:
    """Whether FHIR lets a reference stand as the reason of guidance or of a request."""
    return kind(reference) in _REASONS or not kind(reference)


def each(origins: Iterable[str]) -> list[Reference]:
    """References to origins, each once, in their order."""
    found = (to(origin) for origin in dict.fromkeys(origins))
    kept: dict[tuple[object, object], Reference] = {}
    for one in found:
        if one is not None:
            kept.setdefault((one.get("reference"), one.get("display")), one)
    return list(kept.values())


def results(report: Report) -> list[Reference]:
    """The results a report rests on, in the order of the report."""
    return each(value.origin or value.path for value in report.values)


def inputs(report: Report) -> list[Reference]:
    """Everything a report rests on: results, earlier results, statements."""
    named = [value.origin or value.path for value in report.values]
    named += [one.origin for value in report.values for one in value.earlier]
    named += [stated.origin for stated in report.context]
    return each(named)


def patient(about: str) -> Reference | None:
    """The person, where the request said how to refer to them."""
    return {"reference": about} if about else None


def patient_or_absent(about: str) -> Reference:
    """The person, where an element must be there: else it says that nobody said who it is."""
    if about:
        return {"reference": about}
    return {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
