"""What each name in a condition is: a fact, a cut-off or a definition; and whether it fits.

Binding finds every type and dimension error of a condition at once. A bound tree needs no
further look-ups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from corrin import units
from corrin.facts.interval import Interval
from corrin.language import tree
from corrin.terminology.analyte import Analyte

RESULT = "result"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names a pack's conditions may use.

    ``coded`` maps a coded fact (``sex``) to the codes it can have; ``cuts`` and
    ``definitions`` are already bound; ``result`` is the analyte behind the name ``result`` in a
    rule that reads values one by one.
    """

    analytes: Mapping[str, Analyte]
    concepts: frozenset[str]
    coded: Mapping[str, frozenset[str]]
    reasons: frozenset[str]
    cuts: Mapping[str, tree.Cut] = field(default_factory=dict)
    definitions: Mapping[str, tree.Expression] = field(default_factory=dict)
    result: Analyte | None = None

    def analyte(self, name: str) -> Analyte | None:
        """The analyte a fact name stands for, or ``None``."""
        if name == RESULT:
            return self.result
        found = self.analytes.get(name)
        return found if found is not None and found.kind == "quantity" else None


@dataclass(frozen=True, slots=True)
class Misfit:
    """One thing wrong with a condition, and what to do about it."""

    why: str
    hint: str = ""


def bind(
    expression: tree.Expression, vocabulary: Vocabulary
) -> tuple[tree.Expression, tuple[Misfit, ...]]:
    """Replace bare names by what they are; answers the bound tree and everything that misfits."""
    misfits: list[Misfit] = []
    bound = _expression(expression, vocabulary, misfits)
    return bound, tuple(dict.fromkeys(misfits))


def canonical_values(
    analyte: Analyte, values: Mapping[str, Decimal]
) -> tuple[tuple[Decimal, str], ...]:
    """Published figures in the canonical unit of their dimension: ``((180, "ng/L"), …)``.

    Raises:
        units.UnitError: a unit is none of the analyte's.
    """
    found = []
    for unit, value in values.items():
        interval, canonical = units.canonical(analyte, Interval.point(value), unit)
        assert interval.low is not None
        found.append((interval.low, canonical))
    return tuple(found)


def _expression(
    node: tree.Expression, vocabulary: Vocabulary, misfits: list[Misfit]
) -> tree.Expression:
    match node:
        case tree.All(terms):
            return tree.All(tuple(_expression(term, vocabulary, misfits) for term in terms))
        case tree.Any(terms):
            return tree.Any(tuple(_expression(term, vocabulary, misfits) for term in terms))
        case tree.AtLeast(count, terms):
            return tree.AtLeast(
                count, tuple(_expression(term, vocabulary, misfits) for term in terms)
            )
        case tree.Not(term):
            return tree.Not(_expression(term, vocabulary, misfits))
        case tree.Is(expression, truth, negated):
            return tree.Is(_expression(expression, vocabulary, misfits), truth, negated)
        case tree.Truth(name):
            return _truth(name, vocabulary, misfits)
        case tree.Compare(fact, operator, operand):
            return tree.Compare(fact, operator, _operand(fact, operand, vocabulary, misfits))
        case tree.Between(fact, low, high):
            return tree.Between(
                fact,
                _operand(fact, low, vocabulary, misfits),
                _operand(fact, high, vocabulary, misfits),
            )
        case tree.CompareText(fact, _, text):
            _coded(fact, text, vocabulary, misfits)
        case tree.IsNull(fact, _, reasons):
            _known(fact, vocabulary, misfits)
            _codes(reasons, vocabulary, misfits)
        case tree.Flagged(fact, flags):
            _known(fact, vocabulary, misfits)
            _codes(flags, vocabulary, misfits)
        case tree.Within(fact, _, _, anchor):
            _known(fact, vocabulary, misfits)
            _known(anchor, vocabulary, misfits)
        case tree.Always():
            pass
    return node


def _truth(name: str, vocabulary: Vocabulary, misfits: list[Misfit]) -> tree.Expression:
    if name in vocabulary.definitions:
        return tree.Truth(name, vocabulary.definitions[name])
    if name in vocabulary.concepts or (
        name in tree.ENGINE_TRUTHS and vocabulary.result is not None
    ):
        return tree.Truth(name)
    if vocabulary.analyte(name) is not None:
        misfits.append(Misfit(f"{name} is a measurement, not a truth", "compare it with a cut-off"))
    elif name in vocabulary.cuts:
        misfits.append(Misfit(f"{name} is a cut-off, not a truth", "compare a fact with it"))
    else:
        misfits.append(_unknown(name, vocabulary))
    return tree.Truth(name)


def _operand(
    fact: str, operand: tree.Operand, vocabulary: Vocabulary, misfits: list[Misfit]
) -> tree.Operand:
    analyte = vocabulary.analyte(fact)
    if analyte is None:
        known = fact in vocabulary.concepts or fact in vocabulary.definitions
        misfits.append(
            Misfit(f"{fact} is a truth and cannot be compared", "use it alone, or with is true")
            if known
            else _unknown(fact, vocabulary)
        )
        return operand
    match operand:
        case tree.Name(name):
            cut = vocabulary.cuts.get(name)
            if cut is None:
                misfits.append(
                    Misfit(f"there is no threshold called {name}", "add it to thresholds.yaml")
                )
                return operand
            if cut.analyte != analyte.id:
                misfits.append(
                    Misfit(
                        f"{name} is a threshold of {cut.analyte}, not of {analyte.id}",
                        "compare a fact with a threshold of its own",
                    )
                )
            return cut
        case tree.Quantity(value, unit):
            try:
                figures = canonical_values(analyte, {unit: value})
            except units.UnitError:
                misfits.append(
                    Misfit(
                        f"'{unit}' is not a unit of {analyte.id}",
                        "use one of " + ", ".join(accepted(analyte)),
                    )
                )
                return operand
            return tree.Cut(None, analyte.id, tuple((u, v) for v, u in figures))
        case _:
            return operand


def accepted(analyte: Analyte) -> tuple[str, ...]:
    """All units an analyte may come in."""
    return tuple(unit for dim in analyte.dimensions.values() for unit in dim.accept)


def _coded(fact: str, text: str, vocabulary: Vocabulary, misfits: list[Misfit]) -> None:
    codes = vocabulary.coded.get(fact)
    if codes is None:
        misfits.append(Misfit(f"{fact} is not a coded fact", "only sex is compared with a text"))
    elif text not in codes:
        misfits.append(
            Misfit(f"'{text}' is no code of {fact}", "use one of " + ", ".join(sorted(codes)))
        )


def _codes(codes: tuple[str, ...], vocabulary: Vocabulary, misfits: list[Misfit]) -> None:
    misfits.extend(
        Misfit(f"'{code}' is not a reason or flag", "see rules/terminology/reasons.yaml")
        for code in codes
        if code not in vocabulary.reasons
    )


def _known(fact: str, vocabulary: Vocabulary, misfits: list[Misfit]) -> None:
    if (
        fact not in vocabulary.analytes
        and fact not in vocabulary.concepts
        and not (fact == RESULT and vocabulary.result is not None)
        and fact not in vocabulary.coded
    ):
        misfits.append(_unknown(fact, vocabulary))


def _unknown(name: str, vocabulary: Vocabulary) -> Misfit:
    import difflib

    names = [*vocabulary.analytes, *vocabulary.concepts, *vocabulary.definitions, *vocabulary.cuts]
    near = difflib.get_close_matches(name, names, n=3)
    hint = "did you mean " + " or ".join(near) + "?" if near else "see the glossary of facts"
    return Misfit(f"nothing is called {name}", hint)
