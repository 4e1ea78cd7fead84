"""What a run will do, from its inputs alone: the pieces to read, how many partitions to make.

Nothing here depends on the machine, the number of processes or the memory: the same inputs give
the same plan, and so the same dataset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from corrin.batch.sources.source import CHUNK_BYTES, InputError, Source, Span

PARTITION_BYTES = 32 * 1024 * 1024
MOST_PARTITIONS = 4096
LEAST_CHUNK = 4 * 1024 * 1024
_CHUNKS = 64
# What a packed byte holds, so that partitions of packed inputs are not far too big.
_PACKED = {b"\x1f\x8b": 8, b"\x28\xb5\x2f\xfd": 8, b"PAR1": 4, b"PK\x03\x04": 4}


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a source, read in one go.

    Attributes:
        number: its place among all, from 0.
        source: the place of its source among all.
        span: which piece.
        bytes: how many, as far as known.
    """

    number: int
    source: int
    span: Span
    bytes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Sources, the chunks they are read in, and into how many partitions persons go."""

    sources: tuple[Source, ...]
    chunks: tuple[Chunk, ...]
    partitions: int

    @property
    def bytes(self) -> int:
        """Bytes to read, as far as known."""
        return sum(chunk.bytes for chunk in self.chunks)

    def source_of(self, chunk: int) -> Source:
        """The source of a chunk."""
        return self.sources[self.chunks[chunk].source]


def plan(sources: Sequence[Source]) -> Plan:
    """Plan the reading of some sources.

    Raises:
        ValueError: two sources have one name.
    """
    if len({one.name for one in sources}) < len(sources):
        raise ValueError("two sources have one name")
    total = sum(size_of(one) for one in sources)
    most = max(LEAST_CHUNK, min(CHUNK_BYTES, total // _CHUNKS))
    chunks: list[Chunk] = []
    for at, source in enumerate(sources):
        for span in _spans(source, most):
            end = size_of(source) if span.end is None else span.end
            chunks.append(Chunk(len(chunks), at, span, max(0, end - span.start)))
    return Plan(tuple(sources), tuple(chunks), partitions_for(sources))


def partitions_for(sources: Sequence[Source]) -> int:
    """Into how many partitions the persons of some sources go."""
    unpacked = sum(size_of(one) * packed(one) for one in sources)
    return max(1, min(MOST_PARTITIONS, -(-unpacked // PARTITION_BYTES)))


def size_of(source: Source) -> int:
    """Bytes of a source; none where they cannot be told. What is wrong shows when it is read."""
    try:
        return source.size()
    except (InputError, OSError):
        return 0


def _spans(source: Source, most: int) -> tuple[Span, ...]:
    try:
        return source.spans(most) or (Span(),)
    except (InputError, OSError):
        return (Span(),)


def packed(source: Source) -> int:
    """How many bytes one byte of a source stands for, roughly."""
    try:
        with open(source.path, "rb") as file:
            head = file.read(4)
    except OSError:
        return 1
    return next((times for magic, times in _PACKED.items() if head.startswith(magic)), 1)
