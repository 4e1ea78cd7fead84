"""Every resource that describes this service, prepared once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from starlette.requests import Request

from corrin.api.conformance import artefact, service, vocabulary
from corrin.api.conformance.common import Resource, source
from corrin.api.interpreter import Interpreter
from corrin.api.settings import Settings

_PREPARING = Lock()


@dataclass(frozen=True, slots=True)
class Shelf:
    """Resources by type and id; ``capabilities`` and ``terminology`` describe the whole."""

    capabilities: Resource
    terminology: Resource
    resources: Mapping[str, Mapping[str, Resource]]

    def find(self, kind: str, wanted: Mapping[str, str]) -> list[Resource]:
        """The resources of a type whose elements are as wanted (``_id``, ``url``, ``version`` …).

        A ``url`` may name a version as canonicals do.
        """
        wanted = dict(wanted)
        url, bar, version = wanted.get("url", "").partition("|")
        if bar:
            wanted["url"] = url
            if wanted.setdefault("version", version) != version:
                return []
        return [
            one
            for one in self.resources[kind].values()
            if all(one["id" if name == "_id" else name] == value for name, value in wanted.items())
        ]


def prepare(settings: Settings, interpreter: Interpreter) -> Shelf:
    """Write all resources of a service; some milliseconds."""
    found = source(settings, interpreter)
    systems = vocabulary.systems(found)
    every = [
        service.operation(found),
        *systems,
        *vocabulary.value_sets(found, systems),
        *artefact.libraries(found),
        *artefact.plans(found),
    ]
    return Shelf(
        capabilities=service.capabilities(found),
        terminology=service.terminology(found, systems),
        resources={
            kind: {one["id"]: one for one in every if one["resourceType"] == kind}
            for kind in service.KINDS
        },
    )


def shelf_of(request: Request) -> Shelf:
    """The resources of the service that is asked."""
    state = request.app.state
    if not hasattr(state, "conformance"):
        with _PREPARING:
            if not hasattr(state, "conformance"):
                state.conformance = prepare(state.settings, state.interpreter)
    found: Shelf = state.conformance
    return found
