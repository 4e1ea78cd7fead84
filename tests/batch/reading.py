"""Reads a source as an engine does, in one partition: rows in, tables out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from corrin.batch.judge import Judge, Piece, Question, Shared
from corrin.batch.row import ROWS, Read
from corrin.batch.sources.source import Source, Span


@dataclass(frozen=True)
class Run:
    """What reading some sources came to."""

    tables: dict[str, list[dict[str, Any]]]
    reads: tuple[Read, ...]
    went: tuple[int, int, int, int]

    def refused(self) -> list[tuple[str, int, str, str]]:
        """File, line, element and reason of everything refused, by the source or the reader."""
        return sorted(
            (one["file"], one["line"], one["path"], one["reason"])
            for one in self.tables["refusals"]
        )

    def inputs(self) -> list[tuple[Any, ...]]:
        """Subject, fact, value as reported, time and line of everything measured and chosen."""
        return [
            (one["subject"], one["name"], one["reported"], one["when"], one["line"])
            for one in self.tables["inputs"]
            if one["kind"] == "measured"
        ]


def run(
    sources: Sequence[Source],
    as_of: str = "2026-11-01",
    *,
    most_bytes: int | None = None,
    zone: str = "UTC",
) -> Run:
    """Read sources whole, in pieces of ``most_bytes``; the counts must add up."""
    batches: list[pa.RecordBatch] = []
    reads: list[Read] = []
    pieces: dict[int, Piece] = {}
    for source in sources:
        spans = source.spans() if most_bytes is None else source.spans(most_bytes)
        before = 0
        for span in spans:
            read, chunk = Read(), len(reads)
            made = list(source.batches(span, chunk, read))
            handed = sum(one.num_rows for one in made)
            assert read.rows == handed + read.used + read.not_ours + len(read.refused)
            batches += made
            reads.append(read)
            pieces[chunk] = Piece(source.name, before, source.native)
            before += read.lines
    judge = Judge(Question(as_of, zone=zone), Shared(pieces))
    answer = judge.judge(pa.Table.from_batches(batches, schema=ROWS))
    tables = {name: table.to_pylist() for name, table in answer.tables.items()}
    for chunk, read in enumerate(reads):
        piece = pieces[chunk]
        for one in read.refused:
            tables["refusals"].append(
                {
                    "subject": one.subject,
                    "file": piece.file,
                    "line": piece.before + one.line,
                    "path": one.path,
                    "reason": one.reason,
                    "name": None,
                    "reported": None,
                    "detail": one.detail,
                }
            )
    went = [sum(numbers) for numbers in zip(*answer.went.values(), strict=True)] or [0, 0, 0, 0]
    assert sum(went) == sum(one.num_rows for one in batches)
    return Run(tables, tuple(reads), (went[0], went[1], went[2], went[3]))


WHOLE = Span()
