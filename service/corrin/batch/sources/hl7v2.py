"""HL7 v2: files of ORU^R01 messages, one or many, plain, in MLLP frames or in batches.

A row is a PID or an OBX; a message that holds neither is a row of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from corrin.batch.row import Read, Refused, Row
from corrin.batch.sources import codes, files, hl7v2_lines, hl7v2_report, local_time, resources
from corrin.batch.sources.hl7v2_lines import Line, Lines, Message
from corrin.batch.sources.hl7v2_message import (
    MessageError,
    Parsed,
    Segment,
    parse,
    shown,
)
from corrin.batch.sources.hl7v2_person import Person, person_of
from corrin.batch.sources.hl7v2_result import Concern, Order, Result, mistaken, record_of
from corrin.batch.sources.observation import resource
from corrin.batch.sources.source import CHUNK_BYTES, Options, Source, Span
from corrin.intake.observation import concerns_us

_ROWS = frozenset({"PID", "OBX"})
_START = re.compile(rb"[\r\n]\x0b?MSH")
_SEARCHED = 1024 * 1024
_TAIL = b"\r\x0bMSH"
_NOBODY = Person("", reason="subject-missing", path="PID")


@dataclass(frozen=True)
class Hl7v2Source(Source):
    """A file of HL7 v2 messages."""

    format: ClassVar[str] = "hl7v2"
    native: ClassVar[Mapping[str, str]] = hl7v2_report.NATIVE

    def size(self) -> int:
        """Bytes of the file."""
        return files.size_of(self.path)

    def files(self) -> tuple[str, ...]:
        """The file, and the one of local codes."""
        return (self.path,) if self.options.codes is None else (self.path, self.options.codes)

    def spans(self, most_bytes: int = CHUNK_BYTES) -> tuple[Span, ...]:
        """Pieces that begin at messages; one for a packed file."""
        size = files.size_of(self.path)
        if size <= most_bytes or not files.is_plain(self.path, self.name):
            return (Span(),)
        starts = [0]
        with files.open_bytes(self.path, self.name) as stream:
            at = most_bytes
            while at < size:
                stream.seek(at)
                held = b""
                found = None
                while found is None:
                    block = stream.read(_SEARCHED)
                    held += block
                    found = _START.search(held)
                    if found is None and not block:
                        break
                    if found is None:
                        at += len(held) - len(_TAIL)
                        held = held[-len(_TAIL) :]
                if found is None:
                    break
                starts.append(at + found.start() + 1)
                at = starts[-1] + most_bytes
        ends = [*starts[1:], size]
        return tuple(Span(start, end) for start, end in zip(starts, ends, strict=True))

    def rows(self, span: Span, read: Read) -> Iterator[Row]:
        """As :meth:`Source.rows`.

        Raises:
            InputError: the file cannot be read to its end.
            corrin.batch.sources.mapping_file.MappingProblem: the file of local codes is faulty.
        """
        local = codes.load(self.options.codes) if self.options.codes else codes.Codes()
        concern = Concern(local)
        upto = None if span.end is None else span.end - span.start
        whole = span.end is None or span.end >= files.size_of(self.path)
        with files.open_lines(self.path, span, self.name) as stream:
            lines = Lines(stream, upto)
            for one in hl7v2_lines.messages(lines):
                read.lines = lines.count
                if isinstance(one, Line):
                    _refuse(read, one.number, "input-segment")
                else:
                    one.cut = one.cut and whole
                    yield from _Reader(self.options, concern, read).rows(one)
            read.lines = lines.count


@dataclass(slots=True)
class _Reader:
    """Reads one message."""

    options: Options
    concern: Concern
    read: Read
    person: Person = _NOBODY
    sent: str = ""

    def rows(self, message: Message) -> Iterator[Row]:
        try:
            parsed = parse(message, self.options.encoding, self.concern.none)
        except MessageError as error:
            _refuse(self.read, message.lines[0].number, error.reason, "MSH")
            for line in message.lines[1:]:
                if line.data is not None and line.data[:3].decode("latin-1") in _ROWS:
                    _refuse(self.read, line.number, error.reason, "MSH")
            return
        too_long = {line.number for line in message.lines if line.data is None}
        for segment in parsed.segments:
            if not segment.name:
                long = segment.line in too_long
                reason = "input-line-too-long" if long else "input-segment"
                _refuse(self.read, segment.line, reason)
        self.read.rows += parsed.left
        self.read.not_ours += parsed.left
        if not any(
            segment.name in _ROWS for segment in parsed.segments
        ) or not hl7v2_report.is_ours(parsed):
            self._leave(parsed)
            return
        reason, path = hl7v2_report.barred(parsed, message.cut)
        if reason:
            for segment in parsed.segments:
                if segment.name in _ROWS:
                    _refuse(self.read, segment.line, reason, path)
            return
        self.sent = local_time.of_dtm(shown(parsed.header.text(7)), self.options.zone)
        for found in hl7v2_report.parts(parsed.segments[1:]):
            if isinstance(found, Segment):
                yield from self._person(found)
            else:
                yield from self._result(*found)

    def _leave(self, parsed: Parsed) -> None:
        """Count what a message holds as not ours; one that holds nothing counts by itself."""
        held = sum(1 for segment in parsed.segments if segment.name in _ROWS)
        held = held or int(not parsed.left)
        self.read.rows += held
        self.read.not_ours += held

    def _person(self, segment: Segment) -> Iterator[Row]:
        self.person = person_of(segment, self.sent, self.options.zone)
        if self.person.reason:
            _refuse(self.read, segment.line, self.person.reason, self.person.path)
            return
        self.read.rows += 1
        key = resources.key(self.person.name)
        yield Row(key, segment.line, resources.encoded(self.person.resource), "Patient")

    def _result(self, result: Result, order: Order) -> Iterator[Row]:
        line, person = result.segment.line, self.person
        key = resources.key(person.name) if person.name else ""
        if person.reason:
            _refuse(self.read, line, person.reason, person.path, subject=key)
            return
        record = record_of(result, order, person.name, self.sent, self.options.zone)
        record = self.concern.local.record(record)
        named = mistaken(record.codes)
        if named:
            _refuse(self.read, line, "input-code-system", "OBX-3", named, key)
            return
        found = resource(record)
        if not concerns_us(found):
            self.read.rows += 1
            self.read.not_ours += 1
            return
        try:
            body = resources.encoded(found)
        except UnicodeEncodeError:  # bytes that are not of the message's character set
            _refuse(self.read, line, "input-encoding", "OBX", subject=key)
            return
        self.read.rows += 1
        yield Row(key, line, body)


def _refuse(
    read: Read, line: int, reason: str, path: str = "", detail: str = "", subject: str = ""
) -> None:
    read.rows += 1
    read.refused.append(Refused(line, reason, path, detail, subject))


def recognise(_path: Path, head: bytes) -> bool:
    """Whether a file is of HL7 v2, by its first bytes."""
    return hl7v2_lines.starts(head)


SOURCE = Hl7v2Source
