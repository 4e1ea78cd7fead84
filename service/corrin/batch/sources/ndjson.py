"""FHIR as JSON: a resource or a Bundle on each line, or one of them as all of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from corrin.batch.row import Read, Row
from corrin.batch.sources import files
from corrin.batch.sources.bundle import unpack
from corrin.batch.sources.fhir import Taker
from corrin.batch.sources.source import CHUNK_BYTES, Source, Span
from corrin.intake import jsontext
from corrin.intake.limits import Limits
from corrin.intake.problem import IntakeError

_BLANK = b" \t\r\n"
_HOLDERS = ("Bundle", "Parameters")
_MOST_ENTRIES = 10_000_000


@dataclass(frozen=True)
class NdjsonSource(Source):
    """A file of FHIR resources in JSON.

    Attributes:
        role: ``output``, or ``deleted`` where a manifest says that the file tells what was deleted.
        expected: how many resources the manifest says are in it.
        most_line: how long a line may be that is read.
    """

    role: str = "output"
    expected: int | None = None
    most_line: int = files.MOST_LINE

    format: ClassVar[str] = "fhir"

    def spans(self, most_bytes: int = CHUNK_BYTES) -> tuple[Span, ...]:
        """Pieces that begin at lines; one for a packed file, or for one that is one JSON text."""
        if files.size_of(self.path) <= most_bytes or self._is_one_text():
            return (Span(),)
        return files.spans(self.path, most_bytes, self.name)

    def size(self) -> int:
        """Bytes of the file."""
        return files.size_of(self.path)

    def rows(self, span: Span, read: Read) -> Iterator[Row]:
        """As :meth:`Source.rows`.

        Raises:
            InputError: input-missing, input-unreadable, input-not-a-file, input-truncated,
                input-corrupt, input-encoding or input-changed.
        """
        if span == Span() and self._is_one_text():
            yield from self._text(read)
            return
        taker = Taker(read)
        upto = None if span.end is None else span.end - span.start
        with files.open_lines(self.path, span, self.name) as stream:
            for line in files.lines(stream, self.most_line, upto):
                read.lines = line.number
                if line.data is None:
                    taker.refuse(line.number, "too-large")
                elif line.data.strip(_BLANK):
                    yield from self._line(line.data, line.number, taker)

    def _line(self, data: bytes, number: int, taker: Taker) -> Iterator[Row]:
        try:
            value = self._parsed(data)
        except IntakeError as error:
            taker.refuse(number, error.problems[0].reason, error.problems[0].path)
            return
        yield from self._value(value, number, taker, data.strip(_BLANK))

    def _parsed(self, data: bytes) -> Any:
        limits = Limits(bytes=self.most_line, entries=_MOST_ENTRIES)
        return jsontext.parse(data, limits).values[0]

    def _value(
        self, value: Any, line: int, taker: Taker, body: bytes | None = None
    ) -> Iterator[Row]:
        """The rows of one JSON value that stood alone."""
        if not isinstance(value, dict):
            taker.refuse(line, "malformed")
        elif value.get("resourceType") in _HOLDERS:
            yield from unpack(value, line, taker, deleted=self.role == "deleted")
        else:
            yield from taker.take(value, line, body=body)

    def _is_one_text(self) -> bool:
        """Whether all of the file is one JSON text on several lines, or an array."""
        head = files.head_of(self.path, self.name).lstrip(_BLANK)
        if head.startswith(b"["):
            return True
        first, _, rest = head.partition(b"\n")
        return (
            head.startswith(b"{")
            and first.rstrip(_BLANK)[-1:] in _OPEN
            and rest.lstrip(_BLANK)[:1] not in _STARTS
        )

    def _text(self, read: Read) -> Iterator[Row]:
        """The rows of a file that is one JSON text, or seems to be."""
        taker = Taker(read)
        with files.open_lines(self.path, Span(), self.name) as stream:
            data = stream.read(self.most_line + 1)
        read.lines = data.count(b"\n") + (not data.endswith(b"\n"))
        if len(data) > self.most_line:
            taker.refuse(1, "too-large")
            return
        try:
            value = self._parsed(data)
        except IntakeError as error:
            problem = error.problems[0]
            lines = [one.strip(_BLANK) for one in data.split(b"\n")]
            if problem.reason != "not-json" or not any(_is_object(one) for one in lines):
                taker.refuse(problem.line or 1, problem.reason, problem.path)
                return
            for number, line in enumerate(lines, start=1):
                if line:
                    yield from self._line(line, number, taker)
            return
        if isinstance(value, list):
            yield from unpack(value, 1, taker, deleted=self.role == "deleted")
        else:
            yield from self._value(value, 1, taker)


_OPEN = (b"{", b"[", b",", b":")
_STARTS = (b"{", b"")


def _is_object(line: bytes) -> bool:
    return line.startswith(b"{") and line.endswith(b"}")
