"""Blocks of lines given to compiled code, and what it leaves to others seen to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from types import TracebackType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corrin.batch.row import Read, Row
from corrin.batch.row import batch_of as batch_of_rows
from corrin.batch.scan import columns, concepts, forms, kernel, line, slim, value
from corrin.batch.scan.vector import WIDTH

_BLOCK = 1024 * 1024
_LINE_FEED = 0x0A
_DOUBTS = 4096
_KEYS = 16384
_TRIED = 1000  # lines after which it is known whether compiled code is worth its while


class _Room:
    """Memory for one scanner, and what is known of concepts and forms; used again by the next."""

    def __init__(self) -> None:
        self.known = concepts.nothing_known()
        self.forms = forms.nothing_known()
        self.columns = columns.empty()
        self._block = np.zeros(_BLOCK + 1 + WIDTH, np.uint8)
        self.keys = np.zeros(_KEYS, np.int64)
        self.doubts = np.zeros((_DOUBTS, 3), np.int64)
        self.names = np.zeros(value.KEYS_ROOM, np.int64)
        self.spans = np.zeros(line.SPANS_ROOM, np.int64)

    def copied(self, lines: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The last block, with a line feed at its end, and room behind it."""
        length = len(lines)
        self._block[:length] = lines
        if self._block[length - 1] != _LINE_FEED:
            self._block[length] = _LINE_FEED
            length += 1
        self._block[length:] = 0
        return self._block[:length]


class _Rooms(threading.local):
    def __init__(self) -> None:
        self.free: list[_Room] = []


_ROOMS = _Rooms()


def release() -> None:
    """Give back the memory of scanners that are done; the next one takes its own."""
    _ROOMS.free.clear()


class Scanner:
    """Reads the blocks of one chunk.

    Args:
        chunk: number of the chunk.
        read: is added to.
        whole: keys of resources whose lines are left to the exact reader.
        taken: told how many lines more were taken without it.
    """

    most_bytes = _BLOCK

    def __init__(
        self, chunk: int, read: Read, whole: Collection[int], taken: Callable[[int], None]
    ) -> None:
        self._chunk, self._read, self._taken = chunk, read, taken
        wanted = np.fromiter(whole, np.uint64, len(whole)).view(np.int64)
        self._whole: NDArray[np.int64] = np.sort(wanted)
        self._state = np.zeros(kernel.STATE_ROOM, np.int64)
        self._waiting: list[Row] = []
        self._lines = self._doubts = 0

    def __enter__(self) -> Scanner:
        self._room = _ROOMS.free.pop() if _ROOMS.free else _Room()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _ROOMS.free.append(self._room)

    @property
    def pays(self) -> bool:
        """Whether most lines so far were regular."""
        return self._lines < _TRIED or 2 * self._doubts < self._lines

    def read_block(
        self,
        lines: NDArray[np.uint8],
        exact: Callable[[bytes, int], Iterable[Row]],
        beyond: int = 0,
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a block of whole lines, as far as columns are full.

        ``beyond`` is how many more bytes of the same memory follow the block.
        """
        room, state, read = self._room, self._state, self._read
        if beyond < WIDTH or lines[-1] != _LINE_FEED:
            lines = room.copied(lines)
        state[kernel.AT], state[kernel.LINE] = 0, read.lines + 1
        while True:
            why = kernel.scan(
                lines.ctypes.data,
                len(lines),
                slim.HEADS,
                room.forms,
                room.known,
                room.columns,
                room.keys,
                room.doubts,
                self._whole,
                state,
                room.names,
                room.spans,
            )
            if why == kernel.ASKED:
                self._learn(lines)
                continue
            self._note(lines, exact)
            if why == kernel.FULL:
                yield from self.rest()
            if why == kernel.DONE:
                break
        self._lines += int(state[kernel.LINE]) - 1 - read.lines
        read.lines = int(state[kernel.LINE]) - 1

    def rest(self) -> Iterator[pa.RecordBatch]:
        """The rows not given out yet."""
        state = self._state
        if state[kernel.ROWS]:
            yield columns.batch_of(self._room.columns, int(state[kernel.ROWS]), self._chunk)
            state[kernel.ROWS] = 0
        if self._waiting:
            yield batch_of_rows(self._waiting, self._chunk)
            self._waiting = []

    def _learn(self, lines: NDArray[np.uint8]) -> None:
        room, state = self._room, self._state
        start, length = int(state[kernel.ASKED_AT]), int(state[kernel.ASKED_LENGTH])
        text = lines[start : start + length].tobytes()
        kind, number = int(state[kernel.ASKED_KIND]), int(state[kernel.ASKED_NUMBER])
        state[kernel.ASKED_LENGTH] = 0
        concepts.learn(room.known, text, kind, number)

    def _note(self, lines: NDArray[np.uint8], exact: Callable[[bytes, int], Iterable[Row]]) -> None:
        """Count what was done, and give the doubtful lines to the exact reader."""
        room, state, read = self._room, self._state, self._read
        keys = int(state[kernel.KEYS])
        read.rows += keys
        self._taken(keys)
        read.keys.frombytes(room.keys[:keys].tobytes())
        read.not_ours += int(state[kernel.LEFT])
        doubts = room.doubts[: state[kernel.DOUBTS]].tolist()
        state[kernel.KEYS] = state[kernel.LEFT] = state[kernel.DOUBTS] = 0
        self._doubts += len(doubts)
        for start, stop, number in doubts:
            self._waiting += exact(lines[start:stop].tobytes(), number)
