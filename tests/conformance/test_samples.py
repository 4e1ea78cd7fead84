"""Public sample files: read without a crash, every value taken or refused with a listed reason."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from corrin.facts.case import Reading
from corrin.facts.choose import Policy, choose
from corrin.facts.fact import Measured
from corrin.facts.moment import Moment
from corrin.intake import read
from corrin.terminology import load

pytestmark = pytest.mark.samples

TAKEN = {
    "mcode-Observation-hematocrit-brian-l.json": ["haematocrit 22.3 %"],
    "mii-laborwert.json": ["creatinine 72 µmol/l"],
    "r4-Observation-f001.json": ["glucose 6.3 mmol/l"],
    "r4-Observation-f005.json": ["haemoglobin 7.2 g/dl"],
    "r4-Observation-f203.json": ["bicarbonate 28 mmol/L"],
    "uscore-cbc-erythrocytes.json": ["rbc 4.58 10*6/uL"],
    "uscore-cbc-hematocrit.json": ["haematocrit 43 %"],
    "uscore-cbc-hemoglobin.json": ["haemoglobin 17 g/dL"],
    "uscore-cbc-leukocytes.json": ["wbc 10 10*3/uL"],
    "uscore-cbc-mch.json": ["mch 30 pg"],
    "uscore-cbc-mchc.json": ["mchc 34.7 g/dL"],
    "uscore-cbc-mcv.json": ["mcv 85 fL"],
    "uscore-cbc-platelets.json": ["platelets 200 10*3/uL"],
}
REFUSED = {
    "r4-Bundle-report.json": ["date-missing"] * 3,
    "r4-Observation-unsat.json": ["cancelled"],
}
FLAGGED = {
    "mii-laborwert.json": ["haemolysed"],
    # Its low is above its high.
    "uscore-cbc-hematocrit.json": ["reference-range-unreadable"],
    "uscore-cbc-mch.json": ["reference-range-unreadable"],
    "uscore-cbc-mcv.json": ["reference-range-unreadable"],
    "r4-Observation-f001.json": ["period-effective"],
    "r4-Observation-f203.json": ["unit-from-text", "date-from-issued"],
    "r4-Observation-f005.json": ["period-effective"],
}


def check(reading: Reading) -> None:
    """Every reason and flag is on the list."""
    reasons = load().reasons
    assert all("refusal" in reasons[one.reason].kinds for one in reading.refusals)
    assert all(flag in reasons for one in reading.results for flag in one.flags)


def usable(reading: Reading) -> list[Measured]:
    refused = {one.path.split(".effective")[0] for one in reading.refusals}
    return [one for one in reading.results if one.path not in refused]


def test_every_single_file(samples: Path) -> None:
    files = sorted((samples / "fhir").glob("*.json"))
    assert len(files) > 20
    for file in files:
        reading = read(file.read_bytes())
        check(reading)
        taken = [f"{one.analyte} {one.reported}" for one in usable(reading)]
        assert taken == TAKEN.get(file.name, []), file.name
        assert [one.reason for one in reading.refusals] == REFUSED.get(file.name, []), file.name
        flags = [flag for one in usable(reading) for flag in one.flags]
        assert flags == FLAGGED.get(file.name, []), file.name
        total = json.loads(file.read_bytes())
        entries = total.get("entry", [0])
        assert sum(reading.counts.values()) >= len(entries)


def people(samples: Path) -> dict[str, list[bytes]]:
    """The lines of the bulk export, by person."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for line in (samples / "bulk" / "Patient.ndjson").read_bytes().splitlines():
        found["Patient/" + json.loads(line)["id"]].append(line)
    for line in (samples / "bulk" / "Observation.ndjson").read_bytes().splitlines():
        found[json.loads(line)["subject"]["reference"]].append(line)
    return found


def expected(lines: list[bytes]) -> Counter[str]:
    """By our code list alone: what each Observation that is ours should have become."""
    terms = load()
    counted: Counter[str] = Counter()
    for line in lines:
        resource: dict[str, Any] = json.loads(line, parse_float=Decimal)
        for node in (resource, *resource.get("component", [])):
            for coding in node.get("code", {}).get("coding", []):
                analyte = terms.analyte_for_loinc(coding["code"])
                if analyte is not None:
                    counted[analyte.id] += 1
    return counted


def test_the_bulk_export_of_35_people(samples: Path) -> None:
    found = people(samples)
    assert len(found) == 35
    refused: Counter[tuple[str, str | None, str]] = Counter()
    for lines in found.values():
        reading = read(b"\n".join(lines))
        check(reading)
        assert reading.subject.present and reading.subject.sex in ("male", "female")
        assert sum(reading.counts.values()) == len(lines)
        seen = Counter(one.analyte for one in reading.results)
        for one in reading.refusals:
            refused[one.reason, one.name, one.detail] += 1
            if one.name and not any(
                result.path == one.path.rsplit(".value")[0] for result in reading.results
            ):
                seen[one.name] += 1
        assert seen == expected(lines)
        last = (
            max(str(one.when) for one in reading.results)[:10] if reading.results else "2020-01-01"
        )
        case = choose(reading, Moment.parse(last), Policy(otherwise=90))
        assert sum(case.counts.values()) == len(lines)
    # Read once by eye: Synthea sends a GFR without body surface area, and glucose in urine under
    # the code that is often misprinted for homocysteine.
    assert {(reason, name, detail.split(";")[0]) for reason, name, detail in refused} <= {
        ("unit-impossible", "egfr", "mL/min"),
        ("code-rejected", None, "This code is glucose in urine"),
    }, refused


def test_two_people_of_the_export_in_one_call(samples: Path) -> None:
    from corrin.intake import IntakeError

    first, second, *_ = people(samples).values()
    with pytest.raises(IntakeError) as caught:
        read(b"\n".join([*first, *second]))
    assert [one.reason for one in caught.value.problems] == ["two-subjects"]
