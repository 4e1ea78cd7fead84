"""Every status as coded parameters: topic, status or the possible ones, urgency, what settles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from corrin.notes.report import Report, Settles, Status, Words
from corrin.render import words as said
from corrin.render.fhir import codes, naming
from corrin.render.fhir.words import Resource, exact, fit

Parameter = dict[str, Any]


def parameters(report: Report, base: str) -> Resource:
    """The Parameters a GuidanceResponse carries as its output; ``docs/fhir.md`` lists them."""
    found: list[Parameter] = [
        {"name": "headline", "valueString": fit(report.headline)},
        {"name": "urgency", "valueCoding": urgency(report.urgency, base)},
        {"name": "inScope", "valueBoolean": report.in_scope},
        {"name": "factsDigest", "valueString": report.facts_digest},
        {"name": "cannotSay", "valueInteger": len(report.cannot_say)},
        *({"name": "status", "part": _status(one, base)} for one in report.statuses.values()),
        *(
            {"name": "stated", "valueString": fit(f"{one.label}: {said.context(one)}")}
            for one in report.context
        ),
        *(
            {"name": "trend", "valueString": fit(f"{one.label}: {said.trend(one)}")}
            for one in report.trends
        ),
    ]
    return {"resourceType": "Parameters", "id": "output", "parameter": found}


def urgency(code: str, base: str) -> Parameter:
    """An urgency as a Coding."""
    return {
        "system": naming.system(base, "urgency"),
        "code": code,
        "display": naming.urgencies()[code],
    }


def _status(status: Status, base: str) -> list[Parameter]:
    system = naming.status_system(base, status.topic)
    topic = {"system": naming.system(base, "topic"), "code": status.topic}
    parts: list[Parameter] = [{"name": "topic", "valueCoding": topic}]
    if status.status is not None:
        coding = {"system": system, "code": status.status, "display": exact(status.says)}
        parts.append({"name": "status", "valueCoding": coding})
    parts += _codings("possible", status.possible, system)
    parts += [
        {"name": "urgency", "valueCoding": urgency(status.urgency, base)},
        {"name": "title", "valueString": fit(status.title)},
        {"name": "says", "valueString": fit(status.says)},
        {"name": "because", "valueString": fit(status.because)},
        {"name": "pack", "valueString": status.pack},
    ]
    if status.assumed:
        parts += [{"name": "assumed", "valueString": fit(one.says)} for one in status.assumed]
    if status.fragile:
        parts += [{"name": "fragile", "valueString": fit(one.says)} for one in status.fragile]
    for name, group in (("separatedBy", status.separated_by), ("settledBy", status.settle)):
        parts += [{"name": name, "part": _settles(one, system, base)} for one in group]
    return parts


def _settles(settles: Settles, system: str, base: str) -> list[Parameter]:
    own = {"system": naming.system(base, "input"), "code": settles.name}
    asked = {"coding": [own, *map(dict, codes.of(settles.name))], "text": fit(settles.label)}
    parts: list[Parameter] = [
        {"name": "input", "valueCodeableConcept": asked},
        {"name": "available", "valueBoolean": settles.available},
    ]
    for band in settles.bands:
        led = _codings("leadsTo", band.statuses, system)
        found = {"name": "says", "valueString": fit(band.finding)}
        parts.append({"name": "finding", "part": [found, *led]})
    return parts


def _codings(name: str, words: Iterable[Words], system: str) -> list[Parameter]:
    return [
        {
            "name": name,
            "valueCoding": {"system": system, "code": one.code, "display": exact(one.says)},
        }
        for one in words
    ]
