"""One line walked over: where its members stand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corrin.batch.scan.compiled import part
from corrin.batch.scan.concepts import ANSWERED, PART
from corrin.batch.scan.members import (
    CODE,
    CODED_VALUE,
    COMPONENT,
    ID,
    NAMES,
    SLOTS,
    TABLE,
    TYPE,
    UNKNOWN,
    slot_of,
)
from corrin.batch.scan.text import DOUBT, after_blanks
from corrin.batch.scan.value import FOREIGN_KEYS, after_colon, after_key, after_value, key_length
from corrin.batch.scan.vector import byte, word

MOST_CONCEPTS = 96
SEEN, CONCEPTS, SPACED, FOREIGN, STOP = range(2 * len(NAMES), 2 * len(NAMES) + 5)
FIRST_CONCEPT = STOP + 1
SPANS_ROOM = FIRST_CONCEPT + 3 * MOST_CONCEPTS
"""What :func:`after_line` writes: start and stop of every member by number; at ``SEEN`` a bit for
each met; at ``CONCEPTS`` how many codes and coded values stand from ``FIRST_CONCEPT`` on, as start,
stop and kind; at ``SPACED`` whether blanks stand between keys and values; at ``FOREIGN`` whether
there are members an Observation does not have; at ``STOP`` where the resource ends."""
_NEEDED = (1 << TYPE) | (1 << ID)
_LINE_FEED, _COMMA, _OPEN, _CLOSE = 0x0A, 0x2C, 0x7B, 0x7D
_OPEN_LIST, _CLOSE_LIST = 0x5B, 0x5D

_slot_of = part(slot_of)


@part
def _number_of(at: int, length: int) -> int:
    """The number of a member by its name; ``UNKNOWN`` for any other."""
    first, last, middle = word(at), 0, 0
    if length < 8:
        first &= (1 << (8 * length)) - 1
    elif length > 24:
        return UNKNOWN
    else:
        last = word(at + length - 8)
        if length > 16:
            middle = word(at + 8)
    slot = _slot_of(first, last, length)
    while TABLE[slot, 0] != UNKNOWN:
        if (
            TABLE[slot, 0] == length
            and TABLE[slot, 1] == first
            and TABLE[slot, 2] == last
            and TABLE[slot, 3] == middle
        ):
            return int(TABLE[slot, 4])
        slot = (slot + 1) & (SLOTS - 1)
    return UNKNOWN


@part
def _note_concept(spans: NDArray[np.int64], start: int, stop: int, kind: int) -> bool:
    count = spans[CONCEPTS]
    if count == MOST_CONCEPTS:
        return False
    place = FIRST_CONCEPT + 3 * count
    spans[place], spans[place + 1], spans[place + 2] = start, stop, kind
    spans[CONCEPTS] = count + 1
    return True


@part
def after_line(at: int, keys: NDArray[np.int64], spans: NDArray[np.int64]) -> int:
    """The line feed after a resource in regular JSON that begins at ``at``."""
    if byte(at) != _OPEN:
        return DOUBT
    at = after_blanks(at + 1)
    seen = 0
    spaced = foreign = 0
    spans[CONCEPTS] = 0
    keys[FOREIGN_KEYS] = 0
    while True:
        length = key_length(at)
        if length == 0:
            return DOUBT
        number = _number_of(at + 1, length)
        if number == UNKNOWN:
            foreign = 1
            start = after_key(at, keys, FOREIGN_KEYS)
            if start == DOUBT:
                return DOUBT
            at = after_value(start, keys)
            if at == DOUBT:
                return DOUBT
        else:
            if (seen >> number) & 1:
                return DOUBT
            seen |= 1 << number
            start = after_colon(at + length + 2)
            if start == DOUBT:
                return DOUBT
            spaced |= start - at - length - 3
            parts = number == COMPONENT
            at = _after_parts(start, keys, spans) if parts else after_value(start, keys)
            if at == DOUBT:
                return DOUBT
            spans[2 * number] = start
            spans[2 * number + 1] = at
            if number in (CODE, CODED_VALUE) and not _note_concept(spans, start, at, number - CODE):
                return DOUBT
        at = after_blanks(at)
        met = byte(at)
        if met == _CLOSE:
            break
        if met != _COMMA:
            return DOUBT
        at = after_blanks(at + 1)
    spans[STOP] = at + 1
    at = after_blanks(at + 1)
    if byte(at) != _LINE_FEED or seen & _NEEDED != _NEEDED:
        return DOUBT
    spans[SEEN] = seen
    spans[SPACED] = spaced
    spans[FOREIGN] = foreign
    return at


@part
def _after_parts(at: int, keys: NDArray[np.int64], spans: NDArray[np.int64]) -> int:
    """The end of ``component``: objects in a list, each with a code."""
    if byte(at) != _OPEN_LIST:
        return DOUBT
    at = after_blanks(at + 1)
    if byte(at) == _CLOSE_LIST:
        return at + 1
    while True:
        at = _after_part(at, keys, spans)
        if at == DOUBT:
            return DOUBT
        at = after_blanks(at)
        met = byte(at)
        if met == _CLOSE_LIST:
            return at + 1
        if met != _COMMA:
            return DOUBT
        at = after_blanks(at + 1)


@part
def _after_part(at: int, keys: NDArray[np.int64], spans: NDArray[np.int64]) -> int:
    if byte(at) != _OPEN:
        return DOUBT
    at = after_blanks(at + 1)
    keys[0] = 0
    coded = False
    while True:
        length = key_length(at)
        if length == 0:
            return DOUBT
        number = _number_of(at + 1, length)
        start = after_key(at, keys, 0)
        if start == DOUBT:
            return DOUBT
        at = after_value(start, keys)
        if at == DOUBT:
            return DOUBT
        if number in (CODE, CODED_VALUE):
            kind = PART if number == CODE else ANSWERED
            if not _note_concept(spans, start, at, kind):
                return DOUBT
            coded = coded or number == CODE
        at = after_blanks(at)
        met = byte(at)
        if met == _CLOSE:
            return at + 1 if coded else DOUBT
        if met != _COMMA:
            return DOUBT
        at = after_blanks(at + 1)
