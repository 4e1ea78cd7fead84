"""The committed table of exact factors and UCUM symbols (``rules/units/factors.json``).

Derived by :mod:`corrin.units.derive` with pint and ucumvert; looked up here. Nothing in it changes
while the program runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from corrin.content import ContentError, rules_root
from corrin.units.ucum import Symbol


@dataclass(frozen=True, slots=True)
class Factor:
    """An exact ratio: multiply by ``num``, divide by ``den``; ``by`` says what it rests on.

    ``by`` is ``scale``, ``molar mass``, ``charge``, ``charge and molar mass`` or ``two masses``.
    """

    num: Decimal
    den: Decimal
    by: str

    @property
    def is_one(self) -> bool:
        """Whether both units are the same size."""
        return self.num == self.den


@dataclass(frozen=True, slots=True)
class Table:
    """Factors by analyte, then from, then to; UCUM symbols by their code."""

    factors: Mapping[str, Mapping[str, Mapping[str, Factor]]]
    symbols: Mapping[str, Symbol]
    digest: str

    def factor(self, analyte: str, source: str, target: str) -> Factor | None:
        """The factor from one accepted unit of an analyte to another, if there is one."""
        rows = self.factors.get(analyte)
        row = None if rows is None else rows.get(source)
        return None if row is None else row.get(target)


@lru_cache(maxsize=8)
def load(root: Path | None = None) -> Table:
    """The table of a content folder (the installed one when ``root`` is ``None``).

    Raises:
        ContentError: the file is missing or not in its form.
    """
    file = (root or rules_root()) / "units" / "factors.json"
    try:
        return parse(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"not a table of factors ({error}); run `python -m corrin.units.derive`"
        raise ContentError(file, 0, why) from error


def parse(document: Any) -> Table:
    """A table from its JSON form."""
    factors = {
        analyte: MappingProxyType(
            {
                source: MappingProxyType(
                    {
                        target: Factor(Decimal(num), Decimal(den), by)
                        for target, (num, den, by) in targets.items()
                    }
                )
                for source, targets in sources.items()
            }
        )
        for analyte, sources in document["factors"].items()
    }
    symbols = {
        code: Symbol(words, Decimal(size), tuple((base, power) for base, power in bases))
        for code, (words, size, bases) in document["symbols"].items()
    }
    return Table(MappingProxyType(factors), MappingProxyType(symbols), document["inputs"])
