"""The alias table: what a laboratory's spelling stands for, inside one family of analytes.

Read from ``rules/units/aliases.yaml``, which explains its own form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from corrin.content import ContentError, read_document, rules_root


@dataclass(frozen=True, slots=True)
class Alias:
    """The UCUM unit a spelling stands for; ``plain``: its UCUM reading is not held against it."""

    ucum: str
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Spellings that hold for some families or analytes, and annotations that change nothing."""

    id: str
    families: frozenset[str]
    analytes: frozenset[str]
    spellings: Mapping[str, Alias]
    annotations: frozenset[str]

    def holds_for(self, analyte: str, family: str) -> bool:
        """Whether the group's spellings mean something for this analyte."""
        return analyte in self.analytes or family in self.families


@dataclass(frozen=True, slots=True)
class AliasTable:
    """All groups, how UCUM is named as a system, and the words that name no unit."""

    ucum_systems: frozenset[str]
    missing: frozenset[str]
    meaningful: frozenset[str]
    also_read: tuple[str, ...]
    groups: tuple[Group, ...]

    def names_ucum(self, system: str | None) -> bool:
        """Whether ``Quantity.system`` is UCUM."""
        return system is not None and system.strip().casefold() in self.ucum_systems

    def names_no_unit(self, plain: str) -> bool:
        """Whether a normalised text stands for a unit that was not given."""
        return plain.casefold() in self.missing


@lru_cache(maxsize=8)
def load(root: Path | None = None) -> AliasTable:
    """The alias table of a content folder (the installed one when ``root`` is ``None``).

    Raises:
        ContentError: the file is malformed, or gives one spelling two meanings in a group.
    """
    file = (root or rules_root()) / "units" / "aliases.yaml"
    document = read_document(file)
    try:
        parts = {name: tuple(spellings) for name, spellings in document["parts"].items()}
        return AliasTable(
            ucum_systems=frozenset(str(name).casefold() for name in document["ucum_systems"]),
            missing=frozenset(str(word).casefold() for word in document["missing"]),
            meaningful=frozenset(document["meaningful_annotations"]),
            also_read=tuple(document["also_read"]),
            groups=tuple(_group(each, parts, file) for each in document["groups"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ContentError(file, 0, f"not in the form of an alias table: {error!r}") from error


def _group(given: Any, parts: Mapping[str, tuple[str, ...]], file: Path) -> Group:
    spellings: dict[str, Alias] = {}
    plain = bool(given.get("plain", False))
    for spelling, ucum in _pairs(given, parts):
        found = spellings.setdefault(spelling, Alias(ucum, plain))
        if found.ucum != ucum:
            why = f"{given['id']}: {spelling!r} stands for both {found.ucum} and {ucum}"
            raise ContentError(file, given.line, why)
    return Group(
        id=given["id"],
        families=frozenset(given.get("families", ())),
        analytes=frozenset(given.get("analytes", ())),
        spellings=MappingProxyType(spellings),
        annotations=frozenset(word.casefold() for word in given.get("annotations", ())),
    )


def _pairs(given: Any, parts: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    for entry in given.get("compose", ()):
        if isinstance(entry, str):
            over, _, under = entry.rpartition("/")
            ucum = entry
        else:
            over, under, ucum = entry["over"], entry["under"], entry["to"]
        for below in parts[under]:
            # A bracket or a number under the line has no "-1" to carry.
            inverse = below.isalpha()
            for above in parts[over]:
                yield f"{above}/{below}", ucum
                if above:
                    yield f"{above}per{below}", ucum
                    if inverse:
                        yield f"{above}.{below}-1", ucum
    yield from given.get("spell", {}).items()
