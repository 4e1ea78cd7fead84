"""An analyte: something a laboratory measures, its codes, its units and what is plausible."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

# The dimension each LOINC property promises; a code may promise either of two (the unit decides).
_PROMISES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "MCnc": ("mass",),
        "SCnc": ("substance",),
        "MSCnc": ("mass", "substance"),
        "NCnc": ("number",),
        "NFr": ("fraction",),
        "VFr": ("fraction",),
        "Ratio": ("fraction",),
        "CCnc": ("catalytic",),
        "ACnc": ("arbitrary",),
        "MRto": ("mass_ratio",),
        "SRto": ("substance_ratio",),
        "EntVol": ("volume",),
        "EntMass": ("entitic_mass",),
        "EntSub": ("entitic_substance",),
        "VRatArea": ("rate",),
        "VRat": ("rate",),
        "Time": ("time",),
    }
)


@dataclass(frozen=True, slots=True)
class LoincCode:
    """One LOINC code that names an analyte.

    Attributes:
        code: the code with its check digit (``2132-9``).
        property: LOINC property, or ``MSCnc`` for "mass or substance concentration", or ``""``
            where it is not known.
        specimen: specimen the code stands for (``Ser/Plas``).
        checked: how the code was checked, as printed in our table (``V:MM,LS``); anything that
            does not begin with ``V:`` was not verified.
        note: what a reader should know of it.
        flags: data-quality flags a value under this code always carries.
    """

    code: str
    property: str
    specimen: str
    checked: str
    note: str = ""
    flags: tuple[str, ...] = ()

    @builtins.property  # the field above hides the plain name
    def verified(self) -> bool:
        """Whether code and meaning were both seen in a named source."""
        return self.checked.startswith("V:")

    @builtins.property  # the field above hides the plain name
    def promised(self) -> tuple[str, ...]:
        """Names of the dimensions the code promises; empty when it promises none."""
        return _PROMISES.get(self.property, ())


@dataclass(frozen=True, slots=True)
class Dimension:
    """The units accepted for one kind of quantity, all UCUM; ``canonical`` is one of them."""

    canonical: str
    accept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plausible:
    """The window outside of which a value is queried, not interpreted; both ends belong to it."""

    low: Decimal
    high: Decimal
    unit: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Analyte:
    """An analyte of the terminology.

    Attributes:
        id: our name (``total_b12``), the name of its fact in conditions.
        name: name in sentences (``total vitamin B12``).
        short: name where room is scarce (``B12``).
        names: what a person may type or a text may say, without regard to case.
        family: units family for spellings that only mean something there (``cell_count``).
        kind: ``quantity``, or ``qualitative`` for present/absent results.
        codes: LOINC codes accepted for it.
        dimensions: by name, in order of preference for display.
        molar_mass: g/mol used between mass and substance; ``None``: those never convert.
        charge: charge number used between ``meq`` and ``mmol``.
        second_molar_mass: g/mol of the denominator in a mass ratio (creatinine).
        plausible: window in one of the accepted units.
        critical: whether a single value may demand action before it is chosen or confirmed.
        sources: evidence rows behind masses and limits.
        note: what a reader should know of it.
    """

    id: str
    name: str
    short: str
    names: tuple[str, ...]
    family: str
    kind: Literal["quantity", "qualitative"]
    codes: tuple[LoincCode, ...] = ()
    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    molar_mass: Decimal | None = None
    charge: int | None = None
    second_molar_mass: Decimal | None = None
    plausible: Plausible | None = None
    critical: bool = False
    sources: tuple[str, ...] = ()
    note: str = ""

    @property
    def units(self) -> tuple[str, ...]:
        """Every accepted unit, preferred dimension first."""
        return tuple(unit for found in self.dimensions.values() for unit in found.accept)

    def dimension_of(self, unit: str) -> str | None:
        """Name of the dimension an accepted unit belongs to, or ``None``."""
        for name, found in self.dimensions.items():
            if unit in found.accept:
                return name
        return None

    def canonical_of(self, unit: str) -> str | None:
        """Canonical unit of the dimension an accepted unit belongs to, or ``None``."""
        name = self.dimension_of(unit)
        return None if name is None else self.dimensions[name].canonical
