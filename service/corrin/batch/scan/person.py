"""Whose a regular line is, and by what id it goes."""

from __future__ import annotations

import numpy as np

from corrin.batch.scan.compiled import part
from corrin.batch.scan.members import numbers_of
from corrin.batch.scan.text import DOUBT, after_blanks, closing_quote, plain_quote
from corrin.batch.scan.value import after_colon, key_length
from corrin.batch.scan.vector import byte, word

LONGEST_ID = 64
_LONGEST_REFERENCE = 1024
_UUID = 36
_QUOTE, _COMMA, _CLOSE, _SLASH = 0x22, 0x2C, 0x7D, 0x2F
_REFERENCE, _EFERENCE, _ = numbers_of(b"reference")
_DISPLAY, _, _ = numbers_of(b"display")
_TYPE, _, _ = numbers_of(b"type")
_PATIENT, _, _ = numbers_of(b"Patient/")
_HTTP, _, _ = numbers_of(b"http://a")
_HTTPS, _, _ = numbers_of(b"https://")
_SEVEN, _FOUR = (1 << 56) - 1, (1 << 32) - 1
# 1 for what an id may be made of, 2 where that is a capital, 3 for a hyphen.
_OTHER, _LETTER, _CAPITAL, _HYPHEN = 0, 1, 2, 3
KIND_OF = np.zeros(256, np.uint8)
KIND_OF[[*b"0123456789abcdefghijklmnopqrstuvwxyz."]] = _LETTER
KIND_OF[[*b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]] = _CAPITAL
KIND_OF[ord("-")] = _HYPHEN


@part
def end_of_id(at: int) -> int:
    """The end of the characters an id is made of, from ``at``."""
    while KIND_OF[byte(at)] != _OTHER:
        at += 1
    return at


@part
def is_spelt_apart(at: int, stop: int) -> bool:
    """Whether an id is a UUID with capitals: the key of its person is then written otherwise."""
    if stop - at != _UUID:
        return False
    hyphens = capitals = 0
    for place in range(at, stop):
        kind = KIND_OF[byte(place)]
        hyphens += kind == _HYPHEN
        capitals += kind == _CAPITAL
    return hyphens == 4 and capitals > 0


@part
def reference_in(at: int) -> int:
    """Where the text of the reference begins in ``subject``, an object known to be JSON."""
    found = DOUBT
    at = after_blanks(at + 1)
    while True:
        length = key_length(at)
        if length == 0:
            return DOUBT
        first = word(at + 1)
        value = after_colon(at + length + 2)
        if byte(value) != _QUOTE:
            return DOUBT
        if length == 9 and first == _REFERENCE and word(at + 2) == _EFERENCE:
            found = value + 1
        elif not (length == 7 and first & _SEVEN == _DISPLAY) and not (
            length == 4 and first & _FOUR == _TYPE
        ):
            return DOUBT
        at = after_blanks(closing_quote(value + 1) + 1)
        if byte(at) == _CLOSE:
            return found
        at = after_blanks(at + 1)


@part
def patient_in(start: int) -> int:
    """Where ``Patient/<id>`` begins in the reference that begins at ``start``.

    It ends the reference, and only ``http(s)://<server>/`` may stand before it.
    """
    stop = plain_quote(start)
    if stop == DOUBT or stop - start > _LONGEST_REFERENCE:
        return DOUBT
    at = stop
    while at > start and byte(at - 1) != _SLASH:
        at -= 1
    if at - start < 8 or stop == at or stop - at > LONGEST_ID or end_of_id(at) != stop:
        return DOUBT
    found = at - 8
    if word(found) != _PATIENT or is_spelt_apart(at, stop):
        return DOUBT
    if found == start:
        return found
    if word(start) & _SEVEN == _HTTP & _SEVEN:
        host = start + 7
    elif word(start) == _HTTPS:
        host = start + 8
    else:
        return DOUBT
    if found - 1 <= host or byte(found - 1) != _SLASH:
        return DOUBT
    for place in range(host, found):
        if byte(place) == 0x23 or byte(place) == 0x3F:
            return DOUBT
    return found
