"""Spans of bytes: compared, numbered, copied."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from corrin.batch.identity import PRIME
from corrin.batch.scan.compiled import part
from corrin.batch.scan.text import closing_quote
from corrin.batch.scan.vector import WIDTH, alike, byte, copy, put, word

_QUOTE, _BLANK = 0x22, 0x20
_MIX = 0x1E3779B97F4A7C15
_PRIME = PRIME


@part
def address_of(array: NDArray[Any]) -> int:
    """Where the bytes of an array begin; signed, as all numbers here, since mixed ones are slow."""
    return np.int64(array.ctypes.data)  # type: ignore[return-value]


@part
def number_of(at: int, length: int) -> int:
    """A number that equal spans share."""
    found = length
    while length >= 8:
        found = (found ^ word(at)) * _MIX
        found ^= (found >> 31) & 0x1FFFFFFFF
        at += 8
        length -= 8
    if length:
        found = (found ^ (word(at) << (64 - 8 * length))) * _MIX
    return found ^ ((found >> 33) & 0x7FFFFFFF)


@part
def mixed(at: int, length: int, found: int) -> int:
    """:func:`corrin.batch.identity.key` of a span, from what it begins with, as a signed number."""
    found ^= length
    while length > 0:
        last = word(at)
        if length < 8:
            last &= (1 << (8 * length)) - 1
        found = (found ^ last) * _PRIME
        found ^= (found >> 32) & 0xFFFFFFFF
        at += 8
        length -= 8
    return found


@part
def same(one: int, other: int, length: int) -> bool:
    """Whether two spans of one length are equal."""
    done = 0
    while done < length:
        ahead = alike(one + done, other + done)
        done += ahead
        if ahead < WIDTH:
            return done >= length
    return True


@part
def copied(to: int, start: int, stop: int) -> int:
    """Copy a span; where the copy ends. Some bytes beyond it are written over."""
    end = to + stop - start
    while start < stop:
        copy(to, start)
        start += WIDTH
        to += WIDTH
    return end


@part
def copied_without_blanks(to: int, start: int, stop: int) -> int:
    """Copy one JSON value without the blanks between its parts."""
    while start < stop:
        met = byte(start)
        if met == _QUOTE:
            end = closing_quote(start + 1) + 1
            to = copied(to, start, end)
            start = end
            continue
        if met > _BLANK:
            to += put(to, met)
        start += 1
    return to
