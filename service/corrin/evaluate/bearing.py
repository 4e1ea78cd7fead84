"""What a case must say before a condition can answer otherwise than it does of an empty case.

Most rules are about something most cases do not mention. Such a rule answers as it does where
nothing is known at all, which is found out once; only the others need to be asked of a case.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from corrin.facts.case import Case
from corrin.facts.fact import Absent, Measured, Stated
from corrin.facts.moment import Moment
from corrin.language import tree
from corrin.language.kleene import Kleene
from corrin.language.world import AS_OF, World
from corrin.packs.bound import BoundRule

Mark = tuple[str, str]
"""The name of a fact, and a flag or a reason it carries (empty: anything at all of it)."""

ANYTHING, EVERY_VALUE = "", "every value"


def nothing_known(result: str | None = None) -> World:
    """A world without facts; a rule for one analyte at a time finds that one not measured."""
    # Of the moment asked about only that there is one: nothing else is known beside it.
    asked = Stated(AS_OF, True, since=Moment.parse("2000-01-01"))
    world = World({AS_OF: asked}, {}, {}, date.min)
    return world if result is None else world.given(result=Absent(result))


def marks_of_case(case: Case) -> set[Mark]:
    """Everything a case says that a condition could look at."""
    found: set[Mark] = {(name, EVERY_VALUE) for name in case.every}
    if case.subject.sex is not None:
        found.add(("sex", ANYTHING))
    for name, fact in case.facts.items():
        found.add((name, ANYTHING))
        if isinstance(fact, Measured | Stated):
            for flag in fact.flags:
                found.add((name, flag))
        else:
            found.add((name, fact.reason))
    for refusal in case.refusals:
        if refusal.name is not None:
            found.add((refusal.name, refusal.reason))
    return found


def marks_of_rule(bound: BoundRule, quiet: Callable[[tree.Expression], Kleene]) -> frozenset[Mark]:
    """Marks of which a case must carry one for the rule to answer otherwise than ``quiet``.

    Args:
        quiet: the truth of a condition where nothing is known.
    """
    if bound.rule.reads_every is not None:
        return frozenset({(bound.rule.reads_every, EVERY_VALUE)})
    found = _marks(bound.when, quiet)
    if bound.unless is not None and quiet(bound.when) is not False:
        found |= _marks(bound.unless, quiet)
    if bound.result is None:
        return found
    return frozenset((bound.result if n == "result" else n, mark) for n, mark in found)


def _marks(node: tree.Expression, quiet: Callable[[tree.Expression], Kleene]) -> frozenset[Mark]:
    match node:
        case tree.All(terms) | tree.Any(terms):
            # One false term makes an "and" false, one true term an "or" true: while that term
            # stays as it is, the others do not matter.
            decides = isinstance(node, tree.Any)
            deciding = [_marks(term, quiet) for term in terms if quiet(term) is decides]
            if deciding:
                return min(deciding, key=len)
            return frozenset().union(*(_marks(term, quiet) for term in terms))
        case tree.AtLeast(_, terms):
            return frozenset().union(*(_marks(term, quiet) for term in terms))
        case tree.Not(term):
            return _marks(term, quiet)
        case tree.Is(expression):
            return _marks(expression, quiet)
        case tree.Truth(_, definition) if definition is not None:
            return _marks(definition, quiet)
        case tree.Flagged(fact, marks):
            return frozenset((fact, mark) for mark in marks)
        case tree.IsNull(fact, _, marks) if marks:
            return frozenset((fact, mark) for mark in marks)
        case tree.Compare(fact) | tree.Between(fact):
            # What selects a cut-off matters only once there is a value to hold against it.
            return frozenset({(fact, ANYTHING)})
        case _:
            return frozenset((fact, ANYTHING) for fact in tree.facts_of(node))
