"""Worked examples of content → cases: ``{total_b12: "<150 ng/L", age: "68 a"}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from corrin import units
from corrin.facts.case import Case, Refusal, Subject
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.interval import Interval
from corrin.facts.moment import Moment
from corrin.language.bind import Vocabulary

# Worked examples need some moment; one that rests on which names its own.
AS_OF = Moment.parse("2026-11-01T12:00:00Z")

_VALUE = re.compile(r"\s*(<=|>=|<|>)?\s*(-?\d+(?:\.\d+)?)(?:\.\.(\d+(?:\.\d+)?))?\s+(\S+)\s*")


class GivenError(ValueError):
    """An example that cannot be read."""


def case_of(given: Mapping[str, Any], vocabulary: Vocabulary) -> Case:
    """The case an example describes; ``as_of`` names another day than the usual one.

    Raises:
        GivenError: a name is no fact, or a value cannot be read.
    """
    as_of = _as_of(given.get("as_of"))
    facts: dict[str, Fact] = {}
    every: dict[str, tuple[Measured, ...]] = {}
    refusals: list[Refusal] = []
    sex: str | None = None
    for name, raw in given.items():
        if name == "as_of":
            continue
        if name == "sex":
            sex = str(raw)
        elif name in vocabulary.concepts:
            stated = _stated(name, raw, refusals, as_of)
            if stated is not None:
                facts[name] = stated
        elif name in vocabulary.analytes:
            listed = raw if isinstance(raw, list) else [raw]
            values = []
            for one in listed:
                fact = _fact(name, one, vocabulary, refusals, as_of)
                facts[name] = fact
                if isinstance(fact, Measured):
                    values.append(fact)
            if vocabulary.analytes[name].id == name:  # not another result of it (mma_previous)
                every[name] = tuple(sorted(values, key=_time))
        else:
            raise GivenError(f"{name} is no fact")
    return Case(as_of, Subject(sex=sex), facts, every, every, tuple(refusals))


def _time(value: Measured) -> str:
    return value.when.text if value.when is not None else ""


def _as_of(raw: object) -> Moment:
    return AS_OF if raw is None else Moment.parse(f"{raw}T12:00:00Z")


def _ago(raw: Mapping[str, Any], as_of: Moment) -> Moment:
    days = int(raw.get("days_ago", 0))
    return Moment.parse((as_of.start - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ"))


def _stated(name: str, raw: Any, refusals: list[Refusal], as_of: Moment) -> Stated | Absent | None:
    if isinstance(raw, bool):
        return Stated(name, raw)
    if isinstance(raw, Mapping) and "refused" in raw:
        refusals.append(Refusal(str(raw["refused"]), path=name, name=name))
        return None
    if isinstance(raw, Mapping) and "absent" in raw:
        return Absent(name, str(raw["absent"]))
    if isinstance(raw, Mapping) and isinstance(raw.get("value"), bool):
        return Stated(name, raw["value"], since=_ago(raw, as_of), flags=tuple(raw.get("flags", ())))
    raise GivenError(f"{name} is true or false")


def _fact(
    name: str, raw: Any, vocabulary: Vocabulary, refusals: list[Refusal], as_of: Moment
) -> Measured | Absent:
    if isinstance(raw, str):
        raw = {"value": raw}
    if not isinstance(raw, Mapping):
        raise GivenError(f"{name}: a value is a text such as '240 ng/L'")
    if "refused" in raw:
        refusals.append(Refusal(str(raw["refused"]), path=name, name=name))
        if "value" not in raw:
            return Absent(name, str(raw["refused"]))
    if "absent" in raw:
        return Absent(name, str(raw["absent"]), raw.get("value"), _ago(raw, as_of))
    analyte = vocabulary.analytes[name]
    interval, unit = _interval(name, str(raw["value"]))
    try:
        canonical, canonical_unit = units.canonical(analyte, interval, unit)
        limits = _limits(raw)
        reference = units.canonical(analyte, limits, unit)[0] if limits is not None else None
    except units.UnitError as error:
        raise GivenError(f"{name}: {unit} does not fit") from error
    return Measured(
        analyte.id,
        canonical,
        canonical_unit,
        str(raw["value"]),
        when=_ago(raw, as_of),
        origin=f"example/{name}",
        status=str(raw.get("status", "final")),
        reference_range=reference,
        flags=tuple(raw.get("flags", ())),
        reported_unit=unit,
    )


def _interval(name: str, text: str) -> tuple[Interval, str]:
    match = _VALUE.fullmatch(text)
    if match is None:
        raise GivenError(f"{name}: '{text}' is not a value with a unit")
    comparator, low, high, unit = match.groups()
    if high is not None:
        return Interval(Decimal(low), Decimal(high)), unit
    return Interval.from_comparator(comparator, Decimal(low)), unit


def _limits(raw: Mapping[str, Any]) -> Interval | None:
    low, high = raw.get("reference_low"), raw.get("reference_high")
    if low is None and high is None:
        return None
    return Interval(
        None if low is None else Decimal(str(low)), None if high is None else Decimal(str(high))
    )
