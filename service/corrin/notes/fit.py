"""Texts made to fit: a summary is one line of a card, a detail a short paragraph.

A text is filled with values as they are said. One that grows too long with them is filled again
with brief ones; a summary still too long points to the inputs for its longest values.
"""

from __future__ import annotations

from collections.abc import Callable

from corrin.packs import placeholder

MOST_CHARACTERS = 140
MOST_WORDS = 120
ELSEWHERE = "(see inputs)"
IN_STATUS = "(see the status)"

Say = Callable[[str, str | None], str]


def summary(text: str, said: Say, brief: Say, finish: Callable[[str], str]) -> str:
    """A summary of at most :data:`MOST_CHARACTERS`.

    Args:
        said: name and aspect of a placeholder → its value.
        brief: the same in as few characters as will do.
        finish: what is done to the text once filled.
    """
    return _fitting(text, said, brief, finish, lambda whole: len(whole) <= MOST_CHARACTERS)


def detail(text: str, said: Say, brief: Say, finish: Callable[[str], str]) -> str:
    """A detail of at most :data:`MOST_WORDS`, as far as its own words allow."""
    return _fitting(text, said, brief, finish, lambda whole: len(whole.split()) <= MOST_WORDS)


def _fitting(
    text: str,
    said: Say,
    brief: Say,
    finish: Callable[[str], str],
    fits: Callable[[str], bool],
) -> str:
    whole = finish(placeholder.fill(text, said))
    if fits(whole):
        return whole
    values = {part: brief(*part) for part in placeholder.names_in(text)}
    for part in [None, *sorted(values, key=lambda one: -len(values[one]))]:
        if part is not None:
            instead = IN_STATUS if part[0] in placeholder.OF_STATUS else ELSEWHERE
            values[part] = min(values[part], instead, key=len)  # never for a shorter value
        whole = finish(placeholder.fill(text, lambda name, aspect: values[name, aspect]))
        if fits(whole):
            break
    return whole
