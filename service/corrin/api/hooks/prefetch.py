"""What was sent along: the state of every key, and its resources with the paths they stand under.

A key that is absent, ``null``, an empty Bundle, a failed query and a Bundle with more to come are
five different things; only the second and third say that there is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from corrin.api.hooks.call import Call
from corrin.api.hooks.offer import Service
from corrin.api.problem import Fault, Problem
from corrin.intake import searchset
from corrin.intake.given import Given
from corrin.intake.walk import Walked
from corrin.render.cards.occasion import Supply

_OUTCOME = "OperationOutcome"
_RESULTS = frozenset({"Observation", "DiagnosticReport"})
OTHER = "prefetch.other"


@dataclass(frozen=True, slots=True)
class Prefetched:
    """What was sent along.

    Attributes:
        supply: what became of every key of the service.
        given: every resource or Bundle with its path; keys that were not asked for among them,
            under a path that does not repeat them.
        others: how many keys were not asked for.
        unsorted: the keys of which not all was sent, and what was sent not the newest first.
    """

    supply: Mapping[str, Supply]
    given: tuple[Given, ...]
    others: int
    unsorted: frozenset[str] = frozenset()

    def holds_results(self, walked: Walked) -> bool:
        """Whether results came under a key that was not asked for."""
        return any(
            item.kind in _RESULTS and item.path.startswith(OTHER)
            for item in (walked.items if self.others else ())
        )


def prefetched(call: Call, service: Service) -> Prefetched:
    """Sort what was sent along.

    Raises:
        Problem: 400, a key holds neither a resource nor null.
    """
    faults: list[Fault] = []
    supply: dict[str, Supply] = {
        name: supply_of(call.prefetch[name]) if name in call.prefetch else "absent"
        for name in service.keys
    }
    given: list[Given] = []
    others = 0
    for name, value in call.prefetch.items():
        path = f"prefetch.{name}"
        if name not in service.keys:
            path, others = f"{OTHER}[{others}]", others + 1
        if value is None:
            continue
        if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
            says = "A prefetch key holds a FHIR resource or null, and nothing else."
            faults.append(Fault("value-invalid", says, "See CDS Hooks 2.0.1.", path=path))
        else:
            given.append((path, value))
    if faults:
        raise Problem(400, *faults)
    unsorted = frozenset(
        name
        for name, state in supply.items()
        if state == "incomplete" and not searchset.newest_first(call.prefetch[name])
    )
    return Prefetched(supply, tuple(given), others, unsorted)


def supply_of(value: Any) -> Supply:
    """What one value under a key says of what there is."""
    if value is None:
        return "empty"
    if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
        failed = isinstance(value, dict) and value.get("resourceType") == _OUTCOME
        return "failed" if failed else "complete"
    return searchset.extent(value)


def need_results(service: Service, found: Prefetched, walked: Walked) -> None:
    """Refuse a call that brought nothing of what the service is about.

    Raises:
        Problem: 412, as the specification says for required data that are missing.
    """
    laboratory = [key.name for key in service.keys.values() if key.laboratory]
    if any(found.supply[name] not in ("absent", "failed") for name in laboratory):
        return
    if found.holds_results(walked):
        return
    raise Problem(
        412,
        Fault(
            "prefetch-missing",
            "No key of laboratory results was sent, or every query for them failed; results are "
            "not fetched from here.",
            f"Send at least one of: {', '.join(laboratory)}; null where there is nothing.",
            path="prefetch",
        ),
    )
