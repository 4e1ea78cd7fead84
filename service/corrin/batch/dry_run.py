"""What a run would do: what it would read, how, and what the first rows of each input come to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from corrin.batch.engine.local import find
from corrin.batch.engine.plan import Plan, plan, size_of
from corrin.batch.engine.resources import Resources, resources
from corrin.batch.judge import Judge, Piece
from corrin.batch.outcome import Counts, Problem
from corrin.batch.question import Shared
from corrin.batch.reading_refusals import of_rows
from corrin.batch.row import ROWS, Read, Row, batch_of
from corrin.batch.run import Job
from corrin.batch.sources.detect import Found
from corrin.batch.sources.source import InputError, Source, Span

FIRST_ROWS = 1000
FIRST_SOURCES = 50


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal as it may be shown: where and why, nothing of what was met."""

    file: str
    line: int
    path: str
    reason: str
    says: str


@dataclass(slots=True)
class Looked:
    """One input.

    ``counts`` are of its first rows, as far as they can be told while most of a person's rows
    have not been read.
    """

    source: Source
    bytes: int
    counts: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would do."""

    plan: Plan
    resources: Resources
    found: Found
    inputs: tuple[Looked, ...]
    refusals: tuple[Refusal, ...]
    problems: tuple[Problem, ...]


def dry_run(job: Job) -> DryRun:
    """Look at the inputs of a job.

    Raises:
        corrin.interpretation.UsageError: there is no such profile, pack, zone or moment.
        corrin.packs.finding.ContentProblem: the rules, or a mapping file, cannot be used.
        corrin.batch.outcome.RunFailed: there is nothing to read.
    """
    judge = Judge(job.question, Shared({}))
    found = find(job)
    planned = plan(found.sources)
    use = resources(job.workers, job.memory, max(len(planned.chunks), planned.partitions))
    looked = [Looked(one, size_of(one)) for one in found.sources]
    problems = [Problem(one.file, one.reason, one.line, one.hint) for one in found.problems]
    pieces: dict[int, Piece] = {}
    rows, refused = [ROWS.empty_table()], []
    for at, one in enumerate(looked[:FIRST_SOURCES]):
        try:
            for chunk, piece, read, first in _first(planned, at):
                pieces[chunk] = piece
                rows.append(pa.Table.from_batches([batch_of(first, chunk)]))
                refused.append(of_rows(read.refused, piece))
                one.counts.add(Counts(read.rows, read.used, 0, read.not_ours, len(read.refused)))
        except InputError as error:
            problems.append(Problem(error.file, error.reason, error.line, error.hint))
    judge.shared = Shared(pieces)
    answer = judge.judge(pa.concat_tables(rows))
    for number, (used, superseded, not_ours, gone) in answer.went.items():
        looked[planned.chunks[number].source].counts.add(
            Counts(0, used, superseded, not_ours, gone)
        )
    refused.append(answer.tables["refusals"])
    return DryRun(
        planned, use, found, tuple(looked), tuple(_first_of_each(refused)), tuple(problems)
    )


def _first(planned: Plan, at: int) -> Iterator[tuple[int, Piece, Read, list[Row]]]:
    """The rows of the first lines of a source, chunk by chunk; no more of it is read."""
    source = planned.sources[at]
    before, left = 0, FIRST_ROWS
    for chunk in (one for one in planned.chunks if one.source == at):
        read = Read()
        first = list(_some(source, chunk.span, read, left))
        yield chunk.number, Piece(source.name, before, source.native, source.format), read, first
        before, left = before + read.lines, left - read.rows
        if left <= 0:
            return


def _some(source: Source, span: Span, read: Read, most: int) -> Iterator[Row]:
    for row in source.rows(span, read):
        yield row
        if read.rows >= most:
            return


def _first_of_each(refused: list[pa.Table]) -> Iterator[Refusal]:
    """The first refusal of each reason in each file."""
    met = set()
    for table in refused:
        columns = ["file", "line", "path", "reason", "says"]
        plain = table.select(columns)
        for row in plain.sort_by([("line", "ascending")]).to_pylist():
            key = (row["file"], row["reason"])
            if key not in met:
                met.add(key)
                yield Refusal(**row)
