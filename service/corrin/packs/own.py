"""Packs of one's own: read from folders beside the shipped content, with the rows they cite.

Such a pack stands beside the shipped ones and replaces none. It may bring ``evidence.yaml``, with
rows (and sources) of the same form as ``rules/evidence``, so that somebody can cite what they read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, StringConstraints

from corrin.content import Located
from corrin.packs import schema
from corrin.packs.finding import (
    AnotherVersion,
    DuplicateId,
    Finding,
    Place,
    UnknownEvidence,
    Unreadable,
)
from corrin.packs.pack import Pack, Reader, read_pack
from corrin.terminology.evidence import Evidence, Row, Source, is_verified

EVIDENCE = "evidence.yaml"
NOTHING = Evidence(MappingProxyType({}), MappingProxyType({}))

Check = Annotated[str, StringConstraints(pattern=r"^(V2?|G|project)([^A-Za-z0-9]|$)")]


class OwnRow(schema.Content):
    """A row of one's own evidence; ``check`` says how it was checked (V, V2, G or project)."""

    item: schema.Text
    check: Check
    sources: tuple[schema.Text, ...] = ()
    section: schema.Text = "own"


class OwnSource(schema.Content):
    """Where such a row was read."""

    title: schema.Text
    url: schema.Text


class OwnEvidence(schema.Content):
    """``evidence.yaml`` of a pack folder."""

    rows: dict[schema.EvidenceRow, OwnRow]
    sources: dict[schema.Text, OwnSource] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnPacks:
    """What some folders hold: packs with the folder each stands in, their rows, all findings."""

    packs: tuple[tuple[Path, Pack], ...] = ()
    rows: Evidence = NOTHING
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class _Gatherer:
    root: Path
    known: Evidence
    packs: list[tuple[Path, Pack]] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def folder(self, folder: Path, named: bool) -> None:
        pack, found = read_pack(folder, self.root, any_name=named)
        self.findings.extend(found)
        if pack is not None:
            self.packs.append((folder, pack))
        if (folder / EVIDENCE).is_file():
            self.evidence(folder / EVIDENCE)

    def evidence(self, file: Path) -> None:
        reader = Reader(self.root)
        raw = reader.document(file)
        found = None if raw is None else reader.model(OwnEvidence, raw, file, file.name)
        self.findings.extend(reader.findings)
        if found is None:
            return

        def at(kind: str, name: str) -> Place:
            part = raw.get(kind) if isinstance(raw, Located) else None
            line = part.lines.get(name, 1) if isinstance(part, Located) else 1
            return Place(reader.relative(file), line)

        for key, source in found.sources.items():
            if key in self.known.sources or key in self.sources:
                self.findings.append(
                    DuplicateId(at("sources", key), key, "another source has this key")
                )
            else:
                self.sources[key] = Source(key, source.title, source.url)
        named = {*self.known.sources, *self.known.rows, *self.sources, *found.rows}
        for name, row in found.rows.items():
            place = at("rows", name)
            if name in self.known.rows or name in self.rows:
                why, hint = "another row has this id", "choose letters nobody uses, as in OWN-01"
                self.findings.append(DuplicateId(place, name, why, hint))
                continue
            for key in row.sources:
                if key not in named:
                    self.findings.append(
                        UnknownEvidence(place, name, f"no source or row is called {key}")
                    )
            if is_verified(row.check) and not row.sources:
                why = f"{row.check} says it was read in a source, and it names none"
                self.findings.append(UnknownEvidence(place, name, why, "name it, or write G"))
            self.rows[name] = Row(
                name, row.item, row.check, is_verified(row.check), row.sources, row.section
            )


def read_folders(folders: tuple[Path, ...], root: Path, known: Evidence) -> OwnPacks:
    """Read folders that each are a pack, or hold packs; a folder named twice is read once.

    Args:
        root: the content folder; a place inside it is told relative to it.
        known: the shipped evidence, whose ids are taken.
    """
    gatherer = _Gatherer(root, known)
    seen: set[Path] = set()
    for folder in folders:
        found = list(_packs_in(folder))
        if not found:
            why = "there is no pack in it" if folder.is_dir() else "there is no such folder"
            hint = "name a folder with a pack.yaml, or one that holds such folders"
            place = Place(folder.as_posix(), 0)
            gatherer.findings.append(Unreadable(place, folder.name, why, hint))
        for one in found:
            if one.resolve() not in seen:
                seen.add(one.resolve())
                gatherer.folder(one, one == folder)
    rows = Evidence(MappingProxyType(gatherer.rows), MappingProxyType(gatherer.sources))
    return OwnPacks(tuple(gatherer.packs), rows, tuple(gatherer.findings))


def _packs_in(folder: Path) -> Iterator[Path]:
    if (folder / "pack.yaml").is_file():
        yield folder
        return
    yield from sorted(file.parent for file in folder.glob("*/pack.yaml"))


def together(first: Evidence, second: Evidence) -> Evidence:
    """The rows and sources of two; what both have is taken from the first."""
    if not second.rows and not second.sources:
        return first
    return Evidence(
        MappingProxyType({**second.rows, **first.rows}),
        MappingProxyType({**second.sources, **first.sources}),
    )


def placed(
    own: OwnPacks, shipped: Mapping[str, Pack]
) -> tuple[dict[str, Pack], dict[str, Pack], tuple[Finding, ...]]:
    """The packs that may stand beside the shipped ones; those that are other versions of a shipped
    pack, by ``id@version``; and what is wrong with the rest."""
    beside: dict[str, Pack] = {}
    versions: dict[str, Pack] = {}
    findings: list[Finding] = []
    for _, pack in own.packs:
        version = pack.head.version
        name = f"{pack.id}@{version}"
        place = pack.places["pack"]
        if pack.id in shipped and shipped[pack.id].head.version == version:
            why = f"a shipped pack of version {version} has this id, and is not replaced"
            findings.append(DuplicateId(place, pack.id, why, "choose another id"))
        elif pack.id in beside or name in versions:
            findings.append(DuplicateId(place, pack.id, "a second pack of this id"))
        elif pack.id in shipped:
            versions[name] = pack
            why = f"another version of a shipped pack: it runs only where {name} is asked for"
            findings.append(AnotherVersion(place, pack.id, why, "choose another id to run it too"))
        else:
            beside[pack.id] = pack
    return dict(sorted(beside.items())), dict(sorted(versions.items())), tuple(findings)
