"""Values that cannot be, and values that probably mean something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from corrin.content import ContentError, read_document, rules_root
from corrin.facts.interval import Interval
from corrin.terminology.analyte import Analyte
from corrin.units.conversion import convert_interval
from corrin.units.error import UnitError


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Below ``below`` (in ``unit``) a value more probably means something else."""

    analyte: str
    unit: str
    below: Decimal
    reason: str
    because: str
    evidence: tuple[str, ...]


@lru_cache(maxsize=8)
def suspicions(root: Path | None = None) -> Mapping[str, tuple[Suspicion, ...]]:
    """``rules/units/suspicions.yaml``, by analyte.

    Raises:
        ContentError: the file is not in its form.
    """
    file = (root or rules_root()) / "units" / "suspicions.yaml"
    found: dict[str, tuple[Suspicion, ...]] = {}
    for given in read_document(file):
        try:
            one = Suspicion(
                analyte=given["analyte"],
                unit=given["unit"],
                below=Decimal(given["below"]),
                reason=given["reason"],
                because=given["because"].strip(),
                evidence=tuple(given["evidence"]),
            )
        except (KeyError, TypeError, ArithmeticError) as error:
            raise ContentError(file, getattr(given, "line", 0), f"incomplete: {error!r}") from error
        found[one.analyte] = (*found.get(one.analyte, ()), one)
    return MappingProxyType(found)


def suspicious(analyte: Analyte, interval: Interval, ucum: str) -> str | None:
    """Reason code to refuse a value whose unit or convention is doubtful, or ``None``.

    ``tetramer-suspect`` for haemoglobin in mmol/L that lies wholly below the limit: it may be
    counted per tetramer. ``interval`` is in ``ucum``, as reported.
    """
    for one in suspicions().get(analyte.id, ()):
        if one.unit == ucum and interval.lt(Interval.point(one.below)) is True:
            return one.reason
    return None


def plausible(analyte: Analyte, interval: Interval, unit: str) -> bool:
    """Whether any part of the interval lies in the analyte's plausible window, both ends included.

    True too where the analyte has no window, or none that ``unit`` converts to: not being able to
    judge is not an objection.
    """
    window = analyte.plausible
    if window is None:
        return True
    try:
        inside = convert_interval(analyte, interval, unit, window.unit)
    except UnitError:
        return True
    return inside.meets(Interval(window.low, window.high))
