"""A table of a common data model: delimited text or Parquet, its columns by name in any case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from corrin.batch.row import Read, Refused
from corrin.batch.sources import files, table_text
from corrin.batch.sources.source import InputError, Options, Span
from corrin.batch.sources.table_cells import PARQUET, Parquet
from corrin.batch.sources.table_text import Bad, Dialect, Records

_NULLS = frozenset({"", "NULL", "\\N", "NA", "null", "None"})


@dataclass(frozen=True, slots=True)
class Cell:
    """The cells of one row by the name of their column, in small letters."""

    line: int
    columns: Mapping[str, int]
    cells: list[str]

    def __call__(self, name: str) -> str:
        """A cell without the blanks around it; empty where it, or its column, is not there."""
        at = self.columns.get(name)
        found = "" if at is None else self.cells[at].strip()
        return "" if found in _NULLS else found

    def number(self, name: str) -> str:
        """A cell that holds an id, without the ``.0`` of one that was kept as a float."""
        return self(name).removesuffix(".0")


class CdmTable:
    """One table; ``quoted`` says whether cells that hold the delimiter are in quotes.

    Attributes:
        header: the names of its columns, in small letters.

    Raises:
        InputError: what the file has wrong; input-header: its header cannot be read.
    """

    def __init__(self, path: str, name: str, options: Options, *, quoted: bool = True) -> None:
        self.path, self.name = path, name
        self._dialect: Dialect | None = None
        if files.head_of(path, name, len(PARQUET)) == PARQUET:
            with closing(Parquet(path, name)) as file:
                names = file.header
        else:
            self._dialect, names = _dialect(path, name, options, quoted)
        self.header = tuple(one.strip().strip('"').lower() for one in names)
        self._columns = {one: at for at, one in reversed(list(enumerate(self.header)))}

    @property
    def dialect(self) -> Dialect | None:
        """How a text is written; ``None`` of Parquet."""
        return self._dialect

    def spans(self, most_bytes: int) -> tuple[Span, ...]:
        """Bytes of a text that begin with a record, row groups of Parquet."""
        if self._dialect is None:
            with closing(Parquet(self.path, self.name)) as file:
                return file.spans(most_bytes)
        return table_text.spans(self.path, self.name, self._dialect, most_bytes)

    def rows(self, span: Span, read: Read) -> Iterator[Cell]:
        """The rows of a piece; those that cannot be read are refused. Counts ``read.lines``."""
        width = len(self.header)
        if self._dialect is None:
            with closing(Parquet(self.path, self.name)) as file:
                for line, cells in file.rows(span, set(range(width))):
                    read.lines = line
                    assert not isinstance(cells, Bad)
                    yield Cell(line, self._columns, cells)
            return
        encoding = self._dialect.encoding
        dialect = Dialect(
            self._dialect.delimiter, self._dialect.quote, table_text.decoder_of(encoding)
        )
        upto = None if span.end is None else span.end - span.start
        with closing(table_text.opened(self.path, span, self.name, encoding)) as stream:
            records = Records(stream, dialect, upto)
            for line, cells in records:
                read.lines = records.lines
                if line == 1 and span.start == 0:
                    continue
                if isinstance(cells, Bad):
                    refuse(read, line, cells.reason)
                elif len(cells) != width:
                    refuse(read, line, "input-row-ragged")
                else:
                    yield Cell(line, self._columns, cells)
            read.lines = records.lines


def refuse(
    read: Read, line: int, reason: str, path: str = "", detail: str = "", subject: str = ""
) -> None:
    """Count a row that is refused before anybody reads it."""
    read.rows += 1
    read.refused.append(Refused(line, reason, path, detail, subject))


def header_of(path: Path, head: bytes, options: Options) -> frozenset[str]:
    """The names of a table's columns in small letters; empty where it is no table."""
    if head[:1] in (b"", b"{", b"[", b"\x0b") or head.startswith(b"PK\x03\x04"):
        return frozenset()
    try:
        return frozenset(CdmTable(str(path), path.name, options).header)
    except InputError:
        return frozenset()


def _dialect(path: str, name: str, options: Options, quoted: bool) -> tuple[Dialect, list[str]]:
    """How a text is written, and its header."""
    encoding = table_text.encoding_of(path, options.encoding, name)
    decoder = table_text.decoder_of(encoding)
    with closing(table_text.opened(path, Span(), name, encoding)) as stream:
        data = stream.readline(table_text.MOST_RECORD)
    try:
        line = data.decode(decoder).removeprefix("\ufeff").rstrip("\r\n")
    except UnicodeDecodeError:
        raise InputError(name, "input-encoding", 1) from None
    if not line.strip():
        raise InputError(name, "input-header", 1)
    delimiter = table_text.likely_delimiter(line, '"')
    quote = '"' if quoted or delimiter != "\t" else None
    return Dialect(delimiter, quote, encoding), line.split(delimiter)
