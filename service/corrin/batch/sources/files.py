"""Text files, packed or plain, by lines and by blocks of lines.

Nothing here holds more of a file than a block, or one line.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from corrin.batch.sources.bounds import MOST_LINE
from corrin.batch.sources.packed import BUFFER, Plain, open_bytes, packing
from corrin.batch.sources.source import CHUNK_BYTES, InputError, Span

_UTF8 = b"\xef\xbb\xbf"
_UTF32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


SLACK = 64
"""So many bytes of memory follow every block; what they are does not matter."""
_WHOLE = Span()
_BLOCK = BUFFER


def head_of(path: str | Path, name: str | None = None, most: int = 64 * 1024) -> bytes:
    """The first unpacked bytes of a file, in UTF-8 where it says that it is UTF-16.

    Raises:
        InputError: as :func:`open_bytes`, but what could be unpacked is given rather than raised.
    """
    stream = open_bytes(path, name)
    with stream:
        found = b""
        while len(found) < most:
            try:
                more = stream.read1(most - len(found))
            except InputError:
                if not found:
                    raise
                break
            if not more:
                break
            found += more
    encoding = _UTF16.get(found[:2])
    if encoding is not None and found[:4] not in _UTF32:
        return found[2:].decode(encoding, "ignore").encode()
    return found.removeprefix(_UTF8)


def is_plain(path: str | Path, name: str | None = None) -> bool:
    """Whether a file's bytes are its lines: not packed, and not UTF-16.

    Raises:
        InputError: as :func:`open_bytes`.
    """
    called = Path(path).name if name is None else name
    with Plain(path, called) as raw:
        head = raw.peek()
    return not packing(head) and head[:2] not in _UTF16 and head[:4] not in _UTF32


def size_of(path: str | Path) -> int:
    """Bytes of a file as it lies there; 0 where that cannot be told."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def spans(
    path: str | Path, most_bytes: int = CHUNK_BYTES, name: str | None = None
) -> tuple[Span, ...]:
    """The pieces of a plain file, each beginning at a line and about ``most_bytes`` long.

    A file that is packed, or not of one byte per ASCII character, is one piece.

    Raises:
        InputError: as :func:`open_bytes`.
    """
    called = Path(path).name if name is None else name
    size = size_of(path)
    if size <= most_bytes or not is_plain(path, called):
        return (Span(),)
    starts = [0]
    with open_bytes(path, called) as stream:
        at = most_bytes
        while at < size:
            stream.seek(at - 1)
            at += _to_line_end(stream) - 1
            if at >= size:
                break
            starts.append(at)
            at += most_bytes
    ends = [*starts[1:], size]
    return tuple(Span(start, end) for start, end in zip(starts, ends, strict=True))


def _to_line_end(stream: BinaryIO) -> int:
    """How many bytes there are to the end of the line, its end included."""
    passed = 0
    while True:
        piece = stream.readline(BUFFER)
        passed += len(piece)
        if not piece or piece.endswith(b"\n"):
            return passed


def blocks(
    stream: io.BufferedReader,
    most_bytes: int = MOST_LINE,
    upto: int | None = None,
    block: int = _BLOCK,
) -> Iterator[memoryview | None]:
    """Blocks of whole lines, ends included; ``None`` for each line that is too long.

    A block holds good until the next one is asked for.

    Args:
        stream: unpacked bytes in an encoding that is a superset of ASCII.
        most_bytes: how long a line may be.
        upto: bytes to read; they end where a line does.
        block: about how long a block is; one that holds a longer line is longer.

    Raises:
        InputError: what the stream raises, after every line that had ended.
    """
    with _buffer(block + SLACK) as buffer:
        yield from _blocks(stream, most_bytes, upto, buffer)


@contextlib.contextmanager
def _buffer(size: int) -> Iterator[bytearray]:
    """Memory that others have used before: new memory is cleared by the system, which takes as
    long as reading does."""
    held = _BUFFERS.free.pop(size, None) or bytearray(size)
    try:
        yield held
    finally:
        _BUFFERS.free[size] = held


class _Buffers(threading.local):
    def __init__(self) -> None:
        self.free: dict[int, bytearray] = {}


_BUFFERS = _Buffers()


def _blocks(
    stream: io.BufferedReader, most_bytes: int, upto: int | None, buffer: bytearray
) -> Iterator[memoryview | None]:
    rest = 0  # bytes at the beginning of the buffer, of a line that has not ended yet
    left = upto
    drained = False  # whether nothing is left in the stream's own buffer
    while True:
        full, fault, room = rest, None, len(buffer) - SLACK
        with memoryview(buffer) as view:
            while full < room and left != 0:
                target = view[full : room if left is None else min(full + left, room)]
                try:
                    had = _into(stream, target, drained)
                except InputError as error:
                    fault = error
                    break
                if not had:
                    break
                full += had
                left = None if left is None else left - had
                drained = drained or len(target) >= BUFFER
        ended = full < room or left == 0
        cut = buffer.rfind(b"\n", 0, full) + 1
        if cut:
            yield from _short_enough(buffer, 0, cut, most_bytes)
        if fault is not None:
            raise fault
        rest = full - cut
        if ended:
            if rest:
                yield from _short_enough(buffer, cut, full, most_bytes)
            return
        if rest > most_bytes:
            passed = _to_line_end(stream)
            left = None if left is None else left - passed
            rest, drained = 0, False
            yield None
        elif cut:
            buffer[:rest] = buffer[cut:full]
        else:
            buffer = buffer + bytes(room)


def _into(stream: io.BufferedReader, target: memoryview, drained: bool) -> int:
    """Read once, so that nothing is lost when the next read fails; how many bytes there were."""
    if drained:
        return stream.raw.readinto(target) or 0
    piece = stream.read1(min(len(target), BUFFER))
    target[: len(piece)] = piece
    return len(piece)


def _short_enough(
    buffer: bytearray, at: int, size: int, most_bytes: int
) -> Iterator[memoryview | None]:
    """The lines of a part of a buffer, without those that are too long."""
    if size - at <= most_bytes:
        yield memoryview(buffer)[at:size]
        return
    while at < size:  # few and long
        end = (buffer.find(b"\n", at, size) + 1) or size
        long = end - at - buffer.endswith(b"\n", at, end)
        if long > most_bytes:
            yield None
        else:
            yield memoryview(buffer)[at:end]
        at = end


def open_lines(
    path: str | Path,
    span: Span = _WHOLE,
    name: str | None = None,
) -> io.BufferedReader:
    """The bytes of a piece of a text file, in UTF-8 where they said to be UTF-16.

    Raises:
        InputError: as :func:`open_bytes`; input-encoding for UTF-32; input-changed where the file
            is shorter than when its pieces were told.
    """
    called = Path(path).name if name is None else name
    stream = open_bytes(path, called)
    if span.start or span.end is not None:
        if span.end is not None and size_of(path) < span.end:
            stream.close()
            raise InputError(called, "input-changed")
        stream.seek(span.start)
    if span.start == 0:
        head = _peek(stream, 4)
        if head[:4] in _UTF32:
            stream.close()
            raise InputError(called, "input-encoding", 1)
        encoding = _UTF16.get(head[:2])
        if encoding is not None:
            stream.read(2)
            return io.BufferedReader(_Recoded(stream, encoding, called), BUFFER)
    return stream


def _peek(stream: io.BufferedReader, most: int) -> bytes:
    try:
        return stream.peek(most)[:most]
    except InputError:
        return b""


class _Recoded(io.RawIOBase):
    """A stream in UTF-16 as UTF-8."""

    def __init__(self, stream: io.BufferedReader, encoding: str, name: str) -> None:
        super().__init__()
        self.stream, self.called = stream, name
        # What is no character becomes what is no UTF-8 either: the line it stands in is refused.
        self.decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
        self.ready = memoryview(b"")
        self.over = False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """As :class:`io.RawIOBase` says."""
        while not self.ready:
            if self.over:
                return 0
            piece = self.stream.read1(BUFFER)
            self.over = not piece
            try:
                text = self.decoder.decode(piece, final=self.over)
            except UnicodeDecodeError:
                raise InputError(self.called, "input-truncated") from None
            self.ready = memoryview(text.encode("utf-8", "surrogatepass"))
        taken = min(len(buffer), len(self.ready))
        buffer[:taken] = self.ready[:taken]
        self.ready = self.ready[taken:]
        return taken

    def close(self) -> None:
        """Close the file as well."""
        self.stream.close()
        super().close()


__all__ = [
    "MOST_LINE",
    "SLACK",
    "blocks",
    "head_of",
    "is_plain",
    "open_bytes",
    "open_lines",
    "packing",
    "size_of",
    "spans",
]
