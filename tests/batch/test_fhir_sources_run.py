"""A whole run over an export as it comes: manifest, packed files, Bundles, deletions, bad lines."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow.dataset as arrow
import zstandard

from batch.sourced import lines
from support import command

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
OUT = "https://ehr.example.org/out/"
URN = "urn:uuid:0b7a2f9e-51d6-4b3c-9c1e-5a8f0d2c4e6a"


def patient(name: str) -> dict[str, Any]:
    """A Patient."""
    return {"resourceType": "Patient", "id": name, "gender": "female", "birthDate": "1960-02-03"}


def b12(name: str, person: str, value: int, version: int = 1) -> dict[str, Any]:
    """A result."""
    return {
        "resourceType": "Observation",
        "id": name,
        "meta": {"versionId": f"{version}", "lastUpdated": f"2026-01-0{version}T00:00:00Z"},
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "2132-9"}]},
        "subject": {"reference": person},
        "effectiveDateTime": "2026-01-01",
        "valueQuantity": {"value": value, "unit": "pg/mL", "system": UCUM, "code": "pg/mL"},
    }


def run(export: Path, out: Path, *more: str) -> tuple[int, dict[str, Any], str]:
    """A run by the command line: exit code, run.json and what was said."""
    asked = ("--out", str(out), "--as-of", "2026-06-01", "--no-summary", *more)
    done = command.run("batch", str(export), *asked)
    said = (done.stdout + done.stderr).decode()
    assert "Traceback" not in said
    return done.returncode, json.loads((out / "run.json").read_text()), said


def table(out: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a table."""
    found: list[dict[str, Any]] = arrow.dataset(out / name).to_table().to_pylist()
    return found


def test_an_export_as_it_comes(tmp_path: Path) -> None:
    export = tmp_path / "export"
    export.mkdir()
    manifest = {
        "transactionTime": "2026-02-01T00:00:00Z",
        "requiresAccessToken": True,
        "output": [
            {"type": "Patient", "url": f"{OUT}patients.ndjson", "count": 3},
            {"type": "Observation", "url": f"{OUT}results.ndjson"},
            {"type": "Observation", "url": f"{OUT}more.ndjson"},
            {"type": "Observation", "url": f"{OUT}cut.ndjson"},
            {"type": "Bundle", "url": f"{OUT}bundles.ndjson"},
            {"type": "Observation", "url": f"{OUT}lost.ndjson"},
        ],
        "deleted": [{"type": "Bundle", "url": f"{OUT}deleted.ndjson"}],
        "outcome": [{"type": "OperationOutcome", "url": f"{OUT}outcome.ndjson"}],
    }
    trouble = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning"}]}
    gone = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": {"method": "DELETE", "url": "Observation/b-1"}}],
    }
    report = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": URN, "resource": patient("c")},
            {"fullUrl": f"{URN[:-1]}b", "resource": b12("c-1", URN, 130)},
        ],
    }
    many = [b12(f"a-many-{at}", "Patient/a", 400 + at) for at in range(300)]
    cut = gzip.compress(lines(*many))
    files = {
        "status.json": json.dumps(manifest).encode(),
        "patients.ndjson": b"\xef\xbb\xbf"
        + lines(patient("a"), patient("b"), patient("d")).replace(b"\n", b"\r\n"),
        "results.ndjson.gz": gzip.compress(
            lines(b12("a-1", "Patient/a", 100), b12("b-1", "Patient/b", 90), b'{"bad')
        ),
        "more.ndjson": zstandard.ZstdCompressor().compress(
            lines(b12("a-1", "Patient/a", 500, version=2), b12("d-1", "Patient/d", 95))
        ),
        "cut.ndjson": cut[: len(cut) - 40],
        "bundles.ndjson": lines(report),
        "deleted.ndjson": lines(gone),
        "outcome.ndjson": lines(trouble),
        "truth.csv": b"patient,b12\na,100\n",
    }
    for name, data in files.items():
        (export / name).write_bytes(data)

    code, told, said = run(export, tmp_path / "out")
    assert code not in (0, 1) and told["state"] == "partial"
    assert {(one["file"], one["reason"]) for one in told["problems"]} == {
        ("cut.ndjson", "input-truncated"),
        ("lost.ndjson", "input-missing"),
    }
    counts = told["counts"]
    ended = ("used", "superseded", "not_ours", "refused")
    assert counts["read"] == sum(counts[name] for name in ended)
    by_file = {one["file"]: one["counts"] for one in told["sources"]}
    assert by_file["results.ndjson.gz"] == {
        **{"read": 3, "used": 0, "superseded": 2, "not_ours": 0, "refused": 1}
    }
    assert by_file["bundles.ndjson"]["used"] == 2
    assert by_file["deleted.ndjson"]["used"] == 1
    assert 100 < by_file["cut.ndjson"]["read"] < 301
    assert told["not_read"] == ["truth.csv"]
    assert told["outcomes"] == {"warning": 1}
    assert any("2026-02-01T00:00:00Z" in note for note in told["notes"])
    assert "Patient/" not in said and "a-many" not in said

    reports = {one["subject"]: one for one in table(tmp_path / "out", "reports")}
    assert set(reports) == {"Patient/a", "Patient/b", "Patient/c", "Patient/d"}
    chosen = {
        (one["subject"], one["reported"])
        for one in table(tmp_path / "out", "inputs")
        if one["name"] == "total_b12" and one["kind"] == "measured"
    }
    assert ("Patient/c", "130 pg/mL") in chosen and ("Patient/d", "95 pg/mL") in chosen
    assert not {one for one in chosen if one[0] == "Patient/b" or one[1] == "100 pg/mL"}
    (refused,) = (one for one in table(tmp_path / "out", "refusals") if one["reason"] == "not-json")
    assert (refused["file"], refused["line"]) == ("results.ndjson.gz", 3)


def test_the_same_export_in_other_clothes_gives_the_same_tables(tmp_path: Path) -> None:
    people = [patient(name) for name in "abcd"]
    results = [
        b12(f"{one['id']}-1", f"Patient/{one['id']}", 90 + 80 * at) for at, one in enumerate(people)
    ]
    forms = {
        "lines": {"p.ndjson": lines(*people), "o.ndjson": lines(*results)},
        "bundles": {
            f"{at}.json": json.dumps(
                {
                    "resourceType": "Bundle",
                    "type": "collection",
                    "entry": [{"resource": results[at]}, {"resource": people[at]}],
                },
                indent=2,
            ).encode("utf-16")
            for at in range(4)
        },
    }
    said = {}
    for form, files in forms.items():
        (tmp_path / form).mkdir()
        for name, data in files.items():
            (tmp_path / form / name).write_bytes(data)
        code, told, _ = run(tmp_path / form, tmp_path / f"out-{form}")
        assert (code, told["state"]) == (0, "complete")
        assert told["counts"] == {
            **{"read": 8, "used": 8, "superseded": 0, "not_ours": 0, "refused": 0}
        }
        tables = {name: table(tmp_path / f"out-{form}", name) for name in ("statuses", "notes")}
        tables["inputs"] = [
            {name: value for name, value in one.items() if name not in ("file", "line", "origin")}
            for one in table(tmp_path / f"out-{form}", "inputs")
        ]
        said[form] = tables
    assert said["lines"] == said["bundles"]
    assert said["lines"]["inputs"]
