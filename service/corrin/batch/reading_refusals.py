"""What was refused while reading, and what could not be read at all, as rows of ``refusals``."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from corrin import terminology
from corrin.batch import tables
from corrin.batch.outcome import Problem
from corrin.batch.question import Piece
from corrin.batch.row import Refused


def of_rows(refused: Iterable[Refused], piece: Piece) -> pa.Table:
    """Rows refused while a chunk was read, in order."""
    rows = []
    for one in refused:
        says, remedy = _words(one.reason)
        line = piece.before + one.line if one.line else 0
        path, detail = one.path, one.detail or None
        rows.append(
            (
                one.subject,
                piece.file,
                line,
                path,
                one.reason,
                says,
                remedy,
                None,
                None,
                None,
                detail,
            )
        )
    return ordered(tables.table_of(tables.REFUSALS, rows))


def of_problems(problems: Iterable[Problem]) -> pa.Table:
    """Inputs that could not be read, or not to their end."""
    rows = []
    for one in problems:
        says, remedy = _words(one.reason)
        rows.append(
            (
                "",
                one.file,
                one.line,
                "",
                one.reason,
                says,
                remedy,
                None,
                None,
                None,
                one.hint or None,
            )
        )
    return ordered(tables.table_of(tables.REFUSALS, rows))


def ordered(refusals: pa.Table) -> pa.Table:
    """Refusals in their order; those it does not tell apart stay as they were."""
    names = tables.order("refusals")
    plain = {
        name: refusals.column(name).cast(pa.int64() if name == "line" else pa.string())
        for name in names
    }
    at = pc.sort_indices(pa.table(plain), [(name, "ascending") for name in names])
    return refusals.take(at)


def _words(reason: str) -> tuple[str, str]:
    words = terminology.load().reasons.get(reason)
    return (reason, "") if words is None else (words.sentence, words.remedy)
