"""Rows of the tables of the PCORnet CDM → resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from corrin.batch.sources import resources
from corrin.batch.sources.cdm_table import Cell
from corrin.batch.sources.pcornet_cells import RAW, code_of, date, time, words
from corrin.batch.sources.pcornet_results import Made, Makes, lab
from corrin.batch.sources.resources import Code
from corrin.terminology.systems import RXNORM


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns that must be there, what is made, elements → columns."""

    columns: frozenset[str]
    make: Callable[[Cell, str, Makes], Made | None]
    native: Mapping[str, str] = field(default_factory=dict)


def _demographic(cell: Cell, person: str, makes: Makes) -> Made | None:
    gender = words()["sex"].get(cell("sex").upper(), "")
    return "Patient", resources.patient(person, gender=gender, birth=date(cell("birth_date")))


def _death(cell: Cell, person: str, makes: Makes) -> Made | None:
    died = date(cell("death_date"))
    return "Patient", resources.patient(person, died=died, dead=True)


def _condition(cell: Cell, person: str, makes: Makes) -> Made | None:
    status = words()["condition_status"].get(cell("condition_status").upper(), "")
    return "Condition", resources.condition(
        person,
        makes.local.mapped(_coded(cell, "condition", "condition_type", "raw_condition")),
        clinical=status,
        onset=date(cell("onset_date") or cell("report_date")),
        abated=date(cell("resolve_date")),
    )


def _diagnosis(cell: Cell, person: str, makes: Makes) -> Made | None:
    unsure = cell("dx_source").upper() in words()["unsure_diagnosis"]
    return "Condition", resources.condition(
        person,
        makes.local.mapped(_coded(cell, "dx", "dx_type", "raw_dx")),
        verification="provisional" if unsure else "",
        onset=date(cell("dx_date") or cell("admit_date")),
    )


def _prescribing(cell: Cell, person: str, makes: Makes) -> Made | None:
    kind = "MedicationStatement"
    return kind, resources.medication(
        kind,
        person,
        makes.local.mapped(_rxnorm(cell, "rxnorm_cui")),
        text=cell("raw_rx_med_name"),
        status="active",
        start=date(cell("rx_start_date") or cell("rx_order_date")),
        end=date(cell("rx_end_date")),
        route=((), code_of(cell, "rx_route")),
    )


def _dispensing(cell: Cell, person: str, makes: Makes) -> Made | None:
    kind = "MedicationDispense"
    ndc = code_of(cell, "ndc")
    return kind, resources.medication(
        kind,
        person,
        makes.local.mapped([Code(words()["code_types"]["ND"], ndc)] if ndc else []),
        text=cell("raw_dispense_med_name"),
        status="completed",
        start=date(cell("dispense_date")),
        route=((), code_of(cell, "dispense_route")),
    )


def _given(cell: Cell, person: str, makes: Makes) -> Made | None:
    kind = "MedicationAdministration"
    return kind, resources.medication(
        kind,
        person,
        makes.local.mapped(_coded(cell, "medadmin_code", "medadmin_type", "raw_medadmin_code")),
        text=cell("raw_medadmin_med_name"),
        status="completed",
        start=time(cell, "medadmin_start", makes.zone),
        end=time(cell, "medadmin_stop", makes.zone),
        route=((), code_of(cell, "medadmin_route")),
    )


def _coded(cell: Cell, code: str, kind: str, raw: str) -> list[Code]:
    found = []
    system = words()["code_types"].get(cell(kind).upper(), f"urn:id:{cell(kind)}")
    if code_of(cell, code):
        found.append(Code(system, code_of(cell, code)))
    if cell(raw):
        found.append(Code(RAW, cell(raw)))
    return found


def _rxnorm(cell: Cell, name: str) -> list[Code]:
    code = cell.number(name)
    return [Code(RXNORM, code)] if code and code.upper() not in words()["nulls"] else []


def _columns(*names: str) -> frozenset[str]:
    return frozenset(("patid", *names))


TABLES = (
    Table(
        _columns("lab_result_cm_id", "lab_loinc", "result_num", "result_modifier"),
        lab,
        {
            ".value.unit": "RESULT_UNIT",
            ".value.comparator": "RESULT_MODIFIER",
            ".value": "RESULT_NUM",
            ".code": "LAB_LOINC",
            ".effective": "SPECIMEN_DATE",
            ".issued": "RESULT_DATE",
            ".specimen": "SPECIMEN_SOURCE",
            ".referenceRange": "NORM_RANGE_LOW",
            ".interpretation": "ABN_IND",
        },
    ),
    Table(
        _columns("birth_date", "sex"), _demographic, {".birthDate": "BIRTH_DATE", ".gender": "SEX"}
    ),
    Table(_columns("death_date", "death_source"), _death, {".deceased": "DEATH_DATE"}),
    Table(
        _columns("conditionid", "condition", "condition_type"),
        _condition,
        {
            ".code": "CONDITION",
            ".clinicalStatus": "CONDITION_STATUS",
            ".onsetDateTime": "ONSET_DATE",
            ".abatementDateTime": "RESOLVE_DATE",
        },
    ),
    Table(
        _columns("diagnosisid", "dx", "dx_type"),
        _diagnosis,
        {".code": "DX", ".verificationStatus": "DX_SOURCE", ".onsetDateTime": "DX_DATE"},
    ),
    Table(
        _columns("prescribingid", "rx_order_date"),
        _prescribing,
        {
            ".medication": "RXNORM_CUI",
            ".effectivePeriod": "RX_START_DATE",
            ".effectiveDateTime": "RX_START_DATE",
        },
    ),
    Table(
        _columns("dispensingid", "dispense_date"),
        _dispensing,
        {".medication": "NDC", ".whenHandedOver": "DISPENSE_DATE"},
    ),
    Table(
        _columns("medadminid", "medadmin_start_date"),
        _given,
        {
            ".medication": "MEDADMIN_CODE",
            ".effectivePeriod": "MEDADMIN_START_DATE",
            ".effectiveDateTime": "MEDADMIN_START_DATE",
        },
    ),
)
"""The tables that are read."""
