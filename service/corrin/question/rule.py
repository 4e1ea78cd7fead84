"""A rule as it was asked of a case: its condition, its exception, what it speaks beside.

Of a note the rule that fired, in the worlds it fired in; of a rule that could not say those that
left it so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from corrin.evaluate.decide import Decided
from corrin.evaluate.engine import (
    CANNOT_CLASSIFY,
    Engine,
    Evaluation,
    Fired,
    Unsaid,
    every_value,
)
from corrin.facts.fact import Absent, Measured
from corrin.language.kleene import Kleene
from corrin.language.world import World
from corrin.notes import report
from corrin.notes.basis import Basis
from corrin.notes.compose import Composer
from corrin.notes.words import Dictionary
from corrin.packs import schema
from corrin.packs.bound import BoundPack, BoundRule
from corrin.question.conditions import Node, Trees, once


@dataclass(frozen=True, slots=True)
class Beside:
    """A decision beside which alone a rule speaks: which statuses it may be, and which it is."""

    title: str
    wanted: tuple[str, ...]
    found: str
    holds: bool


@dataclass(frozen=True, slots=True)
class RuleAsked:
    """A rule asked of a case once.

    Attributes:
        about: what it was asked for, where it is asked for each of several, else empty.
        value: the value it was asked for, where it reads each value, as reported; else ``None``.
        outcome: true: it fires; false: it is silent; unknown: it cannot say.
        when_says: its condition as a sentence; so ``unless_says``, empty where there is none.
        thresholds: every cut-off its conditions use, with the figure that holds for this person.
    """

    pack: BoundPack
    bound: BoundRule
    about: str
    value: Measured | None
    outcome: Kleene
    when: Node
    when_says: str
    unless: Node | None
    unless_says: str
    beside: tuple[Beside, ...]
    thresholds: tuple[report.ThresholdUsed, ...]
    evidence: tuple[report.Evidence, ...]


class Rules:
    """Asks the rules of one engine again, part by part; safe to share between threads."""

    def __init__(self, engine: Engine, composer: Composer) -> None:
        self._engine, self._trees = engine, Trees(engine, composer)
        self._words: Dictionary = composer.words
        self._basis: Basis = composer.basis

    def note(self, fired: Fired, evaluation: Evaluation) -> tuple[RuleAsked, ...]:
        """A rule that fired, for each value it fired for, newest first."""
        worlds: Iterable[World] = (fired.world,)
        if fired.bound.rule.reads_every is not None:
            every = list(self._worlds(fired.bound, evaluation))
            worlds = reversed([w for w in every if self._outcome(fired.bound, w) is True])
        return tuple(self._rule(fired.pack, fired.bound, w, evaluation) for w in worlds)

    def unsaid(self, unsaid: Unsaid, evaluation: Evaluation) -> tuple[RuleAsked, ...]:
        """A rule that could not say, for each value of which it could not."""
        bound = unsaid.bound
        worlds = [w for w in self._worlds(bound, evaluation) if self._outcome(bound, w) is None]
        return tuple(self._rule(unsaid.pack, bound, w, evaluation) for w in worlds)

    def _worlds(self, bound: BoundRule, evaluation: Evaluation) -> Iterator[World]:
        """The worlds a rule is asked in, as the engine makes them."""
        world = evaluation.world
        if bound.rule.reads_every is not None:
            days = self._engine.profile.head.critical_days
            yield from every_value(evaluation.case, world, bound.rule.reads_every, days)
        elif bound.result is not None:
            fact = world.facts.get(bound.result)
            yield world.given(result=fact if fact is not None else Absent(bound.result))
        else:
            yield world

    def _outcome(self, bound: BoundRule, world: World) -> Kleene:
        """As :meth:`corrin.evaluate.engine.Compiled.outcome` has it."""
        holds = self._engine.compiler.condition
        answer = holds(bound.when)(world)
        if answer is not False and bound.unless is not None and holds(bound.unless)(world) is True:
            return False
        return answer

    def _rule(
        self, pack: BoundPack, bound: BoundRule, world: World, evaluation: Evaluation
    ) -> RuleAsked:
        conditions = [c for c in (bound.when, bound.unless) if c is not None]
        used = [e for c in conditions for e in self._basis.thresholds_of(c, world, pack)]
        reader = self._trees.reader(world, pack, bound.result)
        result = world.facts.get("result") if bound.rule.reads_every is not None else None
        return RuleAsked(
            pack=pack,
            bound=bound,
            about=self._words.label(bound.result) if bound.rule.each and bound.result else "",
            value=result if isinstance(result, Measured) else None,
            outcome=self._outcome(bound, world),
            when=reader.of(bound.when),
            when_says=reader.prose.of(bound.when),
            unless=None if bound.unless is None else reader.of(bound.unless),
            unless_says="" if bound.unless is None else reader.prose.of(bound.unless),
            beside=tuple(self._beside(bound.rule, evaluation)),
            thresholds=once(used),
            evidence=self._words.evidence(bound.rule.evidence),
        )

    def _beside(self, rule: schema.Rule, evaluation: Evaluation) -> Iterator[Beside]:
        for topic, wanted in rule.belongs_to.items():
            decided = evaluation.decided.get(topic)
            if decided is not None:
                yield self._found(decided, wanted)

    def _found(self, decided: Decided, wanted: tuple[str, ...]) -> Beside:
        content = self._engine.deciders[decided.topic].decision.decision

        def says(status: str) -> str:
            known = content.statuses.get(status)
            return known.says if known is not None else status.replace("_", " ")

        status = decided.status or CANNOT_CLASSIFY
        return Beside(content.title, tuple(map(says, wanted)), says(status), status in wanted)


def behind(evaluation: Evaluation, notes: Iterable[report.Note]) -> tuple[Fired, ...]:
    """The rule that fired behind each note. Several notes of one rule keep its order."""
    fired: dict[tuple[str, str], list[Fired]] = {}
    for one in evaluation.fired:
        fired.setdefault((one.pack.id, one.bound.rule.id), []).append(one)
    return tuple(fired[note.pack, note.rule].pop(0) for note in notes)
