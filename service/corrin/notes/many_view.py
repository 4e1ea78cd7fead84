"""What a note tells of a fact besides its value: the classes of a fact numbered by that."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from corrin.evaluate.many_facts import Face, sets_of
from corrin.evaluate.many_sheet import Cases, Values
from corrin.facts.calculated import CALCULATED
from corrin.facts.derived import AGE
from corrin.facts.fact import Absent, Measured, Stated
from corrin.language import tree
from corrin.language.columns import Rows

Key = tuple[object, ...]
Numbers = NDArray[np.intp]
Sign = Callable[[Face], object]

BY_LIMITS, BY_VALUE = 1, 2


class View:
    """The classes of one column, numbered by one thing about them; nothing known is number 0."""

    def __init__(self, column: str, sign: Sign) -> None:
        self.column = column
        self._sign = sign
        self._known: dict[object, int] = {sign(Face()): 0}
        self._numbers = np.zeros(1, np.intp)

    def of(self, sheet: Cases | Values, rows: Rows) -> Numbers | None:
        """The number of each of some rows; ``None`` where nothing is known in any."""
        classes = sheet.classes_at(self.column, rows)
        if isinstance(classes, int):
            return None
        faces = sheet.slot(self.column).faces
        if len(self._numbers) < len(faces):
            added = [self._number(face) for face in faces[len(self._numbers) :]]
            self._numbers = np.concatenate((self._numbers, np.array(added, np.intp)))
        return self._numbers[classes]

    def _number(self, face: Face) -> int:
        return self._known.setdefault(self._sign(face), len(self._known))


class Marks(View):
    """The classes of one column under a number that is the thing itself."""

    def __init__(self, column: str, mark: Callable[[Face], int]) -> None:
        super().__init__(column, mark)
        self._mark = mark

    def _number(self, face: Face) -> int:
        return self._mark(face)


def inputs(face: Face) -> Key:
    """The values a fact brings along as inputs, and whether they were worked out here."""
    fact = face.fact
    values = fact.among if isinstance(fact, Absent) else (fact,)
    return tuple(
        (one.analyte, CALCULATED in one.flags)
        for one in values
        if isinstance(one, Measured) and one.analyte != AGE
    )


def told(face: Face) -> Key:
    """What a text says of a fact that is no value: its kind, why it is absent, what was stated."""
    match face.fact:
        case Stated(_, value):
            return (inputs(face), face.code, "stated", value)
        case Absent(name, reason):
            return (inputs(face), face.code, "absent", name, reason)
        case Measured():
            return (inputs(face), face.code, "measured")
        case None:
            return (inputs(face), face.code)


def known(face: Face) -> Key:
    """How far a fact is known, as far as a condition that is left unknown tells it."""
    fact = face.fact
    if isinstance(fact, Absent) and not fact.among:
        return ("absent", face.code, face.refused)
    return (fact, face.code, face.refused)


def units(face: Face) -> Key:
    """The units in which a figure beside a fact is told."""
    fact = face.fact
    return (fact.unit, fact.reported_unit) if isinstance(fact, Measured) else ()


def singly(cuts: tuple[tree.Cut, ...]) -> Callable[[Face], int]:
    """Whether figures of some cut-offs are told otherwise by the laboratory's limits beside a fact,
    or by its value, which is converted (0: neither)."""

    def sign(face: Face) -> int:
        fact, found = face.fact, 0
        if isinstance(fact, Measured):
            for cut in cuts:
                if cut.laboratory_limit is not None and fact.reference_range is not None:
                    found |= BY_LIMITS
                if any(fact.unit not in dict(values) for values in sets_of(cut) if values):
                    found |= BY_VALUE
        return found

    return sign


def figures(fact: object, how: int) -> Key:
    """The figures of a fact that are told beside a cut-off, digit by digit."""
    found: list[str] = []
    if isinstance(fact, Measured):
        range_, interval = fact.reference_range, fact.interval
        if how & BY_LIMITS and range_ is not None:
            found += [str(range_.low), str(range_.high)]
        if how & BY_VALUE:
            found += [str(interval.low), str(interval.high), str(interval)]
    return tuple(found)
