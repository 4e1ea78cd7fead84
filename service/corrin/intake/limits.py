"""How much one call may hold. The one place where these figures stand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one request; beyond any of them the whole call is refused.

    Attributes:
        bytes: size of the request.
        depth: how deep objects and arrays may nest. Real resources stay below 30.
        entries: resources in the request, contained ones included.
        number_length: characters of one JSON number.
        number_exponent: how far the decimal point may be moved by an exponent.
        problems: how many problems a refused call lists at most.
    """

    bytes: int = 16 * 1024 * 1024
    depth: int = 64
    entries: int = 20_000
    number_length: int = 64
    number_exponent: int = 30
    problems: int = 50
