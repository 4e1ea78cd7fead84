"""The servers that a person of one Bundle is said to be on: one id on two of them is two people."""

from __future__ import annotations

import re
from collections.abc import Iterable

from corrin.batch.sources.fhir import key_of
from corrin.intake.item import Resource

_ADDRESS = re.compile(
    r"https?://(?P<server>[^#?]+)/Patient/(?P<id>[^/#?]+)(?:/_history/[^/#?]+)?(?:#.*)?"
)


def on_several(found: Iterable[tuple[Resource, str]]) -> frozenset[str]:
    """The persons whom resources of a Bundle, each with its ``fullUrl``, name on several servers.

    As :mod:`corrin.intake.subject` finds in one request: from a Patient's ``fullUrl``, where it
    ends in the Patient's id, and from references. Nothing else knows the ``fullUrl``: rows are
    kept without it.
    """
    servers: dict[str, set[str]] = {}
    for resource, full_url in found:
        server = _server(resource, full_url)
        if server:
            servers.setdefault(key_of(resource), set()).add(server)
    return frozenset(person for person, named in servers.items() if person and len(named) > 1)


def _server(resource: Resource, full_url: str) -> str:
    """The server that a resource says its person is on; empty where it does not."""
    if resource.get("resourceType") == "Patient":
        match = _ADDRESS.fullmatch(full_url)
        if match is None or match["id"] != resource.get("id"):
            return ""
    else:
        subject = resource.get("subject") or resource.get("patient")
        reference = subject.get("reference") if isinstance(subject, dict) else None
        match = _ADDRESS.fullmatch(reference) if isinstance(reference, str) else None
        if match is None:
            return ""
    return match["server"].rstrip("/").lower()
