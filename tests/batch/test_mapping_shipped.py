"""The shipped mappings: known by the header, with the traps of each source, to the answer."""

from __future__ import annotations

import csv
import json
from collections import Counter
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from corrin import interpret
from corrin.batch.sources import table
from corrin.batch.sources.files import head_of
from corrin.batch.sources.source import InputError
from nhanes import SAMPLED, bundle
from support.tabled import Tabled, read, text


def refusals(found: Tabled, as_of: str) -> Counter[tuple[str, str, str]]:
    """Reason, column and name of what was refused."""
    rows = found.judged(as_of).tables["refusals"].to_pylist()
    return Counter((one["reason"], one["path"], one["name"]) for one in rows)


def inputs(found: Tabled, as_of: str) -> list[tuple[str, str, str | None, str | None]]:
    """Subject, name, reported and compared of what was measured."""
    return [
        (one["subject"], one["name"], one["reported"], one["compared"])
        for one in found.judged(as_of).tables["inputs"].to_pylist()
        if one["kind"] == "measured"
    ]


MIMIC = (
    "labevent_id,subject_id,hadm_id,specimen_id,itemid,order_provider_id,charttime,storetime,"
    "value,valuenum,valueuom,ref_range_lower,ref_range_upper,flag,priority,comments\n"
)


def mimic(*rows: str) -> str:
    """Rows of labevents: itemid, value, valuenum, valueuom, comments."""
    return MIMIC + "".join(
        f"{at},10{at},,7,{item},,2180-05-06 22:25:00,2180-05-06 23:16:00,{value},{number},{unit},"
        f"180,900,,STAT,{comment}\n"
        for at, (item, value, number, unit, comment) in enumerate(
            (row.split("|") for row in rows), 1
        )
    )


def test_mimic_iv(tmp_path: Path) -> None:
    """GREATER THAN 2000, text taken away, units of the hospital, names of d_labitems beside it."""
    path = text(
        tmp_path,
        mimic(
            "51010|GREATER THAN 2000|2000|pg/mL|",
            "51010|___||pg/mL|___",
            "51010|<50|50|pg/mL|",
            "51279|4.10|4.1|m/uL|",
            "51301|___|7.2|K/uL|",
            "50945|11.0|11|umol/L|",
            "50999|1|1|x|",
        ),
        "labevents.csv",
    )
    names = text(
        tmp_path,
        "itemid,label,fluid,category\n51010,Vitamin B12,Blood,Chemistry\n",
        "d_labitems.csv",
    )
    assert table.recognise(path, head_of(path)) and table.recognise(names, head_of(names))
    found = read(path, None)
    assert found.resources()[0]["code"]["text"] == "Vitamin B12"
    assert inputs(found, "2180-05-07") == [
        ("Patient/101", "total_b12", "GREATER THAN 2000 pg/mL", ">2000 ng/L"),
        ("Patient/103", "total_b12", "<50 pg/mL", "<50 ng/L"),
        ("Patient/104", "rbc", "4.10 m/uL", "4.10 10*12/L"),
        ("Patient/105", "wbc", "7.2 K/uL", "7.2 10*9/L"),
        ("Patient/106", "homocysteine", "11.0 umol/L", "11.0 umol/L"),
    ]
    assert refusals(found, "2180-05-07") == {("no-value", "Observation", "total_b12"): 1}
    beside = read(names, None)
    assert (beside.read.rows, beside.read.used, beside.rows) == (1, 1, [])


def test_i2b2(tmp_path: Path) -> None:
    """The comparator stands where other facts have their text; modifiers are no facts."""
    head = (
        "ENCOUNTER_NUM\tPATIENT_NUM\tCONCEPT_CD\tPROVIDER_ID\tSTART_DATE\tMODIFIER_CD\tINSTANCE_NUM"
        "\tVALTYPE_CD\tTVAL_CHAR\tNVAL_NUM\tVALUEFLAG_CD\tUNITS_CD\n"
    )
    line = "1\t{p}\tLOINC:2132-9\t@\t2026-06-01 00:00:00\t{m}\t1\t{k}\t{t}\t{n}\t@\tpg/mL\n"
    facts = [
        ("1", "@", "N", "L", "150"),
        ("2", "@", "N", "GE", "2000.00000"),
        ("3", "@", "N", "E", "240"),
        ("4", "@", "N", "NE", "240"),
        ("5", "@", "T", "> 2000", ""),
        ("6", "@", "B", "", ""),
        ("7", "LAB:COMMENT", "T", "see note", ""),
    ]
    body = head + "".join(line.format(p=p, m=m, k=k, t=t, n=n) for p, m, k, t, n in facts)
    path = text(tmp_path, body, "observation_fact.tsv")
    assert table.recognise(path, head_of(path))
    found = read(path, None)
    assert inputs(found, "2026-06-02") == [
        ("Patient/1", "total_b12", "<150 pg/mL", "<150 ng/L"),
        ("Patient/2", "total_b12", ">=2000.00000 pg/mL", "≥2000.00000 ng/L"),
        ("Patient/3", "total_b12", "240 pg/mL", "240 ng/L"),
        ("Patient/5", "total_b12", ">2000 pg/mL", ">2000 ng/L"),
    ]
    assert refusals(found, "2026-06-02") == {
        ("comparator-unknown", "TVAL_CHAR", "total_b12"): 1,
        ("no-value", "Observation", "total_b12"): 1,
    }
    assert (found.read.rows, found.read.not_ours) == (7, 1)
    assert found.resources()[0]["effectiveDateTime"] == "2026-06-01"


CLARITY = (
    "ORDER_PROC_ID,LINE,ORD_DATE_REAL,RESULT_DATE,RESULT_TIME,COMPONENT_ID,COMPON_LNC_ID,"
    "PAT_ENC_CSN_ID,ORD_VALUE,ORD_NUM_VALUE,REFERENCE_LOW,REFERENCE_HIGH,REF_NORMAL_VALS,"
    "REFERENCE_UNIT,RESULT_FLAG_C,RESULT_STATUS_C,LAB_STATUS_C,COMPONENT_COMMENT\n"
)


def test_epic_clarity(tmp_path: Path) -> None:
    """9999999 is no number; the patient, the LOINC and the time of the sample stand elsewhere."""
    line = "{o},1,1,2026-06-01,2026-06-01 10:00:00,77,{l},5,{v},{n},180,900,,pg/mL,,{s},,\n"
    body = (
        CLARITY
        + line.format(o=1, l=901, v=">2000", n="9999999", s=3)
        + line.format(o=2, l=901, v="240", n="240", s=3)
        + line.format(o=3, l=901, v="see comment", n="9999999.00", s=3)
        + line.format(o=2, l="", v="7", n="7", s=3)
        + line.format(o=2, l=901, v="241", n="241", s=2)
        + line.format(o=9, l=901, v="240", n="240", s=3)
    )
    path = text(tmp_path, body, "order_results.csv")
    assert table.recognise(path, head_of(path))
    with pytest.raises(InputError) as caught:
        read(path, None)
    assert (caught.value.reason, caught.value.hint) == ("input-companion-missing", "ORDER_PROC")
    text(tmp_path, "ORDER_PROC_ID,PAT_ID\n1,Z1\n2,Z2\n3,Z3\n", "ORDER_PROC.csv")
    text(tmp_path, "RECORD_ID,LNC_CODE\n901,2132-9\n", "LNC_DB_MAIN.csv")
    text(tmp_path, "ORDER_PROC_ID,SPECIMN_TAKEN_TIME\n2,2026-06-01 07:30:00\n", "order_proc_2.csv")
    found = read(path, None)
    assert found.refused() == [(7, "subject-missing", "ORDER_PROC_ID")]
    chosen = [
        (one["subject"], one["reported"], one["when"], one["flags"])
        for one in found.judged("2026-06-02").tables["inputs"].to_pylist()
        if one["name"] == "total_b12" and one["kind"] == "measured"
    ]
    assert chosen == [
        (
            "Patient/Z1",
            ">2000 pg/mL",
            "2026-06-01T10:00:00",
            ["date-from-issued", "zone-assumed"],
        ),
        ("Patient/Z2", "240 pg/mL", "2026-06-01T07:30:00", ["zone-assumed"]),
    ]
    assert refusals(found, "2026-06-02") == {
        ("status-unknown-code", "RESULT_STATUS_C", "total_b12"): 1,
        ("value-unreadable", "ORD_VALUE", "total_b12"): 1,
    }
    assert found.judged("2026-06-02").went == {0: (2, 0, 0, 2)}
    assert (found.read.rows, found.read.not_ours) == (6, 1)


@lru_cache
def whole(path: Path) -> Tabled:
    """A table read once, and judged once per moment."""
    return read(path, None)


@pytest.mark.samples
def test_the_smart_table_whole(samples: Path) -> None:
    """845 results of ten people; the one word that is no answer is refused with its column."""
    found = whole(samples / "csv" / "smart-labs-slice.tsv")
    assert (len(found.rows), found.read.rows, found.read.lines) == (455, 845, 846)
    assert found.read.refused == [] and found.read.notes == []
    assert found.judged("2012-01-01").went == {0: (454, 0, 0, 1)}
    assert found.read.not_ours == 390 and found.counted()
    assert refusals(found, "2012-01-01") == {("statement-unclear", "VALUE", "schistocytes"): 1}
    with (samples / "csv" / "smart-labs-slice.tsv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    values = {
        one["identifier"][0]["value"]: one.get("valueQuantity", {}).get("value")
        or one["valueString"]
        for one in found.resources()
    }
    ours = [row for row in rows if row["ID"] in values]
    assert len(values) == len(ours) == 455
    assert all(
        values[row["ID"]]
        in (row["VALUE"].removeprefix("<="), row["VALUE"], f"{row['VALUE']} {row['UNITS']}")
        for row in ours
    )
    assert {row["subject"] for row in found.rows} == {f"Patient/{row['PID']}" for row in ours}


@pytest.mark.samples
def test_the_smart_table_says_what_the_online_door_says(samples: Path) -> None:
    """Per person the same statuses, notes and inputs as of one request with all of it."""
    found = whole(samples / "csv" / "smart-labs-slice.tsv")
    answer = found.judged("2008-08-01")
    notes = Counter((one["subject"], one["rule"]) for one in answer.tables["notes"].to_pylist())
    online: Counter[tuple[str, str]] = Counter()
    # Of somebody of whom nothing is ours there is no report.
    for subject in answer.tables["reports"]["subject"].to_pylist():
        bodies = [row["body"] for row in found.rows if row["subject"] == subject]
        report = interpret(b"[" + b",".join(bodies) + b"]", as_of="2008-08-01", profile="uk")
        online.update((subject, note.rule) for note in report.notes)
    assert notes == online and len(notes) > 20


NHANES = {
    "2005-2006": (601, 11493, {("implausible", "LBXFOL.value", "folate"): 4}),
    "2011-2012": (1501, 31783, {("implausible", "LBDFOT.value", "folate"): 56}),
}
_LOW_B12 = {("implausible", "LBXB12.value", "total_b12"): 1}


@pytest.mark.samples
@pytest.mark.xdist_group("nhanes")
@pytest.mark.parametrize("cycle", NHANES)
def test_nhanes_whole(samples: Path, cycle: str) -> None:
    """Every result of every person; the few beyond what is plausible are refused by column."""
    lines, made, refused = NHANES[cycle]
    found = whole(samples / "nhanes" / f"nhanes_{cycle}_sample.csv")
    assert (found.read.lines, found.read.rows, len(found.rows)) == (lines, made, made)
    assert found.read.refused == [] and found.counted()
    as_of = f"{cycle[-4:]}-12-31"
    assert refusals(found, as_of) == refused | (_LOW_B12 if cycle == "2005-2006" else {})
    used = made - sum(refusals(found, as_of).values())
    assert found.judged(as_of).went == {0: (used, 0, 0, made - used)}
    with (samples / "nhanes" / f"nhanes_{cycle}_sample.csv").open(encoding="utf-8") as text_:
        rows = {f"Patient/{row['SEQN']}": row for row in csv.DictReader(text_)}
    for one in found.judged(as_of).tables["inputs"].to_pylist():
        if one["name"] == "total_b12" and one["kind"] == "measured":
            assert one["reported"] == f"{rows[one['subject']]['LBXB12']} pg/mL"
        if one["name"] == "pregnant" and one["line"] is not None:
            assert rows[one["subject"]]["pregnancy"] == (
                "pregnant" if one["reported"] == "stated" else "not pregnant"
            )


@pytest.mark.samples
@pytest.mark.xdist_group("nhanes")
def test_nhanes_says_what_the_online_door_says(samples: Path) -> None:
    """The statuses of each person, with Bundles made by hand for the online door."""
    found = whole(samples / "nhanes" / "nhanes_2011-2012_sample.csv")
    with (samples / "nhanes" / "nhanes_2011-2012_sample.csv").open(encoding="utf-8") as lines:
        rows = {f"Patient/{row['SEQN']}": row for row in csv.DictReader(lines)}
    batch = {
        one["subject"]: one["b12_status"]
        for one in found.judged("2012-12-31").tables["reports"].to_pylist()
    }
    assert len(batch) == 1500
    for subject in sorted(batch)[::25]:
        row = rows[subject]
        made: dict[str, Any] = json.loads(bundle(row, "ng"), parse_float=Decimal)
        for entry in made["entry"]:
            one = entry["resource"]
            if one["resourceType"] == "Patient":
                one["birthDate"] = str(2012 - int(row["age_years"]))
            if one.get("effectiveDateTime") == SAMPLED:
                one["effectiveDateTime"] = "2012-12-31"
            one.pop("onsetDateTime", None)
        data = json.dumps(made, default=float).encode()
        report = interpret(data, as_of="2012-12-31", profile="uk")
        status = report.statuses.get("b12_status")
        assert batch[subject] == (status.status if status else None), subject
