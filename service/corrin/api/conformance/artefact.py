"""Packs and profiles as knowledge artefacts: a Library each, a PlanDefinition each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from corrin.api.conformance.common import Resource, Source, kept
from corrin.evaluate.engine import Engine
from corrin.notes.report import OverlayUsed
from corrin.notes.site import overlay_used
from corrin.packs.pack import Pack
from corrin.render.fhir import naming, words

_LIBRARY_TYPE = "http://terminology.hl7.org/CodeSystem/library-type"
_PLAN_TYPE = "http://terminology.hl7.org/CodeSystem/plan-definition-type"


def libraries(source: Source) -> list[Resource]:
    """A Library of each pack that is installed, and of each site file in effect."""
    found: dict[str, Resource] = {}
    for engine, _ in source.interpreter.engines.values():
        for bound in (*engine.packs, *engine.library.packs.values()):
            id = naming.resource_id(bound.id)
            if id not in found:
                found[id] = _pack(source, engine, bound.pack)
        used = overlay_used(engine.library.site)
        if used is not None:
            one = _site(source, used)
            found.setdefault(one["id"], one)
    return list(found.values())


def plans(source: Source) -> list[Resource]:
    """A PlanDefinition of each profile that runs."""
    return [_profile(source, engine) for engine, _ in source.interpreter.engines.values()]


def _pack(source: Source, engine: Engine, pack: Pack) -> Resource:
    head = pack.head
    versions = {name: bound.pack.head.version for name, bound in engine.library.packs.items()}
    about = f"{source.base}/v1/packs/{pack.id}"
    period = {"start": str(head.in_force.start)}
    if head.in_force.end is not None:  # exclusive with us, inclusive in FHIR
        period["end"] = str(head.in_force.end - timedelta(days=1))
    related: list[Resource] = [
        {
            "type": "depends-on",
            "resource": f"{naming.library(source.base, name)}|{versions[name]}",
        }
        for name in head.uses
        if name in versions
    ]
    for cited in head.citations:
        year = f" ({cited.published})" if cited.published else ""
        found = {"type": "citation", "citation": f"{cited.title}, {cited.publisher}{year}"}
        if cited.url and cited.url.startswith(("https://", "http://")):
            found["url"] = cited.url
        related.append(found)
    related.append({"type": "documentation", "url": f"{about}/source-attributes"})
    return kept(
        source.head(
            "Library",
            naming.resource_id(pack.id),
            title=head.title,
            says=head.purpose,
            version=head.version,
        )
        | {
            "identifier": [_digest(pack.digest)],
            "type": {"coding": [{"system": _LIBRARY_TYPE, "code": "logic-library"}]},
            "date": str(head.date),
            "publisher": head.owner,
            "usage": head.statement,
            "effectivePeriod": period,
            "relatedArtifact": related,
            "content": [{"contentType": "application/json", "url": about, "title": head.title}],
        }
    )


def _site(source: Source, used: OverlayUsed) -> Resource:
    says = "\n\n".join(words.markdown(change) for change in used.changes)
    return kept(
        source.head(
            "Library",
            f"site-{naming.resource_id(used.id)}",
            title=words.fit(used.title),
            says=says,
            version=used.version,
        )
        | {
            "identifier": [_digest(used.digest)],
            "type": {"coding": [{"system": _LIBRARY_TYPE, "code": "logic-library"}]},
            "date": used.date,
            "publisher": words.fit(used.owner),
        }
    )


def _profile(source: Source, engine: Engine) -> Resource:
    head = engine.profile.head
    packs = [
        f"{naming.library(source.base, bound.id)}|{bound.pack.head.version}"
        for bound in engine.packs
    ]
    used = overlay_used(engine.library.site)
    if used is not None:
        packs.append(f"{naming.site_library(source.base, used.id)}|{used.version}")
    return kept(
        source.head(
            "PlanDefinition",
            naming.resource_id(head.id),
            title=head.title,
            says=head.statement,
            version=head.version,
        )
        | {
            "identifier": [_digest(engine.profile.digest)],
            "type": {"coding": [{"system": _PLAN_TYPE, "code": "eca-rule"}]},
            "date": str(head.date),
            "library": packs,
            "relatedArtifact": list(_parts(packs)),
        }
    )


def _parts(packs: list[str]) -> Iterator[Resource]:
    for canonical in packs:
        yield {"type": "depends-on", "resource": canonical}


def _digest(digest: str) -> Resource:
    return {"type": {"text": words.load().device["digest"]}, "value": digest}
