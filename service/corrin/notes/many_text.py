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

    def of(self, values: list[str]) -> list[str | None]:
        """Values as they read between other words; ``None`` where that depends on them."""
        known = self._known
        if len(known) >= _MOST_KEPT:
            known.clear()
        for value in set(values).difference(known):
            sure = value and value[-1] not in _UNSURE_ENDS
            known[value] = readable(value) if sure else None
        return [known[value] for value in values]


class Sentence:
    """A text with gaps: ``words`` around them, and which value fills each gap.

    Args:
        words: one more than there are gaps.
        gaps: for every gap the place of its value among those given.
    """

    def __init__(self, words: Sequence[str], gaps: Sequence[int], tidy: Tidy) -> None:
        self._gaps, self._of = tuple(gaps), tidy.of
        self._text = _template(words)
        self._plain: str | None = None
        if len(words[0]) > 1 and _apart(words):
            self._plain = _template((capital(readable(words[0])), *map(readable, words[1:])))

    def filled(self, values: Sequence[list[str]]) -> list[str]:
        """The finished text for each of several cases; ``values`` hold for each gap those of all
        cases."""
        chosen = [values[gap] for gap in self._gaps]
        if self._plain is None:
            return [self._whole(each) for each in zip(*chosen, strict=True)]
        tidied = [self._of(one) for one in chosen]
        found = [self._plain % each for each in zip(*tidied, strict=True)]
        for column in tidied:
            if None in column:
                for at, value in enumerate(column):
                    if value is None:
                        found[at] = self._whole(tuple(one[at] for one in chosen))
        return found

    def _whole(self, values: tuple[str, ...]) -> str:
        return capital(readable(self._text % values))


def _template(words: Sequence[str]) -> str:
    return "%s".join(one.replace("%", "%%") for one in words)


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
