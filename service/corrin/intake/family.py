"""What a FamilyMemberHistory says of a relative → a family history of the person, nothing else."""

from __future__ import annotations

from corrin import terminology
from corrin.facts.fact import Stated
from corrin.intake import dates, lists
from corrin.intake.code import codings_of
from corrin.intake.context import barred, named
from corrin.intake.harvest import Harvest
from corrin.intake.item import Item, Resource

_TAKEN = frozenset({"partial", "completed"})
_REASONS = {"health-unknown": "statement-unclear", "entered-in-error": "entered-in-error"}


def read(item: Item, harvest: Harvest) -> None:
    """A FamilyMemberHistory: each condition of a relative by blood that makes a family history.

    That a relative does not have something is never stated: one relative is not the family.
    """
    resource = item.resource
    conditions = resource.get("condition")
    found: dict[str, tuple[int, str, tuple[str, ...]]] = {}
    for at, one in enumerate(conditions if isinstance(conditions, list) else ()):
        if not isinstance(one, dict) or one.get("modifierExtension") is not None:
            harvest.refuse("malformed", item, f".condition[{at}]")
            continue
        said = named(one.get("code"), item, harvest, f".condition[{at}].code")
        for stated in said.stated if said is not None else ():
            for history in () if stated.denies else history_of(stated.concept.id):
                assert said is not None
                found.setdefault(history, (at, said.reported, stated.flags))
    if not found:
        return
    name = next(iter(found)) if len(found) == 1 else None
    if barred(item, harvest, name):
        return
    status = resource.get("status")
    if not isinstance(status, str) or status not in _TAKEN:
        reason = _REASONS.get(status) if isinstance(status, str) else "malformed"
        harvest.refuse(reason or "status-unknown-code", item, ".status", name=name)
        return
    if resource.get("notDone") is True or not _by_blood(resource):
        element = ".notDone" if resource.get("notDone") is True else ".relationship"
        harvest.refuse("statement-unclear", item, element, name=name)
        return
    since, _, flags = dates.moment_of(
        resource, ("date",), harvest.zone, item.path, item.origin, harvest.refusals
    )
    for history, (at, reported, own) in found.items():
        harvest.state(
            Stated(
                name=history,
                value=True,
                since=since,
                origin=item.origin,
                path=f"{item.path}.condition[{at}]",
                reported=reported,
                status=status,
                flags=tuple(dict.fromkeys((*own, *flags))),
            )
        )


def history_of(concept: str) -> list[str]:
    """The family histories that a relative's condition makes, by itself or by what it lies in."""
    histories = lists.load().family_history
    if concept in histories.values():
        return [concept]
    wider = (one.id for one in terminology.load().wider(concept))
    return [histories[one] for one in (concept, *wider) if one in histories]


def _by_blood(resource: Resource) -> bool:
    """Whether nothing says that the relative is one by marriage, adoption or fostering."""
    given = codings_of(resource.get("relationship")) or ()
    return lists.load().not_by_blood.isdisjoint((lists.system_of(s), c or "") for s, c in given)
