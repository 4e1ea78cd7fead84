"""A pack as read: its content models, where each part stands, and its digest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from corrin.content import ContentError, Located, read_document, read_documents
from corrin.packs import misshape, schema
from corrin.packs.finding import DuplicateId, Finding, Place, Unreadable, WrongShape

M = TypeVar("M", bound=BaseModel)

_NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Pack:
    """Rules of one guideline or topic, of one version.

    ``places`` maps ``"rule:<id>"``, ``"threshold:<id>"`` … to where that part stands;
    ``digest`` is the SHA-256 of the parsed content, so white space and comments do not count.
    """

    head: schema.PackHead
    thresholds: Mapping[str, schema.Threshold]
    definitions: Mapping[str, schema.Definition]
    decisions: Mapping[str, schema.Decision]
    restrictions: tuple[schema.Restriction, ...]
    rules: tuple[schema.Rule, ...]
    places: Mapping[str, Place]
    digest: str

    @property
    def id(self) -> str:
        """The pack's id."""
        return self.head.id

    def place(self, kind: str, name: str) -> Place:
        """Where a part stands; the head's place when it is not known."""
        return self.places.get(f"{kind}:{name}") or self.places["pack"]


@dataclass(slots=True)
class Reader:
    """Reads files into models; collects findings and where each part stands."""

    root: Path
    findings: list[Finding] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)

    def relative(self, file: Path) -> str:
        """The file as findings name it: from the content folder, or as it was given."""
        return (file.relative_to(self.root) if file.is_relative_to(self.root) else file).as_posix()

    def model(self, kind: type[M], raw: Any, file: Path, about: str) -> M | None:
        """The model of parsed content; ``None``, and a finding for each fault, if it has none."""
        try:
            return kind.model_validate(raw)
        except ValidationError as error:
            for detail in error.errors():
                place = Place(self.relative(file), line_of(raw, detail["loc"]))
                self.findings.append(WrongShape(place, about, misshape.said(detail)))
            return None

    def document(self, file: Path) -> Any:
        """The parsed content of a file; ``None``, and a finding, if it cannot be read."""
        try:
            return read_document(file)
        except ContentError as error:
            place = Place(self.relative(file), error.line)
            self.findings.append(Unreadable(place, file.name, error.why))
            return None

    def mapping(self, file: Path, kind: type[M], word: str) -> dict[str, M]:
        """The models of a file of names; none when there is no such file."""
        if not file.is_file():
            return {}
        raw = self.document(file)
        if not isinstance(raw, Located):
            if raw is not None:
                place = Place(self.relative(file), 1)
                self.findings.append(
                    WrongShape(place, file.name, "names are expected, each with :")
                )
            return {}
        self.raw[word] = raw
        found: dict[str, M] = {}
        for name, value in raw.items():
            if not _NAME.fullmatch(str(name)):
                place = Place(self.relative(file), raw.lines[name])
                why = f"a {word} is named in small letters, digits and _"
                self.findings.append(WrongShape(place, str(name), why))
                continue
            self.places[f"{word}:{name}"] = Place(self.relative(file), raw.lines[name])
            rows = value.get("rows") if isinstance(value, dict) else None
            for row in rows if isinstance(rows, list) else ():
                if isinstance(row, Located):
                    at = Place(self.relative(file), row.line)
                    self.places[f"{word}:{name}.{row.get('id')}"] = at
            model = self.model(kind, value, file, str(name))
            if model is not None:
                found[name] = model
        return found

    def listing(self, files: list[Path], kind: type[M], word: str) -> tuple[M, ...]:
        """The models of files of several documents, each with an id."""
        found: dict[str, M] = {}
        self.raw[word] = []
        for file in files:
            for raw in self._documents(file):
                name = str(raw.get("id", "?")) if isinstance(raw, dict) else "?"
                place = Place(self.relative(file), getattr(raw, "line", 0))
                self.raw[word].append(raw)
                model = self.model(kind, raw, file, name)
                if model is None:
                    continue
                if name in found:
                    self.findings.append(DuplicateId(place, name, f"a second {word} of this id"))
                self.places[f"{word}:{name}"] = place
                for part in ("when", "unless"):
                    if isinstance(raw, Located) and part in raw.lines:
                        at = Place(place.file, raw.lines[part])
                        self.places[f"{word}:{name}.{part}"] = at
                found[name] = model
        return tuple(found.values())

    def _documents(self, file: Path) -> list[Any]:
        try:
            documents = read_documents(file)
        except ContentError as error:
            place = Place(self.relative(file), error.line)
            self.findings.append(Unreadable(place, file.name, error.why))
            return []
        return [part for doc in documents for part in (doc if isinstance(doc, list) else [doc])]


def read_pack(
    folder: Path, root: Path, *, any_name: bool = False
) -> tuple[Pack | None, tuple[Finding, ...]]:
    """Read one pack folder; answers the pack, if its head can be read, and all findings.

    Args:
        any_name: the folder need not be called as the pack is.
    """
    reader = Reader(root)
    raw = reader.document(folder / "pack.yaml")
    head = reader.model(schema.PackHead, raw, folder / "pack.yaml", folder.name)
    reader.places["pack"] = Place(reader.relative(folder / "pack.yaml"), 1)
    if head is None:
        return None, tuple(reader.findings)
    if head.id != folder.name and not any_name:
        reader.findings.append(
            WrongShape(reader.places["pack"], head.id, f"the folder is called {folder.name}")
        )
    thresholds = reader.mapping(folder / "thresholds.yaml", schema.Threshold, "threshold")
    definitions = reader.mapping(folder / "definitions.yaml", schema.Definition, "definition")
    decisions = reader.mapping(folder / "decisions.yaml", schema.Decision, "decision")
    listed = [folder / "restrictions.yaml"] if (folder / "restrictions.yaml").is_file() else []
    restrictions = reader.listing(listed, schema.Restriction, "restriction")
    rules = reader.listing(sorted((folder / "rules").glob("*.yaml")), schema.Rule, "rule")
    digest = content_digest({"pack": raw, **reader.raw})
    pack = Pack(
        head, thresholds, definitions, decisions, restrictions, rules, reader.places, digest
    )
    return pack, tuple(reader.findings)


def content_digest(raw: Any) -> str:
    """``sha256:`` of parsed content in one canonical spelling (sorted keys, exact numbers)."""
    spelt: dict[str, Any] = {"ensure_ascii": True, "separators": (",", ":"), "default": str}
    try:
        text = json.dumps(raw, sort_keys=True, **spelt)
    except TypeError:  # keys of two kinds have no order; a pack with such keys is refused
        text = json.dumps(raw, skipkeys=True, **spelt)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def line_of(raw: Any, location: tuple[int | str, ...]) -> int:
    """The line of the innermost part of ``location`` that the file knows."""
    line = getattr(raw, "line", 0)
    at = raw
    for part in location:
        if isinstance(at, Located) and part in at:
            key: Any = part  # a file may hold a key that is no text
            line, at = at.lines[key], at[key]
        elif isinstance(at, list) and isinstance(part, int) and part < len(at):
            at = at[part]
            line = getattr(at, "line", line)
        else:
            break
    return line
