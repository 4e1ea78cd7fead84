"""Content's own examples, run: does every case hold, and was every leaf seen each way?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from corrin.evaluate.decide import Decider
from corrin.evaluate.engine import every_value
from corrin.evaluate.given import GivenError, case_of
from corrin.evaluate.trace import Unknowns
from corrin.facts.case import Case
from corrin.facts.fact import Absent
from corrin.language import tree
from corrin.language.kleene import Kleene
from corrin.language.to_python import Compiler
from corrin.language.world import World
from corrin.packs.bound import BoundDecision, BoundPack, BoundRule
from corrin.packs.finding import Place
from corrin.packs.library import Library

_SAYS: dict[Kleene, str] = {True: "fires", False: "silent", None: "cannot say"}


@dataclass(frozen=True, slots=True)
class CaseRun:
    """One example: what was expected and what came out."""

    pack: str
    subject: str
    place: Place
    number: int
    expected: str
    got: str

    @property
    def passed(self) -> bool:
        """Whether they are the same."""
        return self.expected == self.got


@dataclass(slots=True)
class LeafSeen:
    """One leaf and the truths its examples gave it; ``wanted`` are those it can have."""

    pack: str
    subject: str
    place: Place
    leaf: tree.Leaf
    wanted: frozenset[Kleene]
    seen: set[Kleene] = field(default_factory=set)

    @property
    def unseen(self) -> frozenset[Kleene]:
        """Truths no example gave it."""
        return self.wanted - self.seen


@dataclass(frozen=True, slots=True)
class WorkedReport:
    """All examples of a library, run; ``rows`` are decision rows no example lands on."""

    cases: tuple[CaseRun, ...]
    leaves: tuple[LeafSeen, ...]
    rows: tuple[tuple[str, str, Place], ...]

    @property
    def failed(self) -> tuple[CaseRun, ...]:
        """Examples that did not hold."""
        return tuple(case for case in self.cases if not case.passed)

    @property
    def unseen(self) -> tuple[LeafSeen, ...]:
        """Leaves not seen each way."""
        return tuple(leaf for leaf in self.leaves if leaf.unseen)

    @property
    def sound(self) -> bool:
        """Whether everything holds and everything was seen."""
        return not (self.failed or self.unseen or self.rows)


def run(library: Library, rules: Iterable[str] = ()) -> WorkedReport:
    """Run the examples of every rule, restriction and decision (or of those named)."""
    runner = _Runner(library, frozenset(rules))
    for pack in library.packs.values():
        runner.pack(pack)
    return WorkedReport(tuple(runner.cases), tuple(runner.leaves), tuple(runner.rows))


class _Runner:
    def __init__(self, library: Library, wanted: frozenset[str]) -> None:
        self._library, self._wanted = library, wanted
        self._compiler = Compiler(library.vocabulary.analytes)
        self._unknowns = Unknowns(self._compiler)
        self.cases: list[CaseRun] = []
        self.leaves: list[LeafSeen] = []
        self.rows: list[tuple[str, str, Place]] = []

    def pack(self, pack: BoundPack) -> None:
        by_rule: dict[str, list[BoundRule]] = {}
        for bound in pack.rules:
            by_rule.setdefault(bound.rule.id, []).append(bound)
        for name, variants in by_rule.items():
            if self._is_wanted(name):
                self._rule(pack, variants)
        for restriction in pack.restrictions:
            if self._is_wanted(restriction.restriction.id):
                content = restriction.restriction
                self._conditions(
                    pack, content.id, "restriction", (restriction.when,), content.cases
                )
        for topic, decision in pack.decisions.items():
            if self._is_wanted(topic):
                self._decision(pack, decision)

    def _is_wanted(self, name: str) -> bool:
        return not self._wanted or name in self._wanted

    def _critical_days(self, pack: BoundPack) -> int:
        for profile in self._library.profiles.values():
            if pack.id in (*profile.head.packs, *profile.head.always_first):
                return profile.head.critical_days
        return next((p.head.critical_days for p in self._library.profiles.values()), 0)

    def _rule(self, pack: BoundPack, variants: list[BoundRule]) -> None:
        rule = variants[0].rule
        place = pack.pack.place("rule", rule.id)
        seen = self._seen(pack, rule.id, place, variants[0].when, variants[0].unless)
        for number, example in enumerate(rule.cases, 1):
            try:
                case = case_of(example.given, self._library.vocabulary)
            except GivenError as error:
                self._add(pack, rule.id, place, number, example.expect, f"unreadable: {error}")
                continue
            got: list[Kleene] = []
            because: tuple[str, ...] = ()
            for bound, world in self._worlds(case, variants, example.given, pack):
                answer = self._outcome(bound, world)
                got.append(answer)
                if answer is None:
                    names = self._unknowns.names(bound.when, world)
                    because = tuple(bound.result or n if n == "result" else n for n in names)
                self._look(seen, world, bound)
            truth = True if True in got else None if None in got else False
            expected: str = example.expect
            said = _SAYS[truth]
            if example.because:
                expected += f" because {', '.join(sorted(example.because))}"
                said += f" because {', '.join(sorted(because))}" if because else ""
            self._add(pack, rule.id, place, number, expected, said)

    def _worlds(
        self, case: Case, variants: list[BoundRule], given: dict[str, object], pack: BoundPack
    ) -> list[tuple[BoundRule, World]]:
        world = World.of(case)
        if variants[0].rule.reads_every is not None:
            bound = variants[0]
            days = self._critical_days(pack)
            return [(bound, w) for w in every_value(case, world, str(bound.result), days)]
        if variants[0].result is None:
            return [(variants[0], world)]
        named = [v for v in variants if v.result in given] or variants[:1]
        return [
            (v, world.given(result=world.facts.get(str(v.result)) or Absent(str(v.result))))
            for v in named
        ]

    def _outcome(self, bound: BoundRule, world: World) -> Kleene:
        answer = self._compiler.condition(bound.when)(world)
        if answer is False or bound.unless is None:
            return answer
        return False if self._compiler.condition(bound.unless)(world) is True else answer

    def _seen(
        self,
        pack: BoundPack,
        subject: str,
        place: Place,
        *conditions: tree.Expression | None,
    ) -> list[LeafSeen]:
        found = []
        for condition in conditions:
            for leaf in () if condition is None else tree.leaves(condition):
                if not isinstance(leaf, tree.Always):
                    two = tree.two_valued(leaf)
                    wanted: frozenset[Kleene] = frozenset({True, False} if two else _SAYS)
                    found.append(LeafSeen(pack.id, subject, place, leaf, wanted))
        self.leaves.extend(found)
        return found

    def _look(self, seen: list[LeafSeen], world: World, bound: BoundRule) -> None:
        own = [
            leaf
            for condition in (bound.when, bound.unless)
            for leaf in (() if condition is None else tree.leaves(condition))
            if not isinstance(leaf, tree.Always)
        ]
        for entry, leaf in zip(seen, own, strict=True):
            entry.seen.add(self._compiler.condition(leaf)(world))

    def _conditions(
        self,
        pack: BoundPack,
        subject: str,
        kind: str,
        conditions: tuple[tree.Expression, ...],
        examples: tuple[object, ...],
    ) -> None:
        place = pack.pack.place(kind, subject)
        seen = self._seen(pack, subject, place, *conditions)
        for number, example in enumerate(examples, 1):
            given, expect = example.given, example.expect  # type: ignore[attr-defined]
            try:
                world = World.of(case_of(given, self._library.vocabulary))
            except GivenError as error:
                self._add(pack, subject, place, number, expect, f"unreadable: {error}")
                continue
            for entry in seen:
                entry.seen.add(self._compiler.condition(entry.leaf)(world))
            answer = self._compiler.condition(conditions[0])(world)
            self._add(pack, subject, place, number, expect, _SAYS[answer])

    def _decision(self, pack: BoundPack, decision: BoundDecision) -> None:
        decider = Decider(decision, pack.id, (), self._compiler)
        place = pack.pack.place("decision", decision.topic)
        seen = self._seen(pack, decision.topic, place, *decision.conditions)
        landed: set[str] = set()
        for number, example in enumerate(decision.decision.cases, 1):
            expected = " or ".join(sorted(example.possible) or (str(example.expect),))
            try:
                world = World.of(case_of(example.given, self._library.vocabulary))
            except GivenError as error:
                self._add(pack, decision.topic, place, number, expected, f"unreadable: {error}")
                continue
            decided = decider.decide(world)
            for entry in seen:
                entry.seen.add(self._compiler.condition(entry.leaf)(world))
            index = decided.verdict.row
            row = "otherwise" if index is None else decision.rows[index].row.id
            landed.add(row)
            got = " or ".join(sorted(decided.possible))
            if example.row is not None:
                expected, got = f"{expected} by {example.row}", f"{got} by {row}"
            self._add(pack, decision.topic, place, number, expected, got)
        self.rows.extend(
            (decision.topic, bound.row.id, place)
            for bound in decision.rows
            if bound.row.id not in landed
        )

    def _add(
        self, pack: BoundPack, subject: str, place: Place, number: int, expected: str, got: str
    ) -> None:
        self.cases.append(CaseRun(pack.id, subject, place, number, expected, got))
