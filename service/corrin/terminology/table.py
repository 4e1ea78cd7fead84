"""The terminology as a whole: every look-up from a code or a text to what it means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from corrin.terminology.analyte import Analyte, LoincCode
from corrin.terminology.concept import Code, Concept, ConceptKind
from corrin.terminology.reason import Reason
from corrin.terminology.systems import ICD10, ICD10CM, canonical_system, written

_WORD = re.compile(r"[^\W_]+")

Coded = tuple[Concept, Code]
T = TypeVar("T")


def fold(text: str) -> str:
    """A text as names are compared: case and runs of blanks do not matter."""
    return " ".join(text.split()).casefold()


def words(text: str) -> tuple[str, ...]:
    """The words and numbers of a text, folded (``B-12`` is two)."""
    return tuple(_WORD.findall(text.casefold()))


@dataclass(frozen=True, slots=True)
class Rejected:
    """A code that must not be read as something of ours, what it really is, and why not."""

    system: str
    code: str
    what: str
    checked: str
    why: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A LOINC code of a panel: its members are read, a value on it is not."""

    code: str
    name: str
    checked: str


@dataclass(frozen=True, slots=True)
class Terminology:
    """Everything of ``rules/terminology`` with the indexes to find it.

    ``analytes``, ``concepts``, ``reasons`` and ``panels`` map our ids (or codes) to the entries,
    in file order. Make one with :func:`corrin.terminology.load`.
    """

    analytes: Mapping[str, Analyte]
    concepts: Mapping[str, Concept]
    reasons: Mapping[str, Reason]
    panels: Mapping[str, Panel]
    rejected: tuple[Rejected, ...]
    rejected_names: tuple[str, ...]
    who_icd10: Mapping[str, tuple[Coded, ...]]
    misprints: Mapping[str, str]
    _loinc: dict[str, tuple[Analyte, LoincCode]] = field(init=False, repr=False)
    _names: dict[str, Analyte] = field(init=False, repr=False)
    _coded: dict[tuple[str, str], tuple[Coded, ...]] = field(init=False, repr=False)
    _prefixes: dict[tuple[str, str], tuple[Coded, ...]] = field(init=False, repr=False)
    _refused: dict[tuple[str, str], Rejected] = field(init=False, repr=False)
    _refused_prefixes: dict[tuple[str, str], Rejected] = field(init=False, repr=False)
    _concept_names: dict[str, tuple[Concept, ...]] = field(init=False, repr=False)
    _wider: dict[str, tuple[Concept, ...]] = field(init=False, repr=False)
    _phrases: dict[str, tuple[tuple[tuple[str, ...], Concept], ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        every = self.analytes.values()
        put("_loinc", {code.code: (found, code) for found in every for code in found.codes})
        put("_names", {fold(text): found for found in every for text in _texts_of(found)})
        coded: dict[tuple[str, str], tuple[Coded, ...]] = {}
        prefixes: dict[tuple[str, str], tuple[Coded, ...]] = {}
        phrases: dict[str, list[tuple[tuple[str, ...], Concept]]] = {}
        for concept in self.concepts.values():
            for code in concept.codes:
                index = prefixes if code.prefix else coded
                key = (code.system, written(code.system, code.code))
                index[key] = (*index.get(key, ()), (concept, code))
            for text in concept.names:
                phrases.setdefault(concept.kind, []).append((words(text), concept))
        put("_coded", coded)
        put("_prefixes", prefixes)
        put("_phrases", {kind: tuple(found) for kind, found in phrases.items()})
        named: dict[str, tuple[Concept, ...]] = {}
        for concept in self.concepts.values():
            for text in dict.fromkeys(map(fold, (concept.id, concept.name, *concept.names))):
                named[text] = (*named.get(text, ()), concept)
        put("_concept_names", named)
        put("_wider", {id: self._all_wider(id) for id in self.concepts})
        exact = [one for one in self.rejected if not one.prefix]
        wide = [one for one in self.rejected if one.prefix]
        put("_refused", {(r.system, written(r.system, r.code)): r for r in exact})
        put("_refused_prefixes", {(r.system, written(r.system, r.code)): r for r in wide})

    def _all_wider(self, id: str) -> tuple[Concept, ...]:
        """The concepts a concept lies within, their own included, nearest first."""
        found: dict[str, Concept] = {}
        waiting = [*self.concepts[id].within]
        while waiting:
            name = waiting.pop(0)
            if name not in found and name != id:
                found[name] = self.concepts[name]
                waiting += self.concepts[name].within
        return tuple(found.values())

    def wider(self, id: str) -> tuple[Concept, ...]:
        """Every concept that holds wherever the concept of this id does; nearest first."""
        return self._wider.get(id, ())

    def narrowest(self, concepts: Iterable[Concept]) -> tuple[Concept, ...]:
        """Some concepts without those that hold because another of them does."""
        given = tuple(concepts)
        implied = {wide.id for one in given for wide in self.wider(one.id)}
        return tuple(one for one in given if one.id not in implied)

    def analyte_for_loinc(self, code: str) -> Analyte | None:
        """The analyte a LOINC code names; ``None`` for any other code, rejected ones included."""
        found = self._loinc.get(code)
        return None if found is None else found[0]

    def loinc(self, code: str) -> LoincCode | None:
        """What we know of a LOINC code that names an analyte."""
        found = self._loinc.get(code)
        return None if found is None else found[1]

    def rejected_loinc(self, code: str) -> str | None:
        """Why a LOINC code must not be read as one of our analytes; ``None`` when it may, or is
        simply not ours."""
        return self.rejected_code("http://loinc.org", code) or self.misprints.get(code)

    def rejected_code(self, system: str | None, code: str) -> str | None:
        """Why a code must not be read as one of our concepts or analytes."""
        known = canonical_system(system)
        if known is None:
            return None
        text = written(known, code)
        if known == ICD10:  # the WHO codes of these families mean the same
            known = ICD10CM
        found = self._refused.get((known, text)) or _longest(self._refused_prefixes, known, text)
        return None if found is None else found.why

    def is_panel(self, code: str) -> bool:
        """Whether a LOINC code is a panel, whose own value is never read."""
        return code in self.panels

    def coded(self, system: str | None, code: str) -> tuple[Coded, ...]:
        """Every concept a code states, each with the entry that says so.

        Codes on the rejected list state nothing. WHO ICD-10 codes are compared by their first
        four, then three characters, against those with the same meaning in ICD-10-CM.
        """
        known = canonical_system(system)
        if known is None or not code or self.rejected_code(known, code) is not None:
            return ()
        text = written(known, code)
        if known == ICD10:
            for length in (4, 3):
                found = self.who_icd10.get(text[:length])
                if found:
                    return found
            return tuple(_longest(self._prefixes, ICD10CM, text) or ())
        exact = self._coded.get((known, text), ())
        family = _longest(self._prefixes, known, text) or ()
        stated = {concept.id for concept, _ in exact}
        return (*exact, *(one for one in family if one[0].id not in stated))

    def concepts_for(self, system: str | None, code: str) -> tuple[Concept, ...]:
        """Every concept a code states **or denies**; see :meth:`coded` for which."""
        return tuple(concept for concept, _ in self.coded(system, code))

    def concepts_named(self, text: str) -> Sequence[Concept]:
        """The concepts a text names exactly (case and blanks aside); less sure than a code.

        More than one only where a concept shares a name with one it lies within.
        """
        return self._concept_names.get(fold(text), ())

    def concepts_for_text(self, text: str, kind: ConceptKind = "medicine") -> tuple[Concept, ...]:
        """Concepts of one kind whose name stands in a text as whole words.

        Meant for medicines, where a text holds ingredient, strength and form. A text that names
        a rejected product (a cyanide antidote) gives none. A name that stands only inside a longer
        one is part of it: "multivitamin with B12" does not name B12 on its own.
        """
        spoken = words(text)
        if any(stands_in(words(name), spoken) for name in self.rejected_names):
            return ()
        heard = frozenset(spoken)
        named = [
            (place, concept)
            for phrase, concept in self._phrases.get(kind, ())
            if heard.issuperset(phrase)
            for place in places_in(phrase, spoken)
        ]
        found: dict[str, Concept] = {}
        for place, concept in named:
            if not any(
                _inside(place, other) and concept not in self.wider(longer.id)
                for other, longer in named
            ):
                found.setdefault(concept.id, concept)
        return tuple(found.values())

    def find_analyte(self, name: str) -> Analyte | None:
        """An analyte by our id, a LOINC code or a common name."""
        return (
            self.analytes.get(name) or self.analyte_for_loinc(name) or self._names.get(fold(name))
        )

    def nearest(self, name: str, limit: int = 3) -> list[str]:
        """Analyte names and ids most like a misspelt one, best first."""
        from difflib import get_close_matches

        close = get_close_matches(fold(name), self._names, n=limit * 3, cutoff=0.7)
        return list(dict.fromkeys(self._names[text].id for text in close))[:limit]


def _texts_of(analyte: Analyte) -> Iterable[str]:
    return (analyte.id, analyte.id.replace("_", " "), analyte.name, analyte.short, *analyte.names)


def _longest(index: Mapping[tuple[str, str], T], system: str, text: str) -> T | None:
    """The entry of the longest prefix of ``text``."""
    for length in range(len(text), 0, -1):
        found = index.get((system, text[:length]))
        if found is not None:
            return found
    return None


def stands_in(phrase: tuple[str, ...], spoken: tuple[str, ...]) -> bool:
    """Whether the words of a phrase stand in a text one after another."""
    return bool(places_in(phrase, spoken))


def places_in(phrase: tuple[str, ...], spoken: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where the words of a phrase stand in a text one after another: first word, one past last."""
    size = len(phrase)
    starts = range(len(spoken) - size + 1)
    return [(at, at + size) for at in starts if spoken[at : at + size] == phrase]


def _inside(place: tuple[int, int], other: tuple[int, int]) -> bool:
    return place != other and other[0] <= place[0] and place[1] <= other[1]
