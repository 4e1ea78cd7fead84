"""Gestational age at the sample it is read with; ``rules/derived/gestation.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from functools import lru_cache

from corrin.content import read_document, rules_root
from corrin.facts import arithmetic
from corrin.facts.calculated import CALCULATED
from corrin.facts.fact import Absent, Fact, Measured
from corrin.facts.interval import Interval

GESTATIONAL_AGE = "gestational_age"
# A week's sevenths were cut after the twelfth digit: two digits fewer give the whole days back.
_DAYS, _ONCE = Context(prec=10), Context(prec=12)


@dataclass(frozen=True, slots=True)
class Reading:
    """What gestational age is read with, and the range outside of which it is not."""

    read_with: str
    unit: str
    days_in_unit: Decimal
    places: int
    possible: Interval


@lru_cache(maxsize=1)
def reading() -> Reading:
    """``rules/derived/gestation.yaml``, read once.

    Raises:
        ContentError: the file is missing.
    """
    given = read_document(rules_root() / "derived" / "gestation.yaml")[GESTATIONAL_AGE]
    return Reading(
        given["read_with"],
        given["unit"],
        Decimal(given["days_in_unit"]),
        given["places"],
        Interval(Decimal(given["at_least"]), Decimal(given["at_most"])),
    )


def at_sample(facts: Mapping[str, Fact]) -> Fact | None:
    """Gestational age moved on (or back) to the sample's day; ``None`` where it stays as it is.

    ``Absent`` with ``not-paired`` where it would not be that of one pregnancy.
    """
    observed = facts.get(GESTATIONAL_AGE)
    if not isinstance(observed, Measured) or observed.when is None:
        return None
    rule = reading()
    sample = facts.get(rule.read_with)
    if not isinstance(sample, Measured) or sample.when is None or observed.unit != rule.unit:
        return None
    fewest, most = observed.when.days_before(sample.when)
    if fewest == most == 0:
        return None
    moved = Interval(
        _moved(observed.interval.low, fewest, rule),
        _moved(observed.interval.high, most, rule),
        observed.interval.low_closed,
        observed.interval.high_closed,
    )
    inside = moved.intersect(rule.possible)
    if inside is None:
        when, origins = observed.when, (observed.origin,)
        return Absent(GESTATIONAL_AGE, "not-paired", observed.reported, when, origins)
    return replace(
        observed,
        interval=inside,
        reported=arithmetic.shown(inside, rule.places, rule.unit),
        when=sample.when,
        flags=tuple(dict.fromkeys((*observed.flags, CALCULATED))),
    )


def _moved(bound: Decimal | None, days: int, rule: Reading) -> Decimal | None:
    if bound is None:
        return None
    begun = _DAYS.multiply(bound, rule.days_in_unit)
    return _ONCE.divide(_ONCE.add(begun, Decimal(days)), rule.days_in_unit)
