"""Valid FHIR of the kinds the service emits, as small as it can be; to be broken by tests."""

from __future__ import annotations

from typing import Any

GUIDANCE = "urn:uuid:5f0b0d3e-7a39-4a5e-9c8c-2d3f1f5e0a01"
ISSUE = "urn:uuid:5f0b0d3e-7a39-4a5e-9c8c-2d3f1f5e0a02"
PROPOSAL = "urn:uuid:5f0b0d3e-7a39-4a5e-9c8c-2d3f1f5e0a03"
PROVENANCE = "urn:uuid:5f0b0d3e-7a39-4a5e-9c8c-2d3f1f5e0a04"
DEVICE = "urn:uuid:5f0b0d3e-7a39-4a5e-9c8c-2d3f1f5e0a05"
WHEN = "2026-03-02T09:00:00Z"
MMA = {"coding": [{"system": "http://loinc.org", "code": "13964-2"}]}

ANSWER: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "timestamp": WHEN,
    "entry": [
        {
            "fullUrl": GUIDANCE,
            "resource": {
                "resourceType": "GuidanceResponse",
                "id": "g1",
                "contained": [
                    {
                        "resourceType": "OperationOutcome",
                        "id": "said",
                        "issue": [{"severity": "information", "code": "incomplete"}],
                    }
                ],
                "moduleCanonical": "https://cds.example.org/fhir/PlanDefinition/b12|0.1.0",
                "status": "data-requested",
                "subject": {"reference": "Patient/p1"},
                "occurrenceDateTime": WHEN,
                "performer": {"reference": DEVICE},
                "reasonReference": [{"reference": "Observation/b12"}],
                "note": [{"text": "For clinician review."}],
                "evaluationMessage": [{"reference": "#said"}],
                "dataRequirement": [
                    {
                        "type": "Observation",
                        "codeFilter": [{"path": "code", "code": MMA["coding"]}],
                        "dateFilter": [
                            {
                                "path": "effective",
                                "valueDuration": {
                                    "value": 90,
                                    "unit": "d",
                                    "system": "http://unitsofmeasure.org",
                                    "code": "d",
                                },
                            }
                        ],
                    }
                ],
            },
        },
        {
            "fullUrl": ISSUE,
            "resource": {
                "resourceType": "DetectedIssue",
                "id": "d1",
                "status": "preliminary",
                "code": {"text": "Vitamin B12 below the laboratory's range"},
                "severity": "moderate",
                "patient": {"reference": "Patient/p1"},
                "identifiedDateTime": WHEN,
                "author": {"reference": DEVICE},
                "implicated": [{"reference": "Observation/b12"}],
                "evidence": [{"code": [{"text": "rule"}]}],
                "reference": "https://cds.example.org/rules/B12-001",
            },
        },
        {
            "fullUrl": PROPOSAL,
            "resource": {
                "resourceType": "ServiceRequest",
                "id": "s1",
                "status": "draft",
                "intent": "proposal",
                "code": MMA,
                "subject": {"reference": "Patient/p1"},
                "requester": {"reference": DEVICE},
                "reasonReference": [{"reference": "Observation/b12"}],
            },
        },
        {
            "fullUrl": PROVENANCE,
            "resource": {
                "resourceType": "Provenance",
                "id": "pv1",
                "target": [{"reference": GUIDANCE}, {"reference": ISSUE}],
                "recorded": WHEN,
                "agent": [{"who": {"reference": DEVICE}}],
                "entity": [{"role": "source", "what": {"reference": "Observation/b12"}}],
            },
        },
        {
            "fullUrl": DEVICE,
            "resource": {
                "resourceType": "Device",
                "id": "dev",
                "deviceName": [{"name": "CDS", "type": "user-friendly-name"}],
            },
        },
    ],
}
OUTCOME: dict[str, Any] = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "required", "expression": ["Bundle.entry[0]"]}],
}
OPERATION: dict[str, Any] = {
    "resourceType": "OperationDefinition",
    "name": "Interpret",
    "status": "draft",
    "kind": "operation",
    "code": "interpret",
    "system": True,
    "type": False,
    "instance": False,
    "parameter": [{"name": "return", "use": "out", "min": 1, "max": "1", "type": "Bundle"}],
}
CAPABILITY: dict[str, Any] = {
    "resourceType": "CapabilityStatement",
    "status": "active",
    "date": "2026-01-01",
    "kind": "instance",
    "implementation": {"description": "A service"},
    "fhirVersion": "4.0.1",
    "format": ["json"],
    "rest": [{"mode": "server"}],
}
CODES: dict[str, Any] = {
    "resourceType": "CodeSystem",
    "url": "https://cds.example.org/fhir/CodeSystem/b12",
    "status": "active",
    "content": "complete",
    "concept": [{"code": "low"}],
}
VALUES: dict[str, Any] = {
    "resourceType": "ValueSet",
    "url": "https://cds.example.org/fhir/ValueSet/b12",
    "status": "active",
    "compose": {"include": [{"system": "https://cds.example.org/fhir/CodeSystem/b12"}]},
}
LIBRARY: dict[str, Any] = {
    "resourceType": "Library",
    "status": "active",
    "type": {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/library-type",
                "code": "asset-collection",
            }
        ]
    },
}
TAKEN = {
    one["resourceType"]: one
    for one in (ANSWER, OUTCOME, OPERATION, CAPABILITY, CODES, VALUES, LIBRARY)
}
