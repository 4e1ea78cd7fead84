"""Bound tree → Python closures, once per pack; evaluating walks no tree and parses no text."""

from __future__ import annotations

from collections.abc import Mapping

from corrin.facts.fact import Absent, Measured, Stated
from corrin.language import tree
from corrin.language.compare import Condition, CutReader, comparison
from corrin.language.kleene import Kleene
from corrin.language.world import World, time_of
from corrin.terminology.analyte import Analyte


class Compiler:
    """Makes conditions of bound trees; a definition used twice is compiled once.

    Args:
        analytes: by id.
    """

    def __init__(self, analytes: Mapping[str, Analyte]) -> None:
        self._analytes = analytes
        self._made: dict[tree.Expression, Condition] = {}
        self._readers: dict[tree.Cut, CutReader] = {}
        # Hashing a tree walks it; the same node object is found by identity first. The node is
        # kept beside its closure so that its identity stays taken.
        self._known: dict[int, tuple[tree.Expression, Condition]] = {}

    def condition(self, node: tree.Expression) -> Condition:
        """The closure of one tree: ``World`` → true, false or unknown."""
        known = self._known.get(id(node))
        if known is not None:
            return known[1]
        made = self._made.get(node)
        if made is None:
            made = self._made[node] = self._make(node)
        self._known[id(node)] = (node, made)
        return made

    def reader(self, cut: tree.Cut) -> CutReader:
        """The reader of one cut-off."""
        found = self._readers.get(cut)
        if found is None:
            found = self._readers[cut] = CutReader(cut, self._analytes[cut.analyte], self.condition)
        return found

    def analyte(self, fact: str) -> Analyte:
        """The analyte of a fact name."""
        return self._analytes[fact]

    def _make(self, node: tree.Expression) -> Condition:
        match node:
            case tree.All(terms):
                return _all(tuple(self.condition(term) for term in terms))
            case tree.Any(terms):
                return _any(tuple(self.condition(term) for term in terms))
            case tree.AtLeast(count, terms):
                return _at_least(count, tuple(self.condition(term) for term in terms))
            case tree.Not(term):
                return _not(self.condition(term))
            case tree.Is(expression, truth, negated):
                return _is(self.condition(expression), truth, negated)
            case tree.Truth(name, definition):
                if definition is None:
                    return _stated(name)
                return _once(self.condition(definition))
            case tree.Compare(fact, operator, operand):
                assert isinstance(operand, tree.Cut)
                analyte = self._analytes[operand.analyte]
                return comparison(analyte, operator, self.reader(operand), fact)
            case tree.Between(fact, low, high):
                assert isinstance(low, tree.Cut) and isinstance(high, tree.Cut)
                analyte = self._analytes[low.analyte]
                return _all(
                    (
                        comparison(analyte, ">=", self.reader(low), fact),
                        comparison(analyte, "<=", self.reader(high), fact),
                    )
                )
            case tree.CompareText(fact, operator, text):
                return _coded(fact, operator == "=", text)
            case tree.IsNull(fact, negated, reasons):
                return _null_because(fact, frozenset(reasons)) if reasons else _null(fact, negated)
            case tree.Flagged(fact, flags):
                return _flagged(fact, frozenset(flags))
            case tree.Within(fact, days, direction, anchor):
                first, second = (fact, anchor) if direction == "before" else (anchor, fact)
                return _within(first, second, int(days))
            case tree.Always():
                return _always


def _always(_world: World) -> Kleene:
    return True


def _all(terms: tuple[Condition, ...]) -> Condition:
    def holds(world: World) -> Kleene:
        answer: Kleene = True
        for term in terms:
            value = term(world)
            if value is False:
                return False
            if value is None:
                answer = None
        return answer

    return holds


def _any(terms: tuple[Condition, ...]) -> Condition:
    def holds(world: World) -> Kleene:
        answer: Kleene = False
        for term in terms:
            value = term(world)
            if value is True:
                return True
            if value is None:
                answer = None
        return answer

    return holds


def _at_least(count: int, terms: tuple[Condition, ...]) -> Condition:
    def holds(world: World) -> Kleene:
        certain = possible = 0
        for term in terms:
            value = term(world)
            certain += value is True
            possible += value is not False
        if certain >= count:
            return True
        return None if possible >= count else False

    return holds


def _not(term: Condition) -> Condition:
    def holds(world: World) -> Kleene:
        value = term(world)
        return None if value is None else not value

    return holds


def _is(expression: Condition, truth: bool, negated: bool) -> Condition:
    def holds(world: World) -> Kleene:
        return (expression(world) is truth) is not negated

    return holds


def _once(definition: Condition) -> Condition:
    """A definition is evaluated once per world, however many conditions use it."""
    key = id(definition)

    def holds(world: World) -> Kleene:
        memo = world.memo
        if key in memo:
            return memo[key]
        value = memo[key] = definition(world)
        return value

    return holds


def _stated(name: str) -> Condition:
    def holds(world: World) -> Kleene:
        fact = world.facts.get(name)
        return fact.value if type(fact) is Stated else None

    return holds


def _coded(fact: str, wanted: bool, text: str) -> Condition:
    def holds(world: World) -> Kleene:
        code = world.coded.get(fact)
        if code is None or code == "unknown":
            return None
        return (code == text) is wanted

    return holds


def _null(fact: str, negated: bool) -> Condition:
    def holds(world: World) -> Kleene:
        present = fact in world.coded or isinstance(world.facts.get(fact), Measured | Stated)
        return present is negated

    return holds


def _null_because(fact: str, reasons: frozenset[str]) -> Condition:
    def holds(world: World) -> Kleene:
        found = world.facts.get(fact)
        if isinstance(found, Measured | Stated):
            return False
        if isinstance(found, Absent) and found.reason in reasons:
            return True
        # Under the name "result" the refusals are those of the analyte it stands for.
        name = found.name if isinstance(found, Absent) else fact
        return not reasons.isdisjoint(world.refused.get(name, frozenset()))

    return holds


def _flagged(fact: str, flags: frozenset[str]) -> Condition:
    def holds(world: World) -> Kleene:
        found = world.facts.get(fact)
        if isinstance(found, Measured | Stated):
            return not flags.isdisjoint(found.flags)
        return False

    return holds


def _within(first: str, second: str, days: int) -> Condition:
    def holds(world: World) -> Kleene:
        earlier, later = world.facts.get(first), world.facts.get(second)
        for fact in (earlier, later):
            if type(fact) is Stated and fact.value is False:
                return False
        before, after = time_of(earlier), time_of(later)
        if before is None or after is None:
            return None
        fewest, most = before.days_before(after)
        if most < 0 or fewest > days:
            return False
        return True if fewest >= 0 and most <= days else None

    return holds
