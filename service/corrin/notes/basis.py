"""The basis of a note: which conditions decided, which cut-offs, which inputs."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from corrin.evaluate.engine import Engine
from corrin.evaluate.trace import Leaf, deciding
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.interval import Interval
from corrin.language import tree
from corrin.language.compare import CutReader, beside
from corrin.language.kleene import Kleene
from corrin.language.to_prose import Prose, figures
from corrin.language.world import World
from corrin.notes import report
from corrin.notes.figure import in_reported_unit
from corrin.notes.sentence import capital, readable
from corrin.notes.site import set_by_site
from corrin.notes.words import Dictionary, quantity
from corrin.packs.bound import BoundPack
from corrin.packs.pack import Pack

# Which pack speaks (by identity) of which cut-off of which pack.
_CutKey = tuple[int, str, str | None]
# The unit a value is compared in, and the one it was reported in.
_Units = tuple[str | None, str | None]

_TRUTH: dict[Kleene, report.Truth] = {True: "true", False: "false", None: "unknown"}


@dataclass(frozen=True, slots=True)
class _Publication:
    """A cut-off without the figure used: as published, and as a site file set it."""

    upstream: report.ThresholdUsed
    by_site: report.ThresholdUsed | None = None


class Basis:
    """Explains conditions of one engine in words."""

    def __init__(self, engine: Engine, words: Dictionary) -> None:
        self._engine, self._words = engine, words
        means = {
            name: definition.means
            for pack in engine.library.packs.values()
            for name, definition in pack.pack.definitions.items()
        }
        analytes, concepts = words.terms.analytes, words.terms.concepts
        names = (
            dict(engine.library.truths)
            | {a.id: a.short for a in analytes.values()}
            | {c.id: c.name for c in concepts.values()}
        )
        reasons = {code: reason.sentence for code, reason in words.terms.reasons.items()}
        self._names, self._means, self._reasons = names, means, reasons
        # By identity; the condition is kept beside, so that its identity stays taken.
        self._cuts: dict[int, tuple[tree.Expression, tuple[tuple[str, tree.Cut], ...]]] = {}
        self._said: dict[int, tuple[tree.Expression, str]] = {}
        self._published: dict[_CutKey, _Publication | None] = {}
        self._used: dict[tuple[_CutKey, _Units], report.ThresholdUsed] = {}
        self.prose = Prose(names, means, reasons)

    def reason(self, code: str) -> str:
        """The sentence of a reason."""
        return self._words.reason(code)

    def leaves(self, condition: tree.Expression, world: World) -> tuple[Leaf, ...]:
        """The leaves that decided a condition."""
        return deciding(condition, world, self._engine.compiler)

    def why(
        self, leaves: Iterable[Leaf], world: World, result: str | None = None
    ) -> tuple[report.Reason, ...]:
        """The deciding leaves in words, each with the value met."""
        prose = self.prose_for(result)
        found: dict[tuple[str, Kleene], None] = {}
        for leaf in leaves:
            if isinstance(leaf.node, tree.Always):
                continue
            said = self._words_of(leaf.node) if result is None else prose.of(leaf.node)
            met = self._met(leaf.node, world)
            text = f"{said} ({met})" if met else said
            found[readable(capital(text)), leaf.truth] = None
        return tuple(report.Reason(says=says, truth=_TRUTH[truth]) for says, truth in found)

    def says(
        self, leaves: Iterable[Leaf], result: str | None = None
    ) -> tuple[tuple[str, report.Truth], ...]:
        """As :meth:`why`, without the values met: the same for everybody of whom the same holds."""
        prose = self.prose_for(result)
        found: dict[tuple[str, Kleene], None] = {}
        for leaf in leaves:
            if not isinstance(leaf.node, tree.Always):
                said = self._words_of(leaf.node) if prose is self.prose else prose.of(leaf.node)
                found[readable(capital(said)), leaf.truth] = None
        return tuple((says, _TRUTH[truth]) for says, truth in found)

    def prose_for(self, result: str | None) -> Prose:
        """Prose in which the value a rule is asked for is called by the name of its analyte."""
        if result is None:
            return self.prose
        names = {**self._names, "result": self._words.short(result)}
        return Prose(names, self._means, self._reasons)

    def _words_of(self, node: tree.Leaf) -> str:
        known = self._said.get(id(node))
        if known is None:
            known = self._said[id(node)] = (node, self.prose.of(node))
        return known[1]

    def _met(self, node: tree.Leaf, world: World) -> str:
        match node:
            case tree.Compare(fact) | tree.Between(fact):
                found = world.facts.get(fact)
                return self._words.said(found, fact, None)
            case _:
                return ""

    def facts(self, leaves: Iterable[Leaf], world: World) -> tuple[Measured, ...]:
        """The measured inputs the leaves looked at."""
        found: dict[str, Measured] = {}
        for leaf in leaves:
            for name in tree.facts_of(leaf.node):
                fact = world.facts.get(name)
                if isinstance(fact, Measured):
                    found[fact.origin + fact.analyte + str(fact.when)] = fact
        return tuple(found.values())

    def missing(self, names: Iterable[str], world: World) -> tuple[report.Missing, ...]:
        """Those of ``names`` that are neither measured nor stated."""
        found = []
        for name in dict.fromkeys(names):
            fact: Fact | None = world.facts.get(name)
            if isinstance(fact, Absent) and fact.reason == "not-applicable":
                continue
            if not isinstance(fact, Measured | Stated):
                found.append(self._words.missing(name, fact))
        return tuple(found)

    def thresholds(
        self, leaves: Iterable[Leaf], world: World, pack: BoundPack
    ) -> tuple[report.ThresholdUsed, ...]:
        """The cut-offs the leaves used, with the figure each was held against."""
        found: dict[tuple[str, str], report.ThresholdUsed] = {}
        for leaf in leaves:
            for used in self.thresholds_of(leaf.node, world, pack):
                found.setdefault((used.pack, used.name), used)
        return tuple(found.values())

    def thresholds_of(
        self,
        condition: tree.Expression,
        world: World,
        pack: BoundPack,
        facts: Container[str] | None = None,
    ) -> tuple[report.ThresholdUsed, ...]:
        """The cut-offs of a whole condition, of ``facts`` only when given."""
        # Two packs may have a cut-off of one name, and a condition use both through definitions.
        found: dict[tuple[str | None, str | None], report.ThresholdUsed] = {}
        for fact, cut in self._named_cuts(condition):
            name = (cut.pack, cut.name)
            if (facts is None or fact in facts) and name not in found:
                entry = self.threshold(cut, fact, world, pack)
                if entry is not None:
                    found[name] = entry
        return tuple(found.values())

    def _named_cuts(self, condition: tree.Expression) -> tuple[tuple[str, tree.Cut], ...]:
        """The named cut-offs of a condition with the facts held against them; walked once."""
        known = self._cuts.get(id(condition))
        if known is None:
            found = tuple(
                (node.fact, cut)
                for node in tree.walk(condition)
                if isinstance(node, tree.Compare | tree.Between)
                for cut in tree.cuts_of(node)
                if cut.name is not None
            )
            known = self._cuts[id(condition)] = (condition, found)
        return known[1]

    def threshold(
        self, cut: tree.Cut, fact: str, world: World, pack: BoundPack
    ) -> report.ThresholdUsed | None:
        """A cut-off with its sources, and the figure of it that a fact was held against."""
        # Packs live as long as the engine: their identity stays taken.
        key = (id(pack), str(cut.name), cut.pack)
        measured = world.facts.get(fact)
        unit = measured.unit if isinstance(measured, Measured) else None
        shown = (unit, measured.reported_unit) if isinstance(measured, Measured) else (None, None)
        used = self._used.get((key, shown))
        if used is not None:
            return used
        if key not in self._published:
            self._published[key] = self._publication(cut, pack)
        known = self._published[key]
        if known is None:
            return None
        own = isinstance(measured, Measured) and self._engine.compiler.reader(cut).believes(
            measured
        )
        said = known.upstream if own or known.by_site is None else known.by_site
        update: dict[str, Any] = {"used": self.figure(cut, measured, world)}
        if cut.earlier and said is known.upstream:
            update |= self._as_it_was(cut, pack, world.on)
        used = said.model_copy(update=update)
        fixed = self._engine.compiler.reader(cut).fixed()
        if fixed is not None and (unit is None or unit in dict(fixed)):
            self._used[key, shown] = used  # nothing of it depends on the person or the day
        return used

    def _as_it_was(self, cut: tree.Cut, pack: BoundPack, day: date) -> dict[str, Any]:
        """Figures, date and sources of a cut-off that had other figures on a day, else nothing."""
        owner = self._owner(cut, pack)
        for dated in () if owner is None else owner.thresholds[str(cut.name)].earlier:
            if dated.in_force.holds_on(day):
                return {
                    "published": tuple(
                        f"{figure:f} {unit}" for unit, figure in dated.value.items()
                    ),
                    "in_force_from": str(dated.in_force.start),
                    "evidence": self._words.evidence(dated.evidence),
                }
        return {}

    def _publication(self, cut: tree.Cut, pack: BoundPack) -> _Publication | None:
        """All of a :class:`report.ThresholdUsed` that is the same for everybody."""
        owner = self._owner(cut, pack)
        if owner is None:
            return None
        now = owner.thresholds[str(cut.name)]
        site, where = self._engine.library.site, (owner.id, str(cut.name))
        moved = None if site is None else site.moved.get(where)
        is_moved = moved is not None and moved.now is now
        content = moved.upstream if moved is not None and is_moved else now
        rows = [*content.evidence, *(row for v in content.variants for row in v.evidence)]
        published = [f"{figure:f} {unit}" for unit, figure in (content.value or {}).items()]
        published += [
            f"{figure:f} {unit}" for v in content.variants for unit, figure in v.value.items()
        ]
        upstream = report.ThresholdUsed(
            used="",
            name=str(cut.name),
            says=content.meaning,
            published=tuple(published),
            in_force_from=None if content.in_force is None else str(content.in_force.start),
            pack=owner.id,
            evidence=self._words.evidence(tuple(rows)),
        )
        if site is None or not is_moved:
            return _Publication(upstream)
        return _Publication(upstream, set_by_site(site, where, upstream, self._words))

    def _owner(self, cut: tree.Cut, pack: BoundPack) -> Pack | None:
        """The pack a cut-off stands in: the one that speaks, one it uses, or any of the library.

        Of two cut-offs of one name each keeps the words of its own pack.
        """
        for one in (*_with_used(pack), *self._engine.library.packs.values()):
            if one.pack.id == cut.pack and cut.name in one.pack.thresholds:
                return one.pack
        return None

    def figure_in_text(self, cut: tree.Cut, world: World, pack: BoundPack) -> str:
        """The figure of a cut-off inside a sentence of a pack, marked where the site set it."""
        text = self.figure(cut, world.facts.get(cut.analyte), world)
        if self._engine.library.site is None:
            return text
        used = self.threshold(cut, cut.analyte, world, pack)
        return text if used is None or used.set_by is None else f"{text} (set by the site)"

    def figure(self, cut: tree.Cut, fact: Fact | None, world: World) -> str:
        """The figure of a cut-off that a fact was held against, in words."""
        reader: CutReader = self._engine.compiler.reader(cut)
        measured = fact if isinstance(fact, Measured) else None
        possible = reader.figures(world, measured)
        if not possible:
            return "none given"
        analyte = self._engine.compiler.analyte(cut.analyte)
        if measured is None:
            return " or ".join(
                figures(tuple((u, i.low) for u, i in one if i.low is not None)) for one in possible
            )
        said = []
        for one in possible:
            value, figure = beside(analyte, measured, one)
            unit = next((u for u, _ in one if u == measured.unit), one[0][0])
            text = in_reported_unit(analyte, figure, unit, measured)
            if unit != measured.unit:
                text += f" (value converted: {quantity(value, unit)})"
            said.append(text)
        text = " or ".join(said)
        own = reader.laboratory(measured)
        if own is None:
            return text
        if reader.believes(measured):
            return f"{text} (the laboratory's own limit)"
        unused = quantity(Interval.point(own), measured.unit)
        return f"{text} (the laboratory's own limit, {unused}, cannot be right and was not used)"


def _with_used(pack: BoundPack) -> Iterator[BoundPack]:
    yield pack
    for used in pack.uses:
        yield from _with_used(used)
