"""DuckDB with its memory bounded: what does not fit goes to a folder of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

LEAST_MEMORY = 256 << 20


@contextmanager
def database(work: Path, memory: int, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that is gone afterwards.

    Args:
        work: a folder it may spill to.
        memory: bytes it may hold, at least :data:`LEAST_MEMORY`.
        threads: how many it may use.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{max(memory, LEAST_MEMORY) >> 20}MiB",
        "threads": max(threads, 1),
        "temp_directory": str(work / "spill"),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=settings)
    try:
        yield connection
    finally:
        connection.close()
