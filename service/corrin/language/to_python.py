"""Bound tree → Python closures, once per pack; evaluating walks no tree and parses no text."""

from __future__ import annotations

from collections.abc import Mapping

from corrin.facts.fact import Absent, Measured, Stated
from corrin.language import tree
from corrin.language.compare import Condition, CutReader, comparison
from corrin.language.kleene import Kleene
from corrin.language.world import World, time_of
from corrin.terminology.analyte import Analyte

# With fewer statements in an "or" than this, each is asked for itself.
FEW = 4


class Compiler:
    """Makes conditions of bound trees; a definition used twice is compiled once.

    Args:
        analytes: by id.
    """

    def __init__(self, analytes: Mapping[str, Analyte]) -> None:
        self._analytes = analytes
        self._made: dict[tree.Expression, Condition] = {}
        self._kept: dict[Condition, Condition] = {}
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

    def kept(self, node: tree.Expression) -> Condition:
        """As :meth:`condition`, evaluated once per world: of what is asked again and again."""
        holds = self.condition(node)
        found = self._kept.get(holds)
        if found is None:
            found = self._kept[holds] = _once(holds, frozenset(tree.facts_of(node)))
        return found

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
                return together(tuple(self.condition(term) for term in terms))
            case tree.Any(terms):
                stated = frozenset(
                    name for name in map(tree.stated_name, terms) if name is not None
                )
                if len(stated) < FEW:
                    return _any(tuple(self.condition(term) for term in terms))
                others = tuple(self.condition(t) for t in terms if tree.stated_name(t) is None)
                return _any_stated(stated, _any(others))
            case tree.AtLeast(count, terms):
                return _at_least(count, tuple(self.condition(term) for term in terms))
            case tree.Not(term):
                return _not(self.condition(term))
            case tree.Is(expression, truth, negated):
                return _is(self.condition(expression), truth, negated)
            case tree.Truth(name, definition):
                if definition is None:
                    return _stated(name)
                return _once(self.condition(definition), frozenset(tree.facts_of(definition)))
            case tree.Compare(fact, operator, operand):
                assert isinstance(operand, tree.Cut)
                holds = comparison(
                    self._analytes[operand.analyte], operator, self.reader(operand), fact
                )
                # Which figure applies is found out once, where that takes finding out.
                varies = self.reader(operand).fixed() is None
                return _once(holds, frozenset(tree.facts_of(node))) if varies else holds
            case tree.Between(fact, low, high):
                assert isinstance(low, tree.Cut) and isinstance(high, tree.Cut)
                analyte = self._analytes[low.analyte]
                return together(
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


def together(terms: tuple[Condition, ...]) -> Condition:
    """Several conditions as one: their "and"; of a single one that one itself."""
    if len(terms) == 1:
        return terms[0]

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


def _any_stated(names: frozenset[str], others: Condition) -> Condition:
    """An "or" of many statements, of which a case makes few, and something else."""

    def holds(world: World) -> Kleene:
        facts = world.facts
        known = facts.keys() & names
        answer: Kleene = False if len(known) == len(names) else None
        for name in known:
            fact = facts[name]
            if type(fact) is not Stated:
                answer = None
            elif fact.value:
                return True
        other = others(world)
        return answer if other is False else True if other is True else None

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


def _once(definition: Condition, facts: frozenset[str]) -> Condition:
    """A definition is evaluated once per world, however many conditions use it, and once for all
    worlds that differ only in what it does not look at."""
    key = id(definition)

    def holds(world: World) -> Kleene:
        memo = world.memo
        if key in memo:
            return memo[key]
        base = world.base
        if base is not None and facts.isdisjoint(world.varied):
            value = holds(base)
        else:
            value = definition(world)
        memo[key] = value
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
