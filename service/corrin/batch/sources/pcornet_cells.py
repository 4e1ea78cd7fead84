"""Cells of the tables of the PCORnet CDM: codes, dates, times."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from corrin.batch.sources import local_time
from corrin.batch.sources.cdm_table import Cell
from corrin.batch.sources.mapping_time import TimeFormat, with_clock
from corrin.content import read_document, rules_root

RAW = "urn:corrin:pcornet:raw"
"""The system of codes as the source wrote them (``RAW_LAB_CODE``)."""

_DAY = len("2026-07-01")
_SAS = TimeFormat.of(("%d%b%Y",))


@lru_cache(maxsize=1)
def words() -> Mapping[str, Any]:
    """``rules/intake/pcornet.yaml``."""
    found: Mapping[str, Any] = read_document(rules_root() / "intake" / "pcornet.yaml")
    return found


def code_of(cell: Cell, name: str) -> str:
    """A cell that holds a code; empty for a flavour of null."""
    found = cell(name)
    return "" if found.upper() in words()["nulls"] else found


def time(cell: Cell, name: str, zone: str) -> str:
    """A date, with the time of day where its own column tells one."""
    day = date(cell(f"{name}_date"))
    clock = with_clock(day, cell(f"{name}_time")) if cell(f"{name}_time") else None
    return local_time.settled(clock or day, zone)


def date(text: str) -> str:
    """A date as FHIR writes it; any other text as it stands, for the reader to refuse."""
    found = TimeFormat.of((), True).read(text) or _SAS.read(text) if text else ""
    return (found or text)[:_DAY] if found else text
