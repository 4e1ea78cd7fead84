"""Codes and unit spellings of a site: what they stand for, by a file the site writes.

``docs/batch-codes.md`` shows one. A file is YAML, or CSV with the columns ``system``, ``code``,
``loinc``, ``unit`` and ``ucum``. All that it says is text: ``51010`` and ``"51010"`` are one code.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationError,
    model_validator,
)

from corrin.batch.sources.mapping_file import MappingProblem, read_plain
from corrin.batch.sources.observation import UCUM, Record
from corrin.batch.sources.resources import Code
from corrin.content import Located
from corrin.packs.finding import Finding, Place, Unreadable, WrongShape
from corrin.packs.misshape import said
from corrin.packs.pack import line_of
from corrin.terminology.systems import SHORT, canonical_system, loinc_check_digit_holds
from corrin.units.spelling import plain

ABOUT = "file of local codes"
SEE = "see docs/batch-codes.md for what such a file holds"
_CSV = frozenset({"system", "code", "loinc", "name", "unit", "ucum", *SHORT})
_CONCEPTS = ("code", "medicationCodeableConcept")
_MOST_FINDINGS = 100

_Word = Annotated[str, StringConstraints(min_length=1, max_length=256, strip_whitespace=True)]


def _checked(code: str) -> str:
    if not loinc_check_digit_holds(code):
        raise ValueError("it is no LOINC code: its check digit does not hold")
    return code


_Loinc = Annotated[str, StringConstraints(pattern=r"^\d{1,7}-\d$"), AfterValidator(_checked)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LocalCode(_Part):
    """What a code of a site stands for.

    system: the code's system as the source writes it; of HL7 v2 ``urn:id:`` and the name in OBX-3.
    loinc, snomed …: the code it stands for; one of them.
    unit: the unit in UCUM of results of this test that come without one.
    units: the site's spelling → UCUM, for this test only.
    """

    system: str = ""
    code: _Word
    loinc: _Loinc | None = None
    snomed: _Word | None = None
    icd10: _Word | None = None
    icd10cm: _Word | None = None
    rxnorm: _Word | None = None
    atc: _Word | None = None
    name: str = ""
    unit: _Word | None = None
    units: Mapping[_Word, _Word] = {}

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        named = [name for name in SHORT if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"one of {', '.join(SHORT)} is expected")
        if (self.unit or self.units) and self.loinc is None:
            raise ValueError("unit and units belong to a code that stands for a LOINC code")
        return self

    def target(self) -> Code:
        """The code it stands for."""
        name = next(one for one in SHORT if getattr(self, one) is not None)
        return Code(SHORT[name], getattr(self, name), self.name)


class CodesFile(_Part):
    """A file of local codes.

    system: the system of codes that name none of their own.
    units: the site's spelling of a unit → UCUM, whatever the test.
    """

    system: str = ""
    codes: tuple[LocalCode, ...] = ()
    units: Mapping[_Word, _Word] = {}

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.codes and not self.units:
            raise ValueError("codes: it is missing")
        return self


@dataclass(frozen=True)
class Codes:
    """What local codes and unit spellings stand for."""

    codes: Mapping[tuple[str, str], LocalCode] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    def of(self, system: str | None, code: str | None) -> LocalCode | None:
        """What is known of a code; a system is compared without its version."""
        if not code:
            return None
        bare = (system or "").split("|", 1)[0].rstrip("/")
        return self.codes.get((bare, code.strip()))

    def mapped(self, codes: Sequence[Code]) -> list[Code]:
        """Codes, and behind them those that they stand for and that are not there yet."""
        known = [one for one in (self.of(c.system, c.code) for c in codes) if one]
        there = {(canonical_system(one.system), one.code) for one in codes}
        return [*codes, *(one.target() for one in known if one.target()[:2] not in there)]

    def record(self, record: Record) -> Record:
        """A result with the codes and the unit that its own stand for."""
        known = [one for one in (self.of(c.system, c.code) for c in record.codes) if one]
        ucum = self._unit(record.unit_code or record.unit_text, known)
        if ucum is None and not known:
            return record
        return replace(
            record,
            codes=self.mapped(record.codes),
            unit_code=record.unit_code if ucum is None else ucum,
        )

    def add(self, resource: dict[str, Any]) -> bool:
        """Put in what the codes and units of a resource stand for; whether any did."""
        changed = False
        for node in (resource, *_components(resource)):
            known: list[LocalCode] = []
            for name in _CONCEPTS:
                concept = node.get(name)
                if isinstance(concept, dict):
                    known += self._coded(concept)
            changed = self._measured(node, known) or bool(known) or changed
        return changed

    def _coded(self, concept: dict[str, Any]) -> list[LocalCode]:
        """What the codings of a concept stand for, put beside them."""
        codings = concept.get("coding")
        if not isinstance(codings, list):
            return []
        known = []
        for coding in list(codings):
            if not isinstance(coding, dict):
                continue
            system, code = coding.get("system"), coding.get("code")
            if not isinstance(code, str) or not isinstance(system, str | None):
                continue
            one = self.of(system, code)
            if one is None:
                continue
            known.append(one)
            target = one.target()
            if not any(_same(other, target) for other in codings):
                found = {"system": target.system, "code": target.code, "display": target.display}
                codings.append({name: text for name, text in found.items() if text})
        return known

    def _measured(self, node: dict[str, Any], known: list[LocalCode]) -> bool:
        quantities = [node.get("valueQuantity")]
        ranges = node.get("referenceRange")
        for one in (node.get("valueRange"), *(ranges if isinstance(ranges, list) else ())):
            if isinstance(one, dict):
                quantities += [one.get("low"), one.get("high")]
        changed = False
        for quantity in quantities:
            if not isinstance(quantity, dict):
                continue
            unit, code = quantity.get("unit"), quantity.get("code")
            if quantity.get("system") == UCUM:
                continue
            spelt = code if isinstance(code, str) else unit
            ucum = self._unit(spelt if isinstance(spelt, str) else "", known)
            if ucum is not None:
                quantity["system"], quantity["code"] = UCUM, ucum
                changed = True
        return changed

    def _unit(self, spelt: str, known: list[LocalCode]) -> str | None:
        if not spelt.strip():
            units = {one.unit for one in known if one.unit is not None}
            return units.pop() if len(units) == 1 else None
        for own in (*(one.units for one in known), self.units):
            for text in (spelt.strip(), plain(spelt)):
                found = None if text is None else own.get(text)
                if found is not None:
                    return found
        return None


def load(path: str) -> Codes:
    """The codes of a file.

    Raises:
        MappingProblem: there is no such file, or it cannot be used; every fault with its line.
    """
    try:
        stamp = Path(path).stat()
    except OSError:
        raise _problem(path, 0, "there is no such file") from None
    return _loaded(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=8)
def _loaded(path: str, _changed: int, _size: int) -> Codes:
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise _problem(path, 0, error.strerror or "it cannot be read") from None
    return read_codes(data, path)


def read_codes(data: bytes, name: str) -> Codes:
    """The codes of a file's bytes; ``name`` is what findings call it.

    Raises:
        MappingProblem: it cannot be used; every fault with its line.
    """
    raw = _from_csv(data, name) if name.lower().endswith((".csv", ".tsv")) else None
    if raw is None:
        raw = read_plain(data, name)
    try:
        file = CodesFile.model_validate(raw)
    except ValidationError as error:
        found = tuple(_misshapen(error, raw, name))[:_MOST_FINDINGS]
        raise MappingProblem(found) from None
    codes: dict[tuple[str, str], LocalCode] = {}
    lines = raw.get("codes", []) if isinstance(raw, dict) else []
    for at, one in enumerate(file.codes):
        key = ((one.system or file.system).split("|", 1)[0].rstrip("/"), one.code)
        if key in codes and codes[key] != one:
            raise _problem(
                name, getattr(lines[at], "line", 0), f"codes.{at}: the code stands twice"
            )
        codes[key] = one
    return Codes(codes, {text: ucum for spelt, ucum in file.units.items() for text in _as(spelt)})


def _as(spelt: str) -> Iterator[str]:
    yield spelt
    bare = plain(spelt)
    if bare is not None:
        yield bare


def _from_csv(data: bytes, name: str) -> Located:
    """A table of codes and units as the YAML of the same meaning."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _problem(name, 0, "it is not UTF-8") from None
    mark = "\t" if "\t" in text.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    found, codes, units = Located(), [], Located()
    found.line, found.lines, units.lines = 1, {}, {}
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        unknown = sorted(set(header) - _CSV)
        if unknown or ("code" not in header and "unit" not in header):
            known = ", ".join(sorted(_CSV))
            raise _problem(name, 1, f"the first line names the columns, of these: {known}")
        line = reader.line_num + 1
        for cells in reader:
            given = {key: cell.strip() for key, cell in zip(header, cells, strict=False)}
            row = Located({key: cell for key, cell in given.items() if cell and key != "ucum"})
            row.line, row.lines = line, dict.fromkeys(row, line)
            ucum = given.get("ucum", "")
            if len(cells) > len(header):
                raise _problem(name, line, "the line has more cells than the first line")
            if "code" in row:
                if ucum and "unit" in row:
                    row["units"] = {row.pop("unit"): ucum}
                codes.append(row)
            elif "unit" in row and ucum:
                units[row["unit"]], units.lines[row["unit"]] = ucum, line
            elif row:
                raise _problem(name, line, "a code, or a unit with its ucum, is expected")
            line = reader.line_num + 1
    except csv.Error:
        raise _problem(name, reader.line_num, "a quote is not closed, or stands astray") from None
    found["codes"], found["units"] = codes, units
    return found


def _components(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    components = resource.get("component")
    for one in components if isinstance(components, list) else ():
        if isinstance(one, dict):
            yield one


def _same(coding: object, target: Code) -> bool:
    return (
        isinstance(coding, dict)
        and isinstance(coding.get("system"), str)
        and canonical_system(coding["system"]) == target.system
        and coding.get("code") == target.code
    )


def _misshapen(error: ValidationError, raw: Any, name: str) -> Iterator[Finding]:
    for detail in error.errors(include_url=False, include_input=False):
        hint = SEE if detail["type"] in ("missing", "extra_forbidden") else ""
        yield WrongShape(Place(name, line_of(raw, detail["loc"])), ABOUT, said(detail), hint)


def _problem(name: str, line: int, why: str) -> MappingProblem:
    return MappingProblem((Unreadable(Place(name, line), ABOUT, why, SEE),))
