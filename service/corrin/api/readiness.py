"""Whether the service answers right: a case of the content, evaluated on every profile.

The case and its answer are content (``rules/readiness``), so a broken engine, a changed rule or a
missing pack shows before a patient's case meets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from corrin import intake
from corrin.api.telemetry.log import tell
from corrin.content import read_document, rules_root
from corrin.fault import known_by

if TYPE_CHECKING:
    from corrin.api.interpreter import Interpreter
    from corrin.notes.report import Report

FRESH_SECONDS = 5.0


class Expected(BaseModel):
    """What one profile must answer; more notes and refusals than these may be there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    statuses: dict[str, str]
    urgency: str
    notes: tuple[str, ...]
    refusals: tuple[str, ...]


class Proof(BaseModel):
    """The answers to the built-in case, by profile."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: str
    profiles: dict[str, Expected]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: ``packs`` or ``case`` of a profile; ``why`` is empty when it is right.

    ``why`` names parts of the answer, or the type, place and number of a fault.
    """

    check: str
    profile: str
    why: str = ""

    def told(self) -> dict[str, str | bool]:
        """As plain JSON."""
        said: dict[str, str | bool] = {"check": self.check, "profile": self.profile}
        return said | ({"ok": False, "why": self.why} if self.why else {"ok": True})


class Readiness:
    """The checks of one app. Their outcome is kept for a few seconds, so that asking is cheap.

    Raises:
        corrin.content.ContentError: the built-in case is not there.
    """

    def __init__(self, interpreter: Interpreter) -> None:
        folder = rules_root() / "readiness"
        self._interpreter = interpreter
        self._request = (folder / "request.json").read_bytes()
        self._proof = Proof.model_validate(read_document(folder / "expected.yaml"))
        self._checks: tuple[Check, ...] = ()
        self._until = 0.0
        self._ready: bool | None = None

    @property
    def case(self) -> tuple[bytes, str]:
        """The built-in case, and the moment it is asked about."""
        return self._request, self._proof.as_of

    def checks(self) -> tuple[Check, ...]:
        """Every check, made anew when the last are too old; never raises."""
        now = monotonic()
        if not self._checks or now >= self._until:
            self._checks = tuple(self._made())
            self._until = now + FRESH_SECONDS
            self._tell()
        return self._checks

    def _made(self) -> Iterator[Check]:
        for name, (engine, _) in self._interpreter.engines.items():
            missing = sorted(set(engine.profile.head.packs) - {pack.id for pack in engine.packs})
            yield Check("packs", name, f"not loaded: {', '.join(missing)}" if missing else "")
            yield Check("case", name, self._wrong(name))

    def _wrong(self, profile: str) -> str:
        """What is wrong with a profile's answer to the case; empty when nothing is."""
        expected = self._proof.profiles.get(profile)
        if expected is None:
            return "the content holds no answer for this profile"
        try:
            limits, zone = self._interpreter.limits, self._interpreter.zone
            reading = intake.read(self._request, limits=limits, zone=zone)
            report = self._interpreter.report(reading, as_of=self._proof.as_of, profile=profile)
            return ", ".join(_differences(report, expected))
        except Exception as error:
            found = known_by(error)
            return f"{found.kind} at {found.place}, fault {found.number}"

    def _tell(self) -> None:
        """Log when it changes; the first time only when it is not ready."""
        failed = [f"{one.check} {one.profile}" for one in self._checks if one.why]
        ready = not failed
        if ready != self._ready and not (ready and self._ready is None):
            level = "info" if ready else "error"
            tell(level, "ready" if ready else "not-ready", failed=failed)
        self._ready = ready


def _differences(report: Report, expected: Expected) -> Iterator[str]:
    for topic, status in expected.statuses.items():
        found: Any = report.statuses.get(topic)
        if found is None or found.status != status:
            yield f"status {topic}"
    if report.urgency != expected.urgency:
        yield "urgency"
    rules = {note.rule for note in report.notes}
    yield from (f"note {rule}" for rule in expected.notes if rule not in rules)
    reasons = {refused.reason for refused in report.refusals}
    yield from (f"refusal {reason}" for reason in expected.refusals if reason not in reasons)
