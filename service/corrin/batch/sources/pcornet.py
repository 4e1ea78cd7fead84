"""The PCORnet common data model: LAB_RESULT_CM with DEMOGRAPHIC, diagnoses and medicines.

Each table is a source of its own, known by its header. Rows of one person find together by PATID.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from corrin.batch.row import Read, Row
from corrin.batch.sources import cdm_table, codes, files
from corrin.batch.sources.cdm_table import CdmTable, refuse
from corrin.batch.sources.omop_value import Contradiction, Told
from corrin.batch.sources.pcornet_results import Makes
from corrin.batch.sources.pcornet_rows import TABLES, Table
from corrin.batch.sources.resources import key
from corrin.batch.sources.source import CHUNK_BYTES, InputError, Options, Source, Span


@dataclass(frozen=True)
class PcornetSource(Source):
    """One table of the PCORnet CDM."""

    format: ClassVar[str] = "pcornet"

    @property
    def native(self) -> Mapping[str, str]:  # type: ignore[override]
        """Elements of the resources → columns of the table."""
        return self._kind(self._table()).native

    def size(self) -> int:
        """Bytes of the file."""
        return files.size_of(self.path)

    def files(self) -> tuple[str, ...]:
        """The table, and the file of local codes."""
        return (self.path,) if self.options.codes is None else (self.path, self.options.codes)

    def spans(self, most_bytes: int = CHUNK_BYTES) -> tuple[Span, ...]:
        """Bytes of a text, row groups of Parquet."""
        return self._table().spans(most_bytes)

    def rows(self, span: Span, read: Read) -> Iterator[Row]:
        """As :meth:`Source.rows`.

        Raises:
            InputError: the table cannot be read.
            corrin.batch.sources.mapping_file.MappingProblem: the file of local codes is faulty.
        """
        table = self._table()
        kind = self._kind(table)
        local = codes.load(self.options.codes) if self.options.codes else codes.Codes()
        told = Told()
        makes = Makes(local, self.options.zone, told)
        for cell in table.rows(span, read):
            person = cell.number("patid")
            if not person:
                refuse(read, cell.line, "subject-missing", "PATID")
                continue
            try:
                made = kind.make(cell, person, makes)
            except Contradiction as error:
                refuse(read, cell.line, error.reason, error.column, error.detail, key(person))
                continue
            read.rows += 1
            if made is None:
                read.not_ours += 1
            else:
                yield Row(key(person), cell.line, made[1], made[0])
        read.notes += told.sentences()

    def _table(self) -> CdmTable:
        return CdmTable(self.path, self.name, self.options)

    def _kind(self, table: CdmTable) -> Table:
        kind = kind_of(frozenset(table.header))
        if kind is None:
            raise InputError(self.name, "input-unrecognised", 1)
        return kind


def kind_of(names: frozenset[str]) -> Table | None:
    """Which table has these columns."""
    return next((one for one in TABLES if names >= one.columns), None)


def recognise(path: Path, head: bytes, options: Options | None = None) -> bool:
    """Whether a file is a table of the PCORnet CDM that is read, by its header."""
    return kind_of(cdm_table.header_of(path, head, options or Options())) is not None


def recognise_folder(given: Mapping[str, Path], options: Options | None = None) -> list[Source]:
    """The tables of the PCORnet CDM among files, by name."""
    known = partial(recognise, options=options)
    return [
        PcornetSource(name, str(path), options or Options())
        for name, path in sorted(given.items())
        if known(path, files.head_of(path, name, 64))
    ]


SOURCE = PcornetSource
