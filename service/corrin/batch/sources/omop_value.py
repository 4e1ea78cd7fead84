"""The value of an OMOP row: number, operator, text as the source wrote it, coded value, unit.

The text of the source wins over the columns made of it; where they cannot be of one mind the row
is refused, since nobody can tell which one is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from corrin.batch.sources import resources
from corrin.batch.sources.cdm_table import Cell
from corrin.batch.sources.observation import UCUM, Record, differ
from corrin.batch.sources.omop_concepts import Concept, words
from corrin.batch.sources.resources import Code
from corrin.intake import number

SOURCE_VALUE = "urn:corrin:omop:source"
"""The system of codes as the source wrote them (``measurement_source_value``)."""

_NOTHING = frozenset({"", "0"})
_EQUAL = "="


class Contradiction(Exception):
    """A row whose columns contradict each other; ``reason`` and ``column`` say how."""

    def __init__(self, reason: str, column: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.column, self.detail = reason, column, detail


@dataclass(slots=True)
class Told:
    """How often something of note was met, for sentences about the file."""

    differing: int = 0
    unknown: int = 0
    dates: int = 0

    def sentences(self) -> list[str]:
        """One for each."""
        found = []
        if self.differing:
            found.append(
                f"{self.differing} values as the source wrote them differ from the column for "
                "numbers; they were taken as written, with the unit as written"
            )
        if self.unknown:
            found.append(f"{self.unknown} rows name concepts that the CONCEPT table does not hold")
        if self.dates:
            found.append(f"{self.dates} times are of another day than the date beside them")
        return found


def codes_of(
    cell: Cell, concepts: Mapping[str, Concept], names: tuple[str, ...], source: str, told: Told
) -> list[Code]:
    """The codes of some columns that hold ids of concepts, and what the source itself wrote."""
    found: list[Code] = []
    for name in names:
        key = cell.number(name)
        concept = concepts.get(key)
        if concept is not None and concept.coding() not in found:
            found.append(concept.coding())
        elif concept is None and key not in _NOTHING:
            told.unknown += 1
    if cell(source):
        found.append(Code(SOURCE_VALUE, cell(source)))
    return found


def valued(cell: Cell, concepts: Mapping[str, Concept], text: str, told: Told) -> dict[str, Any]:
    """What a :class:`Record` says of value, unit, range and remarks.

    Args:
        cell: the row.
        concepts: by id.
        text: the value as the source wrote it.
        told: counts what is of note.

    Raises:
        Contradiction: input-operator, input-value-differs.
    """
    figure, low, high = cell("value_as_number"), cell("range_low"), cell("range_high")
    coded = concepts.get(cell.number("value_as_concept_id"))
    unit, ucum = _unit(cell, concepts)
    found: dict[str, Any] = {"unit_text": unit, "unit_code": ucum, "low": low, "high": high}
    sign = _operator(cell, concepts)
    said = _read(text) if text else "value-unreadable"
    if isinstance(said, str):
        if coded is not None and not figure:
            concept = resources.concept([coded.coding()], text or coded.name)
            return found | {"value": {"valueCodeableConcept": concept}}
        found |= {"value_text": text, "value_number": figure, "comparator": sign}
    else:
        point = said.interval.is_point and "comparator-in-text" not in said.flags
        if sign not in ("", _EQUAL) and (point or _sign_of(text) not in (sign, "")):
            raise Contradiction("input-operator", "operator_concept_id", f"{sign} {text}")
        found["value_text"] = text
        if figure and figure != text and differ(Record("", value_text=text, value_number=figure)):
            # The number may have been converted: then its unit and range are not the text's.
            own = cell("unit_source_value")
            if not own and said.unit is None:
                raise Contradiction("input-value-differs", "value_source_value", f"{text} {figure}")
            told.differing += 1
            between = f"{low} - {high} {ucum or unit}" if low and high else ""
            found |= {"unit_text": own, "unit_code": "", "low": "", "high": ""}
            found["range_text"] = between
    if coded is not None:
        found["comment"] = [coded.name]
    return found


_read = lru_cache(maxsize=8192)(number.read)


def _sign_of(text: str) -> str:
    """The comparator a text begins with, where it is one of the four."""
    return next((sign for sign in ("<=", ">=", "<", ">") if text.startswith(sign)), "")


def _operator(cell: Cell, concepts: Mapping[str, Concept]) -> str:
    key = cell.number("operator_concept_id")
    if key in _NOTHING:
        return ""
    known: Mapping[str, str] = words()["operators"]
    sign = known.get(key) or (concepts[key].name if key in concepts else "")
    if sign not in known.values():
        raise Contradiction("input-operator", "operator_concept_id", key)
    return sign


def _unit(cell: Cell, concepts: Mapping[str, Concept]) -> tuple[str, str]:
    """The unit as spelt, and as UCUM where a concept says so."""
    spelt = cell("unit_source_value")
    for name in ("unit_concept_id", "unit_source_concept_id"):
        concept = concepts.get(cell.number(name))
        if concept is not None and concept.coding().system == UCUM:
            return spelt or concept.code, concept.code
    concept = concepts.get(cell.number("unit_concept_id"))
    return spelt or ("" if concept is None else concept.name), ""
