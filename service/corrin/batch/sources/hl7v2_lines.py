"""A file of HL7 v2 → its messages, each as lines; frames and envelopes taken off.

Segments may end with CR, LF or both; messages may stand one after the other, in MLLP frames, or
inside of FHS, BHS, BTS and FTS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from corrin.batch.sources.bounds import MOST_LINE

_BLOCK = 1024 * 1024
_END = re.compile(rb"\r\n|\r|\n")
_MARK = b"\xef\xbb\xbf"
_START_OF_FRAME, _END_OF_FRAME = b"\x0b", b"\x1c"
_ENVELOPE = (b"FHS", b"BHS", b"BTS", b"FTS")


class Line(NamedTuple):
    """A line without its end; ``data`` is ``None`` where it is longer than any may be."""

    number: int
    data: bytes | None
    ended: bool = True


@dataclass(slots=True)
class Message:
    """The lines of one message, the first of which is its header.

    ``cut`` says that its end is missing.
    """

    lines: list[Line] = field(default_factory=list)
    framed: bool = False
    cut: bool = False


class Lines:
    """The lines of a stream, counted from 1; ``count`` says how many were read."""

    def __init__(self, stream: BinaryIO, upto: int | None = None) -> None:
        self._stream, self._left = stream, upto
        self.count = 0

    def __iter__(self) -> Iterator[Line]:
        held, too_long = b"", False
        while True:
            block = self._block()
            held += block
            at = 0
            for match in _END.finditer(held):
                if match[0] == b"\r" and match.end() == len(held) and block:
                    break  # the line feed that belongs to it may come next
                yield self._line(held[at : match.start()], too_long)
                at, too_long = match.end(), False
            held = held[at:]
            if len(held) > MOST_LINE:
                held, too_long = held[-1:], True
            if not block:
                break
        if held or too_long:
            yield self._line(held, too_long)._replace(ended=False)

    def _line(self, data: bytes, too_long: bool) -> Line:
        self.count += 1
        return Line(self.count, None if too_long or len(data) > MOST_LINE else data)

    def _block(self) -> bytes:
        most = _BLOCK if self._left is None else min(_BLOCK, self._left)
        block = self._stream.read(most) if most else b""
        if self._left is not None:
            self._left -= len(block)
        return block


def messages(lines: Lines) -> Iterator[Message | Line]:
    """The messages, in order; a line that belongs to none comes by itself."""
    current: Message | None = None
    framed = enclosed = False
    last = Line(0, b"")
    for line in lines:
        last = line
        if line.data is None:
            if current is None:
                yield line
            else:
                current.lines.append(line)
            continue
        data = line.data.removeprefix(_MARK)
        if data.startswith(_START_OF_FRAME):
            if current is not None:
                yield _over(current)
            current, framed, data = None, True, data[1:]
        ends = data.endswith(_END_OF_FRAME)
        data = data.removesuffix(_END_OF_FRAME)
        if data[:3] in _ENVELOPE:
            if current is not None:
                yield _over(current)
            current, framed, enclosed = None, False, data[1:3] == b"HS"
        elif data[:3] == b"MSH":
            if current is not None:
                yield current
            current = Message([line._replace(data=data)], framed)
        elif data.strip() and current is not None:
            current.lines.append(line._replace(data=data))
        elif data.strip():
            yield line
        if ends:
            if current is not None:
                yield current
            current, framed = None, False
    if current is not None:
        current.cut = current.framed or (enclosed and not last.ended)
        yield current


def _over(message: Message) -> Message:
    """A message after which something else began: in a frame it should have ended by itself."""
    message.cut = message.framed
    return message


def starts(data: bytes) -> bool:
    """Whether a file of these first bytes is one of HL7 v2."""
    data = data.removeprefix(_MARK).lstrip(b"\x0b \t\r\n")
    return (
        data[:3] in (b"MSH", b"FHS", b"BHS")
        and len(data) > 4
        and not data[3:4].isalnum()
        and data[3:4] not in b" \t\r\n"
    )
