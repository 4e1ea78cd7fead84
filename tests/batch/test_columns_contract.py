"""The columns of a batch are a contract: the page says them, datasets have them, none goes away."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import batch_columns
import generate
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch.datasets import judge_of, patient, result, write
from corrin.batch import tables
from corrin.batch.compare import write_changes
from corrin.batch.question import Question

FROZEN = Path(__file__).parent / "columns.json"
"""Every column that was ever released: table → column → type, whether null is allowed."""

NIGHT = Question("2026-03-10", against="mayo-acasm")
RESOURCES = [
    patient("p1"),
    result("p1", "total_b12", "160", "2026-03-01"),
    result("p1", "mma", "0.9", "2026-03-01"),
    result("p1", "potassium", "2.1", "2026-03-09", status="cancelled"),
    patient("p2"),
    result("p2", "total_b12", "600", "2026-03-01"),
]


def columns(schema: pa.Schema) -> dict[str, list[object]]:
    return {field.name: [batch_columns.kind(field.type), field.nullable] for field in schema}


def contract() -> dict[str, dict[str, list[object]]]:
    topic = (batch_columns.TOPIC,)
    return {name: columns(tables.schema_of(name, topic)) for name in batch_columns.names()}


def test_the_page_is_up_to_date() -> None:
    page = generate.DOCS / "batch-columns.md"
    assert page.read_text(encoding="utf-8") == generate.batch_columns()


def test_every_column_says_what_it_is() -> None:
    for name in batch_columns.names():
        for field in tables.schema_of(name, ("b12_status",)):
            assert (field.metadata or {}).get(b"says"), (name, field.name)


def test_no_column_was_taken_away_or_retyped() -> None:
    frozen = json.loads(FROZEN.read_text(encoding="utf-8"))
    assert broken(frozen, contract()) == []


def test_a_column_that_goes_away_or_changes_is_found() -> None:
    frozen = contract()
    later = {name: dict(found) for name, found in contract().items()}
    later["notes"]["added"] = ["text", True]
    assert broken(frozen, later) == []
    del later["notes"]["summary"]
    later["inputs"]["low"] = ["text", True]
    later["reports"]["urgency"] = ["text", True]
    del later["refusals"]
    assert broken(frozen, later) == [
        "inputs.low: number, null allowed → text, null allowed",
        "notes.summary is gone",
        "refusals is gone",
        "reports.urgency: text → text, null allowed",
    ]


def broken(
    frozen: Mapping[str, Mapping[str, list[object]]],
    now: Mapping[str, Mapping[str, list[object]]],
) -> list[str]:
    found = []
    for table, kept in frozen.items():
        if table not in now:
            found.append(f"{table} is gone")
            continue
        for name, kind in kept.items():
            if name not in now[table]:
                found.append(f"{table}.{name} is gone")
            elif now[table][name] != kind:
                found.append(f"{table}.{name}: {_said(kind)} → {_said(now[table][name])}")
    return sorted(found)


def _said(kind: list[object]) -> str:
    return f"{kind[0]}, null allowed" if kind[1] else str(kind[0])


def dataset(folder: Path, form: str) -> tuple[str, ...]:
    """A dataset with every table there can be; the topics of its profile."""
    write(folder / "before", RESOURCES[:2], NIGHT, form)
    write(folder / "after", RESOURCES, NIGHT, form)
    judge = judge_of(NIGHT)
    write_changes(folder / "after", folder / "before", engine=judge.engine)
    return judge.topics


def test_a_parquet_dataset_has_exactly_these_columns_and_types(tmp_path: Path) -> None:
    topics = dataset(tmp_path, "parquet")
    for name in batch_columns.names():
        (path,) = (tmp_path / "after" / name).iterdir()
        found = pq.read_schema(path)
        assert columns(found) == columns(tables.schema_of(name, topics)), name
        assert pq.read_table(path).num_rows > 0, name


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_other_datasets_have_exactly_these_columns(tmp_path: Path, form: str) -> None:
    topics = dataset(tmp_path, form)
    for name in batch_columns.names():
        (path,) = (tmp_path / "after" / name).iterdir()
        names = tables.schema_of(name, topics).names
        with path.open(newline="", encoding="utf-8") as file:
            if form == "csv":
                rows = list(csv.reader(file))
                assert all(len(row) == len(names) for row in rows)
                assert rows[0] == names
            else:
                assert all(list(json.loads(line)) == names for line in file)
