"""What doors tell: what a report held, what became of a card, and events of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from corrin.api.telemetry.log import tell
from corrin.api.telemetry.record import CURRENT
from corrin.fault import known_by

if TYPE_CHECKING:
    from starlette.requests import Request

    from corrin.notes.report import Report


def noted(request: Request, report: Report, *, door: str = "") -> None:
    """Count what a report holds: notes by rule, statuses, refusals by reason. Nothing of whom.

    Args:
        door: ``clinician``, ``batch``, ``fhir`` or ``cds-hooks``; else told by the path.
    """
    record = CURRENT.get()
    if record is None:
        return
    record.reports += 1
    record.notes += len(report.notes)
    record.cannot_say += len(report.cannot_say)
    record.refusals += len(report.refusals)
    record.add(record.rules, [note.rule for note in report.notes])
    if record.metrics is not None:
        record.metrics.noted(door or record.door, report)


def feedback(request: Request, rule: str, outcome: str, reason: str = "") -> None:
    """Count what became of a card.

    Args:
        rule: id of a rule of ours; another is counted as ``other``.
        outcome: ``accepted`` or ``overridden``.
        reason: code of an override reason of ours; another is counted as ``other``.
    """
    record = CURRENT.get()
    if record is not None and record.metrics is not None:
        record.metrics.fed_back(rule, outcome, reason)


def reasons(found: Iterable[str]) -> None:
    """Remember why the request in work was refused, for its log line and the counts."""
    record = CURRENT.get()
    if record is not None:
        record.add(record.reasons, found)


def fault(error: BaseException) -> str:
    """Log a fault of ours by type and place, never by its message; its number, to be told."""
    found = known_by(error)
    said = {"kind": found.kind, "place": found.place, "fault": found.number}
    record = CURRENT.get()
    if record is None:
        tell("error", "fault", **said)
        return found.number
    tell(
        "error",
        "fault",
        request_id=record.request_id,
        door=record.door,
        route=record.route,
        **said,
    )
    if record.metrics is not None:
        record.metrics.faults.add(record.door)
    return found.number


def event(name: str, /, *, level: str = "info", why: str = "", **counts: object) -> None:
    """Log one event of ours, with counts; anything that is no number is left out.

    ``why`` is a sentence of ours: nothing that was received.
    """
    kept: dict[str, int | float | str] = {
        key: value for key, value in counts.items() if isinstance(value, int | float)
    }
    kept |= {"why": why} if why else {}
    record = CURRENT.get()
    if record is None:
        tell(level, name, **kept)
    else:
        tell(level, name, request_id=record.request_id, **kept)
