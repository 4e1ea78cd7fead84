"""Rows of a table → resources, as a mapping file says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from corrin.batch.row import Read, Refused, Row
from corrin.batch.sources import resources
from corrin.batch.sources.mapping import Columns, LocalCode, Result, Statement
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
from corrin.batch.sources.mapping_time import with_clock
from corrin.batch.sources.mapping_value import Disagreements, Value, value_of, with_point
from corrin.batch.sources.observation import Record, resource
from corrin.batch.sources.resources import Code
from corrin.batch.subject import key_of_reference
from corrin.facts.moment import Moment
from corrin.intake import observation
from corrin.intake.plain import names
from corrin.intake.plain.person import born_for
from corrin.terminology.systems import LOINC, SHORT

SITE = "urn:corrin:site"
"""The system of codes and identifiers of which a mapping file does not say what they are of."""
_MOST_PEOPLE = 1 << 20
_MOST_TESTS = 1 << 16
_OLDEST = 150


class Codes(Protocol):
    """What codes of a site stand for (:mod:`corrin.batch.sources.codes`)."""

    def add(self, resource: dict[str, Any]) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Code:
    """A column of codes."""

    taken: Getter
    system: str
    prefixes: tuple[tuple[str, str], ...]

    def read(self, cells: Sequence[str]) -> tuple[str, str] | None:
        """System and code of a row."""
        text = self.taken(cells)
        for prefix, system in self.prefixes:
            if text.startswith(prefix):
                return system, text[len(prefix) :]
        return (self.system, text) if text else None


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

    ``codes`` adds what codes of the site stand for, and ``mapped`` counts the rows it knew;
    ``told`` is told where columns disagree.

    Raises:
        InputError: the mapping names a column that is not there, or stands twice.
    """

    def __init__(
        self, mapping: TableMapping, header: Header, find: Find, codes: Codes | None = None
    ) -> None:
        self.mapping, self.header, self.find, self.codes = mapping, header, find, codes
        self.told, self.mapped = Disagreements(), 0
        self._people: set[tuple[str, str, str]] = set()
        self._known: dict[tuple[tuple[Code, ...], str], bool] = {}
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
        self._codes = [
            _Code(
                self._getter(one),
                _system(one.system),
                tuple((prefix, _system(said)) for prefix, said in one.prefixes.items()),
            )
            for one in columns.code
        ]
        self._local: Mapping[str, LocalCode] = {one.code: one for one in mapping.local_codes}
        self._keep = conditions(mapping.keep, header) if mapping.keep else None
        self._tests = [self._test(one) for one in mapping.results]
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
            else self._named(_system(one.system), one.code or "", said)[0]
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
        made = [*self._person(line, cells, patient, subject, when)]
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

    def _person(
        self, line: int, cells: Sequence[str], patient: str, subject: str, when: str
    ) -> Iterator[Row]:
        """What a row says of the patient, once."""
        sex = self._get["sex"](cells)
        born = self._get["birth_date"](cells)
        age = self._get["age"](cells)
        if age and when:
            born = birth_for(age, when)
        if not sex and not born:
            return
        said = (patient, sex, born)
        if said in self._people:
            return
        if len(self._people) < _MOST_PEOPLE:
            self._people.add(said)
        gender = names.words().sex.get(names.loose(sex), sex) if sex else ""
        body = resources.patient(patient, gender=gender, birth=born)
        yield Row(subject, line, body, "Patient")

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
                more, entry = self._named(*found, name)
                codes += more
                local = local or entry
        if not self._ours(tuple(codes), name):
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
        body = self._encoded(
            Record(
                patient=patient,
                codes=codes,
                text=name,
                value_text=value.text,
                value_number=value.number,
                comparator=value.comparator,
                unit_text=unit,
                unit_code=self._unit(unit, local),
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
        for test in self._tests:
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
            body = self._encoded(
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

    def _ours(self, codes: tuple[Code, ...], name: str) -> bool:
        """Whether the reader of FHIR may have anything to say of such a test; asked of it once."""
        key = (codes, "" if codes else name)
        found = self._known.get(key)
        if found is None:
            test = {"resourceType": "Observation", "code": resources.concept(codes, name)}
            if self.codes is not None:
                self.codes.add(test)
            found = observation.concerns_us(test)
            if len(self._known) < _MOST_TESTS:
                self._known[key] = found
        return found

    def _encoded(self, record: Record) -> bytes:
        found = resource(record)
        if self.codes is not None:
            self.mapped += self.codes.add(found)
        return resources.encoded(found)

    def _named(self, system: str, code: str, name: str) -> tuple[list[Code], LocalCode | None]:
        """The codings of a code: what it stands for by the mapping file first."""
        entry = self._local.get(code) if system != LOINC else None
        own = Code(system or SITE, code, name)
        if entry is None:
            return [own], None
        return [Code(LOINC, entry.loinc, entry.name or name), own], entry

    def _unit(self, text: str, local: LocalCode | None) -> str:
        """The UCUM unit the mapping file gives; empty when it says nothing of it."""
        if not text:
            return "" if local is None else local.unit or ""
        own = None if local is None else local.units.get(text)
        return own or self.mapping.local_units.get(text, "")


_TIMES = ("time", "date", "issued", "birth_date")


def birth_for(age: str, when: str) -> str:
    """A birth date that makes an age in whole years true at the time of the sample.

    A year where the births of that age fill one (a sample of 31 December), else the month in the
    middle of them. What is no age stays, to be refused where it is read.
    """
    years = number_of(age)
    try:
        moment = Moment.parse(when)
    except (ValueError, OverflowError):
        return age
    if years is None or years != int(years) or not 0 <= years <= _OLDEST:
        return age
    born = born_for(int(years), moment)
    if born is None:
        return age
    first, last = born.start, born.end
    if first.year == last.year:
        return str(first.year)
    middle = first + (last - first) / 2
    return f"{middle.year:04d}-{middle.month:02d}"


def refuse(read: Read, line: int, reason: str, path: str, subject: str = "") -> None:
    """Count one row that cannot be read."""
    read.rows += 1
    read.refused.append(Refused(line, reason, path, subject=subject))


def _system(said: str | None) -> str:
    return "" if said is None else SHORT.get(said, said)


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
        [Code(_system(said.system), said.code, said.name or "")],
        clinical=clinical,
        verification=verification,
        recorded=when,
    )


def _some(text: str) -> tuple[str, ...]:
    return (text,) if text else ()
