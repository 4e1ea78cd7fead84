"""Derive ``rules/units/factors.json`` with ucumvert and pint: once, at development time.

``python -m corrin.units.derive`` writes it, ``--check`` says whether the committed file is what a
fresh derivation gives. Only whitelisted UCUM units and the symbols of our own alias table are ever
parsed. No pint context is used: molar mass, charge and the two-mass rule are applied here, in exact
rationals, because UCUM libraries take ``meq`` for ``mmol``, every arbitrary unit for every other,
and a mass ratio for a substance ratio.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

from corrin.content import rules_root
from corrin.terminology.analyte import Analyte
from corrin.units import aliases
from corrin.units.aliases import AliasTable

_PRECISION = 60
_SIMPLEST = 10**15
_CLOSE_ENOUGH = Fraction(1, 10**40)
_NOTE = re.compile(r"\{[^{}]*\}")
_ATOM = re.compile(r"\[[^\[\]]*\]")
_SYMBOL = re.compile(r"(?:[A-Za-z%]|\[[^\[\]{}]*\])(?:[A-Za-z%']|\[[^\[\]{}]*\])*")
_MOST_LETTERS = 5
_JOINED = re.compile(
    r"^([a-z]*(?:o|a|i|r))(international|enzyme|unified|molar|arbitrary|GPL)(?= )"
)  # "milliinternational unit" → "milli-international unit"
_EQUIVALENT = re.compile(r"(?<![A-Za-z])[a-z]?eq(?![A-Za-z])")


@dataclass(frozen=True, slots=True)
class Measure:
    """A unit in base units, with all that decides what it may convert to."""

    size: Decimal
    base: str
    above: str
    atoms: frozenset[str]
    notes: frozenset[str]
    equivalent: bool


class Ucum:
    """The one place where ucumvert and pint are asked anything."""

    def __init__(self) -> None:
        from ucumvert import PintUcumRegistry

        self._registry: Any = PintUcumRegistry(non_int_type=Decimal)

    def base(self, code: str) -> tuple[Decimal, str]:
        """Size in base units and those base units (``kilogram / meter ** 3``).

        Raises:
            Exception: whatever ucumvert or pint raises for what is not UCUM.
        """
        with localcontext() as context:
            context.prec = _PRECISION
            quantity = self._registry.from_ucum(code)
            if isinstance(quantity, str):  # ucumvert gives a lone annotation back as text
                return Decimal(1), "dimensionless"
            # The parser leaves float exponents behind; reading the unit's name again cures that.
            unit = self._registry.Unit(str(quantity.units))
            sized = self._registry.Quantity(Decimal(str(quantity.magnitude)), unit)
            inner = sized.to_base_units()
            return Decimal(inner.magnitude), str(inner.units)

    def name(self, code: str) -> str:
        """The unit's name in words (``microlitre``)."""
        words = str(self._registry.from_ucum(code).units).replace("_", " ")
        words = words.replace("liter", "litre").replace("meter", "metre")
        return _JOINED.sub(r"\1-\2", words) if " " in words else words


def measure(ucum: Ucum, code: str, meaningful: frozenset[str]) -> Measure:
    """What an accepted unit is, as UCUM, and what annotations and arbitrary atoms it carries."""
    size, base = ucum.base(code)
    over = code.partition("/")[0] or "1"
    return Measure(
        size=size,
        base=base,
        above=ucum.base(over)[1],
        atoms=frozenset(_ATOM.findall(_NOTE.sub("", code))),
        notes=frozenset(_NOTE.findall(code)) & meaningful,
        equivalent=bool(_EQUIVALENT.search(code)),
    )


def _rational(ratio: Decimal) -> Fraction:
    """The simple rational a 60-digit decimal stands for (1/60, not 0.01666…)."""
    exact = Fraction(ratio)
    if exact < 1:
        return 1 / _rational_above_one(1 / exact)
    return _rational_above_one(exact)


def _rational_above_one(exact: Fraction) -> Fraction:
    found = exact.limit_denominator(_SIMPLEST)
    if abs(found - exact) > exact * _CLOSE_ENOUGH:
        raise ValueError(f"no simple ratio lies at {float(exact)}")
    return found


_MASS, _MOLE = "kilogram", "mole"
_GRAMS_IN_BASE = 1000


def ratio(analyte: Analyte, source: Measure, target: Measure) -> tuple[Fraction, str] | None:
    """The exact factor between two units and what it rests on; ``None``: no rule leads there."""
    if source.atoms != target.atoms or source.notes != target.notes:
        return None
    sizes = _rational(source.size / target.size)
    kinds = (_kind(source), _kind(target))
    if source.base == target.base and kinds[0] == kinds[1]:
        if source.equivalent == target.equivalent:
            return sizes, "scale"
        if not analyte.charge:
            return None
        charge = Fraction(analyte.charge)
        return (sizes / charge if source.equivalent else sizes * charge), "charge"
    if analyte.molar_mass is None:
        return None
    grams = Fraction(analyte.molar_mass)
    if source.base == target.base == "dimensionless" and set(kinds) == {_MASS, _MOLE}:
        if analyte.second_molar_mass is None:
            return None
        masses = Fraction(analyte.second_molar_mass) / grams
        return (sizes * masses if kinds[0] == _MASS else sizes / masses), "two masses"
    if _as_moles(source.base) != _as_moles(target.base) or set(kinds) != {_MASS, _MOLE}:
        return None
    by = "molar mass"
    for side, inverted in ((source, False), (target, True)):
        if side.equivalent:
            if not analyte.charge:
                return None
            by = "charge and molar mass"
            sizes = sizes * analyte.charge if inverted else sizes / analyte.charge
    moles = grams / _GRAMS_IN_BASE  # base units count kilograms
    return (sizes / moles if kinds[0] == _MASS else sizes * moles), by


def _kind(unit: Measure) -> str:
    """Whether mass or moles are counted above the line; volumes and plain numbers are one kind."""
    return next((kind for kind in (_MASS, _MOLE) if unit.above.startswith(kind)), "")


def _as_moles(base: str) -> str:
    return base.replace(_MASS, _MOLE)


def factors(
    analytes: Iterable[Analyte], ucum: Ucum, table: AliasTable
) -> dict[str, dict[str, dict[str, list[str]]]]:
    """``analyte → from → to → [numerator, denominator, rule]`` for every pair that converts."""
    found: dict[str, dict[str, dict[str, list[str]]]] = {}
    for analyte in analytes:
        measures = {unit: measure(ucum, unit, table.meaningful) for unit in analyte.units}
        rows: dict[str, dict[str, list[str]]] = {}
        for source, of_source in measures.items():
            row = {}
            for target, of_target in measures.items():
                with localcontext() as context:
                    context.prec = _PRECISION
                    answer = ratio(analyte, of_source, of_target)
                if answer is not None:
                    exact, by = answer
                    row[target] = [str(exact.numerator), str(exact.denominator), by]
            rows[source] = row
        if rows:
            found[analyte.id] = rows
    return found


def symbols(ucum: Ucum, table: AliasTable, units: Iterable[str]) -> dict[str, list[Any]]:
    """UCUM symbols our spellings hold, in every case, as ``[words, size, [[base, power]]]``."""
    texts = [*units, *table.also_read]
    texts += [spelling for group in table.groups for spelling in group.spellings]
    tokens = {token for text in texts for token in _SYMBOL.findall(_NOTE.sub("", text))}
    found: dict[str, list[Any]] = {}
    for token in sorted({case for written in tokens for case in _cases(written)}):
        try:
            if token.endswith("g%"):
                # UCUM's "gram percent" is g/dL; ucumvert reads a gram times 0.01.
                size, base = ucum.base(f"{token[:-1]}/dL")
                words = f"{ucum.name(token[:-1])} percent"
            else:
                size, base = ucum.base(token)
                words = ucum.name(token)
        except Exception:  # whatever the parsers raise, the token is then no UCUM symbol
            continue
        atoms = _ATOM.findall(token)
        # [iU] and [IU] are one unit in UCUM.
        arbitrary = [[atom.lower(), 1] for atom in atoms]
        powers = arbitrary if atoms and base == "dimensionless" else _powers(base)
        if _EQUIVALENT.fullmatch(token):
            powers = [["equivalent", 1]]
        found[token] = [words, f"{size:.15e}" if size != size.to_integral() else str(size), powers]
    return found


def _cases(token: str) -> Iterator[str]:
    yield token
    letters = [at for at, character in enumerate(token) if character.isalpha()]
    if "[" in token or len(letters) > _MOST_LETTERS:
        return
    for chosen in itertools.product(*((c.lower(), c.upper()) for c in token)):
        yield "".join(chosen)


def _powers(base: str) -> list[list[Any]]:
    """``kilogram * meter ** 2 / second`` as pairs; a power that is no whole number marks itself."""
    if base == "dimensionless":
        return []
    above, *below = base.split(" / ")
    found: list[list[Any]] = []
    for sign, part in ((1, above), *((-1, each) for each in below)):
        for term in part.split(" * "):
            name, _, power = term.partition(" ** ")
            if name == "1":
                continue
            if "." in power:
                name, power = f"{name}^{power}", "1"
            found.append([name, sign * int(power or 1)])
    return sorted(found)


def inputs(analytes: Iterable[Analyte], table: AliasTable) -> str:
    """Digest of everything the derivation rests on."""
    given: dict[str, Any] = {
        analyte.id: [
            analyte.units,
            str(analyte.molar_mass),
            analyte.charge,
            str(analyte.second_molar_mass),
        ]
        for analyte in analytes
    }
    spelled = [[group.id, sorted(group.spellings)] for group in table.groups]
    text = json.dumps([given, spelled, table.also_read, sorted(table.meaningful)], sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def derive(analytes: Mapping[str, Analyte], table: AliasTable) -> str:
    """The whole file as text."""
    every = list(analytes.values())
    ucum = Ucum()
    units = sorted({unit for analyte in every for unit in analyte.units})
    rows = factors(every, ucum, table)
    lines = ['{"inputs": ' + json.dumps(inputs(every, table)) + ",", '"factors": {']
    lines.append(
        ",\n".join(
            f"{json.dumps(analyte)}: {{\n"
            + ",\n".join(f" {json.dumps(unit)}: {json.dumps(row)}" for unit, row in sources.items())
            + "}"
            for analyte, sources in rows.items()
        )
    )
    lines += ["},", '"symbols": {']
    known = symbols(ucum, table, units)
    lines.append(
        ",\n".join(f"{json.dumps(code)}: {json.dumps(row)}" for code, row in known.items())
    )
    return "\n".join([*lines, "}}", ""])


def main(arguments: list[str]) -> int:
    """Write the table, or with ``--check`` compare it; 0 when it is as it should be."""
    from corrin import terminology

    file: Path = rules_root() / "units" / "factors.json"
    fresh = derive(terminology.load().analytes, aliases.load())
    if "--check" in arguments:
        if file.is_file() and file.read_text(encoding="utf-8") == fresh:
            return 0
        sys.stderr.write(
            f"{file.name} is not what its inputs give; run `python -m corrin.units.derive`\n"
        )
        return 1
    file.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
