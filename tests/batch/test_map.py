"""``corrin batch map``: proposes from header and content, says what is unsure, prints no value."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

import pytest

from corrin.batch.sources.mapping import File
from corrin.batch.sources.mapping_file import read_mapping
from corrin.batch.sources.mapping_looks import is_loinc
from corrin.batch.sources.mapping_propose import Proposal, propose
from support import command
from support.tabled import read, text
from support.workbook import DATE, xlsx


def proposed(path: Path, file: File | None = None) -> Proposal:
    """What is proposed for a table."""
    return propose(str(path), file or File())


def corrin(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, and what it said."""
    ran = command.run(*arguments)
    said, told = ran.stdout.decode(), ran.stderr.decode()
    return subprocess.CompletedProcess(ran.args, ran.returncode, said, told)


LONG = (
    "Sample-No;Patient_ID;LOINC;Test;Result;Result Num;Units;Ref Low;Ref High;Collected;Status;"
    "Sex;DOB;Ward\n"
    "kestrel-1;kestrel-a;2132-9;Vitamin B12;<150;150;ng/l;180;900;13.06.2026 08:15;F;F;01.02.1960;"
    "\n"
    "kestrel-2;kestrel-b;718-7;Hb;13,4;13,4;g/dl;12;16;02.06.2026 09:00;P;M;13.02.1961;x\n"
    "kestrel-3;kestrel-b;2823-3;K;4,1;NULL;mmol/l;3,5;5,1;12.06.2026 10:00;F;M;13.02.1961;x\n"
)


def test_a_long_table_is_proposed_whole_and_works_at_once(tmp_path: Path) -> None:
    """German dates, decimal commas, a status, missing marks; then it is read and judged."""
    path = text(tmp_path, LONG)
    found = proposed(path)
    assert found.lacking == [] and found.unsure == []
    assert "kestrel" not in found.text and "13.06" not in found.text
    mapping = read_mapping(found.text.encode())
    columns = mapping.columns
    assert columns is not None
    assert mapping.file.decimal == ","
    assert (columns.patient.column, columns.code[0].system) == ("Patient_ID", "loinc")
    assert columns.time is not None and columns.time.format == ("%d.%m.%Y %H:%M",)
    assert columns.birth_date is not None and columns.birth_date.format == ("%d.%m.%Y",)
    assert columns.number is not None and columns.number.missing == ("NULL",)
    assert dict(columns.status.map) == {"F": "final", "P": "preliminary"}
    tabled = read(path, found.text)
    assert tabled.read.refused == [] and len(tabled.rows) == 5
    inputs = {
        one["name"]: one["reported"]
        for one in tabled.judged("2026-06-14").tables["inputs"].to_pylist()
        if one["kind"] == "measured"
    }
    assert inputs["total_b12"] == "<150 ng/l"
    assert inputs["potassium"] == "4.1 mmol/l"


def test_day_and_month_that_cannot_be_told_are_not_guessed(tmp_path: Path) -> None:
    """03/04/2026 is two days; one 13/04/2026 tells."""
    head = "patient id,loinc,result,unit,collected\n"
    line = "p,2132-9,240,pg/mL,{}\n"
    found = proposed(text(tmp_path, head + line.format("03/04/2026")))
    assert found.lacking == ["time: which of day and month comes first in collected"]
    assert "%d/%m/%Y or %m/%d/%Y: both fit" in found.text
    found = proposed(text(tmp_path, head + line.format("03/04/2026") + line.format("13/04/2026")))
    assert found.lacking == [] and 'format: "%d/%m/%Y"' in found.text


def test_codes_of_the_site_are_named_as_such(tmp_path: Path) -> None:
    """What they stand for only the site knows; what looks like LOINC must have its check digit."""
    found = proposed(
        text(tmp_path, "pid,test code,result,unit,date\np,2132-8,240,pg/mL,2026-01-01\n")
    )
    assert "system: urn:corrin:site" in found.text and "local_codes" in found.text
    assert any(one.startswith("code: its codes are the site's own") for one in found.unsure)
    assert "2132-8" not in found.text
    assert read_mapping(found.text.encode()).columns is not None
    assert [is_loinc(one) for one in ("2132-9", "718-7", "13964-2", "718-6", "x", "-1")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_wide_table(tmp_path: Path) -> None:
    """Tests by the names of their columns, units by what stands in brackets there."""
    body = (
        "Patient,Visit date,Sex,Age,Vitamin B12 (pmol/L),Hb [g/dL],MCV\n"
        "p,2026-06-13,F,61,120,13.4,101\n"
    )
    found = proposed(text(tmp_path, body))
    mapping = read_mapping(found.text.encode())
    assert mapping.layout == "wide" and mapping.columns is not None
    assert [(one.column, one.loinc, one.unit) for one in mapping.results] == [
        ("Vitamin B12 (pmol/L)", "14685-2", "pmol/L"),
        ("Hb [g/dL]", "718-7", "g/dL"),
        ("MCV", "787-2", None),
    ]
    assert mapping.columns.age is not None
    assert "unit of MCV: its header does not say it" in found.unsure
    assert found.lacking == []


def test_what_is_not_found_is_told(tmp_path: Path) -> None:
    """Line by line, and the file says so itself."""
    found = proposed(text(tmp_path, "alpha,beta\nx,y\n"))
    assert [one.split(":")[0] for one in found.lacking] == ["patient", "code", "value", "time"]
    assert "# NOT FOUND: patient: whose result it is" in found.text
    assert "# Not used: alpha, beta" in found.text


def test_odd_names_of_columns_stay_yaml(tmp_path: Path) -> None:
    """Quotes, colons, words that YAML takes for truth values, doubles."""
    head = '"patient id","loinc","result","unit: of it","collected","no","a: ""b"" #c","x","x"\n'
    found = proposed(text(tmp_path, head + "p,2132-9,240,pg/mL,2026-06-13,n,m,1,2\n"))
    mapping = read_mapping(found.text.encode())
    assert mapping.columns is not None and mapping.columns.unit is not None
    assert mapping.columns.unit.column == "unit: of it"
    assert '"no"' in found.text


def test_a_workbook(tmp_path: Path) -> None:
    """The sheet that was asked for."""
    rows: list[list[object]] = [
        ["patient id", "loinc", "result", "unit", "collected"],
        ["p", "2132-9", 240, "pg/mL", (46023, DATE)],
    ]
    path = xlsx(tmp_path / "book.xlsx", {"Read me": [["x"]], "Results": rows})
    found = proposed(path, File(sheet="Results"))
    assert found.lacking == [] and "file: {sheet: Results}" in found.text
    assert len(read(path, found.text).rows) == 1


def test_the_command(tmp_path: Path) -> None:
    """It writes a file, says on the other stream what to check, and never a value."""
    path, out = text(tmp_path, LONG), tmp_path / "mapping.yaml"
    done = corrin("batch", "map", str(path), "--out", str(out))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert read_mapping(out.read_bytes()).name == "table"
    again = corrin("batch", "map", str(path), "--out", str(out))
    assert again.returncode == 5 and "such a file already" in again.stderr
    lacking = corrin("batch", "map", str(text(tmp_path, "alpha,beta\nkestrel,y\n", "b.csv")))
    assert lacking.returncode == 3 and "Not all that is needed" in lacking.stderr
    assert "# patient: ???" in lacking.stdout and "kestrel" not in lacking.stdout + lacking.stderr
    missing = corrin("batch", "map", str(tmp_path / "none.csv"))
    assert missing.returncode == 3 and "There is no such file" in missing.stderr
    assert corrin("batch", "map").returncode == 2
    schema = corrin("batch", "map", "--schema")
    assert schema.returncode == 0 and '"urn:corrin:mapping"' in schema.stdout


@pytest.mark.samples
def test_the_smart_table_under_other_names(samples: Path, tmp_path: Path) -> None:
    """A known table is known; without one of its columns it is proposed for, and reads alike."""
    source = samples / "csv" / "smart-labs-slice.tsv"
    assert proposed(source).known == "smart-labs"
    with source.open(encoding="utf-8") as lines:
        rows = [row[1:] for row in csv.reader(lines, delimiter="\t")]
    path = tmp_path / "labs.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    found = proposed(path)
    assert found.lacking == []
    assert found.unsure == ["status: no column says it; is every result final?"]
    mine, shipped = read(path, found.text), read(source, None)
    assert (len(mine.rows), mine.read.not_ours) == (455, 390)
    assert (
        mine.judged("2008-08-01")
        .tables["notes"]
        .equals(shipped.judged("2008-08-01").tables["notes"])
    )
