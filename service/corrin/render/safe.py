"""Text from outside made fit to show: nothing in it can move a cursor, turn a line or hide.

Control and direction characters become visible escapes (``\\x1b``, ``\\u202e``), line breaks of
prose become blanks, and what is far too long is cut with its length told. Times and annotated
units inside sentences are put as people read them. Markup of a format (HTML) is that format's
own business.
"""

from __future__ import annotations

import unicodedata
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from corrin.notes.report import Evidence
from corrin.notes.sentence import readable

M = TypeVar("M", bound=BaseModel)

# Characters shown of one text: prose is ours and long; data (a value, a place) is short or wrong.
MOST_PROSE = 4000
MOST_DATA = 160
MOST_MARKS = 2

_VERBATIM = frozenset({"path", "origin", "url", "key", "as_of", "when", "since", "until"})
_DATA = frozenset(
    {
        "reported", "compared", "when", "origin", "path", "specimen", "laboratory_range", "since",
        "until", "name", "label", "finding", "reason", "code", "status", "as_of", "age", "sex",
        "rule", "topic", "pack",
    }
)  # fmt: skip


def visible(text: str, most: int = MOST_PROSE) -> str:
    """``text`` on one line, every invisible character escaped, cut at ``most`` characters."""
    if len(text) > most:
        kept = text[: max(most - 40, 20)]
        return f"{visible(kept, most)}… ({len(text):,} characters, cut here)"
    if text.isascii() and text.isprintable():
        return text.strip()
    folded = text.replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    return "".join(_shown(folded)).strip()


def _shown(text: str) -> list[str]:
    found: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category == "Zs":
            found.append(" ")
        elif category[0] in "CZ" or marks > MOST_MARKS:
            found.append(_escape(character))
        else:
            found.append(character)
    return found


def _escape(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def clean(report: M) -> M:
    """The report with every text in it made fit to show; numbers and order stay as they are.

    What else is made of parts of a report (a comparison) is cleaned in the same way.
    """
    return _model(report, {})


def _model(part: M, seen: dict[int, Any]) -> M:
    """A part itself where every text in it is fit to show already, which nearly all are.

    Args:
        seen: parts by identity, which stays taken as long as the report is held.
    """
    if isinstance(part, Evidence):
        return cast("M", _evidence(part))
    known = seen.get(id(part))
    if known is not None:
        return cast("M", known)
    changed = {}
    for name, value in part.__dict__.items():
        if not value:
            continue
        shown = _value(value, name, seen)
        if shown is not value and shown != value:
            changed[name] = shown
    found = seen[id(part)] = part.model_copy(update=changed) if changed else part
    return found


def _evidence(row: Evidence) -> Evidence:
    """A row of evidence is content, the same part in every report: looked at once."""
    known = _ROWS.get(id(row))
    if known is None:
        if len(_ROWS) >= _MOST_ROWS:
            _ROWS.clear()
        fields = {name: _value(value, name, {}) for name, value in row.__dict__.items()}
        known = _ROWS[id(row)] = (row, row.model_construct(**fields))
    return known[1]


def _value(value: Any, name: str, seen: dict[int, Any]) -> Any:
    if isinstance(value, str):
        shown = visible(value, MOST_DATA if name in _DATA else MOST_PROSE)
        return shown if name in _VERBATIM else readable(shown)
    if isinstance(value, BaseModel):
        return _model(value, seen)
    if isinstance(value, tuple):
        return tuple([_value(item, name, seen) for item in value])
    if isinstance(value, dict):
        return {visible(key, MOST_DATA): _value(item, name, seen) for key, item in value.items()}
    return value


# By identity; the row itself is kept beside, so that its identity stays taken.
_ROWS: dict[int, tuple[Evidence, Evidence]] = {}
_MOST_ROWS = 4096
