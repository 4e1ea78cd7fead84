"""Which route and door a path belongs to: templates only, so that no path itself is told."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount, compile_path

METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")
)

OTHER = "other"

_DOORS = (
    ("/v1/interpret/batch", "batch"),
    ("/v1/interpret", "clinician"),
    ("/v1", "catalogue"),
    ("/fhir", "fhir"),
    ("/cds-services", "cds-hooks"),
    ("/livez", "operation"),
    ("/readyz", "operation"),
    ("/metrics", "operation"),
    ("/docs", "page"),
    ("/openapi.json", "page"),
    ("/page", "page"),
    ("/examples", "page"),
    ("/rules", "page"),
    ("/", "page"),
)

DOORS = tuple(dict.fromkeys([*(door for _, door in _DOORS), OTHER]))


class Routes:
    """The routes of an app, found by path whether or not a request comes as far as its router."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._plain: dict[str, tuple[str, str]] = {}
        self._patterns: list[tuple[re.Pattern[str], str, str]] = []
        for context in iter_route_contexts(routes):
            if context.path is None:
                continue
            path = context.path
            if isinstance(context.original_route, Mount):
                path = path.rstrip("/") + "/{path:path}"
            pattern, shown, converters = compile_path(path)
            door = door_of(shown)
            if converters:
                self._patterns.append((pattern, shown, door))
            else:
                self._plain[path] = (shown, door)

    def find(self, path: str) -> tuple[str, str]:
        """The template of a path and its door; ``other`` for a path no route has."""
        found = self._plain.get(path)
        if found is not None:
            return found
        for pattern, template, door in self._patterns:
            if pattern.match(path):
                return template, door
        return OTHER, door_of(path)


def door_of(path: str) -> str:
    """The door a path stands behind, by its beginning."""
    for start, door in _DOORS:
        if path == start or path.startswith((start + "/", start + "$")):
            return door
    return OTHER
