"""Phase two in tasks of Spark: the persons of a partition judged, what was found handed on."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corrin.batch import reading_refusals
from corrin.batch.engine.gathering import Versions, versions
from corrin.batch.engine.spark_blob import Blob, given, handed, packed, unpacked
from corrin.batch.engine.spark_read import REFUSALS, ROWS, ROWS_AGAIN
from corrin.batch.engine.spark_ship import moved, there
from corrin.batch.judge import Judge
from corrin.batch.question import Question, Shared
from corrin.batch.row import ROWS as SCHEMA
from corrin.batch.row import Refused

WENT, NEWEST = "went", "newest"
"""What comes out beside tables, and what goes in beside rows."""

SLICE_BYTES = 48 * 1024 * 1024
_ROW_BYTES = 600  # of one row in Python, beside its body


@dataclass(frozen=True)
class Judging:
    """What a task that judges has to know.

    Attributes:
        name: of this run; a process keeps one judge for all partitions of a run.
        question: as the driver was asked it.
        shared: what is known of the export as a whole.
        again: the pieces that were read a second time; what the first found there is dropped.
        own: paths on the driver → paths in the archive that was sent.
        archive: its name; ``None`` where nothing was sent.
    """

    name: str
    question: Question
    shared: Shared
    again: frozenset[int] = frozenset()
    own: Mapping[str, str] = field(default_factory=dict)
    archive: str | None = None


_JUDGES: dict[str, Judge] = {}


def judge(batches: Iterable[pa.RecordBatch], judging: Judging) -> Iterator[pa.RecordBatch]:
    """Judge partitions; given are their values, those of one partition together."""
    found = _JUDGES.get(judging.name)
    if found is None:
        question = moved(judging.question, there(judging.own, judging.archive))
        _JUDGES.clear()
        found = _JUDGES[judging.name] = Judge(question, judging.shared)
        gc.collect()
        gc.freeze()
    gc.disable()  # a judge leaves no cycles behind, and looking for them takes half its time
    try:
        for part, blobs in groupby(given(batches), key=lambda blob: blob.part):
            yield from handed(_partition(part, blobs, found, judging))
            gc.collect()
    finally:
        gc.enable()


def _partition(part: int, blobs: Iterable[Blob], judge_: Judge, judging: Judging) -> Iterator[Blob]:
    rows: list[pa.Table] = []
    told: list[pa.Table] = []
    for blob in blobs:
        if blob.kind == REFUSALS:
            table = _refusals(blob, judging)
            yield Blob(REFUSALS, -1, part, table.num_rows, packed(table))
        elif blob.kind == NEWEST:
            told.append(unpacked(blob.payload))
        elif blob.kind == ROWS_AGAIN or (blob.kind == ROWS and blob.chunk not in judging.again):
            rows.append(unpacked(blob.payload))
    judge_.shared = replace(judging.shared, **_newest(told)._asdict())
    went: dict[int, list[int]] = {}
    for piece in _slices(rows):
        answer = judge_.judge(piece)
        for chunk, counts in answer.went.items():
            before = went.get(chunk, [0, 0, 0, 0])
            went[chunk] = [a + b for a, b in zip(before, counts, strict=True)]
        for name, table in answer.tables.items():
            if table.num_rows:
                yield Blob(name, -1, part, table.num_rows, packed(table))
    counted = {str(chunk): went[chunk] for chunk in sorted(went)}
    yield Blob(WENT, -1, part, 0, json.dumps(counted).encode())


def _refusals(blob: Blob, judging: Judging) -> pa.Table:
    refused = [Refused(**one) for one in unpacked(blob.payload).to_pylist()]
    return reading_refusals.of_rows(refused, judging.shared.pieces[blob.chunk])


def _newest(told: list[pa.Table]) -> Versions:
    names = ("name", "at", "number", "disputed")
    columns = ([one.column(name).to_pylist() for name in names] for one in told)
    return versions(chain.from_iterable(zip(*found, strict=True) for found in columns))


def _slices(tables: list[pa.Table]) -> Iterator[pa.Table]:
    """The rows of a partition in pieces of whole persons, each of about :data:`SLICE_BYTES`."""
    if not tables:
        return
    rows = pa.concat_tables(tables).cast(SCHEMA)
    tables.clear()
    weights = pc.add(pc.binary_length(rows.column("body")), _ROW_BYTES)
    if pc.sum(weights).as_py() <= SLICE_BYTES:
        yield rows
        return
    order = pc.sort_indices(rows, [("subject", "ascending")])
    rows, weights = rows.take(order), weights.take(order)
    held = np.cumsum(weights.to_numpy())
    subjects = rows.column("subject").combine_chunks()
    ends = pc.run_end_encode(subjects).run_ends.to_numpy()  # where persons end
    start, done = 0, 0
    for at, end in enumerate(ends.tolist()):
        last = at + 1 == len(ends)
        if last or held[ends[at + 1] - 1] - done > SLICE_BYTES:
            yield rows.slice(start, end - start)
            start, done = end, int(held[end - 1])
