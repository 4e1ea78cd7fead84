"""Delimited text as records: exactly as written, each with the line it began on.

Why not a library for columns: pyarrow and DuckDB shift or drop what does not fit (a row with a
field too many, a stray quote) or stop at it, and count rows rather than lines. Here a line without
a quote is split as it stands, one with a quote goes through the ``csv`` module, one record at a
time; making the results of a row costs many times as much.
"""

from __future__ import annotations

import codecs
import csv
import io
import mmap
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, Protocol

from corrin.batch.sources import files
from corrin.batch.sources.source import InputError, Span

MOST_RECORD = files.MOST_LINE
_DELIMITERS = ("\t", ",", ";", "|")
_SNIFFED = 64 * 1024
_WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})

csv.field_size_limit(MOST_RECORD)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file is written; ``quote`` is ``None`` where cells are never quoted."""

    delimiter: str
    quote: str | None
    encoding: str


class Bad(NamedTuple):
    """A record that cannot be read: reason code, and what was met (no patient data)."""

    reason: str
    detail: str = ""


class Cells(NamedTuple):
    """One record: the line it begins on, counted from 1, and its cells."""

    line: int
    cells: list[str] | Bad


class Lines(Protocol):
    """What lines come from; a line ends with a line feed, the last one may lack it."""

    def readline(self, size: int = -1, /) -> bytes: ...
    def close(self) -> None: ...


class _Line(NamedTuple):
    """A line with its number; ``data`` is ``None`` where it is longer than any may be."""

    number: int
    data: bytes | None
    size: int


class Records:
    """The records of a stream, in order; lines without anything on them are none.

    Attributes:
        lines: lines read so far.
        taken: bytes up to the end of the record given last.

    Raises:
        InputError: what the stream raises, with the line it came to.
    """

    def __init__(self, stream: Lines, dialect: Dialect, upto: int | None = None) -> None:
        self._stream, self._dialect, self._upto = stream, dialect, upto
        self._back: deque[_Line] = deque()
        self._read = 0
        self.lines = 0
        self.taken = 0

    def __iter__(self) -> Iterator[Cells]:
        quote, delimiter = self._dialect.quote, self._dialect.delimiter
        mark = None if quote is None else quote.encode(self._dialect.encoding)
        while (line := self._next()) is not None:
            if mark is not None and line.data is not None and mark in line.data:
                yield Cells(line.number, self._quoted(line))
                continue
            text = self._text(line)
            self.taken += line.size
            if isinstance(text, Bad):
                yield Cells(line.number, text)
            elif text := text.rstrip("\r\n"):
                yield Cells(line.number, text.split(delimiter))

    def _quoted(self, line: _Line) -> list[str] | Bad:
        """One record that has a quote in it, and may go over several lines."""
        pulled = [line]

        def fed() -> Iterator[str]:
            size = at = 0
            while True:
                if at == len(pulled):
                    more = self._next() if size <= MOST_RECORD else None
                    if more is None:
                        raise _Broken(Bad("input-quote-open"))
                    pulled.append(more)
                size += pulled[at].size
                text = self._text(pulled[at])
                if isinstance(text, Bad):
                    raise _Broken(text if at == 0 else Bad("input-quote-open"))
                yield text
                at += 1

        assert self._dialect.quote is not None
        reader = csv.reader(
            fed(), delimiter=self._dialect.delimiter, quotechar=self._dialect.quote, strict=True
        )
        try:
            cells = next(reader)
        except _Broken as error:
            bad = error.bad
        except csv.Error:
            bad = Bad("input-quote-stray")
        else:
            self.taken += sum(one.size for one in pulled)
            return cells
        # The quote is the fault of its own line: those behind it are read again without it.
        self._back.extendleft(reversed(pulled[1:]))
        self.taken += line.size
        return bad

    def _next(self) -> _Line | None:
        if self._back:
            return self._back.popleft()
        if self._upto is not None and self._read >= self._upto:
            return None
        try:
            data = self._stream.readline(MOST_RECORD)
            size, longer = len(data), len(data) == MOST_RECORD and not data.endswith(b"\n")
            while longer and data and not data.endswith(b"\n"):
                data = self._stream.readline(MOST_RECORD)
                size += len(data)
        except InputError as error:
            raise InputError(error.file, error.reason, self.lines + 1, error.hint) from None
        if not size:
            return None
        self.lines += 1
        self._read += size
        if self.lines == 1:
            data = data.removeprefix(codecs.BOM_UTF8)
        return _Line(self.lines, None if longer else data, size)

    def _text(self, line: _Line) -> str | Bad:
        if line.data is None:
            return Bad("input-line-too-long")
        try:
            return line.data.decode(self._dialect.encoding)
        except UnicodeDecodeError:
            return Bad("input-encoding", self._dialect.encoding)


class _Broken(Exception):
    """A record with a quote that cannot be read."""

    def __init__(self, bad: Bad) -> None:
        super().__init__()
        self.bad = bad


class _Wide:
    """A text of two or four bytes a character, as lines in UTF-8."""

    def __init__(self, stream: BinaryIO, encoding: str, name: str) -> None:
        self._text = io.TextIOWrapper(stream, encoding, newline="\n")
        self._called = name

    def readline(self, size: int = -1, /) -> bytes:
        """The next line."""
        try:
            return self._text.readline(size).encode()
        except UnicodeDecodeError:
            raise InputError(self._called, "input-encoding") from None

    def close(self) -> None:
        """Close the stream as well."""
        self._text.close()


class _Returns:
    """A text whose lines end with a carriage return alone."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._rest, self._over = stream, deque[bytes](), False
        self._begun = b""

    def readline(self, _size: int = -1, /) -> bytes:
        """The next line."""
        while not self._rest:
            if self._over:
                found, self._begun = self._begun, b""
                return found
            block = self._stream.read(_SNIFFED)
            self._over = not block
            *whole, self._begun = (self._begun + block).split(b"\r")
            self._rest.extend(line + b"\n" for line in whole)
        return self._rest.popleft()

    def close(self) -> None:
        """Close the stream as well."""
        self._stream.close()


def is_wide(encoding: str) -> bool:
    """Whether an encoding takes two or four bytes for an ASCII character."""
    return codecs.lookup(encoding).name in _WIDE


def opened(path: str, span: Span, name: str, encoding: str) -> Lines:
    """The lines of a piece of a text file, without a byte order mark, ended by a line feed.

    Raises:
        InputError: as :func:`corrin.batch.sources.files.open_lines`.
    """
    if is_wide(encoding) and not _marked(path, name):
        stream = files.open_bytes(path, name)
        return _Wide(stream, encoding, name)
    stream = files.open_lines(path, span, name)
    if span.start == 0 and span.end is None:
        head = files.head_of(path, name, _SNIFFED)
        if b"\r" in head and b"\n" not in head:
            return _Returns(stream)
    return stream


def _marked(path: str, name: str) -> bool:
    with files.open_bytes(path, name) as stream:
        return stream.read(2) in (b"\xff\xfe", b"\xfe\xff")


def encoding_of(path: str, said: str | None, name: str) -> str:
    """The encoding lines are to be decoded by; UTF-8 where nobody says.

    Raises:
        InputError: input-encoding for an encoding nobody knows.
    """
    try:
        found = codecs.lookup(said or "utf-8").name
    except LookupError:
        raise InputError(name, "input-encoding", hint=str(said)) from None
    with files.open_bytes(path, name) as stream:
        head = stream.read(4)
    marked = head[:2] in (b"\xff\xfe", b"\xfe\xff") or head.startswith(codecs.BOM_UTF8)
    return "utf-8" if marked else found


def decoder_of(encoding: str) -> str:
    """What lines are decoded by once they are lines: wide texts have become UTF-8 by then."""
    return "utf-8" if is_wide(encoding) else encoding


def likely_delimiter(line: str, quote: str | None) -> str:
    """The delimiter that parts a header into the most cells; comma where none does."""
    best, most = ",", 1
    for one in _DELIMITERS:
        try:
            cells = (
                line.split(one)
                if quote is None
                else next(csv.reader([line], delimiter=one, quotechar=quote), [])
            )
        except csv.Error:
            continue
        if len(cells) > most:
            best, most = one, len(cells)
    return best


def spans(path: str, name: str, dialect: Dialect, most_bytes: int) -> tuple[Span, ...]:
    """The pieces of a text file; none begins inside of a quoted cell.

    Raises:
        InputError: as :func:`corrin.batch.sources.files.open_lines`.
    """
    size = files.size_of(path)
    if size <= most_bytes or not files.is_plain(path, name) or is_wide(dialect.encoding):
        return (Span(),)
    quote = None if dialect.quote is None else dialect.quote.encode(dialect.encoding)
    if quote is None or not _holds(path, quote):
        return files.spans(path, most_bytes, name)
    starts = [0]
    with closing(opened(path, Span(), name, dialect.encoding)) as stream:
        records = Records(stream, dialect)
        for _ in records:
            if records.taken >= starts[-1] + most_bytes:
                starts.append(records.taken)
    if starts[-1] >= size and len(starts) > 1:
        starts.pop()
    ends = [*starts[1:], size]
    return tuple(Span(start, end) for start, end in zip(starts, ends, strict=True))


def _holds(path: str, wanted: bytes) -> bool:
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(wanted) >= 0
