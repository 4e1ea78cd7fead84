"""Rules, restrictions and decisions as they run at this site, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from corrin.api.catalogue import form
from corrin.api.catalogue.parts import Parts, set_by_site
from corrin.book.collect import given_in_words
from corrin.language import tree
from corrin.language.to_prose import Prose
from corrin.packs import schema
from corrin.packs.bound import BoundDecision, BoundPack, BoundRestriction, BoundRule

Entry = form.Rule | form.Restriction | form.Decision


class Entries:
    """Every rule, restriction and decision of a library."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[Entry]:
        """Pack by pack."""
        for pack in self._parts.library.packs.values():
            for decision in pack.decisions.values():
                yield self._decision(pack, decision)
            for restriction in pack.restrictions:
                yield self._restriction(pack, restriction)
            variants: dict[str, list[BoundRule]] = {}
            for bound in pack.rules:
                variants.setdefault(bound.rule.id, []).append(bound)
            for several in variants.values():
                yield self._rule(pack, several)

    def _rule(self, pack: BoundPack, variants: list[BoundRule]) -> form.Rule:
        first, rule = variants[0], variants[0].rule
        prose, reads = self._parts.prose, ""
        if first.result is not None:
            name = self._parts.names.get(first.result, first.result) if len(variants) == 1 else "it"
            prose = self._parts.prose_with(name)
        if rule.reads_every:
            reads = f"every {self._parts.prose.name(rule.reads_every)} result, one by one"
        elif rule.each:
            reads = f"each of {', '.join(map(self._parts.prose.name, rule.each))}"
        conditions = [c for b in variants for c in (b.when, b.unless) if c is not None]
        cutoffs = self._parts.cutoffs(pack, conditions)
        site = self._parts.library.site
        reworded = site.reworded.get(rule.id, ()) if site is not None else ()
        return form.Rule(
            id=rule.id,
            pack=pack.id,
            pack_version=pack.pack.head.version,
            title=rule.title,
            topic=rule.note.topic,
            topic_title=self._parts.topic(rule.note.topic),
            urgency=rule.note.urgency,
            status=rule.status,
            verified=self._parts.verified(rule.evidence, cutoffs),
            by_site=(*reworded, *set_by_site(cutoffs)),
            run_by=() if rule.status == "retired" else self._parts.run_by(pack.id),
            reads=reads,
            when=terms(prose, first.when),
            unless=() if first.unless is None else terms(prose, first.unless),
            only_with=dict(rule.belongs_to),
            note=form.Wording(
                summary=rule.note.summary, detail=rule.note.detail, limits=rule.note.limits
            ),
            would_use=tuple(map(self._parts.prose.name, rule.asks)),
            definitions=self._parts.definitions(pack, conditions),
            thresholds=cutoffs,
            evidence=self._parts.evidence(rule.evidence),
            cases=_examples(rule.cases),
        )

    def _restriction(self, pack: BoundPack, bound: BoundRestriction) -> form.Restriction:
        content = bound.restriction
        cutoffs = self._parts.cutoffs(pack, [bound.when])
        return form.Restriction(
            id=content.id,
            pack=pack.id,
            pack_version=pack.pack.head.version,
            title=f"{self._parts.topic(content.topic)}: {content.confounder}",
            topic=content.topic,
            topic_title=self._parts.topic(content.topic),
            urgency=None,
            status=None,
            verified=self._parts.verified(content.evidence, cutoffs),
            by_site=set_by_site(cutoffs),
            run_by=self._parts.run_by(pack.id),
            when=terms(self._parts.prose, bound.when),
            confounder=content.confounder,
            withdraws=content.withdraws,
            instead=content.replaced_by,
            because=content.because,
            definitions=self._parts.definitions(pack, [bound.when]),
            thresholds=cutoffs,
            evidence=self._parts.evidence(content.evidence),
            cases=_examples(content.cases),
        )

    def _decision(self, pack: BoundPack, bound: BoundDecision) -> form.Decision:
        content = bound.decision
        cutoffs = self._parts.cutoffs(pack, bound.conditions)
        rows = tuple(
            form.TableRow(
                id=one.row.id,
                status=one.row.status,
                says=content.statuses[one.row.status].says,
                urgency=one.row.urgency or content.statuses[one.row.status].urgency,
                when=terms(self._parts.prose, one.when),
                because=one.row.because,
                evidence=self._parts.evidence(one.row.evidence),
            )
            for one in bound.rows
        )
        cited = (*content.evidence, *(row for one in bound.rows for row in one.row.evidence))
        deciders = (
            (name, engine.deciders.get(bound.topic)) for name, engine in self._parts.engines.items()
        )
        return form.Decision(
            id=bound.topic,
            pack=pack.id,
            pack_version=pack.pack.head.version,
            title=content.title,
            topic=bound.topic,
            topic_title=self._parts.topic(bound.topic),
            urgency=None,
            status=None,
            verified=self._parts.verified(cited, cutoffs),
            by_site=set_by_site(cutoffs),
            run_by=self._parts.run_by(pack.id),
            rows=rows,
            otherwise=content.statuses[content.otherwise].says,
            otherwise_because=content.otherwise_because,
            assumes=tuple(map(self._parts.prose.name, content.assumes)),
            settled_by=tuple(map(self._parts.prose.name, content.settled_by)),
            decides_in=tuple(n for n, one in deciders if one is not None and one.pack == pack.id),
            definitions=self._parts.definitions(pack, bound.conditions),
            thresholds=cutoffs,
            evidence=self._parts.evidence(content.evidence),
            cases=_examples(content.cases),
        )


def terms(prose: Prose, condition: tree.Expression) -> tuple[str, ...]:
    """The terms of an outermost ``and``, one by one."""
    terms = condition.terms if isinstance(condition, tree.All) else (condition,)
    return tuple(prose.of(term, inner=len(terms) > 1) for term in terms)


def _examples(
    cases: Iterable[schema.CaseGiven | schema.DecisionCase],
) -> tuple[form.Example, ...]:
    found = []
    for case in cases:
        possible = " or ".join(getattr(case, "possible", ()))
        found.append(
            form.Example(
                given=given_in_words(case.given) or "nothing",
                expect=case.expect or f"one of {possible}",
                because=tuple(getattr(case, "because", ())),
            )
        )
    return tuple(found)
