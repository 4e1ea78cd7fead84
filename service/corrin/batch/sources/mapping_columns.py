"""What a mapping file may say of the columns of a table: which one holds what.

All that a file says is text to us: ``NO``, ``012`` and ``9999999`` mean these letters.
"""

from __future__ import annotations

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
LONGEST = 20_000  # columns or codes of one mapping


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
    position: int | None = Field(default=None, ge=1, le=LONGEST)
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
