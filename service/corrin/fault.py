"""A fault of ours, told without its message: messages of exceptions may hold data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from traceback import walk_tb


@dataclass(frozen=True, slots=True)
class KnownBy:
    """What may be told of an exception that should not have been.

    Attributes:
        kind: name of its type.
        place: module and line of ours it last passed; ``corrin`` when it passed none.
        number: twelve hex digits, the same for the same kind at the same place.
    """

    kind: str
    place: str
    number: str


def known_by(error: BaseException) -> KnownBy:
    """Type, place and number of an exception; of a group of one, those of that one."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    place = "corrin"
    for frame, line in walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if module.split(".")[0] == "corrin":
            place = f"{module}, line {line}"
    kind = type(error).__name__
    number = hashlib.sha256(f"{kind} {place}".encode()).hexdigest()[:12]
    return KnownBy(kind, place, number)
