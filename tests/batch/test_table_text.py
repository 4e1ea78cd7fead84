"""Delimited text is read exactly as written; what cannot be read is refused with its line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrin.batch.sources import table_text
from corrin.batch.sources.resources import reference_of
from corrin.batch.sources.source import InputError, Span
from corrin.batch.sources.table_text import Bad, Dialect, Records
from support.tabled import HEADER, MAPPING, read, read_span, source_of, text

PLAIN = Dialect(",", '"', "utf-8")
CELL = st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=8)


def records(data: bytes, dialect: Dialect = PLAIN) -> list[tuple[int, list[str] | Bad]]:
    """The records of some bytes."""
    return [tuple(one) for one in Records(io.BytesIO(data), dialect)]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.lists(CELL, min_size=2, max_size=5), max_size=12), st.sampled_from(["\n", "\r\n"])
)
def test_what_the_csv_module_wrote_is_read_back(rows: list[list[str]], end: str) -> None:
    """Quotes, delimiters and line breaks inside of cells come back as they were."""
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows(rows)
    found = records(out.getvalue().encode())
    assert [cells for _, cells in found] == rows


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_the_bytes_every_line_is_accounted_for(data: bytes) -> None:
    """No bytes stop it, and the lines of the records go on to the end."""
    reader = Records(io.BytesIO(data), PLAIN)
    lines = [line for line, _ in reader]
    assert lines == sorted(set(lines))
    assert reader.lines == len(data.split(b"\n")) - data.endswith(b"\n") - (not data)
    assert reader.taken == len(data)


def test_a_quote_left_open_costs_its_own_line_only() -> None:
    """What comes behind it is read."""
    data = b'a,b\n1,"two\n3,4\n5,6\n'
    assert records(data) == [
        (1, ["a", "b"]),
        (2, Bad("input-quote-open")),
        (3, ["3", "4"]),
        (4, ["5", "6"]),
    ]


def test_a_stray_quote_costs_its_own_line_only() -> None:
    """Text behind a closing quote; a quote inside of a bare cell is a letter like others."""
    data = b'a,b\n"one"x,2\n5" pipe,"t""wo"\n"x\ny",z\n'
    assert records(data) == [
        (1, ["a", "b"]),
        (2, Bad("input-quote-stray")),
        (3, ['5" pipe', 't"wo']),
        (4, ["x\ny", "z"]),
    ]


def test_a_line_that_is_no_text_costs_itself_only() -> None:
    """Latin-1 in a file of UTF-8."""
    data = b"a,b\nM\xfcller,1\nx,2\n"
    assert records(data) == [
        (1, ["a", "b"]),
        (2, Bad("input-encoding", "utf-8")),
        (3, ["x", "2"]),
    ]


def test_a_line_longer_than_any_may_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the rest is read."""
    monkeypatch.setattr(table_text, "MOST_RECORD", 64)
    data = b"a,b\n" + b"x" * 1000 + b",1\nc,2\n"
    assert records(data) == [
        (1, ["a", "b"]),
        (2, Bad("input-line-too-long")),
        (3, ["c", "2"]),
    ]


@pytest.mark.parametrize("most", [1, 7, 40, 100, 1000])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_pieces_hold_the_same_rows_as_the_whole(tmp_path: Path, most: int, mark: bytes) -> None:
    """However small the pieces are, and with line breaks and quotes in cells."""
    rows = [
        f'p{at},2132-9,"{at}",pg/mL,"2026-01-0{at % 9 + 1}"' + ("\r\n" if at % 2 else "\n")
        for at in range(40)
    ]
    rows[7] = '"p\n7",2132-9,"7,5",pg/mL,2026-01-01\n'
    rows[11] = 'p11,2132-9,5" tall,pg/mL,2026-01-01\n'
    rows[20] = 'p20,2132-9,"open,pg/mL,2026-01-01\n'
    path = text(tmp_path, mark + (HEADER + "".join(rows)).encode())
    whole = read(path)
    source = source_of(path)
    pieces = [read_span(source, span) for span in source.spans(most)]
    assert len(pieces) > 1 or most == 1000
    assert [row["body"] for piece in pieces for row in piece.rows] == [
        row["body"] for row in whole.rows
    ]
    lines, before = [], 0
    for piece in pieces:
        lines += [before + row["line"] for row in piece.rows]
        before += piece.read.lines
    assert lines == [row["line"] for row in whole.rows]
    assert before == whole.read.lines
    assert sum(len(piece.read.refused) for piece in pieces) == len(whole.read.refused) == 1


def test_pieces_of_a_text_without_quotes(tmp_path: Path) -> None:
    """They are told without reading it."""
    path = text(tmp_path, HEADER + "p,2132-9,240,pg/mL,2026-01-01\n" * 50)
    source = source_of(path)
    spans = source.spans(200)
    assert len(spans) > 5
    assert sum(len(read_span(source, span).rows) for span in spans) == 50


ROWS_ = "Müller,2132-9,240,µg/L,2026-01-01\n"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ((HEADER + ROWS_).encode("utf-8-sig"), ""),
        ((HEADER + ROWS_).encode("utf-16"), ""),
        ((HEADER + ROWS_).encode("utf-16-le"), "utf-16-le"),
        ((HEADER + ROWS_).encode("latin-1"), "latin-1"),
        ((HEADER + ROWS_).encode("cp1252"), "Windows-1252"),
        ((HEADER + ROWS_).replace("\n", "\r").encode(), ""),
        ((HEADER + ROWS_).replace("\n", "\r\n").encode(), ""),
        ((HEADER + ROWS_).replace(",", ";").encode(), ""),
        ((HEADER + ROWS_).replace(",", "\t").encode("utf-16"), ""),
    ],
)
def test_encodings_line_ends_and_delimiters(tmp_path: Path, data: bytes, said: str) -> None:
    """By the mark at the beginning, or as the mapping file says."""
    mapping = MAPPING + (f"file: {{encoding: {said}}}\n" if said else "")
    found = read(text(tmp_path, data), mapping)
    assert [one["subject"]["reference"] for one in found.resources()] == [reference_of("Müller")]
    assert found.resources()[0]["valueQuantity"]["unit"] == "µg/L"
    assert found.read.refused == []


def test_another_encoding_than_said_refuses_the_lines_it_spoils(tmp_path: Path) -> None:
    """Nothing is guessed, and the other rows are read."""
    body = HEADER + ROWS_ + "p,2132-9,240,pg/mL,2026-01-01\n"
    found = read(text(tmp_path, body.encode("latin-1")))
    assert found.refused() == [(2, "input-encoding", "")]
    assert [row["line"] for row in found.rows] == [3]


def test_an_encoding_nobody_knows(tmp_path: Path) -> None:
    """It is the file's problem, not a trace of ours."""
    with pytest.raises(InputError) as caught:
        read(text(tmp_path, HEADER), MAPPING + "file: {encoding: klingon}\n")
    assert caught.value.reason == "input-encoding"


def test_packed_tables(tmp_path: Path) -> None:
    """gzip and Zstandard are known by their first bytes; a torn one gives what it held."""
    import gzip

    import zstandard

    body = (HEADER + "p,2132-9,240,pg/mL,2026-01-01\n" * 3000).encode()
    for name, packed in (("a.csv", gzip.compress(body)), ("b", zstandard.compress(body))):
        assert len(read(text(tmp_path, packed, name)).rows) == 3000
    torn = source_of(text(tmp_path, gzip.compress(body)[:-30], "c.csv.gz"))
    assert torn.spans(100) == (Span(),)
    with pytest.raises(InputError) as caught:
        read_span(torn, Span())
    assert caught.value.reason == "input-truncated"
