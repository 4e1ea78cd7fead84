"""Medicines stated, prescribed, given or dispensed → statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from corrin import terminology
from corrin.facts.fact import Stated
from corrin.intake import dates, lists, route
from corrin.intake.code import codings_of, label, meaning, texts_of
from corrin.intake.context import barred
from corrin.intake.harvest import Harvest, Library
from corrin.intake.item import Item, Resource
from corrin.terminology import Concept
from corrin.terminology.table import words

NOW, PAST, NEVER, DENIED, UNCLEAR, ERROR = "now", "past", "never", "denied", "unclear", "error"


@dataclass(frozen=True, slots=True)
class Kind:
    """How one resource type tells whether and when a medicine was taken."""

    statuses: dict[str, str]
    dates: tuple[str, ...]


_SHARED = {"entered-in-error": ERROR, "unknown": UNCLEAR, "stopped": PAST, "completed": PAST}

KINDS: dict[str, Kind] = {
    "MedicationStatement": Kind(
        {
            **_SHARED,
            "active": NOW,
            "recorded": NOW,
            "on-hold": PAST,
            "intended": NEVER,
            "draft": NEVER,
            "not-taken": DENIED,
        },
        # Not dateAsserted: what is asserted today may have been taken for years.
        ("effectiveDateTime", "effectivePeriod"),
    ),
    "MedicationRequest": Kind(
        {
            **_SHARED,
            "active": NOW,
            "on-hold": PAST,
            "ended": PAST,
            "cancelled": NEVER,
            "draft": NEVER,
        },
        ("authoredOn", "dateWritten"),
    ),
    "MedicationAdministration": Kind(
        {**_SHARED, "in-progress": NOW, "completed": NOW, "on-hold": PAST, "not-done": NEVER},
        (
            "effectiveDateTime",
            "effectivePeriod",
            "occurenceDateTime",
            "occurencePeriod",
            "occurrenceDateTime",
            "occurrencePeriod",
        ),
    ),
    "MedicationDispense": Kind(
        {
            **_SHARED,
            "completed": NOW,
            "in-progress": NEVER,
            "preparation": NEVER,
            "on-hold": NEVER,
            "cancelled": NEVER,
            "declined": NEVER,
        },
        ("whenHandedOver", "whenPrepared"),
    ),
}

_ORDERS = frozenset(
    {"order", "original-order", "reflex-order", "filler-order", "instance-order", "option"}
)
_PLANS = frozenset({"proposal", "plan"})
_TAKEN = {"y": NOW, "n": DENIED, "unk": UNCLEAR, "na": UNCLEAR}


def read(item: Item, harvest: Harvest) -> None:
    """Read one medication resource; medicines that are not ours are passed over."""
    concepts, flags, reported = _medicine(item, harvest)
    if not concepts:
        return
    concepts = (*concepts, *route.besides(item, harvest, concepts))
    name = tuple(one.id for one in terminology.load().narrowest(concepts))
    if barred(item, harvest, name):
        return
    if "text-match" in flags and not lists.load().negations.isdisjoint(words(reported)):
        harvest.refuse("statement-unclear", item, ".medication", name=name, reported=reported)
        return
    kind = KINDS[item.kind]
    resource = item.resource
    held = _held(resource, kind, item, harvest, name)
    if held is None:
        return
    if held in (NEVER, UNCLEAR, ERROR):
        reason = {
            NEVER: "medicine-not-taken",
            UNCLEAR: "statement-unclear",
            ERROR: "entered-in-error",
        }
        status = resource.get("status")
        harvest.refuse(
            reason[held],
            item,
            ".status",
            name=name,
            reported=reported,
            status=status if isinstance(status, str) else "",
        )
        return
    since, until, dated = dates.moment_of(
        resource, kind.dates, harvest.zone, item.path, item.origin, harvest.refusals
    )
    once = item.kind == "MedicationAdministration" and resource.get("status") == "completed"
    for concept in concepts:
        over = once and concept.id in lists.load().over_when_given
        harvest.state(
            Stated(
                name=concept.id,
                value=held != DENIED,
                since=since,
                until=until or since if over else until,
                history=held == PAST,
                origin=item.origin,
                path=item.path,
                reported=reported,
                status=str(resource.get("status") or ""),
                flags=tuple(dict.fromkeys((*flags, *dated))),
            )
        )


def named(item: Item, library: Library) -> tuple[Concept, ...]:
    """The medicines of ours a resource names, whatever its status; of a faulty one none."""
    return _medicine(item, Harvest(UTC, library))[0]


def _held(
    resource: Resource, kind: Kind, item: Item, harvest: Harvest, name: tuple[str, ...]
) -> str | None:
    """Whether the medicine is taken now, was, was not, or cannot be told; ``None``: refused."""
    status = resource.get("status")
    if status is not None and not isinstance(status, str):
        harvest.refuse("malformed", item, ".status", name=name)
        return None
    if status not in kind.statuses:
        # STU3 lets MedicationRequest and MedicationDispense go without a status.
        if status is None and item.kind in ("MedicationRequest", "MedicationDispense"):
            held = UNCLEAR
        else:
            harvest.refuse("status-unknown-code", item, ".status", name=name)
            return None
    else:
        held = kind.statuses[status]
    if held == ERROR:
        return held
    for element in ("doNotPerform", "notGiven", "wasNotGiven", "notDone"):
        flag = resource.get(element)
        if flag is not None and not isinstance(flag, bool):
            harvest.refuse("malformed", item, f".{element}", name=name)
            return None
        if flag:
            return NEVER
    intent = resource.get("intent") if item.kind == "MedicationRequest" else None
    if intent is not None:
        if intent in _PLANS if isinstance(intent, str) else False:
            return NEVER
        if not isinstance(intent, str) or intent not in _ORDERS:
            harvest.refuse("status-unknown-code", item, ".intent", name=name)
            return None
    if resource.get("wasNotTaken") is True:
        return DENIED
    taken = resource.get("taken")
    if taken is not None:
        if not isinstance(taken, str) or taken not in _TAKEN:
            harvest.refuse("status-unknown-code", item, ".taken", name=name)
            return None
        if _TAKEN[taken] != NOW:
            return _TAKEN[taken]
    return DENIED if _not_adherent(resource) else held


def _not_adherent(resource: Resource) -> bool:
    """R5: ``adherence.code`` says that it is not taken."""
    adherence = resource.get("adherence")
    code = adherence.get("code") if isinstance(adherence, dict) else None
    return any(found == "not-taking" for _, found in codings_of(code) or ())


def _medicine(item: Item, harvest: Harvest) -> tuple[tuple[Concept, ...], tuple[str, ...], str]:
    """The medicines of ours that a resource names, with flags and its own words."""
    resource = item.resource
    concept = resource.get("medicationCodeableConcept")
    reference = resource.get("medicationReference")
    medication = resource.get("medication")  # R5: CodeableReference
    if medication is not None:
        if not isinstance(medication, dict):
            harvest.refuse("malformed", item, ".medication")
            return (), (), ""
        concept = concept or medication.get("concept")
        reference = reference or medication.get("reference")
    if concept is not None:
        if codings_of(concept) is None:
            harvest.refuse("malformed", item, ".medication")
            return (), (), ""
        return _of_concept(concept)
    if reference is None:
        return (), (), ""
    target = reference.get("reference") if isinstance(reference, dict) else None
    if not isinstance(reference, dict) or (target is not None and not isinstance(target, str)):
        harvest.refuse("malformed", item, ".medication")
        return (), (), ""
    found = harvest.library.resolve(target, item) if target else None
    if found is not None and found.get("resourceType") == "Medication":
        return _of_medication(found)
    display = reference.get("display")
    if isinstance(display, str) and display.strip():
        return _of_concept({"text": display})
    harvest.refuse("reference-unresolved", item, ".medication")
    return (), (), ""


def _of_medication(medication: Resource) -> tuple[tuple[Concept, ...], tuple[str, ...], str]:
    code = medication.get("code")
    concepts, flags, reported = _of_concept(code) if codings_of(code) is not None else ((), (), "")
    if concepts and "text-match" not in flags:
        return concepts, flags, reported
    parts = medication.get("ingredient")
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, dict) or part.get("isActive") is False:
            continue
        inner = part.get("itemCodeableConcept")
        if inner is None and isinstance(part.get("item"), dict):
            inner = part["item"].get("concept")
        if codings_of(inner) is None:
            continue
        more, more_flags, said = _of_concept(inner)
        new = [one for one in more if one not in concepts]
        concepts, reported = (*concepts, *new), reported or said
        flags = (*flags, *more_flags) if new else flags
    return concepts, flags, reported


def _of_concept(concept: object) -> tuple[tuple[Concept, ...], tuple[str, ...], str]:
    """By code where any code is ours; otherwise, less surely, by the words of text or display."""
    found = meaning(codings_of(concept) or ())
    reported = label(concept)
    medicines = [one for one in found.stated if one.concept.kind == "medicine"]
    if medicines:
        flags = tuple(flag for one in medicines for flag in one.flags)
        return tuple(one.concept for one in medicines), flags, reported
    if found.refusal == "code-rejected":
        return (), (), reported
    terms = terminology.load()
    by_text: dict[str, Concept] = {}
    for text in texts_of(concept):
        for one in terms.concepts_for_text(text, "medicine"):
            by_text.setdefault(one.id, one)
    concepts = tuple(by_text[name] for name in sorted(by_text))
    return concepts, ("text-match",) if concepts else (), reported
