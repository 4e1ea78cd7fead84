"""A profile compiled: one case in, every decision and every rule's outcome out.

Compiling happens once per profile; evaluating a case walks no tree and parses no text, except
to say why a rule could not answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from corrin.evaluate.bearing import Mark, marks_of_case, marks_of_rule, nothing_known
from corrin.evaluate.decide import Decided, Decider
from corrin.evaluate.fragile import fragile
from corrin.evaluate.trace import Unknowns
from corrin.facts.case import Case
from corrin.facts.fact import Absent, Measured, Stated
from corrin.language import tree
from corrin.language.bind import bind
from corrin.language.compare import Condition
from corrin.language.kleene import Kleene
from corrin.language.parse import parse
from corrin.language.to_python import Compiler
from corrin.language.world import World
from corrin.packs.bound import BoundPack, BoundRule
from corrin.packs.library import Library, Profile

CANNOT_CLASSIFY = "cannot_classify"

_TRUTHS = {(n, truth): Stated(n, truth) for n in tree.ENGINE_TRUTHS for truth in (True, False)}


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fires: the world it fired in, and the values it fired for (newest first)."""

    pack: BoundPack
    bound: BoundRule
    world: World
    results: tuple[Measured, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A rule that cannot say, because of these facts."""

    pack: BoundPack
    bound: BoundRule
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All a profile says of one case, before it is put into words."""

    case: Case
    world: World
    in_scope: bool
    decided: Mapping[str, Decided]
    fired: tuple[Fired, ...]
    unsaid: tuple[Unsaid, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule ready to be asked; what is looked at for every case stands here, near at hand."""

    pack: BoundPack
    bound: BoundRule
    when: Condition
    unless: Condition | None
    reads_every: str | None
    belongs_to: tuple[tuple[str, frozenset[str]], ...]

    @property
    def key(self) -> tuple[object, ...]:
        """The same for two rules that answer alike."""
        return self.bound.rule.id, self.bound.result, self.bound.when, self.bound.unless

    def belongs(self, decided: Mapping[str, Decided]) -> bool:
        """Whether it may speak beside these decisions."""
        for topic, statuses in self.belongs_to:
            found = decided.get(topic)
            if found is None or (found.status or CANNOT_CLASSIFY) not in statuses:
                return False
        return True

    def outcome(self, world: World) -> Kleene:
        """True: it fires; false: it is silent; unknown: it cannot say."""
        answer = self.when(world)
        if answer is not False and self.unless is not None and self.unless(world) is True:
            return False
        return answer


@dataclass(slots=True)
class _Said:
    """What rules said of one case so far, and the worlds they share."""

    case: Case
    world: World
    days: int
    fired: list[Fired] = field(default_factory=list)
    unsaid: list[Unsaid] = field(default_factory=list)
    _each: dict[str, World] = field(default_factory=dict)
    _every: dict[str, tuple[World, ...]] = field(default_factory=dict)

    def world_of(self, result: str | None) -> World:
        """The world of a rule: with the fact of one analyte as its result, when it has one."""
        if result is None:
            return self.world
        found = self._each.get(result)
        if found is None:
            fact = self.world.facts.get(result)
            given = fact if fact is not None else Absent(result)
            found = self._each[result] = self.world.given(result=given)
        return found

    def worlds_of(self, analyte: str) -> tuple[World, ...]:
        """The worlds of a rule that reads each value of an analyte, oldest first."""
        if analyte not in self._every:
            found = every_value(self.case, self.world, analyte, self.days)
            self._every[analyte] = tuple(found)
        return self._every[analyte]


class Engine:
    """The packs of one profile, ready to evaluate cases; safe to share between threads."""

    def __init__(self, library: Library, profile: Profile, packs: tuple[str, ...]) -> None:
        self.library, self.profile = library, profile
        first = [p for p in profile.head.always_first if p in library.packs]
        self.packs = tuple(library.packs[p] for p in dict.fromkeys([*first, *packs]))
        self.compiler = Compiler(library.vocabulary.analytes)
        self.unknowns = Unknowns(self.compiler)
        scope, _ = bind(parse(profile.head.scope), library.vocabulary)
        self.scope, self._scope = scope, self.compiler.condition(scope)
        self._rules = self._compiled(self.packs)
        self._about: dict[Mark, list[int]] = {}
        self._spoken: dict[int, Unsaid | None] = {}
        self._index()
        self.deciders = {t: self._decider(t, self.packs) for t in self._topics()}
        self._guards, self._published = self._guarding()

    def _compiled(self, packs: tuple[BoundPack, ...]) -> tuple[Compiled, ...]:
        return tuple(
            Compiled(
                pack,
                bound,
                self.compiler.condition(bound.when),
                None if bound.unless is None else self.compiler.condition(bound.unless),
                bound.rule.reads_every,
                tuple((t, frozenset(names)) for t, names in bound.rule.belongs_to.items()),
            )
            for pack in packs
            for bound in pack.rules
            if bound.rule.status != "retired"
        )

    def _guarding(self) -> tuple[tuple[Compiled, ...], dict[str, Decider]]:
        """Where a site file moved cut-offs: rules of the packs that always run over the published
        ones of other packs, and the decisions they belong to as published."""
        site = self.library.site
        if site is None or not site.moved:
            return (), {}
        packs = tuple(site.published[pack.id] for pack in self.packs)
        published = {topic: self._decider(topic, packs) for topic in self.deciders}
        changed = {t: one for t, one in published.items() if not one.same_as(self.deciders[t])}
        own = {rule.key for rule in self._rules}
        guarded = tuple(site.guards[pack.id] for pack in packs if pack.id in site.guards)
        guards = tuple(
            rule
            for rule in self._compiled(guarded)
            if rule.key not in own or not changed.keys().isdisjoint(rule.bound.rule.belongs_to)
        )
        return guards, changed

    def _index(self) -> None:
        """Which rules each mark of a case bears on, and which speak where nothing is known.

        Of the latter, why they cannot say; ``None`` for one that fires even then.
        """
        for index, rule in enumerate(self._rules):
            world = nothing_known(rule.bound.result)

            def quiet(node: tree.Expression, world: World = world) -> Kleene:
                return self.compiler.condition(node)(world)

            for mark in marks_of_rule(rule.bound, quiet):
                self._about.setdefault(mark, []).append(index)
            answer = False if rule.reads_every else rule.outcome(world)
            if answer is not False:
                self._spoken[index] = None if answer else self._why_unsaid(rule, world)

    @property
    def rules(self) -> tuple[Compiled, ...]:
        """Every rule in the order of the packs, one for each analyte it is about."""
        return self._rules

    @property
    def guards(self) -> tuple[Compiled, ...]:
        """Rules that may also fire by published cut-offs that a site moved."""
        return self._guards

    @property
    def published(self) -> Mapping[str, Decider]:
        """Decisions by published cut-offs, of the topics in which a site's decide otherwise."""
        return self._published

    def _topics(self) -> tuple[str, ...]:
        """Owned topics first, then every other a pack decides."""
        decided = [topic for pack in self.packs for topic in pack.decisions]
        owned = [topic for topic in self.profile.head.owns if topic in decided]
        return tuple(dict.fromkeys([*owned, *decided]))

    def _decider(self, topic: str, packs: tuple[BoundPack, ...]) -> Decider:
        owner = self.profile.head.owns.get(topic)
        deciding = [pack for pack in packs if topic in pack.decisions]
        pack = next((p for p in deciding if p.id == owner), deciding[-1])
        restrictions = tuple(
            restriction
            for other in packs
            for restriction in other.restrictions
            if restriction.restriction.topic == topic
        )
        return Decider(pack.decisions[topic], pack.id, restrictions, self.compiler)

    def evaluate(self, case: Case) -> Evaluation:
        """Every decision and every rule's outcome for one case."""
        world = World.of(case)
        if self._scope(world) is False:
            return Evaluation(case, world, False, {}, (), ())
        decided = {topic: self._decide(decider, world) for topic, decider in self.deciders.items()}
        said = _Said(case, world, self.profile.head.critical_days)
        asked = {i for mark in marks_of_case(case) for i in self._about.get(mark, ())}
        for index in sorted(asked.union(self._spoken)):
            rule = self._rules[index]
            if rule.belongs_to and not rule.belongs(decided):
                continue
            known = None if index in asked else self._spoken[index]
            if known is not None:
                said.unsaid.append(known)
            else:
                self._ask(rule, said)
        if self._guards:
            self._guard(said, decided)
        return Evaluation(case, world, True, decided, tuple(said.fired), tuple(said.unsaid))

    def _decide(self, decider: Decider, world: World) -> Decided:
        decided, site = decider.decide(world), self.library.site
        if site is None or not site.imprecision:
            return decided
        return replace(decided, fragile=fragile(decider, world, decided, site))

    def _ask(self, rule: Compiled, said: _Said) -> None:
        """One rule's outcome; of one that reads each value, one note for all it fires for."""
        if rule.reads_every is None:
            worlds: tuple[World, ...] = (said.world_of(rule.bound.result),)
        else:
            worlds = said.worlds_of(rule.reads_every)
        firing: list[World] = []
        for here in worlds:
            answer = rule.outcome(here)
            if answer is True:
                firing.insert(0, here)
            elif answer is None:
                said.unsaid.append(self._why_unsaid(rule, here))
        if firing:
            results = tuple(r for w in firing for r in _result(w, rule.bound))
            said.fired.append(Fired(rule.pack, rule.bound, firing[0], results))

    def _guard(self, said: _Said, decided: Mapping[str, Decided]) -> None:
        """Let a rule that always runs fire where it does by the published cut-offs of other
        packs, though it does not by those a site moved."""
        there = {one.bound.rule.id for one in said.fired}
        again = _Said(said.case, said.world, said.days)
        published = {t: one.decide(said.world) for t, one in self._published.items()}
        for rule in self._guards:
            if rule.bound.rule.id in there:
                continue
            by_either = (decided, {**decided, **published})
            if any(map(rule.belongs, by_either)):
                self._ask(rule, again)
        kept = {one.bound.rule.id for one in again.fired}
        said.fired.extend(again.fired)
        said.unsaid[:] = [one for one in said.unsaid if one.bound.rule.id not in kept]

    def _why_unsaid(self, rule: Compiled, world: World) -> Unsaid:
        """Why a rule cannot say of a world in which its condition was found unknown."""
        names, result = self.unknowns.left_by(rule.bound.when, world), rule.bound.result
        if result is not None:
            names = tuple(dict.fromkeys(result if name == "result" else name for name in names))
        return Unsaid(rule.pack, rule.bound, names)


def every_value(case: Case, world: World, analyte: str, critical_days: int) -> Iterator[World]:
    """One world per value of an analyte that is neither cancelled nor in error, oldest first."""
    values = case.every.get(analyte, ())
    # Only a value that can be relied on, and is not dated ahead, shows that an older was repeated.
    sound = [
        one.when.start
        for one in case.earlier.get(analyte, ())
        if one.when is not None
        and one.when.start <= case.as_of.end
        and "implausible" not in one.flags
    ]
    latest = max(sound, default=None)
    for value in values:
        recent = True
        if value.when is not None:
            fewest, _ = value.when.days_before(case.as_of)
            recent = fewest <= critical_days
        repeated = value.when is not None and latest is not None and latest > value.when.end
        yield world.given(
            result=value,
            result_recent=_TRUTHS["result_recent", recent],
            result_repeated=_TRUTHS["result_repeated", repeated],
            result_implausible=_TRUTHS["result_implausible", "implausible" in value.flags],
        )


def _result(world: World, bound: BoundRule) -> tuple[Measured, ...]:
    fact = world.facts.get("result") if bound.result is not None else None
    return (fact,) if isinstance(fact, Measured) else ()
