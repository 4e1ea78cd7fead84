"""What a mapping file may say: how a table is written, and what is in it.

``docs/batch-mapping.md`` explains every part by examples; :func:`schema_of_mapping` is the same as
JSON Schema. What it may say of columns stands in :mod:`corrin.batch.sources.mapping_columns`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping as Pairs
from typing import Literal, Self

from pydantic import Field, model_validator

from corrin.batch.sources.mapping_columns import (
    LONGEST,
    Columns,
    Loinc,
    Name,
    OneColumn,
    Part,
    System,
    Text,
)


class File(Part):
    """How the file is written; what is left out is found out.

    delimiter: one character, or ``comma``, ``semicolon``, ``tab``, ``pipe``.
    quote: the character around cells that hold a delimiter; ``none`` where there is none.
    sheet: of a workbook; the first one when left out.
    header: the line or row of the column names; ``0`` where there are none.
    decimal: the mark before the decimals.
    """

    delimiter: Name | None = None
    quote: Name = '"'
    encoding: Name | None = None
    sheet: Name | None = None
    header: int = Field(default=1, ge=0, le=1000)
    decimal: Literal[".", ","] = "."

    @model_validator(mode="after")
    def _single(self) -> Self:
        for name, said in (("delimiter", self.separator()), ("quote", self.quotes())):
            if said is not None and (len(said) != 1 or said in "\r\n\0"):
                raise ValueError(f"{name}: one character is expected")
        return self

    def separator(self) -> str | None:
        """The delimiter as a character; ``None`` to find out."""
        return None if self.delimiter is None else DELIMITERS.get(self.delimiter, self.delimiter)

    def quotes(self) -> str | None:
        """The quote as a character; ``None`` where cells are never quoted."""
        return None if self.quote == "none" else self.quote


DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


class LocalCode(Part):
    """What a code of the site stands for.

    unit: the unit in UCUM that results have where the row names none.
    units: the site's spelling → UCUM, for this test only.
    """

    code: Name
    loinc: Loinc
    name: Name | None = None
    unit: Name | None = None
    units: Pairs[Name, Name] = {}


class Result(Part):
    """A column of a wide table: one test, its code and its unit."""

    column: Name | None = None
    position: int | None = Field(default=None, ge=1, le=LONGEST)
    loinc: Loinc | None = None
    code: Name | None = None
    system: System | None = None
    name: Name | None = None
    unit: Name | None = None
    missing: tuple[Text, ...] = ()
    when: Pairs[Name, tuple[Text, ...]] = {}
    comparator: OneColumn | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.column is None) == (self.position is None):
            raise ValueError("one of column and position is expected")
        if (self.loinc is None) == (self.code is None):
            raise ValueError("one of loinc and code is expected")
        return self


class Statement(Part):
    """A column of a wide table that says whether something is so (pregnant, vegan).

    present, absent: the texts that say so; any other text is refused as unclear.
    missing: texts that say nothing.
    """

    column: Name
    system: System
    code: Name
    name: Name | None = None
    present: tuple[Text, ...] = ()
    absent: tuple[Text, ...] = ()
    missing: tuple[Text, ...] = ()


class Recognise(Part):
    """By what a table is known: columns that all must be there, in any case of letters."""

    columns: tuple[Name, ...] = Field(min_length=1)
    without: tuple[Name, ...] = ()


class Mapping(Part):
    """A mapping file.

    layout: ``long``: a row is a result. ``wide``: a row is a patient or visit, results are columns.
        ``companion``: a table that others look into, and that holds no results.
    missing: texts that mean that nothing is there, in every column. Blanks around a cell never
        count; an empty cell is always missing.
    keep: rows count only where these columns hold one of these texts; others are not ours.
    local_codes, local_units: what codes and unit spellings of the site stand for.
    """

    name: Name
    says: str = ""
    layout: Literal["long", "wide", "companion"] = "long"
    recognise: Recognise | None = None
    file: File = File()
    missing: tuple[Text, ...] = ()
    keep: Pairs[Name, tuple[Text, ...]] = {}
    columns: Columns | None = None
    results: tuple[Result, ...] = ()
    statements: tuple[Statement, ...] = ()
    local_codes: tuple[LocalCode, ...] = ()
    local_units: Pairs[Name, Name] = {}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.layout == "companion":
            return self
        if self.columns is None:
            raise ValueError("columns: it is missing")
        if self.layout == "long":
            self._long(self.columns)
        else:
            self._wide(self.columns)
        codes = [one.code for one in self.local_codes]
        if len(set(codes)) < len(codes):
            raise ValueError("local_codes: a code stands twice")
        return self

    def _long(self, columns: Columns) -> None:
        if not columns.code:
            raise ValueError("columns.code: it is missing; say which column names the test")
        if columns.value is None and columns.number is None:
            raise ValueError("columns: value or number is missing")
        if columns.age is not None:
            raise ValueError("columns.age: an age belongs to a wide table; give birth_date")
        if self.results or self.statements:
            raise ValueError("results and statements belong to layout: wide")

    def _wide(self, columns: Columns) -> None:
        if not self.results:
            raise ValueError("results: it is missing; say which columns hold which test")
        for name in (
            "code",
            "name",
            "value",
            "number",
            "comparator",
            "unit",
            "low",
            "high",
            "range",
        ):
            if getattr(columns, name):
                raise ValueError(f"columns.{name}: a wide table says this under results")


def schema_of_mapping() -> bytes:
    """The JSON Schema (2020-12) of a mapping file, as UTF-8 JSON with a newline at its end."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:corrin:mapping"}
    found = Mapping.model_json_schema(mode="validation")
    return json.dumps({**head, **found}, indent=2, ensure_ascii=False).encode() + b"\n"
