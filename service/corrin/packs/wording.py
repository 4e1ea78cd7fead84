"""What can be wrong with the words of a note: placeholders, orders, length."""

from __future__ import annotations

import re
from collections.abc import Iterator

from corrin.language.bind import Vocabulary
from corrin.packs import placeholder, schema
from corrin.packs.bound import BoundPack
from corrin.packs.finding import (
    Finding,
    LongDetail,
    LongSummary,
    OrderingWord,
    UnknownPlaceholder,
)

CARD_SUMMARY = 140
DETAIL_WORDS = 110  # some are left for values that need several
_ORDER = re.compile(
    r"(?:^|[.;:!?]\s+)(order|prescribe|start|give|stop|treat|request|inject|admit|refer)\b", re.I
)


def orders(text: str) -> str | None:
    """The word with which a text orders something; ``None`` when it does not."""
    found = _ORDER.search(text)
    return None if found is None else found.group(1)


def wording(pack: BoundPack, rule: schema.Rule, vocabulary: Vocabulary) -> Iterator[Finding]:
    """Everything wrong with the words of one rule's note."""
    place, cuts = pack.pack.place("rule", rule.id), pack.visible_cuts()
    names = {*cuts, *placeholder.ALWAYS_THERE, *vocabulary.analytes, *vocabulary.concepts}

    def figures(name: str) -> str | None:
        values = cuts[name].values if name in cuts else ()
        return f"{values[0][1]:f} {values[0][0]}" if values else None

    for text in placeholder.texts_of(rule.note):
        for name, aspect in placeholder.names_in(text):
            if name not in names:
                yield UnknownPlaceholder(place, rule.id, f"nothing is called {name}")
            if aspect is not None and aspect not in placeholder.ASPECTS:
                yield UnknownPlaceholder(place, rule.id, f"no aspect is called {aspect}")
        if placeholder.stray_braces(text):
            yield UnknownPlaceholder(place, rule.id, "a brace that belongs to no placeholder")
        if (word := orders(text)) is not None:
            yield OrderingWord(place, rule.id, f"'{word}' orders", "write: consider …")
    characters = placeholder.longest_likely(rule.note.summary, figures)
    if characters > CARD_SUMMARY:
        yield LongSummary(place, rule.id, f"about {characters} characters once filled")
    words = len(rule.note.detail.split())
    if words > DETAIL_WORDS:
        yield LongDetail(place, rule.id, f"{words} words", f"at most {DETAIL_WORDS}")
