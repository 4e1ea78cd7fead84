"""FHIR as JSON: a resource or a Bundle on each line, or one of them as all of a file."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import pyarrow as pa

from corrin.batch import identity, scan
from corrin.batch.row import Read, Row
from corrin.batch.sources import files
from corrin.batch.sources.bundle import alone_in, content_of, unpack
from corrin.batch.sources.fhir import Taker, id_of, is_holder, whose
from corrin.batch.sources.manifest import DELETED, OUTPUT
from corrin.batch.sources.pages import Pages
from corrin.batch.sources.source import CHUNK_BYTES, InputError, Source, Span
from corrin.intake import history, jsontext
from corrin.intake.limits import Limits
from corrin.intake.problem import IntakeError, refuse

_BLANK = b" \t\r\n"
_MOST_ENTRIES = 10_000_000  # of one Bundle: only its bytes are bounded here
_WHOLE = Span()
_KIND = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]+)"')
_NAME = re.compile(rb'"id"\s*:\s*"([A-Za-z0-9\-.]{1,64})"')


@dataclass(frozen=True)
class NdjsonSource(Source):
    """A file of FHIR resources in JSON.

    Attributes:
        role: ``output``, or ``deleted`` where a manifest says that the file tells what was deleted.
        expected: how many resources a manifest says are in it.
        most_line: bytes of the longest line that is read.
    """

    role: str = OUTPUT
    expected: int | None = None
    most_line: int = files.MOST_LINE

    format: ClassVar[str] = "fhir"

    def spans(self, most_bytes: int = CHUNK_BYTES) -> tuple[Span, ...]:
        """Pieces that begin at lines; one for a packed file, or for one that is one JSON text."""
        try:
            if files.size_of(self.path) > most_bytes and not self._is_one_text():
                return files.spans(self.path, most_bytes, self.name)
        except InputError:  # is told when it is read
            pass
        return (_WHOLE,)

    def size(self) -> int:
        """Bytes of the file as it lies there."""
        return files.size_of(self.path)

    def files(self) -> tuple[str, ...]:
        """The file, and that of the site's own codes."""
        return (self.path,) if self.options.codes is None else (self.path, self.options.codes)

    def rows(self, span: Span, read: Read) -> Iterator[Row]:
        """As :meth:`Source.rows`.

        Raises:
            InputError: input-missing, input-unreadable, input-not-a-file, input-truncated,
                input-corrupt, input-encoding or input-changed.
            MappingProblem: the file of local codes cannot be used.
        """
        reading = self._reading(read)
        try:
            if span == _WHOLE and self._is_one_text():
                yield from self._text(reading)
                return
            for block in self._blocks(span, reading.taker):
                for line in bytes(block).removesuffix(b"\n").split(b"\n"):
                    read.lines += 1
                    yield from self._line(line, read.lines, reading)
        finally:
            self._close(span, reading)

    def batches(
        self, span: Span, chunk: int, read: Read, whole: Collection[int] = frozenset()
    ) -> Iterator[pa.RecordBatch]:
        """As :meth:`Source.batches`; what is regular is read by :mod:`corrin.batch.scan`."""
        special = self.options.codes is not None or self.role != OUTPUT
        if special or (span == _WHOLE and self._is_one_text()):
            yield from super().batches(span, chunk, read, whole)
            return
        reading = self._reading(read)

        def exact(line: bytes, number: int) -> Iterator[Row]:
            return self._line(line, number, reading)

        def regular(lines: int) -> None:
            reading.values += lines

        try:
            blocks = self._blocks(span, reading.taker)
            yield from scan.batches_of(blocks, chunk, read, exact, whole, files.SLACK, regular)
        finally:
            self._close(span, reading)

    def versions(
        self, span: Span, wanted: Container[int]
    ) -> Iterator[tuple[str, str, tuple[datetime, int]]]:
        """As :meth:`Source.versions`, also of resources that are not handed on."""
        taker = Taker(Read())  # only for what it counts
        try:
            if span == _WHOLE and self._is_one_text():
                with files.open_lines(self.path, span, self.name) as stream:
                    yield from self._versions(stream.read(self.most_line), wanted)
                return
            for block in self._blocks(span, taker):
                for line in bytes(block).split(b"\n"):
                    if _may_hold(line, wanted):
                        yield from self._versions(line, wanted)
        except InputError:  # was told when the rows were read
            return

    def _versions(
        self, data: bytes, wanted: Container[int]
    ) -> Iterator[tuple[str, str, tuple[datetime, int]]]:
        try:
            value = self._parsed(data)
        except IntakeError:
            return
        alone = ""
        if isinstance(value, list) or (isinstance(value, dict) and is_holder(value)):
            content = content_of(value, data)
            found = [one.resource for one in content.found]
            alone = alone_in(value, content)
        else:
            found = [value] if isinstance(value, dict) else []
        for resource in found:
            kind, name = resource.get("resourceType"), id_of(resource)
            if isinstance(kind, str) and name and identity.key(kind, name) in wanted:
                yield f"{kind}/{name}", whose(resource, alone), history.version_of(resource)

    def _blocks(self, span: Span, taker: Taker) -> Iterator[memoryview]:
        """Blocks of whole lines; lines that are too long are refused."""
        upto = None if span.end is None else span.end - span.start
        read = taker.read
        try:
            with files.open_lines(self.path, span, self.name) as stream:
                for block in files.blocks(stream, self.most_line, upto):
                    if block is not None:
                        yield block
                        continue
                    read.lines += 1
                    taker.refuse(read.lines, "too-large")
        except InputError as error:
            raise InputError(self.name, error.reason, read.lines + 1, error.hint) from None

    def _line(self, line: bytes, number: int, reading: _Reading) -> Iterator[Row]:
        """The rows of one line."""
        data = line.removeprefix(_MARK).strip(_BLANK)
        if not data:
            return
        reading.values += 1
        try:
            value = self._parsed(data)
        except IntakeError as error:
            reading.taker.refuse(number, error.problems[0].reason, error.problems[0].path)
            return
        yield from self._value(value, data, number, reading, data)

    def _is_resource(self, line: bytes) -> bool:
        """Whether a line is all of a resource."""
        data = line.strip(_BLANK)
        if not data.startswith(b"{") or not data.endswith(b"}"):
            return False
        try:
            return isinstance(self._parsed(data).get("resourceType"), str)
        except IntakeError:
            return False

    def _parsed(self, data: bytes) -> Any:
        limits = Limits(bytes=self.most_line, entries=_MOST_ENTRIES)
        parsed = jsontext.parse(data, limits)
        if parsed.lines:
            raise refuse("not-json")
        return parsed.values[0]

    def _value(
        self,
        value: Any,
        data: bytes,
        line: int,
        reading: _Reading,
        body: bytes | None = None,
    ) -> Iterator[Row]:
        """The rows of one JSON value that stood alone."""
        taker, deleted = reading.taker, self.role == DELETED
        if not isinstance(value, dict):
            taker.refuse(line, "malformed")
        elif is_holder(value):
            yield from unpack(value, data, line, taker, reading.pages, deleted=deleted)
        elif not deleted:
            yield from taker.take(value, line, body=body)
        elif (key := history.key_of(value)) is not None:
            taker.delete(key)
        else:
            taker.refuse(line, "malformed", "id")

    def _reading(self, read: Read) -> _Reading:
        codes = None
        if self.options.codes is not None:
            from corrin.batch.sources import codes as local

            codes = local.load(self.options.codes)
        return _Reading(Taker(read, codes))

    def _close(self, span: Span, reading: _Reading) -> None:
        """Say what can only be said when the piece has been read, as far as it can be."""
        taker, read = reading.taker, reading.taker.read
        for line, place, person in reading.pages.lacking():
            taker.refuse(line, "search-incomplete", place, person)
        if taker.named:
            read.notes.append(f"{taker.named} resources were named by the file of local codes")
        if span == _WHOLE and self.expected not in (None, reading.values):
            read.notes.append(
                f"the manifest counts {self.expected} resources in it, {reading.values} were met"
            )

    def _is_one_text(self) -> bool:
        """Whether all of the file is one JSON text on several lines, or an array."""
        head = files.head_of(self.path, self.name).strip(_BLANK)
        lines = [one for line in head.split(b"\n", 50) if (one := line.strip(_BLANK))]
        if head.startswith(b"["):
            return len(lines) < 3 or not self._is_resource(lines[1]) or lines[2][:1] in _INSIDE
        return (
            head.startswith(b"{")
            and lines[0][-1:] in _OPEN
            and len(lines) > 1
            and not lines[1].startswith(b"{")
        )

    def _text(self, reading: _Reading) -> Iterator[Row]:
        """The rows of a file that is one JSON text, or seems to be."""
        taker = reading.taker
        with files.open_lines(self.path, _WHOLE, self.name) as stream:
            data = stream.read(self.most_line + 1)
        if len(data) > self.most_line:
            taker.read.lines += 1
            taker.refuse(1, "too-large")
            return
        lines = data.removesuffix(b"\n").split(b"\n")
        taker.read.lines += len(lines)
        try:
            value = self._parsed(data)
        except IntakeError as error:
            problem = error.problems[0]
            if any(map(self._is_resource, lines)):
                for number, line in enumerate(lines, start=1):
                    yield from self._line(line, number, reading)
            else:
                taker.refuse(problem.line or 1, problem.reason, problem.path)
            return
        if isinstance(value, list):
            reading.values += len(value)
            yield from unpack(value, data, 1, taker, reading.pages, deleted=self.role == DELETED)
        else:
            reading.values += 1
            yield from self._value(value, data, 1, reading)


@dataclass(slots=True)
class _Reading:
    """What is kept while one piece is read; ``values`` counts its JSON texts."""

    taker: Taker
    pages: Pages = field(default_factory=Pages)
    values: int = 0


_OPEN = (b"{", b"[", b",", b":")
_INSIDE = (b"]", b",")
_MARK = b"\xef\xbb\xbf"


def _may_hold(line: bytes, wanted: Container[int]) -> bool:
    """Whether a line may hold one of the wanted resources; exact but for escapes."""
    if b"\\u" in line:
        return True
    names = set(_NAME.findall(line))
    return any(
        identity.key(kind.decode(), name.decode()) in wanted
        for kind in set(_KIND.findall(line))
        for name in names
    )
