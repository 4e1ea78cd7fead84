"""Resources that come parsed already, each under a path of the caller's (``prefetch.b12``).

All must be about one person whom the caller names; nothing is read when one is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo

from corrin.facts.case import Reading
from corrin.intake import reader, subject, walk
from corrin.intake.harvest import Harvest, Library
from corrin.intake.item import Item, placed
from corrin.intake.limits import Limits
from corrin.intake.problem import IntakeError, problem
from corrin.intake.walk import Walked

Given = tuple[str, object]
"""A path and the JSON value under it, numbers as ``Decimal``: a resource, or a Bundle of them."""


class StrangerError(Exception):
    """A resource is about somebody else, or cannot be shown to be about the person named.

    Attributes:
        path: where it stands; holds no id of a Patient.
    """

    def __init__(self, path: str) -> None:
        self.path = problem("two-subjects", path).path
        super().__init__(self.path)


def flatten(given: Iterable[Given], limits: Limits, leave: frozenset[str] = frozenset()) -> Walked:
    """Every resource of some values, in one list.

    Args:
        leave: ``Type/id`` of resources to pass over.

    Raises:
        IntakeError: too-many-entries.
    """
    walked = walk.walk_given(given, limits)
    kept = [item for item in walked.items if _outer(item).origin not in leave]
    walked.not_ours += len(walked.items) - len(kept)
    walked.items = kept
    return walked


def read(walked: Walked, patient: str, *, zone: tzinfo = UTC) -> Reading:
    """Read resources about one person; see :func:`corrin.intake.read`.

    Args:
        walked: what :func:`flatten` made.
        patient: the person's ``Patient.id``.
        zone: where times without a zone were written.

    Raises:
        StrangerError: a resource is about somebody else, or does not say about whom.
    """
    person = owned(walked.items, patient, zone=zone, stated=True)
    harvest = Harvest(zone, Library(walked.items))
    harvest.refusals += walked.refusals + person.refusals
    counts = {
        "used": 0,
        "superseded": walked.superseded,
        "not-ours": walked.not_ours,
        "refused": walked.refused,
    }
    reader.read_items(walked.items, person, harvest, counts)
    reading = reader.reading_of(person, harvest, counts, None, ())
    return replace(reading, about=f"Patient/{patient}")


def owned(
    items: Sequence[Item], patient: str, *, zone: tzinfo = UTC, stated: bool = False
) -> subject.Person:
    """What resources say of the one person they are about.

    Args:
        stated: whether every resource that we read must say about whom it is.

    Raises:
        StrangerError: one is about somebody else.
    """
    for item in items:
        if item.parent is None and _strange(item, patient, stated):
            path = item.path if item.kind == "Patient" else f"{item.path}.subject"
            raise StrangerError(placed(path, [item]))
    whom = {"valueReference": {"reference": f"Patient/{patient}"}}
    try:
        return subject.identify(list(items), zone, [("patient", whom, "")])
    except IntakeError as error:
        raise StrangerError(error.problems[0].path) from None


def _strange(item: Item, patient: str, stated: bool) -> bool:
    """Whether an item is plainly not this person's; what only an identifier tells comes later."""
    resource = item.resource
    if item.kind == "Patient":
        return resource.get("id") != patient
    owner = resource.get("subject") or resource.get("patient")
    if owner is None:
        return stated and item.kind in reader.KINDS
    if not isinstance(owner, dict):
        return True
    return not subject.may_name(owner, item, patient)


def _outer(item: Item) -> Item:
    return item if item.parent is None else _outer(item.parent)
