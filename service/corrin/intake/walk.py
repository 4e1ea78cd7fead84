"""Every input form → one flat list of resources, each with its FHIRPath.

What is used of each form is said in ``docs/intake.md``; nothing here looks inside a resource
beyond its type, id, version and contained resources.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from corrin.facts.case import Refusal
from corrin.facts.moment import Moment
from corrin.intake import lists
from corrin.intake.jsontext import Parsed
from corrin.intake.limits import Limits
from corrin.intake.problem import refuse

Resource = dict[str, Any]

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_BUNDLE_TYPES = frozenset(
    {
        "batch",
        "batch-response",
        "collection",
        "document",
        "history",
        "message",
        "searchset",
        "subscription-notification",
        "transaction",
        "transaction-response",
    }
)
_REQUESTS = frozenset({"batch", "transaction"})
_WRITES = frozenset({"POST", "PUT"})
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9:/._~%-]{1,250}", re.ASCII)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_MOST_CONTAINERS = 64  # Bundles and Parameters inside one another


class Item(NamedTuple):
    """One resource of the request (a tuple: thousands are made).

    Attributes:
        resource: the parsed object.
        kind: its ``resourceType``.
        path: FHIRPath that finds it in the request; by type and id (else by ``fullUrl``) where it
            has one, so that the order of entries does not show in it.
        origin: how the source would name it (``Observation/b12``).
        full_url: ``Bundle.entry.fullUrl``.
        parent: the item it is contained in.
    """

    resource: Resource
    kind: str
    path: str
    origin: str
    full_url: str | None = None
    parent: Item | None = None


@dataclass(slots=True)
class Walked:
    """The flat list, and what was met on the way."""

    items: list[Item] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    refused: int = 0
    superseded: int = 0
    not_ours: int = 0
    parameters: list[tuple[str, Resource, str]] = field(default_factory=list)


def walk(parsed: Parsed, limits: Limits) -> Walked:
    """Flatten a request.

    Raises:
        IntakeError: not-fhir (no resource at all, or a type nobody knows on its own), or
            too-many-entries.
    """
    found = _Walk(limits)
    values = parsed.values
    if parsed.lines:
        for value, line in zip(values, parsed.lines, strict=True):
            found.add(value, f"line({line})", None)
    elif isinstance(values[0], list):
        for at, value in enumerate(values[0]):
            found.add(value, f"$this[{at}]", None)
    elif not isinstance(values[0], dict) or not _known(values[0].get("resourceType")):
        raise refuse("not-fhir", "resourceType" if isinstance(values[0], dict) else "")
    else:
        found.add(values[0], values[0]["resourceType"], None, alone=True)
    walked = found.walked
    if not found.fhir:
        raise refuse("not-fhir" if found.seen else "empty")
    walked.items, older = _newest(walked.items)
    walked.superseded += older
    return walked


def _known(kind: object) -> bool:
    return isinstance(kind, str) and kind in lists.load().resource_types


class _Walk:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.walked = Walked()
        self.seen = 0
        self.fhir = False  # whether anything is of a type FHIR knows

    def add(
        self,
        value: object,
        path: str,
        full_url: str | None,
        *,
        parent: Item | None = None,
        within: str = "",
        alone: bool = False,
        containers: int = 0,
    ) -> None:
        """Take one resource, and what it carries. ``within`` is the collection's FHIRPath."""
        self.seen += 1
        if self.seen > self.limits.entries or containers > _MOST_CONTAINERS:
            raise refuse("too-many-entries")
        if not isinstance(value, dict):
            self._refuse("malformed", path)
            return
        kind = value.get("resourceType")
        if not isinstance(kind, str):
            self._refuse("malformed", f"{path}.resourceType")
            return
        if not _known(kind):
            self._refuse("resource-unknown", path)
            return
        self.fhir = True
        if kind == "Bundle":
            self.seen -= 1
            self._bundle(value, path, containers + 1)
            return
        if kind == "Parameters":
            self.seen -= 1
            self._parameters(value.get("parameter"), f"{path}.parameter", containers + 1)
            return
        identity = value.get("id")
        if type(identity) is str and _ID.fullmatch(identity) is not None:
            origin = f"#{identity}" if parent is not None else f"{kind}/{identity}"
            if within:
                path = f"{within}.ofType({kind}).where(id='{identity}')"
        else:
            plain = full_url is not None and _URL.fullmatch(full_url) is not None
            origin = full_url if plain and full_url else path
            if within and plain:
                path = f"{within.removesuffix('.resource')}.where(fullUrl='{full_url}').resource"
        if parent is not None:
            origin = parent.origin + (origin if origin.startswith("#") else f"#{kind}")
        item = Item(value, kind, path, origin, full_url, parent)
        self.walked.items.append(item)
        contained = value.get("contained")
        if contained is not None:
            self._contained(contained, item)

    def _refuse(self, reason: str, path: str) -> None:
        self.walked.refused += 1
        self.walked.refusals.append(Refusal(reason, path))

    def _contained(self, contained: object, item: Item) -> None:
        if not isinstance(contained, list):
            self._refuse("malformed", f"{item.path}.contained")
            self.seen += 1
            return
        if item.parent is not None:  # FHIR does not nest contained resources
            return
        within = f"{item.path}.contained"
        for at, inner in enumerate(contained):
            if isinstance(inner, dict) and inner.get("resourceType") in ("Bundle", "Parameters"):
                self._refuse("malformed", f"{within}[{at}]")
                continue
            self.add(inner, f"{within}[{at}]", None, parent=item, within=within)

    def _bundle(self, bundle: Resource, path: str, containers: int) -> None:
        kind = bundle.get("type")
        if not isinstance(kind, str) or kind not in _BUNDLE_TYPES:
            self.walked.refusals.append(Refusal("malformed", f"{path}.type"))
            kind = "collection"
        entries = bundle.get("entry")
        if entries is None:
            return
        if not isinstance(entries, list):
            self.seen += 1
            self._refuse("malformed", f"{path}.entry")
            return
        if len(entries) + self.seen > self.limits.entries:
            raise refuse("too-many-entries", f"{path}.entry")
        deleted = _deleted(entries) if kind == "history" else frozenset()
        within = f"{path}.entry.resource"
        for at, entry in enumerate(entries):
            where = f"{path}.entry[{at}]"
            if not isinstance(entry, dict):
                self.seen += 1
                self._refuse("malformed", where)
                continue
            resource = entry.get("resource")
            if resource is None:
                continue
            if kind in _REQUESTS and not _written(entry):
                self.seen += 1
                self.walked.not_ours += 1
                continue
            if deleted and _key(resource, entry) in deleted:
                self.seen += 1
                self.walked.superseded += 1
                continue
            full_url = entry.get("fullUrl")
            self.add(
                resource,
                f"{where}.resource",
                full_url if isinstance(full_url, str) and full_url else None,
                within=within,
                containers=containers,
            )

    def _parameters(self, parameters: object, path: str, containers: int) -> None:
        if parameters is None:
            return
        if containers > _MOST_CONTAINERS or not isinstance(parameters, list):
            self._refuse("malformed", path)
            return
        for at, parameter in enumerate(parameters):
            where = f"{path}[{at}]"
            if at > self.limits.entries:
                raise refuse("too-many-entries", path)
            if not isinstance(parameter, dict):
                self._refuse("malformed", where)
                continue
            name = parameter.get("name")
            if isinstance(name, str):
                self.walked.parameters.append((name, parameter, where))
            if parameter.get("resource") is not None:
                self.add(
                    parameter["resource"],
                    f"{where}.resource",
                    None,
                    within="",
                    containers=containers,
                )
            if parameter.get("part") is not None:
                self._parameters(parameter["part"], f"{where}.part", containers + 1)


def _written(entry: Resource) -> bool:
    request = entry.get("request")
    if not isinstance(request, dict):
        return True
    method = request.get("method")
    return method is None or (isinstance(method, str) and method in _WRITES)


def _key(resource: object, entry: Resource) -> str | None:
    if isinstance(resource, dict) and isinstance(resource.get("id"), str):
        return f"{resource.get('resourceType')}/{resource['id']}"
    return None


def _deleted(entries: list[Any]) -> frozenset[str | None]:
    """``Type/id`` of resources whose newest version in a history is a deletion."""
    newest: dict[str, tuple[datetime, int, bool]] = {}
    for at, entry in enumerate(entries):
        if not isinstance(entry, dict):
            continue
        request = entry.get("request")
        request = request if isinstance(request, dict) else {}
        gone = request.get("method") == "DELETE"
        url = request.get("url") if gone else None
        key = _key(entry.get("resource"), entry)
        if key is None and isinstance(url, str):
            key = "/".join(url.split("?")[0].split("/_history")[0].rstrip("/").split("/")[-2:])
        if key is None:
            continue
        # A history lists its newest version first, unless times say otherwise.
        version = (_time(entry), -at, gone)
        if key not in newest or version[:2] > newest[key][:2]:
            newest[key] = version
    return frozenset(key for key, version in newest.items() if version[2])


def _time(entry: Resource) -> datetime:
    response, resource = entry.get("response"), entry.get("resource")
    meta = resource.get("meta") if isinstance(resource, dict) else None
    if isinstance(meta, dict) and "lastUpdated" in meta:
        return _instant(meta["lastUpdated"])
    return _instant(response.get("lastModified")) if isinstance(response, dict) else _EARLIEST


def _newest(items: list[Item]) -> tuple[list[Item], int]:
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
