"""Whether the validator that judges our FHIR can find fault at all: what it takes, what it refuses.

Each broken resource differs from one that is taken by a single change.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from support import places
from support.valid import ANSWER, DEVICE, GUIDANCE, OUTCOME, TAKEN, WHEN
from support.validator import US_CORE, Validator

pytestmark = [pytest.mark.node, pytest.mark.xdist_group("node")]

Change = Callable[[Any], object]


def put(path: str, value: Any) -> Change:
    """Set what stands at ``0.resource.status``; numbers are places in a list."""

    def change(resource: Any) -> None:
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in way:
            resource = resource[part]
        resource[last] = value

    return change


def drop(path: str) -> Change:
    """Remove what stands there."""

    def change(resource: Any) -> None:
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in way:
            resource = resource[part]
        del resource[last]

    return change


def both(*changes: Change) -> Change:
    """One change after the other."""
    return lambda resource: [change(resource) for change in changes]


BROKEN: dict[str, tuple[str, Change, str]] = {
    # what is broken: which resource, how, and what the validator must name
    "unknown element": (
        "Bundle",
        put("entry.1.resource.subject", {"display": "x"}),
        "additional property",
    ),
    "element of R5": ("Bundle", put("entry.2.resource.reason", [{"x": 1}]), "reason"),
    "unknown resource": ("Bundle", put("entry.4.resource.resourceType", "Devise"), "entry[4]"),
    "no resource type": ("Bundle", drop("entry.4.resource.resourceType"), "entry[4]"),
    "status missing": ("Bundle", drop("entry.0.resource.status"), "status"),
    "module missing": ("Bundle", drop("entry.0.resource.moduleCanonical"), "module"),
    "subject missing": ("Bundle", drop("entry.2.resource.subject"), "subject"),
    "agent missing": ("Bundle", drop("entry.3.resource.agent"), "agent"),
    "target empty": ("Bundle", put("entry.3.resource.target", []), "target"),
    "code of another status": (
        "Bundle",
        put("entry.0.resource.status", "data-wanted"),
        "guidance-response-status",
    ),
    "code of no severity": ("Bundle", put("entry.1.resource.severity", "urgent"), "severity"),
    "code of no intent": ("Bundle", put("entry.2.resource.intent", "suggestion"), "request-intent"),
    "code of no role": ("Bundle", put("entry.3.resource.entity.0.role", "input"), "entity-role"),
    "code of no Bundle": ("Bundle", put("type", "answers"), "bundle-type"),
    "total of a collection": ("Bundle", put("total", 5), "bdl-1"),
    "request in a collection": (
        "Bundle",
        put("entry.0.request", {"method": "POST", "url": "x"}),
        "bdl-3",
    ),
    "response in a collection": ("Bundle", put("entry.0.response", {"status": "200"}), "bdl-4"),
    "same fullUrl twice": ("Bundle", put("entry.1.fullUrl", GUIDANCE), "bdl-7"),
    "entry of nothing": ("Bundle", put("entry.4", {"fullUrl": DEVICE}), "bdl-5"),
    "fullUrl of a version": (
        "Bundle",
        put("entry.4.fullUrl", "https://x.org/Device/d/_history/1"),
        "bdl-8",
    ),
    "contained nobody names": ("Bundle", drop("entry.0.resource.evaluationMessage"), "dom-3"),
    "contained that is not there": ("Bundle", drop("entry.0.resource.contained"), "ref-1"),
    "contained in contained": (
        "Bundle",
        put("entry.0.resource.contained.0.contained", [{"resourceType": "Basic"}]),
        "contained",
    ),
    "contained with a version": (
        "Bundle",
        put("entry.0.resource.contained.0.meta", {"versionId": "1"}),
        "dom-4",
    ),
    "reference to the wrong entry": (
        "Bundle",
        put("entry.1.resource.author.reference", GUIDANCE),
        "GuidanceResponse",
    ),
    "reference to the wrong type": (
        "Bundle",
        put("entry.2.resource.subject.reference", "Observation/b12"),
        "Observation",
    ),
    "two values of a choice": (
        "Bundle",
        put("entry.1.resource.identifiedPeriod", {"start": WHEN}),
        "identified",
    ),
    "text for a list": ("Bundle", put("entry.0.resource.note", {"text": "x"}), "note"),
    "list for a text": ("Bundle", put("entry.1.resource.detail", ["x"]), "detail"),
    "number as text": (
        "Bundle",
        put("entry.0.resource.dataRequirement.0.dateFilter.0.valueDuration.value", "90"),
        "value",
    ),
    "date as number": ("Bundle", put("timestamp", 1709280000), "timestamp"),
    "no day of the calendar": (
        "Bundle",
        put("entry.1.resource.identifiedDateTime", "2026-02-30"),
        "calendar",
    ),
    "no zone": ("Bundle", put("entry.3.resource.recorded", "2026-03-02T09:00:00"), "recorded"),
    "no seconds": ("Bundle", put("entry.1.resource.identifiedDateTime", "2026-03-02T09:00Z"), ""),
    "id of a sign too many": ("Bundle", put("entry.1.resource.id", "x" * 65), "id"),
    "id of a wrong sign": ("Bundle", put("entry.1.resource.id", "a_b"), "id"),
    "null": ("Bundle", put("entry.1.resource.detail", None), "detail"),
    "empty text": ("Bundle", put("entry.1.resource.detail", ""), "detail"),
    "white text": ("Bundle", put("entry.1.resource.detail", " \n"), "detail"),
    "empty list": ("Bundle", put("entry.0.resource.note", []), "note"),
    "empty object": ("Bundle", put("entry.1.resource.code", {}), "code"),
    "unit without system": (
        "Bundle",
        drop("entry.0.resource.dataRequirement.0.dateFilter.0.valueDuration.system"),
        "valueDuration",
    ),
    "extension without url": (
        "Bundle",
        put("entry.0.resource.extension", [{"valueString": "x"}]),
        "extension",
    ),
    "extension of value and parts": (
        "Bundle",
        put(
            "entry.0.resource.extension",
            [
                {
                    "url": "https://x.org/a",
                    "valueString": "x",
                    "extension": [{"url": "b", "valueString": "y"}],
                }
            ],
        ),
        "extension",
    ),
    "element of Medplum's own": (
        "Bundle",
        put("entry.0.resource.meta", {"project": "x"}),
        "project",
    ),
    "outcome of nothing": ("OperationOutcome", drop("issue"), "issue"),
    "no severity": ("OperationOutcome", put("issue.0.severity", "severe"), "issue-severity"),
    "no issue type": ("OperationOutcome", put("issue.0.code", "bad"), "issue-type"),
    "out without max": ("OperationDefinition", drop("parameter.0.max"), "max"),
    "no operation name": ("OperationDefinition", put("code", "in terpret "), "code"),
    "no parameter type": ("OperationDefinition", put("parameter.0.type", "Reprot"), "all-types"),
    "instance of nothing": ("CapabilityStatement", drop("implementation"), "cpb-"),
    "no FHIR version": ("CapabilityStatement", put("fhirVersion", "4.1"), "FHIR-version"),
    "no capability": ("CapabilityStatement", drop("rest"), "cpb-1"),
    "no content": ("CodeSystem", drop("content"), "content"),
    "same code twice": ("CodeSystem", put("concept", [{"code": "a"}, {"code": "a"}]), "csd-1"),
    "set of nothing": ("ValueSet", put("compose.include", [{"version": "1"}]), "vsd-1"),
    "no status": ("Library", put("status", "final"), "publication-status"),
    "type of nothing": ("Library", drop("type"), "type"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_takes(validator: Validator, name: str) -> None:
    """Without that, refusing would prove nothing."""
    assert [str(issue) for issue in validator.judge(TAKEN[name])] == []


@pytest.mark.parametrize("name", BROKEN)
def test_refuses(validator: Validator, name: str) -> None:
    resource, change, named = BROKEN[name]
    broken = copy.deepcopy(TAKEN[resource])
    change(broken)
    said = [str(issue) for issue in validator.judge(broken) if issue.severity == "error"]
    assert said
    assert any(named in one for one in said), said


@pytest.mark.parametrize("broken", [None, [], "Bundle", 3, {}, {"resourceType": 3}])
def test_refuses_what_is_no_resource(validator: Validator, broken: Any) -> None:
    """And goes on answering."""
    assert validator.judge(broken)
    assert validator.judge(OUTCOME) == []


def test_refuses_a_profile_it_has_not(validator: Validator) -> None:
    (issue,) = validator.judge(OUTCOME, "https://example.org/StructureDefinition/none")
    assert issue.code == "not-found"


@pytest.mark.profiles
def test_profile_refuses_more_than_the_base_does(validator: Validator) -> None:
    """US Core asks a ServiceRequest for a code; R4 does not."""
    proposal = copy.deepcopy(ANSWER["entry"][2]["resource"])
    assert validator.judge(proposal, f"{US_CORE}servicerequest") == []
    del proposal["code"]
    assert validator.judge(proposal) == []
    assert validator.judge(proposal, f"{US_CORE}servicerequest")


@pytest.mark.samples
def test_takes_the_public_samples(validator: Validator) -> None:
    """No false alarm over some hundred resources others have published."""
    said = {}
    for file in places.sample_files("fhir/*.json"):
        said[file.name] = [str(issue) for issue in validator.judge(json.loads(file.read_bytes()))]
    for file in places.sample_files("bulk/*.ndjson"):
        for number, line in enumerate(file.read_text().splitlines()[:100], 1):
            found = validator.judge(json.loads(line))
            said[f"{file.name}:{number}"] = [str(issue) for issue in found]
    assert len(said) > 100
    assert {name: issues for name, issues in said.items() if issues} == {}
