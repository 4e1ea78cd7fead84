"""Any table by a mapping file: CSV and its like, Parquet, workbooks."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from corrin.batch.row import Read, Row
from corrin.batch.sources import files, mapping_file, table_text
from corrin.batch.sources.mapping import File
from corrin.batch.sources.mapping import Mapping as TableMapping
from corrin.batch.sources.mapping_cells import Header
from corrin.batch.sources.mapping_rows import Maker, refuse
from corrin.batch.sources.source import CHUNK_BYTES, InputError, Options, Source, Span
from corrin.batch.sources.table_cells import PARQUET, WORKBOOKS, Parquet, Workbook
from corrin.batch.sources.table_text import Bad, Cells, Dialect

MOST_LOOKED_UP = 5_000_000
"""Rows of a table that another one looks into; it is held in memory."""


class Table(Protocol):
    """A table of any kind: its header, and its rows as text."""

    header: list[str]

    def rows(self, span: Span, columns: set[int]) -> Iterator[Cells]: ...
    def spans(self, most_bytes: int) -> tuple[Span, ...]: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class TableSource(Source):
    """One table; ``options.mapping`` says what its columns hold, or it is known by its header.

    Cells stay text exactly as written. Rows are counted as results and people made of them: one row
    of a wide table makes as many as it has results.

    Raises:
        InputError: input-mapping-unknown: no mapping was given, and no shipped one fits; and what
            the file itself, its header and the tables beside it can have wrong.
        MappingProblem: the mapping file cannot be used.
    """

    format = "table"

    @property
    def native(self) -> Mapping[str, str]:  # type: ignore[override]
        """Elements of the resources → column names."""
        with closing(self._open()) as table:
            return self._maker(table).native()

    def mapping(self) -> TableMapping:
        """What the columns hold."""
        if self.options.mapping is not None:
            return mapping_file.load(self.options.mapping)
        found = mapping_file.recognised(header_of(self.path, self.name, self.options))
        if found is None:
            raise InputError(self.name, "input-mapping-unknown", 1)
        return found

    def size(self) -> int:
        """Bytes of the file."""
        return files.size_of(self.path)

    def spans(self, most_bytes: int = CHUNK_BYTES) -> tuple[Span, ...]:
        """Bytes of a text, row groups of Parquet, a workbook whole."""
        with closing(self._open()) as table:
            return table.spans(most_bytes)

    def rows(self, span: Span, read: Read) -> Iterator[Row]:
        """The rows of a piece; see :class:`Source`."""
        mapping = self.mapping()
        with closing(self._open()) as table:
            if mapping.layout == "companion":
                for found in table.rows(span, set()):
                    read.lines = found.line
                    read.rows += 1
                    read.used += 1
                return
            maker = self._maker(table)
            width = len(table.header)
            for line, cells in table.rows(span, maker.header.wanted):
                read.lines = line
                if isinstance(cells, Bad):
                    refuse(read, line, cells.reason, "")
                elif not any(cells):
                    continue
                elif len(cells) != (width := width or maker.header.fits(len(cells))):
                    refuse(read, line, "input-row-ragged", "")
                else:
                    yield from maker.rows(line, cells, read)
            if isinstance(table, _Text):
                read.lines = table.lines
            read.notes += maker.told.sentences()
            if count := maker.tests.mapped:
                read.notes.append(f"{count} results were named by the file of local codes")

    def _open(self) -> Table:
        return opened(self.path, self.name, self.mapping().file, self.options)

    def _maker(self, table: Table) -> Maker:
        mapping = self.mapping()
        header = Header(table.header, self.name, mapping.file.header)
        codes = None
        if self.options.codes is not None:
            from corrin.batch.sources import codes as local

            codes = local.load(self.options.codes)
        return Maker(mapping, header, self._find, codes)

    def _find(self, file: str, key: str, value: str, needed: bool) -> Mapping[str, str]:
        """A table beside this one, by the name a mapping file calls it."""
        for path in sorted(Path(self.path).parent.iterdir()):
            stem = path.name.lower().split(".")[0]
            if stem == file.lower() and path.is_file():
                return _looked_up(str(path), key, value, path.stat().st_mtime_ns, self.options)
        if needed:
            raise InputError(self.name, "input-companion-missing", hint=file)
        return {}


SOURCE = TableSource


def recognise(path: Path, head: bytes) -> bool:
    """Whether a file is a table whose header a shipped mapping knows."""
    if not is_table(path, head):
        return False
    try:
        return mapping_file.recognised(header_of(str(path), path.name, Options())) is not None
    except InputError:
        return False


def is_table(path: Path, head: bytes) -> bool:
    """Whether a file may be a table at all; what it holds only a mapping file says."""
    if head.startswith(PARQUET):
        return True
    if head.startswith(WORKBOOKS):
        return path.suffix.lower() in (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start or start[:1] in (b"{", b"[", b"\x0b") or start[:3] in (b"MSH", b"FHS", b"BHS"):
        return False
    first = start.split(b"\n", 1)[0].split(b"\r", 1)[0]
    return any(mark in first for mark in (b",", b"\t", b";", b"|"))


def header_of(path: str, name: str, options: Options) -> list[str]:
    """The column names of a table of any kind."""
    with closing(opened(path, name, File(), options)) as table:
        return table.header


def opened(path: str, name: str, said: File, options: Options) -> Table:
    """A table of any kind.

    Args:
        path: where it is.
        name: what errors call it.
        said: how it is written, as far as anybody said.
        options: how inputs are to be understood.

    Raises:
        InputError: it cannot be read.
    """
    with files.open_bytes(path, name) as stream:
        head = stream.read(8)
    if head.startswith(PARQUET):
        return Parquet(path, name)
    if head.startswith(WORKBOOKS):
        return Workbook(path, name, said.sheet, said.header)
    encoding = table_text.encoding_of(path, said.encoding or options.encoding, name)
    quote, delimiter = said.quotes(), said.separator()
    if delimiter is None:
        line = _line(path, name, encoding, said.header or 1)
        delimiter = table_text.likely_delimiter(line, quote)
    return _Text(path, name, Dialect(delimiter, quote, encoding), said.header)


def _line(path: str, name: str, encoding: str, wanted: int) -> str:
    """One line of a text."""
    with closing(table_text.opened(path, Span(), name, encoding)) as stream:
        for _ in range(wanted - 1):
            stream.readline(table_text.MOST_RECORD)
        data = stream.readline(table_text.MOST_RECORD)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode(table_text.decoder_of(encoding)).rstrip("\r\n")
    except UnicodeDecodeError:
        raise InputError(name, "input-encoding", wanted) from None


class _Text:
    """A delimited text, exactly as written.

    Raises:
        InputError: input-header: its header cannot be read.
    """

    def __init__(self, path: str, name: str, dialect: Dialect, header: int) -> None:
        self.path, self.name, self.dialect, self.first = path, name, dialect, header
        self.lines = 0
        self.header = self._header() if header else []

    def spans(self, most_bytes: int) -> tuple[Span, ...]:
        """Pieces of bytes that begin with a record."""
        return table_text.spans(self.path, self.name, self.dialect, most_bytes)

    def rows(self, span: Span, _columns: set[int]) -> Iterator[Cells]:
        """The records of a piece below the header."""
        records = self._records(span)
        begin = self.first if span.start == 0 else 0
        for found in records:
            self.lines = records.lines
            if found.line > begin:
                yield found
        self.lines = records.lines

    def close(self) -> None:
        """Nothing stays open."""

    def _records(self, span: Span) -> table_text.Records:
        encoding = self.dialect.encoding
        stream = table_text.opened(self.path, span, self.name, encoding)
        upto = None if span.end is None else span.end - span.start
        dialect = Dialect(
            self.dialect.delimiter, self.dialect.quote, table_text.decoder_of(encoding)
        )
        return table_text.Records(stream, dialect, upto)

    def _header(self) -> list[str]:
        for line, cells in self._records(Span()):
            if line >= self.first:
                if isinstance(cells, Bad) or line > self.first:
                    break
                return cells
        raise InputError(self.name, "input-header", self.first)


@lru_cache(maxsize=8)
def _looked_up(
    path: str, key: str, value: str, _changed: int, options: Options
) -> Mapping[str, str]:
    """A table that another one looks into, as a mapping in memory."""
    name = Path(path).name
    found: dict[str, str] = {}
    with closing(opened(path, name, File(), options)) as table:
        header = Header(table.header, name, 1)
        at, to = header.place(key), header.place(value)
        for _, cells in table.rows(Span(), header.wanted):
            if isinstance(cells, Bad) or len(cells) != len(table.header):
                continue
            found[cells[at].strip()] = cells[to].strip()
            if len(found) > MOST_LOOKED_UP:
                raise InputError(name, "input-companion-too-large")
    return found
