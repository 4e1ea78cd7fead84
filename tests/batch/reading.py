"""Reads a source as an engine does, in one partition: rows in, tables out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from corrin.batch.judge import Piece, Question, Shared
from corrin.batch.persons import persons
from corrin.batch.row import ROWS, Read
from corrin.batch.sources.source import Source
from corrin.facts import versions
from corrin.facts.fact import Measured
from corrin.intake.gathered import gather, row_of
from corrin.zone import zone_of
from support import judges


@dataclass(frozen=True)
class Run:
    """What reading some sources came to."""

    tables: dict[str, list[dict[str, Any]]]
    reads: tuple[Read, ...]
    went: tuple[int, int, int, int]
    results: tuple[tuple[str, int, Measured], ...]

    def refused(self) -> list[tuple[str, int, str, str]]:
        """File, line, element and reason of everything refused, by the source or the reader."""
        return sorted(
            (one["file"], one["line"], one["path"], one["reason"])
            for one in self.tables["refusals"]
        )

    def taken(self) -> list[tuple[str, str, str, str, int]]:
        """Subject, analyte, value as reported, time and line of every result that was taken."""
        return [
            (subject, one.analyte, one.reported, one.when.text if one.when else "", line)
            for subject, line, one in self.results
            if one.when is not None and "implausible" not in one.flags
        ]

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
    judge = judges.judge(Question(as_of, zone=zone), Shared(pieces))
    rows = pa.Table.from_batches(batches, schema=ROWS)
    answer = judge.judge(rows)
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
    return Run(
        tables,
        tuple(reads),
        (went[0], went[1], went[2], went[3]),
        tuple(_results(rows, pieces, zone)),
    )


def _results(
    rows: pa.Table, pieces: Mapping[int, Piece], zone: str
) -> Iterator[tuple[str, int, Measured]]:
    """What stands of each person's results, with its line, in the order of lines."""
    found = []
    for person in persons(rows):
        reading = gather(person.given, zone=zone_of(zone)).reading
        for one in versions.current(reading.results):
            row, _ = row_of(one.path)
            line = pieces[person.chunks[row]].before + person.lines[row]
            found.append((person.subject, line, one))
    yield from sorted(found, key=lambda one: (one[1], one[0], one[2].analyte))
