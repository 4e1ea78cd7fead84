"""Bytes of whole lines → rows in columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from mmap import mmap

import pyarrow as pa

from corrin.batch.row import Read, Row, batch_of

ROWS_AT_ONCE = 8192
_BLANK = b" \t\r"

Exact = Callable[[bytes, int], Iterable[Row]]
"""Reads one line, without its line feed, of which the number in the chunk is given.

It returns the rows to be handed on, and notes all else about the line in its own ``Read``.
"""


def batches(
    data: bytes | mmap | memoryview,
    chunk: int,
    read: Read,
    exact: Exact,
    whole: Collection[int] = (),
) -> Iterator[pa.RecordBatch]:
    """The rows of a chunk of NDJSON.

    Args:
        data: whole lines; the last may lack its line feed.
        chunk: number of the chunk.
        read: is added to.
        exact: reads every line that is not certainly regular.
        whole: :func:`corrin.batch.identity.key` of resources whose lines ``exact`` is to read.
    """
    waiting: list[Row] = []
    lines = bytes(data).split(b"\n")
    if not lines[-1]:
        lines.pop()
    for line in lines:
        read.lines += 1
        if line.strip(_BLANK):
            waiting += exact(line, read.lines)
        if len(waiting) >= ROWS_AT_ONCE:
            yield batch_of(waiting, chunk)
            waiting = []
    if waiting:
        yield batch_of(waiting, chunk)
