"""Files of FHIR come to the same, person by person, as the same resources in one request online."""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.sourced import Sourced, lines, parsed, read_file, said
from corrin import intake
from corrin.facts.case import Reading
from corrin.intake.problem import IntakeError
from golden.cases import Case, every_case
from support.places import sample_files

NOBODY = ("no-patient", "no-patient-mma-between-limits")  # about somebody who is never named
CASES = [case for case in every_case() if not case.refused_whole and case.name not in NOBODY]
REMARKS = ("search-incomplete",)  # of a Bundle, not of a result; pages are tested elsewhere


def told(sourced: Sourced) -> dict[str, dict[str, Any]]:
    """What is said of each person in a file."""
    assert sourced.fault is None
    return {subject: online(gathered.reading) for subject, gathered in sourced.gathered().items()}


def online(reading: Reading) -> dict[str, Any]:
    """What a reading says of a person's resources."""
    found = said(reading)
    return found | {
        "refused": Counter(
            {key: number for key, number in found["refused"].items() if key[0] not in REMARKS}
        )
    }


def one_of(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What is said of the one person, or of nobody."""
    assert len(found) <= 1
    return next(iter(found.values()), online(intake.read(b'{"resourceType":"Basic"}')))


def resources_of(case: Case) -> list[dict[str, Any]]:
    """The resources of a case's Bundle; none where the case is none of a plain Bundle."""
    data = case.request_file.read_bytes()
    if case.request_file.suffix != ".json":
        return []
    bundle = json.loads(data)
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") in ("history", "batch"):
        return []
    found = [entry.get("resource") for entry in bundle.get("entry", ())]
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("id"), str)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_says_what_the_request_says(tmp_path: Path, case: Case) -> None:
    data = case.request_file.read_bytes()
    sourced = read_file(tmp_path, data)
    found = one_of(told(sourced))
    found["refused"] += Counter(
        (one.reason, None, "", None, "", "")
        for one in sourced.read.refused
        if one.reason not in REMARKS
    )
    assert found == online(intake.read(data))


@pytest.mark.parametrize("name", NOBODY)
def test_results_that_name_nobody_are_refused_one_by_one(tmp_path: Path, name: str) -> None:
    case = next(case for case in every_case() if case.name == name)
    data = case.request_file.read_bytes()
    sourced = read_file(tmp_path, data)
    assert not sourced.rows
    assert {one.reason for one in sourced.read.refused} == {"subject-missing"}
    assert len(sourced.read.refused) == len(intake.read(data).results)


@pytest.mark.parametrize("path", sample_files("fhir/*.json"), ids=lambda path: path.name)
@pytest.mark.samples
def test_a_sample_says_what_it_says_online(tmp_path: Path, path: Path) -> None:
    data = path.read_bytes()
    assert one_of(told(read_file(tmp_path, data))) == online(intake.read(data))


@pytest.mark.samples
def test_a_bulk_export_says_what_each_person_says_online(tmp_path: Path, samples: Path) -> None:
    data = b"".join((samples / "bulk" / f"{name}.ndjson").read_bytes() for name in _BULK)
    alone: dict[str, list[bytes]] = {}
    for line in data.splitlines():
        resource = json.loads(line)
        owner = resource.get("subject", {}).get("reference") or f"Patient/{resource['id']}"
        alone.setdefault(owner, []).append(line)
    found = told(read_file(tmp_path, data))
    assert len(found) == len(alone) == 35
    for subject, own in alone.items():
        assert found[subject] == online(intake.read(b"\n".join(own)))


_BULK = ("Observation", "Patient")
WITH_RESOURCES = [(case.name, found) for case in CASES if (found := resources_of(case))]


def renamed(resources: list[dict[str, Any]], mark: str) -> list[dict[str, Any]]:
    """The same resources under ids of their own, so that several cases make one export."""
    names = {f"{one['resourceType']}/{one['id']}": f"{one['id']}-{mark}" for one in resources}

    def changed(value: Any) -> Any:
        if isinstance(value, list):
            return [changed(one) for one in value]
        if not isinstance(value, dict):
            return value
        found = {name: changed(one) for name, one in value.items()}
        target = found.get("reference")
        if target in names:
            found["reference"] = f"{target.partition('/')[0]}/{names[target]}"
        return found

    return [changed(one) | {"id": names[f"{one['resourceType']}/{one['id']}"]} for one in resources]


def with_urns(resources: list[dict[str, Any]], keep: bool, chance: random.Random) -> list[Any]:
    """Entries that refer to one another by ``urn:uuid``; with ``keep``, ids as well."""
    urns = {
        f"{one['resourceType']}/{one['id']}": f"urn:uuid:{uuid.UUID(int=chance.getrandbits(128))}"
        for one in resources
    }
    text = json.dumps(resources)
    for name, urn in urns.items():
        text = text.replace(f'"reference": "{name}"', f'"reference": "{urn}"')
    entries = []
    for one, before in zip(json.loads(text), resources, strict=True):
        urn = urns[f"{before['resourceType']}/{before['id']}"]
        if not keep:
            del one["id"]
        upper = urn[:9] + urn[9:].upper() if chance.random() < 0.3 else urn
        entries.append({"fullUrl": upper, "resource": one})
    return entries


@given(
    picked=st.lists(st.sampled_from(WITH_RESOURCES), min_size=1, max_size=4),
    form=st.sampled_from(["ndjson", "bundles", "bundle", "array", "urn", "urn-without-id"]),
    kind=st.sampled_from(["collection", "transaction", "searchset"]),
    indent=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_persons_in_one_file_are_told_apart(
    tmp_path_factory: pytest.TempPathFactory,
    picked: list[tuple[str, list[dict[str, Any]]]],
    form: str,
    kind: str,
    indent: bool,
    seed: int,
) -> None:
    chance = random.Random(seed)
    persons = []
    for at, (_, resources) in enumerate(picked):
        own = renamed(resources, f"{at}")
        subjects = {
            one["subject"]["reference"] for one in own if "reference" in one.get("subject", {})
        }
        subjects |= {f"Patient/{one['id']}" for one in own if one["resourceType"] == "Patient"}
        # Only who is named throughout can be found again in a file with others.
        named = all(
            one["resourceType"] in ("Patient", "Medication")
            or one.get("subject", one.get("patient", {})).get("reference") in subjects
            for one in own
        )
        if named and len(subjects) == 1:
            persons.append((subjects.pop(), own))
    expected = {subject: online(intake.read(lines(*own))) for subject, own in persons}
    if form.startswith("urn"):
        entries = [entry for _, own in persons for entry in with_urns(own, form == "urn", chance)]
    else:
        entries = [{"resource": one} for _, own in persons for one in own]
    chance.shuffle(entries)
    bundle = {"resourceType": "Bundle", "type": kind, "entry": entries}
    space = 2 if indent else None
    if form == "ndjson":
        data = lines(*(entry["resource"] for entry in entries))
    elif form == "bundles":
        data = lines(*(bundle | {"entry": [entry]} for entry in entries))
    elif form == "array":
        data = json.dumps([entry["resource"] for entry in entries], indent=space).encode()
    else:
        data = json.dumps(bundle, indent=space).encode()
    found = told(read_file(tmp_path_factory.mktemp("p"), data))
    if form != "urn-without-id":
        assert {s: one for s, one in found.items() if one in expected.values()}.keys() >= {
            subject for subject, one in expected.items() if one["results"]
        }
    remaining = [one for one in found.values() if one != NOTHING]
    for one in expected.values():
        if one != NOTHING:
            assert one in remaining
            remaining.remove(one)
    assert not remaining


NOTHING = one_of({})


@given(
    picked=st.sampled_from(WITH_RESOURCES),
    at=st.integers(0, 10**6),
    what=st.sampled_from(
        [
            *(
                b"",
                b"\x00",
                b'"',
                b"{",
                b"}",
                b",",
                b"\xff",
                b"\\ud800",
                b"NaN",
                b"1e999",
                b"[" * 70,
            ),
            *(b"\r", b"\xef\xbb\xbf", b"\\", b"9" * 70, b'"id":"x","id":"y",', b"\x1f", b" "),
        ]
    ),
    over=st.integers(0, 3),
)
def test_a_line_with_a_fault_is_refused_as_online_and_the_rest_goes_on(
    tmp_path_factory: pytest.TempPathFactory,
    picked: tuple[str, list[dict[str, Any]]],
    at: int,
    what: bytes,
    over: int,
) -> None:
    _, resources = picked
    good = [json.dumps(one).encode() for one in resources]
    bad = good[at % len(good)]
    where = at % len(bad)
    bad = bad[:where] + what + bad[where + over :]
    if not bad.strip():
        return
    data = lines(bad, *good)
    sourced = read_file(tmp_path_factory.mktemp("l"), data)
    try:
        # Beside a Patient of no name a request is judged whole no differently than a line is.
        intake.read(bad)
        reason = None
    except IntakeError as error:
        reason = error.problems[0].reason
    own = [one for one in sourced.read.refused if one.line == 1]
    first = [row for row in sourced.rows if row.line == 1]
    rest = [row for row in sourced.rows if row.line > 1]
    alone = read_file(tmp_path_factory.mktemp("r"), lines(*good))
    assert [row.body for row in rest] == [row.body for row in alone.rows]
    if reason in (None, "two-subjects"):
        assert all(one.reason in ("subject-missing", "malformed", "not-the-patient") for one in own)
        assert len(own) + len(first) <= 1
    elif reason == "not-fhir":
        assert [one.reason for one in own] in (["malformed"], ["resource-unknown"])
    else:
        assert [one.reason for one in own] == [reason]
    for row in first:
        assert parsed(row.body) == parsed(bad.strip().removeprefix(b"\xef\xbb\xbf"))
