"""References of an answer: what they mean, and whether it is there."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

Resource = dict[str, Any]


def mentioned(request: Any) -> set[str]:
    """Everything a request refers to, or may be referred to by: an answer may repeat it."""
    found = set()
    for one in _objects(request):
        if isinstance(one.get("reference"), str):
            found.add(one["reference"])
        if isinstance(one.get("fullUrl"), str):
            found.add(one["fullUrl"])
        if isinstance(one.get("resourceType"), str) and isinstance(one.get("id"), str):
            found.add(f"{one['resourceType']}/{one['id']}")
    return found


def unresolved(bundle: Resource, known: set[str]) -> list[str]:
    """References that mean nothing: neither an entry, nor contained, nor what is known."""
    entries = {entry.get("fullUrl") for entry in bundle["entry"]}
    found = []
    for entry in bundle["entry"]:
        resource = entry["resource"]
        meant = entries | known | {f"#{one['id']}" for one in resource.get("contained", ())}
        for one in _objects(resource):
            if one is resource:
                continue  # DetectedIssue.reference is a plain uri
            reference = one.get("reference")
            if isinstance(reference, str) and reference not in meant:
                found.append(f"{resource['resourceType']}: {reference}")
    return found


def same_twice(bundle: Resource) -> list[str]:
    """Ids and full URLs that stand for two things."""
    urls = [str(entry.get("fullUrl")) for entry in bundle["entry"]]
    ids = [
        f"{one['resource']['resourceType']}/{one['resource'].get('id')}" for one in bundle["entry"]
    ]
    return [one for names in (urls, ids) for one in sorted(set(names)) if names.count(one) > 1]


def localised(bundle: Resource) -> Resource:
    """The same Bundle with ``Type/id`` for references to its entries: what a server would store."""
    found = copy.deepcopy(bundle)
    names = {
        entry["fullUrl"]: f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        for entry in found["entry"]
    }
    for one in _objects(found):
        if one.get("reference") in names:
            one["reference"] = names[one["reference"]]
    return found


def codings(value: Any) -> set[tuple[str, str]]:
    """System and code of every Coding."""
    return {
        (one["system"], one["code"])
        for one in _objects(value)
        if isinstance(one.get("system"), str) and isinstance(one.get("code"), str)
    }


def texts(value: Any) -> Iterator[str]:
    """Every text in a structure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def _objects(value: Any) -> Iterator[Resource]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _objects(one)
    elif isinstance(value, list):
        for one in value:
            yield from _objects(one)
