"""The way in: bytes of FHIR → a :class:`~corrin.facts.case.Reading`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from difflib import get_close_matches
from operator import attrgetter
from types import MappingProxyType

from corrin.facts.case import Placed, Reading, Refusal
from corrin.facts.fact import Measured, Stated
from corrin.facts.moment import Moment
from corrin.intake import (
    context,
    dates,
    encounter,
    family,
    jsontext,
    medicine,
    observation,
    placed,
    subject,
    walk,
    withdrawn,
)
from corrin.intake.harvest import Harvest, Library
from corrin.intake.item import Item
from corrin.intake.limits import Limits
from corrin.intake.walk import Walked

_PATH = attrgetter("path")
_NEVER = datetime.min.replace(tzinfo=UTC)

COMPLETE = ("medicines",)
"""The lists a caller may declare complete, in a Parameters parameter named ``complete``."""

_ASKS = ("evaluationTime", "ruleset", "complete")
_LONGEST_NAME = 32  # beyond it a name is no slip of the pen

_READERS: Mapping[str, Callable[[Item, Harvest], None]] = MappingProxyType(
    {
        "Observation": observation.read,
        "Condition": context.read_condition,
        "Procedure": context.read_procedure,
        "FamilyMemberHistory": family.read,
        "Encounter": encounter.read,
        "ServiceRequest": placed.read,
        **dict.fromkeys(medicine.KINDS, medicine.read),
    }
)

KINDS = frozenset(_READERS)
"""The resource types that results, statements and earlier orders are read from."""


def read(
    data: bytes, *, strict: bool = False, limits: Limits | None = None, zone: tzinfo = UTC
) -> Reading:
    """Read one request about one person.

    Args:
        data: a Bundle, Parameters, a resource, a JSON array of resources, or NDJSON; UTF-8.
        strict: let fhir.resources (R4B) judge every whole resource first.
        limits: bounds on the request.
        zone: where times without a zone were written.

    Returns:
        Every usable value and statement, and a refusal for everything of ours not taken. The
        order of the request's entries does not show in it.

    Raises:
        IntakeError: the request as a whole cannot be read; nothing else is ever raised.
    """
    limits = limits or Limits()
    parsed = jsontext.parse(data, limits)
    walked = walk.walk(parsed, limits)
    if strict:
        from corrin.intake import strict as handling

        handling.judge(data, parsed.lines, limits)
    person = subject.identify(walked.items, zone, walked.parameters)
    harvest = Harvest(zone, Library(walked.items))
    harvest.refusals += walked.refusals + person.refusals
    counts = {
        "used": 0,
        "superseded": walked.superseded,
        "not-ours": walked.not_ours,
        "refused": walked.refused,
    }
    read_items(walked.items, person, harvest, counts)
    evaluated, complete = _parameters(walked, harvest)
    if strict:
        handling.refuse_invalid(harvest.refusals, walked.items, limits)
    found = reading_of(person, harvest, counts, evaluated, complete)
    rulesets = _rulesets(walked)
    return replace(found, rulesets=rulesets) if rulesets else found


def reading_of(
    person: subject.Person,
    harvest: Harvest,
    counts: dict[str, int],
    evaluated: Moment | None,
    complete: tuple[str, ...],
) -> Reading:
    """Everything harvested and not withdrawn, in an order of its own.

    ``counts`` is put right where all that a resource held was withdrawn.
    """
    gone = {one.origin for one in withdrawn.remove(harvest)}
    if gone:
        gone -= {one.origin for one in harvest.results}
        gone -= {one.origin for one in harvest.statements}
        moved = min(len(gone), counts["used"])
        counts["used"] -= moved
        counts["superseded"] += moved
    return Reading(
        subject=person.subject,
        results=tuple(_in_order(harvest.results)),
        statements=tuple(sorted(harvest.statements, key=_statement_key)),
        refusals=tuple(sorted(harvest.refusals, key=_refusal_key)),
        counts=MappingProxyType(counts),
        complete=complete,
        evaluation_time=evaluated,
        about=person.about,
        orders=tuple(sorted(harvest.orders, key=_order_key)),
    )


def read_items(
    items: list[Item], person: subject.Person, harvest: Harvest, counts: dict[str, int]
) -> None:
    """Read every item into the harvest, and count where each went."""
    for item in items:
        counts[read_item(item, person, harvest)] += 1


def read_item(item: Item, person: subject.Person, harvest: Harvest) -> str:
    """Read one item into the harvest; where it went: ``used``, ``refused`` or ``not-ours``."""
    reader = _READERS.get(item.kind)
    if reader is None:
        return "used" if id(item) in person.used else "not-ours"
    taken, refused = harvest.taken, len(harvest.refusals)
    reader(item, harvest)
    return harvest.went(taken, refused)


def _parameters(walked: Walked, harvest: Harvest) -> tuple[Moment | None, tuple[str, ...]]:
    """``evaluationTime`` and ``complete`` of a Parameters resource."""
    times: list[tuple[Moment, str]] = []
    complete: set[str] = set()
    for name, parameter, path in walked.parameters:
        if name == "evaluationTime":
            given = parameter.get(
                "valueDateTime", parameter.get("valueInstant", parameter.get("valueDate"))
            )
            found = dates.parse_moment(given, harvest.zone)
            if found is None:
                harvest.refusals.append(Refusal("date-invalid", f"{path}.value"))
            else:
                times.append((found, path))
        elif name == "complete":
            said = parameter.get("valueCode", parameter.get("valueString"))
            if isinstance(said, str) and said in COMPLETE:
                complete.add(said)
            else:
                harvest.refusals.append(Refusal("malformed", f"{path}.value"))
        elif "resource" not in parameter and _misspelt(name):
            # Passed over in silence, another moment or other rules would seem to be as asked for.
            harvest.refusals.append(Refusal("malformed", f"{path}.name"))
    # There can be one moment only: of several the latest counts, whatever their order.
    times.sort(key=lambda one: (one[0].end, one[0].text))
    for moment, path in times[:-1]:
        if moment != times[-1][0]:
            harvest.refusals.append(Refusal("malformed", f"{path}.value"))
    return times[-1][0] if times else None, tuple(sorted(complete))


def _misspelt(name: str) -> bool:
    """Whether the name of a parameter is none, and nearly one that asks for something."""
    if name in _ASKS or len(name) > _LONGEST_NAME:
        return False
    loose = name.casefold().replace("-", "").replace("_", "")
    return bool(get_close_matches(loose, [one.casefold() for one in _ASKS], n=1, cutoff=0.8))


def _rulesets(walked: Walked) -> tuple[str, ...]:
    """What the parameters named ``ruleset`` ask for; ``""`` for one that names nothing."""
    names = ("valueCanonical", "valueUri", "valueUrl", "valueString", "valueCode", "valueId")
    found: set[str] = set()
    for name, parameter, _ in walked.parameters:
        if name == "ruleset":
            said = next((parameter[one] for one in names if one in parameter), "")
            found.add(said if isinstance(said, str) else "")
    return tuple(sorted(found))


def _when(moment: Moment | None) -> tuple[datetime, str]:
    return (_NEVER, "") if moment is None else (moment.start, moment.text)


def _in_order(results: list[Measured]) -> list[Measured]:
    """The results in an order of their own: by path, which is nearly always enough."""
    if len({one.path for one in results}) == len(results):
        return sorted(results, key=_PATH)
    return sorted(
        results,
        key=lambda one: (
            *(one.path, _when(one.when), one.analyte, one.reported, one.status, one.origin),
            *(_when(one.issued), one.identifiers, one.flags),
        ),
    )


def _statement_key(one: Stated) -> tuple[object, ...]:
    return (one.name, _when(one.since), one.origin, one.path, one.value, one.reported, one.status)


def _order_key(one: Placed) -> tuple[object, ...]:
    return (_when(one.when), sorted(one.tests))


def _refusal_key(one: Refusal) -> tuple[object, ...]:
    return (one.path, one.reason, one.name or "", one.origin, one.detail, one.reported)
