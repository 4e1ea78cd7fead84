"""One resource of a request, with where it was found."""

from __future__ import annotations

from typing import Any, NamedTuple

Resource = dict[str, Any]


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
