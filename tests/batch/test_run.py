"""A whole run: what is written, the same bytes however it is done."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corrin.batch import tables
from corrin.batch.judge import Question, Shared
from support import exports, judges, small_pieces
from support.forked import Forks

pytestmark = pytest.mark.xdist_group("batch-runs")

PEOPLE = 60


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exports.export(tmp_path_factory.mktemp("run") / "export", PEOPLE)


@pytest.fixture(scope="module")
def dataset(inputs: Path) -> Path:
    out = inputs.parent / "alone"
    assert exports.here(*exports.asked(inputs, out, "--workers", "1")) == 0
    return out


def table(out: Path, name: str) -> pa.Table:
    return pa.concat_tables([pq.read_table(one) for one in sorted((out / name).iterdir())])


def test_everybody_has_one_report(dataset: Path) -> None:
    found = table(dataset, "reports")
    assert sorted(found.column("subject").to_pylist()) == sorted(
        f"Patient/person-{one}" for one in range(PEOPLE)
    )
    assert set(found.column("as_of").to_pylist()) == {exports.AS_OF}


def test_columns_are_those_of_the_contract(dataset: Path) -> None:
    topics = judges.judge(Question(exports.AS_OF), Shared({})).topics
    for name in tables.NAMES:
        for file in (dataset / name).iterdir():
            assert pq.read_schema(file).equals(tables.schema_of(name, topics)), file


def test_rows_end_as_exactly_one_thing(dataset: Path) -> None:
    run = json.loads((dataset / "run.json").read_bytes())
    every = [run["counts"], *(one["counts"] for one in run["sources"])]
    for counts in every:
        assert counts["read"] == sum(counts[name] for name in counts if name != "read")
    files = {one["file"]: one["counts"] for one in run["sources"]}
    assert files["Patient.ndjson"] == {
        "read": PEOPLE,
        "used": PEOPLE,
        "superseded": 0,
        "not_ours": 0,
        "refused": 0,
    }
    # Of six results one is a weight, one has a unit nobody knows; a line of each file is no JSON.
    assert run["counts"] == {
        "read": 7 * PEOPLE + 2,
        "used": 5 * PEOPLE,
        "superseded": 0,
        "not_ours": PEOPLE,
        "refused": PEOPLE + 2,
    }
    assert run["state"] == "complete"


def test_refusals_name_file_line_element_and_reason(dataset: Path, inputs: Path) -> None:
    found = table(dataset, "refusals").to_pylist()
    assert len(found) == PEOPLE + 2
    for one in found:
        line = (inputs / one["file"]).read_bytes().splitlines()[one["line"] - 1]
        if one["reason"] == "not-json":
            assert line == b"{not json"
        else:
            assert b"furlong" in line and one["path"].startswith("Observation.value")
            assert one["subject"].encode() in line


def test_no_work_files_are_left(dataset: Path) -> None:
    assert {one.name for one in dataset.iterdir()} == {*tables.NAMES, "run.json", "timing.json"}


def test_any_number_of_processes_writes_the_same_bytes(
    inputs: Path, dataset: Path, forks: Forks
) -> None:
    out = inputs.parent / "three"
    ran = forks.start(*exports.asked(inputs, out, "--workers", "3"))
    _, err = ran.communicate()
    assert ran.returncode == 0, err.decode()
    assert json.loads((out / "timing.json").read_bytes())["workers"] == 3
    assert len(list((out / "reports").iterdir())) > 3
    assert exports.digests(out) == exports.digests(dataset)


def test_any_memory_writes_the_same_bytes(inputs: Path, dataset: Path) -> None:
    """So little that a partition is judged in many pieces."""
    from corrin.batch.engine import local, plan, resources
    from corrin.batch.progress import Quiet
    from corrin.batch.run import Job

    out = inputs.parent / "little"
    job = Job((str(inputs),), str(out), Question(exports.AS_OF), workers=1, summary=False)
    with pytest.MonkeyPatch.context() as patch:
        judges.keep(patch)
        for name, size in small_pieces.SIZES.items():
            patch.setattr(plan, name, size)
        patch.setattr(
            local, "resources", lambda *_: resources.Resources(workers=1, slice_bytes=4096)
        )
        local.run(job, Quiet())
    assert exports.digests(out) == exports.digests(dataset)


def test_every_format_holds_the_same_rows(inputs: Path, dataset: Path) -> None:
    for form in ("ndjson", "csv"):
        out = inputs.parent / form
        assert exports.here(*exports.asked(inputs, out, "--format", form, "--workers", "1")) == 0
        for name in tables.NAMES:
            for file in (dataset / name).iterdir():
                rows = pq.read_table(file).to_pylist()
                other = (out / name / file.name).with_suffix(f".{form}").read_bytes()
                read = of_ndjson(other) if form == "ndjson" else of_csv(other, rows)
                assert read == rows, (form, file.name)


def of_ndjson(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def of_csv(data: bytes, like: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows read back, each cell as the type of the row it should be."""
    found = csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True)
    return [
        {name: cell_of(text, one[name]) for name, text in row.items()}
        for row, one in zip(found, like, strict=True)
    ]


def cell_of(text: str, like: object) -> object:
    match like:
        case None:
            return None if text == "" else text
        case bool():
            return {"true": True, "false": False}[text]
        case int() | float():
            return type(like)(text)
        case list():
            return json.loads(text)
        case _:
            return text.removeprefix("'")
