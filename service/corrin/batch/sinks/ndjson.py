"""Tables as NDJSON: one object a line, every column in each, null where there is nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa

from corrin.batch.sinks.writer import Writer, plain

_AT_ONCE = 8192


class NdjsonWriter(Writer):
    """One row a line, in UTF-8, lines ended by a line feed."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        super().__init__(path, schema)
        self._file = path.open("wb")
        self._encoder = msgspec.json.Encoder()

    def _write(self, table: pa.Table) -> None:
        simple = pa.table({name: plain(table.column(name)) for name in table.column_names})
        for batch in simple.to_batches(_AT_ONCE):
            self._file.write(self._encoder.encode_lines(batch.to_pylist()))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
