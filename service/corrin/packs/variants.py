"""Do a threshold's variants cover everybody once? Tried over every cell of their selectors."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from corrin.facts.fact import Fact, Measured, Stated
from corrin.facts.interval import Interval
from corrin.language import tree
from corrin.language.bind import Vocabulary
from corrin.language.to_python import Compiler
from corrin.language.world import World

_ANY_DAY = date(2000, 1, 1)
_SEXES = ("female", "male")


def gaps(cut: tree.Cut, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Sentences about people whom no variant, or more than one, holds for."""
    if not cut.variants:
        return ()
    compiler = Compiler(vocabulary.analytes)
    conditions = [(v.when, compiler.condition(v.when)) for v in cut.variants]
    found: dict[str, None] = {}
    for world, said in _people([when for when, _ in conditions]):
        holding = sum(1 for _, holds in conditions if holds(world) is True)
        if holding == 0:
            found[f"no variant holds for {said}"] = None
        elif holding > 1:
            found[f"{holding} variants hold for {said}"] = None
    return tuple(found)[:3]


def _people(conditions: list[tree.Expression]) -> Iterator[tuple[World, str]]:
    """One world per combination of selector cells, with everything known."""
    figures: dict[str, set[tuple[str, Decimal]]] = {}
    truths: dict[str, None] = {}
    for condition in conditions:
        for node in tree.walk(condition):
            match node:
                case tree.Compare(fact) | tree.Between(fact):
                    for used in tree.cuts_of(node):
                        figures.setdefault(fact, set()).update(used.values)
                case tree.Truth(name, None):
                    truths[name] = None
    axes: list[list[tuple[str, Fact | str]]] = [[("sex", sex) for sex in _SEXES]]
    for fact, cuts in figures.items():
        axes.append([(fact, cell) for cell in _cells(fact, cuts)])
    axes += [[(name, Stated(name, True)), (name, Stated(name, False))] for name in truths]
    for combination in itertools.product(*axes):
        facts = {name: fact for name, fact in combination if not isinstance(fact, str)}
        sex = next(str(fact) for name, fact in combination if name == "sex")
        said = ", ".join(
            [
                sex,
                *(
                    f"{name} {getattr(f, 'interval', getattr(f, 'value', ''))}"
                    for name, f in facts.items()
                ),
            ]
        )
        yield World(facts, {"sex": sex}, {}, _ANY_DAY), said


def _cells(fact: str, cuts: set[tuple[str, Decimal]]) -> Iterator[Measured]:
    unit = min(unit for unit, _ in cuts)
    values = sorted(value for other, value in cuts if other == unit)
    low = Decimal(0)
    for value in values:
        if value > low:
            yield Measured(fact, Interval.point((low + value) / 2), unit, "")
        yield Measured(fact, Interval.point(value), unit, "")
        low = value
    yield Measured(fact, Interval.point(low + 1), unit, "")
