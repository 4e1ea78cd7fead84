"""Which of a Quantity's code and unit is believed, and what is flagged."""

from __future__ import annotations

import pytest

from corrin import terminology
from corrin.units import Unit, UnitRefusal, normalise

UCUM = "http://unitsofmeasure.org"
OID = "urn:oid:2.16.840.1.113883.6.8"
LOCAL = "http://hospital.example/units"


@pytest.mark.parametrize(
    ("analyte", "system", "code", "unit", "ucum", "flags"),
    [
        # a UCUM code decides, whatever the text beside it
        ("total_b12", UCUM, "pg/mL", "pg/mL", "pg/mL", ()),
        ("total_b12", UCUM, "pg/mL", None, "pg/mL", ()),
        ("total_b12", OID, "pg/mL", None, "pg/mL", ()),
        ("total_b12", UCUM + "/", " pg/mL ", None, "pg/mL", ()),
        ("total_b12", UCUM, "pg/mL", "picograms per millilitre of serum", "pg/mL", ()),
        ("total_b12", UCUM, "pg/mL", "ng/L", "pg/mL", ()),  # the same size
        ("total_b12", UCUM, "ng/L", "ng/dL", "ng/L", ("unit-code-disagree",)),
        ("total_b12", UCUM, "pmol/L", "pg/mL", "pmol/L", ("unit-code-disagree",)),
        ("total_b12", UCUM, "pg/mL", "mmol/L", "pg/mL", ("unit-code-disagree",)),
        ("mma", UCUM, "nmol/L", "umol/L", "nmol/L", ("unit-code-disagree",)),
        ("mma", UCUM, "umol/L", "nmol/mL", "umol/L", ()),
        ("potassium", UCUM, "mmol/L", "mEq/L", "mmol/L", ()),
        ("calcium", UCUM, "mmol/L", "mEq/L", "mmol/L", ("unit-code-disagree",)),
        ("platelets", UCUM, "10*3/uL", "K/uL", "10*3/uL", ()),
        ("platelets", UCUM, "10*9/L", "10*12/L", "10*9/L", ("unit-code-disagree",)),
        ("egfr", UCUM, "mL/min/{1.73_m2}", "mL/min", "mL/min/{1.73_m2}", ("unit-code-disagree",)),
        # UCUM of equal meaning, spelled otherwise
        ("platelets", UCUM, "10^9/L", None, "10*9/L", ("unit-alias",)),
        ("potassium", UCUM, "mmol/l", "mmol/l", "mmol/L", ("unit-alias",)),
        # not UCUM, though it says so: a spelling like any other
        ("potassium", UCUM, "mEq/L", None, "meq/L", ("unit-alias",)),
        ("ck", UCUM, "IU/L", "IU/L", "U/L", ("unit-alias",)),
        ("ck", UCUM, "[IU]/L", None, "U/L", ("unit-alias",)),
        # UCUM for something else: believed only when the text confirms what was meant
        ("platelets", UCUM, "K/uL", "K/uL", "10*3/uL", ("unit-from-text", "unit-also-ucum")),
        ("platelets", UCUM, "K/uL", "10*3/uL", "10*3/uL", ("unit-from-text",)),
        ("egfr", UCUM, "mL/min/1.73", "mL/min/{1.73_m2}", "mL/min/{1.73_m2}", ("unit-from-text",)),
        # an impossible code gives way to the text
        (
            "potassium", UCUM, "mg/dL", "mmol/L", "mmol/L",
            ("unit-from-text", "unit-code-disagree"),
        ),
        ("potassium", UCUM, "xyz", "mmol/L", "mmol/L", ("unit-from-text",)),
        # no system, or one of their own: both are spellings
        ("platelets", None, "K/uL", None, "10*3/uL", ("unit-also-ucum",)),
        ("platelets", LOCAL, "258947003", "10*9/L", "10*9/L", ("unit-from-text",)),
        ("platelets", LOCAL, "thou", "thou/mm3", "10*3/uL", ("unit-alias",)),
        ("haemoglobin", LOCAL, "gdl", None, "g/dL", ("unit-alias",)),
        ("haemoglobin", None, None, "g/dL", "g/dL", ("unit-from-text",)),
        ("haemoglobin", UCUM, "", "g/dL", "g/dL", ("unit-from-text",)),
    ],
)  # fmt: skip
def test_taken(
    analyte: str,
    system: str | None,
    code: str | None,
    unit: str | None,
    ucum: str,
    flags: tuple[str, ...],
) -> None:
    answer = normalise(terminology.load().analytes[analyte], unit=unit, system=system, code=code)
    assert isinstance(answer, Unit), answer
    assert (answer.ucum, answer.flags) == (ucum, flags)


@pytest.mark.parametrize(
    ("analyte", "system", "code", "unit", "reason"),
    [
        ("total_b12", None, None, None, "unit-missing"),
        ("total_b12", UCUM, None, None, "unit-missing"),
        ("total_b12", UCUM, "", "  ", "unit-missing"),
        ("total_b12", UCUM, "N/A", "units", "unit-missing"),
        ("platelets", UCUM, "K/uL", None, "unit-impossible"),
        ("egfr", UCUM, "mL/min/1.73", None, "unit-impossible"),
        ("magnesium", UCUM, "Mg/dL", None, "unit-impossible"),
        ("creatinine", UCUM, "mmol/L", None, "unit-impossible"),
        ("creatinine", UCUM, "mmol/L", "mmol/L", "unit-impossible"),
        ("neutrophils", UCUM, "mmol/L", "mmol/L", "unit-impossible"),
        ("haemoglobin", UCUM, "g/mL", "g/mL", "unit-impossible"),
        ("reticulocyte_count", UCUM, "%", "%", "unit-impossible"),
        ("egfr", UCUM, "mL/min", "mL/min", "unit-impossible"),
        ("rbc", UCUM, "1", "{score}", "unit-impossible"),
        ("total_b12", UCUM, "xyz", "abc", "unit-unknown"),
        ("total_b12", None, "x" * 600, None, "unit-unknown"),
        ("hypersegmented_neutrophils", UCUM, "%", "%", "unit-impossible"),
    ],
)
def test_refused(
    analyte: str, system: str | None, code: str | None, unit: str | None, reason: str
) -> None:
    answer = normalise(terminology.load().analytes[analyte], unit=unit, system=system, code=code)
    assert isinstance(answer, UnitRefusal), answer
    assert answer.reason == reason
    assert len(answer.detail) <= 40


def test_every_reason_and_flag_has_a_sentence() -> None:
    reasons = terminology.load().reasons
    for code in (
        "unit-missing", "unit-unknown", "unit-impossible", "unit-unconvertible", "unit-alias",
        "unit-also-ucum", "unit-from-text", "unit-code-disagree", "tetramer-suspect",
        "number-not-finite", "number-too-long", "analyte-unknown",
    ):  # fmt: skip
        assert reasons[code].sentence
