"""The same people under another framework: who differs, and by which cut-off or row."""

from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from batch.datasets import judge_of, patient, result, rows_of, write
from corrin.batch import tables
from corrin.batch.against import TABLE
from corrin.batch.against_totals import write_totals
from corrin.batch.compare_dataset import NotADataset
from corrin.batch.question import Question
from corrin.comparison import comparer
from corrin.interpretation import UsageError, compare
from support.site import TOTAL_200, site

NIGHT = "2026-03-10"
OTHER = "mayo-acasm"
# From low to high, through every band of either guideline, with MMA beside some.
VALUES = ("100", "160", "185", "210", "260", "330", "380", "420", "520", "900")


def people() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for value in VALUES:
        for mma in (None, "0.2", "0.35", "0.9"):
            name = f"p{value}-{mma}"
            found += [patient(name), result(name, "total_b12", value, "2026-03-01")]
            if mma is not None:
                found.append(result(name, "mma", mma, "2026-03-01"))
    return [*found, patient("young", "2020-01-01"), result("young", "total_b12", "90", NIGHT)]


def differences(resources: list[dict[str, Any]], **asked: Any) -> list[dict[str, Any]]:
    question = Question(asked.pop("as_of", NIGHT), against=asked.pop("against", OTHER), **asked)
    found: list[dict[str, Any]] = judged(question, json.dumps(resources)).to_pylist()
    return found


@lru_cache
def judged(question: Question, resources: str) -> pa.Table:
    table = judge_of(question).judge(rows_of(json.loads(resources))).tables[TABLE]
    assert table.schema.equals(tables.DIFFERENCES)
    return table


def bundle(resources: list[dict[str, Any]], name: str) -> bytes:
    """One person's resources, as the online door takes them."""
    mine = [
        one
        for one in resources
        if one["id"] == name or one.get("subject") == {"reference": f"Patient/{name}"}
    ]
    entries = [{"resource": one} for one in mine]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def test_every_person_differs_as_the_comparison_of_one_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resources = people()
    made: list[comparer.Comparer] = []

    def kept(*asked: Any) -> comparer.Comparer:
        """Made once, as a server keeps it; what is asked is the same of everybody."""
        if not made:
            made.append(before(*asked))
        return made[0]

    before = comparer.Comparer
    monkeypatch.setattr(comparer, "Comparer", kept)
    found = {row["subject"]: row for row in differences(resources) if row["topic"] == "b12_status"}
    assert 5 < len(found) < len(VALUES) * 4
    names = [one["id"] for one in resources if one["resourceType"] == "Patient"]
    for name in names:
        online = compare(bundle(resources, name), packs=("ng239", OTHER), as_of=NIGHT)
        row = found.get(f"Patient/{name}")
        if not online.differences:
            assert row is None or row["here"] == row["there"], name
            continue
        assert row is not None, name
        (why,) = online.differences
        here, there = (column.status for column in online.columns)
        assert here is not None and there is not None
        assert row["here"] == (here.status or " or ".join(one.code for one in here.possible))
        assert row["there"] == (there.status or " or ".join(one.code for one in there.possible))
        assert (row["urgency_here"], row["urgency_there"]) == (here.urgency, there.urgency)
        assert row["kind"] == why.kind
        if why.cutoffs:
            told = [f"{one.name}: {one.first} → {one.second}" for one in why.cutoffs]
            assert row["because"] == told
        else:
            rows = (why.first_row.id, why.second_row.id)
            for named, text in zip(rows, row["because"], strict=True):
                assert named is None or named in text
    kinds = {row["kind"] for row in found.values()}
    assert kinds >= {"threshold", "table"}


def test_notes_gained_and_lost_and_the_urgency_of_all() -> None:
    rows = [row for row in differences(people()) if row["topic"] == ""]
    assert rows
    for row in rows:
        assert row["urgency_here"] != row["urgency_there"] or row["gained"] or row["lost"]
        assert not set(row["gained"]) & set(row["lost"])
        assert row["here"] is row["there"] is None


def test_people_out_of_scope_do_not_differ() -> None:
    assert not [row for row in differences(people()) if row["subject"] == "Patient/young"]


def test_several_frameworks_side_by_side() -> None:
    both = differences(people(), against=f"{OTHER}, bsh-2014")
    assert {row["framework"] for row in both} == {OTHER, "bsh-2014"}
    assert [row for row in both if row["framework"] == OTHER] == differences(people())
    keys = [tuple(row[name] for name in tables.order(TABLE)) for row in both]
    assert keys == sorted(keys)


def test_as_of_each_result() -> None:
    resources = [
        patient("p1"),
        result("p1", "total_b12", "160", "2026-03-01"),
        result("p1", "total_b12", "900", "2026-03-05"),
    ]
    found = differences(resources, as_of="each-result")
    assert {row["as_of"] for row in found if row["topic"] == "b12_status"} == {"2026-03-01"}


def test_the_site_file_holds_for_both(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(site(TOTAL_200))
    plain = {row["subject"] for row in differences(people()) if row["topic"] == "b12_status"}
    moved = differences(people(), overlay=str(path))
    assert plain != {row["subject"] for row in moved if row["topic"] == "b12_status"}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere", "no pack called"),
        ("cramps", "does not decide"),
        ("ng239", "already"),
        (" , ", "No framework"),
    ],
)
def test_what_cannot_stand_beside_it_is_said(name: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        judge_of(Question(NIGHT, against=name))
    assert says in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("form", ["parquet", "ndjson", "csv"])
def test_the_matrix_counts_everybody_once(tmp_path: Path, form: str) -> None:
    answer = write(tmp_path, people(), Question(NIGHT, against=OTHER), form)
    told = write_totals(tmp_path)
    assert told == json.loads((tmp_path / "differences.json").read_text())
    matrix = [one for one in told["statuses"] if one["topic"] == "b12_status"]
    statuses = answer.tables["statuses"].to_pylist()
    here = Counter(
        row["status"] or " or ".join(row["possible"])
        for row in statuses
        if row["topic"] == "b12_status"
    )
    counted: Counter[str] = Counter()
    for one in matrix:
        counted[one["here"]] += one["reports"]
    assert counted == here
    rows = answer.tables[TABLE].to_pylist()
    off = sum(one["reports"] for one in matrix if one["here"] != one["there"])
    differing = [r for r in rows if r["topic"] == "b12_status" and r["here"] != r["there"]]
    assert off == len(differing)
    assert told["frameworks"] == [
        {"framework": OTHER, "reports": len({(row["subject"], row["as_of"]) for row in rows})}
    ]


def test_a_framework_under_which_nothing_differs_is_counted_all_the_same(tmp_path: Path) -> None:
    write(tmp_path, people()[:1], Question(NIGHT, against=f"{OTHER},aafp-2025"))
    told = write_totals(tmp_path)
    assert told["frameworks"] == [
        {"framework": "aafp-2025", "reports": 0},
        {"framework": OTHER, "reports": 0},
    ]
    assert told["statuses"] == []


def test_of_several_frameworks_the_matrix_counts_everybody_under_each(tmp_path: Path) -> None:
    low = [patient("low"), result("low", "total_b12", "160", "2026-03-01")]
    some = [*low, *people()]
    write(tmp_path, some, Question(NIGHT, against=f"{OTHER},bsh-2014"))
    told = write_totals(tmp_path)
    counted: Counter[str] = Counter()
    for one in told["statuses"]:
        if one["topic"] == "b12_status":
            counted[one["framework"]] += one["reports"]
    assert counted == {OTHER: 41, "bsh-2014": 41}  # one is too young to be judged


def test_without_the_table_there_are_no_totals(tmp_path: Path) -> None:
    write(tmp_path, people()[:2], Question(NIGHT))
    with pytest.raises(NotADataset, match="differences"):
        write_totals(tmp_path)
