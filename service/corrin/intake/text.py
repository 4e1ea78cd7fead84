"""Texts of a request as they may be shown again."""

from __future__ import annotations

LONGEST = 64  # characters of a text that is shown, or can still be one result


def printable(text: str) -> str:
    """A text as it may be shown: one line, no control characters, cut at a length."""
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    if text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
