"""Our factors and our reading of UCUM against another engine's, computed once and kept.

The other engine is ucum-lhc of the National Library of Medicine. It knows no two-mass rule (it
takes a mass ratio for a substance ratio), and it refuses to convert between arbitrary units: those
conversions are not among its answers.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from corrin import terminology
from corrin.content import read_document
from corrin.units import table
from corrin.units.ucum import read
from corrin.units.unit import match

HERE = Path(__file__).parent
ORACLE = json.loads((HERE / "data" / "units_oracle.json").read_text(encoding="utf-8"))
SPELLINGS = HERE.parent / "unit" / "data" / "spellings.yaml"


def test_every_factor_agrees() -> None:
    compared = 0
    for analyte, source, target, wanted in ORACLE["conversions"]:
        found = table.load().factor(analyte, source, target)
        assert found is not None, (analyte, source, target)
        assert math.isclose(found.num / found.den, wanted, rel_tol=1e-9), (analyte, source, target)
        compared += 1
    assert compared >= 190


@pytest.mark.parametrize("text", sorted(ORACLE["readings"]))
def test_both_engines_agree_what_is_ucum(text: str) -> None:
    ours = read(text, table.load().symbols)
    assert (ours is None) == (ORACLE["readings"][text] is None)


def test_unit_also_ucum_is_flagged_where_the_other_engine_sees_another_meaning() -> None:
    readings = ORACLE["readings"]
    seen = set()
    for block in read_document(SPELLINGS):
        for name in block["analytes"]:
            analyte = terminology.load().analytes[name]
            for spelling, ucum, _ in block.get("accepted", ()):
                found = match(analyte, spelling)
                as_typed, as_taken = readings[found.plain], readings[ucum]
                other = as_typed is not None and not (
                    as_typed[1] == as_taken[1]
                    and math.isclose(as_typed[0], as_taken[0], rel_tol=1e-9)
                )
                # "[IU]" for "U" and "U" for "[IU]" are custom, and no slip
                if analyte.family not in {"enzyme", "tsh"}:
                    assert (found.how == "also") == other, (name, spelling)
                    seen.add(other)
    assert seen == {True, False}
