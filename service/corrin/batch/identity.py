"""A resource's type and id as one number, to find those that an export holds more than once."""

from __future__ import annotations

from functools import lru_cache

START, PRIME, MASK = 0xCBF29CE484222325, 0x1E3779B97F4A7C15, 0xFFFFFFFFFFFFFFFF
_WORD = 8


def key(kind: str, identity: str) -> int:
    """A number of 64 bits made of both, eight bytes at a time; two of one are told apart later."""
    return _mixed(identity.encode(), of_kind(kind))


@lru_cache(maxsize=1024)
def of_kind(kind: str) -> int:
    """What the key of every resource of a type begins with."""
    return _mixed(kind.encode(), START)


def _mixed(text: bytes, found: int) -> int:
    """:func:`corrin.batch.scan.span.mixed` in Python."""
    found ^= len(text)
    for at in range(0, len(text), _WORD):
        word = int.from_bytes(text[at : at + _WORD], "little")
        found = ((found ^ word) * PRIME) & MASK
        found ^= found >> 32
    return found
