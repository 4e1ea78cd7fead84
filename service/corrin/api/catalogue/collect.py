"""Library → catalogue: what is read, and which packs and profiles run, in words."""

from __future__ import annotations

from collections.abc import Iterator

from corrin.api.catalogue import form
from corrin.api.catalogue.parts import Parts, day
from corrin.evaluate.engine import Engine
from corrin.language.bind import bind
from corrin.language.parse import parse


def analytes(parts: Parts) -> Iterator[form.Analyte]:
    """Every result that is read."""
    for one in parts.terms.analytes.values():
        window = one.plausible
        yield form.Analyte(
            id=one.id,
            label=one.name,
            short=one.short,
            names=one.names,
            kind=one.kind,
            loinc=tuple(
                form.LoincCode(
                    code=code.code,
                    property=code.property,
                    specimen=code.specimen,
                    checked=code.checked,
                    verified=code.verified,
                    note=code.note,
                )
                for code in one.codes
            ),
            units=tuple(
                form.Units(dimension=name, canonical=found.canonical, accept=found.accept)
                for name, found in one.dimensions.items()
            ),
            molar_mass=None if one.molar_mass is None else f"{one.molar_mass:f}",
            plausible=None
            if window is None
            else form.Plausible(
                low=f"{window.low:f}",
                high=f"{window.high:f}",
                unit=window.unit,
                evidence=parts.evidence((window.evidence,)),
            ),
            critical=one.critical,
            note=one.note,
        )


def packs(parts: Parts) -> Iterator[tuple[form.PackBrief, form.Pack, form.SourceAttributesOf]]:
    """Every pack: in brief, whole, and its source attributes."""
    for bound in parts.library.packs.values():
        pack, head = bound.pack, bound.pack.head
        moved = () if parts.library.site is None else parts.library.site.moved
        brief = form.PackBrief(
            id=head.id,
            title=head.title,
            version=head.version,
            date=str(head.date),
            in_force_from=str(head.in_force.start),
            in_force_to=day(head.in_force.end),
            owner=head.owner,
            digest=pack.digest,
            run_by=parts.run_by(head.id),
            decides=tuple(bound.decisions),
            rules=len(pack.rules),
            drafts=sum(rule.status == "draft" for rule in pack.rules),
            set_by_site=sum(one == head.id for one, _ in moved),
        )
        citations = tuple(form.Citation(**one.model_dump()) for one in head.citations)
        whole = form.Pack(
            **dict(brief),
            purpose=head.purpose,
            scope=head.scope_says,
            statement=head.statement,
            uses=head.uses,
            citations=citations,
            thresholds=tuple(parts.cutoff(pack, bound.cuts[name]) for name in bound.cuts),
            definitions=tuple(
                parts.definition(name, bound.definitions[name], content)
                for name, content in pack.definitions.items()
            ),
            rule_ids=tuple(rule.id for rule in pack.rules),
            restriction_ids=tuple(one.id for one in pack.restrictions),
            decision_ids=tuple(bound.decisions),
        )
        attributes = form.SourceAttributesOf(
            pack=head.id,
            title=head.title,
            version=head.version,
            digest=pack.digest,
            attributes=head.source_attributes,
            citations=citations,
        )
        yield brief, whole, attributes


def profiles(parts: Parts) -> form.ProfileList:
    """The profiles that run, and the site file in effect."""
    found = tuple(_profile(parts, engine) for engine in parts.engines.values())
    return form.ProfileList(count=len(found), profiles=found, site=_site(parts))


def _profile(parts: Parts, engine: Engine) -> form.Profile:
    head = engine.profile.head
    scope, _ = bind(parse(head.scope), parts.library.vocabulary)
    return form.Profile(
        id=head.id,
        title=head.title,
        version=head.version,
        date=str(head.date),
        digest=engine.profile.digest,
        default=head.id == parts.default,
        scope=parts.prose.of(scope),
        scope_says=head.scope_says,
        packs=tuple(pack.id for pack in engine.packs),
        owns=dict(head.owns),
        look_back=tuple(
            form.LookBack(days=one.days, inputs=tuple(map(parts.prose.name, one.analytes)))
            for one in head.look_back
        ),
        look_back_otherwise=head.look_back_otherwise,
        critical_days=head.critical_days,
        statement=head.statement,
    )


def _site(parts: Parts) -> form.SiteFile | None:
    site = parts.library.site
    if site is None:
        return None
    head = site.overlay
    return form.SiteFile(
        id=head.id,
        title=head.title,
        version=head.version,
        date=str(head.date),
        owner=head.owner,
        digest=site.digest,
        changes=tuple(change.sentence for change in site.changes),
    )
