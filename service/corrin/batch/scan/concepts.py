"""Codes as bytes, and whether they can be ours: asked of the intake once per distinct bytes."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from corrin.batch.scan.compiled import part
from corrin.batch.scan.span import address_of, same
from corrin.batch.scan.vector import WIDTH, word
from corrin.intake import observation

NOT_OURS, OURS_WITH_VALUE, OURS, UNKNOWN = range(4)
NAMED, ANSWERED, PART = range(3)
"""What bytes stand for: a code, a coded value, or the code of a component."""
MOST = 6000  # distinct ones kept
_SLOTS = 16384
_ENTRY = 8 * 5  # bytes of one
_ROOM = 4 * 1024 * 1024
LONGEST = 16 * 1024
"""Bytes of one concept; an Observation with a longer one is left to the exact reader."""


class Concepts(NamedTuple):
    """Everything known, in arrays, for compiled code.

    ``slots`` gives the number of an entry at its hash; ``entries`` are hash, place in ``bytes``,
    length, kind and answer; ``size`` is how many there are, and how much of ``bytes`` they fill.
    """

    slots: NDArray[np.int64]
    entries: NDArray[np.int64]
    bytes: NDArray[np.uint8]
    size: NDArray[np.int64]


def nothing_known() -> Concepts:
    """To begin with."""
    return Concepts(
        np.full(_SLOTS, -1, np.int64),
        np.zeros((MOST, 5), np.int64),
        np.zeros(_ROOM + WIDTH, np.uint8),
        np.zeros(2, np.int64),
    )


@part
def answer(known: Concepts, at: int, length: int, kind: int, number: int) -> int:
    """Whether the concept written in a span can be ours."""
    # Read by address, since a view of a row of an array is made and counted each time.
    base, slots = address_of(known.bytes), address_of(known.slots)
    entries = address_of(known.entries)
    slot = number & (_SLOTS - 1)
    found = word(slots + 8 * slot)
    while found >= 0:
        entry = entries + found * _ENTRY
        if (
            word(entry) == number
            and word(entry + 16) == length
            and word(entry + 24) == kind
            and same(at, base + word(entry + 8), length)
        ):
            return word(entry + 32)
        slot = (slot + 1) & (_SLOTS - 1)
        found = word(slots + 8 * slot)
    return UNKNOWN


def learn(known: Concepts, text: bytes, kind: int, number: int) -> None:
    """Ask the intake about one more; when there is no room left, all others are forgotten."""
    count, used = (int(one) for one in known.size)
    if count == MOST or used + len(text) > _ROOM:
        known.slots[:] = -1
        count = used = 0
    said = _answer(json.loads(text), kind)
    known.bytes[used : used + len(text)] = np.frombuffer(text, np.uint8)
    known.entries[count] = (number, used, len(text), kind, said)
    slot = number & (_SLOTS - 1)
    while known.slots[slot] >= 0:
        slot = (slot + 1) & (_SLOTS - 1)
    known.slots[slot] = count
    known.size[:] = (count + 1, used + len(text))


def _answer(concept: Any, kind: int) -> int:
    """What the intake says of an Observation that has this and nothing else."""
    if kind == NAMED:
        if observation.concerns_us({"code": concept}):
            return OURS
        answered = {"code": concept, "valueString": ""}
        return OURS_WITH_VALUE if observation.concerns_us(answered) else NOT_OURS
    bare: dict[str, Any] = {"code": {}}
    if kind == ANSWERED:
        bare["valueCodeableConcept"] = concept
    else:
        bare["component"] = [{"code": concept}]
    return OURS if observation.concerns_us(bare) else NOT_OURS
