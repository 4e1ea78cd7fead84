"""The service itself: CapabilityStatement, TerminologyCapabilities, OperationDefinition."""

from __future__ import annotations

from collections.abc import Iterable

from corrin import __version__
from corrin.api import negotiation
from corrin.api.conformance.common import Resource, Source

SUMMARY = (
    "Stateless interpretation of supplied laboratory results of one patient, for review by a "
    "clinician. Never a diagnosis, never an order. Stores nothing."
)
KINDS = ("OperationDefinition", "CodeSystem", "ValueSet", "Library", "PlanDefinition")
"""The resource types that can be read here."""

SEARCH = {"_id": "token", "url": "uri", "version": "token", "name": "string", "status": "token"}
"""Search parameters of each, and their types; all compare the whole text."""

OPERATION = "interpret"


def capabilities(source: Source) -> Resource:
    """What this service can do over FHIR."""
    definition = f"{source.base}/fhir/OperationDefinition/{OPERATION}"
    operation = [{"name": OPERATION, "definition": definition}]
    security: Resource = {"cors": bool(source.settings.allowed_origins)}
    if source.settings.auth == "jwt":
        coding = {
            "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
            "code": "SMART-on-FHIR",
        }
        security["service"] = [{"coding": [coding]}]
        security["description"] = (
            "Access tokens of the site's own authorization server (SMART Backend Services). This "
            "service issues none."
        )
    return {
        "resourceType": "CapabilityStatement",
        "id": "corrin",
        "url": f"{source.base}/fhir/metadata",
        "version": __version__,
        "name": "CorrinCapabilityStatement",
        "title": "Corrin",
        "status": "active",
        "experimental": False,
        "date": source.date,
        "publisher": "The Corrin project",
        "description": SUMMARY,
        "kind": "instance",
        "software": {"name": "Corrin", "version": __version__},
        "implementation": {"description": SUMMARY, "url": f"{source.base}/fhir"},
        "fhirVersion": "4.0.1",
        "format": ["json", negotiation.FHIR],
        "rest": [
            {
                "mode": "server",
                "documentation": "An operation by value, and what describes it. Stores nothing.",
                "security": security,
                "resource": [
                    {"type": "Observation", "operation": operation},
                    *(_read(kind) for kind in KINDS),
                ],
                "operation": operation,
            }
        ],
    }


def _read(kind: str) -> Resource:
    return {
        "type": kind,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "searchParam": [{"name": name, "type": type} for name, type in SEARCH.items()],
    }


def terminology(source: Source, systems: Iterable[Resource]) -> Resource:
    """Which code systems can be read here; there are no terminology operations."""
    return {
        "resourceType": "TerminologyCapabilities",
        "id": "corrin",
        "url": f"{source.base}/fhir/metadata?mode=terminology",
        "version": __version__,
        "name": "CorrinTerminologyCapabilities",
        "title": "Corrin",
        "status": "active",
        "experimental": False,
        "date": source.date,
        "publisher": "The Corrin project",
        "description": "Code systems of this service, to be read whole.",
        "kind": "instance",
        "software": {"name": "Corrin", "version": __version__},
        "implementation": {"description": SUMMARY, "url": f"{source.base}/fhir"},
        "codeSystem": [
            {"uri": system["url"], "version": [{"code": system["version"], "isDefault": True}]}
            for system in systems
        ],
    }


def operation(source: Source) -> Resource:
    """The operation ``$interpret``."""
    found = source.head(
        "OperationDefinition",
        OPERATION,
        title="Interpret laboratory results of one patient",
        says=SUMMARY,
    )
    return {
        **found,
        "name": "Interpret",
        "kind": "operation",
        "affectsState": False,
        "code": OPERATION,
        "comment": "The body may also be a Bundle, a single resource or NDJSON: what it holds is "
        "then read as one parameter data. Prefer: handling=strict lets every whole resource be "
        "judged first. The same request with the same evaluationTime gives the same answer, ids "
        "included.",
        "resource": ["Observation"],
        "system": True,
        "type": True,
        "instance": False,
        "parameter": [
            _in("evaluationTime", "1", "dateTime", "Moment to interpret for; else now."),
            _in("patient", "1", "Patient", "The person the results are of."),
            _in("observation", "*", "Observation", "Results, and statements as Observations."),
            _in(
                "data",
                "*",
                "Any",
                "Bundles or single resources: results, conditions, procedures, medicines.",
            ),
            _in(
                "ruleset",
                "1",
                "canonical",
                "PlanDefinition of this service, with or without version; else its default.",
            ),
            _in("complete", "*", "code", "medicines: the list of medicines sent is complete."),
            {
                "name": "return",
                "use": "out",
                "min": 1,
                "max": "1",
                "documentation": "A collection: GuidanceResponse, DetectedIssues, ServiceRequest "
                "proposals, Provenance, Device.",
                "type": "Bundle",
            },
        ],
    }


def _in(name: str, most: str, kind: str, says: str) -> Resource:
    return {"name": name, "use": "in", "min": 0, "max": most, "documentation": says, "type": kind}
