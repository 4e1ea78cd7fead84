"""Present/absent tests, symptoms and other statements that Observations make."""

from __future__ import annotations

from corrin.facts.fact import Stated
from corrin.intake import value
from corrin.intake.code import (
    NO_CODINGS,
    Meaning,
    answer_of_text,
    codings_of,
    each_of,
    label,
    meaning,
    of_family,
    text_of,
)
from corrin.intake.frame import Frame, signs_of
from corrin.intake.harvest import Harvest
from corrin.intake.item import Resource
from corrin.intake.text import printable
from corrin.terminology import Analyte, LoincCode


def stated(
    name: str,
    truth: bool,
    reported: str,
    frame: Frame,
    element: str,
    flags: tuple[str, ...],
    past: bool = False,
) -> Stated:
    """A statement made by an Observation, as of its time; ``past``: it was so once."""
    return Stated(
        name=name,
        value=truth,
        since=frame.when,
        until=None,
        history=past,
        origin=frame.item.origin,
        path=frame.item.path + element,
        reported=reported,
        status=frame.status,
        flags=tuple(dict.fromkeys((*frame.status_flags, *frame.date_flags, *flags))),
    )


def _answer(node: Resource) -> tuple[bool | None, str, str | None]:
    """What a value says of a yes-or-no question: answer, as reported, or the reason it is none."""
    names = value.given(node)
    if node.get("dataAbsentReason") is not None:
        return None, "", "malformed" if names else "no-value"
    if len(names) > 1:
        return None, "", "malformed"
    if not names:
        return None, "", "no-value"
    found = node[names[0]]
    if names[0] == "valueBoolean":
        return (found, str(found).lower(), None) if type(found) is bool else (None, "", "malformed")
    if names[0] == "valueString":
        if type(found) is not str:
            return None, "", "malformed"
        return answer_of_text(found), printable(found), None
    if names[0] == "valueCodeableConcept":
        codings = codings_of(found)
        if codings is None:
            return None, "", "malformed"
        said = meaning(codings).answer
        text = text_of(found)
        return (said if said is not None else answer_of_text(text)), label(found), None
    if names[0] == "valueQuantity" and isinstance(found, dict):
        number = found.get("value")
        if number is None or isinstance(number, (bool, str, dict, list)):
            return None, "", "malformed" if number is not None else "no-value"
        unit = found.get("unit") or found.get("code")
        sign = found.get("comparator")
        written = f"{sign if isinstance(sign, str) else ''}{value.shown(number)}"
        return None, f"{written} {unit}" if isinstance(unit, str) else written, None
    return None, "", None


def read_test(
    node: Resource,
    analyte: Analyte,
    loinc: LoincCode,
    signs: tuple[str, ...],
    frame: Frame,
    element: str,
    harvest: Harvest,
) -> None:
    said, reported, fault = _answer(node)
    by_sign = value.answer_of_interpretation(signs)
    if fault is None or fault == "no-value":
        if said is None:
            said = by_sign
            fault = None if said is not None else (fault or "qualitative-unclear")
        elif by_sign is not None and by_sign is not said:
            fault = "qualitative-unclear"
    if fault is None:
        fault = frame.status_fault or frame.date_fault
    if fault is not None or said is None:
        harvest.refuse(
            fault or "qualitative-unclear",
            frame.item,
            f"{element}.value",
            name=analyte.id,
            when=frame.when,
            reported=reported,
            status=frame.status,
        )
        return
    harvest.state(stated(analyte.id, said, reported, frame, element, loinc.flags))


def read_statement(
    node: Resource, own: Meaning, frame: Frame, element: str, harvest: Harvest
) -> None:
    """A symptom, condition or diet: named by the code and answered, or named by the answer."""
    coded = node.get("valueCodeableConcept")
    answers = meaning(codings_of(coded) or NO_CODINGS) if coded is not None else None
    names = each_of(own.stated)
    if frame.status_fault is not None:
        harvest.refuse(frame.status_fault, frame.item, ".status", name=names, when=frame.when)
        return
    if own.stated and of_family(node.get("code")):
        harvest.refuse(
            "statement-unclear", frame.item, f"{element}.code", name=names, when=frame.when
        )
        return
    if not own.stated:
        _by_value(node, own, answers, frame, element, harvest)
        return
    said, reported, fault = _answer(node)
    for one in own.stated:
        if one.concept.kind == "medicine":
            continue
        truth, past = said, one.past
        named = (
            [found for found in answers.stated if found.concept == one.concept] if answers else []
        )
        if named:
            truth, past = not named[0].denies, named[0].past
        elif truth is not None and one.denies:
            truth = not truth
        if truth is None and fault is None:
            signs = signs_of(node, frame, element, harvest)
            truth = value.answer_of_interpretation(signs)
        if truth is None:
            harvest.refuse(
                fault or "statement-unclear",
                frame.item,
                f"{element}.value",
                name=one.concept.id,
                when=frame.when,
                reported=reported,
                status=frame.status,
            )
            continue
        flags = (*one.flags, *(named[0].flags if named else ()))
        harvest.state(
            stated(one.concept.id, truth, reported, frame, element, flags, past and truth)
        )


def _by_value(
    node: Resource,
    own: Meaning,
    answers: Meaning | None,
    frame: Frame,
    element: str,
    harvest: Harvest,
) -> None:
    for one in answers.stated if answers is not None else ():
        if one.concept.kind == "medicine" or one.question:
            continue
        reported = label(node["valueCodeableConcept"])
        clear = own.question and node.get("dataAbsentReason") is None
        if clear and not of_family(node["valueCodeableConcept"]):
            harvest.state(
                stated(
                    one.concept.id, not one.denies, reported, frame, element, one.flags, one.past
                )
            )
        else:
            harvest.refuse(
                "statement-unclear",
                frame.item,
                f"{element}.code",
                name=one.concept.id,
                when=frame.when,
                reported=reported,
                status=frame.status,
            )
