"""Tables of every kind: cells stay as written; a row that does not fit is refused, not shifted."""

from __future__ import annotations

import datetime
import pickle
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corrin.batch.sources import table
from corrin.batch.sources.files import head_of
from corrin.batch.sources.resources import reference_of
from corrin.batch.sources.source import InputError, Span
from corrin.batch.sources.table_cells import text_of
from support.tabled import HEADER, MAPPING, read, read_span, source_of, text
from support.workbook import DATE, TIME, ods, xlsx


def test_cells_stay_as_written(tmp_path: Path) -> None:
    """Digits, blanks inside, leading zeros of numbers that are names."""
    body = HEADER + "007,2132-9,0.40,ng/mL,2026-01-01\n 007 ,2132-9, 1e3 ,pg/mL,2026-01-01 08:15\n"
    first, second = read(text(tmp_path, body)).resources()
    assert first["subject"]["reference"] == second["subject"]["reference"] == "Patient/007"
    assert first["valueQuantity"]["value"] == "0.40"
    assert second["effectiveDateTime"] == "2026-01-01T08:15:00"


def test_a_row_that_does_not_fit_is_refused_with_its_number(tmp_path: Path) -> None:
    """One cell too many, one too few, a delimiter within a value; none is shifted into place."""
    body = (
        HEADER
        + "p1,2132-9,240,pg/mL,2026-01-01\n"
        + "p2,2132-9,7,5,pg/mL,2026-01-01\n"
        + "p3,2132-9,240,pg/mL\n"
        + "\n,,,,\n"
        + "p4,2132-9,250,pg/mL,2026-01-01\n"
    )
    found = read(text(tmp_path, body))
    assert [row["line"] for row in found.rows] == [2, 7]
    assert found.refused() == [(3, "input-row-ragged", ""), (4, "input-row-ragged", "")]
    assert found.counted() and found.read.rows == 4 and found.read.lines == 7


def test_a_row_of_nobody_is_refused(tmp_path: Path) -> None:
    """The column that should name the person is named."""
    found = read(text(tmp_path, HEADER + ",2132-9,240,pg/mL,2026-01-01\n"))
    assert found.refused() == [(2, "subject-missing", "PID")]


def test_ten_thousand_columns(tmp_path: Path) -> None:
    """Most of them nobody asked for."""
    extra = [f"c{at}" for at in range(9_995)]
    line = ",".join(["p,2132-9,240,pg/mL,2026-01-01", *("x" for _ in extra)])
    body = HEADER.strip() + "," + ",".join(extra) + "\n" + f"{line}\n" * 20
    found = read(text(tmp_path, body))
    assert len(found.rows) == 20 and found.read.refused == []


def test_headers_with_holes_and_doubles(tmp_path: Path) -> None:
    """They stand in nobody's way, until a mapping means one of two."""
    body = "PID,LOINC,VALUE,UNIT,DATE,,NOTE,NOTE,\np,2132-9,240,pg/mL,2026-01-01,a,b,c,d\n"
    path = text(tmp_path, body)
    assert len(read(path).rows) == 1
    with pytest.raises(InputError) as caught:
        read(path, MAPPING + "  comment: NOTE\n")
    assert (caught.value.reason, caught.value.hint) == ("input-column-twice", "NOTE")
    found = read(path, MAPPING + "  comment: {position: 8}\n")
    assert found.resources()[0]["note"] == [{"text": "c"}]


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    """The header's line, and the name as the mapping file has it; letters fit in either case."""
    path = text(tmp_path, HEADER.lower() + "p,2132-9,240,pg/mL,2026-01-01\n")
    assert len(read(path).rows) == 1
    with pytest.raises(InputError) as caught:
        read(path, MAPPING + "  low: LOW\n")
    assert (caught.value.reason, caught.value.line, caught.value.hint) == (
        "input-column-missing",
        1,
        "LOW",
    )


def test_without_a_header(tmp_path: Path) -> None:
    """Columns go by position; a position beyond the row is told."""
    mapping = """\
name: bare
file: {header: 0, delimiter: pipe, quote: none}
columns:
  patient: {position: 1}
  code: {position: 2, system: loinc}
  value: {position: 3}
  unit: {constant: pg/mL}
  time: {constant: "2026-01-01"}
  status: {constant: final}
"""
    path = text(tmp_path, 'p|2132-9|<150\np"|2132-9|240\n')
    first, second = read(path, mapping).resources()
    assert first["valueQuantity"] | {"x": 1} == {
        "value": "150",
        "comparator": "<",
        "unit": "pg/mL",
        "code": "pg/mL",
        "x": 1,
    }
    assert second["subject"]["reference"] == reference_of('p"')
    with pytest.raises(InputError) as caught:
        read(path, mapping.replace("position: 3", "position: 4"))
    assert caught.value.reason == "input-column-missing"


def test_a_header_further_down(tmp_path: Path) -> None:
    """Lines before it are passed over; a header that is not there is told."""
    body = 'Report of the day\n"made by, somebody"\n' + HEADER + "p,2132-9,240,pg/mL,2026-01-01\n"
    path = text(tmp_path, body)
    found = read(path, MAPPING + "file: {header: 3}\n")
    assert [row["line"] for row in found.rows] == [4]
    with pytest.raises(InputError) as caught:
        read(path, MAPPING + "file: {header: 9}\n")
    assert caught.value.reason == "input-header"


def parquet(folder: Path, **kinds: pa.DataType) -> Path:
    """A table with values of other kinds than text."""
    table_ = pa.table(
        {
            "PID": pa.array([1, 2, 3], pa.int64()),
            "LOINC": pa.array(["2132-9"] * 3).dictionary_encode(),
            "VALUE": pa.array([240.5, 0.1, None], kinds.get("value", pa.float64())),
            "UNIT": pa.array(["pg/mL", "ng/mL", "pg/mL"]),
            "DATE": pa.array(
                [datetime.datetime(2026, 1, 1, 8, 15), datetime.datetime(2026, 1, 2), None],
                kinds.get("date", pa.timestamp("ns")),
            ),
            "": pa.array([b"x", None, None], pa.binary()),
        }
    )
    path = folder / "table.parquet"
    pq.write_table(table_, path, row_group_size=1)
    return path


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32()])
def test_parquet(tmp_path: Path, kind: pa.DataType) -> None:
    """Numbers become their shortest decimal, of 32 bits too; times without time of day are days."""
    found = read(parquet(tmp_path, value=kind))
    values = [one.get("valueQuantity", {}).get("value") for one in found.resources()]
    assert values == ["240.5", "0.1", None]
    times = [one.get("effectiveDateTime") for one in found.resources()]
    assert times == ["2026-01-01T08:15:00", "2026-01-02", None]
    assert [row["subject"] for row in found.rows] == ["Patient/1", "Patient/2", "Patient/3"]
    assert [row["line"] for row in found.rows] == [1, 2, 3]


def test_parquet_with_zones_and_pieces(tmp_path: Path) -> None:
    """A timestamp of a zone is told in UTC; row groups are pieces."""
    source = source_of(parquet(tmp_path, date=pa.timestamp("us", "Europe/London")))
    spans = source.spans(1)
    assert len(spans) == 3
    pieces = [read_span(source, span) for span in spans]
    assert [len(one.rows) for one in pieces] == [1, 1, 1]
    assert pieces[0].resources()[0]["effectiveDateTime"] == "2026-01-01T08:15:00Z"
    assert [one.read.lines for one in pieces] == [1, 1, 1]


def test_a_broken_parquet_file(tmp_path: Path) -> None:
    """Its end is missing."""
    path = parquet(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError) as caught:
        read(path)
    assert caught.value.reason == "input-corrupt"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (463.0, "463"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (1.5e22, "15000000000000000000000"),
        (float("nan"), ""),
        (Decimal("0.40"), "0.40"),
        (True, "true"),
        (None, ""),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), "2026-01-02T00:00:00Z"),
        (datetime.time(8, 15), "08:15:00"),
        (datetime.timedelta(hours=8, minutes=15), "08:15:00"),
    ],
)
def test_cells_as_text(value: object, said: str) -> None:
    """Exactly what they hold."""
    assert text_of(value) == said


ROWS = [
    ["PID", "LOINC", "VALUE", "UNIT", "DATE"],
    ["a1", "2132-9", 240.5, "pg/mL", (46023, DATE)],
    ["a2", "2132-9", "<150", "pg/mL", (46023.34375, TIME)],
    [None, None, None, None, None],
    ["a3", "2132-9", 0.1, "ng/mL", "2026-01-03"],
]


def test_workbooks(tmp_path: Path) -> None:
    """Dates of a sheet are days, times have their time, and rows their own numbers."""
    path = xlsx(tmp_path / "book.xlsx", {"Read me": [["nothing"]], "Results": ROWS})
    found = read(path, MAPPING + "file: {sheet: Results}\n")
    assert [row["line"] for row in found.rows] == [2, 3, 5]
    assert [one["effectiveDateTime"] for one in found.resources()] == [
        "2026-01-01",
        "2026-01-01T08:15:00",
        "2026-01-03",
    ]
    assert [one["valueQuantity"]["value"] for one in found.resources()] == ["240.5", "150", "0.1"]
    with pytest.raises(InputError) as caught:
        read(path, MAPPING + "file: {sheet: Resluts}\n")
    assert (caught.value.reason, caught.value.hint) == ("input-sheet-missing", "Read me, Results")


def test_open_document_sheets(tmp_path: Path) -> None:
    """The same table."""
    rows = [[None if isinstance(cell, tuple) else cell for cell in row] for row in ROWS]
    found = read(ods(tmp_path / "book.ods", "One", rows), MAPPING)
    assert [one["valueQuantity"]["value"] for one in found.resources()] == ["240.5", "150", "0.1"]


def test_a_broken_workbook(tmp_path: Path) -> None:
    """It begins like one."""
    with pytest.raises(InputError) as caught:
        read(text(tmp_path, b"PK\x03\x04 and no more", "book.xlsx"))
    assert caught.value.reason == "input-corrupt"


def test_an_empty_file_and_an_empty_sheet(tmp_path: Path) -> None:
    """No header, no table."""
    for path in (text(tmp_path, b""), xlsx(tmp_path / "book.xlsx", {"One": []})):
        with pytest.raises(InputError) as caught:
            read(path)
        assert caught.value.reason in ("input-header", "input-column-missing")
    assert read(text(tmp_path, HEADER)).rows == []


def test_without_a_mapping_an_unknown_table_says_so(tmp_path: Path) -> None:
    """And is not recognised; what is no table is none."""
    path = text(tmp_path, HEADER)
    with pytest.raises(InputError) as caught:
        source_of(path, None).spans()
    assert caught.value.reason == "input-mapping-unknown"
    assert not table.recognise(path, head_of(path))
    assert table.is_table(path, head_of(path))
    for body in (
        b'{"resourceType": "Patient", "id": "a,b"}',
        b"MSH|^~\\&|",
        b"[1,2]",
        b"",
        b"word",
    ):
        assert not table.is_table(path, body)


def test_sources_travel(tmp_path: Path) -> None:
    """They are sent to other processes."""
    source = source_of(text(tmp_path, HEADER + "p,2132-9,240,pg/mL,2026-01-01\n"))
    again = pickle.loads(pickle.dumps(source))
    assert again == source
    assert read_span(again, Span()).rows == read_span(source, Span()).rows
