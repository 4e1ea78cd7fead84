"""A decision put into words: status, why, what it stands on, what would settle it."""

from __future__ import annotations

from corrin.evaluate.decide import Decided, Settling
from corrin.evaluate.engine import Engine
from corrin.evaluate.trace import Leaf
from corrin.facts.fact import Measured
from corrin.language.world import World
from corrin.notes import report
from corrin.notes.basis import Basis
from corrin.notes.sentence import capital, readable
from corrin.notes.site import fragile, told
from corrin.notes.words import Dictionary, stretch
from corrin.packs import schema
from corrin.packs.bound import BoundPack

URGENCIES: tuple[schema.Urgency, ...] = ("emergency", "urgent", "soon", "routine")


def most_urgent(urgencies: tuple[schema.Urgency, ...]) -> schema.Urgency:
    """The highest of several urgencies; routine when there is none."""
    return min(urgencies, key=URGENCIES.index, default="routine")


def urgency_of(decided: Decided, content: schema.Decision) -> schema.Urgency:
    """That of the row that decided, where it has its own; the highest of all possible statuses."""
    index, verdict = decided.verdict.row, decided.verdict
    if decided.status is not None and index is not None and not verdict.restrictions:
        own = content.rows[index].urgency
        if own is not None:
            return own
    return most_urgent(tuple(content.statuses[s].urgency for s in decided.possible))


class StatusWriter:
    """Writes the status of a topic."""

    def __init__(self, engine: Engine, words: Dictionary, basis: Basis) -> None:
        self._engine, self._words, self._basis = engine, words, basis

    def write(self, decided: Decided, world: World) -> report.Status:
        """One topic's status for the report."""
        pack = self._engine.library.packs[decided.pack]
        bound = pack.decisions[decided.topic]
        content = bound.decision
        index = decided.verdict.row
        row = None if index is None else bound.rows[index]
        leaves = () if row is None else self._basis.leaves(row.when, world)
        open_ = decided.status is None
        rows = content.evidence if row is None else row.row.evidence
        because = content.otherwise_because if row is None else row.row.because
        applied = () if open_ else decided.verdict.restrictions
        if applied:
            because = applied[-1].restriction.because
        if open_:
            because = self._open(decided, content)
        thresholds = self._thresholds(decided, world, pack, leaves)
        because = " ".join((because, *told(thresholds)))
        settle = tuple(self._settles(f, content) for f in decided.settle)
        return report.Status(
            topic=decided.topic,
            title=content.title,
            pack=decided.pack,
            status=decided.status,
            says=self._says(decided, content),
            possible=self._all(decided.possible, content) if open_ else (),
            urgency=urgency_of(decided, content),
            because=because,
            why=() if open_ else self._basis.why(leaves, world),
            thresholds=thresholds,
            missing=self._basis.missing(decided.missing, world),
            assumed=tuple(map(self._words.assumed, decided.assumed)),
            restrictions=tuple(
                report.Applied(
                    id=r.restriction.id,
                    pack=r.pack,
                    confounder=r.restriction.confounder,
                    because=r.restriction.because,
                    evidence=self._words.evidence(r.restriction.evidence),
                )
                for r in applied
            ),
            separated_by=tuple(self._settles(f, content) for f in decided.separated_by),
            settle=tuple(sorted(settle, key=lambda one: not one.available)),
            evidence=self._words.evidence(rows),
            fragile=self._fragile(decided, world, content),
        )

    def _fragile(
        self, decided: Decided, world: World, content: schema.Decision
    ) -> tuple[report.Fragile, ...]:
        site = self._engine.library.site
        if site is None or not decided.fragile:
            return ()
        statuses = content.statuses
        return fragile(site, decided.fragile, decided.possible, world.facts, statuses, self._words)

    def _says(self, decided: Decided, content: schema.Decision) -> str:
        if decided.status is not None:
            return content.statuses[decided.status].says
        said = [content.statuses[s].says for s in decided.possible]
        return "cannot be classified: " + ", or ".join(said)

    def _open(self, decided: Decided, content: schema.Decision) -> str:
        if not decided.separated_by:
            return self._words.reason("too-open")
        parts = []
        for finding in decided.separated_by:
            bands = "; ".join(
                f"{stretch(b.interval, b.unit)}: "
                + " or ".join(content.statuses[s].says for s in b.statuses)
                for b in finding.bands
                if b.interval is not None
            )
            parts.append(f"{self._words.short(finding.fact)} is only partly known ({bands})")
        return readable(". ".join(capital(p) for p in parts) + ".")

    def _all(self, codes: tuple[str, ...], content: schema.Decision) -> tuple[report.Words, ...]:
        return tuple(report.Words(code=c, says=content.statuses[c].says) for c in codes)

    def _settles(self, finding: Settling, content: schema.Decision) -> report.Settles:
        bands = []
        for band in finding.bands:
            if band.interval is not None:
                said = stretch(band.interval, band.unit)
            else:
                said = "stated present" if band.truth else "stated absent"
            bands.append(report.Band(finding=said, statuses=self._all(band.statuses, content)))
        return report.Settles(
            name=finding.fact,
            label=self._words.label(finding.fact),
            bands=tuple(bands),
            available=self._words.available(finding.fact),
        )

    def _thresholds(
        self, decided: Decided, world: World, pack: BoundPack, leaves: tuple[Leaf, ...]
    ) -> tuple[report.ThresholdUsed, ...]:
        if decided.status is not None:
            return self._basis.thresholds(leaves, world, pack)
        found: dict[tuple[str, str], report.ThresholdUsed] = {}
        facts = {finding.fact for finding in decided.separated_by}
        partly = {n for n in facts if isinstance(world.facts.get(n), Measured)}
        for row in pack.decisions[decided.topic].rows:
            for used in self._basis.thresholds_of(row.when, world, pack, partly):
                found.setdefault((used.pack, used.name), used)
        return tuple(found.values())
