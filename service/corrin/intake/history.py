"""Versions of one resource: which is newest, and which was deleted."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from corrin.facts.moment import Moment
from corrin.intake.item import Item, Resource

PLAIN_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9:/._~%-]{1,250}", re.ASCII)
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
    items = _apart(items)
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


def _apart(items: list[Item]) -> list[Item]:
    """The items, where one id of two servers is told apart by ``fullUrl`` and not only by id."""
    servers: dict[str, set[str]] = {}
    for item in items:
        if item.parent is None:
            servers.setdefault(item.origin, set()).add(_server(item))
    if all(len(found) == 1 for found in servers.values()):
        return items
    told: list[Item] = []
    holder: Item | None = None  # contained resources follow what they are contained in
    for item in items:
        if item.parent is None:
            url = item.full_url
            several = len(servers[item.origin]) > 1
            if several and url is not None and PLAIN_URL.fullmatch(url) is not None:
                place = item.path.rpartition(".ofType(")[0].removesuffix(".resource")
                path = f"{place}.where(fullUrl='{url}').resource"
                item = item._replace(path=path, origin=url)
            holder = item
        elif holder is not None and item.parent.resource is holder.resource:
            old = item.parent
            item = item._replace(
                path=holder.path + item.path[len(old.path) :],
                origin=holder.origin + item.origin[len(old.origin) :],
                parent=holder,
            )
        told.append(item)
    return told


def _server(item: Item) -> str:
    url = item.full_url
    if url is None or url.startswith("urn:"):
        return ""
    return url.partition("/_history/")[0].rpartition("/")[0]


def _version(item: Item) -> tuple[datetime, int]:
    return version_of(item.resource)


def version_of(resource: Resource) -> tuple[datetime, int]:
    """What orders the versions of one resource: when it was last updated, then its number."""
    meta = resource.get("meta")
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
