"""What is remembered of one request while it is in work, to be told when it has ended."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from corrin.api.telemetry.metrics import Metrics

_MOST = 100  # different reasons, or rules, in one line

# Taken from a client and given back to it.
_WELL_FORMED = re.compile(rb"[A-Za-z0-9._-]{1,64}", re.ASCII)
# Taken for our own as well: what gateways make by chance. Any other may be somebody's number.
_BY_CHANCE = re.compile(
    r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.I | re.A
)


@dataclass(slots=True)
class Record:
    """One request: names of ours, counts and times, nothing it held.

    Attributes:
        request_id: in logs, spans and error bodies.
        answered_id: in ``X-Request-Id`` of the answer: the client's own when it is well formed.
        ended: ``answered``, ``client-gone``, ``cut-short`` (a fault after the answer began).
    """

    request_id: str
    answered_id: str
    metrics: Metrics | None = None
    tracer: Tracer | None = None
    door: str = "other"
    route: str = "other"
    method: str = "other"
    status: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    ended: str = "answered"
    fault: str = ""
    reports: int = 0
    notes: int = 0
    cannot_say: int = 0
    refusals: int = 0
    reasons: dict[str, None] = field(default_factory=dict)
    rules: dict[str, None] = field(default_factory=dict)

    def add(self, into: dict[str, None], names: Iterable[str]) -> None:
        """Remember names of ours, each once, up to a bound."""
        for name in names:
            if len(into) < _MOST:
                into[name] = None


CURRENT: ContextVar[Record | None] = ContextVar("corrin_request", default=None)
"""The record of the request in work; inherited by the threads that work for it."""


def ids(given: bytes | None) -> tuple[str, str]:
    """The id a request is known by here, and the one its answer carries.

    A client's id comes back to it when it has at most 64 letters, digits, dots, dashes and
    underscores. It is known by it here too only when it is a UUID or 32 hex digits; else by one
    of ours, because an id somebody chose may be that of a patient or a visit.
    """
    if given is None or not _WELL_FORMED.fullmatch(given):
        own = os.urandom(16).hex()
        return own, own
    text = given.decode("ascii")
    return (text if _BY_CHANCE.fullmatch(text) else os.urandom(16).hex()), text
