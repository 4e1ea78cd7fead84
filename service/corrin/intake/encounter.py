"""What an Encounter says: that the person is in hospital at the time, and nothing more."""

from __future__ import annotations

from corrin.facts.fact import Stated
from corrin.intake import dates, lists
from corrin.intake.code import codings_of
from corrin.intake.context import barred
from corrin.intake.harvest import Harvest
from corrin.intake.item import Item, Resource

_NOW = "in-progress"


def read(item: Item, harvest: Harvest) -> None:
    """An Encounter going on, of a class we know, with a beginning; any other says nothing.

    No Encounter says that somebody is not in hospital.
    """
    resource = item.resource
    if resource.get("status") != _NOW:
        return
    concepts = {name: None for name in _classes(resource)}
    if not concepts or barred(item, harvest, next(iter(concepts))):
        return
    since, until, flags = dates.moment_of(
        resource,
        ("period", "actualPeriod"),
        harvest.zone,
        item.path,
        item.origin,
        harvest.refusals,
    )
    for name in concepts if since is not None else ():
        harvest.state(
            Stated(
                name=name,
                value=True,
                since=since,
                until=until,
                origin=item.origin,
                path=item.path,
                status=_NOW,
                flags=flags,
            )
        )


def concerns_us(resource: Resource) -> bool:
    """Whether :func:`read` has anything to say of an Encounter, whoever it is about."""
    return resource.get("status") == _NOW and bool(_classes(resource))


def _classes(resource: Resource) -> list[str]:
    """Concepts the class states: a Coding, or in R5 a list of CodeableConcepts."""
    given = resource.get("class")
    known = lists.load().encounters
    concepts = given if isinstance(given, list) else [{"coding": [given]}]
    codings = [pair for one in concepts for pair in codings_of(one) or ()]
    found = ((lists.system_of(system), code or "") for system, code in codings)
    return [known[key] for key in found if key in known]
