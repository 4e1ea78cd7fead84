"""Tables as Parquet, compressed by zstd; nothing in a file but its rows and the library's name."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from corrin.batch.sinks.writer import Writer, plain

GROUP_ROWS = 65_536


class ParquetWriter(Writer):
    """Rows in groups of a fixed number, so that the pieces they came in show nowhere."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        super().__init__(path, schema)
        self._file = pq.ParquetWriter(path, schema, compression="zstd", version="2.6")
        self._waiting: list[pa.Table] = []
        self._held = 0

    def _write(self, table: pa.Table) -> None:
        self._waiting.append(table)
        self._held += table.num_rows
        if self._held >= GROUP_ROWS:
            held = pa.concat_tables(self._waiting)
            whole = self._held // GROUP_ROWS * GROUP_ROWS
            for start in range(0, whole, GROUP_ROWS):
                self._group(held.slice(start, GROUP_ROWS))
            self._waiting, self._held = [held.slice(whole)], self._held - whole

    def _group(self, table: pa.Table) -> None:
        self._file.write_table(_afresh(table), GROUP_ROWS)

    def close(self) -> None:
        """Write the last rows and the end of the file; an empty table is a file too."""
        try:
            if self._held:
                self._group(pa.concat_tables(self._waiting))
        finally:
            self._waiting, self._held = [], 0
            self._file.close()


def _afresh(table: pa.Table) -> pa.Table:
    """Each dictionary in the order its values are first met in these rows."""
    columns = []
    for field in table.schema:
        column = table.column(field.name)
        if pa.types.is_dictionary(field.type):
            values = plain(column).combine_chunks()
            column = values.dictionary_encode().cast(field.type)
        columns.append(column)
    return pa.table(columns, schema=table.schema)
