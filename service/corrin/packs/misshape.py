"""What is wrong with the shape of content, in words for whoever wrote the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Kinds of fault as pydantic names them; words in braces are of the fault's own context.
_SAID: Mapping[str, str] = {
    "missing": "it is missing",
    "extra_forbidden": "nothing of this name belongs here",
    "string_type": "a text is expected",
    "bool_type": "true or false is expected",
    "bool_parsing": "true or false is expected",
    "literal_error": "one of {expected} is expected",
    "date_type": "a day is expected, such as 2026-11-20",
    "date_parsing": "a day is expected, such as 2026-11-20",
    "date_from_datetime_parsing": "a day is expected, such as 2026-11-20",
    "list_type": "a list is expected",
    "tuple_type": "a list is expected",
    "dict_type": "names with a colon are expected, each with what belongs to it",
    "model_type": "names with a colon are expected, each with what belongs to it",
    "model_attributes_type": "names with a colon are expected, each with what belongs to it",
    "int_type": "a whole number is expected",
    "int_parsing": "a whole number is expected",
    "decimal_type": "a number is expected",
    "decimal_parsing": "a number is expected",
    "string_too_short": "it is empty",
    "string_too_long": "it is longer than {max_length} characters",
    "too_short": "it is empty",
    "string_pattern_mismatch": "it is not written in the form that is expected here ({pattern})",
}


def said(detail: Mapping[str, Any]) -> str:
    """A fault as pydantic tells it, with its place in the file before it: ``date: it is missing``.

    Nothing of what the file holds is repeated, except the names on the way to the fault.
    """
    where = ".".join(str(part)[:80] for part in detail["loc"])
    why = reason(detail) or str(detail["msg"]).removeprefix("Value error, ")
    return f"{where}: {why}" if where else why


def reason(detail: Mapping[str, Any]) -> str:
    """A fault as pydantic tells it, in plain words and without its place; ``""`` of a kind that
    has none. Repeats nothing of what was given."""
    context: Mapping[str, Any] = detail.get("ctx") or {}
    return _SAID.get(detail["type"], "").format_map(_Named(context))


class _Named(dict[str, Any]):
    """The context of a fault; a word it lacks stays open rather than fail."""

    def __missing__(self, name: str) -> str:
        return "…"
