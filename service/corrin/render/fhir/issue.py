"""A note as a DetectedIssue: what was found, how soon, on which figures, by which rule."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from corrin.notes.report import Evidence, Note, ThresholdUsed, Value
from corrin.render import basis
from corrin.render.fhir import naming, reference, statuses, words
from corrin.render.fhir.reference import Reference
from corrin.render.fhir.words import Resource, exact, fit


class Issues:
    """Writes the notes of one report; what they share is written once.

    Args:
        when: the moment asked about, as a FHIR dateTime.
        device: reference to the device that assembled the answer.
        statement: what the answer is and is not; it stands in every issue.
    """

    def __init__(self, *, base: str, about: str, when: str, device: str, statement: str) -> None:
        self._base, self._when = base, when
        # A record system may keep an issue without the answer it came in.
        self._statement = fit(statement)
        self._patient = reference.patient(about)
        self._author = {"reference": device}
        self._system = naming.system(base, "note")
        self._rules = naming.rule(base, "")
        # By identity: the values of a report outlive its rendering.
        self._lines: dict[int, str] = {}
        self._references: dict[int, Reference | None] = {}

    def detected(self, note: Note, id: str) -> Resource:
        """One note."""
        seen = self._seen(note.inputs)
        found: Resource = {
            "resourceType": "DetectedIssue",
            "id": id,
            "meta": _meta(
                self._base,
                *(note.urgency, note.topic, note.topic_title, note.under is None),
                *(note.rule_status, note.verified, bool(note.by_site)),
            ),
            "status": "preliminary",
            "code": {
                "coding": [
                    {"system": self._system, "code": note.rule, "display": exact(note.title)}
                ],
                "text": fit(note.summary),
            },
            "severity": words.load().severity[note.urgency],
        }
        if self._patient is not None:
            found["patient"] = self._patient
        found["identifiedDateTime"] = self._when
        found["author"] = self._author
        if seen:
            found["implicated"] = seen
        evidence = _evidence(note, seen)
        if evidence:
            found["evidence"] = evidence
        found["detail"] = self._detail(note)
        found["reference"] = f"{self._rules}{note.rule}"
        return found

    def _seen(self, values: tuple[Value, ...]) -> list[Reference]:
        """References to the results of a note, each once."""
        found: list[Reference] = []
        for value in values:
            key = id(value)
            if key not in self._references:
                self._references[key] = reference.to(value.origin or value.path)
            one = self._references[key]
            if one is not None and one not in found:
                found.append(one)
        return found

    def _detail(self, note: Note) -> str:
        """Everything a reader needs to check the note, one thing a line."""
        parts = [fit(note.summary), fit(note.detail)]
        for value in note.inputs:
            line = self._lines.get(id(value))
            if line is None:
                line = self._lines[id(value)] = _line(value)
            parts.append(line)
        parts += [fit(f"{one.label}: {one.says}") for one in note.missing]
        parts += map(fit, note.limits)
        parts += (fit(basis.rule_line(note)), self._statement)
        return "\n".join([part for part in parts if part])


@lru_cache(maxsize=4096)
def _meta(
    base: str,
    urgency: str,
    topic: str,
    title: str,
    on_top: bool,
    rule_status: str,
    verified: bool,
    by_site: bool,
) -> Resource:
    """Urgency, topic and markings of a note as tags. Shared: never to be changed."""
    marking = naming.system(base, "marking")
    marks = ["on-top" if on_top else "folded", rule_status]
    if not verified:
        marks.append("unverified")
    if by_site:
        marks.append("set-by-site")
    return {
        "tag": [
            statuses.urgency(urgency, base),
            {"system": naming.system(base, "topic"), "code": topic, "display": exact(title)},
            *({"system": marking, "code": mark} for mark in marks),
        ]
    }


def _evidence(note: Note, seen: list[Reference]) -> list[dict[str, Any]]:
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
    if note.evidence:
        found.append({"code": [{"text": ", ".join(map(basis.check, note.evidence))}]})
    return found


def _threshold(used: ThresholdUsed) -> str:
    because = f" ({used.because})" if used.because else ""
    source = f"; {used.source}" if used.source else ""
    said = fit(f"{basis.threshold(used)}{because}{source}".rstrip("."))
    return f"{said}. {'; '.join(map(_cited, basis.rows(used)))}"


def _cited(row: Evidence) -> str:
    return _citation(
        basis.check(row), tuple([(source.title, source.url) for source in row.sources])
    )


@lru_cache(maxsize=1024)
def _citation(check: str, sources: tuple[tuple[str, str | None], ...]) -> str:
    """A row of evidence, how it was checked and where it was read; holds nothing of a patient."""
    named = "; ".join(f"{title}, {url}" if url else title for title, url in sources)
    return fit(f"{check} [{named}]" if named else check)


def _line(value: Value) -> str:
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
    return fit("; ".join(parts))
