"""Tests that would settle something found, as draft proposals; never an order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from corrin import terminology
from corrin.notes.report import Report, Settles, Status
from corrin.render import words as said
from corrin.render.fhir import codes, naming, reference, words
from corrin.render.fhir.words import Resource, fit, markdown


@dataclass(frozen=True, slots=True)
class Proposed:
    """A test by the name of its analyte, and every status it would settle."""

    test: str
    statuses: tuple[tuple[Status, Settles], ...]


def proposals(report: Report) -> tuple[Proposed, ...]:
    """The tests worth a proposal, in the order of the report; what is on order is among them.

    A test is proposed where something was found that it would settle, the site can do it, and no
    result of it is there that only wants its reporting put right.
    """
    content = words.load()
    found: dict[str, list[tuple[Status, Settles]]] = {}
    there = known(report)
    unmeasured: set[str] = set()
    for status in report.statuses.values():
        undecided = content.undecided.get(status.topic, frozenset())
        if status.status is not None and status.status not in undecided:
            continue
        reasons = {one.name: one.reason for one in status.missing}
        for one in _first(status):
            test = content.instead.get(one.name, one.name)
            if not one.available or not codes.is_test(test):
                continue
            if test != one.name and test in there:
                continue  # what it is calculated from is there: something else is missing
            if reasons.get(one.name, "not-measured") not in content.measure_for:
                unmeasured.add(test)
            found.setdefault(test, []).append((status, one))
    return tuple(
        Proposed(test, tuple(pairs)) for test, pairs in found.items() if test not in unmeasured
    )


def known(report: Report) -> frozenset[str]:
    """The analytes with a result, be it one that only wants its reporting put right."""
    measure_for = words.load().measure_for
    refused = {one.name for one in report.refusals if one.name and one.reason not in measure_for}
    return frozenset({value.name for value in report.values} | refused)


def _first(status: Status) -> Iterator[Settles]:
    seen: set[str] = set()
    for one in (*status.separated_by, *status.settle):
        if one.name not in seen:
            seen.add(one.name)
            yield one


def request(
    report: Report, one: Proposed, *, base: str, id: str, about: str, when: str, device: str
) -> Resource:
    """A ServiceRequest (draft, proposal) as US Core's profile has it."""
    content = words.load()
    label = terminology.load().analytes[one.test].name
    topics = {status.topic for status, _ in one.statuses}
    behind = reference.each(
        value.origin or value.path
        for note in report.notes
        if note.topic in topics
        for value in note.inputs
    )
    reasons = [ref for ref in behind if reference.may_be_reason(ref)]
    notes = [content.proposal]
    notes += [
        f"{status.title}: {settles.label} {said.bands(settles)}."
        for status, settles in one.statuses
    ]
    found: Resource = {
        "resourceType": "ServiceRequest",
        "id": id,
        "instantiatesCanonical": [
            f"{naming.plan(base, report.profile.id)}|{report.profile.version}"
        ],
        "status": "draft",
        "intent": "proposal",
        "category": [{"coding": [dict(content.category)]}],
        "code": {"coding": [dict(codes.of(one.test)[0])], "text": fit(label)},
        "subject": reference.patient_or_absent(about),
        "authoredOn": when,
        "requester": {"reference": device},
        "reasonCode": [
            {"text": fit(f"{status.title}: {status.says}")} for status, _ in one.statuses
        ],
        "reasonReference": reasons,
        "note": [{"text": markdown(text)} for text in notes],
    }
    return {name: value for name, value in found.items() if value}
