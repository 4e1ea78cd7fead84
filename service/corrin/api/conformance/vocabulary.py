"""Our own codes: a CodeSystem and a ValueSet of each kind, from the rules as they run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from corrin import __version__, terminology
from corrin.api.conformance.common import Resource, Source, kept
from corrin.content import read_document, rules_root
from corrin.packs.topics import topics
from corrin.render.cards import content as cards
from corrin.render.fhir.naming import resource_id

Concept = dict[str, Any]


def systems(source: Source) -> list[Resource]:
    """Every CodeSystem of ours."""
    content = read_document(rules_root() / "fhir" / "systems.yaml")
    statuses, titles = _statuses(source)
    said = content["systems"]
    concepts: dict[str, Iterable[Concept]] = {
        "note": _notes(source),
        "topic": _named({**titles, **topics()}),
        "urgency": _named(content["urgencies"]),
        "reason": _reasons(),
        "input": _inputs(source),
        "marking": _named(content["markings"]),
        "card-topic": _named(cards.topics_of_cards()),
        "override-reason": _named(dict(cards.load().reasons)),
    }
    found = [
        _system(source, id, said[id]["title"], said[id]["says"], list(members))
        for id, members in concepts.items()
    ]
    for topic, codes in statuses.items():
        title = content["status"]["title"].format(topic=titles[topic])
        id = f"status-{resource_id(topic)}"
        found.append(_system(source, id, title, content["status"]["says"], list(_named(codes))))
    return found


def value_sets(source: Source, systems: Iterable[Resource]) -> list[Resource]:
    """A ValueSet of all codes of each CodeSystem."""
    return [
        source.head(
            "ValueSet",
            system["id"],
            title=system["title"],
            says=system["description"],
            version=system["version"],
        )
        | {"compose": {"include": [{"system": system["url"], "version": system["version"]}]}}
        for system in systems
    ]


def _system(source: Source, id: str, title: str, says: str, concepts: list[Concept]) -> Resource:
    digest = hashlib.sha256(json.dumps(concepts, sort_keys=True).encode()).hexdigest()
    head = source.head(
        "CodeSystem", id, title=title, says=says, version=f"{__version__}+{digest[:8]}"
    )
    named = sorted({one["code"] for concept in concepts for one in concept.get("property", ())})
    return kept(
        head
        | {
            "caseSensitive": True,
            "valueSet": f"{source.base}/fhir/ValueSet/{id}",
            "content": "complete",
            "count": len(concepts),
            "property": [{"code": name, "type": "string"} for name in named],
            "concept": concepts,
        }
    )


def _named(codes: Mapping[str, str]) -> Iterator[Concept]:
    for code, display in codes.items():
        yield {"code": str(code), "display": str(display)}


def _statuses(source: Source) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Statuses by topic, and what the topics are called where they run."""
    found: dict[str, dict[str, str]] = {}
    titles: dict[str, str] = {}
    for engine, _ in source.interpreter.engines.values():
        for bound in (*engine.packs, *engine.library.packs.values()):
            for topic, decision in bound.decisions.items():
                titles.setdefault(topic, decision.decision.title)
                codes = found.setdefault(topic, {})
                for code, word in decision.decision.statuses.items():
                    codes.setdefault(code, word.says)
    return found, titles


def _notes(source: Source) -> Iterator[Concept]:
    seen: set[str] = set()
    for engine, _ in source.interpreter.engines.values():
        for bound in (*engine.packs, *engine.library.packs.values()):
            for rule in bound.pack.rules:
                if rule.id not in seen:
                    seen.add(rule.id)
                    about = {
                        "pack": bound.id, "topic": rule.note.topic, "urgency": rule.note.urgency,
                    }  # fmt: skip
                    yield {
                        "code": rule.id,
                        "display": rule.title,
                        "property": [
                            {"code": name, "valueString": value} for name, value in about.items()
                        ],
                    }


def _reasons() -> Iterator[Concept]:
    for reason in terminology.load().reasons.values():
        yield {
            "code": reason.code,
            "display": reason.sentence,
            "definition": f"{reason.sentence} {reason.remedy}".strip(),
            "property": [{"code": "kind", "valueString": kind} for kind in reason.kinds],
        }


def _inputs(source: Source) -> Iterator[Concept]:
    terms = terminology.load()
    named: dict[str, str] = {one.id: one.name for one in terms.analytes.values()}
    named |= {one.id: one.name for one in terms.concepts.values()}
    for engine, _ in source.interpreter.engines.values():
        for name, says in engine.library.truths.items():
            named.setdefault(name, says)
        for name, analyte in engine.library.vocabulary.analytes.items():
            named.setdefault(name, analyte.name)
    yield from _named(named)
