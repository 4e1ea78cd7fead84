"""What must never happen to a person's results: mixed with another's, or used though taken back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from batch.datasets import patient, result
from corrin import interpret
from corrin.intake import reader
from corrin.intake.problem import IntakeError
from support import exports

AS_OF = "2026-11-01"
DAY = "2026-10-20"
NUMBER = {"identifier": [{"system": "urn:lab", "value": "77"}]}
IN_ERROR = {"status": "entered-in-error"}


def lines(*resources: Mapping[str, Any]) -> str:
    return "".join(json.dumps(one) + "\n" for one in resources)


class Found:
    """A dataset as rows, and what the console said."""

    def __init__(self, folder: Path, files: Mapping[str, str], inputs: Sequence[str]) -> None:
        for name, text in files.items():
            path = folder / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        out = folder / "out"
        given = [str(folder / "in" / name) for name in inputs]
        asked = ("--out", str(out), "--as-of", AS_OF, "--format", "ndjson", "--no-summary")
        ran = exports.told(*given, *asked, "--workers", "1")
        assert ran.returncode == 0, ran.stderr.decode()
        self.said = ran.stdout + ran.stderr
        self.out = out
        self.counts = json.loads((out / "run.json").read_bytes())["counts"]
        assert self.counts["read"] == sum(n for name, n in self.counts.items() if name != "read")

    def rows(self, table: str) -> list[dict[str, Any]]:
        parts = sorted((self.out / table).iterdir())
        return [json.loads(line) for part in parts for line in part.read_text().splitlines()]

    def b12(self) -> dict[str, str | None]:
        """Per person what the total B12 chosen is, or why there is none."""
        return {
            row["subject"]: row["compared"] or row["reason"]
            for row in self.rows("inputs")
            if row["name"] == "total_b12" and row["role"] == "chosen"
        }

    def refused(self) -> set[tuple[str, int, str]]:
        return {
            (Path(row["file"]).name, row["line"], row["reason"]) for row in self.rows("refusals")
        }


def b12(person: str, value: str, name: str, when: str | None = DAY, **more: Any) -> dict[str, Any]:
    quantity = {"value": int(value), "unit": "pg/mL"}
    return result(person, "total_b12", value, when, name, valueQuantity=quantity, **more)


def message(control: str, person: str, order: str, value: str, status: str, sent: str) -> str:
    code = "2132-9^B12^LN"
    segments = (
        f"MSH|^~\\&|LAB|HOSP|X|Y|{sent}||ORU^R01|{control}|P|2.5.1",
        f"PID|1||{person}^^^HOSP^MR||Doe^J||19600101|F",
        f"OBR|1||{order}|{code}|||20261020",
        f"OBX|1|NM|{code}||{value}|pg/mL|||||{status}|||20261020",
    )
    return "\r".join(segments) + "\r"


@pytest.fixture(scope="module")
def withdrawn(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Results taken back in a later file, in the ways in which that is done."""
    first = lines(
        b12("same-id", "90", "o1"),
        b12("same-number", "90", "o2", **NUMBER),
        b12("another-day", "90", "o3", "2026-10-01", **NUMBER),
        b12("reported-anew", "300", "o4", issued="2026-10-23T00:00:00Z", **NUMBER),
        b12("corrected", "300", "o5", status="corrected", **NUMBER),
        b12("another-number", "90", "o6", identifier=[{"system": "urn:lab", "value": "78"}]),
    )
    then = "2026-10-22T00:00:00Z"
    later = lines(
        b12("same-id", "90", "o1", **IN_ERROR),
        b12("same-number", "90", "e2", **IN_ERROR, **NUMBER),
        b12("another-day", "90", "e3", **IN_ERROR, **NUMBER),
        b12("reported-anew", "90", "e4", issued=then, **IN_ERROR, **NUMBER),
        b12("corrected", "90", "e5", **IN_ERROR, **NUMBER),
        b12("another-number", "90", "e6", **IN_ERROR, **NUMBER),
    )
    sent = ("20261020", "20261021", "20261022")
    feed = [
        message("1", "W", "a", "90", "F", sent[0]) + message("2", "W", "a", "90", "W", sent[1]),
        message("3", "D", "b", "90", "F", sent[0]) + message("4", "D", "b", "90", "D", sent[0]),
        message("5", "N", "c", "90", "F", sent[0])
        + message("6", "N", "c", "90", "D", sent[1])
        + message("7", "N", "c", "400", "F", sent[2]),
        message("8", "X", "d", "90", "P", sent[0]) + message("9", "X", "d", "", "X", sent[1]),
        message("10", "F", "e", "300", "F", sent[0]) + message("11", "F", "e", "", "X", sent[1]),
    ]
    files = {"a.ndjson": first, "b.ndjson": later, "feed.hl7": "".join(feed)}
    return Found(tmp_path_factory.mktemp("withdrawn"), files, tuple(files))


def test_what_was_taken_back_is_used_nowhere(withdrawn: Found) -> None:
    found = withdrawn.b12()
    for person in ("Patient/same-id", "Patient/same-number", "Patient/W-HOSP", "Patient/D-HOSP"):
        assert found[person] == "entered-in-error", person
    assert found["Patient/X-HOSP"] == "cancelled"
    shown = {row["subject"] for row in withdrawn.rows("inputs") if row["reported"] == "90 pg/mL"}
    assert shown == {"Patient/another-day", "Patient/another-number"}


def test_what_is_another_result_or_a_new_one_stands(withdrawn: Found) -> None:
    found = withdrawn.b12()
    assert found["Patient/reported-anew"] == found["Patient/corrected"] == "300 ng/L"
    assert found["Patient/N-HOSP"] == "400 ng/L"
    assert found["Patient/F-HOSP"] == "300 ng/L"


def test_what_was_taken_back_is_superseded(withdrawn: Found) -> None:
    # same-id, same-number, W, D and N, of which each lost its first result.
    assert withdrawn.counts["superseded"] >= 5
    assert ("b.ndjson", 1, "entered-in-error") in withdrawn.refused()


def test_one_request_reads_them_alike() -> None:
    resources = [b12("p", "90", "o2", **NUMBER), b12("p", "90", "e2", **IN_ERROR, **NUMBER)]
    for order in (resources, resources[::-1]):
        reading = reader.read(lines(*order).encode())
        assert not reading.results
        assert dict(reading.counts) == {"used": 0, "superseded": 1, "not-ours": 0, "refused": 1}


DISPUTED = "input-person-disputed"
LAST = {"meta": {"lastUpdated": "2026-10-23T00:00:00Z"}}


@pytest.fixture(scope="module")
def disputed(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Entries that two people have under one id."""
    version = {"meta": {"versionId": "3", "lastUpdated": "2026-10-21T00:00:00Z"}}
    first = lines(
        b12("a", "90", "plain"),
        b12("b", "90", "equal", **version),
        b12("c", "90", "moved"),
        b12("d", "300", "older-stands", "2026-09-01"),
        b12("d", "90", "newer-disputed"),
        b12("e", "90", "same-person"),
        b12("f", "90", "of-nobody"),
        b12("g", "90", "withdrawn", **NUMBER),
        b12("i", "90", "corrected", **NUMBER),
        condition("j", "pernicious"),
        b12("k", "90", "reads-otherwise"),
        order("l", "asked"),
        b12("l", "90", "own"),
    )
    alone = {"resourceType": "Bundle", "type": "collection"}
    nameless = {name: said for name, said in b12("x", "90", "n").items() if name != "subject"}
    later = lines(
        b12("A", "600", "plain"),
        b12("B", "600", "equal", **version),
        b12("C", "90", "moved", **LAST),
        b12("D", "600", "newer-disputed"),
        b12("e", "90", "same-person"),
        b12("F", "90", "of-nobody") | {"subject": {"reference": "Group/F"}},
        b12("G", "90", "in-error", **IN_ERROR, **NUMBER),
        b12("g", "90", "in-error", **IN_ERROR, **NUMBER),
        b12("i", "300", "correction", status="corrected", **NUMBER),
        b12("I", "300", "correction", status="corrected", **NUMBER),
        condition("J", "pernicious"),
        result("K", "mcv", "100", DAY, "reads-otherwise", code={"text": "body weight"}),
        order("L", "asked"),
        *(
            alone | {"entry": [{"resource": patient(one)}, {"resource": nameless}]}
            for one in ("m", "M")
        ),
    )
    files = {"a.ndjson": first, "b.ndjson": later}
    return Found(tmp_path_factory.mktemp("disputed"), files, tuple(files))


def condition(person: str, name: str) -> dict[str, Any]:
    """Pernicious anaemia."""
    return {
        "resourceType": "Condition",
        "id": name,
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "84027009"}]},
        "subject": {"reference": f"Patient/{person}"},
    }


def order(person: str, name: str) -> dict[str, Any]:
    """Methylmalonic acid, asked for already."""
    return {
        "resourceType": "ServiceRequest",
        "id": name,
        "status": "active",
        "intent": "order",
        "authoredOn": DAY,
        "code": {"coding": [{"system": "http://loinc.org", "code": "13964-2"}]},
        "subject": {"reference": f"Patient/{person}"},
    }


def test_what_two_people_have_under_one_id_is_used_for_neither(disputed: Found) -> None:
    found = disputed.b12()
    for person in ("a", "A", "b", "B", "D", "f", "k", "m", "M"):
        assert found[f"Patient/{person}"] == DISPUTED, person
    refused = disputed.refused()
    for file, line in (("a.ndjson", 1), ("b.ndjson", 1), ("a.ndjson", 2), ("b.ndjson", 2)):
        assert (file, line, DISPUTED) in refused
    row = next(one for one in disputed.rows("refusals") if one["subject"] == "Patient/a")
    assert (row["name"], row["reported"], row["when"]) == ("total_b12", "90 pg/mL", DAY)
    assert row["says"].startswith("The export gives the same entry to more than one person")
    assert row["remedy"]


def test_who_has_the_newest_version_keeps_it(disputed: Found) -> None:
    found = disputed.b12()
    assert found["Patient/C"] == "90 ng/L"
    assert "Patient/c" not in found  # their only version is superseded
    assert found["Patient/e"] == "90 ng/L"  # one person twice is no dispute
    assert ("a.ndjson", 3, DISPUTED) not in disputed.refused()


def test_an_older_result_is_used_with_a_remark(disputed: Found) -> None:
    assert disputed.b12()["Patient/d"] == "300 ng/L"
    flags = [
        row["flags"]
        for row in disputed.rows("inputs")
        if row["subject"] == "Patient/d" and row["role"] == "chosen" and row["name"] == "total_b12"
    ]
    assert len(flags) == 1 and "newer-refused" in flags[0]


def test_what_is_disputed_still_withdraws_and_corrects(disputed: Found) -> None:
    found = disputed.b12()
    assert found["Patient/g"] == "entered-in-error"
    assert found["Patient/i"] == DISPUTED


def test_conditions_and_orders_of_two_people_are_of_neither(disputed: Found) -> None:
    said = {row["subject"] for row in disputed.rows("inputs") if row["kind"] == "stated"}
    assert not said & {"Patient/j", "Patient/J"}
    refused = {row["subject"] for row in disputed.rows("refusals") if row["reason"] == DISPUTED}
    assert refused >= {f"Patient/{one}" for one in "jJlL"}


def test_one_number_in_two_formats_is_not_one_person(tmp_path: Path) -> None:
    head = "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number"
    files = {
        "omop/PERSON.csv": "person_id,gender_concept_id,year_of_birth\n1,8532,1950\n2,8507,1960\n",
        "omop/MEASUREMENT.csv": f"{head},unit_source_value,value_source_value\n"
        f"10,1,3000593,{DAY},90,pg/mL,90\n11,2,3000593,{DAY},600,pg/mL,600\n",
        "fhir/a.ndjson": lines(patient("1", "1990-01-01", "male"), b12("1", "600", "o1")),
    }
    found = Found(tmp_path, files, ("omop", "fhir"))
    assert found.b12() == {"Patient/2": "600 ng/L"}
    assert found.refused() == {
        (file, line, "input-numbers-mixed")
        for file, line in (
            ("PERSON.csv", 2),
            ("MEASUREMENT.csv", 2),
            ("a.ndjson", 1),
            ("a.ndjson", 2),
        )
    }
    assert found.counts["refused"] == 4


def test_two_patients_of_one_id_are_not_one_person(tmp_path: Path) -> None:
    files = {
        "a/a.ndjson": lines(patient("1", "1950-01-01"), b12("1", "90", "a1"), patient("2")),
        "b/b.ndjson": lines(
            patient("1", "1990-01-01", "male"), b12("1", "600", "b1"), b12("2", "600", "b2")
        ),
    }
    found = Found(tmp_path, files, ("a", "b"))
    assert found.b12() == {"Patient/2": "600 ng/L"}
    assert found.refused() == {
        (file, line, "two-subjects") for file in ("a.ndjson", "b.ndjson") for line in (1, 2)
    }


A, B = "https://a.example/fhir", "http://b.example/fhir/"


def bundle(*entries: tuple[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A collection of resources with their ``fullUrl``."""
    found = [
        {"fullUrl": url, "resource": one} if url else {"resource": one} for url, one in entries
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": found}


def on(server: str, person: str, value: str, name: str) -> dict[str, Any]:
    """A result of a person named with the server."""
    return b12(person, value, name, subject={"reference": f"{server}/Patient/{person}"})


TWO_SERVERS = {
    "url-and-reference": bundle((f"{A}/Patient/1", patient("1")), ("", on(B, "1", "600", "o"))),
    "two-references": bundle(("", on(A, "2", "90", "p")), ("", on(B, "2", "600", "q"))),
    "two-urls": bundle(
        (f"{A}/Patient/3", patient("3")), (f"{B}Patient/3", patient("3")), ("", b12("3", "9", "r"))
    ),
    "version-in-the-url": bundle(
        (f"{A}/Patient/4/_history/2", patient("4")), ("", on(B, "4", "600", "s"))
    ),
}
ONE_SERVER = {
    "written-both-ways": bundle(
        (f"{A}/Patient/5", patient("5")),
        (f"{A}/Observation/t", on("http://A.example/fhir", "5", "90", "t")),
        (f"{A}/Observation/u", b12("5", "90", "u")),
    ),
    "made-for-the-message": bundle(
        ("urn:uuid:0d9b5d2c-3c1e-4d3c-9a35-6f4a8f0c2f11", patient("6")),
        ("", on(B, "6", "90", "v")),
    ),
    "only-one-is-named": bundle((f"{A}/Patient/7", patient("7")), ("", b12("7", "90", "w"))),
}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The batch over all of them, a person and a file each."""
    files = {f"{name}.json": lines(said) for name, said in (TWO_SERVERS | ONE_SERVER).items()}
    return Found(tmp_path_factory.mktemp("servers"), files, tuple(files))


@pytest.mark.parametrize("name", TWO_SERVERS)
def test_one_id_on_two_servers_is_refused_as_online(bundles: Found, name: str) -> None:
    said = TWO_SERVERS[name]
    with pytest.raises(IntakeError) as raised:
        interpret(json.dumps(said).encode(), as_of=AS_OF)
    assert [one.reason for one in raised.value.problems] == ["two-subjects"]
    rows = [one for one in bundles.rows("refusals") if one["file"] == f"{name}.json"]
    assert [one["reason"] for one in rows] == ["two-subjects"] * len(said["entry"])
    people = {one["subject"] for one in rows}
    assert len(people) == 1 and people.isdisjoint(one["subject"] for one in bundles.rows("reports"))


@pytest.mark.parametrize("name", ONE_SERVER)
def test_one_server_written_in_several_ways_is_one_as_online(bundles: Found, name: str) -> None:
    report = interpret(json.dumps(ONE_SERVER[name]).encode(), as_of=AS_OF)
    online = {one.compared for one in report.values if one.name == "total_b12"}
    person = f"Patient/{ONE_SERVER[name]['entry'][0]['resource']['id']}"
    assert {bundles.b12()[person]} == online == {"90 ng/L"}


def test_other_people_of_such_a_bundle_are_read(tmp_path: Path) -> None:
    said = bundle(
        (f"{A}/Patient/1", patient("1")),
        ("", on(B, "1", "600", "o")),
        (f"{A}/Patient/2", patient("2")),
        ("", on(A, "2", "90", "p")),
        ("", on(B, "1", "70", "w") | {"code": {"text": "Body weight"}}),
    )
    found = Found(tmp_path, {"a.ndjson": lines(said)}, ["a.ndjson"])
    assert found.b12() == {"Patient/2": "90 ng/L"}
    counts = {"read": 5, "used": 2, "superseded": 0, "not_ours": 1, "refused": 2}
    assert found.counts == counts
    assert {row["path"] for row in found.rows("refusals")} == {
        "Bundle.entry[0].resource",
        "Bundle.entry[1].resource",
    }


def test_a_mended_patient_stays_one_person(tmp_path: Path) -> None:
    old = patient("1", "1950-01-01") | {"meta": {"lastUpdated": "2026-01-01T00:00:00Z"}}
    new = patient("1", "1960-01-01", "male") | {"meta": {"lastUpdated": "2026-02-01T00:00:00Z"}}
    slip = patient("2", "1961-01-01")
    files = {"a.ndjson": lines(old, b12("1", "90", "a1"), new, patient("2"), slip)}
    found = Found(tmp_path, files, ("a.ndjson",))
    assert found.b12() == {"Patient/1": "90 ng/L"}
    assert "two-subjects" not in {row["reason"] for row in found.rows("refusals")}
