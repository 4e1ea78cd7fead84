"""What must hold of the words of every note, with whatever values they are filled."""

from __future__ import annotations

import re
from functools import cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corrin import interpret
from corrin.evaluate.engine import Engine
from corrin.evaluate.given import case_of
from corrin.interpretation import prepared
from corrin.notes.compose import Composer
from corrin.notes.fit import MOST_CHARACTERS, MOST_WORDS
from corrin.notes.report import Note, Report
from corrin.packs.wording import diagnoses, doses, orders
from golden.cases import every_case
from support.chance import anything

PROFILES = (("uk", ("cb12",)), ("us", ()), ("uk", ("bsh-2014", "mayo-acasm")))


@cache
def asked(profile: str, packs: tuple[str, ...]) -> tuple[Engine, Composer]:
    return prepared(profile, packs)


def faults(note: Note) -> list[str]:
    """What is wrong with the words of one note."""
    found = []
    if len(note.summary) > MOST_CHARACTERS:
        found.append(f"summary of {len(note.summary)} characters: {note.summary}")
    if len(note.detail.split()) > MOST_WORDS:
        found.append(f"detail of {len(note.detail.split())} words")
    for text in (note.summary, note.detail, *note.limits):
        for what, word in (
            ("orders", orders(text)),
            ("diagnoses", diagnoses(text)),
            ("doses without a source", doses(text)),
        ):
            if word is not None:
                found.append(f"{what}: {word} in {text}")
        if re.search(r"[{}]|  |\bNone\b(?! of)|\.\.|\bsha256\b", text):
            found.append(f"left over: {text}")
        if not text.strip() or (text[0].islower() and not re.match(r"[a-z][A-Z]", text)):
            found.append(f"begins small: {text}")
    if not note.evidence:
        found.append("no evidence")
    if not any(row.sources for row in note.evidence) and all(row.verified for row in note.evidence):
        found.append("verified without a source")
    return found


def check(report: Report) -> None:
    said = {note.rule: faults(note) for note in report.notes}
    assert not any(said.values()), {rule: wrong for rule, wrong in said.items() if wrong}
    for status in report.statuses.values():
        assert status.because and status.evidence, status.topic
        assert orders(status.because) is None, status.because


@given(st.integers(0, 2**32))
def test_words_of_any_case(seed: int) -> None:
    chance = Random(seed)
    engine, composer = asked(*chance.choice(PROFILES))
    case = case_of(anything(chance), engine.library.vocabulary)
    check(composer.compose(engine.evaluate(case)))


@pytest.mark.parametrize(
    "case", [case for case in every_case() if not case.refused_whole], ids=lambda case: case.name
)
def test_words_of_the_examples(case: object) -> None:
    check(case.report)  # type: ignore[attr-defined]


def test_longest_values_still_fit() -> None:
    """Results with every digit a reader lets through, on the most talkative cases."""
    for case in every_case():
        if case.refused_whole or case.request_file.suffix != ".json":
            continue
        text = case.request_file.read_text("utf-8")
        long = re.sub(r'("value"\s*:\s*)(\d+)\.(\d+)', r"\g<1>\2.\g<3>000000000000000001", text)
        if long != text:
            when = case.expected["as_of"]
            said = when if isinstance(when, str) or when is None else when.isoformat()
            for note in interpret(long, as_of=said, profile=case.expected["profile"]).notes:
                assert len(note.summary) <= MOST_CHARACTERS, (case.name, note.rule, note.summary)
