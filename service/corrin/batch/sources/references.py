"""What the references inside one Bundle lead to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from corrin.batch.sources.fhir import id_of
from corrin.intake.code import identifiers_of
from corrin.intake.item import Resource


def settle(found: Iterable[tuple[Resource, str]]) -> None:
    """Write, in resources of one Bundle with their ``fullUrl``, references as what they lead to.

    ``urn:uuid:…`` and conditional references become ``Type/id``. A resource that has only such a
    ``fullUrl`` gets its id from it, as from a server it is sent to.
    """
    found = list(found)
    targets = _Targets({}, {})
    for resource, full_url in found:
        kind = resource["resourceType"]
        urn = full_url.startswith("urn:")
        if urn and "id" not in resource:
            made = _folded(full_url).rpartition(":")[2]
            if id_of({"id": made}) is not None:
                resource["id"] = made
        name = id_of(resource)
        if name is None:
            continue
        if urn:
            targets.named.setdefault(_folded(full_url), f"{kind}/{name}")
        for key in identifiers_of(resource.get("identifier")):
            targets.identified.setdefault(f"{kind}?identifier={key}", f"{kind}/{name}")
    if targets.named or targets.identified:
        for resource, _ in found:
            _rewrite(resource, targets)


class _Targets(NamedTuple):
    """``Type/id`` by ``fullUrl``, and by conditional reference."""

    named: dict[str, str]
    identified: dict[str, str]

    def of(self, reference: str) -> str:
        """What to write instead of a reference; the same where it is known to nobody here."""
        if reference.startswith("urn:"):
            return self.named.get(_folded(reference), reference)
        if "?identifier=" in reference:
            return self.identified.get(reference.replace("%7C", "|"), reference)
        return reference


def _folded(urn: str) -> str:
    """UUIDs are written in either case."""
    return urn.lower() if urn.startswith("urn:uuid:") else urn


def _rewrite(value: Any, targets: _Targets) -> None:
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str):
            value["reference"] = targets.of(reference)
        for inner in value.values():
            if isinstance(inner, dict | list):
                _rewrite(inner, targets)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict | list):
                _rewrite(inner, targets)
