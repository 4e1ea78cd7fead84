"""Tables as CSV by RFC 4180: lines ended by CR LF, texts in quotes, lists as JSON.

Nothing between two commas is null; ``""`` is an empty text. A text that a spreadsheet would take
for a formula (it begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return, and is no
number), and one that begins with an apostrophe, gets an apostrophe before it: taking one away
gives the text back.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from corrin.batch.sinks.writer import Writer, plain

_FORMULA = r"^[=+\-@\t\r']"
_NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_AT_ONCE = 65_536


class CsvWriter(Writer):
    """A line of names, then one row a line."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        super().__init__(path, schema)
        self._file = path.open("wb")
        self._file.write(",".join(f'"{name}"' for name in schema.names).encode() + b"\r\n")

    def _write(self, table: pa.Table) -> None:
        for start in range(0, table.num_rows, _AT_ONCE):
            piece = table.slice(start, _AT_ONCE)
            cells = [_cells(plain(piece.column(at))) for at in range(piece.num_columns)]
            lines = cells[0]
            if len(cells) > 1:
                lines = pc.binary_join_element_wise(*cells, ",")
            self._file.write("".join(f"{line}\r\n" for line in lines.to_pylist()).encode())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_list(kind):
        said = [None if one is None else _json(one) for one in column.to_pylist()]
        column = pa.chunked_array([pa.array(said, pa.string())])
    elif not pa.types.is_string(kind):
        return pc.fill_null(column.cast(pa.string()), "")
    risky = pc.and_not(
        pc.match_substring_regex(column, _FORMULA), pc.match_substring_regex(column, _NUMBER)
    )
    column = pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)
    column = pc.replace_substring(column, '"', '""')
    return pc.fill_null(pc.binary_join_element_wise('"', column, '"', ""), "")


def _json(one: object) -> str:
    return json.dumps(one, ensure_ascii=False, separators=(",", ":"))
