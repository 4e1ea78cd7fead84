"""Rows of the public NHANES laboratory files as FHIR Bundles, one person each.

Column names are the survey's own: ``LBXB12`` pg/mL, ``LBDB12SI`` pmol/L, ``LBXMMASI`` nmol/L,
``LBXHCY`` umol/L, ``LBXHGB`` g/dL, ``LBXMCVSI`` fL, ``LBDSCRSI`` creatinine umol/L. The files
state no dates: every sample is set to the same day.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

AS_OF = "2026-06-30T12:00:00Z"
SAMPLED = "2026-06-29"
YEAR = 2026

B12 = {"ng": ("LBXB12", "2132-9", "pg/mL"), "pmol": ("LBDB12SI", "14685-2", "pmol/L")}
# column, LOINC, UCUM unit; folate stands under another name in each cycle
COLUMNS = (
    ("LBXMMASI", "13964-2", "nmol/L"),
    ("LBXHCY", "13965-9", "umol/L"),
    ("LBXHGB", "718-7", "g/dL"),
    ("LBXMCVSI", "787-2", "fL"),
    ("LBXRDW", "788-0", "%"),
    ("LBXRBCSI", "789-8", "10*6/uL"),
    ("LBXWBCSI", "6690-2", "10*3/uL"),
    ("LBDNENO", "751-8", "10*3/uL"),
    ("LBXPLTSI", "777-3", "10*3/uL"),
    ("LBDFOTSI", "14732-2", "nmol/L"),
    ("LBDFOLSI", "14732-2", "nmol/L"),
    ("LBDSCRSI", "14682-9", "umol/L"),
    ("LBXSKSI", "2823-3", "mmol/L"),
    ("LBXSNASI", "2951-2", "mmol/L"),
    ("LBDSCASI", "2000-8", "mmol/L"),
    ("LBDSALSI", "1751-7", "g/L"),
    ("LBXSC3SI", "1963-8", "mmol/L"),
    ("LBXSBU", "3094-0", "mg/dL"),
)
Row = dict[str, str]


def rows(folder: Path) -> Iterator[Row]:
    """Every row of the sample files, in order of file and row."""
    for file in sorted((folder / "nhanes").glob("*.csv")):
        with file.open(newline="", encoding="utf-8") as lines:
            yield from csv.DictReader(lines)


def bundle(row: Row, b12: Literal["ng", "pmol"]) -> bytes:
    """One person's results as a Bundle, with B12 from the mass or from the molar column."""
    who = f"nhanes-{row['SEQN']}"
    resources: list[dict[str, Any]] = [
        {
            "resourceType": "Patient",
            "id": who,
            "gender": row["sex"],
            # half a year off the sample's day, so that the stated age in whole years holds
            "birthDate": f"{YEAR - int(row['age_years']) - 1}-12-31",
        }
    ]
    for column, code, unit in (B12[b12], *COLUMNS):
        value = row.get(column)
        if value:
            resources.append(_observation(who, column, code, unit, value))
    if row["pregnancy"] == "pregnant":
        resources.append(_pregnancy(who))
    entries = ",".join(json.dumps({"resource": resource}) for resource in resources)
    text = f'{{"resourceType":"Bundle","type":"collection","entry":[{entries}]}}'
    return text.replace('"@', "").replace('@"', "").encode()


def _observation(who: str, column: str, code: str, unit: str, value: str) -> dict[str, Any]:
    """One laboratory Observation; the value keeps the digits the file wrote."""
    return {
        "resourceType": "Observation",
        "id": f"{who}-{column}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{who}"},
        "effectiveDateTime": SAMPLED,
        "valueQuantity": {
            "value": f"@{value}@",
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
    }


def _pregnancy(who: str) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": f"{who}-pregnancy",
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                    "code": "active",
                }
            ]
        },
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "77386006"}]},
        "subject": {"reference": f"Patient/{who}"},
        "onsetDateTime": f"{YEAR}-02-01",
    }
