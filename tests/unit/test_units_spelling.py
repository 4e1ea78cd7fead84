"""Every spelling of the table of spellings, every trap, and what becomes of characters."""

from __future__ import annotations

from pathlib import Path

import pytest

from corrin import terminology
from corrin.content import read_document
from corrin.units import Unit, UnitRefusal, aliases, normalise, table
from corrin.units.spelling import plain
from corrin.units.ucum import read

SPELLINGS = Path(__file__).parent / "data" / "spellings.yaml"


def _rows(kind: str) -> list[tuple[str, ...]]:
    return [
        (analyte, *row)
        for block in read_document(SPELLINGS)
        for analyte in block["analytes"]
        for row in block.get(kind, ())
    ]


@pytest.mark.parametrize(("analyte", "spelling", "ucum", "flags"), _rows("accepted"))
def test_a_spelling_is_read(analyte: str, spelling: str, ucum: str, flags: list[str]) -> None:
    of = terminology.load().analytes[analyte]
    answer = normalise(of, unit=spelling)
    assert isinstance(answer, Unit), answer
    assert (answer.ucum, list(answer.flags)) == (ucum, ["unit-from-text", *flags])
    assert answer.dimension == of.dimension_of(ucum)


@pytest.mark.parametrize(("analyte", "spelling", "reason"), _rows("refused"))
def test_a_spelling_is_refused(analyte: str, spelling: str, reason: str) -> None:
    answer = normalise(terminology.load().analytes[analyte], unit=spelling)
    assert isinstance(answer, UnitRefusal), answer
    assert answer.reason == reason


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("µg/L", "ug/L"),
        ("μg/L", "ug/L"),
        ("10⁹/L", "10^9/L"),
        ("x10⁻³/uL", "10^-3/uL"),
        ("×10⁹/L", "10^9/L"),
        ("X 10*9 / L", "10*9/L"),
        ("x10\\S\\9/L", "10^9/L"),
        ("m²", "m2"),
        ("mm³", "mm3"),
        ("ml/min/1,73 m²", "ml/min/1.73m2"),
        ("1,000/uL", "1000/uL"),
        ("mg\u00a0/\u2009dL", "mg/dL"),
        ("\ufeffmg/dL\u200b", "mg/dL"),
        ("(mg/dL)", "mg/dL"),
        ("\uff4d\uff47\uff0f\uff44\uff2c", "mg/dL"),  # wide letters
        ("㎍/L", "ug/L"),
        ("mmol·L-1", "mmol.L-1"),
        ("", ""),
        ("   ", ""),
        ("x", "x"),
        ("é/L", None),
        ("mg/dL\x00", None),
        ("Ω", None),
        ("a" * 33, None),
        ("a" * 100_000, None),
        ("\ufdfa" * 90, None),  # NFKC makes eighteen characters of each
        ("(" * 1000, None),
    ],
)
def test_characters(typed: str, normal: str | None) -> None:
    assert plain(typed) == normal


def test_nothing_is_folded_into_another_meaning() -> None:
    """No accepted unit, in any case, is read as a unit of another size, unless that is flagged."""
    symbols = table.load().symbols
    every = terminology.load().analytes.values()
    units = {unit for analyte in every for unit in analyte.units}
    for analyte in every:
        for unit in units:
            for text in (unit, unit.lower(), unit.upper(), unit.swapcase()):
                answer = normalise(analyte, unit=text)
                said, taken = read(text, symbols), None
                if isinstance(answer, Unit):
                    taken = read(answer.ucum, symbols)
                if said and taken and not said.same_size_as(taken):
                    custom = analyte.family in {"enzyme", "tsh"} and "unit-alias" in answer.flags
                    assert custom or "unit-also-ucum" in answer.flags, (analyte.id, text, answer)


def test_every_group_is_for_somebody() -> None:
    analytes = terminology.load().analytes
    families = {analyte.family for analyte in analytes.values()}
    for group in aliases.load().groups:
        assert group.families <= families, group.id
        assert group.analytes <= set(analytes), group.id


def test_every_quantity_family_has_a_group() -> None:
    groups = aliases.load().groups
    for analyte in terminology.load().analytes.values():
        if analyte.kind == "quantity":
            assert any(group.holds_for(analyte.id, analyte.family) for group in groups), analyte.id


def test_every_accepted_unit_has_a_reading() -> None:
    symbols = table.load().symbols
    for analyte in terminology.load().analytes.values():
        for unit in analyte.units:
            assert read(unit, symbols) is not None, unit
