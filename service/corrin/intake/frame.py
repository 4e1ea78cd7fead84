"""What an Observation says for all its values: status, time, specimen, and what bars it."""

from __future__ import annotations

from datetime import tzinfo
from typing import NamedTuple

from corrin.facts.moment import Moment
from corrin.intake import dates, lists
from corrin.intake.code import codings_of, identifiers_of, label, text_of
from corrin.intake.harvest import Harvest, Withdrawal
from corrin.intake.item import Item, Resource
from corrin.intake.subject import about_patient
from corrin.intake.text import printable

_FLAGGED = {
    "final": (),
    "amended": ("amended",),
    "corrected": ("corrected",),
    "preliminary": ("preliminary",),
}
_UNUSABLE = frozenset({"registered", "unknown"})
_IN_ERROR = "entered-in-error"
_NEVER = {"cancelled": "cancelled", _IN_ERROR: "entered-in-error"}
_UNKNOWN = "unknown"


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


def frame_of(item: Item, name: str | None, harvest: Harvest) -> Frame | None:
    """Everything that decides whether any value of this Observation may be used."""
    resource, zone = item.resource, harvest.zone
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
                if status == said and "identifier" in resource:
                    numbers, issued = _identifiers(resource), _issued(resource, zone)
                    harvest.withdrawals.append(
                        Withdrawal(name, numbers, when, issued, said != _IN_ERROR)
                    )
                return None
    if flags is None:
        fault = "status-unusable" if status in _UNUSABLE else "status-unknown-code"
        flags = () if status in _UNUSABLE else ("status-as-unknown",)
        status = status if status in _UNUSABLE else _UNKNOWN
    assert status is not None
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
        _issued(resource, zone),
        _identifiers(resource) if "identifier" in resource else (),
        specimen,
        fluid,
        haemolysed,
    )


def _issued(resource: Resource, zone: tzinfo) -> Moment | None:
    issued = resource.get("issued")
    return dates.parse_moment(issued, zone) if issued is not None else None


def _identifiers(resource: Resource) -> tuple[str, ...]:
    return tuple(sorted(identifiers_of(resource["identifier"])))


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
        return printable(display) if display else None, fluid, False
    kind = found.get("type")
    text = text_of(kind)
    fluid = words.fluid_texts.get(lists.fold(text)) if text else None
    for system, code in codings_of(kind) or ():
        fluid = words.fluid_codes.get((lists.system_of(system), code or ""), fluid)
    shown = printable(text or label(kind) or display or "")
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


def signs_of(node: Resource, frame: Frame, element: str, harvest: Harvest) -> tuple[str, ...]:
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
                codes[printable(code)] = None
    return tuple(codes)
