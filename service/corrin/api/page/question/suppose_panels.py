"""Which values of an answer a reader can move: those used that something is held against, and
those that are absent and would settle a status.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from corrin import interpretation, terminology, units
from corrin.api.page.answered import Answered
from corrin.facts import calculated, combined_indicator, derived
from corrin.facts.case import Case, Reading
from corrin.facts.fact import Measured
from corrin.facts.interval import Interval
from corrin.notes.sentence import readable
from corrin.notes.words import NO_UNIT
from corrin.question.part import readers_of
from corrin.question.supposed import CannotSuppose, suppose
from corrin.question.turns import Way
from corrin.terminology.analyte import Analyte
from corrin.units import UnitError

# What a refused supposition is told as, where no reason of the content says it.
_OWN_WORDS = {
    "no-such-test": "There is no measured test of this name.",
    "worked-out": "This figure is worked out of other results here: move those.",
    "not-alone": "This can be supposed only where pregnancy is stated.",
    "too-many-results": "There are too many results to look for every turn among them; "
    "single values can still be supposed.",
}


@dataclass(frozen=True, slots=True)
class Panel:
    """A value that can be moved.

    Attributes:
        name: the analyte.
        label: what people call it.
        reported: the result used, as reported; empty where there is none.
        when: its time; empty where there is none.
        start: what stands in the field at first, in ``unit``.
        unit: the unit it was reported in, or is first asked in.
        units: (UCUM, as people read it) of every unit it may be given in.
        cannot: why it cannot be supposed; empty where it can.
    """

    name: str
    label: str
    reported: str
    when: str
    start: str
    unit: str
    units: tuple[tuple[str, str], ...]
    cannot: str = ""


@dataclass(frozen=True, slots=True)
class Panels:
    """The values used, and the absent ones that would settle a status."""

    used: tuple[Panel, ...]
    absent: tuple[Panel, ...]


def panels(answered: Answered) -> Panels:
    """Everything of an answer that can be moved, what the statuses rest on first."""
    if not answered.evaluation.in_scope:
        return Panels((), ())
    facts = answered.evaluation.case.facts
    order = _in_order(answered)
    used = [
        panel(answered, name)
        for name in order
        if isinstance(facts.get(name), Measured) and _is_reported(answered, name)
    ]
    absent = [panel(answered, name) for name in _settling(answered)]
    return Panels(tuple(used), tuple(absent))


def panel(answered: Answered, name: str, unit: str = "") -> Panel:
    """One value, in a unit; without one in the unit it was reported in.

    Raises:
        CannotSuppose: there is no such test, or not in this unit.
    """
    about = terminology.load().analytes.get(name)
    if about is None or about.kind != "quantity":
        raise CannotSuppose("no-such-test")
    fact = answered.evaluation.case.facts.get(name)
    used = fact if isinstance(fact, Measured) else None
    ucum = accepted(about, unit) if unit else _unit(answered, about, used)
    return Panel(
        name=name,
        label=answered.composer.words.label(name),
        reported="" if used is None else readable(used.reported),
        when="" if used is None or used.when is None else used.when.text,
        start="" if used is None else _in_unit(about, used, ucum),
        unit=ucum,
        units=tuple((one, unit_said(one)) for one in about.units),
        cannot="" if used is not None else _why_not(answered, about, ucum),
    )


def way_of(answered: Answered, name: str, unit: str) -> Way:
    """The whole way of an answer again, with one value supposed."""
    engine, case = answered.engine, answered.evaluation.case

    def choose(reading: Reading) -> Case:
        return interpretation.choose_case(reading, case.as_of, engine)

    return Way(engine, answered.reading, case, choose, name, unit)


def why(refused: CannotSuppose) -> str:
    """A refused supposition in words."""
    if refused.reason in _OWN_WORDS:
        return _OWN_WORDS[refused.reason]
    reason = terminology.load().reasons[refused.reason]
    return f"{reason.sentence} {reason.remedy}".strip()


def accepted(about: Analyte, unit: str) -> str:
    """The accepted unit a spelling means.

    Raises:
        CannotSuppose: it means none.
    """
    found = units.normalise(about, unit=unit)
    if isinstance(found, units.UnitRefusal):
        raise CannotSuppose(found.reason)
    return found.ucum


def unit_said(unit: str) -> str:
    """A unit as people read it; nothing for a pure number."""
    return "" if unit == NO_UNIT else readable(unit)


def _in_order(answered: Answered) -> list[str]:
    """The analytes anything is held against or worked out of, by the order of the topics."""
    engine = answered.engine
    held = [name for decider in engine.deciders.values() for name in decider.measured]
    return list(dict.fromkeys((*held, *_sources(), *readers_of(engine))))


def _sources() -> Iterator[str]:
    for rule in calculated.calculations():
        yield from (rule.first, rule.second)
    yield derived.CREATININE
    formula = combined_indicator.formula()
    yield from (*formula.above, *formula.below)


def _is_reported(answered: Answered, name: str) -> bool:
    """Whether the value used is a result, and not worked out of others."""
    fact = answered.evaluation.case.facts[name]
    assert isinstance(fact, Measured)
    if name not in terminology.load().analytes:
        return False
    try:
        suppose(answered.reading, answered.evaluation.case, name, fact.interval, fact.unit)
    except CannotSuppose:
        return False
    return True


def _settling(answered: Answered) -> list[str]:
    """Absent tests that would settle a status, those that a status is open for first."""
    known = terminology.load().analytes
    facts = answered.evaluation.case.facts
    found: dict[str, None] = {}
    for decided in answered.evaluation.decided.values():
        settling = (*decided.separated_by, *decided.settle)
        for name in (*(one.fact for one in settling), *decided.missing):
            about = known.get(name)
            if name == derived.EGFR:
                found[derived.CREATININE] = None  # of which it is worked out
            if about is not None and about.kind == "quantity":
                found[name] = None
    worked_out = {combined_indicator.INDICATOR, *(r.name for r in calculated.calculations())}
    return [
        name
        for name in found
        if not isinstance(facts.get(name), Measured) and name not in worked_out
    ]


def _unit(answered: Answered, about: Analyte, used: Measured | None) -> str:
    if used is not None:
        return used.reported_unit if used.reported_unit in about.units else used.unit
    for reader in readers_of(answered.engine).get(about.id, ()):
        for figures in reader.figures(answered.evaluation.world):
            return figures[0][0]
    return about.units[0]


def _in_unit(about: Analyte, used: Measured, ucum: str) -> str:
    try:
        moved = units.convert_interval(about, used.interval, used.unit, ucum)
    except UnitError:
        return ""
    return str(_plain(moved))


def _plain(interval: Interval) -> Interval:
    """Without noughts that a conversion leaves behind the point."""
    low, high = (
        None if end is None else Decimal(units.as_text(end))
        for end in (interval.low, interval.high)
    )
    return Interval(low, high, interval.low_closed, interval.high_closed)


def _why_not(answered: Answered, about: Analyte, ucum: str) -> str:
    """Why an absent test cannot be supposed now, tried with a figure something asks about."""
    way = way_of(answered, about.id, ucum)
    window = about.plausible
    try:
        value = Decimal(1) if window is None else window.high
        way.chosen(value if window is None else units.convert(about, value, window.unit, ucum))
    except UnitError:
        return ""
    except CannotSuppose as refused:
        return "" if refused.reason == "implausible" else why(refused)
    return ""
