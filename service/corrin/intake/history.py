"""Versions of one resource: which is newest, and which was deleted."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from corrin.facts.moment import Moment
from corrin.intake.item import Item, Resource

_EARLIEST = datetime.min.replace(tzinfo=UTC)


def deleted(entries: list[Any]) -> frozenset[str | None]:
    """``Type/id`` of resources whose newest version in a history is a deletion."""
    latest: dict[str, tuple[datetime, int, bool]] = {}
    for at, entry in enumerate(entries):
        if not isinstance(entry, dict):
            continue
        request = entry.get("request")
        request = request if isinstance(request, dict) else {}
        gone = request.get("method") == "DELETE"
        url = request.get("url") if gone else None
        key = key_of(entry.get("resource"))
        if key is None and isinstance(url, str):
            key = "/".join(url.split("?")[0].split("/_history")[0].rstrip("/").split("/")[-2:])
        if key is None:
            continue
        # A history lists its newest version first, unless times say otherwise.
        version = (_time(entry), -at, gone)
        if key not in latest or version[:2] > latest[key][:2]:
            latest[key] = version
    return frozenset(key for key, version in latest.items() if version[2])


def _time(entry: Resource) -> datetime:
    response, resource = entry.get("response"), entry.get("resource")
    meta = resource.get("meta") if isinstance(resource, dict) else None
    if isinstance(meta, dict) and "lastUpdated" in meta:
        return _instant(meta["lastUpdated"])
    return _instant(response.get("lastModified")) if isinstance(response, dict) else _EARLIEST


def newest(items: list[Item]) -> tuple[list[Item], int]:
    """Of several versions of one resource the newest; two that cannot be ordered both stay."""
    outer = [item.origin for item in items if item.parent is None]
    if len(set(outer)) == len(outer):
        return items, 0
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        if item.parent is None:
            groups.setdefault((item.origin, _server(item)), []).append(item)
    dropped: set[int] = set()
    for group in groups.values():
        if len(group) > 1 and "/" in group[0].origin and "[" not in group[0].origin:
            best = max(_version(item) for item in group)
            kept: set[str] = set()
            for item in group:
                content = json.dumps(item.resource, sort_keys=True, default=str)
                if _version(item) < best or content in kept:
                    dropped.add(id(item))
                kept.add(content)
    gone = [
        item
        for item in items
        if id(item) in dropped or (item.parent is not None and id(item.parent) in dropped)
    ]
    if not gone:
        return items, 0
    away = {id(item) for item in gone}
    return [item for item in items if id(item) not in away], len(gone)


def _server(item: Item) -> str:
    url = item.full_url
    return "" if url is None or url.startswith("urn:") else url.rpartition("/")[0]


def _version(item: Item) -> tuple[datetime, int]:
    meta = item.resource.get("meta")
    if not isinstance(meta, dict):
        return (_EARLIEST, -1)
    version = meta.get("versionId")
    number = -1
    if isinstance(version, str) and re.fullmatch(r"\d{1,9}", version, re.ASCII):
        number = int(version)
    return (_instant(meta.get("lastUpdated")), number)


def _instant(text: object) -> datetime:
    if isinstance(text, str):
        try:
            return Moment.parse(text).start
        except ValueError:
            pass
    return _EARLIEST


def key_of(resource: object) -> str | None:
    """``Type/id`` of a resource that has an id."""
    if isinstance(resource, dict) and isinstance(resource.get("id"), str):
        return f"{resource.get('resourceType')}/{resource['id']}"
    return None
