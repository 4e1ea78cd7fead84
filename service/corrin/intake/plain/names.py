"""What people call tests and concepts → a CodeableConcept the reader of FHIR understands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from corrin import terminology
from corrin.content import read_document, rules_root
from corrin.intake import lists
from corrin.intake.code import OUR_NAMES, meaning
from corrin.terminology import Concept, ConceptKind
from corrin.terminology.systems import LOINC, SHORT
from corrin.terminology.table import fold

Codeable = dict[str, Any]

_LOINC = re.compile(r"\d{1,7}-\d", re.ASCII)
_CODED = re.compile(r"(?P<system>[a-z][a-z0-9]{1,9}):(?P<code>\S{1,64})", re.ASCII)
_TOKEN = re.compile(r"(?P<system>(?:https?|urn):[^|\s]{1,200})\|(?P<code>\S{1,64})")
_LONGEST = 200  # characters of a name
_DROPPED = re.compile(r"[\s\-‐‑‒–_.,/()]+")  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Words:
    """``rules/intake/plain.yaml``, indexed by :func:`loose` words."""

    sex: Mapping[str, str]
    diets: Mapping[str, tuple[str, ...]]
    settings: Mapping[str, str]
    setting_names: tuple[str, ...]
    routes: frozenset[str]
    route_names: tuple[str, ...]
    closes: tuple[str, ...]
    mendable: frozenset[str]


@dataclass(frozen=True, slots=True)
class Index:
    """Names of one part of a case: exactly written, loosely written, and as people read them."""

    exact: Mapping[str, tuple[str, ...]]
    loosely: Mapping[str, tuple[str, ...]]
    shown: tuple[str, ...]


@lru_cache(maxsize=1)
def words() -> Words:
    """``rules/intake/plain.yaml``, read once.

    Raises:
        ContentError: the file is missing or is not what its name says.
    """
    given = read_document(rules_root() / "intake" / "plain.yaml")
    known = [text for route in lists.load().routes for text in map(" ".join, route.texts)]
    return Words(
        sex={loose(name): sex for sex, names in given["sex"].items() for name in names},
        diets={
            loose(name): tuple(one["denies"]) for one in given["diets"] for name in one["names"]
        },
        settings={
            loose(name): one.get("states", "") for one in given["settings"] for name in one["names"]
        },
        setting_names=tuple(name for one in given["settings"] for name in one["names"]),
        routes=frozenset(map(loose, (*known, *given["routes"]))),
        route_names=(*known, *given["routes"]),
        closes=tuple(given["closes"]["symptoms"]),
        mendable=frozenset(given["mendable"]),
    )


def loose(text: str) -> str:
    """A text as it is compared when it is not known as written: without regard to case, blanks,
    hyphens, and the vowels British and American spelling differ in."""
    return _DROPPED.sub("", text.casefold()).replace("ae", "e").replace("oe", "e")


@lru_cache(maxsize=1)
def tests() -> Index:
    """The names of every test that can be read."""
    return _index(
        (one.id, (one.id.replace("_", " "), one.name, one.short, *one.names))
        for one in terminology.load().analytes.values()
        if one.codes
    )


@lru_cache(maxsize=16)
def concepts(kinds: tuple[ConceptKind, ...]) -> Index:
    """The names of every concept of some kinds."""
    return _index(
        (one.id, (one.id.replace("_", " "), one.name, *one.names))
        for one in terminology.load().concepts.values()
        if one.kind in kinds
    )


def _index(named: Iterable[tuple[str, tuple[str, ...]]]) -> Index:
    exact: dict[str, dict[str, None]] = {}
    loosely: dict[str, dict[str, None]] = {}
    shown: dict[str, str] = {}
    for name, texts in named:
        for text in (name, *texts):
            exact.setdefault(fold(text), {})[name] = None
            loosely.setdefault(loose(text), {})[name] = None
            if text != name or text in texts:  # an id alone is no name to offer
                shown.setdefault(fold(text), text)
    return Index(
        {text: tuple(ids) for text, ids in exact.items()},
        {text: tuple(ids) for text, ids in loosely.items()},
        tuple(shown.values()),
    )


def test(text: str) -> Codeable | None:
    """A test by our id, a name or a LOINC code; ``None`` when it is none we know.

    A code of ours that must not be read as a result is known: the reader refuses it.
    """
    if len(text) > _LONGEST:
        return None
    coding = _coding(text) or (
        (LOINC, text.strip()) if _LOINC.fullmatch(text.strip()) is not None else None
    )
    if coding is not None:
        found = meaning((coding,))
        known = found.analyte is not None or found.refusal is not None or found.panel
        return _codeable((coding,), text) if known else None
    ids = _found(tests(), text)
    return _codeable(((OUR_NAMES, ids[0]),), text) if len(ids) == 1 else None


def test_named(text: str) -> str | None:
    """Our id of the one test a whole text names: as it is known, or but for case, blanks, hyphens,
    commas and brackets (``Methylmalonic acid, serum``); never one that is merely like it."""
    ids = _found(tests(), text) if len(text) <= _LONGEST else ()
    return ids[0] if len(ids) == 1 else None


def concept(text: str, kinds: tuple[ConceptKind, ...]) -> Codeable | None:
    """A concept of some kinds by our id, a name, or a code with its system.

    Of a medicine a name inside a longer text is enough (``metformin 500 mg tablets``).
    """
    if len(text) > _LONGEST:
        return None
    coding = _coding(text)
    if coding is not None:
        found = meaning((coding,))
        known = any(one.concept.kind in kinds and not one.question for one in found.stated)
        return _codeable((coding,), text) if known else None
    terms = terminology.load()
    ids = _found(concepts(kinds), text)
    if ids:
        narrow = terms.narrowest(terms.concepts[one] for one in ids)
        return _codeable(((OUR_NAMES, one.id) for one in narrow), text)
    if "medicine" in kinds and terms.concepts_for_text(text, "medicine"):
        return {"text": text}
    return None


def is_name(text: str, kinds: tuple[ConceptKind, ...]) -> bool:
    """Whether a text is, whole, a name of a concept of some kinds."""
    return len(text) <= _LONGEST and bool(_found(concepts(kinds), text))


def ours(name: str, text: str) -> Codeable:
    """A concept or analyte by our id, with the words that were used for it."""
    return _codeable(((OUR_NAMES, name),), text)


def concepts_of(codeable: Codeable) -> tuple[Concept, ...]:
    """The concepts a CodeableConcept of this module names."""
    codings = codeable.get("coding", ())
    pairs = tuple((one["system"], one["code"]) for one in codings)
    return tuple(one.concept for one in meaning(pairs).stated)


def _found(index: Index, text: str) -> tuple[str, ...]:
    """Ids a text names; as loosely written only when it then names one thing."""
    exact = index.exact.get(fold(text))
    if exact is not None:
        return exact
    found = index.loosely.get(loose(text), ())
    terms = terminology.load()
    if len(found) > 1 and all(one in terms.concepts for one in found):
        found = tuple(one.id for one in terms.narrowest(terms.concepts[one] for one in found))
    return found if len(found) == 1 else ()


def _coding(text: str) -> tuple[str, str] | None:
    """System and code of ``snomed:91019004`` or ``http://snomed.info/sct|91019004``."""
    short = _CODED.fullmatch(text.strip())
    if short is not None and short["system"] in SHORT:
        return SHORT[short["system"]], short["code"]
    token = _TOKEN.fullmatch(text.strip())
    return None if token is None else (token["system"], token["code"])


def _codeable(codings: Iterable[tuple[str, str]], text: str) -> Codeable:
    return {"coding": [{"system": one, "code": code} for one, code in codings], "text": text}
