"""A sentence made short enough for the head of a card, cut where nothing is falsified."""

from __future__ import annotations

import re

from corrin.render.cards.markdown import plain

MOST = 139
"""Characters of a summary, as CDS Hooks 2.0.1 bounds it (fewer than 140), counted in UTF-16."""

_DIGIT = re.compile(r"\d")
_MORE = "…"
_TRAILING = " ,;:(–-"
# What is left out and holds one of these would turn what is kept of its clause: "deficiency" of
# "deficiency is unlikely", "deficiency is unlikely" of "deficiency is unlikely, not excluded".
_TURNING = frozenset(
    {
        *("cannot", "except", "excluded", "may", "never", "no", "not", "possible", "unless"),
        *("unlikely", "without"),
    }
)
_CLAUSE = (": ", "; ")
# A sentence that ends on one of these says the opposite of what it said, or nothing.
_HANGING = frozenset(
    {
        *("a", "above", "an", "and", "any", "at", "below", "between", "by", "for", "from", "if"),
        *("in", "is", "are", "not", "no", "never", "of", "on", "or", "than", "the", "to", "up"),
        *("with", "without", "was", "were", "does", "do", "did", "x", "<", ">", "<=", ">=", "≈"),
    }
)


def length(said: str) -> int:
    """How long a text is to a client that counts as JavaScript does."""
    return len(said.encode("utf-16-le", "surrogatepass")) // 2


def brief(said: str, otherwise: str = "") -> str:
    """``said`` if it fits, else as many whole words as do; never part of a number and its unit.

    Args:
        otherwise: a shorter sentence for a text whose first words alone are too long.
    """
    said = plain(said)
    if length(said) <= MOST:
        return said
    words = said.split(" ")
    for count in range(len(words) - 1, 3, -1):
        kept = " ".join(words[:count])
        if length(kept) + 1 <= MOST and _may_end(words[count - 1], words[count]):
            whole = _unturned(kept, words[count:])
            if whole != kept:
                return whole + _MORE
            kept = _closed(kept).rstrip(_TRAILING)
            if kept and not _DIGIT.search(kept.rsplit(" ", 1)[-1]):
                return kept + _MORE
    return brief(otherwise) if otherwise else _cut(said)


def _may_end(last: str, following: str) -> bool:
    """Whether a sentence can stop after a word: not in a quantity, not on a word that hangs."""
    bare = last.strip("(,;:").casefold()
    if bare in _HANGING:
        return False
    # What follows a number may be its unit; a number that follows begins a quantity of its own.
    return not _DIGIT.search(last) or last[-1] in ",;"


def _unturned(kept: str, rest: list[str]) -> str:
    """Without a clause that was begun, where what is left out of it could turn it."""
    if _TURNING.isdisjoint(word.strip("(),;:.").casefold() for word in rest):
        return kept
    end = max(kept.rfind(mark) for mark in _CLAUSE)
    return kept if end < 0 else _closed(kept[:end]).rstrip(_TRAILING)


def _closed(kept: str) -> str:
    """Without a bracket that was opened and not closed."""
    return kept[: kept.rfind("(")] if kept.count("(") > kept.count(")") else kept


def _cut(said: str) -> str:
    while length(said) + 1 > MOST:
        said = said[:-1]
    return said.rstrip(_TRAILING) + _MORE
