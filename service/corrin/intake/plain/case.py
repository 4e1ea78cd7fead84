"""One case as bytes → a Reading, by way of the reader of FHIR."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Any

from corrin.facts.case import Reading, Refusal
from corrin.facts.fact import Stated
from corrin.facts.moment import Moment
from corrin.intake import jsontext, reader
from corrin.intake.dates import parse_moment
from corrin.intake.harvest import Harvest, Library
from corrin.intake.item import Item
from corrin.intake.limits import Limits
from corrin.intake.plain import context, names, person, results, shape
from corrin.intake.plain.fault import CaseError, Faults, nearest
from corrin.intake.problem import IntakeError, Problem, refuse
from corrin.terminology import load

KEYS = ("as_of", "patient", "results", "context", "id")
_LONGEST_ID = 64
_REMEDIES = {
    "statement-unclear": "Write the name alone, under present or absent; of what is over, say "
    "stopped, resolved or until."
}
_OF_RELATIVE = ".condition[0]"  # where a relative's one condition stands


def looks_like(data: bytes) -> bool:
    """Whether bytes may be a case written by hand and are no FHIR."""
    return b'"resourceType"' not in data and (b'"results"' in data or b'"context"' in data)


def read(
    data: bytes,
    *,
    limits: Limits | None = None,
    lenient: bool = False,
    zone: tzinfo = UTC,
    as_of: Moment | None = None,
) -> Reading:
    """Read one case.

    Args:
        data: a JSON object as ``docs/case.md`` describes it; UTF-8.
        limits: bounds on the request.
        lenient: let an unknown name, and a value that its writer could mend, become a refusal of
            the report instead of stopping the case.
        zone: where times without a zone were written.
        as_of: the moment an age or the weeks of a pregnancy are stated for, when the case does not
            say ``as_of`` itself.

    Returns:
        What the reader of FHIR would make of the same values; paths lead into the case.

    Raises:
        CaseError: the case cannot be read; every problem at once.
        IntakeError: it is no JSON, or beyond the limits.
    """
    return read_named(data, limits=limits, lenient=lenient, zone=zone, as_of=as_of)[1]


def read_either(
    data: bytes,
    as_of: Moment,
    *,
    strict: bool = False,
    lenient: bool = False,
    zone: tzinfo = UTC,
) -> Reading:
    """Read a case where the bytes look like one, else FHIR; ``strict`` is of FHIR, ``lenient`` of
    a case.

    Raises:
        IntakeError: as :func:`read`, or the reader of FHIR, raises it.
    """
    if looks_like(data):
        return read(data, lenient=lenient, zone=zone, as_of=as_of)
    return reader.read(data, strict=strict, zone=zone)


def read_named(
    data: bytes,
    *,
    limits: Limits | None = None,
    lenient: bool = False,
    zone: tzinfo = UTC,
    as_of: Moment | None = None,
) -> tuple[str, Reading]:
    """As :func:`read`, with the id the case was sent under (``""`` without one)."""
    limits = limits or Limits()
    case = _case(data, limits)
    said = case.get("id")
    case_id = said if type(said) is str and 0 < len(said) <= _LONGEST_ID else ""
    faults = Faults(limits, lenient)
    found = shape.members(case, "", KEYS, faults) or {}
    if said is not None and not case_id:
        remedy = f"Write a text of at most {_LONGEST_ID} characters."
        faults.add("type-wrong", "id", remedy=remedy)
    try:
        return case_id, _read(found, as_of, zone, faults)
    except CaseError as error:
        raise CaseError(error.problems, case_id) from None


def _case(data: bytes, limits: Limits) -> shape.Object:
    try:
        parsed = jsontext.parse(data, limits)
    except IntakeError as error:
        raise IntakeError(tuple(map(_rooted, error.problems))) from None
    case = parsed.values[0]
    if len(parsed.values) > 1 or type(case) is not dict or "resourceType" in case:
        raise CaseError(refuse("not-a-case").problems)
    if "results" not in case and "context" not in case:
        raise CaseError(refuse("not-a-case").problems)
    return case


def _rooted(one: Problem) -> Problem:
    """A problem whose path begins in the case, not at ``$this``."""
    return replace(one, path=one.path.removeprefix("$this").removeprefix("."))


def _read(found: shape.Object, asked: Moment | None, zone: tzinfo, faults: Faults) -> Reading:
    evaluated = _as_of(found, zone, faults)
    anchor = evaluated or asked
    given: list[Any] = []
    if "results" in found:
        given = shape.entries(found["results"], "results", faults)
    items: list[Item] = []
    for at, one in enumerate(given):
        item = results.read(one, f"results[{at}]", faults)
        if item is not None:
            items.append(item)
    said = context.read(found.get("context"), anchor, zone, faults)
    items += said.items
    who = person.read(found.get("patient"), anchor, zone, faults)
    harvest = Harvest(zone, Library(items))
    harvest.refusals += who.refusals + faults.refusals
    unknown = sum(one.reason.startswith("name-") for one in faults.refusals)
    counts = {"used": 0, "superseded": 0, "not-ours": said.not_ours, "refused": unknown}
    if who.subject.present:
        counts["used"] += 1
    reader.read_items(items, who, harvest, counts)
    _leave_nothing_out(items, harvest)
    _agree(harvest, faults)
    complete = context.close(said, harvest)
    harvest.refusals = _told(harvest.refusals, items, found)
    _mend(harvest.refusals, faults)
    return reader.reading_of(who, harvest, counts, evaluated or asked, complete)


def _as_of(found: shape.Object, zone: tzinfo, faults: Faults) -> Moment | None:
    text = shape.text(found, "as_of", "", faults)
    if text is None:
        return None
    moment = parse_moment(text, zone)
    if moment is None:
        faults.add("date-invalid", "as_of")
        return None
    return moment.asked_in(zone)


def _leave_nothing_out(items: list[Item], harvest: Harvest) -> None:
    """Refuse what the reader passed over: of a case, unlike of a record, everything was meant."""
    heard = {one.path.removesuffix(_OF_RELATIVE) for one in harvest.statements}
    heard.update(one.path for one in harvest.results)
    silent = [item for item in items if item.path not in heard]
    if silent:
        refused = [one.path for one in harvest.refusals]
        harvest.refusals += [
            Refusal("name-unknown", item.path, item.origin)
            for item in silent
            if not any(path.startswith(item.path) for path in refused)
        ]


def _agree(harvest: Harvest, faults: Faults) -> None:
    """Note what is said to be so and not so at once: neither may be dropped without a word."""
    terms = load()
    by_path: dict[str, list[Stated]] = {}
    for one in harvest.statements:
        by_path.setdefault(one.path, []).append(one)
    sides: dict[str, dict[bool, Stated]] = {}
    for found in by_path.values():
        implied = {wide.id for one in found for wide in terms.wider(one.name)}
        for one in found:
            over = one.until is not None or (one.history and one.status != "completed")
            if one.name not in implied and not over:
                sides.setdefault(one.name, {})[one.value] = one
    for name, said in sides.items():
        if len(said) == 2:
            denied = said[False]
            if faults.lenient:
                refusal = Refusal("statement-unclear", denied.path, denied.origin, name)
                harvest.refusals.append(refusal)
            else:
                faults.add("field-conflict", denied.path)


def _told(refusals: list[Refusal], items: list[Item], case: shape.Object) -> list[Refusal]:
    """The refusals with paths that lead to what the person wrote."""
    known = {item.path: item for item in items}
    told = []
    for one in refusals:
        path, rest = one.path, ""
        while path and path not in known:
            path, mark, last = path.rpartition(".")
            rest = f"{mark}{last}{rest}"
        if path:
            written = _at(case, path)
            is_result = path.startswith("results[")
            places = results.places(written) if is_result else context.places(written)
            one = replace(one, path=path + _place(places, rest))
        elif one.path.startswith("patient."):
            rest = one.path.removeprefix("patient")
            one = replace(one, path="patient" + person.PLACES.get(rest, rest))
        told.append(one)
    return told


def _place(places: dict[str, str], element: str) -> str:
    """The longest beginning of an element that has a place in the case."""
    for start in sorted(places, key=len, reverse=True):
        if element.startswith(start):
            return places[start]
    return ""


def _at(case: Any, path: str) -> Any:
    """What stands at a path of the case."""
    for part in path.replace("[", ".[").split("."):
        if part.startswith("["):
            case = case[int(part[1:-1])] if isinstance(case, list) else None
        else:
            case = case.get(part) if isinstance(case, dict) else None
    return case


def _mend(refusals: list[Refusal], faults: Faults) -> None:
    """Send back, unless lenient, what whoever wrote the case can mend at once.

    Raises:
        CaseError: there is such a thing, or anything was wrong with the shape of the case.
    """
    if faults.lenient:
        faults.raise_if_any()
        return
    analytes = load().analytes
    for one in sorted(refusals, key=lambda one: (one.path, one.reason)):
        if one.reason in names.words().mendable:
            near: tuple[str, ...] = ()
            analyte = analytes.get(one.name or "")
            if one.reason.startswith("unit-") and analyte is not None:
                near = nearest(one.detail, analyte.units) or analyte.units
            faults.add(one.reason, one.path, near, _REMEDIES.get(one.reason, ""))
    faults.raise_if_any()
