"""Phase one in tasks of Spark: pieces of the export read, where the executor can reach them."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corrin.batch.engine.plan import Chunk, Plan
from corrin.batch.engine.reading import REFUSED, batches_of, said_of, versions_of
from corrin.batch.engine.spark_blob import Blob, handed, packed
from corrin.batch.engine.spark_ship import moved, there
from corrin.batch.engine.spill import parted, rounds
from corrin.batch.row import Read
from corrin.batch.sources.source import InputError, Source, Span

ROWS, ROWS_AGAIN, REFUSALS, KEYS, SAID, VERSIONS = (
    "rows",
    "rows-again",
    "refusals",
    "keys",
    "said",
    "versions",
)
"""What comes out: rows by partition; those of a second reading; rows refused; numbers of all
resources; what there is to say of a piece; versions of resources met more than once."""

_SPACE_BITS = 64


@dataclass(frozen=True)
class Reading:
    """What a task that reads has to know.

    Attributes:
        plan: of all of the export.
        key_parts: how many tasks look for resources met more than once.
        numbers: of the pieces on disks that every executor sees, in the order of the tasks.
        files: by the address of a file on another filesystem: the places of the sources that it
            is read for, and its path below ``shadow``.
        shadow: the folder in which sources have the files of other filesystems.
        wanted: keys of resources met more than once; ``None`` in the first reading.
        only: the pieces to be read; ``None`` for all.
        own: paths on the driver → paths in the archive that was sent.
        archive: its name; ``None`` where nothing was sent.
    """

    plan: Plan
    key_parts: int = 1
    numbers: tuple[int, ...] = ()
    files: Mapping[str, tuple[tuple[int, ...], str]] = field(default_factory=dict)
    shadow: str = ""
    wanted: frozenset[int] | None = None
    only: frozenset[int] | None = None
    own: Mapping[str, str] = field(default_factory=dict)
    archive: str | None = None

    def source(self, number: int) -> Source:
        """A source, as an executor finds what it needs."""
        return moved(self.plan.sources[number], there(self.own, self.archive))

    def leaves(self, chunk: int) -> bool:
        """Whether a piece is not to be read."""
        return self.only is not None and chunk not in self.only


def here(batches: Iterable[pa.RecordBatch], reading: Reading) -> Iterator[pa.RecordBatch]:
    """Read pieces of files that lie where they did for the driver; given are places in a list."""
    for batch in batches:
        for at in batch.column(0).to_pylist():
            chunk = reading.plan.chunks[reading.numbers[at]]
            yield from handed(_piece(reading, chunk, reading.source(chunk.source)))


def lines(batches: Iterable[pa.RecordBatch], reading: Reading) -> Iterator[pa.RecordBatch]:
    """Read pieces of files of lines that Spark cut: each line, its file, where its piece began."""
    numbers = {(one.source, one.span.start): one for one in reading.plan.chunks}
    with tempfile.TemporaryDirectory(prefix="corrin-", dir=room()) as folder:
        path = Path(folder) / "lines"
        chunk: Chunk | None = None
        file: BinaryIO | None = None
        with ExitStack() as files:
            for batch in batches:
                for piece in _runs(batch):
                    address, start = piece.column(1)[0].as_py(), piece.column(2)[0].as_py()
                    begun = numbers[reading.files[address][0][0], start]
                    if reading.leaves(begun.number):
                        continue
                    if begun is not chunk:
                        if chunk is not None and file is not None:
                            file.flush()
                            yield from handed(_staged(reading, chunk, path))
                        files.close()
                        chunk, file = begun, files.enter_context(path.open("wb"))
                    assert file is not None
                    ended = pc.binary_join_element_wise(
                        piece.column(0).cast(pa.binary()).cast(pa.large_binary()),
                        pa.scalar(b"", pa.large_binary()),
                        pa.scalar(b"\n", pa.large_binary()),
                    )
                    file.write(_bytes(ended))
            if chunk is not None and file is not None:
                file.flush()
                yield from handed(_staged(reading, chunk, path))


def files(batches: Iterable[pa.RecordBatch], reading: Reading) -> Iterator[pa.RecordBatch]:
    """Read whole files that Spark fetched: address, content, and perhaps for which source."""
    needed: dict[int, set[str]] = {}
    for sources, path in reading.files.values():
        for source in sources:
            needed.setdefault(source, set()).add(path)
    chunks = {one.source: one for one in reading.plan.chunks}
    with tempfile.TemporaryDirectory(prefix="corrin-", dir=room()) as folder:
        came: dict[int, set[str]] = {}
        for batch in batches:
            for at in range(batch.num_rows):
                sources, path = reading.files[batch.column(0)[at].as_py()]
                if batch.num_columns > 2:
                    sources = (batch.column(2)[at].as_py(),)
                for source in sources:
                    if reading.leaves(chunks[source].number):
                        continue
                    own = Path(folder) / str(source)
                    staged = own / path
                    staged.parent.mkdir(parents=True, exist_ok=True)
                    with staged.open("wb") as file:
                        file.write(batch.column(1)[at].as_buffer())
                    came.setdefault(source, set()).add(path)
                    if came[source] == needed[source]:
                        found = moved(reading.source(source), {reading.shadow: str(own)})
                        yield from handed(_piece(reading, chunks[source], found))
                        shutil.rmtree(own)


def room() -> str | None:
    """The folder Spark keeps an executor's own files in, which it clears away in the end."""
    named = os.environ.get("SPARK_LOCAL_DIRS", "").split(",")[0]
    return named if named and Path(named).is_dir() else None


def _runs(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The parts of a batch that are of one piece each."""
    starts, addresses = batch.column(2), batch.column(1)
    same = pc.and_(
        pc.equal(starts[1:], starts[:-1]),
        pc.equal(addresses[1:], addresses[:-1]),
    )
    edges = [0, *(np.flatnonzero(~same.to_numpy(zero_copy_only=False)) + 1).tolist()]
    for start, end in zip(edges, [*edges[1:], batch.num_rows], strict=True):
        if end > start:
            yield batch.slice(start, end - start)


def _bytes(values: pa.LargeBinaryArray) -> memoryview:
    """The bytes of all values, one after the other."""
    _, offsets, data = values.buffers()
    at = np.frombuffer(offsets, np.int64)
    return memoryview(data)[int(at[values.offset]) : int(at[values.offset + len(values)])]


def _staged(reading: Reading, chunk: Chunk, path: Path) -> Iterator[Blob]:
    """A piece whose lines were put into a file of their own."""
    source = replace(reading.source(chunk.source), path=str(path))
    # From the first byte to the last: a piece of a file, not a file that may be one JSON text.
    yield from _piece(reading, replace(chunk, span=Span(0, path.stat().st_size)), source)


def _piece(reading: Reading, chunk: Chunk, source: Source) -> Iterator[Blob]:
    """All there is to say of one piece.

    Raises:
        CountMismatch: its rows do not add up.
        OSError: the disk of the executor is full, or fails.
    """
    found, ended, count = Read(), list[InputError](), 0
    wanted = reading.wanted or frozenset()
    kind = ROWS if reading.wanted is None else ROWS_AGAIN
    for batch in rounds(batches_of(source, chunk, found, wanted, ended, _nothing)):
        for part, piece in parted(batch, reading.plan.partitions):
            count += piece.num_rows
            yield Blob(kind, chunk.number, part, piece.num_rows, packed(piece))
    said = said_of(source, found, count, ended)
    if reading.wanted is not None:
        versions = versions_of(source, chunk, wanted, reading.plan.partitions)
        yield Blob(VERSIONS, chunk.number, 0, versions.num_rows, packed(versions))
        return
    if found.refused:
        columns = {name: [getattr(one, name) for one in found.refused] for name in REFUSED.names}
        part = chunk.number % reading.plan.partitions
        refused = pa.table(columns, REFUSED)
        yield Blob(REFUSALS, chunk.number, part, refused.num_rows, packed(refused))
    yield from _keys(found, chunk, reading.key_parts)
    products = {name: body.decode() for name, body in found.products.items()}
    told = {"said": asdict(said), "deleted": found.deleted, "products": products}
    data = json.dumps(told, ensure_ascii=False).encode()
    yield Blob(SAID, chunk.number, 0, found.rows, data)


def _keys(found: Read, chunk: Chunk, parts: int) -> Iterator[Blob]:
    """Numbers of resources, those of a range of all numbers together."""
    keys = np.sort(np.frombuffer(found.keys, np.uint64))
    edges = [(at << _SPACE_BITS) // parts for at in range(1, parts)]
    cuts = np.searchsorted(keys, np.array(edges, np.uint64))
    for part, own in enumerate(np.split(keys, cuts)):
        if own.size:
            yield Blob(KEYS, chunk.number, part, own.size, own.tobytes())


def _nothing(_rows: int) -> None:
    """Nobody is told how far a piece is."""
