"""What every source is: something with a name that can be read in pieces."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

import pyarrow as pa

from corrin.batch import identity
from corrin.batch.row import Read, Row, batch_of
from corrin.intake import history

ROWS_AT_ONCE = 8192
CHUNK_BYTES = 64 * 1024 * 1024


class InputError(Exception):
    """An input that cannot be used as a whole: what, where, why, what to do.

    Attributes:
        file: its name as it was given.
        reason: code of ``rules/terminology/reasons.yaml`` (``input-truncated`` …).
        line: where in it, when known; 0 for all of it.
    """

    def __init__(self, file: str, reason: str, line: int = 0, hint: str = "") -> None:
        super().__init__(f"{file}: {reason}")
        self.file, self.reason, self.line, self.hint = file, reason, line, hint

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, int, str]]:
        """So that it can be sent from one process to another."""
        return type(self), (self.file, self.reason, self.line, self.hint)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one source; 0 and ``None`` for all of it.

    Of a file of lines the bytes from ``start`` to ``end``, which is exclusive; lines that begin
    in there belong to the piece.
    """

    start: int = 0
    end: int | None = None


@dataclass(frozen=True)
class Options:
    """How inputs are to be understood. Pickled with every source.

    Attributes:
        zone: name of the time zone (``Europe/London``) of times that name none.
        mapping: path of the mapping file of a table, if there is one.
        codes: path of the mapping file of local codes, if there is one.
        encoding: how text files are encoded where they do not say; ``None`` to find out.
    """

    zone: str = "UTC"
    mapping: str | None = None
    codes: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Source(ABC):
    """One input: a file, or the tables that only together say something.

    Attributes:
        name: what it is called in answers: its path below the input that was given.
        path: where it is.
        options: how it is to be understood.
    """

    name: str
    path: str
    options: Options = field(default_factory=Options)

    format: ClassVar[str] = ""
    """What ``--input-format`` calls it."""
    native: ClassVar[Mapping[str, str]] = {}
    """Elements of the resources made of its rows → what the source calls them."""

    @abstractmethod
    def rows(self, span: Span, read: Read) -> Iterator[Row]:
        """The rows of a piece; what is not handed on is noted in ``read``.

        ``read.rows`` counts every row met, so that in the end
        ``rows = handed on + read.used + read.not_ours + len(read.refused)``.

        Raises:
            InputError: the piece cannot be read to its end. What was yielded before stands.
        """

    def spans(self, most_bytes: int = CHUNK_BYTES) -> tuple[Span, ...]:
        """The pieces it can be read in, in order; always the same for the same bytes."""
        return (Span(),)

    def size(self) -> int:
        """Bytes to read, as far as known; for progress only."""
        return 0

    def files(self) -> tuple[str, ...]:
        """Paths of all files it is read from, so that a change of one is noticed."""
        return (self.path,)

    def batches(
        self, span: Span, chunk: int, read: Read, whole: Collection[int] = frozenset()
    ) -> Iterator[pa.RecordBatch]:
        """As :meth:`rows`, in columns (:data:`corrin.batch.row.ROWS`).

        ``whole`` holds keys (:func:`corrin.batch.identity.key`) of resources that the export holds
        more than once: their rows are never slim, so that versions can be told apart.
        """
        waiting: list[Row] = []
        try:
            for row in self.rows(span, read):
                waiting.append(row)
                if len(waiting) >= ROWS_AT_ONCE:
                    yield batch_of(waiting, chunk)
                    waiting = []
        except InputError:
            if waiting:
                yield batch_of(waiting, chunk)
            raise
        if waiting:
            yield batch_of(waiting, chunk)

    def versions(
        self, span: Span, wanted: Container[int]
    ) -> Iterator[tuple[str, str, tuple[datetime, int]]]:
        """``Type/id``, subject (or nothing) and version of the resources met more than once.

        Of every resource in a piece whose :func:`corrin.batch.identity.key` is in ``wanted``, ours
        or not: one that is not ours any more takes the place of one that was.
        """
        for row in self.rows(span, Read()):
            resource = json.loads(row.body, parse_int=Decimal, parse_float=Decimal)
            name = resource.get("id")
            if isinstance(name, str) and identity.key(row.kind, name) in wanted:
                yield f"{row.kind}/{name}", row.subject, history.version_of(resource)
