"""The OMOP common data model, 5.3 and 5.4: a folder of tables, as text or Parquet.

Each table is a source of its own, known by its header. Codes come from the CONCEPT table in the
same folder. Rows of one person find together by ``person_id``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from corrin.batch.row import Read, Row
from corrin.batch.sources import cdm_table, codes, files, omop_concepts
from corrin.batch.sources.cdm_table import CdmTable, Cell, refuse
from corrin.batch.sources.omop_rows import TABLES, Makes, Table
from corrin.batch.sources.omop_value import Contradiction, Told
from corrin.batch.sources.resources import key
from corrin.batch.sources.source import CHUNK_BYTES, InputError, Options, Source, Span


@dataclass(frozen=True)
class OmopSource(Source):
    """One table of the OMOP CDM."""

    format: ClassVar[str] = "omop"

    @property
    def native(self) -> Mapping[str, str]:  # type: ignore[override]
        """Elements of the resources → columns of the table."""
        table = self._kind(self._table())
        return {} if table is None else table.native

    def size(self) -> int:
        """Bytes of the file."""
        return files.size_of(self.path)

    def files(self) -> tuple[str, ...]:
        """The table, the CONCEPT table beside it, and the file of local codes."""
        others = (omop_concepts.beside(self.path), self.options.codes)
        return tuple(dict.fromkeys((self.path, *(one for one in others if one is not None))))

    def spans(self, most_bytes: int = CHUNK_BYTES) -> tuple[Span, ...]:
        """Bytes of a text, row groups of Parquet."""
        return self._table().spans(most_bytes)

    def rows(self, span: Span, read: Read) -> Iterator[Row]:
        """As :meth:`Source.rows`.

        Raises:
            InputError: the table, or the CONCEPT table beside it, cannot be read.
            corrin.batch.sources.mapping_file.MappingProblem: the file of local codes is faulty.
        """
        table = self._table()
        kind = self._kind(table)
        if kind is None:
            for _ in omop_concepts.rows(table, span, read):
                pass
            return
        local = codes.load(self.options.codes) if self.options.codes else codes.Codes()
        beside = omop_concepts.beside(self.path)
        concepts = omop_concepts.used_by(self.path, kind.concepts, beside, self.options)
        told = Told()
        makes = Makes(concepts, local, self.options.zone, told)
        for cell in table.rows(span, read):
            yield from _row(cell, kind, makes, read)
        read.notes += told.sentences()
        if beside is None:
            read.notes.append("no CONCEPT table lies beside it; a few concepts are known without")

    def _table(self) -> CdmTable:
        head = CdmTable(self.path, self.name, self.options)
        if _is_concepts(frozenset(head.header)):
            return CdmTable(self.path, self.name, self.options, quoted=False)
        return head

    def _kind(self, table: CdmTable) -> Table | None:
        """Which table it is; ``None`` for CONCEPT."""
        names = frozenset(table.header)
        if _is_concepts(names):
            return None
        kind = kind_of(names)
        if kind is None:
            raise InputError(self.name, "input-unrecognised", 1)
        return kind


def _row(cell: Cell, kind: Table, makes: Makes, read: Read) -> Iterator[Row]:
    person = cell.number("person_id")
    if not person:
        refuse(read, cell.line, "subject-missing", "person_id")
        return
    try:
        made = kind.make(cell, person, makes)
    except Contradiction as error:
        refuse(read, cell.line, error.reason, error.column, error.detail, key(person))
        return
    read.rows += 1
    if made is None:
        read.not_ours += 1
        return
    yield Row(key(person), cell.line, made[1], made[0])


def _is_concepts(names: frozenset[str]) -> bool:
    return names >= omop_concepts.COLUMNS


def kind_of(names: frozenset[str]) -> Table | None:
    """Which table has these columns."""
    return next((one for one in TABLES if names >= one.columns), None)


def recognise(path: Path, head: bytes, options: Options | None = None) -> bool:
    """Whether a file is a table of the OMOP CDM that is read, by its header."""
    names = cdm_table.header_of(path, head, options or Options())
    return _is_concepts(names) or kind_of(names) is not None


def recognise_folder(given: Mapping[str, Path], options: Options | None = None) -> list[Source]:
    """The tables of the OMOP CDM among files, by name."""
    known = partial(recognise, options=options)
    return [
        OmopSource(name, str(path), options or Options())
        for name, path in sorted(given.items())
        if known(path, files.head_of(path, name, 64))
    ]


SOURCE = OmopSource
