"""eGFR from creatinine, age and sex (CKD-EPI 2021); the constants stand in ``rules/derived``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache

from corrin.content import read_document, rules_root
from corrin.facts.interval import Interval

_WORK = Context(prec=28)
_ONCE = Context(prec=12)


@dataclass(frozen=True, slots=True)
class Sex:
    """The constants of one sex."""

    k: Decimal
    a: Decimal
    factor: Decimal


@dataclass(frozen=True, slots=True)
class Formula:
    """The equation's constants, its units, and when it does not hold."""

    creatinine_unit: str
    unit: str
    scale: Decimal
    above: Decimal
    age_base: Decimal
    sexes: Mapping[str, Sex]
    least_age: Decimal
    not_when: tuple[str, ...]


@lru_cache(maxsize=1)
def formula() -> Formula:
    """``rules/derived/egfr.yaml``, read once.

    Raises:
        ContentError: the file is missing.
    """
    given = read_document(rules_root() / "derived" / "egfr.yaml")["egfr"]
    return Formula(
        creatinine_unit=given["creatinine_unit"],
        unit=given["unit"],
        scale=Decimal(given["scale"]),
        above=Decimal(given["above"]),
        age_base=Decimal(given["age_base"]),
        sexes={
            sex: Sex(Decimal(one["k"]), Decimal(one["a"]), Decimal(one["factor"]))
            for sex, one in given["sexes"].items()
        },
        least_age=Decimal(given["least_age"]),
        not_when=tuple(given["not_when"]),
    )


def point(creatinine: Decimal, age: Decimal, sex: str) -> Decimal:
    """eGFR in mL/min/{1.73_m2} for a creatinine in mg/dL and completed years, rounded once."""
    rule = formula()
    own = rule.sexes[sex]
    ratio = _WORK.divide(creatinine, own.k)
    exponent = own.a if ratio < 1 else rule.above
    found = _WORK.multiply(rule.scale, _WORK.power(ratio, exponent))
    found = _WORK.multiply(found, _WORK.power(rule.age_base, age))
    return _ONCE.plus(_WORK.multiply(found, own.factor))


def interval(creatinine: Interval, age: Interval, sex: str) -> Interval | None:
    """eGFR for what is known of creatinine (mg/dL) and age; falls as either rises.

    ``None`` when nothing bounds it from either side.
    """
    assert age.low is not None and age.high is not None
    low = high = None
    if creatinine.high is not None and creatinine.high > 0:
        low = point(creatinine.high, age.high, sex)
    if creatinine.is_point and age.is_point:
        high = low
    elif creatinine.low is not None and creatinine.low > 0:
        high = point(creatinine.low, age.low, sex)
    if low is None and high is None:
        return None
    return Interval(
        Decimal(0) if low is None else low,
        high,
        creatinine.high_closed and low is not None,
        creatinine.low_closed,
    )
