"""One decision table and the restrictions on its topic: facts → status, or a set of them.

First match wins. An absent measurement or an unstated context matches no row; the status then
stands on that, and says so. A partly known value is split at every cut-off the table uses and
each cell is evaluated.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from corrin.evaluate import cells
from corrin.evaluate.table import Table, Varied, Verdict
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.interval import Interval
from corrin.language import tree
from corrin.language.compare import CutReader
from corrin.language.to_python import Compiler
from corrin.language.world import World
from corrin.packs.bound import BoundDecision, BoundRestriction
from corrin.terminology.analyte import Analyte

# More combinations than this are not looked through one by one: every status is then possible.
MOST_CELLS = 1024
# With more than this, what would settle it is not looked for.
MOST_SETTLED = 64


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of one fact's values (or a stated truth) and the statuses possible in it."""

    statuses: tuple[str, ...]
    interval: Interval | None = None
    unit: str | None = None
    truth: bool | None = None


@dataclass(frozen=True, slots=True)
class Settling:
    """What would be found where: the bands of one fact, in ascending order."""

    fact: str
    bands: tuple[Band, ...]

    @property
    def outcomes(self) -> frozenset[tuple[str, ...]]:
        """The different answers the bands lead to."""
        return frozenset(band.statuses for band in self.bands)

    @property
    def statuses(self) -> frozenset[str]:
        """Every status some band leads to."""
        return frozenset(status for band in self.bands for status in band.statuses)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a table says of a case.

    ``status`` is ``None`` when several are ``possible``; ``separated_by`` then tells which
    value of what leads where. ``missing`` are absent measurements and ``assumed`` unstated
    contexts on which the status stands; ``settle`` what would change it, most telling first.
    ``fragile`` tells of the values near enough to a cut-off, by the imprecision a site states,
    for another status to be possible.
    """

    topic: str
    pack: str
    status: str | None
    possible: tuple[str, ...]
    verdict: Verdict
    missing: tuple[str, ...]
    assumed: tuple[str, ...]
    separated_by: tuple[Settling, ...]
    settle: tuple[Settling, ...]
    fragile: tuple[Settling, ...] = ()


class Decider:
    """A decision table compiled, with the restrictions of its topic."""

    def __init__(
        self,
        decision: BoundDecision,
        pack: str,
        restrictions: tuple[BoundRestriction, ...],
        compiler: Compiler,
    ) -> None:
        self.decision, self.pack, self.restrictions = decision, pack, restrictions
        self._table = Table(decision, restrictions, compiler)
        self._compiler = compiler
        conditions = (*decision.conditions, *(r.when for r in restrictions))
        self._conditions = conditions
        self.facts = tuple(dict.fromkeys(f for c in conditions for f in tree.facts_of(c)))
        self._readers = _readers(conditions, compiler)
        self._order = tuple(decision.decision.statuses)

    def same_as(self, other: Decider) -> bool:
        """Whether another decides alike: by the same conditions, in the same order."""
        return self._conditions == other._conditions

    @property
    def measured(self) -> tuple[str, ...]:
        """The facts the table holds against cut-offs."""
        return tuple(self._readers)

    def analyte(self, fact: str) -> Analyte:
        """The analyte of a fact the table looks at."""
        return self._compiler.analyte(fact)

    def size(self, world: World) -> int:
        """How many combinations of what is only partly known there are to look through."""
        return _size(self._open(world))

    def within(self, world: World, name: str, interval: Interval) -> Settling:
        """Where each part of a stretch of one measured fact leads, all else as it is."""
        fact = world.facts[name]
        assert isinstance(fact, Measured)
        stretch = replace(fact, interval=interval)
        parts = cells.cells_of(stretch, self.analyte(name), self._readers.get(name, ()), world)
        return self._finding(world, name, parts, self._open(world))

    def decide(self, world: World) -> Decided:
        """The status of a case, or the set of possible ones, and what it stands on."""
        open_facts = self._open(world)
        size = _size(open_facts)
        if size > MOST_CELLS:
            return self._undecided(world)
        verdicts = [
            (cell, self._table.verdict(world.given(**cell))) for cell in _product(open_facts)
        ]
        possible = self._sorted({verdict.status for _, verdict in verdicts})
        settle = self._settle(world, possible, open_facts) if size <= MOST_SETTLED else ()
        found = {finding.fact for finding in settle}
        decision = self.decision.decision
        return Decided(
            topic=self.decision.topic,
            pack=self.pack,
            status=possible[0] if len(possible) == 1 else None,
            possible=possible,
            verdict=verdicts[0][1],
            missing=tuple(
                name
                for name in decision.settled_by
                if name in found and not isinstance(world.facts.get(name), Measured | Stated)
            ),
            assumed=self._assumed(world),
            separated_by=self._separated(world, open_facts) if len(possible) > 1 else (),
            settle=settle,
        )

    def first(self, world: World) -> tuple[Verdict, tuple[str, ...]]:
        """The verdict and the statuses possible, as :meth:`decide` says, and nothing else."""
        open_facts = self._open(world)
        if _size(open_facts) > MOST_CELLS:
            return Verdict(self.decision.decision.otherwise, None), self._order
        verdicts = [self._table.verdict(world.given(**cell)) for cell in _product(open_facts)]
        return verdicts[0], self._sorted({verdict.status for verdict in verdicts})

    def verdicts(self, world: World) -> tuple[tuple[Mapping[str, Fact], Verdict], ...]:
        """Each combination of what is only partly known, with its verdict; none of too many."""
        open_facts = self._open(world)
        if _size(open_facts) > MOST_CELLS:
            return ()
        return tuple(
            (cell, self._table.verdict(world.given(**cell))) for cell in _product(open_facts)
        )

    def possible(self, world: World) -> tuple[str, ...]:
        """The statuses possible for a case, as :meth:`decide` says, and nothing else of it."""
        return self.first(world)[1]

    def _undecided(self, world: World) -> Decided:
        """So much is known only in part that nothing is excluded."""
        return Decided(
            topic=self.decision.topic,
            pack=self.pack,
            status=None,
            possible=self._order,
            verdict=Verdict(self.decision.decision.otherwise, None),
            missing=(),
            assumed=self._assumed(world),
            separated_by=(),
            settle=(),
        )

    def _assumed(self, world: World) -> tuple[str, ...]:
        return tuple(n for n in self.decision.decision.assumes if self._unstated(world, n))

    def _open(self, world: World) -> dict[str, tuple[Fact, ...]]:
        """The partly known facts the table looks at, with their cells."""
        found: dict[str, tuple[Fact, ...]] = {}
        for name in self.facts:
            fact = world.facts.get(name)
            if fact is not None and cells.is_partly_known(fact):
                analyte = self._compiler.analyte(name)
                parts = cells.cells_of(fact, analyte, self._readers.get(name, ()), world)
                if parts:
                    found[name] = parts
        return found

    def _separated(
        self, world: World, open_facts: Mapping[str, tuple[Fact, ...]]
    ) -> tuple[Settling, ...]:
        found = []
        for name, parts in open_facts.items():
            finding = self._finding(world, name, parts, open_facts)
            if len(finding.outcomes) > 1:
                found.append(finding)
        return tuple(found)

    def _settle(
        self,
        world: World,
        possible: tuple[str, ...],
        open_facts: Mapping[str, tuple[Fact, ...]],
    ) -> tuple[Settling, ...]:
        """For each absent or unstated fact the table names: which finding would lead where."""
        found: list[Settling] = []
        decision = self.decision.decision
        for name in dict.fromkeys((*decision.settled_by, *decision.assumes)):
            fact = world.facts.get(name)
            if isinstance(fact, Measured | Stated) or name not in self.facts:
                continue
            if isinstance(fact, Absent) and fact.reason == "not-applicable":
                continue
            is_measured = name in self._readers
            if not is_measured and name not in decision.settled_by:
                continue
            varied = self._table.varying(world, frozenset((name, *open_facts)))
            if varied.stands:
                continue
            if is_measured:
                analyte = self._compiler.analyte(name)
                parts: tuple[Fact, ...] = cells.cells_of_absent(
                    name, analyte, self._readers.get(name, ()), world
                )
            else:
                parts = (Stated(name, True), Stated(name, False))
            finding = self._finding(world, name, parts, open_facts, varied)
            if finding.outcomes != {possible}:
                found.append(finding)
        order = {name: index for index, name in enumerate(decision.settled_by)}
        found.sort(key=lambda f: (-len(f.outcomes), order.get(f.fact, len(order))))
        return tuple(found)

    def _finding(
        self,
        world: World,
        name: str,
        parts: tuple[Fact, ...],
        open_facts: Mapping[str, tuple[Fact, ...]],
        varied: Varied | None = None,
    ) -> Settling:
        """Where each part of one fact leads, over all that the other open facts may be."""
        others = list(_product({n: cells_ for n, cells_ in open_facts.items() if n != name}))
        varied = varied or self._table.varying(world, frozenset((name, *open_facts)))
        bands: list[Band] = []
        run: list[Interval] = []
        for part in parts:
            statuses = self._sorted(
                {varied.status(world.given(**{name: part}, **cell)) for cell in others}
            )
            if isinstance(part, Stated):
                bands.append(Band(statuses, truth=part.value))
                continue
            assert isinstance(part, Measured)
            same = bands and bands[-1].statuses == statuses and bands[-1].unit == part.unit
            if same and _touch(run[-1], part.interval):
                run.append(part.interval)
                bands[-1] = Band(statuses, cells.join(run), part.unit)
            else:
                run = [part.interval]
                bands.append(Band(statuses, part.interval, part.unit))
        return Settling(name, tuple(bands))

    def _unstated(self, world: World, name: str) -> bool:
        fact = world.facts.get(name)
        if isinstance(fact, Absent) and fact.reason == "not-applicable":
            return False
        return not isinstance(fact, Measured | Stated)

    def _sorted(self, statuses: set[str]) -> tuple[str, ...]:
        return tuple(status for status in self._order if status in statuses)


def _size(open_facts: Mapping[str, tuple[Fact, ...]]) -> int:
    return math.prod(len(parts) for parts in open_facts.values())


def _touch(left: Interval, right: Interval) -> bool:
    return left.high is not None and left.high == right.low


def _readers(
    conditions: tuple[tree.Expression, ...], compiler: Compiler
) -> dict[str, tuple[CutReader, ...]]:
    found: dict[str, dict[tree.Cut, None]] = {}
    for condition in conditions:
        for node in tree.walk(condition):
            if isinstance(node, tree.Compare | tree.Between):
                found.setdefault(node.fact, {}).update(dict.fromkeys(tree.cuts_of(node)))
    return {name: tuple(compiler.reader(cut) for cut in used) for name, used in found.items()}


def _product(open_facts: Mapping[str, tuple[Fact, ...]]) -> Iterator[dict[str, Fact]]:
    for combination in itertools.product(*open_facts.values()):
        yield dict(zip(open_facts, combination, strict=True))
