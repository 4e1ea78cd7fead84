"""Results as an intake would hand them over, and the case chosen of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from corrin import terminology, units
from corrin.facts.case import Case, Reading, Subject
from corrin.facts.choose import Policy, choose
from corrin.facts.fact import Measured, Stated
from corrin.facts.interval import Interval
from corrin.facts.moment import Moment

AS_OF = Moment.parse("2026-11-01T12:00:00Z")
SAMPLED = "2026-10-20T08:15:00Z"
BORN = Moment.parse("1958-03-01")
POLICY = Policy(look_back={"gestational_age": 300}, otherwise=90)


def interval(text: str) -> Interval:
    """``5``, ``<5``, ``>=5``, ``4..6``."""
    if ".." in text:
        low, high = text.split("..")
        return Interval(Decimal(low), Decimal(high))
    number = text.lstrip("<>=")
    return Interval.from_comparator(text.removesuffix(number) or None, Decimal(number))


def result(analyte: str, text: str, when: str | None = SAMPLED, **more: Any) -> Measured:
    """``result("calcium", "<1.9 mmol/L")``: as reported, in the canonical unit of its dimension."""
    figure, _, unit = text.partition(" ")
    known, canonical = units.canonical(terminology.load().analytes[analyte], interval(figure), unit)
    return Measured(
        analyte=analyte,
        interval=known,
        unit=canonical,
        reported=text,
        when=None if when is None else Moment.parse(when),
        origin=more.pop("origin", f"Observation/{analyte}/{when}/{text}"),
        path=more.pop("path", f"{analyte}/{when}/{text}"),
        **more,
    )


def statement(name: str, since: str | None = None, until: str | None = None, **more: Any) -> Stated:
    """Something stated as so, by a MedicationStatement unless another origin is given."""
    return Stated(
        name,
        more.pop("value", True),
        None if since is None else Moment.parse(since),
        None if until is None else Moment.parse(until),
        origin=more.pop("origin", "MedicationStatement/1"),
        **more,
    )


def chosen(
    *given: Measured | Stated,
    as_of: Moment = AS_OF,
    born: Moment | None = BORN,
    sex: str | None = "female",
) -> Case:
    """The case of some results and statements."""
    reading = Reading(
        Subject(sex=sex, birth_date=born),
        results=tuple(one for one in given if isinstance(one, Measured)),
        statements=tuple(one for one in given if isinstance(one, Stated)),
    )
    return choose(reading, as_of, POLICY)


def measured(case: Case, name: str) -> Measured:
    """The fact, which must be a measured one."""
    fact = case.facts[name]
    assert isinstance(fact, Measured), fact
    return fact
