"""Tables read and judged in one go, for tests of tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from corrin.batch.judge import Answer, Piece, Question, Shared
from corrin.batch.row import ROWS, Read
from corrin.batch.sources.source import Options, Span
from corrin.batch.sources.table import TableSource
from support import judges

MAPPING = """\
name: test
columns:
  patient: PID
  code: {column: LOINC, system: loinc}
  value: VALUE
  unit: UNIT
  time: DATE
  status: {constant: final}
"""
HEADER = "PID,LOINC,VALUE,UNIT,DATE\n"


class Tabled(NamedTuple):
    """What reading a table came to."""

    read: Read
    rows: list[dict[str, Any]]
    table: pa.Table
    source: TableSource
    answers: dict[str, Answer]

    def resources(self) -> list[dict[str, Any]]:
        """The resources handed on, numbers as texts in their own digits."""
        return [json.loads(row["body"], parse_float=str, parse_int=str) for row in self.rows]

    def refused(self) -> list[tuple[int, str, str]]:
        """Line, reason and column of what was refused while reading."""
        return [(one.line, one.reason, one.path) for one in self.read.refused]

    def judged(self, as_of: str = "2026-11-01") -> Answer:
        """The answer about everybody in it."""
        if as_of not in self.answers:
            piece = Piece(self.source.name, 0, self.source.native)
            judge = judges.judge(Question(as_of), Shared({0: piece}))
            self.answers[as_of] = judge.judge(self.table)
        return self.answers[as_of]

    def counted(self) -> bool:
        """Whether every row went somewhere."""
        read = self.read
        return read.rows == len(self.rows) + read.used + read.not_ours + len(read.refused)


def source_of(path: Path, mapping: str | None = MAPPING, **options: str) -> TableSource:
    """The source of a table; ``mapping`` is the text of a mapping file."""
    if mapping is not None:
        file = path.parent / "mapping.yaml"
        file.write_text(mapping, encoding="utf-8")
        options["mapping"] = str(file)
    return TableSource(path.name, str(path), Options(**options))


def read(path: Path, mapping: str | None = MAPPING, **options: str) -> Tabled:
    """Everything in a table."""
    return read_span(source_of(path, mapping, **options), Span())


def read_span(source: TableSource, span: Span) -> Tabled:
    """Everything in a piece of a table."""
    found = Read()
    batches = list(source.batches(span, 0, found))
    table = pa.Table.from_batches(batches, ROWS)
    return Tabled(found, table.to_pylist(), table, source, {})


def text(folder: Path, body: str | bytes, name: str = "table.csv") -> Path:
    """A file."""
    path = folder / name
    path.write_bytes(body.encode() if isinstance(body, str) else body)
    return path
