"""Every code in the content has the shape, and where it has one the check digit, of its system."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from corrin import terminology
from corrin.terminology.systems import (
    ATC,
    ICD10CM,
    LOINC,
    RXNORM,
    SNOMED,
    loinc_check_digit_holds,
    written,
)
from support import places

TERMS = terminology.load()
IN_RULES = re.compile(r"(?<![\w.-])\d{3,6}-\d(?![\w-])")

D = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6), (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4), (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)  # fmt: skip
P = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2), (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0), (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5), (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)  # fmt: skip


def verhoeff_holds(number: str) -> bool:
    check = 0
    for place, digit in enumerate(reversed(number)):
        check = D[check][P[place % 8][int(digit)]]
    return check == 0


def codes_of(system: str) -> list[str]:
    stated = [c.code for k in TERMS.concepts.values() for c in k.codes if c.system == system]
    return stated + [r.code for r in TERMS.rejected if r.system == system]


def loincs() -> list[str]:
    return [
        *(code.code for analyte in TERMS.analytes.values() for code in analyte.codes),
        *codes_of(LOINC),
        *TERMS.panels,
    ]


def test_every_loinc_has_a_right_check_digit() -> None:
    wrong = [code for code in loincs() if not loinc_check_digit_holds(code)]
    assert len(loincs()) > 200
    assert wrong == []


def test_loincs_anywhere_in_the_terminology_are_right_unless_listed_as_misprints() -> None:
    for file in sorted((places.RULES / "terminology").glob("*.yaml")):
        for code in IN_RULES.findall(file.read_text(encoding="utf-8")):
            assert loinc_check_digit_holds(code) or code in TERMS.misprints, f"{file.name}: {code}"


@pytest.mark.parametrize(
    "misprint", ["14685-4", "13964-4", "5140-4", "2132-8", "2132", "2132-", ""]
)
def test_misprints_fail_the_check_digit(misprint: str) -> None:
    assert not loinc_check_digit_holds(misprint)


def test_each_misprint_is_explained_and_names_nothing() -> None:
    for code in TERMS.misprints:
        assert not loinc_check_digit_holds(code)
        assert TERMS.analyte_for_loinc(code) is None
        assert "check digit" in (TERMS.rejected_loinc(code) or "")


def test_no_loinc_is_named_twice() -> None:
    assert [code for code, times in Counter(loincs()).items() if times > 1] == []


def test_snomed_codes_have_a_right_check_digit() -> None:
    for code in codes_of(SNOMED):
        assert re.fullmatch(r"[1-9]\d{5,17}", code), code
        assert verhoeff_holds(code), code
        assert code[-3] == "0", f"{code} is not a concept identifier"


def test_icd_codes_have_their_shape() -> None:
    for concept in TERMS.concepts.values():
        for code in concept.codes:
            if code.system == ICD10CM and not code.prefix:
                assert re.fullmatch(r"[A-TV-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?", code.code), code.code


def test_icd_families_are_prefixes_of_whole_blocks() -> None:
    families = {
        code.code
        for concept in TERMS.concepts.values()
        for code in concept.codes
        if code.system == ICD10CM and code.prefix
    }
    for family in families - {"O"}:
        assert re.fullmatch(r"[A-TV-Z]\d([0-9A-Z](\.[0-9A-Z]{1,3})?)?", family), family
    # Shorter than a whole block only where chapters are meant: pregnancy, and solid tumours.
    assert {one for one in families if len(one) < 3} == {
        "O", "C0", "C1", "C2", "C3", "C5", "C6", "C7",
    }  # fmt: skip


def test_rxnorm_codes_are_numbers() -> None:
    for code in codes_of(RXNORM):
        assert re.fullmatch(r"[1-9]\d{2,6}", code), code


def test_atc_codes_have_their_shape() -> None:
    for concept in TERMS.concepts.values():
        for code in concept.codes:
            if code.system == ATC:
                shape = r"[A-Z]\d{2}[A-Z]{1,2}" if code.prefix else r"[A-Z]\d{2}[A-Z]{2}\d{2}"
                assert re.fullmatch(shape, code.code), code.code


def test_a_code_stands_once_in_a_concept() -> None:
    for concept in TERMS.concepts.values():
        keys = [(code.system, written(code.system, code.code)) for code in concept.codes]
        assert len(keys) == len(set(keys)), concept.id


def test_a_rejected_code_states_nothing() -> None:
    for rejected in TERMS.rejected:
        assert TERMS.coded(rejected.system, rejected.code) == ()
        assert TERMS.rejected_code(rejected.system, rejected.code) == rejected.why
        assert rejected.why.endswith(".")


def table_codes(name: str, start: str, end: str) -> set[str]:
    samples = places.samples()
    assert samples is not None
    file: Path = samples.parent / name
    text = file.read_text(encoding="utf-8")
    return set(re.findall(r"^\| (\d+-\d) \|", text[text.index(start) : text.index(end)], re.M))


@pytest.mark.samples
def test_every_loinc_of_the_code_tables_is_placed() -> None:
    tables = table_codes("codes-and-units.md", "## A. LOINC", "### A6")
    placed = {code for code in tables if TERMS.loinc(code) or TERMS.rejected_loinc(code)}
    assert tables - placed == set()


@pytest.mark.samples
def test_every_panel_of_the_code_tables_is_a_panel() -> None:
    assert table_codes("codes-and-units.md", "### A6", "## B. Context codes") == set(TERMS.panels)


@pytest.mark.samples
def test_every_context_code_of_the_code_tables_is_placed() -> None:
    samples = places.samples()
    assert samples is not None
    file = samples.parent / "codes-and-units.md"
    text = file.read_text(encoding="utf-8")
    section = text[text.index("### B1") : text.index("## C. Units")]
    table = "\n".join(line for line in section.splitlines() if line.startswith("|"))
    ours = {system: {written(system, c) for c in codes_of(system)} for system in (SNOMED, ATC)}
    ours[ICD10CM] = {written(ICD10CM, c) for c in codes_of(ICD10CM)}
    snomed = {c for c in re.findall(r"(?<![\w.])\d{7,9}(?!\w)", table.split("### B3")[0])}
    rxnorm = set(codes_of(RXNORM))
    assert {c for c in snomed if c not in ours[SNOMED] and c not in rxnorm} == set()
    medicines = section[section.index("### B3") :]
    atc = set(re.findall(r"\b[A-Z]\d{2}[A-Z]{2}\d{2}\b", medicines))
    assert atc - ours[ATC] == set()
    before = section[: section.index("### B3")]
    icd_rows = "\n".join(line for line in before.splitlines() if line.startswith("|"))
    icd = set(re.findall(r"\b[A-TV-Z]\d[0-9A-Z]\.[0-9A-Z]{1,4}\b", icd_rows))
    assert {c for c in icd if written(ICD10CM, c) not in ours[ICD10CM]} == set()
