"""Evidence rows: complete against the reference, and honest about what was verified."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from corrin.content import ContentError
from corrin.terminology import evidence
from support import places

EVIDENCE = evidence.load()


@pytest.mark.parametrize(
    ("row", "verified"),
    [
        ("B12-01", True),
        ("B12-04", True),
        ("MMA-01", True),
        ("U-02", False),
        ("NG-13", False),
        ("P-01", False),
        ("GL-01", False),
        ("TR-01", False),
        ("HB-06", False),
        ("CB-05", False),
        ("CB-08", False),
        ("CB-09", False),
        ("FO-05", True),
        ("EL-04", False),
        ("SD-06", False),
    ],
)
def test_what_counts_as_verified(row: str, verified: bool) -> None:
    assert EVIDENCE.row(row).verified is verified


@pytest.mark.parametrize(
    ("check", "verified"),
    [
        ("V", True),
        ("V2", True),
        ("V2 (several concordant)", True),
        ("V / V2", True),
        ("V / G", False),
        ("V (direction, PPI) / G (ULN)", False),
        ("G", False),
        ("-", False),
        ("project", False),
        ("project rule", False),
        ("", False),
    ],
)
def test_check_codes(check: str, verified: bool) -> None:
    assert evidence.is_verified(check) is verified


def test_every_source_key_resolves() -> None:
    for row in EVIDENCE.rows.values():
        for key in row.sources:
            assert key in EVIDENCE.sources or key in EVIDENCE.rows, f"{row.id}: {key}"


def test_a_row_that_cites_a_row_has_its_sources() -> None:
    assert [source.key for source in EVIDENCE.sources_of("CR-06")] == ["S40", "S05c"]
    assert [source.key for source in EVIDENCE.sources_of("B12-01")] == ["S04", "S05b", "S06b"]


def test_several_rows_are_verified_together() -> None:
    assert EVIDENCE.verified(("B12-01", "B12-04"))
    assert not EVIDENCE.verified(("B12-01", "U-02"))
    assert not EVIDENCE.verified(())


def test_texts_are_plain() -> None:
    for row in EVIDENCE.rows.values():
        assert row.item.isascii(), row.id
        assert "|" not in row.item and "`" not in row.item, row.id
        assert row.item.strip(), row.id
        assert row.section, row.id
    for source in EVIDENCE.sources.values():
        assert source.title and source.url, source.key


def test_an_unknown_row_is_an_error() -> None:
    with pytest.raises(KeyError):
        EVIDENCE.row("B12-99")


def test_a_source_that_is_not_there_says_where(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "sources.yaml").write_text("sources:\n  S1: {title: t, url: u}\n", encoding="utf-8")
    (folder / "rows.yaml").write_text(
        'rows:\n  A-01: {section: "1", check: V, sources: [S2], item: i}\n', encoding="utf-8"
    )
    with pytest.raises(ContentError, match=r"rows\.yaml:2: .*'S2'"):
        evidence.load(tmp_path)


@pytest.mark.samples
def test_every_row_and_source_of_the_reference_is_here() -> None:
    samples = places.samples()
    assert samples is not None
    file = samples.parent / "clinical-reference.md"
    text = file.read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| ([A-Z][A-Z0-9]{0,3}-\d{2}[a-z]?) \|", text, re.M))
    assert len(rows) > 300
    assert rows - set(EVIDENCE.rows) == set()
    sources = re.findall(r"^\| (S\d{2}[a-z]?(?:, S\d{2}[a-z]?)*) \|", text, re.M)
    keys = {key for cell in sources for key in cell.split(", ")}
    assert keys - set(EVIDENCE.sources) == set()


@pytest.mark.samples
def test_check_codes_are_those_of_the_reference() -> None:
    samples = places.samples()
    assert samples is not None
    file = samples.parent / "clinical-reference.md"
    in_table = False
    for line in file.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip()[1:-1].split("|")]
        if line.startswith("| ID |"):
            in_table = "Ver." in cells and "Src" in cells
        elif not line.startswith("|"):
            in_table = False
        elif in_table and cells[0] in EVIDENCE.rows:
            assert EVIDENCE.row(cells[0]).check == (cells[-2] or "-"), cells[0]
