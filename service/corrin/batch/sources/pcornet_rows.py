"""Rows of the tables of the PCORnet CDM → resources."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from corrin.batch.sources import local_time, resources
from corrin.batch.sources.cdm_table import Cell
from corrin.batch.sources.codes import Codes
from corrin.batch.sources.mapping_time import TimeFormat, with_clock
from corrin.batch.sources.observation import Record, differ, resource
from corrin.batch.sources.omop_value import Contradiction, Told
from corrin.batch.sources.resources import Code
from corrin.content import read_document, rules_root
from corrin.intake import number
from corrin.intake.observation import concerns_us
from corrin.terminology.systems import LOINC, RXNORM, SNOMED
from corrin.terminology.table import fold

RAW = "urn:corrin:pcornet:raw"
"""The system of codes as the source wrote them (``RAW_LAB_CODE``)."""

Made = tuple[str, bytes]
_ID = re.compile(r"[A-Za-z0-9.\-]{1,48}", re.ASCII)
_DAY = len("2026-07-01")
_NAMING = (
    "raw_lab_name",
    "lab_name",
    "lab_loinc",
    "lab_px",
    "lab_px_type",
    "raw_lab_code",
    "result_snomed",
)
_MOST_NAMED = 100_000
_SAS = TimeFormat.of(("%d%b%Y",))


@dataclass(slots=True)
class Makes:
    """What rows are made with: local codes, the zone of times, what to tell."""

    local: Codes
    zone: str
    told: Told
    _named: dict[tuple[str, ...], list[Code] | None] = field(default_factory=dict)

    def named(self, cell: Cell) -> list[Code] | None:
        """The codes of a result, or ``None`` where they do not concern us; found out once each."""
        key = tuple(cell(name) for name in _NAMING)
        if key not in self._named:
            if len(self._named) >= _MOST_NAMED:
                self._named.clear()
            coded = _lab_codes(cell)
            answer = Code(SNOMED, _said(cell, "result_snomed"))
            skeleton = {
                "code": resources.concept(self.local.mapped(coded), _name(cell)),
                "valueString": "",
                "valueCodeableConcept": resources.concept([answer]),
            }
            self._named[key] = coded if concerns_us(skeleton) else None
        return self._named[key]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns that must be there, what is made, elements → columns."""

    columns: frozenset[str]
    make: Callable[[Cell, str, Makes], Made | None]
    native: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=1)
def words() -> Mapping[str, Any]:
    """``rules/intake/pcornet.yaml``."""
    found: Mapping[str, Any] = read_document(rules_root() / "intake" / "pcornet.yaml")
    return found


def _said(cell: Cell, name: str) -> str:
    """A cell that holds a code; empty for a flavour of null."""
    found = cell(name)
    return "" if found.upper() in words()["nulls"] else found


def _lab(cell: Cell, person: str, makes: Makes) -> Made | None:
    named = makes.named(cell)
    if named is None:
        return None
    sign = words()["abnormal"].get(cell("abn_ind").upper())
    source = _said(cell, "specimen_source")
    identity = cell.number("lab_result_cm_id")
    made = Record(
        person,
        codes=named,
        text=_name(cell),
        when=_time(cell, "specimen", makes),
        issued=_time(cell, "result", makes),
        interpretation=[sign] if sign else [],
        specimen=words()["specimens"].get(source.upper(), source),
        id=f"lab-{identity}" if _ID.fullmatch(identity) else "",
    )
    found = resource(makes.local.record(_ranged(cell, _valued(cell, made, makes))))
    return ("Observation", resources.encoded(found)) if concerns_us(found) else None


def _name(cell: Cell) -> str:
    return cell("raw_lab_name") or _said(cell, "lab_name")


def _lab_codes(cell: Cell) -> list[Code]:
    found = []
    if _said(cell, "lab_loinc"):
        found.append(Code(LOINC, _said(cell, "lab_loinc"), cell("raw_lab_name")))
    system = words()["code_types"].get(cell("lab_px_type").upper())
    if (
        system
        and _said(cell, "lab_px")
        and (system, _said(cell, "lab_px")) not in [one[:2] for one in found]
    ):
        found.append(Code(system, _said(cell, "lab_px")))
    if cell("raw_lab_code"):
        found.append(Code(RAW, cell("raw_lab_code")))
    return found


def _valued(cell: Cell, made: Record, makes: Makes) -> Record:
    """A result with its value and unit: RESULT_NUM, else RESULT_QUAL, else the raw text.

    Raises:
        Contradiction: input-operator, input-value-differs.
    """
    figure, said, raw = cell("result_num"), _said(cell, "result_qual"), cell("raw_result")
    unit, raw_unit = _said(cell, "result_unit"), cell("raw_unit")
    modifier = cell("result_modifier").upper()
    if not figure:
        code = _said(cell, "result_snomed")
        if code:
            concept = resources.concept([Code(SNOMED, code)], said or raw)
            return replace(made, value={"valueCodeableConcept": concept})
        if said:
            return replace(made, value_text=said, comment=[raw] if raw and raw != said else [])
        return replace(made, value_text=raw, unit_text=raw_unit or unit)
    if modifier in (words()["untold"], words()["text"]):
        raise Contradiction("input-operator", "RESULT_MODIFIER", modifier)
    sign = words()["modifiers"].get(modifier, "")
    made = replace(
        made,
        value_number=figure,
        comparator=sign,
        unit_text=unit or raw_unit,
        unit_code=unit,
        comment=[said] if said else [],
    )
    read = number.read(raw) if raw else "value-unreadable"
    if isinstance(read, str):
        return made
    bound = "comparator-in-text" in read.flags
    if bound != (sign not in ("", "=")) and (bound or sign):
        # One of the two says that it is a bound.
        raise Contradiction("input-operator", "RESULT_MODIFIER", f"{modifier} {raw}")
    own = read.unit or raw_unit
    if not differ(replace(made, value_text=raw)) or (own and unit and fold(own) != fold(unit)):
        return made  # the same figure, or one that was converted into another unit
    if not own:
        raise Contradiction("input-value-differs", "RAW_RESULT", f"{raw} {figure}")
    makes.told.differing += 1
    return replace(made, value_text=raw, value_number=None, comparator="", unit_text=own)


def _ranged(cell: Cell, made: Record) -> Record:
    """A result with the laboratory's range; a modifier NO says that there is no such end."""
    ends = {}
    for name in ("low", "high"):
        modifier = cell(f"norm_modifier_{name}").upper()
        end = cell(f"norm_range_{name}")
        ends[name] = "" if modifier == "NO" or end.upper() in words()["nulls"] else end
    strict = {"low": "GT", "high": "LT"}
    only = [name for name, end in ends.items() if end]
    if len(only) == 1 and cell(f"norm_modifier_{only[0]}").upper() == strict[only[0]]:
        sign = ">" if only[0] == "low" else "<"
        unit = made.unit_code or made.unit_text
        return replace(made, range_text=f"{sign}{ends[only[0]]} {unit}".strip())
    return replace(made, low=ends["low"], high=ends["high"])


def _demographic(cell: Cell, person: str, makes: Makes) -> Made | None:
    gender = words()["sex"].get(cell("sex").upper(), "")
    return "Patient", resources.patient(person, gender=gender, birth=_date(cell("birth_date")))


def _death(cell: Cell, person: str, makes: Makes) -> Made | None:
    died = _date(cell("death_date"))
    return "Patient", resources.patient(person, died=died, dead=True)


def _condition(cell: Cell, person: str, makes: Makes) -> Made | None:
    status = words()["condition_status"].get(cell("condition_status").upper(), "")
    return "Condition", resources.condition(
        person,
        makes.local.mapped(_coded(cell, "condition", "condition_type", "raw_condition")),
        clinical=status,
        onset=_date(cell("onset_date") or cell("report_date")),
        abated=_date(cell("resolve_date")),
    )


def _diagnosis(cell: Cell, person: str, makes: Makes) -> Made | None:
    unsure = cell("dx_source").upper() in words()["unsure_diagnosis"]
    return "Condition", resources.condition(
        person,
        makes.local.mapped(_coded(cell, "dx", "dx_type", "raw_dx")),
        verification="provisional" if unsure else "",
        onset=_date(cell("dx_date") or cell("admit_date")),
    )


def _prescribing(cell: Cell, person: str, makes: Makes) -> Made | None:
    kind = "MedicationStatement"
    return kind, resources.medication(
        kind,
        person,
        makes.local.mapped(_rxnorm(cell, "rxnorm_cui")),
        text=cell("raw_rx_med_name"),
        status="active",
        start=_date(cell("rx_start_date") or cell("rx_order_date")),
        end=_date(cell("rx_end_date")),
        route=((), _said(cell, "rx_route")),
    )


def _dispensing(cell: Cell, person: str, makes: Makes) -> Made | None:
    kind = "MedicationDispense"
    ndc = _said(cell, "ndc")
    return kind, resources.medication(
        kind,
        person,
        makes.local.mapped([Code(words()["code_types"]["ND"], ndc)] if ndc else []),
        text=cell("raw_dispense_med_name"),
        status="completed",
        start=_date(cell("dispense_date")),
        route=((), _said(cell, "dispense_route")),
    )


def _given(cell: Cell, person: str, makes: Makes) -> Made | None:
    kind = "MedicationAdministration"
    return kind, resources.medication(
        kind,
        person,
        makes.local.mapped(_coded(cell, "medadmin_code", "medadmin_type", "raw_medadmin_code")),
        text=cell("raw_medadmin_med_name"),
        status="completed",
        start=_time(cell, "medadmin_start", makes),
        end=_time(cell, "medadmin_stop", makes),
        route=((), _said(cell, "medadmin_route")),
    )


def _coded(cell: Cell, code: str, kind: str, raw: str) -> list[Code]:
    found = []
    system = words()["code_types"].get(cell(kind).upper(), f"urn:id:{cell(kind)}")
    if _said(cell, code):
        found.append(Code(system, _said(cell, code)))
    if cell(raw):
        found.append(Code(RAW, cell(raw)))
    return found


def _rxnorm(cell: Cell, name: str) -> list[Code]:
    code = cell.number(name)
    return [Code(RXNORM, code)] if code and code.upper() not in words()["nulls"] else []


def _time(cell: Cell, name: str, makes: Makes) -> str:
    """A date, with the time of day where its own column tells one."""
    day = _date(cell(f"{name}_date"))
    clock = with_clock(day, cell(f"{name}_time")) if cell(f"{name}_time") else None
    return local_time.settled(clock or day, makes.zone)


def _date(text: str) -> str:
    """A date as FHIR writes it; any other text as it stands, for the reader to refuse."""
    found = TimeFormat.of((), True).read(text) or _SAS.read(text) if text else ""
    return (found or text)[:_DAY] if found else text


def _columns(*names: str) -> frozenset[str]:
    return frozenset(("patid", *names))


TABLES = (
    Table(
        _columns("lab_result_cm_id", "lab_loinc", "result_num", "result_modifier"),
        _lab,
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
