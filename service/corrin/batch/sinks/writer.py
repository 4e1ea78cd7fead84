"""What every form of a table on disk offers: rows in, in any pieces, always the same bytes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa


class Writer(ABC):
    """Writes one file of one table. The bytes depend on the rows, not on how they were cut."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self.schema = path, schema
        self.rows = 0

    def write(self, table: pa.Table) -> None:
        """Write rows after those written before."""
        self.rows += table.num_rows
        if table.num_rows:
            self._write(table.cast(self.schema))

    @abstractmethod
    def _write(self, table: pa.Table) -> None: ...

    @abstractmethod
    def close(self) -> None:
        """Write what is left, and close the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without its dictionary."""
    kind = column.type
    return column.cast(kind.value_type) if pa.types.is_dictionary(kind) else column
