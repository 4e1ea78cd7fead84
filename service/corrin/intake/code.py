"""All codings of one CodeableConcept → what they name of ours, decided once per distinct set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from corrin import terminology
from corrin.intake import lists
from corrin.intake.text import printable
from corrin.terminology import Analyte, Concept, LoincCode
from corrin.terminology.systems import LOINC, canonical_system
from corrin.terminology.table import stands_in, words

Codings = tuple[tuple[str | None, str | None], ...]
NO_CODINGS: Codings = ()
OUR_NAMES = "urn:corrin:name"
"""The system of our own ids, for who has them already: analytes that can be read, and concepts."""
_LONGEST = 256  # characters of a code or system
_MOST = 64  # codings of one concept


@dataclass(frozen=True, slots=True)
class StatedCode:
    """A concept some coding names, whether the code denies it, only asks or says it was so once,
    and flags."""

    concept: Concept
    denies: bool
    question: bool
    flags: tuple[str, ...]
    past: bool = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a set of codings names.

    ``refusal`` is set when it names something of ours that cannot be taken: ``code-conflict``,
    ``code-rejected`` or ``panel-value`` (``detail`` says more).
    """

    analyte: Analyte | None = None
    loinc: LoincCode | None = None
    stated: tuple[StatedCode, ...] = ()
    refusal: str | None = None
    detail: str = ""
    question: bool = False
    answer: bool | None = None
    knows_system: bool = False
    panel: bool = False

    @property
    def name(self) -> str | None:
        """The one analyte or concept named, if it is one (with what follows from it)."""
        return self.analyte.id if self.analyte is not None else single(self.stated)

    @property
    def ours(self) -> bool:
        """Whether any coding is something we read."""
        return self.analyte is not None or bool(self.stated) or self.refusal is not None


NOTHING = Meaning()


def single(stated: Iterable[StatedCode]) -> str | None:
    """The one concept named; one that another lies within is not counted."""
    found = each_of(stated)
    return found[0] if len(found) == 1 else None


def each_of(stated: Iterable[StatedCode]) -> tuple[str, ...]:
    """Every concept named; one that another lies within is not counted."""
    found = terminology.load().narrowest(one.concept for one in stated)
    return tuple(dict.fromkeys(one.id for one in found))


def codings_of(concept: object) -> Codings | None:
    """``(system, code)`` of every coding; ``None`` when the element is not a CodeableConcept."""
    if type(concept) is not dict:
        return None
    codings = concept.get("coding")
    if codings is None:
        return NO_CODINGS
    if type(codings) is not list:
        return None
    found: list[tuple[str | None, str | None]] = []
    for coding in codings:
        if type(coding) is not dict:
            return None
        system, code = coding.get("system"), coding.get("code")
        if (system is not None and type(system) is not str) or (
            code is not None and type(code) is not str
        ):
            return None
        if len(system or "") > _LONGEST or len(code or "") > _LONGEST:
            continue  # no code of any system is this long
        found.append((system, code))
    return tuple(found[:_MOST])


def text_of(concept: Any) -> str | None:
    """``CodeableConcept.text`` when it is a text."""
    text = concept.get("text") if isinstance(concept, dict) else None
    return text if isinstance(text, str) and text.strip() else None


@lru_cache(maxsize=8192)
def meaning(codings: Codings) -> Meaning:
    """What these codings name; asked once per distinct set."""
    terms, given = terminology.load(), lists.load()
    named: dict[str, tuple[Analyte, LoincCode]] = {}
    stated: dict[str, StatedCode] = {}
    rejected = ""
    panel = knows = question = False
    answers: set[bool] = set()
    for system, code in codings:
        if not code:
            continue
        if system == OUR_NAMES:
            knows = True
            analyte = terms.analytes.get(code)
            if analyte is not None and analyte.codes:
                named.setdefault(analyte.id, (analyte, _uncoded(analyte)))
            if code in terms.concepts:
                stated.setdefault(code, StatedCode(terms.concepts[code], False, False, ()))
            continue
        code = code.strip()
        known = canonical_system(system)
        knows = knows or known is not None
        key = (known or system or "", code)
        question = question or key in given.questions
        if key in given.answer_codes:
            answers.add(given.answer_codes[key])
        if known == LOINC:
            analyte, loinc = terms.analyte_for_loinc(code), terms.loinc(code)
            if analyte is not None and loinc is not None:
                named.setdefault(analyte.id, (analyte, loinc))
            else:
                rejected = rejected or terms.rejected_loinc(code) or ""
                panel = panel or terms.is_panel(code)
        elif known is not None:
            if terms.rejected_code(known, code) is not None:
                rejected = rejected or terms.rejected_code(known, code) or ""
        elif system is None and terms.analyte_for_loinc(code) is not None:
            rejected = rejected or "the code has no system"
        for concept, entry in terms.coded(system, code):
            stated.setdefault(concept.id, StatedCode(concept, entry.denies, False, entry.flags))
        asked = given.asked.get(key)
        if asked is not None:
            stated[asked] = StatedCode(terms.concepts[asked], False, True, ())
        said = given.asked_answers.get(key)
        if said is not None:
            concept = terms.concepts[said.concept]
            stated[concept.id] = StatedCode(concept, not said.truth, False, (), said.past)
    analyte, loinc = next(iter(named.values())) if len(named) == 1 else (None, None)
    refusal, detail = None, ""
    if len(named) > 1:
        refusal, detail = "code-conflict", ", ".join(sorted(named))
    elif rejected:
        refusal, detail = ("code-conflict" if named else "code-rejected"), rejected
        analyte = loinc = None
    return Meaning(
        analyte=analyte,
        loinc=loinc,
        stated=tuple(stated[name] for name in sorted(stated)),
        refusal=refusal,
        detail=detail,
        question=question,
        answer=next(iter(answers)) if len(answers) == 1 else None,
        knows_system=knows,
        panel=panel,
    )


def _uncoded(analyte: Analyte) -> LoincCode:
    """What is known of an analyte that was named and not coded: the body fluid at most."""
    specimens = {one.specimen for one in analyte.codes}
    return LoincCode("", "", specimens.pop() if len(specimens) == 1 else "", "V:")


def answer_of_text(text: str | None) -> bool | None:
    """Whether a whole text says yes (positive, present) or no; ``None`` for anything else."""
    return None if text is None else lists.load().answer_texts.get(lists.fold(text))


def identifiers_of(found: object) -> list[str]:
    """``system|value`` of each Identifier of a list (or of one); what is no text is passed over."""
    keys = []
    for one in found if isinstance(found, list) else (found,):
        if isinstance(one, dict):
            system, value = one.get("system"), one.get("value")
            if isinstance(value, str) and value:
                keys.append(f"{system if isinstance(system, str) else ''}|{value}")
    return keys


def texts_of(concept: object) -> list[str]:
    """The text and the displays of a CodeableConcept, as far as they are texts, cut short."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    found = [text_of(concept)]
    codings = codings if isinstance(codings, list) else []
    found += [one.get("display") for one in codings if isinstance(one, dict)]
    return [text[:_LONGEST] for text in found if isinstance(text, str)]


def of_family(concept: object) -> bool:
    """Whether the text or a display of a CodeableConcept speaks of the family's history."""
    spoken = [words(text) for text in texts_of(concept)]
    marks = lists.load().family_marks
    return any(stands_in(mark, text) for mark in marks for text in spoken)


def label(concept: object) -> str:
    """A CodeableConcept as people would read it."""
    text = text_of(concept)
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if text is None and isinstance(codings, list) else ():
        if isinstance(coding, dict):
            text = text or coding.get("display") or coding.get("code")
    return printable(text) if isinstance(text, str) else ""
