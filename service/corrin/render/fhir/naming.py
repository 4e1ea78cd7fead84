"""How things of ours are called in FHIR: canonical URLs, code systems, name-based UUIDs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha1
from types import MappingProxyType

from corrin.content import read_document, rules_root
from corrin.notes.report import Report

NAMESPACE = "b0b7d3a2-0c4e-5d59-9a53-0c6f3a1d5e77"
"""Namespace of every id of an answer (RFC 9562, version 5). Never to be changed."""


def resource_id(name: str) -> str:
    """A name of ours as a FHIR id, which knows no underscore."""
    return name.replace("_", "-")


def system(base: str, name: str) -> str:
    """URL of a code system of ours."""
    return f"{base}/fhir/CodeSystem/{name}"


def status_system(base: str, topic: str) -> str:
    """URL of the code system that holds the statuses of a topic."""
    return f"{base}/fhir/CodeSystem/status-{resource_id(topic)}"


def plan(base: str, profile: str) -> str:
    """Canonical URL of a profile, without its version."""
    return f"{base}/fhir/PlanDefinition/{resource_id(profile)}"


def library(base: str, pack: str) -> str:
    """Canonical URL of a pack, without its version."""
    return f"{base}/fhir/Library/{resource_id(pack)}"


def site_library(base: str, overlay: str) -> str:
    """Canonical URL of a site file, without its version."""
    return f"{base}/fhir/Library/site-{resource_id(overlay)}"


def rule(base: str, rule_id: str) -> str:
    """The page of a rule."""
    return f"{base}/v1/rules/{rule_id}"


def policies(report: Report, base: str) -> list[str]:
    """Canonical URLs, with versions, of the content a report rests on."""
    found = [f"{library(base, pack.id)}|{pack.version}" for pack in report.packs]
    if report.overlay is not None:
        found.append(f"{site_library(base, report.overlay.id)}|{report.overlay.version}")
    return found


def uuid(parts: Iterable[str], within: str = NAMESPACE) -> str:
    """A UUID (version 5) of parts, none of which can run into the next, in a namespace."""
    name = "".join([f"{len(part)}:{part}" for part in parts]).encode("utf-8", "backslashreplace")
    namespace = bytes.fromhex(within.replace("-", ""))
    text = sha1(namespace + name, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


@lru_cache(maxsize=1)
def urgencies() -> MappingProxyType[str, str]:
    """The urgencies and what they are called, the highest first."""
    found = read_document(rules_root() / "fhir" / "systems.yaml")["urgencies"]
    return MappingProxyType(dict(found))
