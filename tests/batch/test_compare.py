"""A run beside an earlier one: who changed, and because of what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from batch.datasets import judge_of, patient, result, write
from corrin.batch import tables
from corrin.batch.compare import check, write_changes
from corrin.batch.compare_dataset import NotADataset
from corrin.batch.question import Question
from support.site import TOTAL_200, site

NIGHT = Question("2026-03-10")
NEXT = Question("2026-03-11")
EACH = Question("each-result")
Changes = list[dict[str, Any]]


def compared(
    tmp_path: Path,
    before: Sequence[dict[str, Any]],
    after: Sequence[dict[str, Any]],
    *,
    asked: tuple[Question, Question] = (NIGHT, NIGHT),
    forms: tuple[str, str] = ("parquet", "parquet"),
    runs: tuple[dict[str, Any], dict[str, Any]] = ({}, {}),
) -> tuple[Changes, dict[str, Any]]:
    for name, resources, question, form, run in zip(
        ("before", "after"), (before, after), asked, forms, runs, strict=True
    ):
        write(tmp_path / name, resources, question, form, run)
    check(tmp_path / "before", asked[1])
    engine = judge_of(asked[1]).engine
    totals = write_changes(tmp_path / "after", tmp_path / "before", engine=engine)
    assert totals == json.loads((tmp_path / "after" / "changes.json").read_text())
    return read(tmp_path / "after"), totals


def read(folder: Path) -> Changes:
    found: Changes = []
    for path in sorted((folder / "changes").iterdir()):
        match path.suffix:
            case ".parquet":
                table = pq.read_table(path)
                assert table.schema.equals(tables.CHANGES, check_metadata=False)
                found += table.to_pylist()
            case ".ndjson":
                found += [json.loads(line) for line in path.read_text().splitlines()]
    return found


def one(found: Changes, what: str, name: str = "") -> dict[str, Any]:
    (row,) = [row for row in found if (row["what"], row["name"]) == (what, name)]
    return row


def low(person: str = "p1", when: str = "2026-03-01") -> list[dict[str, Any]]:
    return [patient(person), result(person, "total_b12", "120", when)]


def test_nothing_changes_between_two_equal_runs(tmp_path: Path) -> None:
    found, totals = compared(tmp_path, low(), low())
    assert found == []
    assert totals["reports"] == {
        **{"before": 1, "after": 1, "both": 1, "same": 1},
        **{"changed": 0, "appeared": 0, "disappeared": 0},
    }


def test_a_new_result_turns_a_status_and_is_named(tmp_path: Path) -> None:
    later = [*low(), result("p1", "total_b12", "600", "2026-03-05")]
    found, totals = compared(tmp_path, low(), later)
    status = one(found, "status", "b12_status")
    assert (status["before"], status["after"]) == ("deficiency_confirmed", "deficiency_unlikely")
    assert status["because"] == ["inputs"]
    assert status["inputs"] == ["total_b12: value"]
    assert status["rules"] == []
    assert totals["reports"]["changed"] == 1
    assert {
        "topic": "b12_status",
        "before": "deficiency_confirmed",
        "after": "deficiency_unlikely",
        "reports": 1,
    } in totals["statuses"]


def test_only_inputs_that_bear_on_it_are_named(tmp_path: Path) -> None:
    later = [*low(), result("p1", "potassium", "2.2", "2026-03-09")]
    found, _ = compared(tmp_path, low(), later)
    note = next(row for row in found if row["what"] == "note" and "potassium" in row["name"])
    assert (note["before"], note["after"]) == (None, "emergency")
    assert note["inputs"] == ["potassium: new"]
    urgency = one(found, "urgency")
    assert urgency["after"] == "emergency"
    assert "potassium: new" in urgency["inputs"]
    assert not [row for row in found if row["name"] == "b12_status"]


def test_a_result_that_is_gone_is_said(tmp_path: Path) -> None:
    rest = [patient("p1"), result("p1", "total_b12", "250", "2026-03-01")]
    found, _ = compared(tmp_path, [*rest, result("p1", "mma", "0.9", "2026-03-01")], rest)
    assert one(found, "status", "b12_status")["inputs"] == ["mma: gone"]


def test_people_who_appear_and_disappear(tmp_path: Path) -> None:
    found, totals = compared(tmp_path, low("p1"), low("p2"))
    assert [(row["subject"], row["what"], row["because"]) for row in found] == [
        ("Patient/p1", "disappeared", []),
        ("Patient/p2", "appeared", []),
    ]
    assert found[0]["as_of"] == found[0]["as_of_before"] == "2026-03-10"
    assert found[1]["as_of_before"] is None
    assert (totals["reports"]["appeared"], totals["reports"]["disappeared"]) == (1, 1)


def test_growing_older_is_a_cause(tmp_path: Path) -> None:
    asked = (NIGHT, Question("2026-07-10"))
    found, totals = compared(tmp_path, low(), low(), asked=asked)
    status = one(found, "status", "b12_status")
    assert status["because"] == ["moment"]
    assert status["inputs"] == ["total_b12: absent (stale)"]
    assert (status["as_of_before"], status["as_of"]) == ("2026-03-10", "2026-07-10")
    assert totals["before"]["as_of"] == "2026-03-10"


def test_a_result_that_is_new_and_too_old_is_no_matter_of_the_moment(tmp_path: Path) -> None:
    before = [patient("p1"), result("p1", "haemoglobin", "13", "2026-03-01")]
    later = [*before, result("p1", "total_b12", "120", "2024-03-01")]
    found, _ = compared(tmp_path, before, later, asked=(NIGHT, NEXT))
    note = one(found, "note", "total-b12-deficient-not-deciding")
    assert note["because"] == ["inputs"]
    assert "total_b12: new, absent (stale)" in note["inputs"]


def test_a_value_that_is_not_taken_is_a_cause(tmp_path: Path) -> None:
    unread = result("p1", "potassium", "2.0", "2026-02-20")
    unread["valueQuantity"] = {"value": 2.0}
    found, _ = compared(tmp_path, low(), [*low(), unread], asked=(NIGHT, NEXT))
    notes = [row for row in found if row["what"] == "note"]
    assert notes
    for row in notes:
        assert row["because"] == ["inputs"], row
        assert any("potassium" in text for text in row["inputs"])


def test_a_birthday_is_a_cause(tmp_path: Path) -> None:
    child = [patient("p1", "2010-03-11"), result("p1", "total_b12", "120", "2026-03-01")]
    found, _ = compared(tmp_path, child, child, asked=(NIGHT, NEXT))
    scope = one(found, "scope")
    assert (scope["before"], scope["after"]) == ("out of scope", "in scope")
    assert scope["because"] == ["moment"]


def test_a_corrected_birth_date_is_something_else(tmp_path: Path) -> None:
    child = [patient("p1", "2015-03-11"), *low()[1:]]
    found, _ = compared(tmp_path, child, low())
    assert one(found, "scope")["because"] == ["other"]


def test_a_rule_pack_that_differs_is_named_with_both_versions(tmp_path: Path) -> None:
    question = (NIGHT, Question("2026-03-10", packs=("nih-ods",)))
    found, totals = compared(tmp_path, low(), low(), asked=question)
    assert any(one.startswith("nih-ods ") and one.endswith("(new)") for one in totals["packs"])
    for row in found:
        assert row["because"] == ["rules"], row
        assert row["inputs"] == []


def test_other_thresholds_of_a_site_turn_a_status(tmp_path: Path) -> None:
    borderline = [patient("p1"), result("p1", "total_b12", "190", "2026-03-01")]
    path = tmp_path / "site.yaml"
    path.write_bytes(site(TOTAL_200))
    asked = (NIGHT, Question("2026-03-10", overlay=str(path)))
    found, _ = compared(tmp_path, borderline, borderline, asked=asked)
    status = one(found, "status", "b12_status")
    assert status["because"] == ["rules"]
    assert status["rules"] == ["profile or site file"]


def test_each_result_is_matched_by_its_moment(tmp_path: Path) -> None:
    later = [*low(), result("p1", "total_b12", "600", "2026-03-05")]
    found, totals = compared(tmp_path, low(), later, asked=(EACH, EACH))
    assert [(row["what"], row["as_of"]) for row in found] == [("appeared", "2026-03-05")]
    assert totals["reports"]["same"] == 1


FIRST = [*low(), *low("=p,2"), patient("p3")]
LATER = [*FIRST, result("p1", "total_b12", "600", "2026-03-05"), *low("p4")]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Changes, dict[str, Any]]:
    """What is found between two datasets of Parquet."""
    return compared(tmp_path_factory.mktemp("plain"), FIRST, LATER)


@pytest.mark.parametrize("before", ["parquet", "ndjson", "csv", "fhir"])
@pytest.mark.parametrize("after", ["parquet", "ndjson"])
def test_the_format_of_either_run_does_not_matter(
    tmp_path: Path, plain: tuple[Changes, dict[str, Any]], before: str, after: str
) -> None:
    expected, totals = plain
    found, also = compared(tmp_path, FIRST, LATER, forms=(before, after))
    assert found == expected
    assert also == totals
    assert len(found) > 2


def test_a_folder_named_like_a_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "it's [1] *"
    folder.mkdir()
    found, _ = compared(folder, low("p1"), low("p2"), forms=("ndjson", "parquet"))
    assert len(found) == 2


def test_topics_and_columns_of_another_version_do_not_break_it(tmp_path: Path) -> None:
    write(tmp_path / "before", low(), NIGHT)
    write(tmp_path / "after", low(), NIGHT)
    path = tmp_path / "before" / "statuses" / "part-00000.parquet"
    table = pq.read_table(path)
    topics = ["elsewhere" if one == "anaemia" else one for one in table["topic"].to_pylist()]
    table = table.set_column(2, "topic", [topics]).drop_columns(["possible"])
    pq.write_table(table, path)
    engine = judge_of(NIGHT).engine
    write_changes(tmp_path / "after", tmp_path / "before", engine=engine)
    named = {row["name"] for row in read(tmp_path / "after") if row["what"] == "status"}
    assert {"elsewhere", "anaemia"} <= named


def test_nothing_of_the_work_is_left(tmp_path: Path) -> None:
    compared(tmp_path, low("p1"), low("p2"))
    assert not list((tmp_path / "after").glob(".corrin/compare*"))


def test_equal_comparisons_give_equal_bytes(tmp_path: Path) -> None:
    bytes_ = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        before = [resource for at in range(40) for resource in low(f"p{at}")]
        after = [*before[:-8], result("p3", "total_b12", "700", "2026-03-04")]
        compared(tmp_path / name, before, after)
        files = sorted((tmp_path / name / "after" / "changes").iterdir())
        bytes_.append([path.read_bytes() for path in files])
    assert bytes_[0] == bytes_[1]


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda folder: folder.rename(folder.with_name("away")), "is not there"),
        (lambda folder: (folder / "run.json").unlink(), "no finished dataset"),
        (lambda folder: (folder / "run.json").write_text("{"), "not one that a run writes"),
        (lambda folder: (folder / "run.json").write_text("[]"), "not one that a run writes"),
        (lambda folder: _said(folder, dataset=99), "cannot read"),
        (lambda folder: _said(folder, state="running"), "cannot read"),
        (lambda folder: _said(folder, format="orc"), "cannot read"),
        (lambda folder: _emptied(folder / "notes"), "lacks the table notes"),
    ],
)
def test_what_is_no_finished_dataset_is_refused_clearly(
    tmp_path: Path, break_it: Any, says: str
) -> None:
    folder = tmp_path / "before"
    write(folder, low(), NIGHT)
    break_it(folder)
    with pytest.raises(NotADataset) as refused:
        check(folder, NIGHT)
    assert says in refused.value.message
    assert refused.value.hint
    assert "p1" not in refused.value.message


def test_each_result_is_not_compared_with_one_moment(tmp_path: Path) -> None:
    write(tmp_path, low(), NIGHT)
    with pytest.raises(NotADataset, match="each-result"):
        check(tmp_path, EACH)


def _said(folder: Path, **told: Any) -> None:
    path = folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | told))


def _emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
