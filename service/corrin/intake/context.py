"""Conditions and procedures → statements, with their status respected."""

from __future__ import annotations

from dataclasses import dataclass

from corrin import terminology
from corrin.facts.fact import Stated
from corrin.facts.moment import Moment
from corrin.intake import dates, lists
from corrin.intake.code import (
    StatedCode,
    codings_of,
    each_of,
    label,
    meaning,
    of_family,
    text_of,
)
from corrin.intake.harvest import Harvest
from corrin.intake.item import Item, Resource
from corrin.intake.subject import about_patient

_CLINICAL = frozenset(
    {"active", "recurrence", "relapse", "inactive", "remission", "resolved", "unknown"}
)
_PAST = frozenset({"inactive", "remission", "resolved"})
_VERIFICATION = frozenset(
    {
        "unconfirmed",
        "provisional",
        "differential",
        "confirmed",
        "refuted",
        "entered-in-error",
        "unknown",
    }
)
_UNSURE = frozenset({"unconfirmed", "provisional", "differential", "unknown"})
_PROCEDURE = frozenset(
    {
        "preparation",
        "in-progress",
        "not-done",
        "on-hold",
        "suspended",
        "aborted",
        "stopped",
        "completed",
        "entered-in-error",
        "unknown",
    }
)
_ONSET = ("onsetDateTime", "onsetPeriod", "recordedDate", "assertedDate", "dateRecorded")
_PERFORMED = (
    "performedDateTime",
    "performedPeriod",
    "occurrenceDateTime",
    "occurrencePeriod",
    "recorded",
)


@dataclass(frozen=True, slots=True)
class Named:
    """The concepts a resource names, and how it put it."""

    stated: tuple[StatedCode, ...]
    reported: str


def named(
    concept: object,
    item: Item,
    harvest: Harvest,
    element: str = ".code",
    *,
    medicines: bool = False,
) -> Named | None:
    """What a CodeableConcept names of ours; ``None`` when nothing, or when it is refused.

    A concept with no coding of a system we know is looked up by its exact text. What is said of
    the family states nothing of the person but a family history. ``medicines``: codes of giving
    a medicine count too.
    """
    if concept is None:
        return None
    codings = codings_of(concept)
    if codings is None:
        harvest.refuse("malformed", item, element)
        return None
    found = meaning(codings)
    if found.refusal == "code-rejected" and not found.stated:
        harvest.refuse("code-rejected", item, element, detail=found.detail)
        return None
    reported = label(concept)
    stated = tuple(
        one
        for one in found.stated
        if (medicines or one.concept.kind != "medicine") and not one.question
    )
    text = text_of(concept)
    if not stated and not found.knows_system and text:
        stated = tuple(
            StatedCode(by_text, False, False, ("text-match",))
            for by_text in terminology.load().concepts_named(text)
            if by_text.kind != "medicine"
        )
    if stated and of_family(concept):
        histories = set(lists.load().family_history.values())
        own = [one for one in stated if one.concept.id not in histories]
        if own:
            name = each_of(own)
            harvest.refuse("statement-unclear", item, element, name=name, reported=reported)
        stated = tuple(one for one in stated if one.concept.id in histories)
    return Named(stated, reported) if stated else None


def barred(item: Item, harvest: Harvest, name: str | tuple[str, ...] | None) -> bool:
    """Whether subject, modifier extension or implicit rules forbid to read a resource of ours."""
    why = about_patient(item)
    if why is not None:
        harvest.refuse(why, item, ".subject", name=name)
        return True
    for element in ("modifierExtension", "implicitRules"):
        if item.resource.get(element) is not None:
            harvest.refuse("modifier-extension", item, f".{element}", name=name)
            return True
    return False


def read_condition(item: Item, harvest: Harvest) -> None:
    """A Condition: refuted is false, an inactive one is history, an unsure one is not taken."""
    resource = item.resource
    found = named(resource.get("code"), item, harvest)
    if found is None:
        return
    name = each_of(found.stated)
    if barred(item, harvest, name):
        return
    verification = _status(resource, "verificationStatus", _VERIFICATION, item, harvest, name)
    clinical = _status(resource, "clinicalStatus", _CLINICAL, item, harvest, name)
    if verification is None or clinical is None:
        return
    if verification == "entered-in-error":
        harvest.refuse(
            "entered-in-error", item, ".verificationStatus", name=name, status=verification
        )
        return
    if verification in _UNSURE or clinical == "unknown":
        unsure = "verificationStatus" if verification in _UNSURE else "clinicalStatus"
        harvest.refuse(
            "statement-unclear",
            item,
            f".{unsure}",
            name=name,
            reported=found.reported,
            status=verification,
        )
        return
    since, end, flags = dates.moment_of(
        resource, _ONSET, harvest.zone, item.path, item.origin, harvest.refusals
    )
    until, over = _abatement(resource, item, harvest)
    _state(
        found,
        item,
        harvest,
        truth=verification != "refuted",
        since=since,
        until=until or end,
        history=clinical in _PAST or over,
        status=verification or clinical,
        flags=flags,
    )


def _abatement(resource: Resource, item: Item, harvest: Harvest) -> tuple[Moment | None, bool]:
    start, end, _ = dates.moment_of(
        resource,
        ("abatementDateTime", "abatementPeriod"),
        harvest.zone,
        item.path,
        item.origin,
        harvest.refusals,
    )
    stated = any(
        resource.get(f"abatement{kind}") is not None
        for kind in ("DateTime", "Period", "Age", "Range", "String")
    )
    return end or start, stated or resource.get("abatementBoolean") is True


def _status(
    resource: Resource,
    element: str,
    known: frozenset[str],
    item: Item,
    harvest: Harvest,
    name: tuple[str, ...],
) -> str | None:
    """A status as CodeableConcept or as STU3's code; ``""``: absent, ``None``: refused."""
    given = resource.get(element)
    if given is None:
        return ""
    if isinstance(given, str):
        codes = [given]
    else:
        codings = codings_of(given)
        if codings is None:
            harvest.refuse("malformed", item, f".{element}", name=name)
            return None
        codes = [code for _, code in codings if code]
        if not codes:
            text = text_of(given)
            codes = [text.strip().lower()] if text else []
    usable = sorted({code for code in codes if code in known})
    if len(usable) != 1:
        harvest.refuse("status-unknown-code", item, f".{element}", name=name)
        return None
    return usable[0]


def read_procedure(item: Item, harvest: Harvest) -> None:
    """A Procedure: done is true (and lasting), not done is false, a plan is nothing yet."""
    resource = item.resource
    found = named(resource.get("code"), item, harvest, medicines=True)
    if found is None:
        return
    name = each_of(found.stated)
    if barred(item, harvest, name):
        return
    status = resource.get("status")
    if status is not None and not isinstance(status, str):
        harvest.refuse("malformed", item, ".status", name=name)
        return
    if status not in _PROCEDURE:
        harvest.refuse("status-unknown-code", item, ".status", name=name)
        return
    since, until, flags = dates.moment_of(
        resource, _PERFORMED, harvest.zone, item.path, item.origin, harvest.refusals
    )
    if status == "entered-in-error":
        harvest.refuse("entered-in-error", item, ".status", name=name, status=status)
    elif status == "not-done" or resource.get("notDone") is True:  # STU3 says it beside the status
        _state(found, item, harvest, truth=False, since=since, status=status, flags=flags)
    elif status in ("completed", "in-progress"):
        _state(
            found, item, harvest, truth=True, since=since, until=until, status=status, flags=flags
        )
    else:
        harvest.refuse(
            "statement-unclear", item, ".status", name=name, reported=found.reported, status=status
        )


def _state(
    found: Named,
    item: Item,
    harvest: Harvest,
    *,
    truth: bool,
    since: Moment | None,
    until: Moment | None = None,
    history: bool = False,
    status: str = "",
    flags: tuple[str, ...] = (),
) -> None:
    for one in found.stated:
        # "No X" refuted is not a statement that X is so.
        if one.denies and not truth:
            harvest.refuse("statement-unclear", item, ".code", name=one.concept.id)
            continue
        harvest.state(
            Stated(
                name=one.concept.id,
                value=truth and not one.denies,
                since=since,
                until=until,
                history=history or (one.past and truth),
                origin=item.origin,
                path=item.path,
                reported=found.reported,
                status=status,
                flags=tuple(dict.fromkeys((*one.flags, *flags))),
            )
        )
