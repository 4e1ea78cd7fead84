"""A reading in which one value is supposed to be another, to be taken the whole way again.

What is supposed takes the place of the very result that was used, with its time, status, flags and
laboratory range; of an input that was absent it is a new result of the moment asked about. A value
is taken or refused here as a reader takes or refuses it: nothing that could not be reported can be
supposed. Every text of what is supposed says so, so that nobody takes it for a result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from corrin import terminology, units
from corrin.facts import derived, gestation, versions
from corrin.facts.case import Case, Reading
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.interval import Interval
from corrin.facts.moment import Moment
from corrin.notes.words import NO_UNIT, SUPPOSED_MARK
from corrin.terminology.analyte import Analyte
from corrin.units import UnitError, UnitRefusal

SUPPOSED = "supposed"
MARK = SUPPOSED_MARK
# Of a value as it was reported; another one has no such mark yet.
_OF_THE_VALUE = frozenset({"outside-lab-range-disagrees"})


class CannotSuppose(ValueError):
    """A value that is not supposed: ``reason`` is a code of ``rules/terminology/reasons.yaml``, or
    one of ``no-such-test``, ``worked-out``, ``not-alone`` and ``too-many-results``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Supposed:
    """A supposition made.

    Attributes:
        reading: what was read, with ``result`` in it.
        result: what is supposed, as a result; its text says that it is supposed.
        instead: the result it stands for, and what was the same result sent again; empty: none was
            there.
        figure: the value asked for, in ``unit``.
        unit: the accepted unit it was asked in.
    """

    reading: Reading
    result: Measured
    instead: tuple[Measured, ...]
    figure: Interval
    unit: str

    @property
    def as_reported(self) -> bool:
        """Whether the very value that was reported is supposed, so that nothing changes."""
        return self.result in self.instead


def suppose(
    reading: Reading, case: Case, analyte: str, value: Decimal | Interval, unit: str
) -> Supposed:
    """Put a value in the place of the result that was used, or of none.

    Args:
        case: the case that was chosen of the reading.
        unit: any spelling the analyte accepts.

    Raises:
        CannotSuppose: no laboratory could report it, or what stands there is worked out of others.
    """
    interval = value if isinstance(value, Interval) else Interval.point(value)
    about = _analyte(analyte)
    ucum, placed, canonical = _taken(about, interval, unit)
    fact = case.facts.get(analyte)
    instead = _instead(reading, fact)
    if not instead:
        if isinstance(fact, Measured):
            raise CannotSuppose("worked-out")
        result = _new(case, about, placed, canonical, _written(interval, ucum), ucum)
        return Supposed(
            replace(reading, results=(*reading.results, result)), result, (), interval, ucum
        )
    used = instead[0]
    if (used.interval, used.unit) == (placed, canonical):
        return Supposed(reading, used, instead, interval, ucum)
    result = replace(
        used,
        interval=placed,
        unit=canonical,
        reported=_written(interval, ucum),
        reported_unit=ucum,
        reference_range=_range(about, used, canonical),
        interpretation=(),
        flags=tuple(flag for flag in used.flags if flag not in _OF_THE_VALUE),
    )
    gone = {id(one) for one in instead[1:]}
    results = tuple(
        result if one is used else one for one in reading.results if id(one) not in gone
    )
    return Supposed(replace(reading, results=results), result, instead, interval, ucum)


def marked(supposed: Supposed, before: Case, chosen: Case) -> Case:
    """The case chosen with a supposed value, every figure marked that was worked out of that value.

    Args:
        before: the case as it was chosen of what was reported.
    """
    known = {_figure(one) for one in (*supposed.reading.results, *_measured(before))}
    made: dict[int, Measured] = {}  # by identity, which tells a note what stands elsewhere

    def mark(one: Measured) -> Measured:
        if _figure(one) in known:
            return one
        return made.setdefault(id(one), replace(one, reported=f"{one.reported}{MARK}"))

    def of(fact: Fact) -> Fact:
        if isinstance(fact, Absent):
            return replace(fact, among=tuple(map(mark, fact.among)))
        return mark(fact) if isinstance(fact, Measured) else fact

    return replace(
        chosen,
        facts={name: of(fact) for name, fact in chosen.facts.items()},
        earlier={name: tuple(map(mark, found)) for name, found in chosen.earlier.items()},
        every={name: tuple(map(mark, found)) for name, found in chosen.every.items()},
    )


def _measured(case: Case) -> Iterable[Measured]:
    for found in (*case.earlier.values(), *case.every.values()):
        yield from found
    for fact in case.facts.values():
        if isinstance(fact, Measured):
            yield fact


def _figure(one: Measured) -> tuple[object, ...]:
    """What tells a figure from others; flags may be added where it is chosen."""
    return (one.analyte, one.path, one.origin, one.when, one.interval, one.unit)


def not_used(supposed: Supposed, case: Case) -> str | None:
    """Why a supposed value is not what stands for the person in the case chosen of its reading.

    Returns:
        A reason code, ``worked-out`` where the figure is calculated of others all the same, or
        ``None``: it is used.
    """
    fact = case.facts.get(supposed.result.analyte)
    if isinstance(fact, Absent):
        return fact.reason
    if not isinstance(fact, Measured):
        return "not-applicable"
    own = supposed.result
    same = (fact.interval, fact.unit, fact.path) == (own.interval, own.unit, own.path)
    return None if same else "worked-out"


def _analyte(name: str) -> Analyte:
    found = terminology.load().analytes.get(name)
    if found is None or found.kind != "quantity":
        raise CannotSuppose("no-such-test")
    if not found.codes:
        raise CannotSuppose("worked-out")  # nobody reports it
    return found


def _taken(about: Analyte, interval: Interval, unit: str) -> tuple[str, Interval, str]:
    """The unit, the interval in the canonical one, and that: by the checks every reader makes."""
    if any(end is not None and end < 0 for end in (interval.low, interval.high)):
        raise CannotSuppose("value-negative")
    found = units.normalise(about, unit=unit)
    if isinstance(found, UnitRefusal):
        raise CannotSuppose(found.reason)
    try:
        placed, canonical = units.canonical(about, interval, found.ucum)
    except UnitError as error:
        raise CannotSuppose(error.reason) from None
    doubt = units.suspicious(about, interval, found.ucum)
    if doubt is not None:
        raise CannotSuppose(doubt)
    if not units.plausible(about, placed, canonical):
        raise CannotSuppose("implausible")
    return found.ucum, placed, canonical


def _instead(reading: Reading, fact: Fact | None) -> tuple[Measured, ...]:
    """The result that was used, first, and what is the same result; all that disagree where
    several do. Nothing where none was used, or where it does not stand in the reading."""
    if isinstance(fact, Absent):
        found = [one for used in fact.among for one in _origin_of(reading.results, used)]
        return tuple(sorted(found, key=versions.order, reverse=True))
    if not isinstance(fact, Measured):
        return ()
    for used in _origin_of(reading.results, fact):
        again = [
            one
            for one in reading.results
            if one is not used and _of_one_time(one, used) and versions.agree(used, one)
        ]
        return (used, *again)
    return ()


def _origin_of(results: Iterable[Measured], used: Measured) -> Iterable[Measured]:
    """The result of a reading that was chosen; choosing adds flags to it and changes nothing."""
    key = (used.analyte, used.path, used.origin, used.when, used.interval, used.reported)
    for one in results:
        if (one.analyte, one.path, one.origin, one.when, one.interval, one.reported) == key:
            yield one
            return


def _of_one_time(one: Measured, used: Measured) -> bool:
    if one.analyte != used.analyte or one.when is None or used.when is None:
        return False
    return one.when.start <= used.when.end and one.when.end >= used.when.start


def _range(about: Analyte, used: Measured, unit: str) -> Interval | None:
    """The laboratory's own interval in another unit; none where no rule leads there."""
    if used.reference_range is None:
        return None
    try:
        return units.convert_interval(about, used.reference_range, used.unit, unit)
    except UnitError:
        return None


def _new(
    case: Case, about: Analyte, placed: Interval, canonical: str, written: str, ucum: str
) -> Measured:
    """A result of the moment asked about, where there was none."""
    if about.id == gestation.GESTATIONAL_AGE:
        # To be so many weeks pregnant says more than a figure.
        pregnant = case.facts.get(derived.PREGNANT)
        if not (isinstance(pregnant, Stated) and pregnant.value):
            raise CannotSuppose("not-alone")
    end = case.as_of.end
    return Measured(
        analyte=about.id,
        interval=placed,
        unit=canonical,
        reported=written,
        when=Moment(end, end, case.as_of.text),
        origin=SUPPOSED,
        path=SUPPOSED,
        reported_unit=ucum,
    )


def _written(interval: Interval, ucum: str) -> str:
    """``170 ng/L (supposed)``."""
    return f"{interval}{'' if ucum == NO_UNIT else f' {ucum}'}{MARK}"
