"""A note as a DetectedIssue: what was found, how soon, on which figures, by which rule."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from corrin.notes.report import Evidence, Note, Report, ThresholdUsed, Value
from corrin.render import basis
from corrin.render.fhir import naming, reference, statuses, words
from corrin.render.fhir.words import Resource, exact, fit, lines


def detected(
    report: Report, note: Note, *, base: str, id: str, about: str, when: str, device: str
) -> Resource:
    """One note.

    Args:
        when: the moment asked about, as a FHIR dateTime.
        device: reference to the device that assembled the answer.
    """
    seen = reference.each(value.origin or value.path for value in note.inputs)
    found: Resource = {
        "resourceType": "DetectedIssue",
        "id": id,
        "meta": {"tag": _tags(note, base)},
        "status": "preliminary",
        "code": {
            "coding": [
                {
                    "system": naming.system(base, "note"),
                    "code": note.rule,
                    "display": exact(note.title),
                }
            ],
            "text": fit(note.summary),
        },
        "severity": words.load().severity[note.urgency],
        "patient": reference.patient(about),
        "identifiedDateTime": when,
        "author": {"reference": device},
        "implicated": seen,
        "evidence": _evidence(note, seen),
        "detail": _detail(note),
        "reference": naming.rule(base, note.rule),
    }
    return {name: value for name, value in found.items() if value}


def _tags(note: Note, base: str) -> list[dict[str, str]]:
    marking = naming.system(base, "marking")
    marks = ["on-top" if note.under is None else "folded", note.rule_status]
    if not note.verified:
        marks.append("unverified")
    if note.by_site:
        marks.append("set-by-site")
    return [
        statuses.urgency(note.urgency, base),
        {
            "system": naming.system(base, "topic"),
            "code": note.topic,
            "display": exact(note.topic_title),
        },
        *({"system": marking, "code": mark} for mark in marks),
    ]


def _evidence(note: Note, seen: list[reference.Reference]) -> list[dict[str, Any]]:
    """The conditions that decided, beside the results; then each cut-off with its source."""
    found: list[dict[str, Any]] = []
    whys = [{"text": fit(why.says)} for why in note.why]
    if whys or seen:
        first: dict[str, Any] = {}
        if whys:
            first["code"] = whys
        if seen:
            first["detail"] = seen
        found.append(first)
    found += [{"code": [{"text": _threshold(used)}]} for used in note.thresholds]
    rows = ", ".join(map(basis.check, note.evidence))
    if rows:
        found.append({"code": [{"text": rows}]})
    return found


def _threshold(used: ThresholdUsed) -> str:
    because = f" ({used.because})" if used.because else ""
    source = f"; {used.source}" if used.source else ""
    said = fit(f"{basis.threshold(used)}{because}{source}".rstrip("."))
    return f"{said}. {'; '.join(map(_cited, basis.rows(used)))}"


@lru_cache(maxsize=1024)
def _cited(row: Evidence) -> str:
    """A row of evidence, how it was checked and where it was read; holds nothing of a patient."""
    named = "; ".join(f"{one.title}, {one.url}" if one.url else one.title for one in row.sources)
    return fit(f"{basis.check(row)} [{named}]" if named else basis.check(row))


def _detail(note: Note) -> str:
    """Everything a reader needs to check the note, one thing a line."""
    return lines(
        (
            note.summary,
            note.detail,
            *map(_value, note.inputs),
            *(f"{one.label}: {one.says}" for one in note.missing),
            *note.limits,
            basis.rule_line(note),
        )
    )


def _value(value: Value) -> str:
    """``total vitamin B12: 212 pg/mL → 212 ng/L; 2026-10-20 08:15 UTC; laboratory range …``."""
    compared = "" if value.reported == value.compared else f" \u2192 {value.compared}"
    parts = [f"{value.label}: {value.reported}{compared}"]
    if value.when:
        parts.append(value.when)
    if value.status != "final":
        parts.append(value.status)
    if value.laboratory_range:
        parts.append(f"laboratory range {value.laboratory_range}")
    parts += [flag.says.rstrip(".") for flag in value.flags]
    return "; ".join(parts)
