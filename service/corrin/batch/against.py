"""The same people under another framework: where the two differ, and what makes the difference.

The other framework takes the place of the pack that decides the vitamin B12 status in the profile,
and of any other topic it decides; everything else of the profile stays, packs of one's own and the
site file included. Every case is judged twice by the same columns; only those that differ are
looked at one by one, to find out which cut-off or row makes it
(:mod:`corrin.comparison.counterfactual`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from corrin import __version__
from corrin.comparison.comparer import TOPIC, deciding, differing_cutoffs
from corrin.comparison.counterfactual import Swapped, exchanged
from corrin.comparison.framework import Framework, framework
from corrin.evaluate.decide import Decided
from corrin.evaluate.engine import Engine
from corrin.facts.case import Case
from corrin.interpretation import UsageError
from corrin.language.world import World
from corrin.notes.compose import Composer
from corrin.notes.many import Many
from corrin.notes.record import Record, Recorder, StatusRecord
from corrin.packs.versions import NoSuchPack, find

TABLE = "differences"

# Sets of cut-offs that stay put into a framework, before it is made anew.
_MOST_KEPT = 256

Row = tuple[Any, ...]


def named(names: str) -> list[str]:
    """The frameworks named with commas between, sorted, each once."""
    return sorted({one.strip() for one in names.split(",")} - {""})


class Against:
    """Frameworks that stand beside the one of a profile.

    Args:
        engine, composer: of the profile.
        names: ids, ``id@version`` or folders of packs, with commas between.

    Raises:
        UsageError: there is no such pack, it decides something else, or it is the profile's own.
        corrin.packs.finding.ContentProblem: its content cannot be used.
    """

    def __init__(self, engine: Engine, composer: Composer, names: str) -> None:
        asked = named(names)
        if not asked:
            raise UsageError("No framework is named to compare with.", "Name a pack: aafp-2025.")
        self._others = tuple(_Other(engine, composer, name) for name in asked)

    @property
    def names(self) -> tuple[str, ...]:
        """The frameworks, as they were asked for, sorted."""
        return tuple(one.name for one in self._others)

    def rows(
        self, subjects: Sequence[str], cases: Sequence[Case], records: Sequence[Record]
    ) -> list[Row]:
        """Rows of the table of differences, in the order of the cases.

        Args:
            subjects: whose each case is.
            cases: what was judged.
            records: what the profile says of each.
        """
        there = [one.many.records(cases) for one in self._others]
        return [
            row
            for at, (subject, case) in enumerate(zip(subjects, cases, strict=True))
            for other, found in zip(self._others, there, strict=True)
            for row in other.rows(subject, case, records[at], found[at])
        ]


@dataclass(frozen=True, slots=True)
class _Pair:
    """The framework that decides a topic here, the other, and both with cut-offs put in."""

    frameworks: tuple[Framework, Framework]
    swaps: tuple[Swapped, Swapped]


class _Other:
    """One other framework."""

    def __init__(self, engine: Engine, composer: Composer, name: str) -> None:
        self.name, self._engine, self._composer = name, engine, composer
        self._there = _placed(engine, name)
        own = (self._there.pack, engine.library.packs[engine.deciders[TOPIC].pack].pack)
        # Two guidelines name their notes apart: that these differ says nothing.
        self._own = frozenset(rule.id for pack in own for rule in pack.rules)
        self.many = Many(self._there.engine, Recorder(self._there.engine, self._there.composer))
        self._pairs: dict[str, _Pair] = {}

    def rows(self, subject: str, case: Case, here: Record, there: Record) -> Iterator[Row]:
        """The rows of one case: one of the report as a whole, one per topic that differs."""
        head = (subject, case.as_of.text, self.name)
        notes = tuple({note.rule for note in record.notes} for record in (here, there))
        gained, lost = sorted(notes[1] - notes[0]), sorted(notes[0] - notes[1])
        told = self._own.issuperset((*gained, *lost))
        if here.urgency != there.urgency or not told:
            yield (*head, "", None, None, here.urgency, there.urgency, None, [], gained, lost)
        statuses = tuple({one.topic: one for one in record.statuses} for record in (here, there))
        for topic in sorted(statuses[0].keys() | statuses[1].keys()):
            one, other = statuses[0].get(topic), statuses[1].get(topic)
            if _code(one) == _code(other) and _urgency(one) == _urgency(other):
                continue
            kind, because = self._because(topic, case, one, other)
            codes = (_code(one), _code(other), _urgency(one), _urgency(other))
            yield (*head, topic, *codes, kind, because, [], [])

    def _because(
        self, topic: str, case: Case, one: StatusRecord | None, other: StatusRecord | None
    ) -> tuple[str | None, list[str]]:
        """What makes two statuses differ."""
        if one is None or other is None:
            return None, []
        world, pair = World.of(case), self._pair(topic)
        if one.possible != other.possible:
            causes, together = exchanged(*pair.frameworks, topic, world, pair.swaps)
            cutoffs = differing_cutoffs(pair.frameworks, causes, world)
            if cutoffs:
                kind = "thresholds together" if together else "threshold"
                return kind, [f"{cut.name}: {cut.first} → {cut.second}" for cut in cutoffs]
        return "table", [_row(one, topic, world) for one in pair.frameworks]

    def _pair(self, topic: str) -> _Pair:
        found = self._pairs.get(topic)
        if found is None or max(swap.kept for swap in found.swaps) > _MOST_KEPT:
            frameworks = (
                _standing(self._engine, self._composer, topic),
                replace(self._there, stands_as=self._there.engine.deciders[topic].pack),
            )
            swaps = (Swapped(frameworks[0], topic), Swapped(frameworks[1], topic))
            found = self._pairs[topic] = _Pair(frameworks, swaps)
        return found


def _placed(engine: Engine, name: str) -> Framework:
    """A pack in the place of the profile's own, all else that runs beside it kept."""
    library = engine.library
    try:
        found = find(library, name)
    except NoSuchPack as error:
        raise UsageError(error.message, error.hint) from error
    if TOPIC not in found.pack.decisions:
        raise UsageError(
            f"The pack {found.pack.id} does not decide the vitamin B12 status.",
            f"Those that do: {', '.join(deciding(library))}.",
        )
    here = library.packs[engine.deciders[TOPIC].pack].pack
    if found.pack.digest == here.digest:
        raise UsageError(
            f"{name} is what profile {engine.profile.head.id} goes by already.",
            f"Name another: {', '.join(deciding(library))}.",
        )
    if library.site is not None and found.origin != "installed":
        raise UsageError(
            "Beside a site file only installed packs can be compared with.",
            "Leave the site file out, or name a pack without a version.",
        )
    packs = tuple(pack.id for pack in engine.packs)
    head = engine.profile.head.model_copy(update={"packs": packs})
    profile = replace(engine.profile, head=head)
    return framework(library, profile, replace(found, name=name), __version__)


def _standing(engine: Engine, composer: Composer, topic: str) -> Framework:
    """The pack that decides a topic, as a framework."""
    pack = engine.deciders[topic].pack
    bound = engine.library.packs[pack]
    return Framework(pack, bound.pack, "installed", pack, engine, composer, composer.basis)


def _row(one: Framework, topic: str, world: World) -> str:
    """The row of a table that decided, and the restrictions after it."""
    decided: Decided = one.engine.deciders[topic].decide(world)
    bound = one.bound.decisions[topic]
    if decided.status is None:
        return f"{one.name}: {' or '.join(decided.possible)}"
    row = "otherwise" if decided.verdict.row is None else bound.rows[decided.verdict.row].row.id
    after = [found.restriction.id for found in decided.verdict.restrictions]
    return f"{one.name}: {', then '.join((row, *after))}"


def _code(one: StatusRecord | None) -> str | None:
    if one is None:
        return None
    return one.status or " or ".join(one.possible)


def _urgency(one: StatusRecord | None) -> str | None:
    return None if one is None else one.urgency
