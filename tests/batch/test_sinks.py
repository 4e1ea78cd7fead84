"""Tables on disk: the same rows in every form, whole or not at all, in whatever pieces."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corrin.batch import sinks
from corrin.batch.sinks import dataset, parquet
from corrin.batch.sinks.whole import put, settle, whole

CODE = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        pa.field("text", pa.string()),
        pa.field("code", CODE),
        pa.field("texts", pa.list_(pa.string())),
        pa.field("number", pa.float64()),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("sure", pa.bool_()),
    ]
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none()
            | TEXTS
            | st.sampled_from(["=1+1", "+", "-", "-5", "@a", "'b", "\tc"]),
            "code": st.none() | TEXTS,
            "texts": st.none() | st.lists(TEXTS, max_size=3),
            "number": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "line": st.integers(0, 2**60),
            "sure": st.none() | st.booleans(),
        }
    ),
    max_size=6,
)


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    columns = []
    for field in SCHEMA:
        values = [row[field.name] for row in rows]
        if field.type == CODE:
            columns.append(pa.array(values, pa.string()).dictionary_encode().cast(CODE))
        else:
            columns.append(pa.array(values, field.type))
    return pa.table(columns, schema=SCHEMA)


def written(form: str, path: Path, *tables: pa.Table) -> bytes:
    with sinks.writer(form, path, SCHEMA) as file:
        for table in tables:
            file.write(table)
    assert file.rows == sum(table.num_rows for table in tables)
    return path.read_bytes()


def unquoted(data: bytes) -> list[list[tuple[str, bool]]]:
    """Cells of a CSV file by RFC 4180, each with whether it was in quotes."""
    text, rows, row, at = data.decode(), [], [], 0
    while at < len(text):
        if text[at] == '"':
            end = at + 1
            while text[end] != '"' or text[end + 1 : end + 2] == '"':
                end += 2 if text[end] == '"' else 1
            row.append((text[at + 1 : end].replace('""', '"'), True))
            at = end + 1
        else:
            end = at
            while text[end] not in ",\r":
                end += 1
            row.append((text[at:end], False))
            at = end
        if text[at] == ",":
            at += 1
        else:
            assert text[at : at + 2] == "\r\n"
            rows.append(row)
            row, at = [], at + 2
    return rows


@given(ROWS)
def test_csv_gives_every_cell_back(tmp_path_factory: pytest.TempPathFactory, rows: Any) -> None:
    data = written("csv", tmp_path_factory.mktemp("csv") / "a.csv", table_of(rows))
    head, *cells = unquoted(data)
    assert [name for name, _ in head] == SCHEMA.names
    assert len(cells) == len(rows)
    for row, found in zip(rows, cells, strict=True):
        for (cell, quoted), name in zip(found, SCHEMA.names, strict=True):
            value = row[name]
            if value is None:
                assert (cell, quoted) == ("", False)
            elif name == "texts":
                assert json.loads(cell) == value
            elif name in ("number", "line"):
                assert type(value)(cell) == value
            elif name == "sure":
                assert cell == ("true" if value else "false")
            else:
                assert quoted
                assert value == (cell[1:] if cell.startswith("'") else cell)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1-1", "-cmd", "@SUM(A1)", "\tx", "\rx", "+", "++", "'=1"]
)
def test_a_text_is_no_formula_in_a_spreadsheet(tmp_path: Path, text: str) -> None:
    row = dict.fromkeys(SCHEMA.names) | {"text": text, "line": 1, "texts": [text]}
    data = written("csv", tmp_path / "a.csv", table_of([row]))
    cells = next(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert cells["text"] == f"'{text}"
    assert json.loads(cells["texts"]) == [text]


@pytest.mark.parametrize("text", ["-5", "+1.5e3", "5", "a=b", "<3", "1-2"])
def test_a_number_stays_as_it_is_in_csv(tmp_path: Path, text: str) -> None:
    row = dict.fromkeys(SCHEMA.names) | {"text": text, "line": 1}
    data = written("csv", tmp_path / "a.csv", table_of([row]))
    assert next(csv.DictReader(io.StringIO(data.decode(), newline="")))["text"] == text


@given(ROWS)
def test_ndjson_gives_every_row_back(tmp_path_factory: pytest.TempPathFactory, rows: Any) -> None:
    data = written("ndjson", tmp_path_factory.mktemp("ndjson") / "a.ndjson", table_of(rows))
    assert data.count(b"\n") == len(rows)
    found = [json.loads(line) for line in data.split(b"\n")[:-1]]
    assert found == rows
    assert all(list(one) == SCHEMA.names for one in found)


@pytest.mark.parametrize("form", ["parquet", "ndjson", "csv"])
def test_the_pieces_rows_came_in_show_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 64)
    rows = [
        {
            "text": f"t{at * 7 % 31}",
            "code": f"c{at * 5 % 13}" if at % 4 else None,
            "texts": [f"{at % 3}"],
            "number": at / 3,
            "line": at,
            "sure": bool(at % 2),
        }
        for at in range(300)
    ]
    whole_ = written(form, tmp_path / "whole", table_of(rows))
    for size in (1, 63, 64, 65, 130):
        pieces = [table_of(rows[start : start + size]) for start in range(0, len(rows), size)]
        assert written(form, tmp_path / "pieces", *pieces) == whole_
    if form == "parquet":
        assert pq.read_table(tmp_path / "whole").to_pylist() == rows
        assert pq.ParquetFile(tmp_path / "whole").metadata.num_row_groups == 5


@pytest.mark.parametrize("form", ["parquet", "ndjson", "csv"])
def test_no_rows_make_a_file_too(tmp_path: Path, form: str) -> None:
    data = written(form, tmp_path / "a", table_of([]))
    if form == "parquet":
        assert pq.read_table(tmp_path / "a").schema.equals(SCHEMA)
    else:
        assert data.count(b"\n") == (1 if form == "csv" else 0)


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    aside, place = tmp_path / "aside", tmp_path / "table" / "part"
    aside.mkdir()
    with pytest.raises(RuntimeError), whole(place, aside) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert not place.exists() and not list(aside.iterdir())
    put(place, b"first", aside)
    with pytest.raises(RuntimeError), whole(place, aside) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert place.read_bytes() == b"first"
    with whole(place, aside) as temporary:
        temporary.write_bytes(b"second")
        assert place.read_bytes() == b"first"
    assert place.read_bytes() == b"second"
    settle([place])


def test_names_of_parts(tmp_path: Path) -> None:
    assert dataset.part(tmp_path, "notes", 7, "fhir") == tmp_path / "notes" / "part-00007.ndjson"
    reading = dataset.part(tmp_path, "refusals", dataset.READING, "csv")
    assert reading.name == "part-reading.csv"
    (tmp_path / "aside").mkdir()
    written_ = dataset.write_answer(
        {"notes": table_of([])}, tmp_path, 3, "parquet", tmp_path / "aside"
    )
    assert [one.name for one in written_] == ["part-00003.parquet"]
    assert pq.read_table(written_[0]).num_rows == 0
