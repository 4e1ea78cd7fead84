"""Phase one: a chunk read, its rows spilled by person, what else it said kept beside them."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from corrin.batch.engine.partition import hashes, partitions_of
from corrin.batch.engine.plan import Chunk, Plan
from corrin.batch.engine.spill import spill
from corrin.batch.engine.workplace import Workplace
from corrin.batch.outcome import CountMismatch, Problem
from corrin.batch.row import Read, Refused
from corrin.batch.sinks.whole import put, whole
from corrin.batch.sources.source import InputError, Source

READ, AGAIN = "read", "again"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
BEGAN, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

Say = Callable[[int], None]
"""Told how many rows of the chunk have been met so far."""

REFUSED = pa.schema(
    [
        pa.field("line", pa.int64()),
        pa.field("reason", pa.string()),
        pa.field("path", pa.string()),
        pa.field("detail", pa.string()),
        pa.field("subject", pa.string()),
    ]
)
VERSIONS = pa.schema(
    [
        pa.field("name", pa.string()),
        pa.field("partition", pa.int32()),
        pa.field("at", pa.int64()),
        pa.field("number", pa.int32()),
        pa.field("whose", pa.int64()),
    ]
)
"""Versions of resources met more than once: ``Type/id``, the partition its row is in (-1: it was
not handed on), microseconds since 1970, number of the version, a number made of the subject (of
nobody, too), by which two people are told apart."""


@dataclass(frozen=True, slots=True)
class Said:
    """What reading one chunk came to, but for what lies in files of its own."""

    lines: int
    rows: int
    handed: int
    used: int
    not_ours: int
    refused: int
    problem: Problem | None = None
    notes: tuple[str, ...] = ()
    outcomes: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Said:
        """As it was marked."""
        problem = data["problem"]
        told = None if problem is None else Problem(**problem)
        return cls(**(data | {"problem": told, "notes": tuple(data["notes"])}))


def read(plan: Plan, number: int, work: Workplace, say: Say) -> None:
    """Read a chunk and mark it done.

    Raises:
        CountMismatch: its rows do not add up.
        OSError: the disk is full, or fails.
    """
    found = Read()
    said = _spilled(plan, number, work, READ, found, frozenset(), say)
    if found.keys:
        keys = np.sort(np.frombuffer(found.keys, np.uint64))
        with whole(work.file(READ, number, "keys"), work.aside) as temporary:
            keys.tofile(temporary)
    work.mark(READ, number, asdict(said))


def read_again(plan: Plan, number: int, work: Workplace, say: Say) -> None:
    """Read a chunk that holds resources met more than once: these whole, and their versions."""
    keys = np.fromfile(work.file(AGAIN, number, "keys"), np.uint64)
    wanted = frozenset(keys.tolist())
    said = _spilled(plan, number, work, AGAIN, Read(), wanted, say)
    chunk = plan.chunks[number]
    versions = versions_of(plan.source_of(number), chunk, wanted, plan.partitions)
    with (
        whole(work.file(AGAIN, number, "versions"), work.aside) as temporary,
        pa.ipc.new_file(temporary, VERSIONS) as out,
    ):
        out.write_table(versions)
    work.mark(AGAIN, number, asdict(said))


def _spilled(
    plan: Plan,
    number: int,
    work: Workplace,
    kind: str,
    found: Read,
    wanted: frozenset[int],
    say: Say,
) -> Said:
    chunk, source = plan.chunks[number], plan.source_of(number)
    ended: list[InputError] = []
    batches = batches_of(source, chunk, found, wanted, ended, say)
    handed = spill(batches, work.file(kind, number, "arrow"), work.aside, plan.partitions)
    said = said_of(source, found, handed, ended)
    if found.refused:
        _keep_refused(found.refused, work, kind, number)
    if found.deleted or found.products:
        products = {name: body.decode() for name, body in found.products.items()}
        shared = {"deleted": found.deleted, "products": products}
        data = json.dumps(shared, ensure_ascii=False).encode()
        put(work.file(kind, number, "shared"), data, work.aside)
    return said


def said_of(source: Source, found: Read, handed: int, ended: list[InputError]) -> Said:
    """What reading a chunk came to.

    Raises:
        CountMismatch: its rows do not add up.
    """
    problem = None
    if ended:
        wrong = ended[0]
        problem = Problem(wrong.file, wrong.reason, wrong.line, wrong.hint)
    said = Said(
        lines=found.lines,
        rows=found.rows,
        handed=handed,
        used=found.used,
        not_ours=found.not_ours,
        refused=len(found.refused),
        problem=problem,
        notes=tuple(found.notes),
        outcomes=found.outcomes,
    )
    out = said.handed + said.used + said.not_ours + said.refused
    if said.rows != out:
        raise CountMismatch((source.name,), said.rows, out)
    return said


def batches_of(
    source: Source,
    chunk: Chunk,
    found: Read,
    wanted: frozenset[int],
    ended: list[InputError],
    say: Say,
) -> Iterator[pa.RecordBatch]:
    """The rows of a chunk; an input that ends badly is noted, and what was read of it stands."""
    batches = iter(source.batches(chunk.span, chunk.number, found, wanted))
    while True:
        try:
            batch = next(batches, None)
        except InputError as error:
            ended.append(error)
            return
        except OSError as error:
            if error.errno in _FULL:
                raise
            ended.append(InputError(source.name, "input-unreadable", found.lines))
            return
        say(found.rows)
        if batch is None:
            return
        yield batch


def _keep_refused(refused: list[Refused], work: Workplace, kind: str, number: int) -> None:
    columns = {name: [getattr(one, name) for one in refused] for name in REFUSED.names}
    with (
        whole(work.file(kind, number, "refused"), work.aside) as temporary,
        pa.ipc.new_file(temporary, REFUSED) as out,
    ):
        out.write_table(pa.table(columns, REFUSED), max_chunksize=8192)


def versions_of(source: Source, chunk: Chunk, wanted: frozenset[int], partitions: int) -> pa.Table:
    """Versions of the resources of a chunk that are met more than once (:data:`VERSIONS`)."""
    names, subjects, at, numbers = [], [], [], []
    try:
        for name, subject, (when, number) in source.versions(chunk.span, wanted):
            names.append(name)
            subjects.append(subject)
            at.append((when - BEGAN) // MICROSECOND)
            numbers.append(number)
    except (InputError, OSError):
        pass  # noted when its rows were read
    whose = pa.array(subjects, pa.string())
    parts = partitions_of(whose, partitions)
    nobody = np.array([not one for one in subjects], bool)
    parts[nobody] = -1
    return pa.table([names, parts, at, numbers, hashes(whose).view(np.int64)], schema=VERSIONS)
