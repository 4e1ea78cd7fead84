"""Units: a laboratory's spelling → canonical UCUM → an exact factor per analyte.

The spelling is looked up in an alias table scoped to the analyte's family, never parsed; the factor
is looked up in a table derived once by pint and ucumvert and committed
(:mod:`corrin.units.derive`). Wrong-looking units are flagged or refused, never silently repaired.
"""

from __future__ import annotations

from corrin.units.conversion import as_text, canonical, convert, convert_interval, factor
from corrin.units.error import UnitError
from corrin.units.limits import plausible, suspicious
from corrin.units.unit import Unit, UnitRefusal, normalise

__all__ = [
    "Unit",
    "UnitError",
    "UnitRefusal",
    "as_text",
    "canonical",
    "convert",
    "convert_interval",
    "factor",
    "normalise",
    "plausible",
    "suspicious",
]
