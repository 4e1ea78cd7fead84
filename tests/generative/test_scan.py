"""Lines as generated, changed and broken: the scanner and the exact reader come to the same."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.scanning import FIRST, compare
from corrin.batch.scan.members import NAMES
from support.places import samples

LOINC = "http://loinc.org"
TEXTS = ["", "x", "µg/L", 'a "b" \\ c', "line\nfeed", "\u0000", "é\u2028\U0001f600", "long " * 30]
CODES: list[Any] = [
    *(
        {"coding": [{"system": LOINC, "code": code, "display": "x"}], "text": "µ"}
        for code in ("2132-9", "13964-2", "718-7", "2947-0", "8867-4", "58410-2", "98979-8")
    ),
    {"coding": [{"system": LOINC, "code": "2132-9"}, {"system": "urn:x", "code": "B12"}]},
    {"coding": [{"system": "http://snomed.info/sct", "code": "77386006"}]},
    *({"text": text} for text in ("paraesthesia", "nothing", "")),
    *("broken", None, [], {"coding": {}}),
]
REFERENCES = [
    *("Patient/p1", "Patient/p.2-X", "https://a.example/fhir/Patient/p1", "http://b/Patient/p1"),
    *(
        "Patient/6b0f7f3e-0000-4000-8000-00000000000a",
        "Patient/6B0F7F3E-0000-4000-8000-00000000000A",
    ),
    *(
        "Patient/p1/_history/1",
        "Group/1",
        "#p",
        "urn:uuid:1",
        "",
        "p1",
        "Patient/é",
        "x/Patient/p1",
    ),
]
TIMES = ["2026-01-02", "2026-01", "2026-01-02T10:00:00Z", "2026-01-02T10:00:00", "soon", ""]
QUANTITIES = [
    *({"value": value, "unit": "ng/L"} for value in (152, 152.0, -1, 1e-7, "9", None, True)),
    {"value": 12, "comparator": "<", "system": "http://unitsofmeasure.org", "code": "pmol/L"},
    *({}, [], None, 7),
]
SOME = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**6), 10**18),
        st.sampled_from([0.5, 1e30, 12.25, 1.5e-9]),
        st.sampled_from(TEXTS),
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "b", "code", "value", "longerthan8", "é", ""]), inner
        )
    ),
    max_leaves=8,
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "resourceType": st.sampled_from(["Observation"] * 12 + ["Condition", "Observatio", "Basic", 7]),
    "id": st.sampled_from(["a1", "b-2.C", "x" * 64, "x" * 65, "é", "a b", "", 5, None]),
    "code": st.sampled_from(CODES),
    "valueCodeableConcept": st.sampled_from(CODES),
    "component": st.one_of(
        SOME,
        st.lists(
            st.fixed_dictionaries(
                {"code": st.sampled_from(CODES)},
                optional={
                    "valueCodeableConcept": st.sampled_from(CODES),
                    "valueQuantity": st.sampled_from(QUANTITIES),
                },
            ),
            max_size=3,
        ),
    ),
    "subject": st.one_of(
        *(
            st.fixed_dictionaries({"reference": st.sampled_from(found)})
            for found in (REFERENCES[:4], REFERENCES)
        ),
        st.fixed_dictionaries(
            {"reference": st.sampled_from(REFERENCES)},
            optional={
                "display": st.sampled_from(TEXTS),
                "type": st.sampled_from(["Patient", "Group"]),
                "identifier": st.just({"system": "u", "value": "1"}),
            },
        ),
        SOME,
    ),
    "effectiveDateTime": st.sampled_from([*TIMES, 5, None]),
    "issued": st.sampled_from([*TIMES, [], None]),
    "valueQuantity": st.sampled_from(QUANTITIES),
    "status": st.sampled_from(["final", "amended", "cancelled", "registered", "", None, 4]),
    "contained": st.sampled_from([[], None]),
}
NEEDED = ("resourceType", "id", "code", "subject")
OTHERS = [name for name in (*NAMES, "contained", "patient", "extra") if name not in NEEDED]
OBSERVATIONS = st.fixed_dictionaries(
    {name: VALUES[name] for name in NEEDED},
    optional={name: VALUES.get(name, SOME) for name in OTHERS},
)
PIECES = [
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\t", b"\r", b"\n", b"\x00", b"\x7f"),
    *(
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\\ud800",
        b"\\u00e9",
        b"NaN",
        b"null",
        b"1e5",
        b"-",
        b"0",
    ),
    *(
        b'"id":"x",',
        b'"a":1,"a":2',
        b'"code":{},',
        b"[" * 30,
        b"9" * 70,
        b"\xef\xbb\xbf",
        b"{}",
        b".",
    ),
]


def written(resource: dict[str, Any], random: Random) -> bytes:
    """A resource as some server might write it."""
    names = list(resource)
    if random.random() < 0.5:
        random.shuffle(names)
    blank = random.choice(["", " ", "\t", " \r "])
    found = json.dumps(
        {name: resource[name] for name in names},
        ensure_ascii=random.random() < 0.2,
        separators=(blank + "," + blank, blank + ":" + blank),
    )
    return (blank + found + blank).encode()


def broken(line: bytes, random: Random) -> bytes:
    """A line with a few bytes gone, doubled, changed or put in."""
    for _ in range(random.choice([1, 1, 1, 2, 5])):
        at = random.randrange(len(line) + 1)
        end = min(len(line), at + random.choice([0, 1, 1, 2, 8, 40]))
        match random.randrange(4):
            case 0:
                line = line[:at] + line[end:]
            case 1:
                line = line[:end] + line[at:]
            case 2:
                line = line[:at] + random.choice(PIECES) + line[at:]
            case _:
                line = line[:at] + bytes([random.randrange(256)]) + line[at + 1 :]
    return line


def compared(lines: list[bytes]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "some.ndjson")
        path.write_bytes(FIRST + b"\n".join(lines))
        return compare(path)


@given(st.lists(OBSERVATIONS, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_observations_of_every_shape(resources: list[dict[str, Any]], random: Random) -> None:
    compared([written(one, random) for one in resources])


@given(st.lists(OBSERVATIONS, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_broken_lines(resources: list[dict[str, Any]], random: Random) -> None:
    compared([broken(written(one, random), random) for one in resources])


PATIENTS = st.fixed_dictionaries(
    {"resourceType": st.just("Patient"), "id": VALUES["id"]},
    optional={
        "meta": SOME,
        "name": SOME,
        "gender": st.sampled_from(["male", "female", 1, None]),
        "birthDate": st.sampled_from(TIMES),
        "subject": VALUES["subject"],
        "contained": VALUES["contained"],
        "code": VALUES["code"],
        "é": SOME,
    },
)


@given(st.lists(PATIENTS, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_patients_of_every_shape(resources: list[dict[str, Any]], random: Random) -> None:
    lines = [written(one, random) for one in resources]
    compared(lines)
    compared([broken(line, random) for line in lines])


GAPS = re.compile(rb'"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d[0-9.eE+-]*')
FILLED = [
    *(b'""', b'"x"', b'"a1"', b'"Patient/p1"', b'"Observation"', b'"Patient"', b'"2026-01-02"'),
    *(
        '"µ é"'.encode(),
        b'"\\u00e9\\n"',
        b'"2132-9"',
        b'"http://loinc.org"',
        b"0",
        b"-1.50",
        b"152",
    ),
    *(b'"\\ud800"', b'"\x01"', b'"\xff"', b'"', b'"a":"b"', b'"x","y"', b"01", b"1e5", b"1.", b"-"),
    *(
        b"null",
        b"true",
        b"{}",
        b"[]",
        b'["x"]',
        b'{"x":1}',
        b"",
        b" 7 ",
        b'"long ' + b"x" * 90 + b'"',
    ),
]


@given(
    st.one_of(OBSERVATIONS, PATIENTS),
    st.lists(st.tuples(st.integers(0, 99), st.sampled_from(FILLED)), max_size=12),
    st.randoms(use_true_random=False),
)
def test_lines_written_like_one_before(
    resource: dict[str, Any], filled: list[tuple[int, bytes]], random: Random
) -> None:
    """With other texts and numbers in the same places: what fits no gap must not slip in."""
    line = written(resource, random)
    lines = [line, line]
    gaps = [match.span() for match in GAPS.finditer(line)]
    for at, text in filled:
        start, end = gaps[at % len(gaps)]
        lines.append(line[:start] + text + line[end:])
    compared(lines)


def _real() -> Iterator[bytes]:
    folder = samples()
    assert folder is not None
    lines = (folder / "bulk" / "Observation.ndjson").read_bytes().split(b"\n")
    yield from (line for line in lines[:: len(lines) // 120] if line)
    for path in sorted((folder / "fhir").glob("*.json")):
        yield json.dumps(json.loads(path.read_bytes()), ensure_ascii=False).encode()


@pytest.mark.samples
@given(st.randoms(use_true_random=False))
def test_real_lines_broken(random: Random) -> None:
    lines = random.choices(list(_real()), k=60)
    assert compared(lines) >= 0
    compared([broken(line, random) for line in lines])
