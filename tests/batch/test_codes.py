"""Codes and unit spellings of a site are put in where a file says what they stand for."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from corrin.batch.sources.codes import load, read_codes
from corrin.batch.sources.mapping_file import MappingProblem
from corrin.batch.sources.observation import Record
from corrin.batch.sources.resources import Code
from corrin.intake.gathered import gather
from support import places

MIMIC = "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-d-labitems"
FILE = f"""
system: {MIMIC}
codes:
  - {{code: 51010, loinc: 2132-9, name: Vitamin B12}}
  - {{code: 50945, loinc: 13965-9}}
  - {{code: 51279, loinc: 789-8, units: {{m/uL: "10*6/uL", "no unit": "10*6/uL"}}}}
  - {{code: 51250, loinc: 787-2, unit: fL}}
  - {{system: "urn:id:99LAB", code: B12, loinc: 2132-9}}
units:
  "pikogram per ml": pg/mL
"""


def result(code: str, value: Any, unit: str | None, system: str = MIMIC) -> dict[str, Any]:
    quantity = {"value": value}
    if unit is not None:
        quantity |= {"unit": unit, "code": unit, "system": "http://mimic.mit.edu/units"}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": system, "code": code}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": "2026-05-01",
        "valueQuantity": quantity,
    }


def taken(resource: dict[str, Any]) -> list[tuple[str, str]]:
    import json
    from decimal import Decimal

    parsed = json.loads(json.dumps(resource), parse_float=Decimal, parse_int=Decimal)
    return [(one.analyte, one.reported) for one in gather([parsed]).reading.results]


def test_local_codes_and_units_are_read_as_what_they_stand_for() -> None:
    local = read_codes(FILE.encode(), "codes.yaml")
    b12 = result("51010", 463, "pg/mL")
    assert taken(b12) == []
    assert local.add(b12)
    assert b12["code"]["coding"] == [
        {"system": MIMIC, "code": "51010"},
        {"system": "http://loinc.org", "code": "2132-9", "display": "Vitamin B12"},
    ]
    assert taken(b12) == [("total_b12", "463 pg/mL")]
    red = result("51279", 4.2, "no unit")
    assert local.add(red)
    assert red["valueQuantity"]["unit"] == "no unit"
    assert taken(red) == [("rbc", "4.2 no unit")]


def test_a_unit_is_put_in_only_where_the_file_says_so() -> None:
    local = read_codes(FILE.encode(), "codes.yaml")
    size, hcy = result("51250", 98, None), result("50945", 14, None)
    assert local.add(size)
    assert local.add(hcy)
    assert taken(size) == [("mcv", "98 fL")]
    assert gather([hcy]).reading.results == ()
    spelt = result("51010", 463, "pikogram per ml")
    assert local.add(spelt)
    assert spelt["valueQuantity"]["code"] == "pg/mL"


def test_what_no_file_names_stays_as_it_is() -> None:
    local = read_codes(FILE.encode(), "codes.yaml")
    other = result("51010", 463, "pg/mL", system="http://elsewhere")
    assert not local.add(other)
    assert other == result("51010", 463, "pg/mL", system="http://elsewhere")
    odd: dict[str, Any] = {"code": {"coding": [None, {"code": 3}, "x"]}, "valueQuantity": 4}
    assert not local.add(odd)
    assert not local.add({"code": "x", "component": [3]})


def test_components_and_medicines_are_named_too() -> None:
    text = "system: urn:x\ncodes:\n  - {code: d1, atc: B03BA03}\n  - {code: c, loinc: 2132-9}\n"
    local = read_codes(text.encode(), "codes.yaml")
    medicine = {"medicationCodeableConcept": {"coding": [{"system": "urn:x", "code": "d1"}]}}
    assert local.add(medicine)
    assert medicine["medicationCodeableConcept"]["coding"][1]["code"] == "B03BA03"
    panel = {"component": [{"code": {"coding": [{"system": "urn:x|2", "code": "c"}]}}]}
    assert local.add(panel)


def test_a_code_that_is_there_already_is_not_put_in_twice() -> None:
    local = read_codes(FILE.encode(), "codes.yaml")
    both = result("51010", 463, "pg/mL")
    both["code"]["coding"].append({"system": "http://loinc.org", "code": "2132-9"})
    local.add(both)
    assert len(both["code"]["coding"]) == 2
    record = Record("1", codes=[Code(MIMIC, "51010")], unit_text="pikogram per ml")
    found = local.record(record)
    assert [one.code for one in found.codes] == ["51010", "2132-9"]
    assert found.unit_code == "pg/mL"


def test_a_table_says_the_same_as_yaml() -> None:
    text = (
        "system,code,loinc,unit,ucum\n"
        f"{MIMIC},51010,2132-9,,\n{MIMIC},51279,789-8,m/uL,10*6/uL\n,,,pikogram per ml,pg/mL\n"
    )
    local = read_codes(text.encode(), "codes.csv")
    assert local.codes[MIMIC, "51010"].loinc == "2132-9"
    assert local.codes[MIMIC, "51279"].units == {"m/uL": "10*6/uL"}
    assert local.units["pikogram per ml"] == "pg/mL"


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("codes:\n  - {code: 1, loinc: 2132-8}", "c.yaml", "c.yaml:2: error: "),
        ("codes:\n  - {code: 1, loinc: 2132-8}", "c.yaml", "its check digit does not hold"),
        ("codes:\n  - {code: 1}", "c.yaml", "codes.0: one of loinc, snomed"),
        (
            "codes:\n  - {code: 1, loinc: 2132-9}\n  - {code: 1, loinc: 787-2}",
            "c.yaml",
            "c.yaml:3: error",
        ),
        ("codes:\n  - {code: 1, lionc: 2132-9}", "c.yaml", "c.yaml:2: error"),
        ("[]", "c.yaml", "c.yaml:1: error"),
        ("a: [", "c.yaml", "c.yaml:"),
        ("units: {}", "c.yaml", "codes: it is missing"),
        ("code,lionc\n1,2132-9\n", "c.csv", "c.csv:1: error"),
        ("code,loinc\n\n1,2132-9,3\n", "c.csv", "c.csv:3: error"),
        ('code,loinc\n"1,2132-9\n', "c.csv", "a quote is not closed"),
    ],
)
def test_faults_of_a_file_are_told_with_their_line(text: str, name: str, said: str) -> None:
    with pytest.raises(MappingProblem) as caught:
        read_codes(text.encode(), name)
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MappingProblem, match="there is no such file"):
        load(str(tmp_path / "none.yaml"))


@pytest.mark.samples
def test_the_example_of_the_docs_names_items_that_mimic_has() -> None:
    page = (Path(__file__).parents[2] / "docs" / "batch-codes.md").read_text()
    example = page.split("```yaml\n", 1)[1].split("```", 1)[0]
    local = read_codes(example.encode(), "example.yaml")
    samples = places.samples()
    assert samples is not None
    with open(samples / "codes" / "mimic-d-labitems.csv", newline="") as file:
        known = {row["code"] for row in csv.DictReader(file)}
    assert {code for _, code in local.codes} <= known
    assert {one.loinc for one in local.codes.values()} >= {"2132-9", "13965-9", "718-7"}
