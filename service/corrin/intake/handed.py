"""What a program hands over (bytes, text, parsed JSON) → bytes, with every digit kept."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


class NotJson(ValueError):
    """What was handed over is not JSON: ``message`` says why, ``hint`` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def as_bytes(data: bytes | str | dict[str, Any] | list[Any]) -> bytes:
    """The bytes of a request; a Decimal is written with the digits it has.

    Raises:
        NotJson: parsed data that JSON cannot hold.
    """
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    if isinstance(data, str):
        return data.encode("utf-8", "surrogatepass")
    exact: list[str] = []  # Decimals, which json does not write

    def other(value: object) -> str:
        if not isinstance(value, Decimal) or not value.is_finite():
            return str(value)
        exact.append(str(value))
        return "\0"

    try:
        text = json.dumps(data, default=other)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotJson("The data is not JSON.", "Pass bytes, text, a dict or a list.") from error
    if exact:
        parts = text.split(json.dumps("\0"))
        if len(parts) != len(exact) + 1:
            raise NotJson("The data holds a text that is only NUL.", "Pass it as bytes.")
        text = parts[0] + "".join(map("".join, zip(exact, parts[1:], strict=True)))
    return text.encode()
