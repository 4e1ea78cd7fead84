"""The shapes of the doors for the API's own description; the full schema is the specification's."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1}
_UUID: Schema = {"type": "string", "format": "uuid"}
_CODING: Schema = {
    "type": "object",
    "required": ["code", "system"],
    "properties": {"code": _TEXT, "system": _TEXT, "display": _TEXT},
}
_MAP: Schema = {"type": "object", "additionalProperties": {"type": ["object", "null"]}}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _object(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties}


DISCOVERY = _object(
    {
        "services": _list(
            _object(
                {
                    "hook": _TEXT,
                    "id": _TEXT,
                    "title": _TEXT,
                    "description": _TEXT,
                    "usageRequirements": _TEXT,
                    "version": _TEXT,
                    "prefetch": {"type": "object", "additionalProperties": _TEXT},
                },
                "hook",
                "id",
                "description",
            )
        )
    },
    "services",
)

REQUEST = _object(
    {
        "hook": _TEXT,
        "hookInstance": _UUID,
        "context": _object(
            {
                "userId": {**_TEXT, "examples": ["Practitioner/1"]},
                "patientId": _TEXT,
                "encounterId": _TEXT,
                "draftOrders": {"type": "object", "description": "Bundle; of the order hooks"},
                "selections": {**_list(_TEXT), "description": "Type/id; of order-select"},
            },
            "userId",
            "patientId",
        ),
        "prefetch": {**_MAP, "description": "key of the service → FHIR R4 resource, or null"},
        "extension": {
            "type": "object",
            "properties": {"org.corrin.evaluationTime": _TEXT, "org.corrin.profile": _TEXT},
        },
    },
    "hook",
    "hookInstance",
    "context",
)

CARDS = _object(
    {
        "cards": _list(
            _object(
                {
                    "uuid": _UUID,
                    "summary": {**_TEXT, "maxLength": 139},
                    "indicator": {"enum": ["info", "warning", "critical"]},
                    "detail": {**_TEXT, "description": "GitHub Markdown, without HTML"},
                    "source": _object({"label": _TEXT, "url": _TEXT, "topic": _CODING}, "label"),
                    "suggestions": _list({"type": "object"}),
                    "selectionBehavior": {"enum": ["at-most-one", "any"]},
                    "overrideReasons": _list(_CODING),
                    "links": _list({"type": "object"}),
                },
                "summary",
                "indicator",
                "source",
            )
        )
    },
    "cards",
)

FEEDBACK = _object(
    {
        "feedback": {
            **_list(
                _object(
                    {
                        "card": _UUID,
                        "outcome": {"enum": ["accepted", "overridden"]},
                        "outcomeTimestamp": {"type": "string", "format": "date-time"},
                        "acceptedSuggestions": {
                            **_list(_object({"id": _UUID}, "id")),
                            "minItems": 1,
                        },
                        "overrideReason": {
                            "type": "object",
                            "properties": {"reason": _CODING, "userComment": _TEXT},
                        },
                    },
                    "card",
                    "outcome",
                    "outcomeTimestamp",
                )
            ),
            "minItems": 1,
        }
    },
    "feedback",
)


def content(schema: Schema) -> Schema:
    """A JSON body of a schema."""
    return {"application/json": {"schema": schema}}


def body(schema: Schema) -> Schema:
    """What an operation reads, as OpenAPI tells it."""
    return {"requestBody": {"required": True, "content": content(schema)}}
