"""Rows of a table → resources, as a mapping file says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corrin.batch.row import Read, Refused, Row
from corrin.batch.sources import resources
from corrin.batch.sources.mapping import LocalCode, Result, Statement
from corrin.batch.sources.mapping import Mapping as TableMapping
from corrin.batch.sources.mapping_cells import (
    Find,
    Getter,
    Header,
    Marks,
    conditions,
    getter,
    moments,
    number_of,
)
from corrin.batch.sources.mapping_columns import Columns
from corrin.batch.sources.mapping_people import People
from corrin.batch.sources.mapping_tests import SITE, Coded, Codes, Tests, system_of
from corrin.batch.sources.mapping_time import with_clock
from corrin.batch.sources.mapping_value import Disagreements, Value, value_of, with_point
from corrin.batch.sources.observation import Record
from corrin.batch.sources.resources import Code
from corrin.batch.subject import key_of_reference
from corrin.terminology.systems import LOINC

_TIMES = ("time", "date", "issued", "birth_date")


@dataclass(frozen=True, slots=True)
class _Test:
    """A column of a wide table that holds the results of one test."""

    place: int
    name: str
    codes: list[Code]
    unit: str
    marks: Marks
    counts: Getter | None
    comparator: Getter


class Maker:
    """Makes the rows of one table; ``header`` knows which columns are wanted afterwards.

    ``codes`` adds what codes of the site stand for, ``told`` is told where columns disagree.

    Raises:
        InputError: the mapping names a column that is not there, or stands twice.
    """

    def __init__(
        self, mapping: TableMapping, header: Header, find: Find, codes: Codes | None = None
    ) -> None:
        self.mapping, self.header, self.find = mapping, header, find
        self.told, self.tests = Disagreements(), Tests(mapping, codes)
        self._people = People()
        assert mapping.columns is not None
        columns = self.columns = mapping.columns
        self._get: dict[str, Getter] = {
            name: self._getter(getattr(columns, name))
            for name in Columns.model_fields
            if name not in ("code", *_TIMES)
        }
        for name in _TIMES:
            column = getattr(columns, name)
            self._get[name] = moments(column, self._getter(column))
        self._codes = [Coded.of(one, self._getter(one)) for one in columns.code]
        self._keep = conditions(mapping.keep, header) if mapping.keep else None
        self._wide_tests = [self._test(one) for one in mapping.results]
        self._said = [
            (header.place(one.column), one, Marks(*mapping.missing, *one.missing))
            for one in mapping.statements
        ]
        self._names = header.called(columns.value), header.called(columns.number)
        self._wide = mapping.layout == "wide"

    def _getter(self, column: object) -> Getter:
        return getter(column, self.header, self.mapping.missing, self.find)  # type: ignore[arg-type]

    def _test(self, one: Result) -> _Test:
        name = one.column or f"column {one.position}"
        said = one.name or ""
        codes: list[Code] = (
            [Code(LOINC, one.loinc, said)]
            if one.loinc is not None
            else self.tests.named(system_of(one.system), one.code or "", said)[0]
        )
        return _Test(
            self.header.place(one.column, one.position),
            name,
            codes,
            one.unit or "",
            Marks(*self.mapping.missing, *one.missing),
            _truth(conditions(one.when, self.header)) if one.when else None,
            self._getter(one.comparator),
        )

    def native(self) -> dict[str, str]:
        """Elements of the resources → the columns they were made of; longest first."""
        columns, called = self.columns, self.header.called
        value = called(columns.value) or called(columns.number)
        found = {
            ".value.unit": called(columns.unit) or value,
            ".value.comparator": called(columns.comparator) or value,
            ".referenceRange": called(columns.range) or called(columns.low) or called(columns.high),
            ".value": value,
            ".code": next((called(one) for one in columns.code), ""),
            ".effective": called(columns.time) or called(columns.date),
            ".issued": called(columns.issued),
            ".status": called(columns.status),
            ".specimen": called(columns.specimen),
            ".subject": called(columns.patient),
            ".birthDate": called(columns.birth_date) or called(columns.age),
            ".gender": called(columns.sex),
        }
        return {element: name for element, name in found.items() if name}

    def rows(self, line: int, cells: Sequence[str], read: Read) -> Iterator[Row]:
        """The rows made of one row of the table; what is not handed on is noted in ``read``."""
        if self._keep is not None and not self._keep(cells):
            read.rows += 1
            read.not_ours += 1
            return
        patient = self._get["patient"](cells)
        if not patient:
            refuse(read, line, "subject-missing", self.header.called(self.columns.patient))
            return
        subject = key_of_reference(resources.reference_of(patient))
        when = self._when(cells)
        sex, born, age = (self._get[name](cells) for name in ("sex", "birth_date", "age"))
        person = self._people.new(patient, sex, born, age, when)
        made = [] if person is None else [Row(subject, line, person, "Patient")]
        made += (
            self._across(line, cells, patient, subject, when, read)
            if self._wide
            else self._result(line, cells, patient, subject, when, read)
        )
        read.rows += len(made)
        yield from made
        if not made and self._wide:
            read.rows += 1
            read.not_ours += 1

    def _when(self, cells: Sequence[str]) -> str:
        day = self._get["time"](cells) or self._get["date"](cells)
        clock = self._get["clock"](cells)
        return (with_clock(day, clock) or f"{day} {clock}") if clock and day else day

    def _result(
        self, line: int, cells: Sequence[str], patient: str, subject: str, when: str, read: Read
    ) -> Iterator[Row]:
        """The result of a row of a long table."""
        get = self._get
        name = get["name"](cells)
        codes: list[Code] = []
        local: LocalCode | None = None
        for column in self._codes:
            found = column.read(cells)
            if found is not None:
                more, entry = self.tests.named(*found, name)
                codes += more
                local = local or entry
        if not self.tests.ours(tuple(codes), name):
            read.rows += 1
            read.not_ours += 1
            return
        texts = [get[name](cells) for name in ("value", "number", "low", "high")]
        if self.mapping.file.decimal == ",":
            for at, text in enumerate(texts):
                pointed = with_point(text)
                if pointed is None:
                    path = self._names[at] if at < 2 else ""
                    refuse(read, line, "input-decimal-unclear", path, subject)
                    return
                texts[at] = pointed
        value = value_of(
            texts[0],
            texts[1],
            get["comparator"](cells),
            line=line,
            names=self._names,
            told=self.told,
        )
        unit = get["unit"](cells)
        low, high, said = _range(texts[2], texts[3], get["range"](cells))
        body = self.tests.encoded(
            Record(
                patient=patient,
                codes=codes,
                text=name,
                value_text=value.text,
                value_number=value.number,
                comparator=value.comparator,
                unit_text=unit,
                unit_code=self.tests.unit(unit, local),
                low=low,
                high=high,
                range_text=said,
                when=when,
                issued=get["issued"](cells),
                status=get["status"](cells) or "unknown",
                interpretation=_some(get["interpretation"](cells)),
                specimen=get["specimen"](cells),
                comment=_some(get["comment"](cells)),
                identifier=[(SITE, one) for one in _some(get["identifier"](cells))],
            )
        )
        yield Row(subject, line, body, seq=1)

    def _across(
        self, line: int, cells: Sequence[str], patient: str, subject: str, when: str, read: Read
    ) -> Iterator[Row]:
        """The results of a row of a wide table; an empty cell is no result."""
        get = self._get
        seq = 0
        for test in self._wide_tests:
            text = cells[test.place].strip() if test.place < len(cells) else ""
            if text in test.marks:
                continue
            seq += 1
            value = Value()
            if test.counts is None or test.counts(cells):
                pointed = with_point(text) if self.mapping.file.decimal == "," else text
                if pointed is None:
                    refuse(read, line, "input-decimal-unclear", test.name, subject)
                    continue
                names_ = (test.name, "")
                sign = test.comparator(cells)
                value = value_of(pointed, "", sign, line=line, names=names_, told=self.told)
            body = self.tests.encoded(
                Record(
                    patient=patient,
                    codes=test.codes,
                    text=test.codes[0][2],
                    value_text=value.text,
                    value_number=value.number,
                    comparator=value.comparator,
                    unit_code=test.unit,
                    when=when,
                    issued=get["issued"](cells),
                    status=get["status"](cells) or "unknown",
                    specimen=get["specimen"](cells),
                    comment=_some(get["comment"](cells)),
                )
            )
            yield Row(subject, line, body, place=test.name, seq=seq)
        for at, said, marks in self._said:
            text = cells[at].strip()
            if text not in marks:
                seq += 1
                body = _statement(patient, said, text, when)
                yield Row(subject, line, body, "Condition", said.column, seq)


def refuse(read: Read, line: int, reason: str, path: str, subject: str = "") -> None:
    """Count one row that cannot be read."""
    read.rows += 1
    read.refused.append(Refused(line, reason, path, subject=subject))


def _truth(holds: object) -> Getter:
    return lambda cells: "1" if holds(cells) else ""  # type: ignore[operator]


def _range(low: str, high: str, text: str) -> tuple[str, str, str]:
    """The laboratory's range; bounds that are no numbers are told as text."""
    if all(not one or number_of(one) is not None for one in (low, high)):
        return low, high, text
    both = " - ".join(one for one in (low, high) if one)
    return "", "", text or both


def _statement(patient: str, said: Statement, text: str, when: str) -> bytes:
    """Something that is so, or not so; of any other text it stays open which."""
    clinical, verification = "", "unconfirmed"
    if text in said.present:
        clinical, verification = "active", "confirmed"
    elif text in said.absent:
        verification = "refuted"
    return resources.condition(
        patient,
        [Code(system_of(said.system), said.code, said.name or "")],
        clinical=clinical,
        verification=verification,
        recorded=when,
    )


def _some(text: str) -> tuple[str, ...]:
    return (text,) if text else ()
