"""The members of an Observation: which the intake looks at, and which it never does.

``tests/batch/test_scan_members.py`` reads Observations with and without each of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

APART = (
    *("resourceType", "id", "subject", "effectiveDateTime", "issued", "identifier"),
    *("code", "valueCodeableConcept", "component"),
)
"""Looked at by the scanner itself; the last three also stand in the body."""

DECIDING = (
    *("status", "dataAbsentReason", "interpretation", "referenceRange", "specimen"),
    *("note", "comment", "focus", "modifierExtension", "implicitRules"),
    *("effectivePeriod", "effectiveInstant", "effectiveTiming"),
    *("valueQuantity", "valueString", "valueBoolean", "valueInteger", "valueRange", "valueRatio"),
    *("valueDecimal", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod"),
    *("valueAttachment", "valueReference"),
)
"""Kept in the body as they are: each can change what is taken or refused."""

IGNORED = (
    *("meta", "text", "language", "category", "encounter", "context", "performer", "basedOn"),
    *("partOf", "bodySite", "bodyStructure", "method", "device", "hasMember", "derivedFrom"),
    *("related", "extension", "instantiatesCanonical", "instantiatesReference", "triggeredBy"),
)
"""Dropped: the intake reads none of them of an Observation (``meta`` only to order versions).

Any other member, ``contained`` among them, leaves the line to the exact reader.
"""

NAMES = (*APART, *DECIDING, *IGNORED)
TYPE, ID, SUBJECT, EFFECTIVE, ISSUED, IDENTIFIER, CODE, CODED_VALUE, COMPONENT = range(len(APART))
FIRST_IN_BODY, LAST_IN_BODY = CODE, len(APART) + len(DECIDING) - 1
VALUES = tuple(at for at, name in enumerate(NAMES) if name.startswith("value"))
UNKNOWN = -1
SLOTS = 256


def numbers_of(name: bytes) -> tuple[int, int, int]:
    """The first, last and middle eight bytes of a name as numbers; all of it, up to 24 bytes."""
    if len(name) < 8:
        return int.from_bytes(name, "little"), 0, 0
    middle = name[8:16] if len(name) > 16 else b""
    return tuple(  # type: ignore[return-value]
        int.from_bytes(part, "little", signed=True) for part in (name[:8], name[-8:], middle)
    )


def _table() -> NDArray[np.int64]:
    """Rows of length, first, last, middle and number of a name, at the slot of its hash."""
    found = np.full((SLOTS, 5), UNKNOWN, np.int64)
    for number, name in enumerate(NAMES):
        assert len(name) <= 24
        first, last, middle = numbers_of(name.encode())
        slot = slot_of(first, last, len(name))
        while found[slot, 0] != UNKNOWN:
            slot = (slot + 1) % SLOTS
        found[slot] = (len(name), first, last, middle, number)
    return found


def slot_of(first: int, last: int, length: int) -> int:
    """Where a name is looked for first; the figures are such that each has a slot of its own."""
    return ((first ^ (first >> 10) ^ (last >> 56)) + length * 91) & (SLOTS - 1)


TABLE = _table()
