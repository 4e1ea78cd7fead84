"""Made exports come with the truth: the latest valid value of everybody, and the band of B12."""

from __future__ import annotations

import csv
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from corrin import units
from corrin.batch.judge import Answer, Piece, Question, Shared
from corrin.batch.row import ROWS, Read
from corrin.batch.sources import detect
from corrin.batch.sources.source import Options
from corrin.facts.interval import Interval
from corrin.facts.policy import Policy
from corrin.terminology import load
from support import judges
from support.places import ROOT, samples

MAKE_BULK = (samples() or ROOT / "no-samples").parent / "tools" / "make_bulk.py"
# Column of the truth → our analyte, and the unit of the column. Chloride is none of ours.
TRUTH = {
    "b12_ng_l": ("total_b12", "ng/L"),
    "mma_nmol_l": ("mma", "nmol/L"),
    "hcy_umol_l": ("homocysteine", "umol/L"),
    "folate_ug_l": ("folate", "ug/L"),
    "hb_g_dl": ("haemoglobin", "g/dL"),
    "hct_percent": ("haematocrit", "%"),
    "rbc_10e12_l": ("rbc", "10*12/L"),
    "mcv_fl": ("mcv", "fL"),
    "mch_pg": ("mch", "pg"),
    "rdw_percent": ("rdw_cv", "%"),
    "wbc_10e9_l": ("wbc", "10*9/L"),
    "plt_10e9_l": ("platelets", "10*9/L"),
    "creatinine_umol_l": ("creatinine", "umol/L"),
    "sodium_mmol_l": ("sodium", "mmol/L"),
    "potassium_mmol_l": ("potassium", "mmol/L"),
}
# The truth is printed to six digits, and goes by 88.4 for creatinine.
CLOSE = Decimal("0.00003")
# Bad lines that hold nothing, or all that a good line holds.
HARMLESS = {
    *("empty", "blanks", "bom", "crlf", "duplicate_line", "other_resource", "unknown_patient"),
}


def made(folder: Path, *more: str) -> Path:
    """A made export."""
    command = [sys.executable, str(MAKE_BULK), "--patients", "250", "--seed", "23", "--files", "3"]
    subprocess.run([*command, "--out", str(folder), *more], check=True, capture_output=True)
    return folder


def answered(export: Path) -> tuple[Answer, Read]:
    """The answer for a whole export, whatever the age of results."""
    found = detect.find([str(export)], input_format=None, options=Options())
    tables, pieces, read = [], {}, Read()
    for chunk, source in enumerate(found.sources):
        pieces[chunk] = Piece(source.name)
        for span in source.spans():
            tables += [pa.Table.from_batches([one]) for one in source.batches(span, chunk, read)]
    judge = judges.judge(Question("2026-01-01"), Shared(pieces), Policy())
    return judge.judge(pa.concat_tables(tables).cast(ROWS)), read


def value(row: dict[str, Any], analyte: str, unit: str) -> Decimal:
    """The figure of an input in another unit; of a censored one its bound."""
    bound = row["low"] if row["low"] is not None else row["high"]
    found = units.convert_interval(
        load().analytes[analyte], Interval.point(Decimal(str(bound))), row["unit"], unit
    )
    assert found.low is not None
    return found.low


def band(figure: Decimal, row: dict[str, Any]) -> str:
    """The band of total B12 in ng/L, as the truth names it."""
    if figure < 180 or row["low"] is None:
        return "lt180"
    return "180to350" if figure <= 350 and row["high"] is not None else "gt350"


@pytest.mark.samples
@pytest.mark.parametrize(
    "more", [(), ("--dirty", "0.01", "--gzip")], ids=["plain", "dirty and packed"]
)
def test_the_latest_value_of_everybody_is_the_true_one(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    export = made(tmp_path, *more)
    answer, read = answered(export)
    inputs = {
        (row["subject"], row["name"]): row
        for row in answer.tables["inputs"].to_pylist()
        if row["role"] == "chosen"
    }
    wrong = []
    with (export / "truth.csv").open(newline="", encoding="utf-8") as file:
        persons = list(csv.DictReader(file))
    for person in persons:
        subject = f"Patient/{person['patient_id']}"
        for column, (analyte, unit) in TRUTH.items():
            row = inputs.get((subject, analyte))
            there = row is not None and row["kind"] == "measured"
            if not person[column]:
                wrong += [(subject, analyte, "too much")] if there else []
                continue
            if row is None or not there:
                wrong.append((subject, analyte, "missing"))
                continue
            true, found = Decimal(person[column]), value(row, analyte, unit)
            if abs(true - found) > CLOSE * true:
                wrong.append((subject, analyte, f"{found} for {true}"))
            elif analyte == "total_b12" and band(found, row) != person["b12_class"]:
                wrong.append((subject, analyte, band(found, row)))
    assert wrong == []
    assert len(persons) == 250
    went = [sum(one) for one in zip(*answer.went.values(), strict=True)]
    assert read.rows == sum(went) + read.not_ours + read.used + len(read.refused)


@pytest.mark.samples
def test_every_bad_line_is_refused_where_it_stands(tmp_path: Path) -> None:
    export = made(tmp_path, "--dirty", "0.01")
    with (export / "dirty.csv").open(newline="", encoding="utf-8") as file:
        bad = {(row["file"], int(row["line"])): row["kind"] for row in csv.DictReader(file)}
    assert set(bad.values()) > HARMLESS
    refused = set()
    for source in detect.find([str(export)], input_format=None, options=Options()).sources:
        read = Read()
        (span,) = source.spans()
        rows = sum(one.num_rows for one in source.batches(span, 0, read))
        assert read.rows == rows + read.not_ours + read.used + len(read.refused)
        refused |= {(source.name, one.line) for one in read.refused}
    harmful = {place for place, kind in bad.items() if kind not in HARMLESS}
    assert refused <= harmful
    # A result of nobody's is refused, and left where it is none of ours anyway.
    assert {bad[place] for place in harmful - refused} <= {"no_subject"}
    assert "no_subject" in {bad[place] for place in refused}
