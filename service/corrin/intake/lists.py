"""The small lists the reader goes by (``rules/intake``): answers, words, specimens, questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from corrin.content import read_document, rules_root
from corrin.terminology.systems import canonical_system
from corrin.terminology.table import fold, words

__all__ = ["Coding", "Lists", "fold", "load", "system_of"]

Coding = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a coded answer says of a concept: so, not so, or so once."""

    concept: str
    truth: bool
    past: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A concept that a medicine is as well when it is given by a route.

    Attributes:
        concept: what is stated besides (``b12_injection``).
        of: the medicine it is stated of (``b12_medicine``).
        codes: codes of the route.
        texts: words of the route.
        forms: words of the product's text or form that say as much.
    """

    concept: str
    of: str
    codes: frozenset[Coding]
    texts: tuple[tuple[str, ...], ...]
    forms: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Lists:
    """All lists, indexed by what is met in a resource."""

    resource_types: frozenset[str]
    answer_codes: Mapping[Coding, bool]
    answer_texts: Mapping[str, bool]
    interpretations: Mapping[str, bool]
    off_scale: Mapping[str, str]
    places: Mapping[str, str]
    comparators: Mapping[str, str]
    unknown_comparators: tuple[str, ...]
    range_words: tuple[str, ...]
    group_marks: tuple[str, ...]
    fluid_codes: Mapping[Coding, str]
    fluid_texts: Mapping[str, str]
    loinc_fluids: Mapping[str, str]
    haemolysed_codes: frozenset[Coding]
    haemolysed_texts: frozenset[str]
    haemolysed_modifiers: frozenset[str]
    questions: frozenset[Coding]
    asked: Mapping[Coding, str]
    asked_answers: Mapping[Coding, Answer]
    stated_by_result: Mapping[str, str]
    lasting: frozenset[str]
    over_when_given: frozenset[str]
    negations: frozenset[str]
    family_marks: tuple[tuple[str, ...], ...]
    family_history: Mapping[str, str]
    not_by_blood: frozenset[Coding]
    encounters: Mapping[Coding, str]
    routes: tuple[Route, ...]


@lru_cache(maxsize=1)
def load() -> Lists:
    """Read ``rules/intake``, once.

    Raises:
        ContentError: a file is missing or is not what its name says.
    """
    folder = rules_root() / "intake"
    answers = read_document(folder / "answers.yaml")
    spoken = read_document(folder / "words.yaml")
    specimens = read_document(folder / "specimens.yaml")
    context = read_document(folder / "context.yaml")
    family = context["family_history"]
    signs = answers["interpretation"]
    said = (("positive", True), ("negative", False))
    return Lists(
        resource_types=frozenset(read_document(folder / "resource-types.yaml")["resource_types"]),
        answer_codes={
            code: truth
            for name, truth in said
            for code in _codes(answers["answers"][name]["codes"])
        },
        answer_texts={
            fold(text): truth for name, truth in said for text in answers["answers"][name]["texts"]
        },
        interpretations={code: truth for name, truth in said for code in signs[name]},
        off_scale={code: "<=" for code in signs["off_scale_low"]}
        | {code: ">=" for code in signs["off_scale_high"]},
        places={code: name for name in ("below", "above", "within") for code in signs[name]},
        comparators={
            fold(text): sign for sign, texts in spoken["comparators"].items() for text in texts
        },
        unknown_comparators=tuple(spoken["unknown"]),
        range_words=tuple(spoken["range"]),
        group_marks=tuple(spoken["group_marks"]),
        fluid_codes={
            code: fluid for fluid, of in specimens["fluids"].items() for code in _codes(of["codes"])
        },
        fluid_texts={
            fold(text): fluid for fluid, of in specimens["fluids"].items() for text in of["texts"]
        },
        loinc_fluids=dict(specimens["loinc_begins"]),
        haemolysed_codes=frozenset(_codes(specimens["haemolysed"]["codes"])),
        haemolysed_texts=frozenset(fold(text) for text in specimens["haemolysed"]["texts"]),
        haemolysed_modifiers=frozenset(specimens["haemolysed"]["modifiers"]),
        questions=frozenset(_codes(context["questions"])),
        asked={
            code: one["concept"] for one in context["asked"] for code in _codes(one["questions"])
        },
        asked_answers={
            code: Answer(one["concept"], name != "not_so", name == "was_so")
            for one in context["asked"]
            for name in ("so", "not_so", "was_so")
            for code in _codes(one.get(name, []))
        },
        stated_by_result=dict(context["stated_by_result"]),
        lasting=frozenset(context["lasting"]),
        over_when_given=frozenset(context["over_when_given"]),
        negations=frozenset(spoken["negations"]),
        family_marks=tuple(words(text) for text in spoken["family"]),
        family_history={of: one["concept"] for one in family["states"] for of in one["of"]},
        not_by_blood=frozenset(_codes(family["not_by_blood"])),
        encounters={
            code: one["concept"] for one in context["encounters"] for code in _codes(one["classes"])
        },
        routes=tuple(
            Route(
                one["concept"],
                one["of"],
                frozenset(_codes(one["codes"])),
                tuple(words(text) for text in one["texts"]),
                tuple(words(text) for text in one["forms"]),
            )
            for one in read_document(folder / "routes.yaml")["routes"]
        ),
    )


def system_of(system: str | None) -> str:
    """A code system as the lists are indexed: ours by its canonical URI, others as written."""
    return canonical_system(system) or system or ""


def _codes(entries: list[Any]) -> list[Coding]:
    return [(system_of(entry["system"]), entry["code"]) for entry in entries]
