"""One resource of a request, with where it was found."""

from __future__ import annotations

from collections.abc import Iterable
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
        place: where it stands in the request by position alone (``Bundle.entry[3].resource``), for
            messages, which name no id; empty where ``path`` is that already.
    """

    resource: Resource
    kind: str
    path: str
    origin: str
    full_url: str | None = None
    parent: Item | None = None
    place: str = ""


def placed(path: str, items: Iterable[Item]) -> str:
    """The path of an item, or of an element in one, by position and without ids."""
    best = max(
        (one for one in items if one.place and f"{path}.".startswith(f"{one.path}.")),
        key=lambda one: len(one.path),
        default=None,
    )
    return path if best is None else best.place + path[len(best.path) :]
