"""A measured value against a cut-off, in the dimension the value was reported in.

Rounded guideline pairs (180 ng/L, 133 pmol/L) are not exact conversions of each other, so a
value is held against the figure published in its own dimension and converted only where there
is none (GL-01).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal

from corrin import units
from corrin.facts.fact import Absent, Measured
from corrin.facts.interval import Interval
from corrin.language import kleene, tree
from corrin.language.kleene import Kleene
from corrin.language.world import World
from corrin.terminology.analyte import Analyte

Condition = Callable[[World], Kleene]
Figures = tuple[tuple[str, Interval], ...]

OPERATORS: dict[str, Callable[[Interval, Interval], Kleene]] = {
    "<": Interval.lt,
    "<=": Interval.le,
    ">": Interval.gt,
    ">=": Interval.ge,
    "=": Interval.eq,
    "!=": lambda a, b: kleene.negate(a.eq(b)),
}
# The same for two exactly known numbers, as nearly all are.
EXACTLY: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


class CutReader:
    """A bound cut-off made ready: answers which figures may apply in a world."""

    def __init__(
        self, cut: tree.Cut, analyte: Analyte, compile_: Callable[[tree.Expression], Condition]
    ) -> None:
        self.cut, self._analyte = cut, analyte
        self._values = _figures(cut.values)
        self._variants = tuple((compile_(v.when), _figures(v.values)) for v in cut.variants)
        self._earlier = tuple((p.start, p.end, _figures(p.values)) for p in cut.earlier)

    def figures(self, world: World, measured: Measured | None = None) -> tuple[Figures, ...]:
        """Every set of figures that may apply: one when the selectors are known.

        Empty when the cut-off is the laboratory's own and the laboratory gave none.
        """
        if self.cut.laboratory_limit is not None and measured is not None:
            bound = self.laboratory(measured)
            if bound is not None and self._believed(bound, measured.unit):
                return (((measured.unit, Interval.point(bound)),),)
        for start, end, values in self._earlier:
            if start <= world.on and (end is None or world.on < end):
                return (values,)
        if self._values:
            return (self._values,)
        possible = []
        for holds, values in self._variants:
            answer = holds(world)
            if answer is True:
                return (values,)
            if answer is None:
                possible.append(values)
        return tuple(possible)

    def laboratory(self, measured: Measured) -> Decimal | None:
        """The laboratory's own limit, in the value's unit, whether believed or not."""
        if self.cut.laboratory_limit is None or measured.reference_range is None:
            return None
        bound: Decimal | None = getattr(measured.reference_range, self.cut.laboratory_limit)
        return bound

    def believes(self, measured: Measured) -> bool:
        """Whether the laboratory gave a limit of its own and it is used."""
        bound = self.laboratory(measured)
        return bound is not None and self._believed(bound, measured.unit)

    def _believed(self, bound: Decimal, unit: str) -> bool:
        window = self.cut.laboratory_between
        if window is None:
            return True
        low, high, its_unit = window
        return low <= units.convert(self._analyte, bound, unit, its_unit) <= high

    def fixed(self) -> Figures | None:
        """The figures of a cut-off that is the same for everybody and every day, else ``None``."""
        varies = self._variants or self._earlier or self.cut.laboratory_limit is not None
        return None if varies else self._values

    def selectors(self) -> tuple[str, ...]:
        """The facts the choice of a variant rests on."""
        found: dict[str, None] = {}
        for variant in self.cut.variants:
            found.update(dict.fromkeys(tree.facts_of(variant.when)))
        return tuple(found)


def comparison(analyte: Analyte, sign: str, reader: CutReader, fact: str) -> Condition:
    """The condition ``fact sign cut-off``."""
    compare, exactly = OPERATORS[sign], EXACTLY[sign]
    fixed = reader.fixed()

    def holds_fixed(world: World) -> Kleene:
        measured = world.facts.get(fact)
        if type(measured) is not Measured:
            return None
        figure = by_unit.get(measured.unit)
        if figure is not None:
            value = measured.interval
            if value.is_point and value.low is not None and figure.low is not None:
                return exactly(value.low, figure.low)
            return compare(value, figure)
        return compare(*beside(analyte, measured, figures))

    def holds(world: World) -> Kleene:
        measured = world.facts.get(fact)
        if type(measured) is not Measured:
            return None
        possible = reader.figures(world, measured)
        if len(possible) == 1:
            return compare(*beside(analyte, measured, possible[0]))
        if not possible:
            return None
        return kleene.agree(compare(*beside(analyte, measured, f)) for f in possible)

    if fixed is None:
        return holds
    figures, by_unit = fixed, dict(fixed)
    return holds_fixed


def beside(analyte: Analyte, measured: Measured, figures: Figures) -> tuple[Interval, Interval]:
    """The value and the figure in one unit: the value's own where one is published in it."""
    for unit, figure in figures:
        if unit == measured.unit:
            return measured.interval, figure
    unit, figure = figures[0]
    return units.convert_interval(analyte, measured.interval, measured.unit, unit), figure


def why_unknown(world: World, fact: str, readers: tuple[CutReader, ...]) -> tuple[str, ...]:
    """Names that make a comparison unknown: the fact itself, or what selects its cut-off."""
    measured = world.facts.get(fact)
    if type(measured) is not Measured:
        return (fact,)
    names: list[str] = []
    for reader in readers:
        possible = reader.figures(world, measured)
        if len(possible) > 1:
            names += [n for n in reader.selectors() if _unsure(world, n)]
        if not possible:
            names.append(reader.cut.name or fact)
    if not measured.interval.is_point or not names:
        names.insert(0, fact)
    return tuple(dict.fromkeys(names))


def _unsure(world: World, name: str) -> bool:
    fact = world.facts.get(name)
    if name in world.coded:
        return False
    return (
        fact is None
        or isinstance(fact, Absent)
        or (isinstance(fact, Measured) and not fact.interval.is_point)
    )


def _figures(values: tuple[tuple[str, Decimal], ...]) -> Figures:
    return tuple((unit, Interval.point(value)) for unit, value in values)
