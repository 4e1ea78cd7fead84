"""What every entry of the catalogue is made of: prose, cut-offs, definitions, evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from corrin import terminology
from corrin.api.catalogue import form
from corrin.evaluate.engine import Engine
from corrin.language import tree
from corrin.language.to_prose import Prose, figures
from corrin.notes.report import Source
from corrin.packs import schema
from corrin.packs.bound import BoundPack
from corrin.packs.overlay_changes import threshold_said
from corrin.packs.pack import Pack
from corrin.packs.topics import topics


class Parts:
    """Puts conditions, figures and rows of one library into words.

    Args:
        engines: by profile; all of one content.
        default: the profile used when a request names none.
    """

    def __init__(self, engines: Mapping[str, Engine], default: str) -> None:
        self.engines, self.default = dict(sorted(engines.items())), default
        self.library = engines[default].library
        self._rows = self.library.rows()
        self._topics = topics(self.library.root)
        self.terms = terminology.load()
        self.names = (
            dict(self.library.truths)
            | {a.id: a.short for a in self.terms.analytes.values()}
            | {c.id: c.name for c in self.terms.concepts.values()}
        )
        self._means = {
            name: definition.means
            for pack in self.library.packs.values()
            for name, definition in pack.pack.definitions.items()
        }
        self._reasons = {code: one.sentence for code, one in self.terms.reasons.items()}
        self.prose = Prose(self.names, self._means, self._reasons)
        self._seen: dict[str, form.Row] = {}

    def prose_with(self, result: str) -> Prose:
        """Prose in which the value a rule is asked for is called ``result``."""
        return Prose({**self.names, "result": result}, self._means, self._reasons)

    def run_by(self, pack: str) -> tuple[str, ...]:
        """Profiles a pack runs in at this site."""
        running = self.engines.items()
        return tuple(p for p, engine in running if any(one.id == pack for one in engine.packs))

    def topic(self, topic: str) -> str:
        """The title of a topic."""
        return self._topics.get(topic, topic.replace("_", " ").capitalize())

    def verified(self, rows: Iterable[str], cutoffs: Iterable[form.CutOff]) -> bool:
        """As a note says it: no row unverified, no cut-off set by the site."""
        known = tuple(row for row in rows if row in self._rows.rows)
        figures_too = all(
            one.set_by is None and all(row.verified for row in one.evidence) for one in cutoffs
        )
        return self._rows.verified(known) and figures_too

    def evidence(self, names: Iterable[str]) -> tuple[form.Row, ...]:
        """Rows of evidence by their ids, each once; those that are not there left out."""
        known = (name for name in dict.fromkeys(names) if name in self._rows.rows)
        return tuple(map(self._row, known))

    def _row(self, name: str) -> form.Row:
        found = self._seen.get(name)
        if found is None:
            row = self._rows.row(name)
            found = self._seen[name] = form.Row(
                row=name,
                item=row.item,
                check=row.check,
                verified=row.verified,
                sources=tuple(
                    Source(key=one.key, title=one.title, url=one.url or None)
                    for one in self._rows.sources_of(name)
                ),
            )
        return found

    def definitions(
        self, pack: BoundPack, conditions: Iterable[tree.Expression]
    ) -> tuple[form.Definition, ...]:
        """Every definition some conditions use."""
        found: dict[str, tree.Expression] = {}
        for condition in conditions:
            for node in tree.walk(condition):
                if isinstance(node, tree.Truth) and node.definition is not None:
                    found[node.name] = node.definition
        packs = (pack, *_used(pack))
        return tuple(
            self.definition(name, when, one.pack.definitions[name])
            for name, when in found.items()
            for one in [next((p for p in packs if name in p.pack.definitions), None)]
            if one is not None
        )

    def definition(
        self, name: str, when: tree.Expression, content: schema.Definition
    ) -> form.Definition:
        """One definition."""
        return form.Definition(
            name=name,
            means=content.means,
            when=self.prose.of(when),
            evidence=self.evidence(content.evidence),
        )

    def cutoffs(
        self, pack: BoundPack, conditions: Iterable[tree.Expression]
    ) -> tuple[form.CutOff, ...]:
        """Every named cut-off some conditions use, from the pack each stands in."""
        cuts: dict[tuple[str | None, str], tree.Cut] = {}
        for condition in conditions:
            for node in tree.walk(condition):
                if isinstance(node, tree.Compare | tree.Between):
                    cuts |= {(c.pack, c.name): c for c in tree.cuts_of(node) if c.name is not None}
        return tuple(
            self.cutoff(owner.pack, cut)
            for (owned, name), cut in cuts.items()
            for owner in (pack, *_used(pack))
            if owner.id == owned and name in owner.pack.thresholds
        )

    def cutoff(self, pack: Pack, cut: tree.Cut) -> form.CutOff:
        """A cut-off of a pack; with the site's own figure, what it stands instead of."""
        name = str(cut.name)
        content, window = pack.thresholds[name], pack.thresholds[name].may_be_set
        cited = (*content.evidence, *(row for v in content.variants for row in v.evidence))
        site = self.library.site
        moved = None if site is None else site.moved.get((pack.id, name))
        by_site: dict[str, str | None] = {}
        if site is not None and moved is not None:
            by_site = {
                "set_by": site.overlay.name,
                "because": moved.set.because,
                "source": moved.set.source,
                "upstream": threshold_said(moved.upstream),
            }
        return form.CutOff(
            name=name,
            says=content.meaning,
            pack=pack.id,
            analyte=self.prose.name(content.analyte),
            used=self.prose.operand(cut) or figures(cut.values),
            figures=_figures(content.value or {}),
            variants=tuple(
                form.FiguresFor(when=self.prose.of(bound.when), figures=_figures(given.value))
                for bound, given in zip(cut.variants, content.variants, strict=True)
            ),
            laboratory_limit=content.laboratory_limit,
            in_force_from=day(content.in_force.start) if content.in_force else None,
            earlier=tuple(
                f"{figures(one.values)} from {one.start}" + (f" until {one.end}" if one.end else "")
                for one in cut.earlier
            ),
            may_be_set=f"{window.low:f} to {window.high:f} {window.unit}" if window else None,
            note=content.note or "",
            evidence=self.evidence(cited),
            **by_site,
        )


def _figures(value: Mapping[str, Decimal]) -> tuple[form.Figure, ...]:
    return tuple(form.Figure(value=f"{figure:f}", unit=unit) for unit, figure in value.items())


def set_by_site(cutoffs: Iterable[form.CutOff]) -> tuple[str, ...]:
    """What of an entry the site has set."""
    return tuple(f"cut-off {one.name}" for one in cutoffs if one.set_by is not None)


def _used(pack: BoundPack) -> tuple[BoundPack, ...]:
    """The packs whose words a pack may use, at first or second hand, each once."""
    found: dict[str, BoundPack] = {}
    for one in pack.uses:
        found |= {one.id: one, **{other.id: other for other in _used(one)}}
    return tuple(found.values())


def day(found: date | None) -> str | None:
    """A day as it is written, if there is one."""
    return None if found is None else str(found)
