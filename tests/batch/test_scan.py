"""The scanner against the exact reader, over files as they are met."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import pytest

from batch.scanning import FIRST, compare
from corrin.batch import identity, scan
from corrin.batch.row import Read, Row
from corrin.batch.scan import compiled as making
from corrin.batch.sources.ndjson import NdjsonSource
from corrin.batch.sources.source import Span
from support.places import samples

BODY = {"coding": [{"system": "http://loinc.org", "code": "2132-9"}]}
REGULAR: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "a1",
    "meta": {"versionId": "1"},
    "status": "final",
    "code": BODY,
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2026-01-02",
    "valueQuantity": {"value": 152.0, "unit": "ng/L"},
}


def line(**other: Any) -> bytes:
    """One Observation on a line, with members of its own; those that are None are left out."""
    members = {name: value for name, value in (REGULAR | other).items() if value is not None}
    return json.dumps(members, ensure_ascii=False).encode()


def slim_of(tmp_path: Path, *lines: bytes) -> int:
    path = tmp_path / "some.ndjson"
    path.write_bytes(FIRST + b"\n".join(lines))
    return compare(path)


def test_a_regular_line_comes_slim(tmp_path: Path) -> None:
    assert slim_of(tmp_path, line()) == 1


def test_both_ways_of_writing_come_to_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "two.ndjson"
    compact = json.dumps(REGULAR, separators=(",", ":")).encode()
    turned = dict(sorted((REGULAR | {"id": "a2"}).items()))
    other = json.dumps(turned).replace(" ", " \t ").encode()
    path.write_bytes(FIRST + compact + b"\r\n" + other + b"\n")
    assert compare(path) == 2
    read = Read()
    bodies = [
        row["body"]
        for batch in NdjsonSource("two", str(path)).batches(Span(), 0, read)
        for row in batch.to_pylist()
        if row["kind"] == "Observation"
    ]
    assert bodies[0] == bodies[1]
    assert b" " not in bodies[0] and b"meta" not in bodies[0] and b"p1" not in bodies[0]


@pytest.mark.parametrize(
    "other",
    [
        {"id": "with space"},
        {"id": "é"},
        {"id": ""},
        {"id": 7},
        {"subject": {"reference": "Group/g"}},
        {"subject": {"reference": "Patient/p1/_history/2"}},
        {"subject": {"reference": "Patient/6B0F7F3E-0000-4000-8000-00000000000A"}},
        {"subject": {"reference": "urn:uuid:6b0f7f3e-0000-4000-8000-00000000000a"}},
        {"subject": {"reference": "http:///Patient/p1"}},
        {"subject": {"reference": "https://a?b/Patient/p1"}},
        {"subject": {"reference": "ftp://a/Patient/p1"}},
        {"subject": {"reference": "Patient/"}},
        {"subject": {"reference": "Patient/p1", "identifier": {"value": "1"}}},
        {"subject": {"display": "somebody"}},
        {"subject": []},
        {"subject": None},
        {"code": None},
        {"contained": []},
        {"patient": {"reference": "Patient/p2"}},
        {"somethingElse": 1},
        {"component": {}},
        {"component": [{}]},
        {"component": [[]]},
        {"component": [{"code": "x"}] * 200},
        {"effectiveDateTime": 2026},
        {"effectiveDateTime": "2026-01-02" * 9},
        {"issued": ["2026-01-02T00:00:00Z"]},
        {"resourceType": "Observations"},
        {"resourceType": "Condition"},
    ],
)
def test_what_is_not_regular_goes_to_the_exact_reader(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    assert slim_of(tmp_path, line(**other)) == 0


@pytest.mark.parametrize(
    "other",
    [
        {"subject": {"reference": "https://a.example/fhir/Patient/p1"}},
        {"subject": {"reference": "http://a/Patient/p1", "display": "X", "type": "Patient"}},
        {
            "subject": {
                "type": "Patient",
                "reference": "Patient/6b0f7f3e-0000-4000-8000-00000000000a",
            }
        },
        {"effectiveDateTime": None},
        {"effectiveDateTime": None, "effectivePeriod": {"start": "2026-01-01"}},
        {"issued": "2026-01-02T00:00:00.123Z", "identifier": [{"system": "u", "value": 'é"7'}]},
        {"identifier": {}},
        {"status": None},
        {"code": "broken"},
        {"code": {"text": "paraesthesia"}},
        {
            "code": {"coding": [{"code": "x"}]},
            "valueCodeableConcept": {
                "coding": [{"system": "http://snomed.info/sct", "code": "77386006"}]
            },
        },
        {"component": []},
        {"code": {"text": "x"}, "component": [{"code": BODY, "valueQuantity": {"value": 1}}]},
        {"code": {"text": "x"}, "component": [{"valueInteger": 1, "code": 1}]},
        {"focus": [{"reference": "Patient/p2"}]},
        {"modifierExtension": [{"url": "x"}]},
        {"note": [{"text": "haemolysed é \U0001f600"}]},
        {"specimen": {"reference": "Specimen/1", "display": "Serum"}},
        {"valueQuantity": None},
    ],
)
def test_these_come_slim(tmp_path: Path, other: dict[str, Any]) -> None:
    assert slim_of(tmp_path, line(**other)) == 1


@pytest.mark.parametrize(
    "code, others, rows",
    [
        ("8867-4", {}, 0),
        ("8867-4", {"code": {"text": "heart rate"}}, 0),
        ("58410-2", {"valueQuantity": None}, 0),
        ("58410-2", {}, 1),
        (
            "85354-9",
            {
                "component": [
                    {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}}
                ]
            },
            0,
        ),
    ],
)
def test_what_is_not_ours_is_counted_and_its_id_noted(
    tmp_path: Path, code: str, others: dict[str, Any], rows: int
) -> None:
    coded = {"coding": [{"system": "http://loinc.org", "code": code}]}
    path = tmp_path / "left.ndjson"
    path.write_bytes(FIRST + line(**({"code": coded} | others)))
    assert compare(path) == rows
    read = Read()
    scan.load()
    assert (
        sum(one.num_rows for one in NdjsonSource("a", str(path)).batches(Span(), 0, read)) == rows
    )
    assert read.not_ours == 2 - rows
    assert identity.key("Observation", "a1") in read.keys


TROUBLE = [
    b'{"a":1,"a":2}',
    b'{"a":{"b":[{"abcdefgh1":1,"abcdefgh1":2}]}}',
    b'{"\\u0061":1,"a":2}',
    b'{"":1,"":2}',
    b"NaN",
    b"-Infinity",
    b"01",
    b"1.",
    b".5",
    b"1e999999",
    b"1" * 65,
    b"-",
    b"tru",
    b"nulls",
    b'"\x01"',
    b'"\\x"',
    b'"\\u12g4"',
    b'"\\ud800"',
    b'"\\udc00"',
    b'"\xff"',
    b'"\xc0\x80"',
    b'"\xed\xa0\x80"',
    b'"\xf4\x90\x80\x80"',
    b'"\xe2\x82"',
    b'"open',
    b"[1,]",
    b"[1 2]",
    b"{,}",
    b'{"a" 1}',
    b"[" * 70 + b"]" * 70,
    b"[" * 40 + b"]" * 40,
    b"]",
    b"",
]


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("member", [b"text", b"valueString", b"identifier", b"component"])
def test_trouble_in_any_member_is_the_exact_readers(
    tmp_path: Path, member: bytes, trouble: bytes
) -> None:
    bad = line()[:-1] + b',"' + member + b'":' + trouble + b"}"
    assert slim_of(tmp_path, bad, line(id="a2")) == 1


@pytest.mark.parametrize(
    "good",
    [
        *(b"1", b"-0", b"0.50", b"-12.25", b"true", b"false", b"null", b"[]", b"{}", b"[[],{}]"),
        *(b'"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"', '"é€\U0001f600"'.encode(), b'[1 , {"a" :\t2}]'),
        b'"' + b"long " * 50 + b'"',
    ],
)
def test_sound_json_in_what_is_passed_over_is_passed_over(tmp_path: Path, good: bytes) -> None:
    assert slim_of(tmp_path, line()[:-1] + b',"text":' + good + b"}") == 1


def test_lines_cut_short_anywhere(tmp_path: Path) -> None:
    regular = line()
    assert slim_of(tmp_path, *(regular[:end] for end in range(len(regular))), regular) == 1


def test_a_file_may_end_without_a_line_feed_and_hold_empty_lines(tmp_path: Path) -> None:
    assert slim_of(tmp_path, b"", b" \t\r", line(), b"", line(id="a2") + b"  \r", b"\x0b") == 2
    assert slim_of(tmp_path, line(), b"") == 1


def test_lines_of_many_blocks_keep_their_numbers(tmp_path: Path) -> None:
    long = [line(id=f"b{at}", text={"div": "x" * (at * 997 % 9000)}) for at in range(900)]
    long[500] = line(id="huge", text={"div": "x" * 1_200_000})
    long[700] = long[700][:-9]
    assert slim_of(tmp_path, *long) == 898


@pytest.mark.parametrize("expected", [4, 5])
def test_what_a_manifest_counts_is_counted_in_every_way_of_reading(
    tmp_path: Path, expected: int
) -> None:
    path = tmp_path / "counted.ndjson"
    left = line(id="a2", code={"text": "heart rate"})
    path.write_bytes(b"\n".join([FIRST[:-1], line(), left, b"", patient()]))
    scan.load()
    read = Read()
    source = NdjsonSource("counted", str(path), expected=expected)
    assert sum(one.num_rows for one in source.batches(Span(), 0, read)) == 2
    told = [] if expected == 4 else ["the manifest counts 5 resources in it, 4 were met"]
    assert read.notes == told


def test_wanted_keys_are_left_to_the_exact_reader(tmp_path: Path) -> None:
    path = tmp_path / "again.ndjson"
    path.write_bytes(FIRST + line() + b"\n" + line(id="a2") + b"\n" + line(id="a3"))
    wanted = {identity.key("Observation", name) for name in ("a1", "a3", "x")}
    assert compare(path, wanted) == 1


def test_where_few_lines_are_regular_the_rest_is_not_tried(tmp_path: Path) -> None:
    met = 0

    def exact(_line: bytes, number: int) -> list[Row]:
        nonlocal met
        met += 1
        assert number == met
        return []

    read = Read()
    scan.load()
    data = b'{"resourceType":"Patient"}\n' * 60_000
    assert list(scan.batches(data, 0, read, exact)) == []
    assert met == read.lines == 60_000 and read.rows == 0


def test_more_kinds_of_codes_than_there_is_room_for(tmp_path: Path) -> None:
    lines = [line(id=f"c{at}", code={"text": f"local {at}"}) for at in range(7000)]
    assert slim_of(tmp_path, line(id="first"), *lines, line()) == 2


def patient(**other: Any) -> bytes:
    """One Patient on a line."""
    members = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1990"}
    return json.dumps(members | other, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "other, doubtful",
    [
        ({}, False),
        ({"name": [{"family": "é", "given": ["A\n"]}], "active": True, "x": {"y": [1.50]}}, False),
        ({"id": "6b0f7f3e-0000-4000-8000-00000000000a"}, False),
        ({"id": "6B0F7F3E-0000-4000-8000-00000000000A"}, True),
        ({"id": "x" * 65}, True),
        ({"id": ""}, True),
        ({"id": 7}, True),
        ({"resourceType": "Patients"}, True),
        ({"resourceType": "Person1"}, True),
        ({f"k{at}": at for at in range(30)}, True),
    ],
)
def test_patients_come_whole(tmp_path: Path, other: dict[str, Any], doubtful: bool) -> None:
    assert slim_of(tmp_path, b" " + patient(**other) + b"\t", line()) == 1
    scan.load()
    met = []
    list(scan.batches(patient(**other), 0, Read(), lambda line, _at: met.append(line) or []))
    assert bool(met) is doubtful


def test_more_ways_of_writing_than_are_kept(tmp_path: Path) -> None:
    """Beside one another, after one another, and too long; all come right all the same."""
    beside = [line(text={f"key{at}": 1}) for at in range(40)]
    after = [line(note=[{"text": "x"}] * at) for at in range(1, 200)]
    long = [line(text={"a" * 20: [True] * at}) for at in (1700, 1900, 1900)]
    lines = [*beside, *after, *long]
    assert slim_of(tmp_path, *lines, *lines) == 2 * len(lines)


def test_a_way_of_writing_is_of_one_type(tmp_path: Path) -> None:
    other = patient(code=1, subject={"reference": "Patient/p1"})
    turned = other.replace(b'"Patient"', b'"Observation"', 1)
    assert slim_of(tmp_path, other, turned, other) == 0
    assert slim_of(tmp_path, line(), line().replace(b'"Observation"', b'"Patient"'), line()) == 2


def test_two_chunks_read_in_turns_do_not_mix() -> None:
    def chunk(of: str) -> Iterator[dict[str, Any]]:
        data = b"\n".join(line(id=f"{of}{at}", issued=of * 9) for at in range(9000))
        for batch in scan.batches(data, 0, Read(), never):
            yield from batch.to_pylist()

    def never(met: bytes, _number: int) -> list[Row]:
        raise AssertionError(met)

    scan.load()
    turns = list(zip(chunk("a"), chunk("b"), strict=True))
    assert len(turns) == 9000
    for at, (one, other) in enumerate(turns):
        assert (one["id"], one["issued"], one["line"]) == (f"a{at}", "a" * 9, at + 1)
        assert (other["id"], other["issued"], other["line"]) == (f"b{at}", "b" * 9, at + 1)


def test_an_error_of_the_exact_reader_goes_through_and_leaves_the_scanner_usable() -> None:
    def failing(_line: bytes, _number: int) -> list[Row]:
        raise OSError("gone")

    scan.load()
    data = b"\n".join([line(), b"{", line(id="a2")])
    with pytest.raises(OSError, match="gone"):
        list(scan.batches(data, 0, Read(), failing))
    read = Read()
    rows = sum(one.num_rows for one in scan.batches(data, 0, read, lambda _line, _at: []))
    assert (rows, read.lines, read.rows, len(read.keys)) == (2, 3, 2, 2)


def test_memory_given_back_is_taken_anew(tmp_path: Path) -> None:
    assert slim_of(tmp_path, line(), patient()) == 1
    scan.release()
    assert slim_of(tmp_path, line(), patient(), line()) == 2


def test_where_machine_code_cannot_be_kept_it_is_made_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = numba.njit

    def without_a_place(**options: Any) -> Any:
        if options.pop("cache", False):
            raise RuntimeError("cannot cache function: no locator available")
        return real(**options)

    def twice(number: int) -> int:
        return 2 * number

    monkeypatch.setattr(making, "njit", without_a_place)
    assert making.compiled(twice)(21) == 42


def test_small_inputs_are_read_without_compiled_code() -> None:
    program = """
import sys
from corrin.batch import scan
from corrin.batch.row import Read
read = Read()
met = []
data = b'{"resourceType":"Observation"}\\n' * 9
assert list(scan.batches(data, 0, read, lambda line, at: met.append(at) or [])) == []
assert met == list(range(1, 10)) and read.lines == 9, met
assert "numba" not in sys.modules
scan.load()
assert "numba" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.samples
def test_sample_files_whole(tmp_path: Path) -> None:
    folder = samples()
    assert folder is not None
    assert compare(folder / "bulk" / "Observation.ndjson") > 1000
    assert compare(folder / "bulk" / "Patient.ndjson") == 0
    path = tmp_path / "singles.ndjson"
    singles = sorted((folder / "fhir").glob("*.json"))
    compact = [json.dumps(json.loads(one.read_bytes())).encode() for one in singles]
    path.write_bytes(FIRST + b"\n".join(compact))
    assert compare(path) > 5


@pytest.mark.samples
def test_a_made_export_with_bad_lines(tmp_path: Path) -> None:
    folder = samples()
    assert folder is not None
    tool = folder.parent / "tools" / "make_bulk.py"
    subprocess.run(
        [sys.executable, tool, "--patients", "40", "--out", tmp_path, "--dirty", "0.05"],
        check=True,
        capture_output=True,
    )
    slim = [compare(one) for one in sorted(tmp_path.glob("Observation*.ndjson"))]
    assert min(slim) > 100
    with (tmp_path / "dirty.csv").open() as told:
        assert len({row["kind"] for row in csv.DictReader(told)}) > 10
