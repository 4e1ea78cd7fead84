"""Rows of a chunk on disk, parted by person: one Arrow file per chunk, a batch per partition.

Rows are held up to a bound, ordered by partition, and written as one batch for each; so a file
may hold several batches of one partition. Which batch is whose stands in a small file beside it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from corrin.batch.engine.partition import partitions_of
from corrin.batch.row import ROWS
from corrin.batch.sinks.whole import whole

HELD_BYTES = 16 * 1024 * 1024
_ROW_BYTES = 600  # of one row in Python, beside its body
_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


def spill(batches: Iterable[pa.RecordBatch], path: Path, aside: Path, partitions: int) -> int:
    """Write the rows of one chunk; how many they were.

    Raises:
        ValueError: a row is nobody's; a source must refuse such.
        OSError: the disk is full, or fails.
    """
    index: list[tuple[int, int, int]] = []
    with whole(path, aside) as temporary, pa.ipc.new_file(temporary, ROWS, options=_OPTIONS) as out:
        for rows in rounds(batches):
            for partition, piece in parted(rows, partitions):
                out.write_batch(piece)
                index.append((partition, piece.num_rows, piece.nbytes))
    with whole(_beside(path), aside) as temporary, temporary.open("wb") as file:
        np.save(file, np.array(index, np.int64).reshape(-1, 3))
    return sum(rows for _, rows, _ in index)


def rounds(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of about :data:`HELD_BYTES`."""
    held: list[pa.RecordBatch] = []
    weight = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        held.append(batch)
        weight += batch.nbytes
        if weight >= HELD_BYTES:
            yield pa.concat_batches(held)
            held, weight = [], 0
    if held:
        yield pa.concat_batches(held)


def parted(rows: pa.RecordBatch, partitions: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Rows by partition, in order within each.

    Raises:
        ValueError: a row is nobody's.
    """
    subjects = rows.column("subject")
    if pc.any(pc.equal(subjects, "")).as_py():
        raise ValueError("a row of nobody")
    parts = partitions_of(subjects, partitions)
    if partitions > 1:
        order = np.argsort(parts, kind="stable")
        rows, parts = rows.take(pa.array(order)), parts[order]
    edges = np.flatnonzero(np.diff(parts, prepend=-1, append=-1)).tolist()
    for start, end in itertools.pairwise(edges):
        yield int(parts[start]), rows.slice(start, end - start)


def _beside(path: Path) -> Path:
    """The file that says of each batch of a spill: its partition, its rows, its bytes."""
    return path.with_suffix(".npy")


class Spills:
    """The spills of all chunks, read by partition."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._indices: list[npt.NDArray[np.int64]] = [np.load(_beside(one)) for one in paths]

    def persons(self, partition: int, most_bytes: int) -> Iterator[pa.Table]:
        """The rows of a partition, in pieces of whole persons, in the order of their subjects.

        A piece takes about ``most_bytes``, or holds the one person who takes more.
        """
        rows = size = 0
        for index in self._indices:
            own = index[index[:, 0] == partition]
            rows, size = rows + int(own[:, 1].sum()), size + int(own[:, 2].sum())
        if rows == 0:
            return
        if size + rows * _ROW_BYTES <= most_bytes:
            yield pa.Table.from_batches(self._batches(partition), ROWS)
            return
        for first, last in self._cuts(partition, most_bytes):
            found = []
            for batch in self._batches(partition):
                subject = batch.column("subject")
                within = pc.and_(pc.greater_equal(subject, first), pc.less_equal(subject, last))
                found.append(batch.filter(within))
            yield pa.Table.from_batches(found, ROWS)

    def _cuts(self, partition: int, most_bytes: int) -> Iterator[tuple[str, str]]:
        """First and last subject of each piece."""
        weights = [
            pa.table(
                {
                    "subject": batch.column("subject"),
                    "weight": pc.add(pc.binary_length(batch.column("body")), _ROW_BYTES),
                }
            )
            .group_by("subject")
            .aggregate([("weight", "sum")])
            .rename_columns(["subject", "weight"])
            for batch in self._batches(partition)
        ]
        every = pa.concat_tables(weights).group_by("subject").aggregate([("weight", "sum")])
        every = every.sort_by("subject")
        subjects, held, begin = every.column("subject"), 0, 0
        for at, weight in enumerate(every.column("weight_sum").to_pylist()):
            if held and held + weight > most_bytes:
                yield subjects[begin].as_py(), subjects[at - 1].as_py()
                held, begin = 0, at
            held += weight
        yield subjects[begin].as_py(), subjects[len(subjects) - 1].as_py()

    def _batches(self, partition: int) -> Iterator[pa.RecordBatch]:
        for path, index in zip(self._paths, self._indices, strict=True):
            own = np.flatnonzero(index[:, 0] == partition).tolist()
            if own:
                with pa.OSFile(str(path)) as file:
                    reader = pa.ipc.open_file(file)
                    for at in own:
                        yield reader.get_batch(at)
