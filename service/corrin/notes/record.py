"""An evaluation as plain records, for tables: what a report says, without its prose about itself.

Of a note the sentences, and a basis that names inputs instead of repeating them; so the basis is
the same for everybody of whom the same holds. What would settle a status is left to the report.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from corrin.evaluate.decide import Decided
from corrin.evaluate.engine import Engine, Evaluation, Fired
from corrin.facts.calculated import CALCULATED
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.language.world import World
from corrin.notes.compose import Composer
from corrin.notes.note import Texts
from corrin.notes.status import most_urgent, urgency_of
from corrin.packs import schema


@dataclass(frozen=True, slots=True)
class StatusRecord:
    """One topic of one case; ``status`` is ``None`` where several are ``possible``."""

    topic: str
    pack: str
    status: str | None
    possible: tuple[str, ...]
    urgency: schema.Urgency
    because: str | None
    restrictions: tuple[str, ...]
    missing: tuple[str, ...]
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoteRecord:
    """One note of one case; ``basis`` is JSON."""

    rule: str
    pack: str
    version: str
    topic: str
    urgency: schema.Urgency
    rule_status: str
    verified: bool
    summary: str
    detail: str
    basis: str


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of one evaluation. ``results`` are values some rule looked at one by one."""

    in_scope: bool
    urgency: schema.Urgency
    statuses: tuple[StatusRecord, ...]
    notes: tuple[NoteRecord, ...]
    results: tuple[Measured, ...]


class Recorder:
    """Makes records of the evaluations of one engine; safe to share between threads."""

    def __init__(self, engine: Engine, composer: Composer) -> None:
        self._engine, self._composer = engine, composer

    @property
    def composer(self) -> Composer:
        """What words notes."""
        return self._composer

    def of(self, evaluation: Evaluation) -> Record:
        """The record of one evaluation; notes by rule."""
        world = evaluation.world
        statuses = tuple(self.status(one, world) for one in evaluation.decided.values())
        fired = sorted(evaluation.fired, key=lambda one: one.bound.rule.id)
        notes = tuple(self.note(one, evaluation) for one in fired)
        urgency = most_urgent((*(n.urgency for n in notes), *(s.urgency for s in statuses)))
        chosen = {id(fact) for fact in evaluation.case.facts.values()}
        results = {
            (r.analyte, r.origin, r.path): r
            for one in fired
            for r in one.results
            if id(r) not in chosen
        }
        return Record(evaluation.in_scope, urgency, statuses, notes, tuple(results.values()))

    def status(self, decided: Decided, world: World) -> StatusRecord:
        """One topic."""
        content = self._engine.library.packs[decided.pack].decisions[decided.topic].decision
        missing = tuple(n for n in content.settled_by if is_missing(world.facts.get(n)))
        return self.status_of(decided, missing)

    def status_of(self, decided: Decided, missing: tuple[str, ...]) -> StatusRecord:
        """One topic, with the facts that would bear on it and are missing."""
        bound = self._engine.library.packs[decided.pack].decisions[decided.topic]
        content, verdict = bound.decision, decided.verdict
        because: str | None = None
        if decided.status is not None:
            row = verdict.row
            because = content.otherwise_because if row is None else bound.rows[row].row.because
            if verdict.restrictions:
                because = verdict.restrictions[-1].restriction.because
        applied = verdict.restrictions if decided.status is not None else ()
        return StatusRecord(
            topic=decided.topic,
            pack=decided.pack,
            status=decided.status,
            possible=decided.possible,
            urgency=urgency_of(decided, content),
            because=because,
            restrictions=tuple(one.restriction.id for one in applied),
            missing=missing,
            assumed=decided.assumed,
        )

    def note(self, fired: Fired, evaluation: Evaluation) -> NoteRecord:
        """One rule that fired."""
        return self.written(fired, self._composer.writer.texts(fired, evaluation))

    def written(self, fired: Fired, texts: Texts) -> NoteRecord:
        """One rule that fired, with its sentences."""
        rule = fired.bound.rule
        measured = self._composer.writer.measured(fired)
        rows = self._composer.words.evidence(rule.evidence)
        calculated = any(CALCULATED in one.flags for one in measured)
        return NoteRecord(
            rule=rule.id,
            pack=fired.pack.id,
            version=fired.pack.pack.head.version,
            topic=rule.note.topic,
            urgency=rule.note.urgency,
            rule_status=rule.status,
            verified=all(row.verified for row in rows) and not calculated,
            summary=texts.summary,
            detail=texts.detail,
            basis=self.basis(fired, texts.limits, measured),
        )

    def basis(self, fired: Fired, limits: tuple[str, ...], measured: tuple[Measured, ...]) -> str:
        """What a note rests on, as JSON with names of inputs."""
        explain = self._composer.basis
        leaves = explain.leaves(fired.bound.when, fired.world)
        told = {
            "inputs": list(dict.fromkeys(one.analyte for one in measured)),
            "why": [list(one) for one in explain.says(leaves, fired.bound.result)],
            "thresholds": [
                {
                    "name": one.name,
                    "pack": one.pack,
                    "used": one.used,
                    "published": list(one.published),
                    "in_force_from": one.in_force_from,
                    "evidence": [row.row for row in one.evidence],
                }
                for one in explain.thresholds(leaves, fired.world, fired.pack)
            ],
            "missing": [
                {"name": one.name, "reason": one.reason}
                for one in explain.missing(fired.bound.rule.asks, fired.world)
            ],
            "limits": list(limits),
            "evidence": list(fired.bound.rule.evidence),
        }
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def is_missing(fact: Fact | None) -> bool:
    """Whether a fact that would bear on a status is not there."""
    if isinstance(fact, Absent):
        return fact.reason != "not-applicable"
    return not isinstance(fact, Measured | Stated)


def bounds(fact: Measured) -> tuple[float | None, float | None]:
    """The bounds of a value as numbers, for statistics only."""
    return _float(fact.interval.low), _float(fact.interval.high)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
