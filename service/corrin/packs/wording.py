"""What can be wrong with the words of a note: placeholders, orders, length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from corrin.language.bind import Vocabulary
from corrin.packs import placeholder, schema
from corrin.packs.bound import BoundPack
from corrin.packs.finding import (
    DiagnosingWord,
    Finding,
    LongDetail,
    LongSummary,
    OrderingWord,
    UnknownPlaceholder,
    UnquotedDose,
)

CARD_SUMMARY = 140
DETAIL_WORDS = 110  # some are left for values that need several
_ORDER = re.compile(
    r"(?:^|[.;:!?]\s+)(order|prescribe|start|give|stop|treat|request|inject|admit|refer)\b", re.I
)


_DOSE = re.compile(r"\b\d+(?:\.\d+)?\s?(?:mg|mcg|micrograms?|ug|IU)\b(?!\s?/\s?d?[Ll]\b)", re.I)
_QUOTED = re.compile(r"\b(?:label|guideline|guidance|quoted|summary|[A-Z]{2,}[A-Z0-9]*\d*)\b")
_DIAGNOSIS = re.compile(
    r"\b(?:(?:the patient|this person|you|she|he) (?:has|have|suffers?)|diagnosed with"
    r"|diagnosis (?:is|of))\b",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def doses(text: str) -> str | None:
    """A dose that stands in a sentence without the source it is quoted from, nor in the one before
    it; ``None`` when there is none."""
    before = ""
    for sentence in _SENTENCE.split(text):
        found = _DOSE.search(sentence)
        if found is not None and _QUOTED.search(f"{before} {sentence}") is None:
            return found.group(0)
        before = sentence
    return None


def diagnoses(text: str) -> str | None:
    """Words with which a text tells somebody what they have; ``None`` when there are none."""
    found = _DIAGNOSIS.search(text)
    return None if found is None else found.group(0)


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
                near = get_close_matches(name, sorted(names), n=3)
                hint = f"did you mean {' or '.join(near)}?" if near else ""
                yield UnknownPlaceholder(place, rule.id, f"nothing is called {name}", hint)
            if aspect is not None and aspect not in placeholder.ASPECTS:
                yield UnknownPlaceholder(place, rule.id, f"no aspect is called {aspect}")
        if placeholder.stray_braces(text):
            yield UnknownPlaceholder(place, rule.id, "a brace that belongs to no placeholder")
        if (word := orders(text)) is not None:
            yield OrderingWord(place, rule.id, f"'{word}' orders", "write: consider …")
        if (word := diagnoses(text)) is not None:
            yield DiagnosingWord(
                place, rule.id, f"'{word}' diagnoses", "write: suggests, supports …"
            )
        if (word := doses(text)) is not None:
            yield UnquotedDose(place, rule.id, f"'{word}' without its source", "say who states it")
    characters = placeholder.longest_likely(rule.note.summary, figures)
    if characters > CARD_SUMMARY:
        yield LongSummary(place, rule.id, f"about {characters} characters once filled")
    words = len(rule.note.detail.split())
    if words > DETAIL_WORDS:
        yield LongDetail(place, rule.id, f"{words} words", f"at most {DETAIL_WORDS}")
