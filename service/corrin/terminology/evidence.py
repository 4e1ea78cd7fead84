"""Evidence: the rows a threshold or rule cites, how each was checked, and their sources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from corrin.content import ContentError, Located, read_document, rules_root

_ID = re.compile(r"[A-Z][A-Z0-9]{0,3}-[0-9]{2}[a-z]?")
_READ_IN_SOURCE = re.compile(r"V2?\b")
_NOT_SURE = re.compile(r"\bG\b|NOT OBTAINED")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of our clinical reference.

    Attributes:
        id: the row's id (``B12-01``).
        item: what it says.
        check: how it was checked, as printed (``V``, ``V2``, ``V / G``, ``project`` …).
        verified: whether it was read in a source; a row partly of general knowledge (``V / G``) is
            not verified.
        sources: keys of sources, or ids of other rows it rests on.
        section: section of the reference it stands in.
    """

    id: str
    item: str
    check: str
    verified: bool
    sources: tuple[str, ...]
    section: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a row was read."""

    key: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All rows and sources, by id and key."""

    rows: Mapping[str, Row]
    sources: Mapping[str, Source]

    def row(self, id: str) -> Row:
        """The row of an id.

        Raises:
            KeyError: no row has this id.
        """
        return self.rows[id]

    def sources_of(self, id: str) -> tuple[Source, ...]:
        """The sources of a row, those of the rows it cites included.

        Raises:
            KeyError: no row has this id.
        """
        found: dict[str, Source] = {}
        waiting, seen = [id], set[str]()
        while waiting:
            row = self.rows[waiting.pop(0)]
            seen.add(row.id)
            for key in row.sources:
                if key in self.sources:
                    found[key] = self.sources[key]
                elif key not in seen:
                    waiting.append(key)
        return tuple(found.values())

    def verified(self, ids: tuple[str, ...]) -> bool:
        """Whether every one of some rows is verified (false for none at all)."""
        return bool(ids) and all(self.rows[one].verified for one in ids)


def is_verified(check: str) -> bool:
    """Whether a check code says read in a source (V or V2) with no part from general knowledge."""
    return _READ_IN_SOURCE.match(check) is not None and _NOT_SURE.search(check) is None


def named_in(part: Any) -> Iterator[str]:
    """Every row's id in a document or a part of one, where it is a value of its own."""
    if isinstance(part, dict):
        for value in part.values():
            yield from named_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from named_in(value)
    elif isinstance(part, str) and _ID.fullmatch(part):
        yield part


def load(root: Path | None = None) -> Evidence:
    """The evidence under ``root``; of the installed content, read once, when it is ``None``.

    Raises:
        ContentError: a file is missing, or a row cites a source that is not there.
    """
    return _installed() if root is None else _read(root)


@lru_cache(maxsize=1)
def _installed() -> Evidence:
    return _read(rules_root())


def _read(root: Path) -> Evidence:
    file = root / "evidence" / "sources.yaml"
    sources = {
        key: Source(key, entry["title"], entry["url"])
        for key, entry in _entries(file, "sources", ("title", "url"))
    }
    file = root / "evidence" / "rows.yaml"
    entries = dict(_entries(file, "rows", ("section", "check", "sources", "item")))
    rows: dict[str, Row] = {}
    for id, entry in entries.items():
        for key in entry["sources"]:
            if key not in sources and key not in entries:
                raise ContentError(file, entry.line, f"{id}: no source or row is called {key!r}")
        rows[id] = Row(
            id=id,
            item=entry["item"],
            check=entry["check"],
            verified=is_verified(entry["check"]),
            sources=tuple(entry["sources"]),
            section=str(entry["section"]),
        )
    return Evidence(MappingProxyType(rows), MappingProxyType(sources))


def _entries(file: Path, key: str, fields: tuple[str, ...]) -> list[tuple[str, Located]]:
    document = read_document(file)
    if not isinstance(document, Located) or not isinstance(document.get(key), Located):
        raise ContentError(file, 1, f"a mapping with {key!r} is expected")
    for name, entry in document[key].items():
        if not isinstance(entry, Located) or set(entry) != set(fields):
            line = document[key].lines[name]
            raise ContentError(file, line, f"{name}: expected exactly {', '.join(fields)}")
    return list(document[key].items())
