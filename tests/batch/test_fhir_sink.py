"""Answers in FHIR for a bulk import: what they hold, what they refer to, that they are valid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from batch.datasets import judge_of, patient, result, rows_of, write
from corrin.batch import fhir_answers
from corrin.batch.cases import cases
from corrin.batch.fhir_answers import KINDS
from corrin.batch.persons import persons
from corrin.batch.question import Question
from corrin.batch.sinks import fhir
from corrin.intake.gathered import gather
from corrin.interpretation import interpret
from corrin.render.fhir import bundle
from support.validator import Validator

NIGHT = Question("2026-03-10", fhir="https://cds.example.org")
PAGES = "https://cds.example.org/v1/rules/"  # where a DetectedIssue says what its rule is


def people() -> list[dict[str, Any]]:
    nobody = result("x", "total_b12", "130", "2026-03-01")
    nobody["subject"] = {"identifier": {"system": "urn:oid:1.2.3", "value": "77"}}
    other = result("x", "total_b12", "130", "2026-03-01", "also-x")
    other["subject"] = {"identifier": {"system": "urn:oid:1.2.3", "value": "78"}}
    nameless = result("p2", "mma", "0.9", "2026-03-01")
    del nameless["id"]
    nobody.pop("id")
    other.pop("id")
    return [
        patient("p1"),
        result("p1", "total_b12", "160", "2026-03-01", "b12"),
        result("p1", "mma", "0.9", "2026-03-01", "mma"),
        result("p1", "potassium", "1.9", "2026-03-09", "k"),
        result("p1", "haemoglobin", "10", "2026-03-01", "hb", status="cancelled"),
        patient("p2", "1950", "male"),
        result("p2", "total_b12", "250", "2026-03-01"),
        nameless,
        result("p2", "mcv", "104", "2026-03-01", "mcv", valueString="hemolysed"),
        patient("child", "2020-02-02"),
        result("child", "total_b12", "160", "2026-03-01"),
        nobody,
        other,
    ]


def lines(folder: Path, kind: str) -> list[dict[str, Any]]:
    found = []
    for path in sorted((folder / "fhir" / kind).glob("part-*.ndjson")):
        found += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return found


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    write(folder, people(), NIGHT, "fhir")
    answers = judge_of(NIGHT).answers
    assert answers is not None
    fhir.finish(folder, answers)
    return folder


def test_one_guidance_and_provenance_per_report_and_one_issue_per_note(dataset: Path) -> None:
    answer = judge_of(NIGHT).judge(rows_of(people()))
    reports, notes = (answer.tables[name].num_rows for name in ("reports", "notes"))
    assert len(lines(dataset, "GuidanceResponse")) == reports == 5
    assert len(lines(dataset, "Provenance")) == reports
    assert len(lines(dataset, "DetectedIssue")) == notes
    assert len(lines(dataset, "Device")) == 1


def test_ids_are_unique_and_of_version_5_and_all_references_lead_somewhere(dataset: Path) -> None:
    named = set()
    for kind in (*KINDS, "Device"):
        for one in lines(dataset, kind):
            assert UUID(one["id"]).version == 5
            assert one["resourceType"] == kind
            named.add(f"{kind}/{one['id']}")
    assert len(named) == sum(len(lines(dataset, kind)) for kind in (*KINDS, "Device"))
    given = {f"{one['resourceType']}/{one['id']}" for one in people() if "id" in one}
    for kind in KINDS:
        for one in lines(dataset, kind):
            inside = {f"#{part['id']}" for part in one.get("contained", ())}
            met = {said for said in references(one) if not said.startswith(PAGES)}
            assert met <= named | given | inside


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def test_nothing_is_named_by_the_number_of_a_row(dataset: Path) -> None:
    for kind in KINDS:
        for one in lines(dataset, kind):
            assert "00000000" not in json.dumps(one)
    texts = json.dumps(lines(dataset, "Provenance"))
    assert "labs.ndjson:8" in texts  # the result without an id


def test_a_person_is_told_as_the_service_tells_them(dataset: Path) -> None:
    mine = [one for one in people() if one.get("id") in ("p1", "b12", "mma", "k", "hb")]
    entries = [{"resource": one} for one in mine]
    given = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    report = interpret(json.dumps(given), as_of="2026-03-10")
    online = bundle(report, base="https://cds.example.org", about="Patient/p1")
    resources = [one["resource"] for one in online["entry"]]
    issues = [one for one in resources if one["resourceType"] == "DetectedIssue"]
    found = [
        one
        for one in lines(dataset, "DetectedIssue")
        if one.get("patient") == {"reference": "Patient/p1"}
    ]
    assert [bare(one) for one in found] == [bare(one) for one in issues]
    (guidance,) = [
        one
        for one in lines(dataset, "GuidanceResponse")
        if one.get("subject") == {"reference": "Patient/p1"}
    ]
    expected = bare(resources[0])
    told = bare(guidance)
    for one in (expected, told):  # the digest is over paths too, which a row has none of
        output = next(p for p in one["contained"] if p["resourceType"] == "Parameters")
        output["parameter"] = [p for p in output["parameter"] if p["name"] != "factsDigest"]
        for issue in one["contained"][0].get("issue", ()):
            issue.pop("expression", None)
    assert told == expected


def bare(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource without what is named by ids of ours."""
    found: dict[str, Any] = json.loads(json.dumps(resource))
    for name in ("id", "author", "performer"):
        found.pop(name, None)
    return found


def test_people_without_an_id_are_named_by_nothing_and_share_no_id(dataset: Path) -> None:
    found = [one for one in lines(dataset, "GuidanceResponse") if "subject" not in one]
    assert len(found) == 2
    assert len({one["id"] for one in found}) == 2


def test_each_result_gives_an_answer_of_its_own() -> None:
    question = Question("each-result", fhir="https://cds.example.org")
    mine = [one for one in people() if one.get("id") in ("p1", "b12", "k")]
    answer = judge_of(question).judge(rows_of(mine))
    texts = answer.tables["fhir/GuidanceResponse"].column("resource").to_pylist()
    told = [json.loads(text) for text in texts]
    assert [one["occurrenceDateTime"] for one in told] == ["2026-03-01", "2026-03-09"]
    assert len({one["id"] for one in told}) == 2


def test_the_manifest_names_every_file_that_holds_something(dataset: Path) -> None:
    told = json.loads((dataset / "fhir" / "manifest.json").read_text())
    assert told["transactionTime"] == "2026-03-10T23:59:59Z"
    assert told["requiresAccessToken"] is False
    for one in told["output"]:
        path = dataset / "fhir" / one["url"]
        assert len(path.read_text(encoding="utf-8").splitlines()) == one["count"] > 0
        assert path.parent.name == one["type"]
    assert {one["type"] for one in told["output"]} == {*KINDS, "Device"}


def test_two_runs_give_equal_bytes(dataset: Path, tmp_path: Path) -> None:
    write(tmp_path, people(), NIGHT, "fhir")
    answers = judge_of(NIGHT).answers
    assert answers is not None
    fhir.finish(tmp_path, answers)
    files = [path for path in sorted((dataset / "fhir").rglob("*")) if path.is_file()]
    assert len(files) == len(KINDS) + 2
    for path in files:
        assert (tmp_path / path.relative_to(dataset)).read_bytes() == path.read_bytes()


def test_without_being_asked_for_there_is_none() -> None:
    answer = judge_of(Question("2026-03-10")).judge(rows_of(people()))
    assert not [name for name in answer.tables if name.startswith("fhir")]


@pytest.mark.node
def test_every_resource_is_valid_r4(dataset: Path) -> None:
    resources = [one for kind in (*KINDS, "Device") for one in lines(dataset, kind)]
    with Validator() as validator:
        for one in resources:
            errors = [i for i in validator.judge(one) if i.severity in ("error", "fatal")]
            assert errors == [], (one["resourceType"], errors)


def test_a_case_is_the_same_under_its_names() -> None:
    """What was read stays one thing wherever it stands in a case."""
    judge = judge_of(NIGHT)
    answers = judge.answers
    assert answers is not None
    (person,) = [one for one in persons(rows_of(people())) if one.subject == "Patient/p1"]
    reading = gather(person.given).reading
    (case,) = cases(reading, judge.as_of, judge.policy)
    named = fhir_answers.placed(case, person, judge.shared.pieces)
    assert named.facts["potassium"] in named.every["potassium"]
    assert any(one is named.facts["potassium"] for one in named.every["potassium"])
    assert list(named.facts) == list(case.facts)
    assert not any(one.path[:9].isdigit() for one in named.refusals)
