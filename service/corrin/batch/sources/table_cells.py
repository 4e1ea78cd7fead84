"""Parquet and workbooks as records: every cell the text that says exactly what it holds.

A number becomes its shortest exact decimal (``0.4``, ``463``: how a number was shown is not stored
in these files), a date a date, a time a time; what is nothing becomes empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from corrin.batch.sources.source import InputError, Span
from corrin.batch.sources.table_text import Bad, Cells

_AT_ONCE = 8192
PARQUET = b"PAR1"
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
MOST_WORKBOOK = 512 * 1024 * 1024
"""Bytes of a workbook that is read: a sheet is unpacked whole, in memory."""


def text_of(value: object) -> str:
    """A cell as text; empty for nothing, and for what is no number."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return decimal_text(repr(value)) if value == value else ""
        case Decimal():
            return decimal_text(str(value)) if value.is_finite() else ""
        case datetime():
            if value.time() == time() and value.tzinfo is None:
                return value.date().isoformat()
            return value.isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case timedelta():
            seconds = value.total_seconds()
            whole = int(seconds)
            rest = decimal_text(repr(round(seconds - whole, 6)))[1:] if seconds != whole else ""
            return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{rest}"
        case _:
            return str(value)


def decimal_text(written: str) -> str:
    """A number without exponent, and without the ``.0`` that only says that it was a float."""
    if "e" in written or "E" in written:
        written = format(Decimal(written), "f")
    return written.removesuffix(".0")


class Parquet:
    """A Parquet file; a span counts its row groups.

    Raises:
        InputError: input-missing, input-unreadable, input-corrupt.
    """

    def __init__(self, path: str, name: str) -> None:
        self.name = name
        try:
            self.file = pq.ParquetFile(path)
        except FileNotFoundError:
            raise InputError(name, "input-missing") from None
        except (pa.ArrowException, OSError):
            raise InputError(name, "input-corrupt") from None
        self.header: list[str] = list(self.file.schema_arrow.names)

    def spans(self, most_bytes: int) -> tuple[Span, ...]:
        """Neighbouring row groups of about so many bytes."""
        starts, size = [0], 0
        for at in range(self.file.num_row_groups):
            size += self.file.metadata.row_group(at).total_byte_size
            if size >= most_bytes and at + 1 < self.file.num_row_groups:
                starts.append(at + 1)
                size = 0
        if len(starts) == 1:
            return (Span(),)
        ends = [*starts[1:], self.file.num_row_groups]
        return tuple(Span(start, end) for start, end in zip(starts, ends, strict=True))

    def rows(self, span: Span, columns: set[int]) -> Iterator[Cells]:
        """The rows of some row groups, counted from 1; columns not asked for are empty."""
        end = self.file.num_row_groups if span.end is None else span.end
        groups = list(range(span.start, end))
        names = [self.header[at] for at in sorted(columns)]
        line = 0
        width = len(self.header)
        try:
            for batch in self.file.iter_batches(_AT_ONCE, row_groups=groups, columns=names):
                places = [self.header.index(name) for name in batch.schema.names]
                found = [_texts(batch.column(at)) for at in range(batch.num_columns)]
                for row in zip(*found, strict=True) if found else ((),) * batch.num_rows:
                    line += 1
                    cells = [""] * width
                    for place, cell in zip(places, row, strict=True):
                        cells[place] = cell
                    yield Cells(line, cells)
        except (pa.ArrowException, OSError):
            raise InputError(self.name, "input-corrupt", line) from None

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def _texts(column: pa.Array) -> list[str]:
    """A column as texts."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _texts(column.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return [one or "" for one in column.to_pylist()]
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        # Widened to 64 bits 0.1 would become 0.10000000149011612.
        texts = pc.cast(column, pa.string()).to_pylist()
        return ["" if one is None or one == "nan" else decimal_text(one) for one in texts]
    if pa.types.is_timestamp(kind):
        if kind.unit == "ns":
            column = pc.cast(column, pa.timestamp("us", kind.tz), safe=False)
        zone = kind.tz is not None
        return [_stamp(one, zone) for one in column.cast(pa.timestamp("us")).to_pylist()]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_nested(kind):
        return ["" if one is None else "\ufffd" for one in column.to_pylist()]
    return [text_of(one) for one in column.to_pylist()]


def _stamp(value: Any, zone: bool) -> str:
    """A timestamp; one of a zone is stored in UTC."""
    if value is None:
        return ""
    return f"{value.isoformat()}Z" if zone else text_of(value)


class Workbook:
    """A sheet of a workbook (.xlsx, .xls, .ods); rows are counted as the program shows them.

    Raises:
        InputError: input-missing, input-corrupt, input-workbook-locked, input-sheet-missing,
            input-workbook-too-large.
    """

    def __init__(self, path: str, name: str, sheet: str | None, header: int) -> None:
        import python_calamine

        from corrin.batch.sources.files import size_of

        self.name = name
        if size_of(path) > MOST_WORKBOOK:
            raise InputError(name, "input-workbook-too-large")
        try:
            with open(path, "rb"):
                pass
            self.book = python_calamine.CalamineWorkbook.from_path(path)
            names = self.book.sheet_names
            wanted = names[0] if sheet is None and names else sheet
            if wanted is None or wanted not in names:
                raise InputError(name, "input-sheet-missing", hint=", ".join(names))
            self.sheet = self.book.get_sheet_by_name(wanted)
        except FileNotFoundError:
            raise InputError(name, "input-missing") from None
        except python_calamine.PasswordError:
            raise InputError(name, "input-workbook-locked") from None
        except (python_calamine.CalamineError, OSError):
            raise InputError(name, "input-corrupt") from None
        self.first = header + 1
        self.header = next((row for at, row in self._all() if at == header), []) if header else []

    def spans(self, _most_bytes: int) -> tuple[Span, ...]:
        """One: a sheet is unpacked whole."""
        return (Span(),)

    def rows(self, _span: Span, _columns: set[int]) -> Iterator[Cells]:
        """The rows below the header."""
        for line, cells in self._all():
            if line >= self.first:
                yield Cells(line, cells)

    def _all(self) -> Iterator[tuple[int, list[str]]]:
        if self.sheet.end is None:  # nothing is on the sheet
            return
        for line, row in enumerate(self.sheet.to_python(skip_empty_area=False), 1):
            yield line, [text_of(cell) for cell in row]

    def close(self) -> None:
        """Close the workbook."""
        self.book.close()


__all__ = ["PARQUET", "WORKBOOKS", "Bad", "Parquet", "Workbook", "decimal_text", "text_of"]
