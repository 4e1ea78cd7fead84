"""What the operator sees: log lines, metrics and spans. No patient is ever in it.

What is told is names of ours (events, doors, routes, rules, reasons), counts and times; never a
value, a name, an id, a path as it was called, a query or the message of an exception.
"""

from __future__ import annotations

from corrin.api.telemetry.doors import event, fault, feedback, noted, reasons
from corrin.api.telemetry.tracing import step

__all__ = ["event", "fault", "feedback", "noted", "reasons", "step"]
