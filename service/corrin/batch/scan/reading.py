"""Bytes of whole lines → rows in columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack
from mmap import mmap
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corrin.batch.row import Read, Row
from corrin.batch.row import batch_of as batch_of_rows

if TYPE_CHECKING:
    from corrin.batch.scan.scanner import Scanner

ROWS_AT_ONCE = 8192
_WORTH_BYTES = 8 * 1024 * 1024
_BLOCK = 1024 * 1024
_NEAR = 8 * 1024
_BLANK = b" \t\r"
_LINE_FEED = 0x0A

Lines = bytes | bytearray | memoryview | mmap
Exact = Callable[[bytes, int], Iterable[Row]]
"""Reads one line, without its line feed, of which the number in the chunk is given.

It returns the rows to be handed on, and notes all else about the line in its own ``Read``.
"""


class _Loaded:
    """Whether the compiled code is loaded in this process, and how much was read without it."""

    def __init__(self) -> None:
        self.now = False
        self.without = 0

    def pays(self, more: int) -> bool:
        """Whether to read these bytes with it: once as much was read as loading it costs."""
        self.now = self.now or self.without + more >= _WORTH_BYTES
        if not self.now:
            self.without += more
        return self.now


_LOADED = _Loaded()


def load() -> None:
    """Use compiled code from now on, however little there is to read; make it now if need be.

    The first time on a machine this takes some seconds, later a fraction of one.
    """
    if not _LOADED.now:
        _LOADED.now = True
        for _ in batches(b"{}\n", 0, Read(), lambda _line, _number: ()):
            pass


def release() -> None:
    """Give back the memory that reading takes: what comes next needs it."""
    if _LOADED.now:
        from corrin.batch.scan import scanner

        scanner.release()


def batches(
    data: Lines,
    chunk: int,
    read: Read,
    exact: Exact,
    whole: Collection[int] = (),
) -> Iterator[pa.RecordBatch]:
    """As :func:`batches_of` of one block."""
    yield from batches_of((data,), chunk, read, exact, whole)


def batches_of(
    blocks: Iterable[Lines],
    chunk: int,
    read: Read,
    exact: Exact,
    whole: Collection[int] = (),
    slack: int = 0,
    taken: Callable[[int], None] = lambda _lines: None,
) -> Iterator[pa.RecordBatch]:
    """The rows of a chunk of NDJSON. Lines are numbered on from ``read.lines``.

    Args:
        blocks: whole lines; the last of each may lack its line feed. None is looked at any more
            once the next is asked for; where there is none to be had, what was read is given.
        chunk: number of the chunk.
        read: is added to.
        exact: reads every line that is not certainly regular.
        whole: :func:`corrin.batch.identity.key` of resources whose lines ``exact`` is to read.
        slack: bytes of the same memory behind each block; what they are does not matter.
        taken: told how many lines more were taken without ``exact``.
    """
    with ExitStack() as ends:
        scanner: Scanner | None = None
        following = iter(blocks)
        while True:
            try:
                block = next(following, None)
            except Exception:
                if scanner is not None:
                    yield from scanner.rest()
                raise
            if block is None:
                break
            given = np.frombuffer(block, np.uint8)
            at = 0
            if _LOADED.pays(len(given)):
                if scanner is None:
                    from corrin.batch.scan.scanner import Scanner

                    scanner = ends.enter_context(Scanner(chunk, read, whole, taken))
                while at < len(given) and scanner.pays:
                    end = _end_of_block(given, at, scanner.most_bytes)
                    if end - at <= scanner.most_bytes:
                        behind = len(given) + slack - end
                        yield from scanner.read_block(given[at:end], exact, behind)
                    else:
                        yield from scanner.rest()
                        yield from _by_line(given[at:end], chunk, read, exact)
                    at = end
            if at < len(given):
                if scanner is not None:
                    yield from scanner.rest()
                yield from _by_line(given[at:], chunk, read, exact)
        if scanner is not None:
            yield from scanner.rest()


def _end_of_block(given: NDArray[np.uint8], at: int, most: int) -> int:
    """Where a block of whole lines ends: of at most so many bytes, but of one line at least."""
    end = at + most
    if len(given) <= end:
        return len(given)
    for start in (end - _NEAR, at):
        feeds = np.flatnonzero(given[max(start, at) : end] == _LINE_FEED)
        if len(feeds):
            return max(start, at) + int(feeds[-1]) + 1
    while end < len(given):
        feeds = np.flatnonzero(given[end : end + most] == _LINE_FEED)
        if len(feeds):
            return end + int(feeds[0]) + 1
        end += most
    return len(given)


def _by_line(
    given: NDArray[np.uint8], chunk: int, read: Read, exact: Exact
) -> Iterator[pa.RecordBatch]:
    waiting: list[Row] = []
    at = 0
    while at < len(given):
        end = _end_of_block(given, at, _BLOCK)
        lines = given[at:end].tobytes().split(b"\n")
        if not lines[-1]:
            lines.pop()
        for line in lines:
            read.lines += 1
            if line.strip(_BLANK):
                waiting += exact(line, read.lines)
            if len(waiting) >= ROWS_AT_ONCE:
                yield batch_of_rows(waiting, chunk)
                waiting = []
        at = end
    if waiting:
        yield batch_of_rows(waiting, chunk)
