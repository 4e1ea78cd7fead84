"""Mapping files: what a table's columns hold, told without guessing, and wrong ones with a line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from corrin.batch.sources import mapping_file
from corrin.batch.sources.mapping import schema_of_mapping
from corrin.batch.sources.mapping_file import MappingProblem, read_mapping
from corrin.batch.sources.mapping_people import birth_for
from corrin.batch.sources.mapping_time import TimeFormat, with_clock
from corrin.batch.sources.mapping_value import Disagreements, Value, value_of, with_point
from support.places import ROOT
from support.tabled import MAPPING, read, text


def faults(body: str) -> list[str]:
    """What is wrong with a mapping file."""
    with pytest.raises(MappingProblem) as caught:
        read_mapping(body.encode(), "m.yaml")
    return [f"{one.place}: {one.why}" for one in caught.value.findings]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("name: x", "m.yaml:1: columns: it is missing"),
        (MAPPING + "valu: V\n", "m.yaml:9: valu: nothing of this name belongs here"),
        (MAPPING.replace("PID", "{colum: PID}"), "m.yaml:3: columns.patient.colum: nothing of"),
        (MAPPING.replace("DATE", "{column: D, format: '%Q'}"), "'%Q' is not read"),
        (MAPPING.replace("DATE", "{column: D, format: '%d.%m'}"), "it has no year"),
        (
            MAPPING.replace("DATE", "{column: D, format: ['%d/%m/%Y', '%m/%d/%Y']}"),
            "day and month cannot be told",
        ),
        (MAPPING.replace("final", "done"), "m.yaml:8: columns.status: one of registered"),
        (
            MAPPING.replace("  code: {column: LOINC, system: loinc}\n", ""),
            "columns.code: it is mis",
        ),
        (MAPPING + "  value: X\n", "m.yaml:9: the key 'value' stands twice"),
        (MAPPING + "layout: wide\n", "results: it is missing"),
        (MAPPING + "results: [{column: A, loinc: 1-2}]\n", "belong to layout: wide"),
        (MAPPING.replace("time:", "clock:"), "clock needs date beside it"),
        (MAPPING + "  date: D\n", "time, or date with clock, and not both"),
        (MAPPING + "  age: A\n", "an age belongs to a wide table"),
        (MAPPING + "file: {delimiter: '::'}\n", "delimiter: one character is expected"),
        (
            MAPPING + "local_codes: [{code: A, loinc: B12}]\n",
            "local_codes.0.loinc: it is not written",
        ),
        (MAPPING + "missing: &a [x]\nkeep: {c: *a}\n", "anchors and aliases are not read here"),
        ("a: [1, 2", "m.yaml:"),
        ("- a\n", "names with a colon are expected"),
        ("", "names with a colon are expected"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(change: str, said: str) -> None:
    """Every fault names its line, or the part it is in."""
    assert any(said in one for one in faults(change)), faults(change)


def test_all_faults_are_told_at_once() -> None:
    """With the line of each."""
    found = faults(
        "name: x\ncolumns:\n  patient: P\n  valu: V\n  time: {column: D, format: '%q'}\n"
    )
    assert [one.split(": ")[0] for one in found] == ["m.yaml:5", "m.yaml:2", "m.yaml:4"]


def test_words_of_a_mapping_file_stay_words() -> None:
    """NO is no truth value, 012 and 9999999 are no numbers."""
    found = read_mapping((MAPPING + "missing: [NO, 012, 9999999, ., 1e5]\n").encode())
    assert found.missing == ("NO", "012", "9999999", ".", "1e5")


def test_a_file_that_is_not_there() -> None:
    """The shipped ones are named."""
    with pytest.raises(MappingProblem, match="nhanes-2011-2012"):
        mapping_file.load("no-such-file.yaml")
    assert mapping_file.load("smart-labs").name == "smart-labs"


def test_the_schema_holds_for_what_is_shipped() -> None:
    """It is JSON Schema, and names every part."""
    schema = json.loads(schema_of_mapping())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["properties"]) >= {"columns", "results", "local_codes", "file", "missing"}
    assert len(mapping_file.shipped()) == 7
    for name, one in mapping_file.shipped().items():
        assert one.name == name and one.recognise is not None


@pytest.mark.parametrize(
    ("formats", "text_", "said"),
    [
        ((), "2026", "2026"),
        ((), "2026-07", "2026-07"),
        ((), "2026-07-01", "2026-07-01"),
        ((), "2026-07-01 08:15", "2026-07-01T08:15:00"),
        ((), "2026-07-01T08:15:30.250+01:00", "2026-07-01T08:15:30.250+01:00"),
        ((), "2026-07-01 08:15:30 UTC", "2026-07-01T08:15:30Z"),
        ((), "2026-07-01 08:15:30-05", "2026-07-01T08:15:30-05:00"),
        ((), "20260701", "2026-07-01"),
        ((), "202607010815", "2026-07-01T08:15:00"),
        ((), "01.07.2026", None),
        ((), "2026-7-1", None),
        (("%d.%m.%Y",), "1.7.2026", "2026-07-01"),
        (("%d.%m.%Y %H:%M",), "01.07.2026 08:15", "2026-07-01T08:15:00"),
        (("%d.%m.%Y %H:%M",), "01.07.2026", None),
        (("%m/%d/%Y %I:%M %p",), "7/1/2026 12:05 AM", "2026-07-01T00:05:00"),
        (("%m/%d/%Y %I:%M %p",), "7/1/2026 12:05 PM", "2026-07-01T12:05:00"),
        (("%m/%d/%Y %I:%M %p",), "7/1/2026 13:05 PM", None),
        (("%d-%b-%Y",), "01-JUL-2026", "2026-07-01"),
        (("%d-%b-%Y",), "01-Foo-2026", None),
        (("%Y",), "1990", "1990"),
        (("%d/%m/%Y", "%Y-%m-%d"), "2026-07-01", "2026-07-01"),
    ],
)
def test_times_as_sources_write_them(
    formats: tuple[str, ...], text_: str, said: str | None
) -> None:
    """Only what is written has precision; what is written otherwise is none."""
    assert TimeFormat.of(formats).read(text_) == said


def test_midnight_may_say_no_time_of_day() -> None:
    """Where the mapping file says so."""
    for text_ in ("2026-07-01 00:00:00", "2026-07-01T00:00:00.000", "2026-07-01 00:00:00Z"):
        assert TimeFormat.of((), True).read(text_) == "2026-07-01"
    assert TimeFormat.of((), True).read("2026-07-01 00:00:01") == "2026-07-01T00:00:01"
    assert TimeFormat.of(()).read("2026-07-01 00:00:00") == "2026-07-01T00:00:00"


@pytest.mark.parametrize(
    ("clock", "said"),
    [
        ("08:15", "2026-07-01T08:15:00"),
        ("8:15:30", "2026-07-01T08:15:30"),
        ("0815", "2026-07-01T08:15:00"),
        ("quarter past", None),
    ],
)
def test_date_and_time_apart(clock: str, said: str | None) -> None:
    """Joined, or none."""
    assert with_clock("2026-07-01", clock) == said


def test_a_time_that_cannot_be_read_is_refused_where_it_stands(tmp_path: Path) -> None:
    """By the reader of FHIR, with the column's name."""
    mapping = MAPPING.replace("DATE", "{column: DATE, format: '%d.%m.%Y'}")
    body = "PID,LOINC,VALUE,UNIT,DATE\np,2132-9,240,pg/mL,31.02.2026\nq,2132-9,240,pg/mL,soon\n"
    found = read(text(tmp_path, body), mapping).judged()
    assert [
        (one["line"], one["path"], one["reason"]) for one in found.tables["refusals"].to_pylist()
    ] == [(2, "DATE", "date-invalid"), (3, "DATE", "date-invalid")]


@pytest.mark.parametrize(
    ("said", "figure", "comparator", "value", "disagree"),
    [
        ("240", "", "", Value("240"), 0),
        ("0.40", "0.4", "", Value("0.40"), 0),
        ("240", "24", "", Value("240"), 1),
        ("<150", "150", "", Value("150", "<"), 0),
        ("≥ 5", "", "", Value("5", ">="), 0),
        ("150", "", "<", Value("150", "<"), 0),
        ("150", "", "=", Value("150"), 0),
        ("<150", "", "<", Value("150", "<"), 0),
        ("<150", "", ">", Value(text="<150", comparator=">"), 0),
        ("", "150", "<", Value("150", "<"), 0),
        ("", "<150", "", Value("150", "<"), 0),
        ("GREATER THAN 2000", "2000", ">", Value(text="GREATER THAN 2000"), 0),
        ("GREATER THAN 2000", "2000", "<", Value(text="GREATER THAN 2000", comparator="<"), 0),
        ("GREATER THAN 2000", "1999", "", Value(text="GREATER THAN 2000"), 1),
        ("180-220", "180", "", Value(text="180-220"), 0),
        ("haemolysed", "240", "", Value(text="haemolysed"), 1),
        ("1,234", "1234", "", Value(text="1,234"), 0),
        ("", "n/a", "", Value(text="n/a"), 0),
        ("", "", "", Value(), 0),
        ("", "", "<", Value(comparator="<"), 0),
    ],
)
def test_one_value_of_three_columns(
    said: str, figure: str, comparator: str, value: Value, disagree: int
) -> None:
    """The text wins; where the number says otherwise that is told."""
    told = Disagreements()
    found = value_of(said, figure, comparator, line=7, names=("V", "N"), told=told)
    assert found == value
    assert sum(told.counts.values()) == disagree
    if disagree:
        sentence = "V and N disagree in 1 rows of this piece (7); the first was used"
        assert told.sentences() == [sentence]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("7,5", "7.5"),
        ("<7,5", "<7.5"),
        ("1,234", "1.234"),
        ("1.234,5", "1234.5"),
        ("12.345.678,9", "12345678.9"),
        ("1.234", None),
        ("0.40", "0.40"),
        ("negativ", "negativ"),
        ("240", "240"),
    ],
)
def test_decimal_commas(written: str, said: str | None) -> None:
    """A number with points only is thousands or decimals, and nobody can tell."""
    assert with_point(written) == said


def test_a_table_with_decimal_commas(tmp_path: Path) -> None:
    """1,234 is one and a bit there; 1.234 is refused."""
    body = (
        "PID;LOINC;VALUE;UNIT;DATE\n"
        "p;13965-9;11,234;umol/l;2026-01-01\n"
        "q;13965-9;1.234;umol/l;2026-01-01\n"
    )
    found = read(text(tmp_path, body), MAPPING + "file: {decimal: ','}\n")
    assert [one["valueQuantity"]["value"] for one in found.resources()] == ["11.234"]
    assert found.refused() == [(3, "input-decimal-unclear", "VALUE")]
    assert found.counted()


@pytest.mark.parametrize(
    ("age", "when", "born"),
    [
        ("22", "2012-12-31", "1990"),
        ("22", "2012-06-30", "1989-12"),
        ("0", "2012-12-31", "2012"),
        ("22.0", "2012-12-31", "1990"),
        ("22.5", "2012-12-31", "22.5"),
        ("old", "2012-12-31", "old"),
        ("200", "2012-12-31", "200"),
    ],
)
def test_a_birth_date_that_makes_an_age_true(age: str, when: str, born: str) -> None:
    """A year, or the month in the middle of all that would do."""
    assert birth_for(age, when) == born


FULL = """\
name: full
missing: [NULL, "-"]
keep: {KIND: [LAB]}
columns:
  patient: PID
  code:
    - {column: LOINC, system: loinc}
    - {column: LOCAL, system: "urn:site:tests"}
  name: NAME
  value: TEXT
  number: {column: NUM, missing: ["9999999"]}
  comparator: {column: OP, map: {lt: "<", gt: ">", eq: "="}}
  unit: UNIT
  low: LOW
  high: HIGH
  range: RANGE
  date: {column: DAY, format: "%d/%m/%Y"}
  clock: CLOCK
  issued: SENT
  status: {column: ST, map: {F: final, P: preliminary}}
  interpretation: FLAG
  specimen: SPEC
  comment: NOTE
  sex: SEX
  birth_date: BORN
  identifier: ID
local_codes:
  - {code: VITB12, loinc: 2132-9, name: B12, unit: pg/mL, units: {"pico": pg/mL}}
local_units: {"std": "ng/L"}
"""
COLUMNS = (
    "KIND,PID,LOINC,LOCAL,NAME,TEXT,NUM,OP,UNIT,LOW,HIGH,RANGE,DAY,CLOCK,SENT,ST,FLAG,SPEC,NOTE,"
    "SEX,BORN,ID\n"
)


def test_every_column(tmp_path: Path) -> None:
    """Each ends where FHIR has it."""
    body = COLUMNS + (
        "LAB,p1,-,VITB12,Vitamin B12,,240,lt,pico,180,900,-,01/07/2026,08:15,2026-07-01,F,L,serum,"
        "thawed,F,1960-02-03,A7\n"
    )
    found = read(text(tmp_path, body), FULL)
    who, result = found.resources()
    assert who == {
        "resourceType": "Patient",
        "id": "p1",
        "gender": "female",
        "birthDate": "1960-02-03",
    }
    assert result == {
        "resourceType": "Observation",
        "identifier": [{"system": "urn:corrin:site", "value": "A7"}],
        "status": "final",
        "code": {
            "coding": [
                {"system": "http://loinc.org", "code": "2132-9", "display": "B12"},
                {"system": "urn:site:tests", "code": "VITB12", "display": "Vitamin B12"},
            ],
            "text": "Vitamin B12",
        },
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-07-01T08:15:00",
        "issued": "2026-07-01",
        "valueQuantity": {
            "value": "240",
            "comparator": "<",
            "unit": "pico",
            "system": "http://unitsofmeasure.org",
            "code": "pg/mL",
        },
        "interpretation": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
                        "code": "L",
                    }
                ]
            }
        ],
        "specimen": {"display": "serum"},
        "referenceRange": [
            {
                end: {
                    "value": figure,
                    "unit": "pico",
                    "system": "http://unitsofmeasure.org",
                    "code": "pg/mL",
                }
                for end, figure in (("low", "180"), ("high", "900"))
            }
        ],
        "note": [{"text": "thawed"}],
    }
    answer = found.judged("2026-07-15")
    assert answer.went == {0: (2, 0, 0, 0)}
    [chosen] = [one for one in answer.tables["inputs"].to_pylist() if one["name"] == "total_b12"]
    assert (chosen["reported"], chosen["compared"]) == ("<240 pico", "<240 ng/L")


def test_what_is_missing_and_what_is_not_ours(tmp_path: Path) -> None:
    """9999999 is no number in any spelling; rows of other kinds are counted and left."""
    line = "LAB,p1,2132-9,-,-,{text},{num},,std,,,,01/07/2026,,,F,,,,,,\n"
    body = COLUMNS + line.format(text="NULL", num="9999999.0") + line.format(text="", num="240")
    body += line.replace("LAB", "VITALS").format(text="", num="1")
    found = read(text(tmp_path, body), FULL)
    assert [one.get("valueQuantity", {}).get("value") for one in found.resources()] == [None, "240"]
    assert found.resources()[1]["valueQuantity"]["code"] == "ng/L"
    assert (found.read.rows, found.read.not_ours) == (3, 1)
    answer = found.judged()
    assert answer.went == {0: (1, 0, 0, 1)}
    [refused] = answer.tables["refusals"].to_pylist()
    assert (refused["line"], refused["reason"]) == (2, "no-value")


def test_a_status_nobody_explained_is_refused(tmp_path: Path) -> None:
    """X means nothing here, an empty cell means that nobody knows."""
    line = "LAB,p{n},2132-9,-,-,,240,,std,,,,01/07/2026,,,{st},,,,,,\n"
    body = COLUMNS + line.format(n=1, st="X") + line.format(n=2, st="")
    refused = read(text(tmp_path, body), FULL).judged().tables["refusals"].to_pylist()
    assert [(one["line"], one["path"], one["reason"]) for one in refused] == [
        (2, "ST", "status-unknown-code"),
        (3, "ST", "status-unusable"),
    ]


def test_people_are_told_of_once(tmp_path: Path) -> None:
    """However many results they have; contradictions are kept."""
    line = "LAB,p1,2132-9,-,-,,{v},,std,,,,0{v}/07/2026,,,F,,,,{sex},1960-02-03,\n"
    body = COLUMNS + "".join(line.format(v=v, sex="M") for v in range(1, 6))
    found = read(text(tmp_path, body + line.format(v=6, sex="F")), FULL)
    assert [one["kind"] for one in found.rows].count("Patient") == 2
    assert found.judged().tables["reports"].num_rows == 1


def test_another_table_is_looked_into(tmp_path: Path) -> None:
    """By its name, in any case and packed; one that is needed and not there is told."""
    mapping = MAPPING.replace(
        "patient: PID",
        "patient: {column: PID, lookup: {file: Orders, key: ORDER, value: WHO}}",
    )
    path = text(tmp_path, "PID,LOINC,VALUE,UNIT,DATE\no1,2132-9,240,pg/mL,2026-01-01\n")
    with pytest.raises(Exception, match="input-companion-missing"):
        read(path, mapping)
    text(tmp_path, "WHO\tORDER\nanna\to1\n", "ORDERS.txt")
    assert [row["subject"] for row in read(path, mapping).rows] == ["Patient/anna"]


def test_the_examples_of_the_page_hold() -> None:
    """Every whole mapping in docs/batch-mapping.md is one."""
    page = (ROOT / "docs" / "batch-mapping.md").read_text(encoding="utf-8")
    whole = [one for one in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "name: " in one]
    found = [read_mapping(one.encode()) for one in whole if one.startswith("name:")]
    assert [one.layout for one in found] == ["long", "wide"]
    assert found[1].statements[0].present == ("yes",)
