"""The run as a whole: a GuidanceResponse with its messages, its statuses and what it asks for."""

from __future__ import annotations

from typing import Any

from corrin.notes.report import Report
from corrin.render.fhir import codes, naming, reference, words
from corrin.render.fhir.words import Resource, markdown


def response(
    report: Report,
    *,
    base: str,
    id: str,
    about: str,
    when: str,
    device: str,
    issues: list[dict[str, Any]],
    output: Resource,
) -> Resource:
    """The GuidanceResponse of a report.

    Args:
        when: the moment asked about, as a FHIR dateTime.
        issues: what was refused, is missing, is to be remarked.
        output: the statuses, as Parameters.
    """
    wanted = requirements(report)
    contained: list[Resource] = [output]
    if issues:
        contained.insert(0, {"resourceType": "OperationOutcome", "id": "messages", "issue": issues})
    reasons = [one for one in reference.results(report) if reference.may_be_reason(one)]
    found: Resource = {
        "resourceType": "GuidanceResponse",
        "id": id,
        "contained": contained,
        "moduleCanonical": f"{naming.plan(base, report.profile.id)}|{report.profile.version}",
        "status": _status(report, bool(wanted)),
        "subject": reference.patient(about),
        "occurrenceDateTime": when,
        "performer": {"reference": device},
        "reasonReference": reasons,
        "note": [{"text": text} for text in dict.fromkeys(_notes(report)) if text],
        "evaluationMessage": [{"reference": "#messages"}] if issues else None,
        "outputParameters": {"reference": "#output"},
        "dataRequirement": wanted,
    }
    return {name: value for name, value in found.items() if value}


def requirements(report: Report) -> list[dict[str, Any]]:
    """What would settle it, the most telling first: open topics, then the others, in their order.

    A test the site cannot do is asked for too: its result may come from elsewhere.
    """
    statuses = sorted(report.statuses.values(), key=lambda status: status.status is not None)
    named = dict.fromkeys(
        one.name for status in statuses for one in (*status.separated_by, *status.settle)
    )
    found: list[dict[str, Any]] = []
    for name in named:
        one = codes.requirement(name, report.profile.id)
        if one is not None and one not in found:
            found.append(one)
    return found


def _status(report: Report, wanted: bool) -> str:
    """``data-required`` where the main question has no answer, ``data-requested`` where any answer
    could be better, ``failure`` where the rules are not for this person, else ``success``."""
    if not report.in_scope:  # an answer without issues must not pass for "nothing was found"
        return "failure"
    if not wanted:
        return "success"
    unanswered = words.load().unanswered
    for topic in codes.main_topics(report.profile.id)[:1]:
        main = report.statuses.get(topic)
        if main is not None and (main.status is None or main.status in unanswered):
            return "data-required"
    return "data-requested"


def _notes(report: Report) -> list[str]:
    said = [report.headline]
    said += [
        f"{one.title}: {one.says.rstrip('.')}. {one.because}" for one in report.statuses.values()
    ]
    return [markdown(text) for text in (*said, *report.notices, report.statement)]
