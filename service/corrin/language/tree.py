"""The tree of a condition: frozen nodes, free of any Python value an engine could not express.

A tree comes from :func:`corrin.language.parse.parse` with bare names and is made whole by
:func:`corrin.language.bind.bind`, which says what each name is. Engines (``to_python``,
``to_prose``, later columns and CQL) read only bound trees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

# Truths the engine itself supplies for each value a rule reads one by one; always known.
ENGINE_TRUTHS = ("result_recent", "result_repeated", "result_implausible")

Operator = Literal["<", "<=", ">", ">=", "=", "!="]


@dataclass(frozen=True, slots=True)
class Name:
    """A name not yet bound; only the parser makes it."""

    name: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity literal: ``180 'ng/L'``."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class CutVariant:
    """A cut-off's values (canonical unit → figure) for the people ``when`` holds for."""

    when: Expression
    values: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class CutPeriod:
    """The values of a cut-off from ``start`` until ``end`` (exclusive)."""

    start: date
    end: date | None
    values: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut-off, bound: a named threshold, or a literal (``name`` is then ``None``).

    ``values`` holds one figure per canonical unit, as published; ``variants`` vary them by
    stated facts; ``earlier`` holds what was in force before; ``laboratory_limit`` takes the
    laboratory's own limit first, unless it lies outside ``laboratory_between`` (low, high, unit).
    """

    name: str | None
    analyte: str
    values: tuple[tuple[str, Decimal], ...] = ()
    variants: tuple[CutVariant, ...] = ()
    earlier: tuple[CutPeriod, ...] = ()
    laboratory_limit: Literal["low", "high"] | None = None
    laboratory_between: tuple[Decimal, Decimal, str] | None = None
    pack: str | None = None


Operand = Name | Quantity | Cut


@dataclass(frozen=True, slots=True)
class Always:
    """``true``."""


@dataclass(frozen=True, slots=True)
class Truth:
    """A context concept, or a named definition (then ``definition`` holds its tree)."""

    name: str
    definition: Expression | None = None


@dataclass(frozen=True, slots=True)
class Compare:
    """A measured fact against a cut-off."""

    fact: str
    operator: Operator
    operand: Operand


@dataclass(frozen=True, slots=True)
class CompareText:
    """A coded fact (``sex``) against a code: ``=`` or ``!=``."""

    fact: str
    operator: Operator
    text: str


@dataclass(frozen=True, slots=True)
class Between:
    """``low <= fact <= high``."""

    fact: str
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class IsNull:
    """No usable value; with ``reasons``, absent for one of these. Two-valued."""

    fact: str
    negated: bool = False
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flagged:
    """A value is there and carries one of these data-quality flags. Two-valued."""

    fact: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Is:
    """``expression is [not] true|false``: unknown counts as neither. Two-valued."""

    expression: Expression
    truth: bool
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Within:
    """``fact`` lies at most ``days`` calendar days before (or after) ``anchor``."""

    fact: str
    days: Decimal
    direction: Literal["before", "after"]
    anchor: str


@dataclass(frozen=True, slots=True)
class Not:
    """Kleene's negation."""

    term: Expression


@dataclass(frozen=True, slots=True)
class All:
    """Kleene's conjunction."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Kleene's disjunction."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least ``count`` of the terms hold: true when so many are true, false when so many no
    longer can be."""

    count: int
    terms: tuple[Expression, ...]


Leaf = Always | Truth | Compare | CompareText | Between | IsNull | Flagged | Within | Is
Expression = Leaf | Not | All | Any | AtLeast


def leaves(tree: Expression) -> Iterator[Leaf]:
    """The leaves as a reader sees them: a named definition and an ``is true`` are one leaf."""
    match tree:
        case All(terms) | Any(terms) | AtLeast(_, terms):
            for term in terms:
                yield from leaves(term)
        case Not(term):
            yield from leaves(term)
        case _:
            yield tree


def parts_of(node: Expression) -> tuple[Expression, ...]:
    """What a node is made of as it was written: terms, or what is asked about."""
    match node:
        case All(terms) | Any(terms) | AtLeast(_, terms):
            return terms
        case Not(inner) | Is(inner):
            return (inner,)
        case _:
            return ()


def walk(tree: Expression) -> Iterator[Expression]:
    """Every node, definitions and the selectors of cut-offs included."""
    yield tree
    match tree:
        case All(terms) | Any(terms) | AtLeast(_, terms):
            for term in terms:
                yield from walk(term)
        case Not(term):
            yield from walk(term)
        case Is(expression):
            yield from walk(expression)
        case Truth(_, definition) if definition is not None:
            yield from walk(definition)
        case Compare() | Between():
            for cut in cuts_of(tree):
                for variant in cut.variants:
                    yield from walk(variant.when)


def cuts_of(node: Compare | Between) -> tuple[Cut, ...]:
    """The bound cut-offs one comparison uses."""
    operands = (node.operand,) if isinstance(node, Compare) else (node.low, node.high)
    return tuple(operand for operand in operands if isinstance(operand, Cut))


def facts_of(tree: Expression) -> tuple[str, ...]:
    """Names of all facts a tree may look at, in the order met, each once."""
    found: dict[str, None] = {}
    for node in walk(tree):
        match node:
            case Truth(name, None):
                found[name] = None
            case Compare(fact) | CompareText(fact) | Between(fact) | IsNull(fact) | Flagged(fact):
                found[fact] = None
            case Within(fact, _, _, anchor):
                found[fact] = None
                found[anchor] = None
            case _:
                pass
    return tuple(found)


def stated_name(node: Expression) -> str | None:
    """The name of a fact that is asked for by its name alone, without a definition."""
    return node.name if isinstance(node, Truth) and node.definition is None else None


def two_valued(tree: Expression) -> bool:
    """Whether a tree can never be unknown."""
    match tree:
        case Truth(name) if name in ENGINE_TRUTHS:
            return True
        case Always() | IsNull() | Flagged() | Is():
            return True
        case Truth(_, definition):
            return definition is not None and two_valued(definition)
        case Not(term):
            return two_valued(term)
        case All(terms) | Any(terms) | AtLeast(_, terms):
            return all(two_valued(term) for term in terms)
        case _:
            return False
