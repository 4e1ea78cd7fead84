"""Reading ``rules/terminology`` into the dataclasses; every fault says file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from corrin.content import ContentError, Located, read_document
from corrin.terminology.analyte import Analyte, Dimension, LoincCode, Plausible
from corrin.terminology.concept import Code, Concept, ConceptKind
from corrin.terminology.reason import REASON_KINDS, Reason
from corrin.terminology.systems import ICD10CM, LOINC, SHORT, written
from corrin.terminology.table import Coded, Panel, Rejected, Terminology

_CONCEPT_FILES: Mapping[str, ConceptKind] = MappingProxyType(
    {
        "findings": "finding",
        "conditions": "condition",
        "procedures": "procedure",
        "diet": "diet",
        "medicines": "medicine",
    }
)
_MARKS = frozenset({"prefix", "unspecific", "denies"})
_WHO = "who:"


def read(root: Path) -> Terminology:
    """Read the terminology under ``root`` (the ``rules`` folder).

    Raises:
        ContentError: a file is missing, is not YAML, or holds an entry we cannot understand.
    """
    folder = root / "terminology"
    measured = folder / "analytes.yaml"
    document = _document(measured)
    rejected = [
        Rejected(LOINC, code, what, checked, why)
        for code, what, checked, why in _tuples(measured, document, "rejected", 4)
    ]
    misprints = {
        code: f"This code fails the LOINC check digit; for {what} the code is {meant}."
        for code, meant, what in _tuples(measured, document, "misprints", 3)
    }
    panels = {
        code: Panel(code, name, checked)
        for code, name, checked in _tuples(measured, document, "panels", 3)
    }
    analytes = {one.id: one for one in _each(measured, document, "analytes", _analyte)}
    concepts: dict[str, Concept] = {}
    rejected_names: list[str] = []
    who: dict[str, tuple[Coded, ...]] = {}
    for name, kind in _CONCEPT_FILES.items():
        file = folder / f"{name}.yaml"
        document = _document(file)
        for entry in document[name]:
            concept, stripped = _located(file, entry, _concept, kind)
            if concept.id in concepts or concept.id in analytes:
                raise ContentError(file, entry.line, f"the id {concept.id!r} stands twice")
            concepts[concept.id] = concept
            for short, code in stripped:
                who[short] = (*who.get(short, ()), (concept, code))
        rejected += [
            Rejected(SHORT[system], code.rstrip("*"), what, checked, why, code.endswith("*"))
            for system, code, what, checked, why in _tuples(file, document, "rejected", 5)
        ]
        rejected_names += document.get("rejected_names", [])
    for concept in concepts.values():
        if unknown := [wide for wide in concept.within if wide not in concepts]:
            raise ContentError(folder, 1, f"{concept.id}: no concept is called {unknown[0]!r}")
    reasons_file = folder / "reasons.yaml"
    reasons = {
        one.code: one for one in _each(reasons_file, _document(reasons_file), "reasons", _reason)
    }
    return Terminology(
        analytes=MappingProxyType(analytes),
        concepts=MappingProxyType(concepts),
        reasons=MappingProxyType(reasons),
        panels=MappingProxyType(panels),
        rejected=tuple(rejected),
        rejected_names=tuple(rejected_names),
        who_icd10=MappingProxyType(who),
        misprints=MappingProxyType(misprints),
    )


def _document(file: Path) -> Located:
    document = read_document(file)
    if not isinstance(document, Located):
        raise ContentError(file, 1, "a mapping is expected")
    return document


def _tuples(file: Path, document: Located, key: str, size: int) -> Iterator[list[str]]:
    for row in document.get(key, []):
        if not isinstance(row, list) or len(row) != size:
            raise ContentError(
                file, document.lines[key], f"{key}: {size} cells are expected: {row}"
            )
        yield [str(cell) for cell in row]


def _located(file: Path, entry: Any, make: Any, *more: Any) -> Any:
    if not isinstance(entry, Located):
        raise ContentError(file, 0, "an entry is a mapping")
    try:
        return make(entry, *more)
    except KeyError as error:
        raise ContentError(file, entry.line, f"the key {error} is missing or unknown") from error
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ContentError(file, entry.line, str(error)) from error


def _each(file: Path, document: Located, key: str, make: Any) -> Iterator[Any]:
    seen: set[str] = set()
    for entry in document[key]:
        made = _located(file, entry, make)
        name = made.code if isinstance(made, Reason) else made.id
        if name in seen:
            raise ContentError(file, entry.line, f"{name!r} stands twice")
        seen.add(name)
        yield made


def _known(entry: Located, *keys: str) -> None:
    for key in entry:
        if key not in keys:
            raise ValueError(f"the key {key!r} is unknown")


def _analyte(entry: Located) -> Analyte:
    _known(
        entry, "id", "name", "short", "names", "family", "kind", "dimensions", "molar_mass",
        "second_molar_mass", "charge", "plausible", "critical", "sources", "note", "codes",
    )  # fmt: skip
    dimensions = {
        name: Dimension(units[0], tuple(units))
        for name, units in entry.get("dimensions", {}).items()
    }
    kind = entry["kind"]
    if kind not in ("quantity", "qualitative") or (kind == "quantity") != bool(dimensions):
        raise ValueError(
            f"{entry['id']}: a quantity has dimensions, a qualitative analyte has none"
        )
    window = entry.get("plausible")
    return Analyte(
        id=entry["id"],
        name=entry["name"],
        short=entry["short"],
        names=tuple(entry["names"]),
        family=entry["family"],
        kind=kind,
        codes=tuple(_loinc(row) for row in entry.get("codes", [])),
        dimensions=MappingProxyType(dimensions),
        molar_mass=_decimal(entry.get("molar_mass")),
        charge=entry.get("charge"),
        second_molar_mass=_decimal(entry.get("second_molar_mass")),
        plausible=None if window is None else _plausible(window),
        critical=entry.get("critical", False),
        sources=tuple(entry.get("sources", ())),
        note=entry.get("note", ""),
    )


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _plausible(window: Located) -> Plausible:
    low, high = Decimal(str(window["low"])), Decimal(str(window["high"]))
    if low >= high:
        raise ValueError("plausible: low must be below high")
    return Plausible(low, high, window["unit"], window["evidence"])


def _padded(row: list[Any], least: int) -> list[Any]:
    """A code row with its optional note and list at the end."""
    if not least <= len(row) <= least + 2:
        raise ValueError(f"a code row has {least} to {least + 2} cells: {row}")
    return [*row, *["", []][len(row) - least :]]


def _loinc(row: list[Any]) -> LoincCode:
    code, promise, specimen, checked, note, flags = _padded(row, 4)
    return LoincCode(code, promise, specimen, checked, note, tuple(flags))


def _concept(entry: Located, kind: ConceptKind) -> tuple[Concept, list[tuple[str, Code]]]:
    _known(entry, "id", "name", "names", "gives_b12", "within", "notes", "codes")
    if kind not in get_args(ConceptKind):
        raise ValueError(f"the kind {kind!r} is unknown")
    codes: list[Code] = []
    stripped: list[tuple[str, Code]] = []
    for short, rows in entry.get("codes", {}).items():
        system = SHORT[short]
        for row in rows:
            text, checked, note, marks = _padded(row, 2)
            plain = {mark for mark in marks if not mark.startswith(_WHO)}
            if not plain <= _MARKS:
                raise ValueError(f"{text}: unknown marks {sorted(plain - _MARKS)}")
            code = Code(
                system, text, checked, note, "prefix" in plain, "unspecific" in plain,
                "denies" in plain,
            )  # fmt: skip
            codes.append(code)
            same = [mark[len(_WHO) :] for mark in marks if mark.startswith(_WHO)]
            if system == ICD10CM and not same and 3 <= len(written(system, text)) <= 4:
                same = [text]
            stripped += [(written(system, one), code) for one in same if one != "none"]
    concept = Concept(
        id=entry["id"],
        name=entry["name"],
        kind=kind,
        codes=tuple(codes),
        names=tuple(entry.get("names", ())),
        gives_b12=entry.get("gives_b12", False),
        within=tuple(entry.get("within", ())),
        notes=entry.get("notes", ""),
    )
    return concept, stripped


def _reason(entry: Located) -> Reason:
    _known(entry, "code", "kind", "sentence", "remedy")
    kinds = entry["kind"] if isinstance(entry["kind"], list) else [entry["kind"]]
    if not kinds or not set(kinds) <= set(REASON_KINDS):
        raise ValueError(f"{entry['code']}: the kind is one of {', '.join(REASON_KINDS)}")
    return Reason(entry["code"], entry["sentence"], entry["remedy"], tuple(kinds))
