"""``corrin rules`` and ``corrin analytes`` over the shipped content, and over broken content."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from corrin.cli.trouble import ExitCode
from corrin.packs.library import open_library
from support import places
from support.command import run
from unit.test_cli import troubled


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the rules to break."""
    return Path(shutil.copytree(places.RULES, tmp_path / "rules"))


def test_the_shipped_rules_have_no_error() -> None:
    ran = run("rules", "check", "--format", "json")
    answer = json.loads(ran.stdout)
    assert answer["errors"] == 0, [f for f in answer["findings"] if f["severity"] == "error"]
    assert ran.returncode == 0


def test_every_finding_is_told_at_once_with_its_place(copy: Path) -> None:
    rules = copy / "packs" / "safety" / "rules"
    first, second = sorted(rules.glob("*.yaml"))[:2]
    first.write_text(
        first.read_text(encoding="utf-8").replace("status: source-checked", "status: checked", 1),
        encoding="utf-8",
    )
    lines = second.read_text(encoding="utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("when: "))
    lines[at] = "when: no_such_fact < 3 'mmol/L'"
    second.write_text("\n".join(lines) + "\n", encoding="utf-8")
    ran = run("rules", "check", "--rules", str(copy), "--format", "json")
    assert ran.returncode == ExitCode.CONTENT
    errors = [f for f in json.loads(ran.stdout)["findings"] if f["severity"] == "error"]
    assert {first.name, second.name} <= {Path(finding["file"]).name for finding in errors}
    assert all(finding["line"] >= 1 and finding["why"] for finding in errors)
    text = run("rules", "check", "--rules", str(copy))
    assert text.returncode == ExitCode.CONTENT
    said = text.stdout.decode()
    assert all(len(line) <= 80 for line in said.splitlines())
    assert f"{first.name}:" in said and f"{second.name}:" in said


def test_content_that_is_no_yaml_is_a_finding(copy: Path) -> None:
    (copy / "packs" / "safety" / "thresholds.yaml").write_text("a: [\n", encoding="utf-8")
    ran = run("rules", "check", "--rules", str(copy))
    assert ran.returncode == ExitCode.CONTENT
    assert "thresholds.yaml" in ran.stdout.decode()


def test_rules_that_are_broken_cannot_be_tested(copy: Path) -> None:
    (copy / "packs" / "safety" / "thresholds.yaml").write_text("a: [\n", encoding="utf-8")
    said = troubled(run("rules", "test", "--rules", str(copy)), ExitCode.CONTENT)
    assert "thresholds.yaml" in said


def test_the_examples_of_one_rule_hold() -> None:
    rule = next(iter(open_library().packs["safety"].pack.rules))
    ran = run("rules", "test", rule.id)
    said = ran.stdout.decode()
    assert ran.returncode == 0, said
    assert "100 %" in said and "hold" in said


def test_an_example_that_does_not_hold_is_told(copy: Path) -> None:
    rule = open_library().packs["safety"].pack.rules[0]
    place = open_library().packs["safety"].pack.place("rule", rule.id)
    file = copy / place.file
    text = file.read_text(encoding="utf-8")
    at = text.index(f"id: {rule.id}\n")
    file.write_text(
        text[:at] + text[at:].replace("expect: fires", "expect: silent", 1), encoding="utf-8"
    )
    ran = run("rules", "test", rule.id, "--rules", str(copy))
    assert ran.returncode == ExitCode.CONTENT
    assert "expected silent, got fires" in ran.stdout.decode()


def test_a_leaf_no_example_tried_each_way_is_a_failure(copy: Path) -> None:
    rule = open_library().packs["safety"].pack.rules[0]
    file = copy / open_library().packs["safety"].pack.place("rule", rule.id).file
    kept, skipping = [], False
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("id: "):
            skipping = line == f"id: {rule.id}"
        if not (skipping and "expect: silent" in line):
            kept.append(line)
    file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    ran = run("rules", "test", rule.id, "--rules", str(copy))
    assert ran.returncode == ExitCode.CONTENT
    assert "never false" in ran.stdout.decode()


def test_the_list_holds_every_rule_and_says_what_is_unverified() -> None:
    listed = json.loads(run("rules", "list", "--format", "json").stdout)
    every = {rule.id for pack in open_library().packs.values() for rule in pack.pack.rules}
    assert {rule["id"] for rule in listed} == every
    assert all(rule["verified"] or rule["status"] == "draft" for rule in listed)
    said = run("rules", "list").stdout.decode()
    assert all(name in "".join(said.split()) for name in every)
    assert "unverified" in said
    assert all(len(line) <= 80 for line in said.splitlines())


def test_the_list_of_one_pack() -> None:
    listed = json.loads(run("rules", "list", "--pack", "safety", "-f", "json").stdout)
    assert {rule["pack"] for rule in listed} == {"safety"}
    assert "safety" in troubled(run("rules", "list", "--pack", "nix"), ExitCode.USAGE)


def test_everything_can_be_shown() -> None:
    from corrin.cli.rulebook import Rulebook
    from corrin.cli.table import sheet

    book = Rulebook(open_library())
    assert book.names
    for name in book.names:
        page = sheet()
        book.put(page, name)
        shown = page.plain()
        assert name in shown and "EVIDENCE" in shown and "EXAMPLES" in shown
        assert all(len(line) <= 80 and line == line.rstrip() for line in shown.splitlines())


def test_a_rule_is_shown_in_words() -> None:
    rule = open_library().packs["safety"].pack.rules[0]
    said = run("rules", "show", rule.id).stdout.decode()
    assert rule.title in said
    assert all(row in said for row in rule.evidence)
    assert "UNVERIFIED" in said or rule.status != "draft"


def test_cutoffs_of_one_name_are_told_apart_by_their_pack() -> None:
    shown = run("rules", "show", "nih-discordant").stdout.decode()
    told = shown.split("CUT-OFFS")[1].split("EVIDENCE")[0].split("\n  mma_upper: ")[1:]
    packs = open_library().packs
    assert len(told) == 2
    for name, said in zip(("nih-ods", "ng239"), told, strict=True):
        content = packs[name].pack.thresholds["mma_upper"]
        said = " ".join(said.split())
        assert f"{content.meaning} ({name}" in said
        assert content.evidence[0] in said
    assert "0.271 umol/L" in told[0] and "0.271" not in told[1]


def test_a_rule_that_does_not_exist_names_those_near() -> None:
    name = open_library().packs["safety"].pack.rules[0].id
    said = troubled(run("rules", "show", name[:-1]), ExitCode.USAGE)
    assert name in said.replace("\n         ", "")


def test_analytes_by_id_code_and_name() -> None:
    shown = {
        run("analytes", "show", name).stdout for name in ("total_b12", "2132-9", "vitamin b12")
    }
    assert len(shown) == 1
    said = shown.pop().decode()
    assert "ng/L" in said and "2132-9" in said
    assert "total_b12" in run("analytes", "list").stdout.decode()
    assert "potassium" in troubled(run("analytes", "show", "potasium"), ExitCode.USAGE)
