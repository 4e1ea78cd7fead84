"""Bundles, Parameters and arrays → the resources in them, each a row of its own.

What is used of each is what :mod:`corrin.intake.walk` uses. References that only mean something
inside a Bundle (``urn:uuid:…``, conditional ones) are written as what they lead to, because the
rows of a person are read without the Bundle around them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from corrin.batch.row import Row
from corrin.batch.sources.fhir import Taker, is_known, key_of
from corrin.batch.sources.pages import Page, Pages, page_of
from corrin.batch.sources.references import settle
from corrin.batch.sources.servers import on_several
from corrin.intake import history
from corrin.intake.item import Resource

_BUNDLE, _PARAMETERS = "Bundle", "Parameters"
_SENT = frozenset({"batch", "transaction"})
_WRITES = frozenset({"POST", "PUT"})
_TYPES = _SENT | {
    *("batch-response", "collection", "document", "history", "message", "searchset"),
    *("subscription-notification", "transaction-response"),
}

# Without any of these nothing in it refers to something that only has a name inside it.
_REFERS = (b"urn:", b"?identifier=", b"\\u")
_KEY = re.compile(r"[A-Z][A-Za-z]{0,63}/[A-Za-z0-9\-.]{1,64}", re.ASCII)
_BELONGING = frozenset({"collection", "document", "message", "transaction"})


class Found(NamedTuple):
    """One resource with where it stood, and the entry's ``fullUrl``."""

    resource: Resource
    place: str
    full_url: str


@dataclass(slots=True)
class Content:
    """What is in one collection and all within it.

    Attributes:
        found: resources, in order.
        faults: reason and place of what is none.
        left: resources that a request only names (GET, DELETE).
        gone: ``Type/id`` of what is deleted.
        remarks: reason and place of what is said of a collection as a whole.
        pages: the pages of searches.
    """

    found: list[Found] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    left: int = 0
    gone: list[str] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)


def content_of(value: Any, data: bytes, *, deleted: bool = False) -> Content:
    """What a Bundle, a Parameters or an array of resources holds, references settled.

    Args:
        value: as parsed.
        data: the JSON it was parsed from.
        deleted: it tells what was deleted, whatever else it says.
    """
    content = Content()
    if isinstance(value, list):
        for at, one in enumerate(value):
            _walk(one, f"$this[{at}]", "", content, deleted)
    else:
        _walk(value, str(value["resourceType"]), "", content, deleted)
    if any(sign in data for sign in _REFERS):
        settle((one.resource, one.full_url) for one in content.found)
    return content


def unpack(
    value: Any, data: bytes, line: int, taker: Taker, pages: Pages, *, deleted: bool = False
) -> Iterator[Row]:
    """The rows of a Bundle, a Parameters or an array of resources, read by ``taker``.

    ``line`` is where it stood in its chunk, ``pages`` is added to, all else is for
    :func:`content_of`.
    """
    content = content_of(value, data, deleted=deleted)
    only = _only(content)
    alone = alone_in(value, content)
    for reason, place in content.faults:
        taker.refuse(line, reason, place)
    for reason, place in content.remarks:
        taker.refuse(line, reason, place, only)
    pages.met += [(line, only, page) for page in content.pages]
    for _ in range(content.left):
        taker.leave()
    for key in content.gone:
        taker.delete(key)
    mixed = on_several((one.resource, one.full_url) for one in content.found)
    for seq, one in enumerate(content.found):
        yield from taker.take(
            one.resource, line, place=one.place, seq=seq, alone=alone, mixed=mixed
        )


def alone_in(value: Any, content: Content) -> str:
    """The one person that also what names nobody is about; empty where that cannot be told."""
    return _only(content) if _is_of_one(value) else ""


def _only(content: Content) -> str:
    persons = {key for one in content.found if (key := key_of(one.resource))}
    return persons.pop() if len(persons) == 1 else ""


def _is_of_one(value: Any) -> bool:
    """Whether what stands together belongs together: a result that names nobody in a report, say,
    is that of the one person who is named there; a page of what a search found says no such thing.
    """
    return isinstance(value, dict) and value.get("type") in _BELONGING


def _walk(value: Any, place: str, full_url: str, content: Content, deleted: bool) -> None:
    if not isinstance(value, dict):
        content.faults.append(("malformed", place))
        return
    kind = value.get("resourceType")
    if not isinstance(kind, str):
        content.faults.append(("malformed", f"{place}.resourceType"))
    elif not is_known(kind):
        content.faults.append(("resource-unknown", place))
    elif kind == _BUNDLE:
        _bundle(value, place, content, deleted)
    elif kind == _PARAMETERS:
        if place == _PARAMETERS and not _resources_in(value.get("parameter")):
            content.left += 1  # the header of a block
        _parameters(value.get("parameter"), f"{place}.parameter", content, deleted)
    else:
        content.found.append(Found(value, place, full_url))


def _bundle(bundle: Resource, place: str, content: Content, deleted: bool) -> None:
    kind = bundle.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        content.remarks.append(("malformed", f"{place}.type"))
        kind = "collection"
    entries = bundle.get("entry")
    if entries is None:
        entries = []
    if not isinstance(entries, list):
        content.faults.append(("malformed", f"{place}.entry"))
        return
    if kind == "searchset":
        page = page_of(bundle, place)
        if page is None:
            content.remarks.append(("search-incomplete", place))
        else:
            content.pages.append(page)
    if kind == "history":
        content.gone += sorted(
            key for key in history.deleted(entries) if key and _KEY.fullmatch(key)
        )
    deleted = deleted or (kind in _SENT and bool(entries) and all(map(_deletes, entries)))
    for at, entry in enumerate(entries):
        where = f"{place}.entry[{at}]"
        if not isinstance(entry, dict):
            content.faults.append(("malformed", where))
            continue
        resource = entry.get("resource")
        if deleted:
            key = _deleted_key(entry)
            if key is None:
                content.faults.append(("malformed", f"{where}.request.url"))
            else:
                content.gone.append(key)
            continue
        if resource is None:
            continue
        if kind in _SENT and not _written(entry):
            content.left += 1
            continue
        url = entry.get("fullUrl")
        _walk(resource, f"{where}.resource", url if isinstance(url, str) else "", content, False)


def _parameters(parameters: Any, place: str, content: Content, deleted: bool) -> None:
    if parameters is None:
        return
    if not isinstance(parameters, list):
        content.faults.append(("malformed", place))
        return
    for at, parameter in enumerate(parameters):
        where = f"{place}[{at}]"
        if not isinstance(parameter, dict):
            content.faults.append(("malformed", where))
            continue
        if parameter.get("resource") is not None:
            _walk(parameter["resource"], f"{where}.resource", "", content, deleted)
        _parameters(parameter.get("part"), f"{where}.part", content, deleted)


def _resources_in(parameters: Any) -> bool:
    return any(
        isinstance(one, dict)
        and (one.get("resource") is not None or _resources_in(one.get("part")))
        for one in (parameters if isinstance(parameters, list) else ())
    )


def _method(entry: Any) -> object:
    request = entry.get("request") if isinstance(entry, dict) else None
    return request.get("method") if isinstance(request, dict) else None


def _written(entry: Resource) -> bool:
    method = _method(entry)
    return method is None or (isinstance(method, str) and method in _WRITES)


def _deletes(entry: Any) -> bool:
    return _method(entry) == "DELETE"


def _deleted_key(entry: Resource) -> str | None:
    """``Type/id`` that an entry deletes."""
    request = entry.get("request")
    url = request.get("url") if isinstance(request, dict) else None
    if not isinstance(url, str):
        return history.key_of(entry.get("resource"))
    key = "/".join(url.split("?")[0].split("/_history")[0].rstrip("/").split("/")[-2:])
    return key if _KEY.fullmatch(key) else None
