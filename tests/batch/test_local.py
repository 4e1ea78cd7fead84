"""The local engine from within: partitions, pieces, counts, inputs that go wrong on the way."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corrin.batch.engine import local, plan, resources
from corrin.batch.engine.claim import claim
from corrin.batch.engine.partition import hashes, partitions_of
from corrin.batch.engine.spill import Spills, spill
from corrin.batch.judge import Question
from corrin.batch.outcome import Counts, Outcome, Problem, RunFailed
from corrin.batch.progress import Quiet
from corrin.batch.row import ROWS, Read, Refused, Row, batch_of
from corrin.batch.run import Job
from corrin.batch.sources.detect import Found
from corrin.batch.sources.source import InputError, Source, Span
from support import exports, judges, small_pieces


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    judges.keep(monkeypatch)
    for name, size in small_pieces.SIZES.items():
        monkeypatch.setattr(plan, name, size)


def job(inputs: Path, out: Path, **more: Any) -> Job:
    return Job((str(inputs),), str(out), Question(exports.AS_OF), workers=1, summary=False, **more)


def table(out: Path, name: str) -> list[dict[str, Any]]:
    files = sorted((out / name).iterdir())
    rows: list[dict[str, Any]] = pa.concat_tables([pq.read_table(one) for one in files]).to_pylist()
    return rows


# --- partitions and spills ------------------------------------------------------------------


def test_a_partition_never_changes() -> None:
    subjects = pa.array(["Patient/1", "Patient/2", "identifier:x|y", "é", "", "p" * 1000])
    assert hashes(subjects).tolist() == [
        15685302028120132282,
        8639272776268298515,
        698029668523642030,
        6203996999018795730,
        14695981039346656037,
        458833121976196982,
    ]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=20), st.integers(1, 300))
def test_a_partition_depends_on_the_subject_alone(subjects: list[str], partitions: int) -> None:
    whole = partitions_of(pa.array(subjects, pa.string()), partitions)
    assert whole.max() < partitions and whole.min() >= 0
    padded = pa.array(["x", *subjects, "Patient/1"], pa.string())
    assert partitions_of(padded.slice(1, len(subjects)), partitions).tolist() == whole.tolist()
    each = [partitions_of(pa.array([one]), partitions)[0] for one in subjects]
    assert np.array(each).tolist() == whole.tolist()


def test_partitions_are_even() -> None:
    subjects = pa.array([f"Patient/{one}" for one in range(40_000)])
    sizes = np.bincount(partitions_of(subjects, 64), minlength=64)
    assert sizes.min() > 500 and sizes.max() < 750


def rows_of(people: int, each: int) -> list[Row]:
    return [
        Row(f"Patient/{one % people}", one + 1, b"x" * (one % 97)) for one in range(people * each)
    ]


@pytest.mark.parametrize("most", [1, 2_000, 20_000, 10_000_000])
@pytest.mark.parametrize("partitions", [1, 5])
def test_persons_are_given_whole_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, partitions: int
) -> None:
    from corrin.batch.engine import spill as module

    monkeypatch.setattr(module, "HELD_BYTES", 3_000)  # several batches of each partition
    aside = tmp_path / "aside"
    aside.mkdir()
    rows = rows_of(23, 9)
    paths = [tmp_path / "spill" / f"{chunk}.arrow" for chunk in range(3)]
    for chunk, path in enumerate(paths):
        own = rows[chunk::3]
        batches = [batch_of(own[at : at + 10], chunk) for at in range(0, len(own), 10)]
        assert spill(batches, path, aside, partitions) == len(own)
    found: list[tuple[str, int]] = []
    for partition in range(partitions):
        before = ""
        for piece in Spills(paths).persons(partition, most):
            subjects = piece.column("subject").to_pylist()
            assert min(subjects) > before
            before = max(subjects)
            found += zip(subjects, piece.column("line").to_pylist(), strict=True)
            assert most > 1 or len(set(subjects)) == 1
    assert sorted(found) == sorted((row.subject, row.line) for row in rows)


def test_a_row_of_nobody_is_not_taken(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nobody"):
        spill([batch_of([Row("", 1, b"{}")], 0)], tmp_path / "a" / "b", tmp_path, 4)


def test_no_rows_are_a_spill_too(tmp_path: Path) -> None:
    path = tmp_path / "spill" / "0.arrow"
    assert spill(ROWS.empty_table().to_batches(), path, tmp_path, 4) == 0
    assert list(Spills([path]).persons(0, 10)) == []


# --- resources ------------------------------------------------------------------------------


def test_memory_bounds_the_processes() -> None:
    gigabyte = 1 << 30
    assert resources.resources(8, gigabyte, 100).workers == 2
    assert resources.resources(2, gigabyte, 100).workers == 2
    assert resources.resources(8, 8 * gigabyte, 3).workers == 3
    assert resources.resources(1, resources.LEAST_MEMORY, 1).slice_bytes > 1_000_000
    more = resources.resources(1, 2 * gigabyte, 1).slice_bytes
    assert more > resources.resources(1, gigabyte, 1).slice_bytes
    with pytest.raises(RunFailed, match="little memory"):
        resources.resources(1, 1000, 1)


# --- inputs that go wrong on the way --------------------------------------------------------


def with_after_planning(monkeypatch: pytest.MonkeyPatch, then: Callable[[], None]) -> None:
    """Do something when a run has looked at its inputs and has not read them yet."""
    before = plan.plan

    def planned(sources: Any) -> plan.Plan:
        found = before(sources)
        then()
        return found

    monkeypatch.setattr(local, "plan", planned)


def test_a_file_that_vanishes_is_told_and_the_rest_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = exports.export(tmp_path / "export", 20)
    with_after_planning(monkeypatch, (inputs / "Observation.001.ndjson").unlink)
    outcome = local.run(job(inputs, tmp_path / "out"), Quiet())
    (problem,) = outcome.problems
    assert (problem.file, problem.reason) == ("Observation.001.ndjson", "input-missing")
    assert outcome.state == "partial"
    assert outcome.files["Observation.001.ndjson"] == Counts()
    assert outcome.files["Observation.000.ndjson"].read == 61
    told = [one for one in table(tmp_path / "out", "refusals") if one["file"] == problem.file]
    assert [one["reason"] for one in told] == ["input-missing"]
    assert len(table(tmp_path / "out", "reports")) == 20


def test_a_truncated_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    inputs = exports.export(tmp_path / "export", 40)
    plain = (inputs / "Observation.000.ndjson").read_bytes()
    packed = gzip.compress(plain)
    (inputs / "Observation.000.ndjson").unlink()
    (inputs / "Observation.000.ndjson.gz").write_bytes(packed[: len(packed) // 2])
    outcome = local.run(job(inputs, tmp_path / "out"), Quiet())
    (problem,) = outcome.problems
    assert (problem.file, problem.reason) == ("Observation.000.ndjson.gz", "input-truncated")
    counts = outcome.files[problem.file]
    assert 0 < counts.used <= counts.read < plain.count(b"\n")
    assert outcome.files["Observation.001.ndjson"].read == 121


def test_a_file_that_is_changed_while_it_is_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = exports.export(tmp_path / "export", 5)
    file = inputs / "Patient.ndjson"
    before = local._Run._begin

    def begun(run: Any, stamped: Any) -> None:
        before(run, stamped)
        file.write_bytes(file.read_bytes() + b"\n")

    monkeypatch.setattr(local._Run, "_begin", begun)
    outcome = local.run(job(inputs, tmp_path / "out"), Quiet())
    assert [(one.file, one.reason) for one in outcome.problems] == [
        ("Patient.ndjson", "input-changed")
    ]


# --- versions in several files --------------------------------------------------------------


def test_of_versions_in_several_files_the_newest_stands(tmp_path: Path) -> None:
    inputs = tmp_path / "export"
    inputs.mkdir()
    value = {"value": 100, "unit": "pg/mL", "system": exports._UCUM, "code": "pg/mL"}

    def version(number: int, amount: int, **more: Any) -> dict[str, Any]:
        meta = {"versionId": str(number), "lastUpdated": f"2026-09-0{number}T00:00:00Z"}
        quantity = value | {"value": amount}
        return exports.result(1, 0, meta=meta, valueQuantity=quantity, **more)

    other = {"coding": [{"system": exports._LOINC, "code": "29463-7"}]}
    files = {
        "a": [exports.patient(1), version(2, 222)],
        "b": [version(1, 111), exports.result(1, 1)],
        # Another resource, the newest version of which is no result of ours any more.
        "c": [exports.result(1, 2, meta={"versionId": "1"})],
        "d": [exports.result(1, 2, meta={"versionId": "2"}, code=other)],
    }
    for name, resources_ in files.items():
        (inputs / f"{name}.ndjson").write_bytes(exports.lines(resources_))
    outcome = local.run(job(inputs, tmp_path / "out"), Quiet())
    assert outcome.files["b.ndjson"].superseded == 1
    assert outcome.files["c.ndjson"].superseded == 1
    assert outcome.files["a.ndjson"].used == 2
    chosen = {one["name"]: one["reported"] for one in table(tmp_path / "out", "inputs")}
    assert "222" in chosen["total_b12"]
    assert "mcv" not in chosen


# --- rows that do not add up ----------------------------------------------------------------


@dataclass(frozen=True)
class Wrong(Source):
    """A source with a fault: it loses a row, or hands one on that it did not count."""

    lost: int = 1

    format = "wrong"

    def rows(self, span: Span, read: Read) -> Iterator[Row]:
        read.lines = 2
        read.rows = 1 + self.lost
        body = json.dumps(exports.patient(1)).encode()
        yield Row("Patient/person-1", 1, body, "Patient")


@dataclass(frozen=True)
class Faulty(Source):
    """A source with a fault that says a value in its message."""

    format = "faulty"

    def rows(self, span: Span, read: Read) -> Iterator[Row]:
        raise KeyError("Mrs Example, 212 pg/mL")
        yield


@dataclass(frozen=True)
class Ending(Source):
    """A source that ends badly after some rows, and refused one."""

    format = "ending"

    def rows(self, span: Span, read: Read) -> Iterator[Row]:
        read.lines, read.rows = 2, 2
        read.refused.append(Refused(2, "not-json", "x", "met"))
        yield Row("Patient/person-1", 1, json.dumps(exports.patient(1)).encode(), "Patient")
        raise InputError(self.name, "input-corrupt", 2)


def over(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    monkeypatch.setattr(local, "find", lambda _: Found((source,)))
    (tmp_path / "input").write_bytes(b"x")
    return local.run(job(tmp_path / "input", tmp_path / "out"), Quiet())


@pytest.mark.parametrize("lost", [1, -1])
def test_a_run_whose_rows_do_not_add_up_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    with pytest.raises(RunFailed) as raised:
        over(Wrong("lab.txt", str(tmp_path / "input"), lost=lost), tmp_path, monkeypatch)
    assert (raised.value.kind, raised.value.where) == ("fault", "lab.txt")
    assert f"{1 + lost} rows read, 1 accounted for" in raised.value.why
    assert not (tmp_path / "out" / "run.json").exists()


def test_a_judge_whose_rows_do_not_add_up_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from corrin.batch.written import Written

    before = Written.count

    def lossy(written: Written, chunk: int, went: str, *more: Any) -> None:
        if not written.went:
            before(written, chunk, went, *more)

    inputs = exports.export(tmp_path / "export", 3, files=1)
    monkeypatch.setattr(Written, "count", lossy)
    with pytest.raises(RunFailed) as raised:
        local.run(job(inputs, tmp_path / "out"), Quiet())
    assert raised.value.kind == "fault" and "accounted for" in raised.value.why
    assert not (tmp_path / "out" / "run.json").exists()


def test_a_fault_is_told_without_its_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RunFailed) as raised:
        over(Faulty("lab.txt", str(tmp_path / "input")), tmp_path, monkeypatch)
    told = " ".join(str(one) for one in raised.value.as_data().values())
    assert "KeyError" in told and "Example" not in told and "212" not in told


def test_an_input_that_ends_badly_keeps_what_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = over(Ending("lab.txt", str(tmp_path / "input")), tmp_path, monkeypatch)
    assert outcome.counts == Counts(read=2, used=1, refused=1)
    assert outcome.problems == (Problem("lab.txt", "input-corrupt", 2),)
    told = [(one["line"], one["reason"]) for one in table(tmp_path / "out", "refusals")]
    assert sorted(told) == [(2, "input-corrupt"), (2, "not-json")]


# --- one person with very many results ------------------------------------------------------


def test_one_person_larger_than_the_memory_asked_for(tmp_path: Path) -> None:
    inputs = tmp_path / "export"
    inputs.mkdir()
    results = [
        exports.result(1, 0, id=f"o{at}", effectiveDateTime=f"2026-01-01T00:{at // 60:02d}:00Z")
        for at in range(3_000)
    ]
    (inputs / "a.ndjson").write_bytes(exports.lines([exports.patient(1), *results]))
    outcome = local.run(job(inputs, tmp_path / "out", memory=resources.LEAST_MEMORY), Quiet())
    assert outcome.counts == Counts(read=3_001, used=3_001)
    (report,) = table(tmp_path / "out", "reports")
    assert report["b12_status"] is not None


# --- whose the folder is --------------------------------------------------------------------


def test_a_claimed_folder_is_nobody_elses(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with claim(out, resume=False) as first:
        assert not first.finished
        with pytest.raises(RunFailed, match="Another run"), claim(out, resume=False):
            pass
    with claim(out, resume=False):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(RunFailed, match="cannot be written there"), claim(place, resume=False):
            pass
