"""What changed between two packs: in words, over cases, and because of which change."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from corrin.cli import pack_diff as rendering
from corrin.cli.trouble import ExitCode
from corrin.comparison.changes import moved
from corrin.comparison.pack_diff import Change, PackDiff
from corrin.differences import diff
from corrin.interpretation import UsageError
from corrin.packs.library import open_library
from corrin.packs.versions import earlier_versions
from corrin.render.sheet import Sheet
from support import places
from support.command import run
from unit.own_packs import b12, framework, homocysteine, pack, person, rule, text
from unit.test_cli import troubled

AS_OF = "2026-11-01"


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """A folder of cases: three files, two lines, and three that cannot be read."""
    folder = tmp_path / "cases"
    folder.mkdir()
    for value in (120, 190, 500):
        (folder / f"b12-{value}.json").write_bytes(text(person(b12(value))))
    lines = [text(person(b12(value))).decode() for value in (185, 90)]
    (folder / "many.ndjson").write_text("\n".join([*lines, "", "{broken"]) + "\n", "utf-8")
    (folder / "list.json").write_text('["no", "fhir"]', "utf-8")
    two = person(b12(190), {**b12(90), "id": "x", "subject": {"reference": "Patient/q"}})
    (folder / "two-people.json").write_bytes(text(two))
    (folder / "notes.txt").write_text("not a case", "utf-8")
    return folder


def copied(folder: Path, *swaps: tuple[str, str, str], id: str = "ng239") -> Path:
    """A copy of a shipped pack, of a later version, with texts of its files replaced."""
    made = Path(shutil.copytree(places.RULES / "packs" / id, folder / "copy"))
    version = open_library().packs[id].pack.head.version
    for name, old, new in (("pack.yaml", f"version: {version}", "version: 9.0.0"), *swaps):
        file = made / name
        content = file.read_text("utf-8")
        assert old in content, (name, old)
        file.write_text(content.replace(old, new, 1), "utf-8")
    return made


def named(found: PackDiff, kind: str) -> dict[str, Change]:
    return {change.name: change for change in found.changes if change.kind == kind}


def shown(found: PackDiff) -> str:
    page = Sheet(80)
    rendering.put(page, found)
    return page.plain()


FIGURE = ("thresholds.yaml", "value: {ng/L: 180, pmol/L: 133}", "value: {ng/L: 200, pmol/L: 148}")


def test_a_pack_and_itself() -> None:
    assert diff("ng239", "ng239").changes == ()


def test_a_changed_figure_in_words(tmp_path: Path) -> None:
    found = diff("ng239", str(copied(tmp_path, FIGURE)))
    (change,) = named(found, "threshold").values()
    assert (change.name, change.what) == ("total_b12_low", "changed")
    (field,) = change.fields
    assert (field.before, field.after) == ("180 ng/L (133 pmol/L)", "200 ng/L (148 pmol/L)")
    assert {c.kind for c in found.changes} == {"head", "threshold"}
    assert "was 180 ng/L (133 pmol/L)" in shown(found)


def test_who_changes_and_because_of_which_cutoff(tmp_path: Path, cases: Path) -> None:
    found = diff("ng239", str(copied(tmp_path, FIGURE)), data=cases, as_of=AS_OF)
    cohort = found.cohort
    assert cohort is not None
    assert (cohort.cases, cohort.changed, cohort.same, cohort.unread) == (8, 2, 3, 3)
    assert [case.case for case in cohort.changes] == ["b12-190.json", "many.ndjson:1"]
    for case in cohort.changes:
        status = next(t for t in case.turned if t.about == "status")
        assert status.name == "b12_status" and status.before != status.after
        for turned in case.turned:
            assert [(c.kind, c.name, c.alone) for c in turned.because] == [
                ("threshold", "total_b12_low", True)
            ]
    assert {one.case for one in cohort.not_read} == {
        "list.json", "many.ndjson:4", "two-people.json"
    }  # fmt: skip
    assert [(c.kind, c.name, c.cases) for c in cohort.causes] == [("threshold", "total_b12_low", 2)]
    said = shown(found)
    assert "3 could not be read" in said and all(len(line) <= 80 for line in said.splitlines())


def test_two_figures_only_together(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    cases.mkdir()
    (cases / "one.json").write_bytes(text(person(b12(190), homocysteine(12))))
    one = framework(tmp_path, "frame-one", 150, 15)
    other = framework(tmp_path, "frame-other", 200, 10)
    cohort = diff(str(one), str(other), data=cases, as_of=AS_OF).cohort
    assert cohort is not None and cohort.changed == 1
    status = next(t for t in cohort.changes[0].turned if t.about == "status")
    assert {(c.name, c.alone) for c in status.because} == {
        ("total_b12_low", False), ("homocysteine_upper", False)
    }  # fmt: skip


def test_a_row_is_the_cause(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    cases.mkdir()
    (cases / "low.json").write_bytes(text(person(b12(100))))
    one = framework(tmp_path, "frame-one", 150, 15)
    other = framework(tmp_path, "frame-other", 150, 15)
    file = other / "decisions.yaml"
    old = "when: total_b12 < total_b12_low or homocysteine > homocysteine_upper"
    assert old in file.read_text("utf-8")
    file.write_text(
        file.read_text("utf-8").replace(old, "when: homocysteine > homocysteine_upper"), "utf-8"
    )
    found = diff(str(one), str(other), data=cases, as_of=AS_OF)
    change = named(found, "row")["b12_status.either"]
    when = next(field for field in change.fields if field.field == "when")
    assert "or" in str(when.before) and "or" not in str(when.after).split()
    assert found.cohort is not None
    status = next(t for t in found.cohort.changes[0].turned if t.about == "status")
    assert [(c.kind, c.name) for c in status.because] == [("row", "b12_status.either")]


def test_rows_put_in_another_order(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    cases.mkdir()
    (cases / "low.json").write_bytes(text(person(b12(100), homocysteine(30))))
    one = framework(tmp_path, "frame-one", 150, 15)
    other = framework(tmp_path, "frame-other", 150, 15)
    file = other / "decisions.yaml"
    content = file.read_text("utf-8")
    first, rest = content.split("    - {id: either", 1)
    before, both = first.split("    - {id: both", 1)
    either, end = rest.split("  otherwise:", 1)
    turned = f"{before}    - {{id: either{either}    - {{id: both{both}  otherwise:{end}"
    file.write_text(turned, "utf-8")
    found = diff(str(one), str(other), data=cases, as_of=AS_OF)
    whats = {(c.name, c.what) for c in found.changes if c.kind == "row"}
    assert len(whats) == 1 and {what for _, what in whats} == {"moved"}
    assert found.cohort is not None
    status = next(t for t in found.cohort.changes[0].turned if t.about == "status")
    assert [c.kind for c in status.because] == ["row"]


def test_rules_that_come_change_and_go(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    cases.mkdir()
    vegan = {
        "resourceType": "Condition", "id": "v", "subject": {"reference": "Patient/p"},
        "code": {"text": "vegan diet"},
    }  # fmt: skip
    (cases / "one.json").write_bytes(text(person(b12(500), vegan)))
    files = {"rules/one.yaml": rule("own-one"), "rules/two.yaml": rule("own-two")}
    one = pack(tmp_path / "a", "own-probe", files=files)
    changed = {"rules/two.yaml": rule("own-two", when="vegan is true"),
               "rules/three.yaml": rule("own-three")}  # fmt: skip
    other = pack(tmp_path / "b", "own-probe", version="1.1.0", files=changed)
    found = diff(str(one), str(other), data=cases, as_of=AS_OF)
    assert {n: c.what for n, c in named(found, "rule").items()} == {
        "own-one": "removed", "own-two": "changed", "own-three": "added"
    }  # fmt: skip
    when = next(f for f in named(found, "rule")["own-two"].fields if f.field == "when")
    assert when.before != when.after
    assert found.cohort is not None and found.cohort.cases == 1


def test_different_packs_are_told_as_far_as_names_match() -> None:
    found = diff("ng239", "aafp-2025")
    assert named(found, "threshold")["total_b12_high"].what in ("changed", "added")
    assert named(found, "row") and named(found, "rule")
    assert shown(found)


def test_the_framework_decides_in_the_place_of_the_other(tmp_path: Path, cases: Path) -> None:
    found = diff("ng239", "mayo-acasm", data=cases, as_of=AS_OF)
    cohort = found.cohort
    assert cohort is not None and cohort.cases == cohort.same + cohort.changed + cohort.unread
    turned = {case.case: t for case in cohort.changes for t in case.turned if t.about == "status"}
    assert "b12-120.json" in turned


@pytest.mark.parametrize(
    ("pack_id", "version"),
    [
        (name, version)
        for name, all_ in earlier_versions(open_library()).items()
        for version in all_
    ],
)
def test_every_earlier_version_can_be_held_against_todays(pack_id: str, version: str) -> None:
    found = diff(f"{pack_id}@{version}", pack_id)
    assert found.before.version == version
    assert (found.before.digest == found.after.digest) == (not found.changes)
    assert all(len(line) <= 80 for line in shown(found).splitlines())


def test_what_always_runs_still_does(tmp_path: Path) -> None:
    """An earlier safety pack takes the place of today's; it is never left out."""
    cases = tmp_path / "cases"
    cases.mkdir()
    data = (places.CASES / "potassium-23-with-cramps" / "request.json").read_bytes()
    (cases / "one.json").write_bytes(data)
    cohort = diff("safety@1.0.0", "safety", data=cases, as_of=AS_OF).cohort
    assert cohort is not None and cohort.cases == 1 and cohort.unread == 0
    for case in cohort.changes:
        assert all(t.after is not None for t in case.turned if t.before == "emergency")


def test_names_of_files_in_any_order_and_twice(tmp_path: Path, cases: Path) -> None:
    copy = str(copied(tmp_path, FIGURE))
    first = diff("ng239", copy, data=cases, as_of=AS_OF).to_json()
    again = tmp_path / "again"
    again.mkdir()
    files = list(cases.iterdir())
    random.Random(5).shuffle(files)
    for file in files:
        shutil.copy(file, again / file.name)
    assert diff("ng239", copy, data=again, as_of=AS_OF).to_json() == first


def test_hostile_files_never_end_the_run(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    (cases / "deep").mkdir(parents=True)
    hostile = {
        "binary.json": bytes(range(256)), "empty.json": b"", "deep.json": b"[" * 100_000,
        "null.json": b"null", "number.json": b"1e999999", "utf16.json": "{}".encode("utf-16"),
        "many.ndjson": b"\xff\xfe\n{}\n\n[]\n", "deep/one.json": text(person(b12(190))),
    }  # fmt: skip
    for name, content in hostile.items():
        (cases / name).write_bytes(content)
    os.symlink(tmp_path / "nowhere", cases / "dangling.json")
    (cases / "folder.json").mkdir()
    cohort = diff("ng239@1.0.0", "ng239", data=cases, as_of=AS_OF).cohort
    assert cohort is not None
    assert cohort.cases == cohort.same + cohort.changed + cohort.unread == 10
    assert {one.case for one in cohort.not_read} >= {"binary.json", "many.ndjson:1"}
    assert all(one.reason and one.says and "Patient" not in one.says for one in cohort.not_read)


def test_a_line_with_one_resource_is_no_patient(tmp_path: Path) -> None:
    """An export of single resources is never taken for as many people."""
    line = json.dumps(b12(190))
    (tmp_path / "Observation.ndjson").write_text(f"{line}\n{line}\n", "utf-8")
    cohort = diff("ng239@1.0.0", "ng239", data=tmp_path, as_of=AS_OF).cohort
    assert cohort is not None and cohort.unread == cohort.cases == 2
    assert {one.reason for one in cohort.not_read} == {"not-a-bundle"}


def test_moved_names_as_few_as_possible() -> None:
    assert moved(["a", "b", "c", "d"], ["a", "c", "d", "b"]) == ("b",)
    assert moved(["a", "b"], ["a", "x", "b"]) == ()
    assert moved([], ["a"]) == ()


@pytest.mark.parametrize("name", ["ng239@7.0.0", "nothing", "../ng239", "ng239@../../x", ""])
def test_a_pack_that_is_not_there(name: str) -> None:
    with pytest.raises(UsageError) as told:
        diff(name, "ng239")
    assert told.value.hint


def test_the_command(tmp_path: Path, cases: Path) -> None:
    copy = str(copied(tmp_path, FIGURE))
    ran = run("rules", "diff", "ng239", copy, "--data", str(cases), "--as-of", AS_OF, "-f", "json")
    assert ran.returncode == 0, ran.stderr.decode()
    found = PackDiff.model_validate_json(ran.stdout)
    assert found.cohort is not None and found.cohort.changed == 2
    assert json.loads(ran.stdout)["as_of"] == AS_OF
    missing = run("rules", "diff", "ng239", copy, "--data", str(tmp_path / "nowhere"))
    assert "not there" in troubled(missing, ExitCode.FILE)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no cases" in troubled(
        run("rules", "diff", "ng239", copy, "--data", str(empty)), ExitCode.FILE
    )
    troubled(run("rules", "diff", "ng239", "nothing"), ExitCode.USAGE)
    troubled(run("rules", "diff", "ng239", copy, "--as-of", "soon", "--data", str(cases)),
             ExitCode.USAGE)  # fmt: skip


@pytest.mark.samples
def test_public_bundles_under_two_frameworks(samples: Path, tmp_path: Path) -> None:
    taken = [f for f in sorted(samples.rglob("*.json")) if f.stat().st_size < 1_000_000][:15]
    assert taken
    for number, file in enumerate(taken):
        shutil.copy(file, tmp_path / f"{number:03}.json")
    cohort = diff("ng239", "aafp-2025", data=tmp_path, as_of=AS_OF).cohort
    assert cohort is not None and cohort.cases == len(taken)
    assert cohort.cases == cohort.same + cohort.changed + cohort.unread


def test_a_moment_that_is_none_is_told_without_cases_too() -> None:
    with pytest.raises(UsageError):
        diff("ng239@1.0.0", "ng239", as_of="soon")


def test_a_file_called_like_a_line_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson:1.json").write_text('{"resourceType": "Patient", "id": "p"}', "utf-8")
    found = diff("ng239@1.0.0", "ng239", data=tmp_path, as_of="2026-11-01")
    assert found.cohort is not None and (found.cohort.cases, found.cohort.unread) == (1, 0)


def test_cases_not_read_for_one_reason_are_told_together(tmp_path: Path) -> None:
    line = json.dumps(b12(190))
    (tmp_path / "Observation.ndjson").write_text(f"{line}\n" * 9, "utf-8")
    page = Sheet(80)
    rendering.put(page, diff("ng239@1.0.0", "ng239", data=tmp_path, as_of=AS_OF))
    shown = page.plain()
    assert shown.count("[not-a-bundle]") == 1
    assert "and 4 more" in shown


@pytest.mark.parametrize("share", [pytest.param(1, marks=pytest.mark.soak), 5])
def test_two_guidelines_are_not_told_apart_by_the_names_of_their_notes(
    tmp_path: Path, share: int
) -> None:
    """Over every fifth example; for long, over all of them."""
    for file in sorted(places.CASES.glob("*/request.json"))[::share]:
        shutil.copy(file, tmp_path / f"{file.parent.name}.json")
    ran = run("rules", "diff", "ng239", "aafp-2025", "--data", str(tmp_path), "--format", "json")
    assert ran.returncode == ExitCode.DONE, ran.stderr
    turned = [t for one in json.loads(ran.stdout)["cohort"]["changes"] for t in one["turned"]]
    own = {
        rule.id for name in ("ng239", "aafp-2025") for rule in open_library().packs[name].pack.rules
    }
    assert turned and not own & {one["name"] for one in turned if one["about"] == "note"}
    causes = {cause["kind"] for one in turned for cause in one["because"]}
    assert causes <= {"threshold"}
