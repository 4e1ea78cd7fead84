"""The combined indicator of vitamin B12 status (cB12) from all four markers and age.

The constants stand in ``rules/derived/combined_indicator.yaml``. Whether it may be read (kidney
function, treatment, pregnancy …) is for the rules to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache, reduce

from corrin import terminology, units
from corrin.content import read_document, rules_root
from corrin.facts import arithmetic, versions
from corrin.facts.calculated import CALCULATED
from corrin.facts.fact import Absent, Fact, Measured
from corrin.facts.interval import Interval
from corrin.facts.sampling import FINAL
from corrin.units import UnitError

INDICATOR = "combined_b12_indicator"
NEEDS_ALL = "needs-all-four-markers"
_WORK, _ONCE = Context(prec=28), Context(prec=12)
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Formula:
    """Markers above and below the line with their units, and the constants of the age factor."""

    above: Mapping[str, str]
    below: Mapping[str, str]
    numerator: Decimal
    scale: Decimal
    power: Decimal
    unit: str
    places: int
    within_days: int


@lru_cache(maxsize=1)
def formula() -> Formula:
    """``rules/derived/combined_indicator.yaml``, read once.

    Raises:
        ContentError: the file is missing.
    """
    given = read_document(rules_root() / "derived" / "combined_indicator.yaml")[INDICATOR]
    return Formula(
        above=dict(given["above"]),
        below=dict(given["below"]),
        numerator=Decimal(given["numerator"]),
        scale=Decimal(given["scale"]),
        power=Decimal(given["power"]),
        unit=given["unit"],
        places=given["places"],
        within_days=given["within_days"],
    )


def age_factor(age: Decimal) -> Decimal:
    """What is taken off for an age in years; falls as age rises."""
    rule = formula()
    risen = _WORK.power(_WORK.divide(age, rule.scale), rule.power)
    return _WORK.divide(rule.numerator, _WORK.add(_ONE, risen))


def point(above: Decimal, below: Decimal, age: Decimal) -> Decimal:
    """The indicator for the two products (both above nought) and an age, rounded once."""
    ratio = _WORK.log10(_WORK.divide(above, below))
    return _ONCE.plus(_WORK.subtract(ratio, age_factor(age)))


def interval(above: Interval, below: Interval, age: Interval) -> Interval | None:
    """The indicator for what is known; rises with ``above`` and age, falls as ``below`` rises.

    ``None`` when nothing bounds it.
    """
    low = high = None
    if above.low is not None and above.low > 0 and below.high is not None and below.high > 0:
        low = point(above.low, below.high, age.low or Decimal(0))
    if (
        above.high is not None
        and above.high > 0
        and below.low is not None
        and below.low > 0
        and age.high is not None
    ):
        high = point(above.high, below.low, age.high)
    return arithmetic.between(
        low, high, above.low_closed and below.high_closed, above.high_closed and below.low_closed
    )


def found(facts: Mapping[str, Fact]) -> Fact | None:
    """The indicator as a fact; ``None`` where none of its markers is there."""
    rule = formula()
    wanted = {**rule.above, **rule.below}
    markers = {n: f for n in wanted if isinstance(f := facts.get(n), Measured)}
    if not markers:
        return None
    origins = tuple(sorted({one.origin for one in markers.values() if one.origin}))
    if len(markers) < len(wanted):
        return Absent(INDICATOR, NEEDS_ALL, origins=origins)
    if _days_apart(tuple(markers.values())) > rule.within_days:
        return Absent(INDICATOR, "not-paired", origins=origins)
    age = facts.get("age")
    known = _in_units(markers, wanted)
    if known is None or not isinstance(age, Measured):
        return Absent(INDICATOR, "not-applicable", origins=origins)
    result = interval(_product(known, rule.above), _product(known, rule.below), age.interval)
    if result is None:
        return Absent(INDICATOR, "not-applicable", origins=origins)
    newest = max(markers.values(), key=versions.order)
    flags = [flag for one in markers.values() for flag in one.flags]
    return Measured(
        analyte=INDICATOR,
        interval=result,
        unit=rule.unit,
        reported=arithmetic.shown(result, rule.places, rule.unit),
        when=newest.when,
        origin=newest.origin,
        path=newest.path,
        status=next((m.status for m in markers.values() if m.status not in FINAL), newest.status),
        flags=tuple(dict.fromkeys((*flags, CALCULATED))),
    )


def _in_units(
    markers: Mapping[str, Measured], wanted: Mapping[str, str]
) -> dict[str, Interval] | None:
    analytes = terminology.load().analytes
    try:
        return {
            name: units.convert_interval(analytes[name], one.interval, one.unit, wanted[name])
            for name, one in markers.items()
        }
    except UnitError:
        return None


def _product(known: Mapping[str, Interval], names: Mapping[str, str]) -> Interval:
    return reduce(_times, (known[name] for name in names))


def _times(one: Interval, other: Interval) -> Interval:
    return arithmetic.product(one, other, _ONE) or Interval(None, None)


def _days_apart(markers: tuple[Measured, ...]) -> float:
    """Most whole days between any two samples; endless where one has no date."""
    times = [one.when for one in markers if one.when is not None]
    if len(times) < len(markers):
        return float("inf")
    return max(max(a.days_before(b)) for a in times for b in times)
