"""What a mapping file may say: which columns of a table hold what.

``docs/batch-mapping.md`` explains every part by examples; :func:`schema_of_mapping` is the same as
JSON Schema. All that a file says is text to us: ``NO``, ``012`` and ``9999999`` mean these letters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping as Pairs
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from corrin.batch.sources.mapping_time import TimeFormat
from corrin.terminology.systems import SHORT

Text = Annotated[str, StringConstraints(max_length=500)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Loinc = Annotated[str, StringConstraints(pattern=r"^\d{1,7}-\d$")]
System = Annotated[str, StringConstraints(min_length=1, max_length=500)]

# FHIR's own words; a source's words for them stand in the mapping file.
Status = Literal[
    "registered",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "cancelled",
    "entered-in-error",
    "unknown",
]
COMPARATORS = ("<", "<=", ">=", ">")
_LONGEST = 20_000  # columns or codes of one mapping


class Part(BaseModel):
    """Base of all parts of a mapping file: nothing unknown, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Lookup(Part):
    """Another table beside this one, in which the value of the column is looked up.

    file: its name without ending, in any case (``ORDER_PROC``).
    key: its column in which the value is found.
    value: its column that is taken instead.
    needed: whether the table cannot be read without it.
    """

    file: Name
    key: Name
    value: Name
    needed: bool = True


class Column(Part):
    """Where a value comes from: a column by name or number, or a constant.

    column: the name in the header; ``position``: its number instead, counted from 1.
    constant: a text that holds for every row.
    missing: texts that mean that nothing is there, beside those of the whole table.
    when: the value counts only where these other columns hold one of these texts.
    map: a text of the source → what it means; any other text stays as it is.
    lookup: the value is a key of another table.
    """

    column: Name | None = None
    position: int | None = Field(default=None, ge=1, le=_LONGEST)
    constant: Text | None = None
    missing: tuple[Text, ...] = ()
    when: Pairs[Name, tuple[Text, ...]] = {}
    map: Pairs[Text, Text] = {}
    lookup: Lookup | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(one is not None for one in (self.column, self.position, self.constant)) != 1:
            raise ValueError("one of column, position and constant is expected")
        return self


class CodeColumn(Column):
    """Where the code of the test stands.

    system: what the codes are of: ``loinc``, another short name, or any URI.
    prefixes: where a cell names its system before the code (``LOINC:2132-9``): prefix → system.
    """

    system: System | None = None
    prefixes: Pairs[Name, System] = {}

    def system_of(self, name: str | None) -> str:
        """The URI of a system, short names spelled out."""
        return "" if name is None else SHORT.get(name, name)


class StatusColumn(Column):
    """Where the status stands; ``constant`` where all results of a table are ``final``."""

    @model_validator(mode="after")
    def _of_fhir(self) -> Self:
        known = get_args(Status)
        said = {*self.map.values(), *([] if self.constant is None else [self.constant])}
        if not said <= {*known}:
            raise ValueError(f"one of {', '.join(known)} is expected")
        return self


class TimeColumn(Column):
    """Where a date or a time stands.

    format: how it is written (``%d.%m.%Y %H:%M``); several where a column mixes them. Without
        one it is ISO 8601, or ``20260701``, or ``202607011530``.
    midnight_is_day: a time of exactly midnight says no time of day (databases add it to dates).
    """

    format: Annotated[
        tuple[Name, ...],
        BeforeValidator(lambda said: (said,) if isinstance(said, str) else said),
    ] = ()
    midnight_is_day: bool = False

    @model_validator(mode="after")
    def _readable(self) -> Self:
        TimeFormat.of(self.format, self.midnight_is_day)
        return self


def _named(said: Any) -> Any:
    """A bare text names a column."""
    return {"column": said} if isinstance(said, str) else said


def _listed(said: Any) -> Any:
    """One code column, or several of which the first that holds something counts too."""
    return said if isinstance(said, list | tuple) else (said,)


OneColumn = Annotated[Column, BeforeValidator(_named, json_schema_input_type=Name | Column)]
OneStatus = Annotated[
    StatusColumn, BeforeValidator(_named, json_schema_input_type=Name | StatusColumn)
]
OneTime = Annotated[TimeColumn, BeforeValidator(_named, json_schema_input_type=Name | TimeColumn)]
OneCode = Annotated[CodeColumn, BeforeValidator(_named, json_schema_input_type=CodeColumn)]
Codes = Annotated[
    tuple[OneCode, ...],
    BeforeValidator(_listed, json_schema_input_type=OneCode | list[OneCode]),
]


class Columns(Part):
    """Which column holds what. All but ``patient`` and ``status`` may be left out.

    time: the sample's time; or ``date`` with ``clock`` where they stand apart.
    issued: when it was reported.
    value: the result as text; it wins over ``number`` where the two disagree.
    comparator: ``<``, ``<=``, ``>``, ``>=``; ``map`` names a source's own letters.
    sex, birth_date: of the patient; ``age`` in whole years at the time of the sample.
    identifier: what tells one result from another.
    """

    patient: OneColumn
    code: Codes = ()
    name: OneColumn | None = None
    value: OneColumn | None = None
    number: OneColumn | None = None
    comparator: OneColumn | None = None
    unit: OneColumn | None = None
    low: OneColumn | None = None
    high: OneColumn | None = None
    range: OneColumn | None = None
    time: OneTime | None = None
    date: OneTime | None = None
    clock: OneColumn | None = None
    issued: OneTime | None = None
    status: OneStatus
    interpretation: OneColumn | None = None
    specimen: OneColumn | None = None
    comment: OneColumn | None = None
    sex: OneColumn | None = None
    birth_date: OneTime | None = None
    age: OneColumn | None = None
    identifier: OneColumn | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.time is not None and (self.date is not None or self.clock is not None):
            raise ValueError("time, or date with clock, and not both")
        if self.clock is not None and self.date is None:
            raise ValueError("clock needs date beside it")
        if self.birth_date is not None and self.age is not None:
            raise ValueError("birth_date or age, and not both")
        return self


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
    position: int | None = Field(default=None, ge=1, le=_LONGEST)
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
