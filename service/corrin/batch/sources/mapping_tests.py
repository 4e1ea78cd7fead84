"""The tests of a table that a mapping file tells of: codes, units, and whether they are ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from corrin.batch.sources import resources
from corrin.batch.sources.mapping import LocalCode
from corrin.batch.sources.mapping import Mapping as TableMapping
from corrin.batch.sources.mapping_cells import Getter
from corrin.batch.sources.mapping_columns import CodeColumn
from corrin.batch.sources.observation import Record, resource
from corrin.batch.sources.resources import Code
from corrin.intake import observation
from corrin.terminology.systems import LOINC, SHORT

SITE = "urn:corrin:site"
"""The system of codes and identifiers of which a mapping file does not say what they are of."""
_MOST_TESTS = 1 << 16


class Codes(Protocol):
    """What codes of a site stand for (:mod:`corrin.batch.sources.codes`)."""

    def add(self, resource: dict[str, Any]) -> bool: ...


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of codes."""

    taken: Getter
    system: str
    prefixes: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, column: CodeColumn, taken: Getter) -> Coded:
        """As a mapping file says; ``taken`` gets the text of the cell."""
        prefixes = tuple((prefix, system_of(said)) for prefix, said in column.prefixes.items())
        return cls(taken, system_of(column.system), prefixes)

    def read(self, cells: Sequence[str]) -> tuple[str, str] | None:
        """System and code of a row."""
        text = self.taken(cells)
        for prefix, system in self.prefixes:
            if text.startswith(prefix):
                return system, text[len(prefix) :]
        return (self.system, text) if text else None


class Tests:
    """What is known of the tests of one table.

    ``codes`` adds what codes of the site stand for, and ``mapped`` counts the rows it knew.
    """

    def __init__(self, mapping: TableMapping, codes: Codes | None) -> None:
        self.codes, self.mapped = codes, 0
        self._units = mapping.local_units
        self._local: Mapping[str, LocalCode] = {one.code: one for one in mapping.local_codes}
        self._known: dict[tuple[tuple[Code, ...], str], bool] = {}

    def ours(self, codes: tuple[Code, ...], name: str) -> bool:
        """Whether the reader of FHIR may have anything to say of such a test; asked of it once."""
        key = (codes, "" if codes else name)
        found = self._known.get(key)
        if found is None:
            test = {"resourceType": "Observation", "code": resources.concept(codes, name)}
            if self.codes is not None:
                self.codes.add(test)
            found = observation.concerns_us(test)
            if len(self._known) < _MOST_TESTS:
                self._known[key] = found
        return found

    def encoded(self, record: Record) -> bytes:
        """The Observation of a record, in JSON."""
        found = resource(record)
        if self.codes is not None:
            self.mapped += self.codes.add(found)
        return resources.encoded(found)

    def named(self, system: str, code: str, name: str) -> tuple[list[Code], LocalCode | None]:
        """The codings of a code: what it stands for by the mapping file first."""
        entry = self._local.get(code) if system != LOINC else None
        own = Code(system or SITE, code, name)
        if entry is None:
            return [own], None
        return [Code(LOINC, entry.loinc, entry.name or name), own], entry

    def unit(self, text: str, local: LocalCode | None) -> str:
        """The UCUM unit the mapping file gives; empty when it says nothing of it."""
        if not text:
            return "" if local is None else local.unit or ""
        own = None if local is None else local.units.get(text)
        return own or self._units.get(text, "")


def system_of(said: str | None) -> str:
    """The URI of a system, short names spelled out."""
    return "" if said is None else SHORT.get(said, said)
