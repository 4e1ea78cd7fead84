"""What conditions can see of a fact, as one of few classes.

Conditions hold a number against cut-offs, look at flags and reasons, at what was stated and what
was refused. So of a number only its place among the cut-offs matters, and all facts alike in these
things are one class, of which the first that was met stands for the others.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from corrin import units
from corrin.facts.fact import Absent, Fact, Measured, Stated
from corrin.facts.interval import Interval
from corrin.language import tree
from corrin.language.compare import CutReader
from corrin.language.to_python import Compiler
from corrin.language.world import World
from corrin.terminology.analyte import Analyte
from corrin.units import UnitError

NOTHING = frozenset[str]()
# Facts of one name that differ in more ways than this are looked at case by case.
MOST_CLASSES = 4096


class Irregular(Exception):
    """Something of a case that classes do not hold: the case is looked at by itself."""


@dataclass(frozen=True, slots=True)
class Face:
    """One class: a fact that stands for all of it.

    Attributes:
        fact: the first fact met; ``None`` where there is none.
        code: the coded value (``sex``).
        refused: the reasons of refused values.
        open: whether the fact is known only in part, so that a cut-off may lie within it.
        converted: whether that was told after a conversion, which rounds.
    """

    fact: Fact | None = None
    code: str | None = None
    refused: frozenset[str] = NOTHING
    open: bool = False
    converted: bool = False

    @property
    def missing(self) -> bool:
        """Whether there is neither a value nor a statement, though there might be."""
        if isinstance(self.fact, Absent):
            return self.fact.reason != "not-applicable"
        return not isinstance(self.fact, Measured | Stated)


@dataclass(slots=True)
class _Ruler:
    """The cut-offs of one fact for values of one unit.

    Attributes:
        cuts: figures in this unit, ascending.
        others: of cut-offs without a figure in this unit: the analyte, the unit a value is
            converted to, and the figures there.
        limits: whether the laboratory's own limits matter.
        simple: whether the place says all of an exact value.
        spots: classes of exact values without flags by place among ``cuts``; -1 if not yet met.
        flagged: the same of those with flags.
        exact: classes of exact values, where their place does not say all.
    """

    cuts: list[Decimal]
    others: tuple[tuple[Analyte, str, list[Decimal]], ...]
    limits: bool
    simple: bool
    spots: list[int]
    flagged: dict[tuple[int, tuple[str, ...]], int] = field(default_factory=dict)
    exact: dict[tuple[object, ...], int] = field(default_factory=dict)


class Slot:
    """The classes of the facts of one name, numbered as they are met; 0 is "nothing known"."""

    def __init__(self, name: str, compiler: Compiler) -> None:
        self.name = name
        self.faces: list[Face] = [Face()]
        self.reasons: dict[str, int] = {}
        self._compiler = compiler
        self._readers: dict[tree.Cut, CutReader] = {}
        self._looks_at_refusals = False
        self._rulers: dict[tuple[str, str | None, str], _Ruler] = {}
        self._known: dict[tuple[object, ...], int] = {}
        self._believed: dict[tuple[str, Decimal | None, Decimal | None], tuple[bool, ...]] = {}

    def meet(self, leaf: tree.Expression, name: str) -> None:
        """Learn of a leaf that looks at this fact under a name."""
        if isinstance(leaf, tree.Compare | tree.Between) and leaf.fact == name:
            for cut in tree.cuts_of(leaf):
                self._readers.setdefault(cut, self._compiler.reader(cut))
        if isinstance(leaf, tree.IsNull) and leaf.reasons:
            self._looks_at_refusals = True

    def class_of(
        self, fact: Fact | None, code: str | None = None, refused: frozenset[str] = NOTHING
    ) -> int:
        """The class of a fact beside its coded value and what was refused of its name.

        Raises:
            Irregular: there are too many classes, or a value that no conversion leads to a cut-off.
        """
        if isinstance(fact, Measured) and code is None:
            return self.measured(fact)
        if not self._looks_at_refusals or isinstance(fact, Measured | Stated):
            refused = NOTHING
        key: tuple[object, ...]
        match fact:
            case Measured():
                key = ("measured", self.measured(fact))
            case Stated(_, value):
                key = ("stated", value, fact.flags)
            case Absent(name, reason):
                among = tuple(self.measured(one) for one in fact.among)
                key = ("absent", name, reason, among)
            case None:
                key = ()
        if key == () and code is None and not refused:
            return 0
        disagree = isinstance(fact, Absent) and bool(fact.among)
        face = Face(fact, code, refused, open=disagree)
        return self._class((*key, code, refused), face)

    def absent(self, fact: Absent) -> int:
        """As :meth:`class_of`, where nothing was refused and nothing disagrees."""
        found = self.reasons.get(fact.reason)
        if found is None:
            found = self.class_of(fact)
            if fact.name == self.name:
                self.reasons[fact.reason] = found
        return found

    def measured(self, fact: Measured) -> int:
        """As :meth:`class_of`."""
        kind = (fact.unit, fact.reported_unit, fact.analyte)
        ruler = self._rulers.get(kind)
        if ruler is None:
            ruler = self._rulers[kind] = self._ruler(fact.unit)
        interval = fact.interval
        low, high = interval.low, interval.high
        if low is None or (low is not high and low != high):
            return self._measured(fact, ruler)
        if not ruler.simple:
            return self._exact(fact, low, ruler)
        cuts = ruler.cuts
        at = bisect_left(cuts, low)
        spot = 2 * at + (at < len(cuts) and cuts[at] == low)
        if not fact.flags:
            found = ruler.spots[spot]
            if found < 0:
                found = ruler.spots[spot] = self._measured(fact, ruler)
            return found
        key = (spot, fact.flags)
        if key not in ruler.flagged:
            ruler.flagged[key] = self._measured(fact, ruler)
        return ruler.flagged[key]

    def _exact(self, fact: Measured, low: Decimal, ruler: _Ruler) -> int:
        range_ = fact.reference_range if ruler.limits else None
        key: tuple[object, ...] = (low, fact.flags)
        if range_ is not None:
            key = (low, fact.flags, range_.low, range_.high)
        found = ruler.exact.get(key)
        if found is None:
            if len(ruler.exact) >= MOST_CLASSES:
                ruler.exact.clear()
            found = ruler.exact[key] = self._measured(fact, ruler)
        return found

    def _measured(self, fact: Measured, ruler: _Ruler) -> int:
        interval = fact.interval
        place, whole = _place(interval, ruler.cuts)
        places = [place]
        for analyte, unit, cuts in ruler.others:
            try:
                there = units.convert_interval(analyte, interval, fact.unit, unit)
            except UnitError:
                raise Irregular from None
            places.append(_place(there, cuts)[0])
        beside, apart = self._limits(fact)
        kind = (fact.unit, fact.reported_unit, fact.analyte)
        key = ("measured", *kind, tuple(places), beside, fact.flags)
        moved = bool(ruler.others)
        open_ = not (interval.is_point or (whole and apart and not moved))
        return self._class(key, Face(fact, open=open_, converted=moved))

    def _class(self, key: tuple[object, ...], face: Face) -> int:
        found = self._known.get(key)
        if found is None:
            if len(self.faces) >= MOST_CLASSES:
                raise Irregular
            found = self._known[key] = len(self.faces)
            self.faces.append(replace(face, fact=_bare(face.fact)))
        return found

    def _ruler(self, unit: str) -> _Ruler:
        cuts: set[Decimal] = set()
        others: dict[tuple[str, str], tuple[Analyte, set[Decimal]]] = {}
        for cut in self._readers:
            for values in sets_of(cut):
                own = dict(values)
                if unit in own:
                    cuts.add(own[unit])
                elif values:
                    other, figure = values[0]
                    analyte = self._compiler.analyte(cut.analyte)
                    others.setdefault((cut.analyte, other), (analyte, set()))[1].add(figure)
        limits = any(cut.laboratory_limit is not None for cut in self._readers)
        return _Ruler(
            sorted(cuts),
            tuple((analyte, unit, sorted(found)) for (_, unit), (analyte, found) in others.items()),
            limits,
            simple=not limits and not others,
            spots=[-1] * (2 * len(cuts) + 1),
        )

    def _limits(self, fact: Measured) -> tuple[tuple[object, ...], bool]:
        """How a value lies beside the laboratory's own limits, and whether clear of them."""
        range_ = fact.reference_range
        readers = [one for one in self._readers.values() if one.cut.laboratory_limit is not None]
        if range_ is None or not readers:
            return (), True
        known = (fact.unit, range_.low, range_.high)
        believed = self._believed.get(known)
        if believed is None:
            if len(self._believed) >= MOST_CLASSES:
                self._believed.clear()
            try:
                believed = tuple(reader.believes(fact) for reader in readers)
            except UnitError:
                raise Irregular from None
            self._believed[known] = believed
        found: list[object] = [believed]
        apart = True
        for limit in (range_.low, range_.high):
            place, whole = ((), True) if limit is None else _place(fact.interval, [limit])
            found.append(place)
            apart = apart and whole
        return tuple(found), apart


def _bare(fact: Fact | None) -> Fact | None:
    """A fact without what tells it from others of its class."""
    match fact:
        case Measured():
            return Measured(
                fact.analyte,
                fact.interval,
                fact.unit,
                reported="",
                reference_range=fact.reference_range,
                flags=fact.flags,
                reported_unit=fact.reported_unit,
            )
        case Stated():
            return Stated(fact.name, fact.value, flags=fact.flags)
        case Absent():
            among = tuple(_bare(one) for one in fact.among)
            return Absent(
                fact.name, fact.reason, among=tuple(m for m in among if isinstance(m, Measured))
            )
    return None


def world_of(facts: Mapping[str, Face], on: World) -> World:
    """A world of nothing but these facts, on the day of another."""
    found: dict[str, Fact] = {}
    coded: dict[str, str] = {}
    refused: dict[str, frozenset[str]] = {}
    for name, face in facts.items():
        if face.fact is not None:
            found[name] = face.fact
        if face.code is not None:
            coded[name] = face.code
        if face.refused:
            of = face.fact.name if isinstance(face.fact, Absent) else name
            refused[of] = face.refused
    return World(found, coded, refused, on.on)


def sets_of(cut: tree.Cut) -> list[tuple[tuple[str, Decimal], ...]]:
    """Every set of figures a cut-off may have."""
    return [
        cut.values,
        *(variant.values for variant in cut.variants),
        *(period.values for period in cut.earlier),
    ]


def _spot(value: Decimal, cuts: list[Decimal]) -> int:
    """The place of a number among figures: odd on one of them, even between."""
    at = bisect_left(cuts, value)
    return 2 * at + (at < len(cuts) and cuts[at] == value)


def _place(interval: Interval, cuts: list[Decimal]) -> tuple[tuple[object, ...], bool]:
    """The place of an interval among figures, and whether no figure lies in it or at its ends."""
    low = -1 if interval.low is None else _spot(interval.low, cuts)
    high = 2 * len(cuts) + 1 if interval.high is None else _spot(interval.high, cuts)
    bounds = (
        low,
        high,
        interval.low is None,
        interval.high is None,
        interval.low_closed,
        interval.high_closed,
        interval.is_point,
    )
    within = max(low, 0) == min(high, 2 * len(cuts)) and max(low, 0) % 2 == 0
    return bounds, within
