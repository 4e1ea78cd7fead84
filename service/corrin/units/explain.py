"""Why a unit was taken for what it was taken for, or refused: the parts of an answer for people."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from corrin.terminology.analyte import Analyte
from corrin.units.conversion import as_text, convert
from corrin.units.error import UnitError
from corrin.units.table import Factor, load
from corrin.units.ucum import read
from corrin.units.unit import Match, Unit, UnitRefusal, book, match, normalise


@dataclass(frozen=True, slots=True)
class Equivalent:
    """One of the unit in another accepted unit; ``exact`` is the ratio where digits never end."""

    unit: str
    value: str
    exact: str | None
    by: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything there is to say about one unit string for one analyte.

    Attributes:
        typed: the string as it came.
        normalised: after normalisation; ``None`` when it cannot be a unit.
        answer: what :func:`corrin.units.normalise` answers for it as a text.
        how: ``exact``, ``alias``, ``also``, ``missing``, ``impossible`` or ``unknown``.
        group: the group of spellings that names it, where one does.
        meaning: the accepted unit in words.
        as_ucum: what the string itself says in UCUM, in words, where it is UCUM.
        equivalents: one of the unit in every other accepted unit that it converts to.
        unconvertible: accepted units it does not convert to.
    """

    typed: str
    normalised: str | None
    answer: Unit | UnitRefusal
    how: str
    group: str | None
    meaning: str | None
    as_ucum: str | None
    equivalents: tuple[Equivalent, ...] = ()
    unconvertible: tuple[str, ...] = ()


def explain(analyte: Analyte, text: str) -> Explanation:
    """Explain a unit string for an analyte. Never raises."""
    answer = normalise(analyte, unit=text)
    found = match(analyte, text)
    as_ucum = found.reading.words if found.reading else None
    if isinstance(answer, UnitRefusal):
        return Explanation(text, found.plain, answer, found.how, None, None, as_ucum)
    reading = read(answer.ucum, load().symbols)
    equivalents, unconvertible = _others(analyte, answer.ucum)
    return Explanation(
        typed=text,
        normalised=found.plain,
        answer=answer,
        how=found.how,
        group=_group(analyte, found),
        meaning=reading.words if reading else None,
        as_ucum=as_ucum,
        equivalents=equivalents,
        unconvertible=unconvertible,
    )


def _group(analyte: Analyte, found: Match) -> str | None:
    groups = book(analyte).aliases.groups
    names = [
        group.id
        for group in groups
        if group.holds_for(analyte.id, analyte.family) and found.plain in group.spellings
    ]
    return names[-1] if names else None


def _others(analyte: Analyte, unit: str) -> tuple[tuple[Equivalent, ...], tuple[str, ...]]:
    found, without = [], []
    for other in analyte.units:
        if other == unit:
            continue
        ratio = load().factor(analyte.id, unit, other)
        try:
            value = convert(analyte, Decimal(1), unit, other)
        except UnitError:
            without.append(other)
            continue
        assert ratio is not None
        found.append(Equivalent(other, as_text(value), _exact(ratio, value), ratio.by))
    return tuple(found), tuple(without)


def _exact(ratio: Factor, value: Decimal) -> str | None:
    whole = value * ratio.den == ratio.num
    return None if whole else f"{ratio.num:f}/{ratio.den:f}"
