"""A laboratory's unit → one of the analyte's accepted UCUM units, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from corrin.terminology.analyte import Analyte
from corrin.units import aliases, table
from corrin.units.aliases import Alias, AliasTable
from corrin.units.spelling import plain
from corrin.units.table import Table
from corrin.units.ucum import Reading, read

_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Unit:
    """An accepted unit of an analyte.

    Attributes:
        ucum: one of the analyte's accepted units, as written there.
        dimension: name of the dimension it belongs to (``mass``).
        flags: data-quality flags of ``rules/terminology/reasons.yaml``: ``unit-alias``,
            ``unit-also-ucum``, ``unit-from-text``, ``unit-code-disagree``.
    """

    ucum: str
    dimension: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitRefusal:
    """No accepted unit: ``unit-missing``, ``unit-unknown`` or ``unit-impossible``.

    ``detail`` is the unit as typed, shortened; never a value.
    """

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What one string was found to mean for one analyte.

    Attributes:
        plain: the string after normalisation; ``None`` when it cannot be a unit.
        ucum: the accepted unit it stands for, or ``None``.
        how: ``exact``, ``alias`` (spelled otherwise, or in another case), ``also`` (so too, and
            valid UCUM with another meaning), ``missing``, ``impossible`` (a unit, not for this
            analyte) or ``unknown``.
        formal: whether it is UCUM for that very unit: the unit itself, or UCUM of equal meaning.
        reading: what it says as UCUM, where it says something.
        stands_for: the unit a recognised spelling stands for, accepted or not.
    """

    plain: str | None
    ucum: str | None
    how: str
    formal: bool = False
    reading: Reading | None = None
    stands_for: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Everything needed to read units of one analyte; compared and hashed by identity."""

    analyte: Analyte
    accepted: frozenset[str]
    readings: Mapping[str, Reading]
    exact: Mapping[str, Alias]
    folded: Mapping[str, str | None]
    ignorable: frozenset[str]
    aliases: AliasTable = field(repr=False)
    table: Table = field(repr=False)
    everywhere: tuple[Reading, ...] = field(default=(), repr=False)


_books: dict[str, Book] = {}


def book(analyte: Analyte) -> Book:
    """The compiled alias table of an analyte, kept while the same analyte is asked for."""
    found = _books.get(analyte.id)
    if found is None or found.analyte is not analyte:
        found = _compile(analyte)
        _books[analyte.id] = found
    return found


def _compile(analyte: Analyte) -> Book:
    spellings, factors = aliases.load(), table.load()
    exact: dict[str, Alias] = {}
    ignorable: frozenset[str] = frozenset()
    for group in spellings.groups:
        if group.holds_for(analyte.id, analyte.family):
            # A later group is the narrower one (MCHC's "%"), so it wins.
            exact.update(group.spellings)
            ignorable |= group.annotations
    folded: dict[str, str | None] = {}
    for spelling, ucum in (
        *((unit, unit) for unit in analyte.units),
        *((spelling, alias.ucum) for spelling, alias in exact.items()),
    ):
        key = spelling.casefold()
        # Two meanings under one folded key: neither is taken.
        folded[key] = ucum if folded.get(key, ucum) == ucum else None
    readings = {unit: found for unit in analyte.units if (found := read(unit, factors.symbols))}
    return Book(
        analyte=analyte,
        accepted=frozenset(analyte.units),
        readings=MappingProxyType(readings),
        exact=MappingProxyType(exact),
        folded=MappingProxyType(folded),
        ignorable=ignorable,
        aliases=spellings,
        table=factors,
        everywhere=_everywhere(),
    )


@lru_cache(maxsize=1)
def _everywhere() -> tuple[Reading, ...]:
    """Readings of every unit that is accepted for some analyte."""
    factors = table.load()
    units = {unit for rows in factors.factors.values() for unit in rows}
    return tuple(found for unit in sorted(units) if (found := read(unit, factors.symbols)))


@lru_cache(maxsize=1)
def _all_spellings() -> tuple[frozenset[str], frozenset[str]]:
    """Every spelling of every group: as written, and case-folded."""
    groups = aliases.load().groups
    exact = frozenset(spelling for group in groups for spelling in group.spellings)
    return exact, frozenset(spelling.casefold() for spelling in exact)


def match(analyte: Analyte, text: str) -> Match:
    """What one string means for an analyte, wherever it stood. Never raises."""
    normal = plain(text)
    if normal is None:
        return Match(None, None, "unknown")
    return _match(book(analyte), normal)


def _match(own: Book, text: str) -> Match:
    reading = read(text, own.table.symbols)
    if text in own.accepted:
        return Match(text, text, "exact", True, reading, text)
    bare = reading.without(own.ignorable) if reading else None
    # 1. the exact spelling; 2. UCUM of equal meaning; 3. the spelling without regard to case.
    alias = own.exact.get(text)
    if alias is not None:
        return _of_alias(own, text, reading, bare, alias)
    if bare is not None:
        for unit, accepted in own.readings.items():
            if accepted.same_as(bare):
                return Match(text, unit, "alias", True, reading, unit)
        if any(known.same_as(bare) for known in own.everywhere):
            # It plainly says a unit of something else ("g/L" for platelets): never folded.
            return Match(text, None, "impossible", False, reading, None)
    stripped = _without_notes(text, own.ignorable)
    if stripped != text:
        inner = _match(own, stripped)
        if inner.ucum is not None:
            how = "alias" if inner.how == "exact" else inner.how
            return Match(text, inner.ucum, how, inner.formal, reading, inner.stands_for)
    spelled, spelled_folded = _all_spellings()
    folded = own.folded.get(text.casefold())
    # "G/L" as it stands is a spelling of cell counts: for haemoglobin it is not folded into "g/L".
    if folded is not None and text not in spelled:
        return _of_alias(own, text, reading, bare, Alias(folded))
    if own.aliases.names_no_unit(text):
        return Match(text, None, "missing", reading=reading)
    # A bare number reads as UCUM, yet is more likely the code of some local list.
    readable = reading is not None and not text.isdigit()
    known = readable or text.casefold() in spelled_folded
    return Match(text, None, "impossible" if known else "unknown", reading=reading)


def _of_alias(
    own: Book, text: str, reading: Reading | None, bare: Reading | None, alias: Alias
) -> Match:
    target = read(alias.ucum, own.table.symbols)
    ucum: str | None = alias.ucum
    if alias.ucum not in own.accepted:
        equal = (u for u, r in own.readings.items() if target is not None and r.same_as(target))
        ucum = next(equal, None)
    if ucum is None:
        return Match(text, None, "impossible", False, reading, alias.ucum)
    formal = also = False
    if bare is not None and target is not None:
        formal = bare.same_as(target)
        also = not bare.same_size_as(target) and not alias.plain
    return Match(text, ucum, "also" if also else "alias", formal, reading, alias.ucum)


def _without_notes(text: str, ignorable: frozenset[str]) -> str:
    start = text.find("{")
    end = text.find("}", start)
    if start < 0 or end < 0 or text[start + 1 : end].casefold() not in ignorable:
        return text
    return text[:start] + text[end + 1 :]


def normalise(
    analyte: Analyte, *, unit: str | None, system: str | None = None, code: str | None = None
) -> Unit | UnitRefusal:
    """The accepted unit that a FHIR Quantity's ``unit``, ``system`` and ``code`` name.

    A UCUM ``code`` that is right for the analyte decides; ``unit`` differing from it in size is
    flagged ``unit-code-disagree``. A code that is impossible gives way to ``unit``, flagged
    ``unit-from-text``. Without a UCUM system, code and unit are both spellings. No unit at all is
    refused: nothing is assumed from the test's code.

    Never raises, whatever the strings hold.
    """
    if len(unit or "") + len(system or "") + len(code or "") > 512:
        return UnitRefusal("unit-unknown", _shown(unit or code or ""))
    try:
        return _known(book(analyte), unit, system, code)
    except _NotKept as found:
        return found.answer


class _NotKept(Exception):
    """An answer that is not kept for the next time, as a text that is no unit may be anything."""

    def __init__(self, answer: Unit | UnitRefusal) -> None:
        super().__init__()
        self.answer = answer


@lru_cache(maxsize=8192)
def _known(own: Book, unit: str | None, system: str | None, code: str | None) -> Unit:
    by_code, by_unit = _match_of(own, code), _match_of(own, unit)
    answer = _decided(own, unit, system, code, by_code, by_unit)
    strange = any(found is not None and found.how == "unknown" for found in (by_code, by_unit))
    if strange or isinstance(answer, UnitRefusal):
        raise _NotKept(answer)
    return answer


def _decided(
    own: Book,
    unit: str | None,
    system: str | None,
    code: str | None,
    by_code: Match | None,
    by_unit: Match | None,
) -> Unit | UnitRefusal:
    if by_code is None and by_unit is None:
        return UnitRefusal("unit-missing", _shown(unit or code or ""))
    formal = own.aliases.names_ucum(system)
    if by_code is not None and by_code.ucum is not None:
        # A UCUM code that says something else as UCUM is no spelling slip to be read past, unless
        # the text beside it confirms what was meant.
        if not formal or by_code.how != "also":
            return _unit(own, code, by_code, _disagreement(own, by_code, by_unit))
        if by_unit is None or by_unit.ucum is None:
            return UnitRefusal("unit-impossible", _shown(code or ""))
    if by_unit is not None and by_unit.ucum is not None:
        flags = ["unit-from-text"]
        if by_code is not None and by_code.plain != by_unit.plain and by_code.how != "unknown":
            flags += _disagreement(own, by_unit, by_code)
        return _unit(own, unit, by_unit, flags)
    impossible = next(
        (
            text
            for found, text in ((by_code, code), (by_unit, unit))
            if found is not None and found.how == "impossible"
        ),
        None,
    )
    if impossible is not None:
        return UnitRefusal("unit-impossible", _shown(impossible))
    return UnitRefusal("unit-unknown", _shown(unit or code or ""))


def _match_of(own: Book, text: str | None) -> Match | None:
    if text is None:
        return None
    normal = plain(text)
    found = Match(None, None, "unknown") if normal is None else _match(own, normal)
    return None if found.how == "missing" else found


def _disagreement(own: Book, winner: Match, other: Match | None) -> list[str]:
    """Flagged when the other string is a unit and not one of the winner's size."""
    if other is None or other.how == "unknown" or winner.ucum is None:
        return []
    if other.ucum is None:
        return ["unit-code-disagree"]
    if other.ucum == winner.ucum:
        return []
    ratio = own.table.factor(own.analyte.id, winner.ucum, other.ucum)
    return [] if ratio is not None and ratio.is_one else ["unit-code-disagree"]


def _unit(own: Book, text: str | None, found: Match, flags: list[str]) -> Unit:
    assert found.ucum is not None
    dimension = own.analyte.dimension_of(found.ucum)
    assert dimension is not None
    if found.how == "also":
        flags = [*flags, "unit-also-ucum"]
    elif (text or "").strip() != found.ucum:
        flags = [*flags, "unit-alias"]
    return Unit(found.ucum, dimension, tuple(flags))


def _shown(text: str) -> str:
    text = "".join(character if character.isprintable() else " " for character in text).strip()
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
