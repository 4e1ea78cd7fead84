"""Library and profile → book: conditions in prose, examples run, evidence gathered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from corrin import __version__, terminology
from corrin.book import part
from corrin.evaluate import worked
from corrin.language import tree
from corrin.language.bind import bind
from corrin.language.parse import parse
from corrin.language.to_prose import Prose, figures
from corrin.packs import schema
from corrin.packs.bound import BoundDecision, BoundPack, BoundRestriction, BoundRule
from corrin.packs.library import Library, Profile
from corrin.packs.overlay_changes import figures_said, threshold_said
from corrin.packs.topics import topics
from corrin.terminology import evidence
from corrin.terminology.evidence import Evidence

ATTRIBUTES = {name: name.replace("_", " ") for name in schema.SourceAttributes.model_fields}


def _as_published(said: str, content: schema.Threshold) -> str:
    """The figures compared with, and beside them those written in a unit that was converted."""
    written = content.value or {}
    other = {unit: value for unit, value in written.items() if f"{value:f} {unit}" not in said}
    if other and len(other) == len(written) and list(written) != ["1"]:
        return f"{said} (written as {figures_said(other)})"
    return said


def collect(library: Library, profile: Profile, rows: Evidence | None = None) -> part.Book:
    """The book of one profile.

    Args:
        rows: the evidence; that of the library's own content folder when not given.

    The packs that run come first, in their order, then those they only use words of.
    """
    return _Collector(library, profile, rows or evidence.load(library.root)).book()


class _Collector:
    def __init__(self, library: Library, profile: Profile, rows: Evidence) -> None:
        self._library, self._profile, self._rows = library, profile, rows
        terms = terminology.load(library.root)
        names = (
            dict(library.truths)
            | {a.id: a.short for a in terms.analytes.values()}
            | {c.id: c.name for c in terms.concepts.values()}
        )
        means = {
            name: definition.means
            for pack in library.packs.values()
            for name, definition in pack.pack.definitions.items()
        }
        reasons = {code: reason.sentence for code, reason in terms.reasons.items()}
        self._names, self._means, self._reasons = names, means, reasons
        self._prose = Prose(names, means, reasons)
        self._topics = topics(library.root)
        self._used: dict[str, None] = {}
        self._runs: dict[tuple[str, str], dict[int, worked.CaseRun]] = {}
        for run in worked.run(library).cases:
            self._runs.setdefault((run.pack, run.subject), {})[run.number] = run

    def book(self) -> part.Book:
        head = self._profile.head
        running = [*head.always_first, *head.packs]
        packs: dict[str, BoundPack] = {p: self._library.packs[p] for p in running}
        for pack in tuple(packs.values()):
            _with_uses(pack, packs)
        scope, _ = bind(parse(head.scope), self._library.vocabulary)
        parts = tuple(self._pack(p, p.id not in running) for p in packs.values())
        return part.Book(
            corrin=__version__,
            profile=head.id,
            title=head.title,
            version=head.version,
            date=str(head.date),
            digest=self._profile.digest,
            scope=self._prose.of(scope),
            scope_says=head.scope_says,
            statement=head.statement,
            owns=tuple(head.owns.items()),
            look_back=tuple(self._look_back(head)),
            pairing=tuple(self._pairing(one) for one in head.pairing),
            critical_days=head.critical_days,
            packs=parts,
            evidence=self._evidence(),
            site=self._site(),
        )

    def _site(self) -> part.SitePart | None:
        site = self._library.site
        if site is None:
            return None
        head = site.overlay
        changes = tuple(change.sentence for change in site.changes)
        return part.SitePart(
            head.title, head.name, str(head.date), head.owner, site.digest, changes
        )

    # --- the profile ------------------------------------------------------------------------

    def _look_back(self, head: schema.ProfileHead) -> Iterable[tuple[str, str]]:
        for look in head.look_back:
            yield _days(look.days), ", ".join(self._prose.name(one) for one in look.analytes)
        yield _days(head.look_back_otherwise), "everything else"

    def _pairing(self, one: schema.Pairing) -> str:
        markers = ", ".join(map(self._prose.name, one.markers))
        metabolites = ", ".join(map(self._prose.name, one.metabolites))
        return f"{metabolites} with {markers}: at most {one.days} days apart"

    # --- one pack ---------------------------------------------------------------------------

    def _pack(self, pack: BoundPack, used_only: bool) -> part.PackPart:
        head = pack.pack.head
        variants: dict[str, list[BoundRule]] = {}
        for bound in pack.rules:
            variants.setdefault(bound.rule.id, []).append(bound)
        until = f" until {head.in_force.end}" if head.in_force.end else ""
        return part.PackPart(
            id=pack.id,
            title=head.title,
            version=head.version,
            date=str(head.date),
            in_force=f"{head.in_force.start}{until}",
            owner=head.owner,
            purpose=head.purpose,
            statement=head.statement or "",
            digest=pack.pack.digest,
            used_only=used_only,
            citations=tuple((_citation(one), one.url or "") for one in head.citations),
            attributes=tuple(
                (label, getattr(head.source_attributes, name)) for name, label in ATTRIBUTES.items()
            ),
            figures=tuple(self._figure(pack, name) for name in pack.cuts),
            definitions=tuple(
                part.Definition(
                    name,
                    content.means,
                    self._prose.of(pack.definitions[name]),
                    self._checks(content.evidence),
                )
                for name, content in pack.pack.definitions.items()
                if name in pack.definitions
            ),
            decisions=tuple(self._decision(pack, one) for one in pack.decisions.values()),
            restrictions=tuple(self._restriction(pack, one) for one in pack.restrictions),
            rules=() if used_only else tuple(self._rule(pack, b) for b in variants.values()),
            changes=self._changes(pack),
        )

    def _changes(self, pack: BoundPack) -> str:
        file = Path(pack.pack.places["pack"].file)
        # A place is told from the content folder; that of one's own pack as the folder was given.
        folder = file.parent if pack.id in self._library.own else self._library.root / file.parent
        log = folder / "CHANGELOG.md"
        return log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""

    def _figure(self, pack: BoundPack, name: str) -> part.Figure:
        content, cut = pack.pack.thresholds[name], pack.cuts[name]
        window = content.may_be_set
        earlier = tuple(
            f"{figures(p.values)} from {p.start}" + (f" until {p.end}" if p.end else "")
            for p in cut.earlier
        )
        rows = (*content.evidence, *(row for v in content.variants for row in v.evidence))
        return part.Figure(
            name=name,
            means=content.meaning,
            said=_as_published(self._prose.operand(cut) or figures(cut.values), content),
            since=str(content.in_force.start) if content.in_force else "",
            earlier=earlier,
            may_be_set=f"{window.low:f} to {window.high:f} {window.unit}" if window else "",
            upstream=self._upstream(pack, name),
            note=content.note or "",
            checks=self._checks(rows),
        )

    def _upstream(self, pack: BoundPack, name: str) -> str:
        """The published figures of a cut-off that the site set."""
        site = self._library.site
        moved = site.moved.get((pack.id, name)) if site is not None else None
        return threshold_said(moved.upstream) if moved is not None else ""

    def _decision(self, pack: BoundPack, bound: BoundDecision) -> part.DecisionPart:
        content = bound.decision
        return part.DecisionPart(
            topic=bound.topic,
            title=content.title,
            owned=self._profile.head.owns.get(bound.topic, pack.id) == pack.id,
            rows=tuple(
                part.RowPart(
                    number=number,
                    id=row.row.id,
                    says=content.statuses[row.row.status].says,
                    urgency=row.row.urgency or content.statuses[row.row.status].urgency,
                    when=self._terms(self._prose, row.when),
                    because=row.row.because,
                    checks=self._checks(row.row.evidence),
                )
                for number, row in enumerate(bound.rows, 1)
            ),
            otherwise=content.statuses[content.otherwise].says,
            otherwise_because=content.otherwise_because,
            assumes=tuple(map(self._prose.name, content.assumes)),
            settled_by=tuple(map(self._prose.name, content.settled_by)),
            examples=self._examples(pack, bound.topic, content.cases),
        )

    def _restriction(self, pack: BoundPack, bound: BoundRestriction) -> part.RestrictionPart:
        content = bound.restriction
        return part.RestrictionPart(
            id=content.id,
            topic=content.topic,
            confounder=content.confounder,
            when=self._terms(self._prose, bound.when),
            withdraws=content.withdraws,
            replaced_by=content.replaced_by,
            because=content.because,
            checks=self._checks(content.evidence),
            examples=self._examples(pack, content.id, content.cases),
        )

    def _rule(self, pack: BoundPack, variants: list[BoundRule]) -> part.RulePart:
        first, rule = variants[0], variants[0].rule
        prose = self._prose
        if first.result is not None:
            name = self._names.get(first.result, first.result) if len(variants) == 1 else "it"
            prose = Prose({**self._names, "result": name}, self._means, self._reasons)
        if rule.reads_every:
            reads = f"every {self._prose.name(rule.reads_every)} result, one by one"
        else:
            reads = ", ".join(map(self._prose.name, rule.each))
        conditions = [c for b in variants for c in (b.when, b.unless) if c is not None]
        return part.RulePart(
            id=rule.id,
            title=rule.title,
            status=rule.status,
            urgency=rule.note.urgency,
            topic=self._topics.get(rule.note.topic, rule.note.topic),
            reads=reads,
            when=self._terms(prose, first.when),
            unless="" if first.unless is None else prose.of(first.unless),
            only_with=tuple(f"{t}: {', '.join(s)}" for t, s in rule.belongs_to.items()),
            summary=rule.note.summary,
            detail=rule.note.detail,
            limits=rule.note.limits,
            asks=tuple(map(self._prose.name, rule.asks)),
            cutoffs=_cutoffs(conditions),
            checks=self._checks(rule.evidence),
            examples=self._examples(pack, rule.id, rule.cases),
        )

    # --- parts ------------------------------------------------------------------------------

    def _terms(self, prose: Prose, condition: tree.Expression) -> tuple[str, ...]:
        """The terms of an outermost ``and``, one by one."""
        terms = condition.terms if isinstance(condition, tree.All) else (condition,)
        return tuple(prose.of(term, inner=len(terms) > 1) for term in terms)

    def _checks(self, names: Iterable[str]) -> tuple[part.Check, ...]:
        found = []
        for name in dict.fromkeys(names):
            row = self._rows.rows.get(name)
            if row is not None:
                self._used[name] = None
                found.append(part.Check(name, row.check, row.verified))
        return tuple(found)

    def _examples(
        self,
        pack: BoundPack,
        subject: str,
        cases: Iterable[schema.CaseGiven | schema.DecisionCase],
    ) -> tuple[part.Example, ...]:
        runs = self._runs.get((pack.id, subject), {})
        return tuple(
            part.Example(
                given=given_in_words(case.given) or "nothing",
                expected=runs[number].expected,
                got=runs[number].got,
                held=runs[number].passed,
            )
            for number, case in enumerate(cases, 1)
            if number in runs
        )

    def _evidence(self) -> tuple[part.EvidencePart, ...]:
        found = []
        for name in self._rows.rows:
            if name in self._used:
                row = self._rows.rows[name]
                sources = tuple((s.title, s.url) for s in self._rows.sources_of(name))
                found.append(part.EvidencePart(name, row.item, row.check, row.verified, sources))
        return tuple(found)


def given_in_words(given: Mapping[str, Any]) -> str:
    """What a worked example gives: ``total_b12 240 ng/L; pregnant true``."""
    return "; ".join(f"{name} {_short(value)}" for name, value in given.items())


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{name} {_short(one)}" for name, one in value.items()) + ")"
    if isinstance(value, list):
        return ", then ".join(_short(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _citation(one: schema.Citation) -> str:
    return f"{one.title}, {one.publisher}" + (f" ({one.published})" if one.published else "")


def _days(days: int | None) -> str:
    return "without limit" if days is None else f"{days} days"


def _with_uses(pack: BoundPack, found: dict[str, BoundPack]) -> None:
    for used in pack.uses:
        found.setdefault(used.id, used)
        _with_uses(used, found)


def _cutoffs(conditions: Iterable[tree.Expression]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for condition in conditions:
        for node in tree.walk(condition):
            if isinstance(node, tree.Compare | tree.Between):
                names.update({c.name: None for c in tree.cuts_of(node) if c.name is not None})
    return tuple(names)
