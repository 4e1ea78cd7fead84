"""Observations in two parts, made plainly: what the scanner makes fast."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from corrin.intake.slim import Slim

IGNORED = frozenset(
    {
        *("resourceType", "meta", "text", "category", "encounter", "performer", "language"),
        *("id", "subject", "effectiveDateTime", "issued", "identifier"),
    }
)


def written(value: Any) -> bytes:
    """JSON with decimals as they are."""
    return _written(value).encode()


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(k)}:{_written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def slim(resource: Mapping[str, Any], subject: str) -> Slim | None:
    """The two parts; ``None`` where the resource is no regular Observation of the subject."""
    said = resource.get("subject")
    if resource.get("resourceType") != "Observation" or not isinstance(said, dict):
        return None
    reference, identity = said.get("reference"), resource.get("id")
    if not isinstance(identity, str) or set(said) != {"reference"}:
        return None
    if not isinstance(reference, str) or not reference.endswith(subject):
        return None
    body = {name: value for name, value in resource.items() if name not in IGNORED}
    if reference != subject:
        body["subject"] = {"reference": reference.removesuffix(subject) + "Patient/"}
    times: dict[str, str | None] = {}
    for name in ("effectiveDateTime", "issued"):
        value = resource.get(name)
        if value is not None and not isinstance(value, str):
            body[name] = value
            value = None
        times[name] = value
    identifier = resource.get("identifier")
    return Slim(
        written(body),
        subject,
        identity,
        times["effectiveDateTime"],
        times["issued"],
        None if identifier is None else written(identifier),
    )
