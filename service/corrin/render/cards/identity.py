"""Names of cards and suggestions: the same question gives the same name, and the first 48 bits
tell which rule made the card, so that feedback counts by rule while nothing is remembered.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

_PREFIX = 6  # bytes


def prefix_of(rule: str, version: str) -> str:
    """The first twelve hexadecimal digits of every card of a rule in a version of its pack."""
    return _prefix(rule, version).hex()


def name(rule: str, version: str, *parts: str) -> str:
    """A UUID of version 8 (RFC 9562): the rule in front, the rest a hash over the parts.

    Nobody guesses it who does not know the ``hookInstance``, which is among the parts.
    """
    rest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    found = bytearray(_prefix(rule, version) + rest[: 16 - _PREFIX])
    found[6] = 0x80 | (found[6] & 0x0F)
    found[8] = 0x80 | (found[8] & 0x3F)
    return str(UUID(bytes=bytes(found)))


def prefix_in(card: str) -> str:
    """What stands in front in a card's name."""
    return UUID(card).hex[: 2 * _PREFIX]


def _prefix(rule: str, version: str) -> bytes:
    return hashlib.sha256(f"{rule}@{version}".encode()).digest()[:_PREFIX]
