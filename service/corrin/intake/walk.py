"""Every input form → one flat list of resources, each with its FHIRPath.

What is used of each form is said in ``docs/intake.md``; nothing here looks inside a resource
beyond its type, id, version and contained resources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from corrin.facts.case import Refusal
from corrin.intake import history, lists, searchset
from corrin.intake.item import Item, Resource
from corrin.intake.jsontext import Parsed
from corrin.intake.limits import Limits
from corrin.intake.problem import refuse

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
_MOST_CONTAINERS = 64  # Bundles and Parameters inside one another


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
    if not found.fhir:
        raise refuse("not-fhir" if found.seen else "empty")
    return _newest(found.walked)


def walk_given(given: Iterable[tuple[str, object]], limits: Limits) -> Walked:
    """Flatten values parsed already, each with the path it stands under.

    Raises:
        IntakeError: too-many-entries.
    """
    found = _Walk(limits)
    for path, value in given:
        found.add(value, path, None)
    return _newest(found.walked)


def _newest(walked: Walked) -> Walked:
    walked.items, older = history.newest(walked.items)
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
        place: str = "",
    ) -> None:
        """Take one resource, and what it carries. ``within`` is the collection's FHIRPath."""
        place = place or path
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
            identity = value.get("id")
            if within and type(identity) is str and _ID.fullmatch(identity) is not None:
                path = f"{within}.where(id='{identity}')"
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
            plain = full_url is not None and history.PLAIN_URL.fullmatch(full_url) is not None
            origin = full_url if plain and full_url else path
            if within and plain:
                path = f"{within.removesuffix('.resource')}.where(fullUrl='{full_url}').resource"
        if parent is not None:
            origin = parent.origin + (origin if origin.startswith("#") else f"#{kind}")
        item = Item(value, kind, path, origin, full_url, parent, place)
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
            place = f"{item.place}.contained[{at}]"
            self.add(inner, f"{within}[{at}]", None, parent=item, within=within, place=place)

    def _bundle(self, bundle: Resource, path: str, containers: int) -> None:
        kind = bundle.get("type")
        if not isinstance(kind, str) or kind not in _BUNDLE_TYPES:
            self.walked.refusals.append(Refusal("malformed", f"{path}.type"))
            kind = "collection"
        entries = bundle.get("entry")
        partly = kind == "searchset" and searchset.extent(bundle) in ("failed", "incomplete")
        if partly and isinstance(entries, list | None):
            self.walked.refusals.append(Refusal("search-incomplete", path))
        if entries is None:
            return
        if not isinstance(entries, list):
            self.seen += 1
            self._refuse("malformed", f"{path}.entry")
            return
        if len(entries) + self.seen > self.limits.entries:
            raise refuse("too-many-entries", f"{path}.entry")
        deleted = history.deleted(entries) if kind == "history" else frozenset()
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
            if deleted and history.key_of(resource) in deleted:
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
