"""A message that reports results: whether it may be taken, whose results it holds, and which.

Nothing here needs what only a batch has, so that one pasted message is read by the same steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from corrin.batch.sources.hl7v2_message import Parsed, Segment, words
from corrin.batch.sources.hl7v2_result import Order, Result

NATIVE: Mapping[str, str] = {
    ".value.comparator": "OBX-5",
    ".value.value": "OBX-5",
    ".value.unit": "OBX-6",
    ".value": "OBX-5",
    ".code": "OBX-3",
    ".status": "OBX-11",
    ".effective": "OBX-14",
    ".referenceRange": "OBX-7",
    ".interpretation": "OBX-8",
    ".dataAbsentReason": "OBX-11",
    ".specimen": "SPM-4",
    ".birthDate": "PID-7",
    ".gender": "PID-8",
    ".deceased": "PID-30",
    ".identifier": "PID-3",
}
"""Elements of the resources made of a message → the fields that say them."""


def is_ours(parsed: Parsed) -> bool:
    """Whether a message is ORU^R01; older versions name no event."""
    kind, event = parsed.header.text(9), parsed.header.text(9, 2)
    return kind == "ORU" and event in ("R01", "")


def barred(parsed: Parsed, cut: bool) -> tuple[str, str]:
    """Why nothing of a message may be taken, and the field that says so; else empty."""
    if parsed.header.text(11) not in words()["real"]:
        return "input-message-test", "MSH-11"
    if parsed.header.text(14):
        return "input-message-continued", "MSH-14"
    for name in ("DSC", "ADD"):
        if any(segment.name == name for segment in parsed.segments):
            return "input-message-continued", name
    return ("input-message-cut", "") if cut else ("", "")


def parts(segments: Iterable[Segment]) -> Iterator[Segment | tuple[Result, Order]]:
    """What follows a header, in order: every PID, and every result with all that stands around it.

    The results of an order come when it is known whole: what stands behind them belongs to it.
    """
    order, control, follows = Order(), None, False
    for segment in segments:
        match segment.name:
            case "PID":
                yield from _results(order)
                order, control = Order(), None
                yield segment
            case "ORC":
                yield from _results(order)
                order, control = Order(), segment
            case "OBR":
                yield from _results(order)
                order, control = Order(segment, control), None
            case "SPM":
                order.specimens.append(segment)
            case "OBX":
                order.results.append(Result(segment))
            case "NTE":
                if order.results and follows:
                    order.results[-1].notes.append(segment)
        follows = segment.name in ("OBX", "NTE")
    yield from _results(order)


def _results(order: Order) -> Iterator[tuple[Result, Order]]:
    for result in order.results:
        yield result, order
