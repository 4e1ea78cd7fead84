"""What doors tell: what a report held, what became of a card, and events of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request

    from corrin.notes.report import Report


def noted(request: Request, report: Report, *, door: str = "") -> None:
    """Count what a report holds: notes by rule, statuses, refusals by reason. Nothing of whom.

    Args:
        door: ``clinician``, ``batch``, ``fhir`` or ``cds-hooks``; else told by the path.
    """


def feedback(request: Request, rule: str, outcome: str, reason: str = "") -> None:
    """Count what became of a card.

    Args:
        rule: id of a rule of ours; another is counted as ``other``.
        outcome: ``accepted`` or ``overridden``.
        reason: code of an override reason of ours; another is counted as ``other``.
    """


def reasons(found: Iterable[str]) -> None:
    """Remember why the request in work was refused, for its log line and the counts."""


def event(name: str, /, **counts: int | float) -> None:
    """Log one event of ours, with counts; anything that is no number is left out."""
