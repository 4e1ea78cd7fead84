"""Packs of one's own beside the shipped ones: they add and replace nothing, and faults are told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import corrin
from corrin.cli.trouble import ExitCode
from corrin.packs.finding import ContentProblem
from corrin.packs.library import open_library
from corrin.packs.lint import lint
from corrin.packs.scaffold import CannotBegin, begin
from corrin.packs.versions import NoSuchPack, find
from support import places
from support.command import run
from unit.own_packs import b12, pack, person, potassium, rule, text
from unit.test_cli import troubled

AS_OF = "2026-11-01"
EVIDENCE = """\
rows:
  OWN-01: {item: "A vegan diet is asked for", check: V, sources: [OUR-BOOK]}
  OWN-02: {item: "Not looked up", check: G}
sources:
  OUR-BOOK: {title: "Our handbook", url: "https://example.org/handbook"}
"""
VEGAN = {
    "resourceType": "Observation", "id": "v", "status": "final",
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "230086005"}]},
    "subject": {"reference": "Patient/p"}, "effectiveDateTime": "2026-10-20",
    "valueBoolean": True,
}  # fmt: skip


def about(folder: Path) -> list[str]:
    """The codes of all findings about files of a folder, with file and line."""
    found = lint(open_library(extra=(folder,)))
    return [
        f"{Path(one.place.file).name}:{one.place.line} {one.severity} {one.code}"
        for one in found
        if Path(one.place.file).resolve().is_relative_to(folder.resolve())
    ]


def test_a_pack_of_ones_own_runs_and_cites_its_own_row(tmp_path: Path) -> None:
    own = rule("own-b12", when="total_b12 is not null", evidence="OWN-01")
    own = own.replace(
        own[own.index("cases:") :],
        'cases:\n  - {given: {total_b12: "200 ng/L"}, expect: fires}\n'
        "  - {given: {}, expect: silent}\n",
    ).replace("A vegan diet was stated", "B12 {total_b12} is there")
    pack(tmp_path, files={"evidence.yaml": EVIDENCE, "rules/own.yaml": own})
    assert about(tmp_path) == []
    file = tmp_path / "request.json"
    file.write_bytes(text(person(b12(190))))
    ran = run("interpret", str(file), "--packs", str(tmp_path), "--as-of", AS_OF, "-f", "json")
    assert ran.returncode == 0, ran.stderr.decode()
    report = json.loads(ran.stdout)
    (note,) = (one for one in report["notes"] if one["rule"] == "own-b12")
    assert note["summary"] == "B12 190 ng/L is there" and note["verified"]
    assert note["evidence"][0]["sources"][0]["title"] == "Our handbook"
    assert report["packs"][0]["id"] == "safety" and report["packs"][-1]["id"] == "own-probe"
    without = corrin.interpret(file.read_bytes(), as_of=AS_OF)
    assert "own-b12" not in {one.rule for one in without.notes}
    statuses = corrin.interpret(file.read_bytes(), as_of=AS_OF, folders=[tmp_path]).statuses
    assert statuses == without.statuses


def test_the_commands_take_it(tmp_path: Path) -> None:
    pack(tmp_path, files={"rules/own.yaml": rule()})
    where = ("--packs", str(tmp_path))
    assert "nothing to complain" in run("rules", "check", *where).stdout.decode()
    assert "All 3 examples hold" in run("rules", "test", *where).stdout.decode()
    listed = json.loads(run("rules", "list", *where, "-f", "json").stdout)
    assert [one["id"] for one in listed] == ["own-vegan"]
    assert "own-vegan" in run("rules", "show", "own-vegan", *where).stdout.decode()
    book = tmp_path / "book.html"
    assert run("rules", "book", *where, "--output", str(book)).returncode == 0
    assert "own-vegan" in book.read_text("utf-8")


def test_a_folder_and_the_pack_in_it_are_one(tmp_path: Path) -> None:
    made = pack(tmp_path, files={"rules/own.yaml": rule()})
    one = open_library(extra=(made,))
    both = open_library(extra=(tmp_path, made))
    assert one.own == both.own == ("own-probe",)
    assert [f for f in both.findings if f.code == "duplicate-id"] == []


def test_the_order_of_folders_changes_nothing(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        pack(tmp_path / name, f"own-{name}", files={"rules/own.yaml": rule(f"own-rule-{name}")})
    folders = [tmp_path / name for name in ("b", "a", "c")]
    data = text(person(b12(190), VEGAN))
    first = corrin.interpret(data, as_of=AS_OF, folders=folders).to_json()
    assert corrin.interpret(data, as_of=AS_OF, folders=folders[::-1]).to_json() == first


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    made = pack(tmp_path, files={"rules/own.yaml": rule("own-before")})
    data = text(person(b12(190)))
    before = corrin.interpret(data, as_of=AS_OF, folders=[tmp_path])
    (made / "rules" / "own.yaml").write_text(rule("own-afterwards"), "utf-8")
    after = corrin.interpret(data, as_of=AS_OF, folders=[tmp_path])
    assert "own-before" in {one.rule for one in before.cannot_say}
    assert "own-afterwards" in {one.rule for one in after.cannot_say}


# --- what cannot be ------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["same", "9.9.9"])
def test_a_pack_called_safety_replaces_nothing(tmp_path: Path, version: str) -> None:
    shipped = open_library().packs["safety"].pack
    named = shipped.head.version if version == "same" else version
    pack(tmp_path, "safety", version=named, files={"rules/own.yaml": rule()})
    library = open_library(extra=(tmp_path,))
    assert library.packs["safety"].pack is shipped and library.own == ()
    (code,) = about(tmp_path)
    assert code.endswith("error duplicate-id" if version == "same" else "warning another-version")
    data = text(person(b12(190), potassium(2.3)))
    with pytest.raises((ContentProblem, corrin.UsageError)):
        corrin.interpret(data, as_of=AS_OF, folders=[tmp_path])
    assert corrin.interpret(data, as_of=AS_OF).urgency == "emergency"
    if version != "same":
        assert find(library, "safety@9.9.9").pack.head.version == "9.9.9"
        assert find(library, "safety").pack is shipped


def test_two_packs_of_one_id(tmp_path: Path) -> None:
    pack(tmp_path / "a", files={"rules/own.yaml": rule()})
    pack(tmp_path / "b", files={"rules/own.yaml": rule("own-other")})
    found = open_library(extra=(tmp_path / "a", tmp_path / "b")).findings
    assert [one.code for one in found if one.severity == "error"] == ["duplicate-id"]


def test_packs_that_use_each_other(tmp_path: Path) -> None:
    pack(tmp_path, "own-a", uses="own-b")
    pack(tmp_path, "own-b", uses="own-a")
    pack(tmp_path, "own-c", uses="own-c")
    found = open_library(extra=(tmp_path,)).findings
    circles = sorted(one.why for one in found if one.code == "circular-use")
    assert circles == ["own-a uses own-b uses own-a", "own-c uses own-c"]
    ran = run("rules", "check", "--packs", str(tmp_path))
    said = ran.stdout.decode().replace("\n", "")  # a long folder name breaks over two lines
    assert ran.returncode == ExitCode.CONTENT and "pack.yaml:1" in said


EV = "evidence.yaml"
SPOILT = [
    ("rules/own.yaml", "id: x\nid: y\n", "own.yaml:2 error unreadable"),
    ("rules/own.yaml", "id: [", "own.yaml:2 error unreadable"),
    ("rules/own.yaml", rule(when="vegen"), "own.yaml:4 error misfit"),
    ("rules/own.yaml", rule(when="vegan and"), "own.yaml:4 error bad-condition"),
    ("rules/own.yaml", rule(evidence="OWN-77"), "own.yaml:1 error unknown-evidence"),
    ("rules/own.yaml", rule(evidence="OWN-02"), "own.yaml:1 error status-too-high"),
    ("rules/own.yaml", rule("critical-potassium-low"), "own.yaml:1 error duplicate-id"),
    ("thresholds.yaml", "- a\n- b\n", "thresholds.yaml:1 error wrong-shape"),
    ("thresholds.yaml", "1: {analyte: mcv}\n", "thresholds.yaml:1 error wrong-shape"),
    (
        "definitions.yaml",
        "a: {means: x, when: a}\n",
        "definitions.yaml:1 error circular-definition",
    ),
    (EV, "rows: {B12-04: {item: x, check: G}}\n", "evidence.yaml:1 error duplicate-id"),
    (EV, "rows:\n  OWN-1: {item: x, check: G}\n", "evidence.yaml:2 error wrong-shape"),
    (EV, "rows:\n  OWN-01: {item: x, check: sure}\n", "evidence.yaml:2 error wrong-shape"),
    (EV, "rows:\n  OWN-01: {item: x, check: V}\n", "evidence.yaml:2 error unknown-evidence"),
    (
        EV,
        "rows:\n  OWN-01: {item: x, check: V, sources: [NOWHERE]}\n",
        "evidence.yaml:2 error unknown-evidence",
    ),
    (EV, "a: [\n", "evidence.yaml:2 error unreadable"),
    (EV, "", "evidence.yaml:0 error unreadable"),
    ("pack.yaml", "id: own-probe\n", "pack.yaml:1 error wrong-shape"),
    ("pack.yaml", "[]\n", "pack.yaml:0 error wrong-shape"),
]


@pytest.mark.parametrize(
    ("file", "content", "told"), SPOILT, ids=[f"{i}-{told}" for i, (*_, told) in enumerate(SPOILT)]
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, file: str, content: str, told: str
) -> None:
    files = {"evidence.yaml": EVIDENCE, "rules/own.yaml": rule(), file: content}
    pack(tmp_path, files=files)
    assert told in about(tmp_path)
    with pytest.raises(ContentProblem):
        corrin.interpret(text(person(b12(190))), as_of=AS_OF, folders=[tmp_path])


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    (tmp_path / "empty").mkdir()
    for command in (("rules", "check"), ("rules", "test"), ("rules", "list")):
        assert "no such folder" in troubled(
            run(*command, "--packs", str(tmp_path / "nowhere")), ExitCode.FILE
        )
    assert "not a folder" in troubled(
        run("rules", "check", "--packs", str(tmp_path / "file")), ExitCode.FILE
    )
    ran = run("rules", "check", "--packs", str(tmp_path / "empty"))
    assert ran.returncode == ExitCode.CONTENT and "no pack in it" in ran.stdout.decode()


def test_a_name_that_is_none() -> None:
    library = open_library()
    for name in ("ng239@", "ng239@1", "@", "ng239@1.0.0/../..", "\x00", "~", "a" * 5000):
        with pytest.raises(NoSuchPack):
            find(library, name)


def test_replacing_binds_those_who_use_it_anew(tmp_path: Path) -> None:
    made = Path(shutil.copytree(places.RULES / "packs" / "clinical-terms", tmp_path / "terms"))
    library = open_library()
    changed = find(library, str(made)).pack
    joined = library.with_packs({"clinical-terms": changed})
    for name, bound in joined.packs.items():
        uses = "clinical-terms" in _all_uses(library, name) or name == "clinical-terms"
        assert (bound is library.packs[name]) != uses, name
    assert joined.findings == library.findings and set(joined.packs) == set(library.packs)


def _all_uses(library: object, name: str) -> set[str]:
    bound = library.packs[name]  # type: ignore[attr-defined]
    return {one.id for one in bound.uses} | {
        n for u in bound.uses for n in _all_uses(library, u.id)
    }


# --- begun ---------------------------------------------------------------------------------------


def test_what_is_begun_holds_at_once(tmp_path: Path) -> None:
    where = tmp_path / "not" / "there"
    ran = run("rules", "new", "our-rule", "--packs", str(where))
    assert ran.returncode == 0, ran.stderr.decode()
    assert {f.relative_to(where).as_posix() for f in where.rglob("*") if f.is_file()} == {
        "own-rules/pack.yaml", "own-rules/evidence.yaml", "own-rules/CHANGELOG.md",
        "own-rules/rules/our-rule.yaml",
    }  # fmt: skip
    assert about(where) == []
    assert run("rules", "test", "--packs", str(where)).returncode == 0
    again = run("rules", "new", "our-rule", "--packs", str(where))
    assert "already" in troubled(again, ExitCode.USAGE)
    assert run("rules", "new", "our-second", "--packs", str(where)).returncode == 0
    inside = ("--packs", str(where / "own-rules"))
    assert run("rules", "new", "our-third", *inside).returncode == 0
    more = run("rules", "new", "our-fourth", "--packs", str(where), "--pack", "our-ward")
    assert more.returncode == 0
    assert about(where) == [] and run("rules", "test", "--packs", str(where)).returncode == 0
    unclear = run("rules", "new", "our-fifth", "--packs", str(where))
    assert "--pack" in troubled(unclear, ExitCode.USAGE)


@pytest.mark.parametrize(
    ("rule_id", "pack_id", "said"),
    [
        ("Our Rule", None, "cannot be the id of a rule"),
        ("../../x", None, "cannot be the id of a rule"),
        ("b12-confirmed-total", None, "is called b12-confirmed-total already"),
        ("our-rule", "safety", "exists already"),
        ("our-rule", "../x", "cannot be the id of a pack"),
        ("our-rule", "Ward", "cannot be the id of a pack"),
    ],
)
def test_what_cannot_be_begun(tmp_path: Path, rule_id: str, pack_id: str | None, said: str) -> None:
    with pytest.raises(CannotBegin) as told:
        begin(open_library(), tmp_path, rule_id, pack_id, "2026-11-20")
    assert said in told.value.message and told.value.hint
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_way_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", "utf-8")
    ran = run("rules", "new", "our-rule", "--packs", str(tmp_path / "file"))
    assert "not a folder" in troubled(ran, ExitCode.FILE)
    assert (tmp_path / "file").read_text("utf-8") == "mine"
    (tmp_path / "own-rules" / "rules").mkdir(parents=True)
    (tmp_path / "own-rules" / "rules" / "our-rule.yaml").write_text("mine", "utf-8")
    ran = run("rules", "new", "our-rule", "--packs", str(tmp_path))
    troubled(ran, ExitCode.USAGE)
    assert (tmp_path / "own-rules" / "rules" / "our-rule.yaml").read_text("utf-8") == "mine"
    assert not (tmp_path / "own-rules" / "pack.yaml").exists()
