"""Figures calculated from two results of one sampling: adjusted calcium, neutrophils, ratios.

They are added to the results, for every sampling that has both and no figure of the laboratory's
own, before anything is chosen: so they are chosen, called ambiguous, followed and read for
critical values like any other result. The constants stand in ``rules/derived/calculated.yaml``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache

from corrin import terminology, units
from corrin.content import ContentError, read_document, rules_root
from corrin.facts import arithmetic
from corrin.facts.fact import Measured
from corrin.facts.interval import Interval
from corrin.facts.sampling import FINAL, IMPLAUSIBLE, Samplings, Span, Spans, span
from corrin.terminology.analyte import Analyte
from corrin.units import UnitError

CALCULATED = "calculated-here"
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Constants:
    """What a form needs when the first result came in a certain unit; ``unit`` is the answer's.

    A second result wholly outside ``second_between`` (in ``second_unit``) was sent in another unit,
    and what is made of it is implausible.
    """

    second_unit: str
    second_between: Interval | None
    unit: str
    places: int
    slope: Decimal
    normal: Decimal
    scale: Decimal


@dataclass(frozen=True, slots=True)
class Calculation:
    """One figure: the two results it is made of, how far apart they may lie, its form."""

    name: str
    form: str
    first: str
    second: str
    within: timedelta
    by_unit: Mapping[str, Constants]
    second_at_most: Decimal | None
    marks: str | None


@lru_cache(maxsize=1)
def calculations() -> tuple[Calculation, ...]:
    """``rules/derived/calculated.yaml``, read once.

    Raises:
        ContentError: the file is missing.
    """
    given = read_document(rules_root() / "derived" / "calculated.yaml")["calculated"]
    return tuple(
        Calculation(
            name=name,
            form=one["form"],
            first=one["first"],
            second=one["second"],
            within=timedelta(hours=one["within_hours"]),
            by_unit={
                unit: Constants(
                    second_unit=c["second_unit"],
                    second_between=_window(c.get("second_between")),
                    unit=c["unit"],
                    places=c["places"],
                    slope=Decimal(c.get("slope", 0)),
                    normal=Decimal(c.get("normal", 0)),
                    scale=Decimal(c.get("scale", 1)),
                )
                for unit, c in one["by_unit"].items()
            },
            second_at_most=Decimal(one["second_at_most"]) if "second_at_most" in one else None,
            marks=one.get("marks"),
        )
        for name, one in given.items()
    )


def _window(given: Mapping[str, Decimal] | None) -> Interval | None:
    return None if given is None else Interval(Decimal(given["low"]), Decimal(given["high"]))


def add(by_name: dict[str, list[Measured]]) -> None:
    """Add what can be calculated to the results of each analyte.

    Where the content says so, a result is marked as one whose sampling has such a figure.
    """
    for rule in calculations():
        firsts = by_name.get(rule.first)
        if firsts is None:
            continue
        own, seconds = by_name.get(rule.name, []), by_name.get(rule.second)
        made = [] if seconds is None else _calculate(rule, firsts, seconds, own)
        if made:
            by_name[rule.name] = own + made
        if rule.marks is not None and (own or made):
            by_name[rule.first] = _marked(rule.marks, firsts, own + made)


@dataclass(frozen=True, slots=True)
class _Second:
    """All that is known of the second result of one sampling."""

    known: Mapping[str, Interval | None]
    flags: tuple[str, ...]
    unsettled: str | None


def _calculate(
    rule: Calculation, firsts: list[Measured], seconds: list[Measured], own: list[Measured]
) -> list[Measured]:
    """A figure for each first result with a second of its sampling and no figure reported."""
    samplings = Samplings(seconds, rule.within)
    reported = Spans(one.when for one in own if IMPLAUSIBLE not in one.flags)
    of_sampling: dict[Span, _Second] = {}
    found = []
    for one in firsts:
        if one.when is None or reported.touch(one.when):
            continue
        others = samplings.beside(one.when)
        if not others or others[0].when is None:
            continue
        time = span(others[0].when)
        if time not in of_sampling:
            of_sampling[time] = _second(rule, others)
        figure = _figure(rule, one, of_sampling[time])
        if figure is not None:
            found.append(figure)
    return found


def _second(rule: Calculation, others: tuple[Measured, ...]) -> _Second:
    analyte = terminology.load().analytes[rule.second]
    wanted = dict.fromkeys(constants.second_unit for constants in rule.by_unit.values())
    return _Second(
        {unit: _together(analyte, others, unit) for unit in wanted},
        tuple(dict.fromkeys(flag for one in others for flag in one.flags)),
        next((one.status for one in others if one.status not in FINAL), None),
    )


def _figure(rule: Calculation, one: Measured, other: _Second) -> Measured | None:
    """The figure of one sampling; ``None`` when a unit does not fit or nothing bounds it."""
    constants = rule.by_unit.get(one.unit)
    second = None if constants is None else other.known[constants.second_unit]
    if constants is None or second is None:
        return None
    window = constants.second_between
    believed = window is None or second.meets(window)
    second = arithmetic.at_most(second, rule.second_at_most)
    interval = _worked_out(rule.form, one.interval, second, constants)
    if interval is None:
        return None
    flags = [*one.flags, *other.flags, CALCULATED]
    analyte = terminology.load().analytes[rule.name]
    if not believed or not units.plausible(analyte, interval, constants.unit):
        flags.append(IMPLAUSIBLE)
    return Measured(
        analyte=rule.name,
        interval=interval,
        unit=constants.unit,
        reported=arithmetic.shown(interval, constants.places, constants.unit),
        when=one.when,
        origin=one.origin,
        path=one.path,
        status=(one.status if one.status not in FINAL else other.unsettled) or one.status,
        specimen=one.specimen,
        flags=tuple(dict.fromkeys(flags)),
        issued=one.issued,
    )


def _worked_out(
    form: str, first: Interval, second: Interval, constants: Constants
) -> Interval | None:
    match form:
        case "adjust":
            return arithmetic.adjusted(first, second, constants.slope, constants.normal)
        case "share":
            return arithmetic.product(first, second, constants.scale)
        case "ratio":
            return arithmetic.ratio(first, second)
        case _:
            raise ContentError("calculated.yaml", 0, f"no form is called {form}")


def _together(analyte: Analyte, results: tuple[Measured, ...], unit: str) -> Interval | None:
    """What is known of a result that was sent more than once for one sampling: all of it."""
    try:
        known = [units.convert_interval(analyte, r.interval, r.unit, unit) for r in results]
    except UnitError:
        return None
    return arithmetic.hull(known)


def _marked(mark: str, results: list[Measured], figures: list[Measured]) -> list[Measured]:
    """The results, marked where an exact figure of the very sampling stands beside them.

    Of several results of one day it is not certain which one the figure belongs to.
    """
    exact = {
        span(one.when)
        for one in figures
        if one.when is not None and one.interval.is_point and IMPLAUSIBLE not in one.flags
    }
    times = Counter(span(one.when) for one in results if one.when is not None)
    found = []
    for one in results:
        if one.when is not None and span(one.when) in exact:
            instant = one.when.end - one.when.start < _MINUTE
            if instant or times[span(one.when)] == 1:
                one = replace(one, flags=tuple(dict.fromkeys((*one.flags, mark))))
        found.append(one)
    return found
