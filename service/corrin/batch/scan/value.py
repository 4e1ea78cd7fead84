"""Any JSON value walked over: balanced, not too deep, and without a key given twice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corrin.batch.scan.compiled import part
from corrin.batch.scan.text import (
    DOUBT,
    after_blanks,
    after_number,
    after_word,
    closing_quote,
)
from corrin.batch.scan.vector import WIDTH, byte, plain, word

DEEPEST = 24  # objects and arrays inside one another; the exact reader takes some more
MOST_KEYS = 24  # keys of one object; one that has more is left to the exact reader
_ROW = MOST_KEYS + 1
FOREIGN_KEYS = (DEEPEST + 1) * _ROW
"""Where keys of a resource are noted that an Observation does not have."""
KEYS_ROOM = FOREIGN_KEYS + _ROW
"""How many numbers :func:`after_value` needs room for: per depth a count, and the keys."""
_QUOTE, _COMMA, _COLON = 0x22, 0x2C, 0x3A
_OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST = 0x7B, 0x7D, 0x5B, 0x5D


@part
def key_number(at: int, length: int) -> int:
    """A number that equal keys share; unlike ones hardly ever do, which would only cost time."""
    if length < 8:
        return (word(at) << (64 - 8 * length)) ^ length
    return (word(at) * 0x1E3779B97F4A7C15) ^ (word(at + length - 8) * 0x42B2AE3D27D4EB4F) ^ length


@part
def key_length(at: int) -> int:
    """The length of a key whose opening quote stands at ``at``; 0 where it is no plain one."""
    if byte(at) != _QUOTE:
        return 0
    length = plain(at + 1)
    return length if length < WIDTH and byte(at + 1 + length) == _QUOTE else 0


@part
def after_colon(at: int) -> int:
    """Where the value begins, from the end of its key."""
    if byte(at) != _COLON:
        at = after_blanks(at)
        if byte(at) != _COLON:
            return DOUBT
    return after_blanks(at + 1)


@part
def after_key(at: int, keys: NDArray[np.int64], row: int) -> int:
    """Note a key of the object of a row, and go on to its value; a key given twice is a doubt."""
    length = key_length(at)
    if length == 0:
        return DOUBT
    number, count = key_number(at + 1, length), keys[row]
    for known in range(row + 1, row + 1 + count):
        if keys[known] == number:
            return DOUBT
    if count == MOST_KEYS:
        return DOUBT
    keys[row + 1 + count] = number
    keys[row] = count + 1
    return after_colon(at + length + 2)


@part
def after_value(at: int, keys: NDArray[np.int64]) -> int:
    """The end of the value that begins at ``at``; ``keys`` is room to work in."""
    depth = 0
    objects = 0  # of the containers entered, one bit each, the innermost lowest: an object
    while True:
        met = byte(at)
        if met == _QUOTE:
            at = closing_quote(at + 1)
            if at == DOUBT:
                return DOUBT
            at += 1
        elif met in (_OPEN, _OPEN_LIST):
            depth += 1
            if depth > DEEPEST:
                return DOUBT
            at = after_blanks(at + 1)
            if met == _OPEN:
                objects = (objects << 1) | 1
                if byte(at) != _CLOSE:
                    keys[depth * _ROW] = 0
                    at = after_key(at, keys, depth * _ROW)
                    if at == DOUBT:
                        return DOUBT
                    continue
            else:
                objects <<= 1
                if byte(at) != _CLOSE_LIST:
                    continue
            at += 1
            depth -= 1
            objects >>= 1
        else:
            at = after_number(at) if met < _COLON else after_word(at)
            if at == DOUBT:
                return DOUBT
        while depth > 0:
            at = after_blanks(at)
            met = byte(at)
            if met == _COMMA:
                at = after_blanks(at + 1)
                if objects & 1:
                    at = after_key(at, keys, depth * _ROW)
                    if at == DOUBT:
                        return DOUBT
                break
            if met != (_CLOSE if objects & 1 else _CLOSE_LIST):
                return DOUBT
            at += 1
            depth -= 1
            objects >>= 1
        if depth == 0:
            return at
