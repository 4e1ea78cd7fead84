"""Dates and times of FHIR elements → moments, with what had to be assumed."""

from __future__ import annotations

from datetime import tzinfo
from functools import lru_cache

from corrin.facts.case import Refusal
from corrin.facts.moment import Moment, names_zone
from corrin.intake.item import Resource

_EFFECTIVE = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming")
_OTHERS = frozenset(_EFFECTIVE[1:])
_LONGEST = 40  # characters of a date-time with nanoseconds and a zone, and some more
_FIRST_YEAR, _LAST_YEAR = 2, 9998  # zones can move a moment by a day; datetime ends at 1 and 9999


def parse_moment(value: object, zone: tzinfo) -> Moment | None:
    """A FHIR date, dateTime or instant; ``None`` when it is none (a JSON number never is)."""
    if type(value) is not str or len(value) > _LONGEST:
        return None
    return _parse(value, zone)


def read_moment(text: str, zone: tzinfo) -> Moment | None:
    """As :func:`parse_moment`, for whoever keeps moments and asks for each once."""
    if len(text) > _LONGEST:
        return None
    try:
        found = Moment.parse(text, zone)
    except (ValueError, OverflowError):
        return None
    if found.start.year < _FIRST_YEAR or found.end.year > _LAST_YEAR:
        return None
    return found


_parse = lru_cache(maxsize=4096)(read_moment)


@lru_cache(maxsize=4096)
def flags_of(text: str) -> tuple[str, ...]:
    """What a date leaves open: ``date-partial`` (no day), ``zone-assumed`` (a time, no zone)."""
    if len(text) < 10:
        return ("date-partial",)
    if "T" in text and not names_zone(text):
        return ("zone-assumed",)
    return ()


def effective(node: Resource, zone: tzinfo) -> tuple[Moment | None, tuple[str, ...], str | None]:
    """When a sample was taken: moment, flags, and the reason why there is none.

    ``effective[x]`` as dateTime, instant, Period or the first event of a Timing; ``issued`` only
    when no effective time is given at all (flag ``date-from-issued``).
    """
    text = node.get("effectiveDateTime")
    if text is not None and _OTHERS.isdisjoint(node):
        found = parse_moment(text, zone)
        return (None, (), "date-invalid") if found is None else (found, flags_of(found.text), None)
    given = [key for key in _EFFECTIVE if node.get(key) is not None]
    if len(given) > 1:
        return None, (), "date-invalid"
    if not given:
        text = node.get("issued")
        if text is None:
            return None, (), "date-missing"
        found = parse_moment(text, zone)
        if found is None:
            return None, (), "date-invalid"
        return found, ("date-from-issued", *flags_of(found.text)), None
    value = node[given[0]]
    if given[0] == "effectivePeriod":
        found, flags = period(value, zone)
        return found, (*flags, "period-effective"), None if found else "date-invalid"
    if given[0] == "effectiveTiming":
        events = value.get("event") if isinstance(value, dict) else None
        moments = (
            [parse_moment(event, zone) for event in events] if isinstance(events, list) else []
        )
        first = min((moment for moment in moments if moment), default=None)
        if first is None or None in moments:
            return None, (), "date-invalid"
        return first, flags_of(first.text), None
    found = parse_moment(value, zone)
    return (None, (), "date-invalid") if found is None else (found, flags_of(found.text), None)


def period(value: object, zone: tzinfo) -> tuple[Moment | None, tuple[str, ...]]:
    """A FHIR Period as one moment; ``None`` when it has no bound or ends before it starts."""
    if not isinstance(value, dict):
        return None, ()
    bounds: list[Moment | None] = []
    flags: dict[str, None] = {}
    for name in ("start", "end"):
        text = value.get(name)
        bound = parse_moment(text, zone)
        if text is not None and bound is None:
            return None, ()
        if bound is not None:
            flags.update(dict.fromkeys(flags_of(bound.text)))
        bounds.append(bound)
    try:
        return Moment.span(*bounds), tuple(flags)
    except ValueError:
        return None, ()


def moment_of(
    node: Resource,
    names: tuple[str, ...],
    zone: tzinfo,
    path: str,
    origin: str,
    refusals: list[Refusal],
) -> tuple[Moment | None, Moment | None, tuple[str, ...]]:
    """Start and end from the first of several elements that is given, with flags.

    A Period gives both; a dateTime gives the start only. One that cannot be read is refused
    (``date-invalid``), and the statement stands without it.
    """
    for name in names:
        value = node.get(name)
        if value is None:
            continue
        if isinstance(value, dict):
            start, end = value.get("start"), value.get("end")
            first, last = parse_moment(start, zone), parse_moment(end, zone)
            bad = (start is not None and first is None) or (end is not None and last is None)
            if bad or (first is not None and last is not None and last.end < first.start):
                refusals.append(Refusal("date-invalid", f"{path}.{name}", origin))
                return None, None, ()
            flags = [flag for moment in (first, last) if moment for flag in flags_of(moment.text)]
            return first, last, tuple(dict.fromkeys(flags))
        found = parse_moment(value, zone)
        if found is None:
            refusals.append(Refusal("date-invalid", f"{path}.{name}", origin))
            return None, None, ()
        return found, None, flags_of(found.text)
    return None, None, ()
