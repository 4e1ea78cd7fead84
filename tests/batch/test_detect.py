"""What is found in files, folders and manifests, and what is said of the rest."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard

from batch.sourced import lines, taken
from corrin.batch.sources.detect import FORMATS, Found, find
from corrin.batch.sources.manifest import last_part
from corrin.batch.sources.ndjson import NdjsonSource
from corrin.batch.sources.source import InputError, Options
from corrin.terminology import load

PATIENT = {"resourceType": "Patient", "id": "p"}
B12 = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2132-9"}]},
    "subject": {"reference": "Patient/p"},
    "valueQuantity": {"value": 200, "unit": "pg/mL"},
}
GONE = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [{"request": {"method": "DELETE", "url": "Observation/o"}}],
}
TROUBLE = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}
BASE = "https://ehr.example.org/out/"


def put(folder: Path, **files: bytes | dict[str, Any]) -> Path:
    """A folder with files: ``a__b_json`` is ``a/b.json``."""
    for name, data in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else json.dumps(data, indent=1).encode())
    return folder


def manifest(**more: Any) -> dict[str, Any]:
    """A manifest, STU3 if nothing else is said."""
    return {
        "transactionTime": "2026-01-01T00:00:00Z",
        "request": "https://ehr.example.org/fhir/$export",
        "requiresAccessToken": True,
        "output": [],
    } | more


def out(name: str, kind: str = "Observation", **more: Any) -> dict[str, Any]:
    """One entry of a manifest."""
    return {"type": kind, "url": BASE + name} | more


def names(found: Found) -> list[str]:
    """What the sources are called."""
    return [one.name for one in found.sources]


def reasons(found: Found) -> list[tuple[str, str]]:
    """File and reason of every problem."""
    assert all(one.reason in load().reasons for one in found.problems)
    return [(one.file, one.reason) for one in found.problems]


def test_every_file_of_a_folder_is_told_by_what_is_in_it(tmp_path: Path) -> None:
    put(
        tmp_path,
        a_ndjson=lines(B12),
        b_txt=gzip.compress(lines(PATIENT)),
        c__d_bin=zstandard.ZstdCompressor().compress(lines(B12)),
        c__e_json={"resourceType": "Bundle", "type": "collection", "entry": []},
        f_json=json.dumps([B12], indent=2).encode("utf-16"),
        g_json=b"\xef\xbb\xbf\r\n" + lines(B12),
        empty_ndjson=b"",
        empty_csv=b"",
        truth_csv=b"patient,b12\np,200\n",
        manifest_json={"patients": 3, "args": ["--dirty"]},
        notes_md=b"# An export\n",
        image_png=b"\x89PNG\r\n\x1a\n",
    )
    (tmp_path / ".hidden").write_bytes(lines(B12))
    found = find([str(tmp_path)])
    assert names(found) == [
        *("a.ndjson", "b.txt", "c/d.bin", "c/e.json", "empty.ndjson", "f.json", "g.json")
    ]
    assert {one.format for one in found.sources} == {"fhir"}
    assert not found.problems
    assert found.left == (
        *(".hidden", "empty.csv", "image.png", "manifest.json", "notes.md", "truth.csv"),
    )
    assert sum(len(taken(one).rows) for one in found.sources) == 5


def test_what_is_named_and_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    put(
        tmp_path,
        good_ndjson=lines(B12),
        truth_csv=b"patient,b12\np,200\n",
        manifest_json={"patients": 3},
        cut_gz=b"\x1f\x8b",
        notes_md=b"# An export\n",
    )
    given = ["good.ndjson", "truth.csv", "manifest.json", "cut.gz", "notes.md", "missing.ndjson"]
    found = find([str(tmp_path / one) for one in given])
    assert names(found) == ["good.ndjson"]
    assert reasons(found) == [
        ("cut.gz", "input-truncated"),
        ("manifest.json", "input-unrecognised"),
        ("missing.ndjson", "input-missing"),
        ("notes.md", "input-unrecognised"),
        ("truth.csv", "input-mapping-unknown"),
    ]
    assert not found.left


def test_every_reason_of_a_problem_has_words() -> None:
    for reason in ("missing", "unreadable", "not-a-file", "truncated", "corrupt", "encoding"):
        assert "call" in load().reasons[f"input-{reason}"].kinds
    for reason in ("changed", "unrecognised", "manifest", "incomplete"):
        assert "call" in load().reasons[f"input-{reason}"].kinds


def test_a_format_can_be_forced(tmp_path: Path) -> None:
    put(tmp_path, a_txt=b'{"no": "fhir"}\n', b_txt=b"nothing\n")
    assert not find([str(tmp_path)]).sources
    found = find([str(tmp_path)], input_format="fhir", options=Options(zone="Europe/London"))
    assert names(found) == ["a.txt", "b.txt"]
    assert found.sources[0].options.zone == "Europe/London"
    assert [one.reason for one in taken(found.sources[1]).read.refused] == ["not-json"]
    assert list(FORMATS) == ["fhir", "hl7v2", "omop", "pcornet", "table"]


def test_pipes_circles_and_locked_folders_inside_a_folder_are_problems(tmp_path: Path) -> None:
    put(tmp_path, deep__a_ndjson=lines(B12))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "deep" / "up").symlink_to(tmp_path)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    found = find([str(tmp_path)])
    assert names(found) == ["deep/a.ndjson"]
    assert reasons(found) == [
        ("deep/up", "input-not-a-file"),
        ("gone", "input-missing"),
        ("pipe", "input-not-a-file"),
        ("self", "input-not-a-file"),
    ]


def test_a_file_is_read_once_however_often_it_is_named(tmp_path: Path) -> None:
    put(tmp_path, x__a_ndjson=lines(B12), y__c_ndjson=lines(PATIENT))
    (tmp_path / "y" / "b.ndjson").symlink_to(tmp_path / "x" / "a.ndjson")
    os.link(tmp_path / "x" / "a.ndjson", tmp_path / "x" / "hard.ndjson")
    found = find([str(tmp_path / "x"), str(tmp_path / "y"), str(tmp_path / "x" / "a.ndjson")])
    assert names(found) == ["a.ndjson", "c.ndjson"]


def test_names_are_told_apart(tmp_path: Path) -> None:
    put(
        tmp_path,
        one__lab__a_ndjson=lines(B12),
        two__lab__a_ndjson=lines(B12),
        three__a_ndjson=lines(B12),
    )
    one, two, three = (str(tmp_path / name) for name in ("one/lab", "two/lab", "three"))
    assert names(find([one])) == ["a.ndjson"]
    assert names(find([one, three])) == ["lab/a.ndjson", "three/a.ndjson"]
    found = find([one, two, three])
    assert len(set(names(found))) == 3
    assert found == find([three, two, one])
    files = [f"{one}/a.ndjson", f"{three}/a.ndjson"]
    assert names(find(files)) == ["lab/a.ndjson", "three/a.ndjson"]


STU = {
    "STU1": manifest(
        output=[out("o.ndjson", count=1), out("p.ndjson", "Patient", count=1)],
        error=[out("e.ndjson", "OperationOutcome")],
    ),
    "STU2": manifest(
        output=[out("o.ndjson"), out("p.ndjson", "Patient")],
        deleted=[out("d.ndjson", "Bundle")],
        error=[],
        extension={"https://example.org/extra": True},
    ),
    "STU3": manifest(
        outputOrganizedBy="Patient",
        output=[
            {"url": f"{BASE}o.ndjson?sig=a%2Fb", "continuesInFile": f"{BASE}p.ndjson"},
            {"url": f"{BASE}p.ndjson"},
        ],
        deleted=[out("d.ndjson", "Bundle")],
        link=[{"relation": "self", "url": f"{BASE}manifest"}],
    ),
    "STU4": {
        "transactionTime": "2026-01-01T00:00:00Z",
        "requiresAccessToken": False,
        "manifestType": "complete",
        "outputFormat": "application/fhir+ndjson",
        "output": [out("o.ndjson", count=1, fileSize=300), out("p.ndjson", "Patient")],
        "deleted": [out("d.ndjson", "Bundle")],
        "outcome": [
            out("e.ndjson", "OperationOutcome", countSeverity=[{"code": "error", "count": 1}])
        ],
        "extension": [{"url": "https://example.org/extra", "valueBoolean": True}],
    },
}


@pytest.mark.parametrize("form", STU)
@pytest.mark.parametrize("given", ["folder", "manifest"])
def test_manifests_of_every_form_are_followed(tmp_path: Path, form: str, given: str) -> None:
    said = STU[form]
    put(
        tmp_path,
        status_txt=json.dumps(said).encode(),
        o_ndjson=lines(B12),
        p_ndjson=lines(PATIENT),
        d_ndjson=lines(GONE),
        e_ndjson=lines(TROUBLE),
        unlisted_ndjson=lines(B12),
    )
    found = find([str(tmp_path if given == "folder" else tmp_path / "status.txt")])
    assert not found.problems
    listed = {"o.ndjson", "p.ndjson"}
    listed |= {"d.ndjson"} if "deleted" in said else set()
    listed |= {"e.ndjson"} if said.get("error") or said.get("outcome") else set()
    assert set(names(found)) == listed
    if given == "folder":
        assert set(found.left) == {"unlisted.ndjson", "d.ndjson", "e.ndjson"} - listed
    roles = {one.name: one.role for one in found.sources if isinstance(one, NdjsonSource)}
    assert roles["o.ndjson"] == "output"
    assert roles.get("d.ndjson", "deleted") == "deleted"
    assert roles.get("e.ndjson", "outcome") == "outcome"
    read = {one.name: taken(one) for one in found.sources}
    assert len(read["o.ndjson"].rows) == len(read["p.ndjson"].rows) == 1
    if "d.ndjson" in listed:
        assert read["d.ndjson"].read.deleted == ["Observation/o"]
    if "e.ndjson" in listed:
        assert read["e.ndjson"].read.outcomes == {"error": 1}
    assert len(found.notes) == 1 and "2026-01-01T00:00:00Z" in found.notes[0]


def test_a_file_listed_and_not_there_is_a_problem_and_packed_ones_are_found(
    tmp_path: Path,
) -> None:
    put(
        tmp_path,
        m_json=manifest(output=[out("o.ndjson"), out("p.ndjson"), out("gone.ndjson")]),
        files__o_ndjson_gz=gzip.compress(lines(B12)),
        p_ndjson_zst=zstandard.ZstdCompressor().compress(lines(PATIENT)),
    )
    found = find([str(tmp_path)])
    assert names(found) == ["files/o.ndjson.gz", "p.ndjson.zst"]
    assert reasons(found) == [("gone.ndjson", "input-missing")]
    assert "m.json" in found.problems[0].hint


def test_a_count_that_differs_is_noted(tmp_path: Path) -> None:
    put(
        tmp_path,
        m_json=manifest(output=[out("o.ndjson", count=3), out("p.ndjson", count=1)]),
        o_ndjson=lines(B12, b"", b"{bad"),
        p_ndjson=lines(PATIENT),
    )
    notes = [taken(one).read.notes for one in find([str(tmp_path)]).sources]
    assert notes == [["the manifest counts 3 resources in it, 2 were met"], []]


def test_files_fetched_under_other_names_are_all_read_and_that_is_said(tmp_path: Path) -> None:
    put(
        tmp_path,
        m_json=manifest(output=[{"type": "Patient", "url": f"{BASE}Binary/17"}]),
        a_ndjson=lines(B12),
        d_ndjson=lines(GONE),
    )
    found = find([str(tmp_path)])
    assert names(found) == ["a.ndjson", "d.ndjson"]
    assert reasons(found) == [("m.json", "input-manifest")]
    assert taken(found.sources[1]).read.deleted == ["Observation/o"]
    alone = find([str(tmp_path / "m.json")])
    assert reasons(alone) == [("17", "input-missing")]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"output": {}}, [("m.json", "input-manifest")]),
        ({"output": [{"type": "Patient"}]}, [("m.json", "input-manifest")]),
        ({"output": [out("o.ndjson"), "x"]}, [("m.json", "input-manifest")]),
        ({"output": [out("")]}, [("m.json", "input-manifest")]),
        (
            {"output": [{"url": f"{BASE}1/o.ndjson"}, {"url": f"{BASE}2/o.ndjson"}]},
            [("m.json", "input-manifest")],
        ),
        (
            {"output": [out("o.ndjson")], "link": [{"relation": "next", "url": f"{BASE}m2"}]},
            [("m.json", "input-incomplete")],
        ),
    ],
)
def test_a_manifest_that_cannot_be_followed_is_a_problem(
    tmp_path: Path, more: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    put(tmp_path, m_json=manifest(**more), o_ndjson=lines(B12))
    found = find([str(tmp_path)])
    assert reasons(found) == expected
    assert names(found) == ["o.ndjson"]  # nothing is lost


def test_pages_of_a_manifest_belong_together(tmp_path: Path) -> None:
    put(
        tmp_path,
        m1_json=manifest(
            output=[out("o.ndjson")], link=[{"relation": "next", "url": f"{BASE}?page=2"}]
        ),
        m2_json=manifest(output=[out("p.ndjson")]),
        o_ndjson=lines(B12),
        p_ndjson=lines(PATIENT),
        q_ndjson=lines(PATIENT),
    )
    found = find([str(tmp_path)])
    assert not found.problems
    assert names(found) == ["o.ndjson", "p.ndjson"]
    assert found.left == ("q.ndjson",)


def test_exports_in_folders_of_their_own_follow_their_own_manifests(tmp_path: Path) -> None:
    put(
        tmp_path,
        m_json=manifest(output=[out("o.ndjson")]),
        o_ndjson=lines(B12),
        old__m_json=manifest(output=[out("o.ndjson"), out("gone.ndjson")]),
        old__o_ndjson=lines(PATIENT),
        old__x_ndjson=lines(PATIENT),
    )
    found = find([str(tmp_path)])
    assert names(found) == ["o.ndjson", "old/o.ndjson"]
    assert reasons(found) == [("old/gone.ndjson", "input-missing")]
    assert found.left == ("old/x.ndjson",)
    both = find([str(tmp_path / "m.json"), str(tmp_path / "old" / "m.json")])
    assert len(set(names(both))) == 2


def test_a_long_manifest_is_recognised_wherever_its_time_stands(tmp_path: Path) -> None:
    files = [out(f"{at}.ndjson", count=0) for at in range(3000)]
    text = json.dumps(manifest(output=files), sort_keys=True).encode()
    assert b"transactionTime" not in text[: 64 * 1024]
    put(tmp_path, m_json=text)
    (tmp_path / "2999.ndjson").write_bytes(b"")
    found = find([str(tmp_path)])
    assert names(found) == ["2999.ndjson"]
    assert len(found.problems) == 2999


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x.example/a/b.ndjson", "b.ndjson"),
        ("https://x.example/a/b%20c.ndjson?sig=1/2#f", "b c.ndjson"),
        ("b.ndjson", "b.ndjson"),
        ("file:///data/b.ndjson", "b.ndjson"),
        ("https://x.example/a/", ""),
        ("https://x.example/a/..", ""),
        ("https://x.example/a/%2e%2e", ""),
        ("https://x.example/a/..%2f..%2fetc%2fpasswd", ""),
        ("https://x.example/a/b%00", ""),
        ("https://[x/b", ""),
    ],
)
def test_the_name_in_a_url_never_leads_anywhere_else(url: str, name: str) -> None:
    assert last_part(url) == name


def test_sources_can_be_sent_to_other_processes(tmp_path: Path) -> None:
    put(tmp_path, m_json=manifest(output=[out("o.ndjson", count=1)]), o_ndjson=lines(B12))
    (source,) = find([str(tmp_path)], options=Options(zone="Europe/London")).sources
    again = pickle.loads(pickle.dumps(source))
    assert again == source
    assert [row.body for row in taken(again).rows] == [row.body for row in taken(source).rows]
    error = InputError("a", "input-missing", 3, "see m.json")
    assert vars(pickle.loads(pickle.dumps(error))) == vars(error)


def test_memory_does_not_grow_with_the_number_of_files(tmp_path: Path) -> None:
    filler = lines({**B12, "note": [{"text": "x" * 65_536}]})
    for at in range(1500):
        (tmp_path / f"{at}.ndjson").write_bytes(filler)
    code = (
        "import resource, sys\n"
        "from corrin.batch.sources.detect import find\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "found = find([sys.argv[1]])\n"
        "print(len(found.sources), (peak() - before) // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    sources, megabytes = map(int, done.stdout.split())
    assert sources == 1500
    assert megabytes < 40


@pytest.mark.samples
def test_the_samples_are_told_apart(samples: Path) -> None:
    found = find([str(samples)])
    assert not found.problems
    formats: dict[str, set[str]] = {}
    for one in found.sources:
        formats.setdefault(one.name.partition("/")[0], set()).add(one.format)
    assert formats["bulk"] == formats["fhir"] == {"fhir"}
    assert formats["hl7v2"] == {"hl7v2"}
    assert formats["omop"] == {"omop"}
    assert {"MANIFEST.csv", "README.md", "codes/mimic-d-labitems.csv"} <= set(found.left)
