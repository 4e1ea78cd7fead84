"""The counts of one app. Every label is a name of ours, so their number is bounded."""

from __future__ import annotations

import os
import platform
from collections import Counter as Tally
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.gc_collector import GCCollector
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.process_collector import ProcessCollector

from corrin import UsageError, __version__
from corrin.api.settings import standard
from corrin.api.telemetry.routes import OTHER
from corrin.render.cards import content as card_content

if TYPE_CHECKING:
    from corrin.api.interpreter import Interpreter
    from corrin.api.telemetry.record import Record
    from corrin.notes.report import Report

# A series beside every counter, for what the counter itself tells.
disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_OUTCOMES = ("accepted", "overridden")
OPEN = "open"
"""The status counted where several are still possible."""


def shared_folder() -> str:
    """Where workers write their counts so that any one can answer for all; empty: each its own."""
    return standard("PROMETHEUS_MULTIPROC_DIR")


def begin_sharing() -> None:
    """Empty that folder of what an earlier run left, before any worker counts.

    Raises:
        corrin.UsageError: it cannot be made, or its files cannot be removed.
    """
    folder = shared_folder()
    if not folder:
        return
    try:
        os.makedirs(folder, exist_ok=True)
        for name in os.listdir(folder):
            if name.endswith(".db"):
                os.unlink(os.path.join(folder, name))
    except OSError as error:
        raise UsageError(
            "The folder PROMETHEUS_MULTIPROC_DIR names cannot be used.",
            "Name one this user may write to, in memory if possible (tmpfs).",
        ) from error


class Counts:
    """A counter whose series are kept at hand: finding one anew costs more than counting."""

    __slots__ = ("_counter", "_series")

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._series: dict[tuple[str, ...], Counter] = {}

    def add(self, *labels: str, by: float = 1) -> None:
        """Count in the series of these labels."""
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = self._counter.labels(*labels)
        series.inc(by)


class Metrics:
    """All counts of one app, in a registry of their own.

    With ``PROMETHEUS_MULTIPROC_DIR`` set before the process starts, workers share theirs there;
    process metrics are then left out, as they tell of one process only.

    ``scrapes`` bounds how many are answered at once.
    """

    def __init__(self, interpreter: Interpreter, *, reasons: frozenset[str] = frozenset()) -> None:
        self.registry = CollectorRegistry()
        self.scrapes = CapacityLimiter(1)
        self._rules = _rules(interpreter) | {rule for rule, _ in card_content.load().own_rules}
        self._reasons = reasons | {""}

        def counter(name: str, says: str, *labels: str) -> Counts:
            return Counts(Counter(name, says, labels, registry=self.registry))

        self.requests = counter(
            "corrin_requests_total", "Requests answered.", "door", "method", "route", "status"
        )
        self.seconds = Histogram(
            "corrin_request_seconds",
            "Time from a request's head to the end of its answer.",
            ("door", "method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "corrin_requests_in_flight",
            "Requests in work.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.received = counter("corrin_received_bytes_total", "Bytes of bodies received.", "door")
        self.sent = counter("corrin_sent_bytes_total", "Bytes of bodies sent.", "door")
        self.problems = counter(
            "corrin_problems_total", "Requests refused whole, by reason.", "door", "reason"
        )
        self.throttled = counter("corrin_throttled_total", "Requests answered with 429.", "door")
        self.unfinished = counter(
            "corrin_unfinished_total", "Requests whose answer nobody got in full.", "door", "ended"
        )
        self.faults = counter("corrin_faults_total", "Faults of the service itself.", "door")
        self.reports = counter("corrin_reports_total", "Reports made.", "door", "profile")
        self.notes = counter("corrin_notes_total", "Notes given.", "rule", "urgency")
        self.statuses = counter("corrin_statuses_total", "Statuses decided.", "topic", "status")
        self.refusals = counter("corrin_refusals_total", "Values not taken.", "reason")
        self.cannot_say = counter(
            "corrin_cannot_say_total", "Rules that could not answer for want of an input.", "pack"
        )
        self.feedback = counter(
            "corrin_feedback_total", "What became of cards.", "rule", "outcome", "reason"
        )
        self._about(interpreter)
        if not shared_folder():
            ProcessCollector(registry=self.registry)
            GCCollector(registry=self.registry)

    def _about(self, interpreter: Interpreter) -> None:
        def told(name: str, says: str, labels: Mapping[str, str]) -> None:
            gauge = gauges.get(name)
            if gauge is None:
                gauge = gauges[name] = Gauge(
                    name, says, tuple(labels), registry=self.registry, multiprocess_mode="max"
                )
            gauge.labels(**labels).set(1)

        gauges: dict[str, Gauge] = {}
        build = {"version": __version__, "python": platform.python_version()}
        told("corrin_build_info", "The program that runs.", build)
        for engine, _ in interpreter.engines.values():
            profile = {"profile": engine.profile.head.id, "version": engine.profile.head.version}
            told("corrin_profile_info", "The profiles that run.", profile)
            for pack in engine.packs:
                head = pack.pack.head
                labels = {"pack": head.id, "version": head.version, "digest": pack.pack.digest}
                told("corrin_pack_info", "The packs that run.", labels)

    def ended(self, record: Record, seconds: float) -> None:
        """Count one request that has ended."""
        door, route, method = record.door, record.route, record.method
        self.requests.add(door, method, route, str(record.status or "none"))
        self.seconds.labels(door, method, route).observe(seconds)
        if record.bytes_in:
            self.received.add(door, by=record.bytes_in)
        if record.bytes_out:
            self.sent.add(door, by=record.bytes_out)
        if record.status == 429:
            self.throttled.add(door)
        if record.ended != "answered":
            self.unfinished.add(door, record.ended)
        for reason in record.reasons:
            self.problems.add(door, reason)

    def noted(self, door: str, report: Report) -> None:
        """Count what one report holds."""
        self.reports.add(door, report.profile.id)
        for note in report.notes:
            self.notes.add(note.rule, note.urgency)
        for topic, status in report.statuses.items():
            self.statuses.add(topic, status.status or OPEN)
        for refused in report.refusals:
            self.refusals.add(refused.reason)
        for pack, count in Tally([one.pack for one in report.cannot_say]).items():
            self.cannot_say.add(pack, by=count)

    def fed_back(self, rule: str, outcome: str, reason: str) -> None:
        """Count what became of a card; what is not a name of ours is counted as ``other``."""
        self.feedback.add(
            rule if rule in self._rules else OTHER,
            outcome if outcome in _OUTCOMES else OTHER,
            reason if reason in self._reasons else OTHER,
        )

    def collected(self) -> Any:
        """What a scrape reads: this registry, or that of all workers."""
        folder = shared_folder()
        if not folder:
            return self.registry
        _forget_the_dead(folder)
        shared = CollectorRegistry()
        MultiProcessCollector(shared, folder)  # type: ignore[no-untyped-call]
        return shared


def _rules(interpreter: Interpreter) -> frozenset[str]:
    return frozenset(
        bound.rule.id
        for engine, _ in interpreter.engines.values()
        for pack in engine.packs
        for bound in pack.rules
    )


def _forget_the_dead(folder: str) -> None:
    """Leave out gauges of workers that were killed: nobody else takes them back."""
    for name in os.listdir(folder):
        stem, _, number = name.removesuffix(".db").rpartition("_")
        if stem.startswith("gauge_live") and number.isdigit():
            try:
                os.kill(int(number), 0)
            except ProcessLookupError:
                mark_process_dead(int(number), folder)  # type: ignore[no-untyped-call]
            except PermissionError:
                pass
