"""The judge says of every person, row for row, what the online door says of the same resources."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from corrin import interpret
from corrin.batch.judge import Answer, Piece, Question, Shared
from corrin.batch.row import ROWS, Row, batch_of
from corrin.batch.subject import key_of
from corrin.intake.problem import IntakeError
from corrin.notes.report import Report
from golden.cases import Case, every_case
from support import judges, slim
from support.places import ROOT, samples

AS_OF = "2024-06-01"
SAMPLES = samples() or ROOT / "no-samples"
MAKE_BULK = SAMPLES.parent / "tools" / "make_bulk.py"
# A case that says more than its resources (Parameters), or asks for another moment, is no export.
BUNDLES = [
    case
    for case in every_case()
    if not case.refused_whole
    and case.request_file.suffix == ".json"
    and json.loads(case.request_file.read_bytes()).get("resourceType") == "Bundle"
]


def parsed(data: bytes) -> Any:
    """JSON, numbers as Decimal."""
    return json.loads(data, parse_float=Decimal, parse_int=Decimal)


def judge(lines: list[bytes], as_of: str, *, parts: bool) -> Answer:
    """The answer for resources given as lines; with ``parts``, regular results as slim rows."""
    rows = [Row(key_of(parsed(line)), at, line, kind(line)) for at, line in enumerate(lines, 1)]
    columns = batch_of(rows, 0).to_pylist()
    for row in columns if parts else ():
        found = slim.slim(parsed(row["body"]), row["subject"])
        if found is not None:
            row |= {"body": found.body, "id": found.identity, "effective": found.effective}
            row |= {"issued": found.issued, "identifier": found.identifier}
    ready = judges.judge(Question(as_of), Shared({0: Piece("export.ndjson")}))
    return ready.judge(pa.Table.from_pylist(columns, schema=ROWS))


def kind(line: bytes) -> str:
    """The type of a resource."""
    return str(parsed(line)["resourceType"])


Rows = dict[str, list[dict[str, Any]]]


def rows_of(answer: Answer) -> dict[str, Rows]:
    """The rows of each person, by table."""
    found: dict[str, Rows] = {}
    for name, table in answer.tables.items():
        for row in table.to_pylist():
            person = found.setdefault(row["subject"], {one: [] for one in answer.tables})
            person[name].append(row)
    return found


def said(rows: Rows | None) -> dict[str, Any]:
    """What the tables say of one person, as :func:`reported` says it of a report."""
    if rows is None or not rows["reports"]:
        return {}
    (report,) = rows["reports"]
    return {
        "urgency": report["urgency"],
        "in_scope": report["in_scope"],
        "statuses": {
            row["topic"]: (row["status"], tuple(row["possible"]), row["urgency"], row["pack"])
            for row in rows["statuses"]
        },
        "wide": {row["topic"]: report[row["topic"]] for row in rows["statuses"]},
        "notes": Counter(
            (row["rule"], row["urgency"], row["verified"], row["summary"], row["detail"])
            for row in rows["notes"]
        ),
        "limits": Counter(
            (row["rule"], limit) for row in rows["notes"] for limit in basis(row)["limits"]
        ),
        "thresholds": Counter(
            (row["rule"], cut["name"], cut["used"])
            for row in rows["notes"]
            for cut in basis(row)["thresholds"]
        ),
        "missing": Counter(
            (row["rule"], one["name"], one["reason"])
            for row in rows["notes"]
            for one in basis(row)["missing"]
        ),
        "values": Counter(
            (row["name"], row["reported"], row["compared"], row["when"], tuple(row["flags"]))
            for row in rows["inputs"]
            if row["kind"] == "measured" and row["role"] in ("chosen", "disagreeing")
        ),
        "context": Counter(
            (row["name"], row["reported"], row["when"])
            for row in rows["inputs"]
            if row["kind"] == "stated" and not row["name"].endswith(("_rising", "_falling"))
        ),
        "refused": Counter(
            (row["reason"], row["name"], row["reported"]) for row in rows["refusals"]
        ),
    }


def basis(row: dict[str, Any]) -> dict[str, Any]:
    """The basis of a note."""
    found: dict[str, Any] = json.loads(row["basis"])
    return found


def reported(report: Report) -> dict[str, Any]:
    """The same of a report of the online door."""
    statuses = {
        topic: (
            one.status,
            tuple(word.code for word in one.possible) or (one.status,),
            one.urgency,
            one.pack,
        )
        for topic, one in report.statuses.items()
    }
    notes = report.notes
    return {
        "urgency": report.urgency,
        "in_scope": report.in_scope,
        "statuses": statuses,
        "wide": {topic: one[0] for topic, one in statuses.items()},
        "notes": Counter((n.rule, n.urgency, n.verified, n.summary, n.detail) for n in notes),
        "limits": Counter((n.rule, limit) for n in notes for limit in n.limits),
        "thresholds": Counter((n.rule, cut.name, cut.used) for n in notes for cut in n.thresholds),
        "missing": Counter((n.rule, one.name, one.reason) for n in notes for one in n.missing),
        "values": Counter(
            (v.name, v.reported, v.compared, v.when, tuple(f.code for f in v.flags))
            for v in report.values
        ),
        "context": Counter(
            (c.name, "stated" if c.present else "stated absent", c.since) for c in report.context
        ),
        "refused": Counter((r.reason, r.name, r.reported or None) for r in report.refusals),
    }


@pytest.mark.parametrize("parts", [False, True], ids=["whole", "slim"])
@pytest.mark.parametrize("case", BUNDLES, ids=lambda case: case.name)
def test_every_example_comes_out_as_online(case: Case, parts: bool) -> None:
    entries = parsed(case.request_file.read_bytes()).get("entry", [])
    found = [entry["resource"] for entry in entries if "resource" in entry]
    subjects = {key_of(one) for one in found} - {""}
    if len(subjects) != 1 or any(one.get("resourceType") == "Bundle" for one in found):
        pytest.skip("an export is read by the persons it names; here none is named, or several")
    (subject,) = subjects
    lines = [slim.written(one) for one in found if key_of(one)]
    online = online_of(b"\n".join(lines))
    answer = judge(lines, "2026-11-01T09:00:00Z", parts=parts)
    assert said(rows_of(answer).get(subject)) == reported(online)
    assert sum(sum(one) for one in answer.went.values()) == len(lines)


@lru_cache
def online_of(data: bytes) -> Report:
    """What the online door says; both ways of reading are held against it."""
    return interpret(data, as_of="2026-11-01T09:00:00Z")


def by_person(files: list[Path]) -> Iterator[tuple[str, list[bytes]]]:
    """The lines of each person of an export."""
    found: dict[str, list[bytes]] = {}
    for file in files:
        for line in file.read_bytes().splitlines():
            found.setdefault(key_of(parsed(line)), []).append(line)
    yield from sorted(found.items())


def compare(files: list[Path]) -> int:
    """Hold every person of an export against the online door; how many there were."""
    persons = dict(by_person(files))
    lines = [line for found in persons.values() for line in found]
    whole, parts = (judge(lines, AS_OF, parts=parts) for parts in (False, True))
    assert whole.tables == parts.tables
    assert whole.went == parts.went
    rows = rows_of(whole)
    for subject, own in persons.items():
        try:
            online = interpret(b"\n".join(own), as_of=AS_OF)
        except IntakeError as error:
            assert {r["reason"] for r in rows[subject]["refusals"]} == {error.problems[0].reason}
            continue
        found = said(rows.get(subject))
        assert found == (reported(online) if found else {})
    return len(persons)


@pytest.mark.samples
def test_the_sample_export_comes_out_as_online() -> None:
    assert compare(sorted((SAMPLES / "bulk").glob("*.ndjson"))) == 35


@pytest.mark.samples
@pytest.mark.parametrize("people", [50, pytest.param(500, marks=pytest.mark.soak)])
def test_made_exports_come_out_as_online(tmp_path: Path, people: int) -> None:
    command = [sys.executable, str(MAKE_BULK), "--patients", str(people), "--seed", "11"]
    subprocess.run([*command, "--out", str(tmp_path)], check=True, capture_output=True)
    assert compare(sorted(tmp_path.glob("*.ndjson"))) == people
