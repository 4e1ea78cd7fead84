"""What must never come out: every entry of ``tests/spec/never.yaml``, searched for.

The facts of an entry are fixed, everything else is drawn at random, near the cut-offs: measured,
censored, absent for a reason, stated, denied or unknown. The forbidden statuses must not even be
possible.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corrin.comparison.framework import framework
from corrin.content import read_document
from corrin.evaluate.engine import Engine
from corrin.evaluate.given import case_of
from corrin.interpretation import prepared
from corrin.packs.library import open_library
from corrin.packs.versions import find
from support import places
from support.chance import NEUROLOGY, anything, at_most

SPEC = read_document(places.ROOT / "tests" / "spec" / "never.yaml")
FRAMEWORKS = ("ng239", "aafp-2025", "mayo-acasm", "labcorp-141503", "bsh-2014", "nih-ods")
MISSING = "missing"


@cache
def engine(name: str) -> Engine:
    """The engine of a profile, of a framework in profile uk, or of uk with cB12 beside it."""
    if name in ("uk", "us"):
        return prepared(name)[0]
    if name == "cb12":
        return prepared("uk", ("cb12",))[0]
    library = open_library().sound()
    return framework(library, library.profiles["uk"], find(library, name), "test").engine


def fixed(chance: Random, entry: dict[str, Any]) -> dict[str, Any]:
    """One alternative of each fact an entry gives; ``neurology`` stands for all such signs."""
    chosen = {key: chance.choice(list(found)) for key, found in entry["given"].items()}
    return {
        name: value
        for key, value in chosen.items()
        for name in (NEUROLOGY if key == "neurology" else [key])
    }


def forbidden(topic: str, entry: dict[str, Any], name: str, facts: dict[str, Any]) -> set[str]:
    """The statuses that must not be possible and are."""
    asked = engine(name)
    evaluation = asked.evaluate(case_of(facts, asked.library.vocabulary))
    if not evaluation.in_scope:
        return set()
    return set(evaluation.decided[topic].possible) & set(entry["never"])


ENTRIES = [(topic, entry) for topic, entries in SPEC.items() for entry in entries]


@pytest.mark.parametrize(
    ("topic", "entry"),
    ENTRIES,
    ids=[f"{topic}-{number}" for number, (topic, _) in enumerate(ENTRIES)],
)
def test_never(topic: str, entry: dict[str, Any]) -> None:
    names = entry.get("profiles", ["us", *FRAMEWORKS] if topic == "b12_status" else ["uk", "us"])

    @at_most(16)
    @given(st.integers(0, 2**32))
    def search(seed: int) -> None:
        chance = Random(seed)
        name, known = chance.choice(names), fixed(chance, entry)
        facts = anything(chance) | known
        if facts.get("sex") == "male" and "pregnant" not in known:
            facts.pop("pregnant", None)
        facts = {fact: value for fact, value in facts.items() if value != MISSING}
        if not forbidden(topic, entry, name, facts):
            return
        for fact in set(facts) - set(known):  # what does not matter is left out of the message
            fewer = {one: value for one, value in facts.items() if one != fact}
            if forbidden(topic, entry, name, fewer):
                facts = fewer
        raise AssertionError((name, facts, sorted(forbidden(topic, entry, name, facts))))

    search()


def test_every_entry_names_rows_of_the_reference() -> None:
    from corrin.terminology import evidence

    rows = evidence.load().rows
    assert all(row in rows for _, entry in ENTRIES for row in entry["rows"])
    assert all(entry["rows"] for _, entry in ENTRIES)


def test_every_topic_and_reassuring_status_is_searched_for() -> None:
    searched = {status for _, entry in ENTRIES for status in entry["never"]}
    assert {topic for topic, _ in ENTRIES} == set(engine("cb12").deciders)
    assert searched >= {"deficiency_unlikely", "no_anaemia", "none", "not_b12", "adequate"}
