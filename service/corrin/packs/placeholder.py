"""Names in braces in a note's text: ``{total_b12}``, ``{total_b12:date}``, ``{result:name}``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from corrin.packs import schema

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)(?::([a-z]+))?\}")
_BRACE = re.compile(r"[{}]")

ASPECTS = frozenset({"compared", "date", "name", "reason"})
# A value with its unit, a short name or a day: "0.61 umol/L", "active B12", "2026-10-20".
USUAL = 12
OF_STATUS = frozenset({"because", "possible", "separated_by", "status"})
ALWAYS_THERE = OF_STATUS | {"result"}


def names_in(text: str) -> Iterator[tuple[str, str | None]]:
    """The placeholders of one text: name and aspect."""
    for match in _PLACEHOLDER.finditer(text):
        yield match.group(1), match.group(2)


def split(text: str) -> Iterator[tuple[str, tuple[str, str | None] | None]]:
    """The words before each placeholder with its name and aspect, then those after the last."""
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        yield text[end : match.start()], (match.group(1), match.group(2))
        end = match.end()
    yield text[end:], None


def stray_braces(text: str) -> bool:
    """Whether braces are left that are no placeholder."""
    return _BRACE.search(_PLACEHOLDER.sub("", text)) is not None


def fill(text: str, value: Callable[[str, str | None], str]) -> str:
    """The text with every placeholder replaced by ``value(name, aspect)``."""
    return _PLACEHOLDER.sub(lambda match: value(match.group(1), match.group(2)), text)


def texts_of(note: schema.NoteText) -> tuple[str, ...]:
    """All texts of a note."""
    return (note.summary, note.detail, *note.limits)


def longest_likely(text: str, figures: Callable[[str], str | None]) -> int:
    """How many characters a text has once filled with values of the usual length.

    Args:
        figures: name of a cut-off → its figure; ``None`` for any other name.
    """

    def value(name: str, _aspect: str | None) -> str:
        return figures(name) or "x" * USUAL

    return len(fill(text, value))
