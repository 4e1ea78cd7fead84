"""HL7 v2 messages of one person, pasted as text → the reading of their results.

The messages are taken apart as a batch takes them apart, and read by the one intake; but of one
that a batch would leave aside nobody else would tell, so here it is refused whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from io import BytesIO
from typing import Any

from corrin.api.interpreter import Interpreter
from corrin.api.problem import Fault, Problem
from corrin.batch.sources import hl7v2_lines, hl7v2_report, local_time, resources
from corrin.batch.sources.hl7v2_lines import Line, Lines, Message
from corrin.batch.sources.hl7v2_message import MessageError, Parsed, Segment, parse, shown
from corrin.batch.sources.hl7v2_person import person_of
from corrin.batch.sources.hl7v2_result import Order, Result, mistaken, record_of
from corrin.batch.sources.observation import resource
from corrin.facts.case import Reading, Refusal
from corrin.intake import given
from corrin.intake.given import Given, StrangerError
from corrin.intake.limits import Limits
from corrin.intake.observation import concerns_us
from corrin.intake.problem import refuse

# Segments are costly to take apart, also those that are no result: as many are, for each result.
_LINES_OF_ENTRY = 2
# And what parts one segment into fields and their components.
_PARTS_OF_LINE = 40


@dataclass(slots=True)
class _Gathered:
    """What the messages hold."""

    names: dict[str, int] = field(default_factory=dict)  # whom they are about → first line
    given: list[Given] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    not_ours: int = 0


def read(text: str, interpreter: Interpreter) -> Reading:
    """Read messages of one person; paths name the line and the field.

    Raises:
        corrin.intake.IntakeError: they are too large, cannot be read, may not be taken, do not say
            about whom they are, or are about more than one person.
        Problem: 422, none of them reports results.
    """
    data = text.encode()
    limits: Limits = interpreter.limits
    if len(data) > limits.bytes:
        raise refuse("too-large")
    if max(data.count(b"\r"), data.count(b"\n")) > _LINES_OF_ENTRY * limits.entries:
        raise refuse("too-many-entries")
    found = _Gathered()
    reports = parts = 0
    for one in hl7v2_lines.messages(Lines(BytesIO(data))):
        if isinstance(one, Line):
            raise refuse("input-segment", line=one.number)
        parts += _separators(one)
        if parts > _PARTS_OF_LINE * _LINES_OF_ENTRY * limits.entries:
            raise refuse("too-many-entries")
        parsed = _parsed(one)
        if hl7v2_report.is_ours(parsed):
            reports += 1
            _report(one, parsed, found, interpreter.zone_name)
        else:
            found.not_ours += 1
    if not reports:
        raise Problem(422, _NO_REPORT)
    if not found.names:
        raise refuse("subject-missing", "PID-3")
    if len(found.names) > 1:
        raise refuse("two-subjects", "PID-3", list(found.names.values())[1])
    return _reading(found, limits, interpreter.zone)


def _separators(message: Message) -> int:
    """How often the signs stand in a message that its header names for parting it."""
    lines = [line.data or b"" for line in message.lines]
    signs = {lines[0][at : at + 1] for at in range(3, 8)} - {b""}
    return sum(data.count(sign) for data in lines for sign in signs)


def _parsed(message: Message) -> Parsed:
    try:
        parsed = parse(message, decoded=True)
    except MessageError as error:
        raise refuse(error.reason, "MSH", message.lines[0].number) from None
    for segment in parsed.segments:
        if not segment.name:
            raise refuse("input-segment", line=segment.line)
    return parsed


def _report(message: Message, parsed: Parsed, found: _Gathered, zone: str) -> None:
    reason, path = hl7v2_report.barred(parsed, message.cut)
    if reason:
        raise refuse(reason, path, message.lines[0].number)
    sent = local_time.of_dtm(shown(parsed.header.text(7)), zone)
    name = ""
    for part in hl7v2_report.parts(parsed.segments[1:]):
        if isinstance(part, Segment):
            person = person_of(part, sent, zone)
            if person.reason:
                raise refuse(person.reason, person.path, part.line)
            name = person.name
            found.names.setdefault(name, part.line)
            found.given.append((f"line {part.line}, PID", dict(person.resource)))
        elif not name:
            raise refuse("subject-missing", "PID", part[0].segment.line)
        else:
            _result(*part, name, sent, zone, found)


def _result(
    result: Result, order: Order, name: str, sent: str, zone: str, found: _Gathered
) -> None:
    record = record_of(result, order, name, sent, zone)
    line = result.segment.line
    if mistaken(record.codes):
        place = f"line {line}, OBX"
        found.refusals.append(Refusal("input-code-system", f"{place}-3", place))
        return
    made: dict[str, Any] = resource(record)
    if concerns_us(made):
        found.given.append((f"line {line}, OBX", made))
    else:
        found.not_ours += 1


def _reading(found: _Gathered, limits: Limits, zone: tzinfo) -> Reading:
    walked = given.flatten(found.given, limits)
    try:
        reading = given.read(walked, resources.identity_of(next(iter(found.names))), zone=zone)
    except StrangerError:
        raise refuse("two-subjects", "PID-3") from None
    counts = dict(reading.counts)
    counts["refused"] = counts.get("refused", 0) + len(found.refusals)
    counts["not-ours"] = counts.get("not-ours", 0) + found.not_ours
    return replace(
        reading,
        refusals=(*_placed(reading.refusals), *found.refusals),
        counts=counts,
        about="",
    )


def _placed(refusals: Iterable[Refusal]) -> Iterator[Refusal]:
    """Refusals with the field of the message in place of the element made of it."""
    for one in refusals:
        place, dot, element = one.path.partition(".")
        native = _native(dot + element)
        if dot and native:
            place = place.rpartition(", ")[0]
            one = replace(one, path=f"{place}, {native}")
        yield one


def _native(element: str) -> str:
    """The field of the longest beginning of an element that has one."""
    for start in sorted(hl7v2_report.NATIVE, key=len, reverse=True):
        if element.startswith(start):
            return hl7v2_report.NATIVE[start]
    return ""


_NO_REPORT = Fault(
    "input-unrecognised",
    "None of the messages reports results.",
    "Paste messages of the type ORU^R01.",
    "MSH-9",
)
