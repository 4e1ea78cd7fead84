"""How much a Bundle of search results holds of what was found (FHIR R4, Bundle; 3.1.1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal
from typing import Any, Literal

from corrin.facts.moment import Moment
from corrin.intake import dates

Extent = Literal["failed", "empty", "incomplete", "complete"]
"""The search failed; found nothing; found more than is here, or may have; all is here."""

_OUTCOME = "OperationOutcome"
_SEVERE = ("fatal", "error")
# Issue types that say, even as a warning, that not all was looked at or given.
_WITHHELD = frozenset(
    {
        *("security", "login", "expired", "forbidden", "suppressed", "incomplete", "too-costly"),
        *("transient", "lock-error", "no-store", "timeout", "throttled", "exception"),
    }
)


def extent(bundle: Mapping[str, Any]) -> Extent:
    """What a Bundle says of its own completeness; numbers in it are ``Decimal``."""
    entries = bundle.get("entry")
    if entries is None:
        entries = []
    if not isinstance(entries, list):
        return "failed"
    outcomes = [one for one in entries if _is_outcome(one)]
    matches = len(entries) - len(outcomes)
    included = sum(_mode(one) == "include" for one in entries)
    sent = sum(_holds_resource(one) for one in entries) - sum(map(_holds_resource, outcomes))
    issues = [issue for one in outcomes for issue in _issues(one.get("resource"))]
    broken = any(one.get("severity") in _SEVERE for one in issues)
    if broken and not sent:
        return "failed"
    withheld = any(isinstance(one.get("code"), str) and one["code"] in _WITHHELD for one in issues)
    if broken or withheld or sent < matches:
        return "incomplete"
    if _has_next(bundle) or _fewer(bundle, matches - included):
        return "incomplete"
    return "complete" if matches else "empty"


def newest_first(bundle: Mapping[str, Any]) -> bool:
    """Whether no result of a Bundle stands before one that is surely later: the order that was
    asked for (``_sort=-date``), in which what was not sent is older than what was."""
    entries = bundle.get("entry")
    last: Moment | None = None
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or _mode(entry) == "include":
            continue
        when = dates.effective(resource, UTC)[0]
        if when is not None and last is not None and last.end < when.start:
            return False
        last = when or last
    return True


def _holds_resource(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("resource"), dict)


def _is_outcome(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    resource = entry.get("resource")
    if _mode(entry) == "outcome":
        return True
    return isinstance(resource, dict) and resource.get("resourceType") == _OUTCOME


def _mode(entry: Any) -> object:
    """Why a searchset holds an entry: ``match``, ``include``, ``outcome``, or not said."""
    search = entry.get("search") if isinstance(entry, dict) else None
    return search.get("mode") if isinstance(search, dict) else None


def _issues(outcome: Any) -> list[Mapping[str, Any]]:
    issues = outcome.get("issue") if isinstance(outcome, dict) else None
    return [one for one in (issues if isinstance(issues, list) else ()) if isinstance(one, dict)]


def _has_next(bundle: Mapping[str, Any]) -> bool:
    links = bundle.get("link")
    return any(
        isinstance(one, dict) and one.get("relation") == "next"
        for one in (links if isinstance(links, list) else ())
    )


def _fewer(bundle: Mapping[str, Any], matches: int) -> bool:
    """Whether the Bundle says that more matched than it holds."""
    total = bundle.get("total")
    return isinstance(total, Decimal) and total > matches
