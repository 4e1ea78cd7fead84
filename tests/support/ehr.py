"""An EHR as a CDS Hooks client: it runs a service's prefetch templates over a patient's record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

Resource = dict[str, Any]

USER = "Practitioner/pr1"
ASKED = date(2026, 11, 1)
"""The day the examples of ``fixtures/fhir`` are asked for; a hook is asked for today."""


def prefetch(service: Mapping[str, Any], record: Iterable[Resource]) -> dict[str, Any]:
    """What the templates of a service find in a record: a resource, or a searchset."""
    held = list(record)
    return {key: _found(template, held) for key, template in service.get("prefetch", {}).items()}


def request(
    service: Mapping[str, Any], record: Iterable[Resource], patient: str, **context: Any
) -> Resource:
    """The body of a call of a service, with everything it asks for prefetched."""
    return {
        "hook": service["hook"],
        "hookInstance": str(uuid4()),
        "context": {"userId": USER, "patientId": patient, **context},
        "prefetch": prefetch(service, record),
    }


def record(bundle: Resource) -> list[Resource]:
    """The resources of a Bundle as a server keeps them: under their ids, referred to by them."""
    text = json.dumps(
        [entry["resource"] for entry in bundle.get("entry", ()) if "resource" in entry]
    )
    for entry in bundle.get("entry", ()):
        url, kept = entry.get("fullUrl", ""), entry.get("resource", {})
        if url.startswith("urn:") and "id" in kept:
            text = text.replace(f'"{url}"', f'"{kept["resourceType"]}/{kept["id"]}"')
    found: list[Resource] = json.loads(text)
    return found


def _found(template: str, held: list[Resource]) -> Any:
    query = urlsplit(template)
    kind = query.path.split("/")[0]
    of_kind = [one for one in held if one.get("resourceType") == kind]
    if "/" in query.path:  # a read
        return of_kind[0] if of_kind else None
    asked = parse_qs(query.query)
    wanted = {
        token for value in asked.get("code", []) for token in value.replace("%7C", "|").split(",")
    }
    taken = [one for one in of_kind if not wanted or wanted & set(_tokens(one))]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(taken),
        "entry": [
            {
                "fullUrl": f"https://ehr.example.org/fhir/{kind}/{one.get('id', 'x')}",
                "resource": one,
                "search": {"mode": "match"},
            }
            for one in taken
        ],
    }


def _tokens(resource: Resource) -> Iterable[str]:
    for element in ("code", "medicationCodeableConcept"):
        for coding in (resource.get(element) or {}).get("coding", ()):
            yield f"{coding.get('system', '')}|{coding.get('code', '')}"
            yield str(coding.get("code", ""))


def today(resources: Any) -> Any:
    """Resources of the examples, with every date in them as long ago as it was when asked."""
    by = datetime.now(UTC).date() - ASKED

    def later(found: re.Match[str]) -> str:
        return (date.fromisoformat(found[0]) + by).isoformat()

    return json.loads(re.sub(r"\b(?:19|20)\d\d-\d\d-\d\d(?=[T\"])", later, json.dumps(resources)))
