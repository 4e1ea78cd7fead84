"""One sentence for many cases: filled as one by one, with what is always the same done once.

What makes a sentence readable (:mod:`corrin.notes.sentence`) looks at few characters around what it
changes. A value between other words is therefore made readable by itself, wherever neither it nor
the words around it hold anything at their meeting that could be read together; otherwise the whole
sentence is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from corrin.notes.fit import MOST_CHARACTERS, MOST_WORDS
from corrin.notes.sentence import capital, readable

# The last characters of units written out ("50 a", "8 wk", "3 d"), which what follows decides on.
_UNSURE_ENDS = frozenset("akd\n")
# What ends a value: none of these can belong to a time, a number or a unit before it.
_AFTER = frozenset(".,;:)")
# What begins the word after a number in a unit written out, or in "1 years".
_UNITS_BEGIN = frozenset("awdy")
_UNIT_AT_END = re.compile(r"\d (?:a|wk) $", re.ASCII)
_MOST_KEPT = 50_000


class Tidy:
    """Values made readable, each once while it is kept."""

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}

    def forget(self) -> None:
        """Keep nothing of a patient longer than needed."""
        self._known.clear()

    def of(self, value: str) -> str | None:
        """A value as it reads between other words; ``None`` where that depends on them."""
        try:
            return self._known[value]
        except KeyError:
            pass
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        sure = value and value[-1] not in _UNSURE_ENDS
        found = self._known[value] = readable(value) if sure else None
        return found


class Sentence:
    """A text with gaps: ``words`` around them, and which value fills each gap.

    Args:
        words: one more than there are gaps.
        gaps: for every gap the place of its value among those given.
    """

    def __init__(self, words: Sequence[str], gaps: Sequence[int], tidy: Tidy) -> None:
        self._words, self._gaps, self._of = tuple(words), tuple(gaps), tidy.of
        self._plain: tuple[str, ...] | None = None
        if len(words[0]) > 1 and _apart(words):
            self._plain = (capital(readable(words[0])), *map(readable, words[1:]))

    def filled(self, values: Sequence[str]) -> str:
        """The finished text."""
        plain, words = self._plain, self._words
        if plain is not None:
            text = plain[0]
            for at, gap in enumerate(self._gaps, 1):
                value = self._of(values[gap])
                if value is None:
                    break
                text += value + plain[at]
            else:
                return text
        text = words[0]
        for at, gap in enumerate(self._gaps, 1):
            text += values[gap] + words[at]
        return capital(readable(text))


def too_long_summary(text: str) -> bool:
    """Whether a summary has to be shortened."""
    return len(text) > MOST_CHARACTERS


def too_long_detail(text: str) -> bool:
    """Whether a detail has to be shortened."""
    # So many words need as many spaces between them.
    return len(text) >= 2 * MOST_WORDS and len(text.split()) > MOST_WORDS


def _apart(words: Sequence[str]) -> bool:
    """Whether nothing at the ends of the words can be read together with a value beside them."""
    before = all(_ends_apart(text) for text in words[:-1])
    return before and all(_begins_apart(text) for text in (*words[1:-1], words[-1] or "."))


def _ends_apart(text: str) -> bool:
    if len(text) < 2 or text[-1] not in " (" or text[-2].isdigit():
        return False
    return _UNIT_AT_END.search(text) is None


def _begins_apart(text: str) -> bool:
    first, second = text[:1], text[1:2]
    if first == " ":
        return second not in _UNITS_BEGIN
    return first in _AFTER and not second.isdigit()
