"""What every Bundle of an answer must be, whatever was asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from corrin.intake.strict import _empty, _faults

Resource = dict[str, Any]

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))"
)
_HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

# Required bindings that the models do not check.
_CODES = {
    ("GuidanceResponse", "status"): {"success", "data-requested", "data-required", "failure"},
    ("DetectedIssue", "status"): {"preliminary"},
    ("DetectedIssue", "severity"): {"high", "moderate", "low"},
    ("ServiceRequest", "status"): {"draft"},
    ("ServiceRequest", "intent"): {"proposal"},
    ("Device", "status"): {"active"},
}
_SEVERITIES = {"fatal", "error", "warning", "information"}
_ISSUE_TYPES = frozenset(
    {
        *("invalid", "structure", "required", "value", "invariant", "security", "login"),
        *("unknown", "expired", "forbidden", "suppressed", "processing", "not-supported"),
        *("duplicate", "multiple-matches", "not-found", "deleted", "too-long", "code-invalid"),
        *("extension", "too-costly", "business-rule", "conflict", "transient", "lock-error"),
        *("no-store", "exception", "timeout", "incomplete", "throttled", "informational"),
    }
)
_REASONS = {"Condition", "Observation", "DiagnosticReport", "DocumentReference"}


def resources(bundle: Resource, kind: str) -> list[Resource]:
    """The resources of one type in a Bundle."""
    found = (entry["resource"] for entry in bundle["entry"])
    return [one for one in found if one["resourceType"] == kind]


def only(bundle: Resource, kind: str) -> Resource:
    """The only resource of a type."""
    (found,) = resources(bundle, kind)
    return found


def contained(bundle: Resource, kind: str) -> Resource:
    """What the GuidanceResponse carries of a type."""
    inner = only(bundle, "GuidanceResponse")["contained"]
    (found,) = [one for one in inner if one["resourceType"] == kind]
    return dict(found)


def statuses(bundle: Resource) -> dict[str, dict[str, Any]]:
    """Topic → what a program reads of its status: ``status``, ``possible``, ``urgency``."""
    found: dict[str, dict[str, Any]] = {}
    for parameter in contained(bundle, "Parameters")["parameter"]:
        if parameter["name"] == "status":
            parts = parameter["part"]
            by_name: dict[str, list[Any]] = {}
            for part in parts:
                value = next((v for k, v in part.items() if k.startswith("value")), part)
                by_name.setdefault(part["name"], []).append(value)
            found[by_name["topic"][0]["code"]] = {
                "status": by_name["status"][0]["code"] if "status" in by_name else None,
                "possible": [one["code"] for one in by_name.get("possible", [])],
                "urgency": by_name["urgency"][0]["code"],
            }
    return found


def each(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every element of a structure with its name."""
    yield name, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from each(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from each(inner, name)


def codings(bundle: Resource, base: str) -> set[tuple[str, str]]:
    """Every coding of a system of ours."""
    return {
        (value["system"], value["code"])
        for _, value in each(bundle)
        if isinstance(value, dict) and str(value.get("system", "")).startswith(base)
    }


def check(bundle: Resource, base: str) -> None:
    """Valid R4, nothing empty, nothing hidden, every reference inside leads somewhere."""
    assert _faults(bundle, "Bundle") == []
    assert list(_empty(bundle, "Bundle")) == []
    assert bundle["type"] == "collection"
    assert "total" not in bundle
    assert _INSTANT.fullmatch(bundle["timestamp"])
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls)
    assert all(set(entry) == {"fullUrl", "resource"} for entry in bundle["entry"])
    for entry in bundle["entry"]:
        _check_one(entry["resource"], entry["fullUrl"], set(urls))
    for name, value in each(bundle):
        if isinstance(value, str):
            assert value.strip(), name
            assert _HIDDEN.search(value) is None, name
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds[0] == "GuidanceResponse"
    assert kinds[-2:] == ["Provenance", "Device"]
    provenance = only(bundle, "Provenance")
    assert _INSTANT.fullmatch(provenance["recorded"])
    assert [one["reference"] for one in provenance["target"]] == urls[:-2]
    assert only(bundle, "GuidanceResponse")["moduleCanonical"].startswith(f"{base}/fhir/")


def _check_one(resource: Resource, url: str, known: set[str]) -> None:
    kind = resource["resourceType"]
    assert _ID.fullmatch(resource["id"])
    assert url == f"urn:uuid:{resource['id']}"
    for (of, element), codes in _CODES.items():
        if of == kind:
            assert resource[element] in codes
    inner = {f"#{one['id']}" for one in resource.get("contained", [])}
    met = set()
    for name, value in each(resource):
        if isinstance(value, dict) and "reference" in value and name != "resource":
            reference = value["reference"]
            if name != "reference" and isinstance(reference, str):
                met.add(reference)
                if reference.startswith("urn:uuid:") and name in ("author", "performer", "who"):
                    assert reference in known
                assert "#" not in reference[1:], reference
    assert inner <= met, "what is contained is referred to"
    for name in ("reasonReference",):
        for one in resource.get(name, []):
            text = one.get("reference", "")
            assert text.startswith("urn:") or "/" not in text or text.split("/")[-2] in _REASONS
    for one in resource.get("contained", []):
        for issue in one.get("issue", []):
            assert issue["severity"] in _SEVERITIES
            assert issue["code"] in _ISSUE_TYPES
