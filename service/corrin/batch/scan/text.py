"""Strings, numbers and blanks of JSON, walked over; every check the exact reader makes as well.

All functions take and give addresses. Nothing here passes a line feed, and every block ends with
one, so no walk leaves its block. Bytes behind it may be looked at, as part of 32 or of 8.
"""

from __future__ import annotations

from corrin.batch.scan.compiled import part
from corrin.batch.scan.vector import WIDTH, byte, plain, word

DOUBT = 0
"""Given in place of an address: this is not certainly what the exact reader would accept."""
_LONGEST_NUMBER = 40
_QUOTE, _BACKSLASH, _U = 0x22, 0x5C, 0x75


@part
def after_blanks(at: int) -> int:
    """Where the next byte is that is no blank; a line feed ends the line and is not passed."""
    while True:
        met = byte(at)
        if met > 0x20 or (met != 0x20 and met != 0x09 and met != 0x0D):
            return at
        at += 1


@part
def closing_quote(at: int) -> int:
    """The quote that ends the string that begins at ``at``, after its opening quote."""
    while True:
        ahead = plain(at)
        at += ahead
        if ahead == WIDTH:
            continue
        met = byte(at)
        if met == _QUOTE:
            return at
        if met == _BACKSLASH:
            at = _after_escape(at)
        elif met >= 0x80:
            at = _after_letter(at)
        else:
            return DOUBT
        if at == DOUBT:
            return DOUBT


@part
def plain_quote(at: int) -> int:
    """As :func:`closing_quote`, of a string of plain ASCII without any escape."""
    while True:
        ahead = plain(at)
        at += ahead
        if ahead < WIDTH:
            return at if byte(at) == _QUOTE else DOUBT


@part
def _after_escape(at: int) -> int:
    met = byte(at + 1)
    if met == _U:
        for place in range(at + 2, at + 6):
            met = byte(place)
            if not (0x30 <= met <= 0x39 or 0x41 <= met <= 0x46 or 0x61 <= met <= 0x66):
                return DOUBT
        # Half of a surrogate pair is no text; whole pairs are left to the exact reader as well.
        high, low = byte(at + 2), byte(at + 3)
        if (high == 0x44 or high == 0x64) and not (0x30 <= low <= 0x37):
            return DOUBT
        return at + 6
    # Quote, backslash, slash; and of b, f, n, r, t.
    return at + 2 if met in (_QUOTE, _BACKSLASH, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74) else DOUBT


@part
def _after_letter(at: int) -> int:
    """After one letter beyond ASCII, in UTF-8 as RFC 3629 has it."""
    first, second = byte(at), byte(at + 1)
    if 0xC2 <= first <= 0xDF:
        return at + 2 if 0x80 <= second <= 0xBF else DOUBT
    low, high = 0x80, 0xBF
    if first == 0xE0:
        low = 0xA0
    elif first == 0xED:
        high = 0x9F
    elif first == 0xF0:
        low = 0x90
    elif first == 0xF4:
        high = 0x8F
    if second < low or second > high:
        return DOUBT
    third = byte(at + 2)
    if third < 0x80 or third > 0xBF:
        return DOUBT
    if 0xE0 <= first <= 0xEF:
        return at + 3
    fourth = byte(at + 3)
    if 0xF0 <= first <= 0xF4 and 0x80 <= fourth <= 0xBF:
        return at + 4
    return DOUBT


@part
def after_number(at: int) -> int:
    """The end of a number; one with an exponent, or very long, is left to the exact reader."""
    start = at
    if byte(at) == 0x2D:
        at += 1
    met = byte(at)
    if met == 0x30:
        at += 1
    elif 0x31 <= met <= 0x39:
        at = _after_digits(at)
    else:
        return DOUBT
    met = byte(at)
    if met == 0x2E:
        end = _after_digits(at + 1)
        if end == at + 1:
            return DOUBT
        at = end
        met = byte(at)
    if met == 0x65 or met == 0x45 or at - start > _LONGEST_NUMBER:
        return DOUBT
    return at


@part
def _after_digits(at: int) -> int:
    while 0x30 <= byte(at) <= 0x39:
        at += 1
    return at


@part
def after_word(at: int) -> int:
    """The end of ``true``, ``false`` or ``null``."""
    four = word(at) & 0xFFFFFFFF
    if four == 0x65757274 or four == 0x6C6C756E:
        return at + 4
    if four == 0x736C6166 and byte(at + 4) == 0x65:
        return at + 5
    return DOUBT
