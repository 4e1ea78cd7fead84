"""Tables of the PCORnet common data model."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from batch.reading import Run, run
from corrin.batch.row import Read
from corrin.batch.sources.pcornet import PcornetSource, recognise_folder
from corrin.batch.sources.source import InputError, Options, Source, Span

_NAMES = (
    "LAB_RESULT_CM_ID PATID ENCOUNTERID SPECIMEN_SOURCE LAB_LOINC LAB_PX LAB_PX_TYPE "
    "SPECIMEN_DATE SPECIMEN_TIME RESULT_DATE RESULT_TIME RESULT_QUAL RESULT_SNOMED RESULT_NUM "
    "RESULT_MODIFIER RESULT_UNIT NORM_RANGE_LOW NORM_MODIFIER_LOW NORM_RANGE_HIGH "
    "NORM_MODIFIER_HIGH ABN_IND RAW_LAB_NAME RAW_LAB_CODE RAW_RESULT RAW_UNIT"
)
COLUMNS = _NAMES.split()
PLAIN = {
    "LAB_RESULT_CM_ID": "L1",
    "PATID": "7",
    "LAB_LOINC": "2132-9",
    "SPECIMEN_DATE": "2026-05-01",
    "RESULT_NUM": "150",
    "RESULT_MODIFIER": "EQ",
    "RESULT_UNIT": "pg/mL",
}


def lab(*rows: dict[str, str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows([PLAIN | row for row in rows])
    return text.getvalue()


def folder(path: Path, **tables: str) -> list[Source]:
    for name, text in tables.items():
        (path / f"{name}.csv").write_text(text)
    return recognise_folder({one.name: one for one in path.iterdir()})


def reading(path: Path, *rows: dict[str, str], **options: Any) -> Run:
    return run(folder(path, lab_result_cm=lab(*rows)), **options)


def values(found: Run) -> list[str]:
    return [one[2] for one in found.taken()] + [one[3] for one in found.refused()]


def made(path: Path, **tables: str) -> list[dict[str, Any]]:
    """The resources of some tables."""
    return [
        json.loads(row.body) for one in folder(path, **tables) for row in one.rows(Span(), Read())
    ]


def test_a_result_is_read(tmp_path: Path) -> None:
    found = reading(tmp_path, {}, {"LAB_RESULT_CM_ID": "L2", "LAB_LOINC": "9999-1"})
    assert found.taken() == [("Patient/7", "total_b12", "150 pg/mL", "2026-05-01", 2)]
    assert (found.reads[0].rows, found.reads[0].not_ours, found.went) == (2, 1, (1, 0, 0, 0))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"RESULT_MODIFIER": "LT"}, "<150 pg/mL"),
        ({"RESULT_MODIFIER": "LE"}, "<=150 pg/mL"),
        ({"RESULT_MODIFIER": "GT"}, ">150 pg/mL"),
        ({"RESULT_MODIFIER": "GE"}, ">=150 pg/mL"),
        ({"RESULT_MODIFIER": "NI"}, "150 pg/mL"),
        ({"RESULT_MODIFIER": ""}, "150 pg/mL"),
        ({"RESULT_MODIFIER": "OT"}, "input-operator"),
        ({"RESULT_MODIFIER": "TX"}, "input-operator"),
        ({"RESULT_NUM": "150.00"}, "150.00 pg/mL"),
        ({"RAW_RESULT": "150.0"}, "150 pg/mL"),
        ({"RAW_RESULT": "<150"}, "input-operator"),
        ({"RAW_RESULT": "150", "RESULT_MODIFIER": "LT"}, "input-operator"),
        ({"RAW_RESULT": "<150", "RESULT_MODIFIER": "LT"}, "<150 pg/mL"),
        ({"RAW_RESULT": "111", "RAW_UNIT": "pmol/L"}, "150 pg/mL"),
        ({"RAW_RESULT": "151", "RAW_UNIT": "pg/mL"}, "151 pg/mL"),
        ({"RAW_RESULT": "151"}, "input-value-differs"),
        ({"RESULT_NUM": "", "RAW_RESULT": "<150", "RESULT_MODIFIER": "TX"}, "<150 pg/mL"),
        ({"RESULT_NUM": "", "RAW_RESULT": "111", "RAW_UNIT": "pmol/L"}, "111 pmol/L"),
        ({"RESULT_NUM": "", "RESULT_QUAL": "NEGATIVE"}, "value-unreadable"),
        ({"RESULT_NUM": "", "RESULT_QUAL": "NI"}, "no-value"),
        ({"RESULT_NUM": "", "RESULT_QUAL": "UN", "RAW_RESULT": "140"}, "140 pg/mL"),
        ({"RESULT_NUM": ""}, "no-value"),
        ({"RESULT_UNIT": "NI"}, "unit-missing"),
        ({"RESULT_UNIT": "OT", "RAW_UNIT": "ng/L"}, "150 ng/L"),
        ({"SPECIMEN_SOURCE": "URINE"}, "wrong-specimen"),
        ({"SPECIMEN_SOURCE": "SER_PLAS"}, "150 pg/mL"),
        ({"SPECIMEN_SOURCE": "NI"}, "150 pg/mL"),
        ({"LAB_LOINC": "NI", "LAB_PX": "2132-9", "LAB_PX_TYPE": "LC"}, "150 pg/mL"),
        ({"SPECIMEN_DATE": "2026-02-31"}, "date-invalid"),
        ({"SPECIMEN_DATE": ""}, "date-missing"),
        ({"PATID": ""}, "subject-missing"),
    ],
)
def test_number_modifier_text_and_unit(tmp_path: Path, row: dict[str, str], said: str) -> None:
    assert values(reading(tmp_path, row)) == [said]


@pytest.mark.parametrize(
    ("row", "when"),
    [
        ({"SPECIMEN_TIME": "09:30"}, "2026-05-01T09:30:00"),
        ({"SPECIMEN_DATE": "", "RESULT_DATE": "2026-05-03"}, "2026-05-03"),
        ({"SPECIMEN_DATE": "01MAY2026"}, "2026-05-01"),
        ({"SPECIMEN_DATE": "2026-05-01 00:00:00"}, "2026-05-01"),
        ({"SPECIMEN_DATE": "2026-10-25", "SPECIMEN_TIME": "01:30"}, "2026-10-25"),
    ],
)
def test_date_and_time_stand_apart(tmp_path: Path, row: dict[str, str], when: str) -> None:
    sources = folder(tmp_path, lab=lab(row))
    told = [PcornetSource(one.name, one.path, Options(zone="Europe/London")) for one in sources]
    assert [one[3] for one in run(told, zone="Europe/London").taken()] == [when]


@pytest.mark.parametrize(
    ("low", "lower", "high", "upper", "said"),
    [
        ("200", "EQ", "900", "EQ", "200-900 pg/mL"),
        ("200", "GE", "", "NO", "≥200 pg/mL"),
        ("200", "EQ", "900", "NO", "≥200 pg/mL"),
        ("", "NO", "900", "LT", "<900 pg/mL"),
        ("200", "GT", "", "NO", ">200 pg/mL"),
        ("NI", "NI", "NI", "NI", None),
    ],
)
def test_the_ends_of_a_range_have_modifiers(
    tmp_path: Path, low: str, lower: str, high: str, upper: str, said: str | None
) -> None:
    row = {
        "NORM_RANGE_LOW": low,
        "NORM_MODIFIER_LOW": lower,
        "NORM_RANGE_HIGH": high,
        "NORM_MODIFIER_HIGH": upper,
        "ABN_IND": "AL",
    }
    [(_, _, found)] = reading(tmp_path, row).results
    assert (found.reference_text, found.interpretation) == (said, ("L",))


def test_refusals_name_the_columns(tmp_path: Path) -> None:
    found = reading(tmp_path, {"RESULT_UNIT": "kg"}, {"SPECIMEN_DATE": "x"}, {"PATID": ""})
    assert [(one[1], one[2]) for one in found.refused()] == [
        (2, "RESULT_UNIT"),
        (3, "SPECIMEN_DATE"),
        (4, "PATID"),
    ]


def test_the_other_tables_say_who_it_is_and_what_is_known(tmp_path: Path) -> None:
    found = made(
        tmp_path,
        demographic="PATID,BIRTH_DATE,BIRTH_TIME,SEX\n7,1956-04-01,,F\n8,1950-01-01,,NI\n",
        death="PATID,DEATH_DATE,DEATH_SOURCE\n8,2026-01-02,L\n",
        condition="CONDITIONID,PATID,REPORT_DATE,RESOLVE_DATE,ONSET_DATE,CONDITION_STATUS,CONDITION,"
        "CONDITION_TYPE\nc,7,2020-01-01,,,AC,D51.0,10\n",
        diagnosis="DIAGNOSISID,PATID,ADMIT_DATE,DX,DX_TYPE,DX_SOURCE\nd,7,2020-01-01,84027009,SM,AD\n",
        dispensing="DISPENSINGID,PATID,DISPENSE_DATE,NDC,RAW_DISPENSE_MED_NAME\n"
        "x,7,2026-01-01,00591224630,metformin\n",
        med_admin="MEDADMINID,PATID,MEDADMIN_START_DATE,MEDADMIN_START_TIME,MEDADMIN_STOP_DATE,"
        "MEDADMIN_STOP_TIME,MEDADMIN_TYPE,MEDADMIN_CODE,MEDADMIN_ROUTE\n"
        "m,7,2026-01-01,08:00,,,RX,5514,IM\n",
        prescribing="PRESCRIBINGID,PATID,RX_ORDER_DATE,RX_START_DATE,RX_END_DATE,RXNORM_CUI,"
        "RAW_RX_MED_NAME\np,7,2026-01-01,,2026-02-01,6809.0,metformin\n",
    )
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        by_kind.setdefault(one["resourceType"], []).append(one)
    assert [
        (one["id"], one.get("gender"), one.get("birthDate"), one.get("deceasedDateTime"))
        for one in by_kind["Patient"]
    ] == [
        ("8", None, None, "2026-01-02"),
        ("7", "female", "1956-04-01", None),
        ("8", None, "1950-01-01", None),
    ]
    condition, diagnosis = by_kind["Condition"]
    assert condition["code"]["coding"] == [
        {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "D51.0"}
    ]
    assert (condition["clinicalStatus"]["coding"][0]["code"], condition["onsetDateTime"]) == (
        "active",
        "2020-01-01",
    )
    assert diagnosis["verificationStatus"]["coding"][0]["code"] == "provisional"
    [dispensed] = by_kind["MedicationDispense"]
    assert (dispensed["whenHandedOver"], dispensed["medicationCodeableConcept"]["text"]) == (
        "2026-01-01",
        "metformin",
    )
    [given] = by_kind["MedicationAdministration"]
    assert (given["effectiveDateTime"], given["dosage"]["route"]["text"]) == (
        "2026-01-01T08:00:00",
        "IM",
    )
    [taken] = by_kind["MedicationStatement"]
    assert taken["effectivePeriod"] == {"start": "2026-01-01", "end": "2026-02-01"}
    assert taken["medicationCodeableConcept"]["coding"][0]["code"] == "6809"


def test_results_meet_their_person(tmp_path: Path) -> None:
    demographic = "PATID,BIRTH_DATE,SEX\n7,1956-04-01,F\n"
    found = run(folder(tmp_path, lab=lab({}), demographic=demographic))
    assert found.went == (2, 0, 0, 0)
    assert [one["subject"] for one in found.tables["reports"]] == ["Patient/7"]


def test_the_file_of_local_codes_counts(tmp_path: Path) -> None:
    codes = tmp_path / "codes.yaml"
    codes.write_text("system: urn:corrin:pcornet:raw\ncodes:\n  - {code: B12, loinc: 2132-9}\n")
    sources = folder(tmp_path, lab=lab({"LAB_LOINC": "", "RAW_LAB_CODE": "B12"}))
    assert values(run(sources)) == []
    named = [PcornetSource(one.name, one.path, Options(codes=str(codes))) for one in sources]
    assert values(run(named)) == ["150 pg/mL"]


def test_another_table_is_not_taken(tmp_path: Path) -> None:
    assert folder(tmp_path, x="a,b\n1,2\n") == []
    with pytest.raises(InputError, match="input-unrecognised"):
        list(PcornetSource("x.csv", str(tmp_path / "x.csv")).rows(Span(), Read()))
