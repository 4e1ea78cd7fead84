"""Results of the PCORnet CDM (``LAB_RESULT_CM``) → Observations."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from corrin.batch.sources import resources
from corrin.batch.sources.cdm_table import Cell
from corrin.batch.sources.codes import Codes
from corrin.batch.sources.observation import Record, differ, resource
from corrin.batch.sources.omop_value import Contradiction, Told
from corrin.batch.sources.pcornet_cells import RAW, code_of, time, words
from corrin.batch.sources.resources import Code
from corrin.intake import number
from corrin.intake.observation import concerns_us
from corrin.terminology.systems import LOINC, SNOMED
from corrin.terminology.table import fold

Made = tuple[str, bytes]
"""A type of resource, and the resource in JSON."""

_ID = re.compile(r"[A-Za-z0-9.\-]{1,48}", re.ASCII)
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
            answer = Code(SNOMED, code_of(cell, "result_snomed"))
            skeleton = {
                "code": resources.concept(self.local.mapped(coded), _name(cell)),
                "valueString": "",
                "valueCodeableConcept": resources.concept([answer]),
            }
            self._named[key] = coded if concerns_us(skeleton) else None
        return self._named[key]


def lab(cell: Cell, person: str, makes: Makes) -> Made | None:
    """The Observation of a row; ``None`` where it does not concern us.

    Raises:
        Contradiction: input-operator, input-value-differs.
    """
    named = makes.named(cell)
    if named is None:
        return None
    sign = words()["abnormal"].get(cell("abn_ind").upper())
    source = code_of(cell, "specimen_source")
    identity = cell.number("lab_result_cm_id")
    made = Record(
        person,
        codes=named,
        text=_name(cell),
        when=time(cell, "specimen", makes.zone),
        issued=time(cell, "result", makes.zone),
        interpretation=[sign] if sign else [],
        specimen=words()["specimens"].get(source.upper(), source),
        id=f"lab-{identity}" if _ID.fullmatch(identity) else "",
    )
    found = resource(makes.local.record(_ranged(cell, _valued(cell, made, makes))))
    return ("Observation", resources.encoded(found)) if concerns_us(found) else None


def _name(cell: Cell) -> str:
    return cell("raw_lab_name") or code_of(cell, "lab_name")


def _lab_codes(cell: Cell) -> list[Code]:
    found = []
    if code_of(cell, "lab_loinc"):
        found.append(Code(LOINC, code_of(cell, "lab_loinc"), cell("raw_lab_name")))
    system = words()["code_types"].get(cell("lab_px_type").upper())
    if (
        system
        and code_of(cell, "lab_px")
        and (system, code_of(cell, "lab_px")) not in [one[:2] for one in found]
    ):
        found.append(Code(system, code_of(cell, "lab_px")))
    if cell("raw_lab_code"):
        found.append(Code(RAW, cell("raw_lab_code")))
    return found


def _valued(cell: Cell, made: Record, makes: Makes) -> Record:
    """A result with its value and unit: RESULT_NUM, else RESULT_QUAL, else the raw text.

    Raises:
        Contradiction: input-operator, input-value-differs.
    """
    figure, said, raw = cell("result_num"), code_of(cell, "result_qual"), cell("raw_result")
    unit, raw_unit = code_of(cell, "result_unit"), cell("raw_unit")
    modifier = cell("result_modifier").upper()
    if not figure:
        code = code_of(cell, "result_snomed")
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
