"""Observations and their components → results and statements."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from corrin import terminology
from corrin.facts.fact import Measured, Stated
from corrin.facts.moment import Moment
from corrin.intake import dates, lists, reference_range, value
from corrin.intake.code import (
    NO_CODINGS,
    NOTHING,
    Codings,
    Meaning,
    StatedCode,
    answer_of_text,
    codings_of,
    meaning,
    text_of,
)
from corrin.intake.harvest import Harvest
from corrin.intake.subject import about_patient
from corrin.intake.walk import Item, Resource
from corrin.terminology import Analyte, LoincCode

_FLAGGED = {
    "final": (),
    "amended": ("amended",),
    "corrected": ("corrected",),
    "preliminary": ("preliminary",),
}
_UNUSABLE = frozenset({"registered", "unknown"})
_NEVER = {"cancelled": "cancelled", "entered-in-error": "entered-in-error"}
_UNKNOWN = "unknown"
_LONGEST_NAME = 200  # characters of a text that can name a concept
_MOST_PARTS = 1000  # components of one Observation


class Frame(NamedTuple):
    """What an Observation says for itself and for all of its components."""

    item: Item
    status: str
    status_flags: tuple[str, ...]
    status_fault: str | None
    when: Moment | None
    date_flags: tuple[str, ...]
    date_fault: str | None
    issued: Moment | None
    identifiers: tuple[str, ...]
    specimen: str | None
    fluid: str | None
    haemolysed: bool


def read(item: Item, harvest: Harvest) -> None:
    """Read one Observation; what is not ours is passed over without a word."""
    resource = item.resource
    codings = codings_of(resource.get("code"))
    if codings is None:
        harvest.refuse("malformed", item, ".code")
        return
    own = _meaning_of(codings, resource)
    components = resource.get("component")
    parts: list[tuple[int, Resource, Meaning]] = []
    if components is not None:
        if type(components) is not list or len(components) > _MOST_PARTS:
            harvest.refuse("malformed", item, ".component")
        else:
            parts = _components(components, item, harvest)
    if not own.ours and not own.panel and not parts and not _value_is_ours(resource, own):
        return
    if own.panel and not parts and not value.given(resource):
        return
    frame = _frame(item, own, harvest)
    if frame is None:
        return
    _read_node(resource, own, frame, "", harvest)
    for at, component, known in parts:
        _read_node(component, known, frame, f".component[{at}]", harvest)


def _meaning_of(codings: Codings, node: Resource) -> Meaning:
    if codings:
        return meaning(codings)
    text = text_of(node.get("code"))
    return NOTHING if text is None or len(text) > _LONGEST_NAME else _by_text(text)


@lru_cache(maxsize=2048)
def _by_text(text: str) -> Meaning:
    """A code that is only a text: context concepts by their exact name, analytes never."""
    concept = terminology.load().concept_for_text(text)
    if concept is None or concept.kind == "medicine":
        return NOTHING
    return Meaning(stated=(StatedCode(concept, False, False, ("text-match",)),))


def _components(
    components: list[Any], item: Item, harvest: Harvest
) -> list[tuple[int, Resource, Meaning]]:
    parts = []
    for at, component in enumerate(components):
        codings = codings_of(component.get("code")) if type(component) is dict else None
        if codings is None:
            harvest.refuse("malformed", item, f".component[{at}]")
            continue
        known = _meaning_of(codings, component)
        if known.ours or _value_is_ours(component, known):
            parts.append((at, component, known))
    return parts


def _value_is_ours(node: Resource, own: Meaning) -> bool:
    """Whether the coded value names a context concept of ours."""
    coded = node.get("valueCodeableConcept")
    if coded is None:
        return False
    codings = codings_of(coded)
    if not codings:
        return False
    stated = meaning(codings).stated
    return any(one.concept.kind != "medicine" for one in stated)


def _name(own: Meaning) -> str | None:
    if own.analyte is not None:
        return own.analyte.id
    return own.stated[0].concept.id if len(own.stated) == 1 else None


def _frame(item: Item, own: Meaning, harvest: Harvest) -> Frame | None:
    """Everything that decides whether any value of this Observation may be used."""
    resource, zone = item.resource, harvest.zone
    name = _name(own)
    when, date_flags, date_fault = dates.effective(resource, zone)
    status = resource.get("status")
    why = (
        about_patient(item) if "subject" in resource or "focus" in resource or item.parent else None
    )
    if why is not None:
        harvest.refuse(
            why, item, ".focus" if resource.get("focus") else ".subject", name=name, when=when
        )
        return None
    haemolysed = False
    if "modifierExtension" in resource or "implicitRules" in resource:
        haemolysed = _modifiers_say_haemolysed(resource.get("modifierExtension"))
        barring = "implicitRules" if haemolysed else "modifierExtension"
        for element in (barring, "implicitRules"):
            if resource.get(element) is not None:
                harvest.refuse("modifier-extension", item, f".{element}", name=name, when=when)
                return None
    if status is not None and type(status) is not str:
        harvest.refuse("malformed", item, ".status", name=name, when=when)
        return None
    above = item.parent.resource.get("status") if item.parent is not None else None
    fault = None
    flags = _FLAGGED.get(status or "")
    if flags is None or above is not None:
        for said in (status, above):  # what is contained shares the fate of what contains it
            if type(said) is str and said in _NEVER:
                harvest.refuse(_NEVER[said], item, ".status", name=name, when=when, status=said)
                return None
    if flags is None:
        fault = "status-unusable" if status in _UNUSABLE else "status-unknown-code"
        flags = () if status in _UNUSABLE else ("status-as-unknown",)
        status = status if status in _UNUSABLE else _UNKNOWN
    assert status is not None
    issued = resource.get("issued")
    specimen, fluid = None, None
    if "specimen" in resource:
        specimen, fluid, broken = _specimen(resource, item, harvest)
        haemolysed = haemolysed or broken
    if "note" in resource or "comment" in resource:
        haemolysed = haemolysed or _comment_says_haemolysed(resource)
    return Frame(
        item,
        status,
        flags,
        fault,
        when,
        date_flags,
        date_fault,
        dates.parse_moment(issued, zone) if issued is not None else None,
        _identifiers(resource["identifier"]) if "identifier" in resource else (),
        specimen,
        fluid,
        haemolysed,
    )


def _identifiers(found: object) -> tuple[str, ...]:
    if found is None:
        return ()
    keys = []
    for one in found if isinstance(found, list) else (found,):
        if isinstance(one, dict):
            system, text = one.get("system"), one.get("value")
            if isinstance(text, str) and text:
                keys.append(f"{system if isinstance(system, str) else ''}|{text}")
    return tuple(sorted(keys))


def _specimen(
    resource: Resource, item: Item, harvest: Harvest
) -> tuple[str | None, str | None, bool]:
    """The specimen as stated, the fluid it is, and whether it was haemolysed."""
    reference = resource.get("specimen")
    if reference is None:
        return None, None, False
    if type(reference) is not dict:
        harvest.refuse("malformed", item, ".specimen")
        return None, None, False
    words = lists.load()
    target = reference.get("reference")
    found = harvest.library.resolve(target, item) if isinstance(target, str) else None
    display = reference.get("display")
    display = display if isinstance(display, str) and display.strip() else None
    if found is None or found.get("resourceType") != "Specimen":
        fluid = words.fluid_texts.get(lists.fold(display)) if display else None
        return value.printable(display) if display else None, fluid, False
    kind = found.get("type")
    text = text_of(kind)
    fluid = words.fluid_texts.get(lists.fold(text)) if text else None
    for system, code in codings_of(kind) or ():
        fluid = words.fluid_codes.get((lists.system_of(system), code or ""), fluid)
        text = text or code
    shown = value.printable(text or display or "")
    return shown or None, fluid, _condition_says_haemolysed(found)


def _modifiers_say_haemolysed(extensions: object) -> bool:
    """Whether there are modifier extensions and all only say that the sample haemolysed."""
    words = lists.load()
    if not isinstance(extensions, list) or not extensions:
        return False
    for one in extensions:
        url = one.get("url") if isinstance(one, dict) else None
        if not isinstance(url, str) or url not in words.haemolysed_modifiers:
            return False
        codings = codings_of({"coding": [one.get("valueCoding")]}) or ()
        if not any((lists.system_of(s), c or "") in words.haemolysed_codes for s, c in codings):
            return False
    return True


def _condition_says_haemolysed(specimen: Resource) -> bool:
    words = lists.load()
    conditions = specimen.get("condition")
    for one in conditions if isinstance(conditions, list) else ():
        codings = codings_of(one) or ()
        if any((lists.system_of(s), c or "") in words.haemolysed_codes for s, c in codings):
            return True
        text = text_of(one)
        if text is not None and lists.fold(text) in words.haemolysed_texts:
            return True
    return False


def _comment_says_haemolysed(resource: Resource) -> bool:
    notes = resource.get("note", resource.get("comment"))
    if notes is None:
        return False
    known = lists.load().haemolysed_texts
    for note in notes if isinstance(notes, list) else (notes,):
        text = note.get("text") if isinstance(note, dict) else note
        if isinstance(text, str) and lists.fold(text).rstrip(".!") in known:
            return True
    return False


def _read_node(node: Resource, own: Meaning, frame: Frame, element: str, harvest: Harvest) -> None:
    item = frame.item
    if element and node.get("modifierExtension") is not None:
        harvest.refuse("modifier-extension", item, f"{element}.modifierExtension", name=_name(own))
        return
    if own.refusal is not None:
        harvest.refuse(
            own.refusal,
            item,
            f"{element}.code",
            detail=own.detail,
            when=frame.when,
            status=frame.status,
        )
        return
    if own.panel:
        if value.given(node):
            harvest.refuse(
                "panel-value", item, f"{element}.value", when=frame.when, status=frame.status
            )
        return
    if own.analyte is not None and own.loinc is not None:
        _result(node, own.analyte, own.loinc, frame, element, harvest)
        return
    _statement(node, own, frame, element, harvest)


def _result(
    node: Resource, analyte: Analyte, loinc: LoincCode, frame: Frame, element: str, harvest: Harvest
) -> None:
    item = frame.item
    signs = _interpretation(node, frame, element, harvest)
    if frame.fluid is not None and frame.fluid != _fluid_of(loinc.specimen):
        harvest.refuse(
            "wrong-specimen",
            item,
            ".specimen",
            name=analyte.id,
            detail=frame.fluid,
            when=frame.when,
            status=frame.status,
        )
        return
    if analyte.kind == "qualitative":
        _qualitative(node, analyte, loinc, signs, frame, element, harvest)
        return
    beyond = _beyond(signs) if signs else None
    found = value.read(node, analyte, beyond)
    if isinstance(found, value.Fault):
        harvest.refuse(
            found.reason,
            item,
            element + found.element,
            name=analyte.id,
            detail=found.detail,
            when=frame.when,
            reported=found.reported,
            status=frame.status,
        )
        return
    flags = [*frame.status_flags, *found.flags, *frame.date_flags, *loinc.flags]
    if loinc.promised and found.dimension not in loinc.promised:
        flags.append("code-unit-mismatch")
    interval, text = None, None
    ranges = node.get("referenceRange")
    if ranges is not None:
        interval, text, unread = reference_range.read(
            ranges, analyte, found.unit, node.get("valueQuantity")
        )
        flags += unread
    if frame.haemolysed:
        flags.append("haemolysed")
    doubt = found.doubt
    if doubt is not None:
        flags.append("implausible")
    harvest.results.append(
        Measured(
            analyte=analyte.id,
            interval=found.interval,
            unit=found.unit,
            reported=found.reported,
            when=frame.when,
            origin=item.origin,
            path=item.path + element,
            status=frame.status,
            specimen=frame.specimen or loinc.specimen or None,
            reference_range=interval,
            reference_text=text,
            interpretation=signs,
            flags=tuple(dict.fromkeys(flags)) if flags else (),
            issued=frame.issued,
            identifiers=frame.identifiers,
        )
    )
    why = doubt or frame.status_fault or frame.date_fault
    if why is None:
        harvest.taken += 1
        concept = lists.load().stated_by_result.get(analyte.id)
        if concept is not None:
            harvest.state(_stated(concept, True, found.reported, frame, element, ()))
        return
    at = element + ".value" if doubt else (".status" if frame.status_fault else ".effective")
    harvest.refuse(
        why,
        item,
        at,
        name=analyte.id,
        when=frame.when,
        reported=found.reported,
        status=frame.status,
    )


def _beyond(signs: tuple[str, ...]) -> str | None:
    """The comparator meant by an interpretation that says: off the instrument's scale."""
    scales = lists.load().off_scale
    return next((scales[sign] for sign in signs if sign in scales), None)


@lru_cache(maxsize=256)
def _fluid_of(specimen: str) -> str:
    for start, fluid in lists.load().loinc_fluids.items():
        if specimen.startswith(start):
            return fluid
    return "blood"


def _interpretation(
    node: Resource, frame: Frame, element: str, harvest: Harvest
) -> tuple[str, ...]:
    """Interpretation codes (STU3 has one CodeableConcept, R4 a list of them)."""
    found = node.get("interpretation")
    if found is None:
        return ()
    codes: dict[str, None] = {}
    for one in found if type(found) is list else (found,):
        codings = codings_of(one)
        if codings is None:
            harvest.refuse("malformed", frame.item, f"{element}.interpretation")
            return ()
        for _, code in codings:
            if code:
                codes[value.printable(code)] = None
    return tuple(codes)


def _stated(
    name: str, truth: bool, reported: str, frame: Frame, element: str, flags: tuple[str, ...]
) -> Stated:
    return Stated(
        name=name,
        value=truth,
        since=frame.when,
        until=None,
        history=False,
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
        return answer_of_text(found), value.printable(found), None
    if names[0] == "valueCodeableConcept":
        codings = codings_of(found)
        if codings is None:
            return None, "", "malformed"
        said = meaning(codings).answer
        text = text_of(found)
        return (said if said is not None else answer_of_text(text)), _label(found), None
    if names[0] == "valueQuantity" and isinstance(found, dict):
        number = found.get("value")
        if number is None or isinstance(number, (bool, str, dict, list)):
            return None, "", "malformed" if number is not None else "no-value"
        unit = found.get("unit") or found.get("code")
        sign = found.get("comparator")
        written = f"{sign if isinstance(sign, str) else ''}{value.shown(number)}"
        return None, f"{written} {unit}" if isinstance(unit, str) else written, None
    return None, "", None


def _label(concept: Any) -> str:
    """A CodeableConcept as people would read it."""
    text = text_of(concept)
    if text is None:
        for coding in concept.get("coding") or ():
            text = text or coding.get("display") or coding.get("code")
    return value.printable(text) if isinstance(text, str) else ""


def _qualitative(
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
    harvest.state(_stated(analyte.id, said, reported, frame, element, loinc.flags))


def _statement(node: Resource, own: Meaning, frame: Frame, element: str, harvest: Harvest) -> None:
    """A symptom, condition or diet: named by the code and answered, or named by the answer."""
    coded = node.get("valueCodeableConcept")
    answers = meaning(codings_of(coded) or NO_CODINGS) if coded is not None else None
    if frame.status_fault is not None:
        harvest.refuse(frame.status_fault, frame.item, ".status", name=_name(own), when=frame.when)
        return
    if not own.stated:
        _by_value(node, own, answers, frame, element, harvest)
        return
    said, reported, fault = _answer(node)
    for one in own.stated:
        if one.concept.kind == "medicine":
            continue
        truth = said
        named = (
            [found for found in answers.stated if found.concept == one.concept] if answers else []
        )
        if named:
            truth = not named[0].denies
        elif truth is not None and one.denies:
            truth = not truth
        if truth is None and fault is None:
            signs = _interpretation(node, frame, element, harvest)
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
        harvest.state(_stated(one.concept.id, truth, reported, frame, element, flags))


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
        reported = _label(node["valueCodeableConcept"])
        if own.question and node.get("dataAbsentReason") is None:
            harvest.state(
                _stated(one.concept.id, not one.denies, reported, frame, element, one.flags)
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
