"""What is told beside a row: how the reader takes it, what it finds wrong, not what it means.

Whether a value is normal is no matter of the form: it says how the value was read, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from corrin import interpretation, terminology
from corrin.api.interpreter import Interpreter
from corrin.api.page.enter import menu
from corrin.api.page.enter.menu import Menu
from corrin.api.page.enter.row import Row
from corrin.api.page.enter.typed import Typed, typed
from corrin.api.page.submission import Fields, one
from corrin.api.problem import Fault
from corrin.facts.case import Refusal
from corrin.facts.fact import Measured, Stated
from corrin.facts.moment import Moment
from corrin.intake import IntakeError, plain
from corrin.notes.sentence import readable
from corrin.notes.words import quantity

Kind = Literal["wrong", "doubt", "read"]

_FUTURE = "future"
_NEAREST = "nearest: "  # how a refusal names what may have been meant
_IMPLAUSIBLE = "implausible"


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing told beside a field.

    Attributes:
        kind: ``wrong``: it is not taken as it stands; ``doubt``: taken, with a remark; ``read``:
            how it is read.
        says: the words.
        field: id of the field it is about.
    """

    kind: Kind
    says: str
    field: str


def hints_of(
    fields: Fields, interpreter: Interpreter, *, typing: bool = False
) -> Mapping[str, tuple[Hint, ...]]:
    """What the reader makes of every row that was typed, by the row's key.

    Args:
        typing: whether somebody is still at it: then an empty date is not held against anybody.
    """
    moment = _moment(one(fields, "as_of"), interpreter)
    if moment is None:
        return {}
    found = typed(fields, menu.load(), date=moment.text[: len("2026-05-20")] if typing else "")
    if not found.rows:
        return {}
    data = Typed({"results": found.case["results"]}, found.rows, found.places).document.encode()
    told: dict[str, list[Hint]] = {row.key: [] for row in found.rows}
    try:
        reading = plain.read(
            data,
            limits=interpreter.limits,
            lenient=True,
            zone=interpreter.zone,
            as_of=moment,
        )
    except IntakeError as error:
        for problem in error.problems:
            do = remedy(problem.reason, problem.remedy)
            says = _words(problem.sentence, do, problem.nearest)
            _tell(told, found, problem.path, problem.reason, says)
        return _kept(told)
    for at, row in enumerate(found.rows):
        everything: tuple[Measured | Stated, ...] = (*reading.results, *reading.statements)
        for taken in everything:
            if taken.path == f"results[{at}]":
                told[row.key] += _taken(taken, moment, found, row.date.strip())
                told[row.key] += _range(row, found.place(f"{taken.path}.range"))
    for refusal in reading.refusals:
        _tell(told, found, refusal.path, refusal.reason, _refused(refusal))
    return _kept(told)


def remedy(reason: str, otherwise: str, content: Menu | None = None) -> str:
    """What to do about a fault in the form: its own words where the form has any."""
    return (content or menu.load()).remedies.get(reason, otherwise)


def of_faults(faults: tuple[Fault, ...], found: Typed) -> Mapping[str, tuple[Hint, ...]]:
    """What stopped a case, by the id of the field it is about."""
    told: dict[str, list[Hint]] = {}
    for fault in faults:
        place = place_of(fault, found)
        if place:
            says = _words(fault.says, remedy(fault.reason, fault.remedy), fault.nearest)
            told.setdefault(place, []).append(Hint("wrong", says, place))
    return _kept(told)


def place_of(fault: Fault, found: Typed) -> str:
    """The id of the field a fault is about; empty where it is about none."""
    if fault in found.faults:
        return fault.path
    return found.place(fault.path, fault.reason)


def _taken(taken: Measured | Stated, moment: Moment, found: Typed, own: str) -> list[Hint]:
    """``own`` is the row's own date: it may be folded away, and stands before the one above."""
    sampled = f", sampled {own}" if own else ""
    place = found.place(taken.path)
    flags = [code for code in taken.flags if code not in menu.load().untold]
    told = [Hint("doubt", _flag(code), place) for code in flags]
    when = taken.when if isinstance(taken, Measured) else taken.since
    if when is not None and when.start > moment.end:
        told.append(Hint("wrong", _reason(_FUTURE), found.place(f"{taken.path}.date")))
    if isinstance(taken, Stated):
        said = "present" if taken.value else "absent"
        return [*told, Hint("read", f"Read as {said}{sampled}.", place)]
    if _IMPLAUSIBLE in taken.flags:
        return told
    compared = readable(quantity(taken.interval, taken.unit))
    reported = readable(taken.reported)
    says = f"Read as {reported}"
    says += "" if compared == reported else f", compared as {compared}"
    return [*told, Hint("read", f"{says}{sampled}.", place)]


def _range(row: Row, place: str) -> list[Hint]:
    """How the laboratory's range is read, where that is not plain."""
    between = row.range
    if between.interval is None or not between.flags:
        return []
    told = [Hint("doubt", f"Laboratory range: {_flag(code)}", place) for code in between.flags]
    said = readable(quantity(between.interval, menu.load().spelt.get(row.unit, row.unit)))
    return [*told, Hint("read", f"Laboratory range read as {said}.", place)]


def _tell(told: dict[str, list[Hint]], found: Typed, path: str, reason: str, says: str) -> None:
    for at, row in enumerate(found.rows):
        if path == f"results[{at}]" or path.startswith(f"results[{at}]."):
            told[row.key].append(Hint("wrong", says, found.place(path, reason)))


def _refused(refusal: Refusal) -> str:
    words = terminology.load().reasons[refusal.reason]
    near = refusal.detail.removeprefix(_NEAREST) if refusal.detail.startswith(_NEAREST) else ""
    known = tuple(near.split(", ")) if near else ()
    return _words(words.sentence, remedy(refusal.reason, words.remedy), known)


def _flag(code: str) -> str:
    words = terminology.load().reasons[code]
    return words.sentence


def _reason(code: str) -> str:
    words = terminology.load().reasons[code]
    return f"{words.sentence} {words.remedy}"


def _words(says: str, remedy: str, nearest: tuple[str, ...]) -> str:
    spelt = menu.load().spelt
    near = f"Known: {', '.join(spelt.get(one, one) for one in nearest)}." if nearest else ""
    return " ".join(part for part in (says, remedy, near) if part)


def _kept(told: Mapping[str, list[Hint]]) -> dict[str, tuple[Hint, ...]]:
    return {name: tuple(dict.fromkeys(hints)) for name, hints in told.items() if hints}


def _moment(as_of: str, interpreter: Interpreter) -> Moment | None:
    """The moment asked for; ``None`` when it cannot be read."""
    try:
        return interpreter.moment(as_of or None)
    except interpretation.UsageError:
        return None
