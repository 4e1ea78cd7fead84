"""Packs of one's own that mean harm, or are linked: told by their file, never waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import corrin
from corrin.packs.finding import ContentProblem
from corrin.packs.library import open_library
from support.command import run
from unit.own_packs import b12, pack, person, rule, text

AS_OF = "2026-11-01"
MANY = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("x: .inf\n", 1, "no number in plain digits"),
        ("y: 1\nx: 1:30.5\n", 2, "no number in plain digits"),
        (f"x: {'9' * 5000}\n", 0, "not what it is marked as"),
        ("x: !!int abc\n", 0, "not what it is marked as"),
        ("x: !!set {a, b}\n", 1, "a set has no order"),
        ("? [1, 2]\n: x\n", 1, "a key is one word"),
        (f"x: {'[' * 900}{']' * 900}\n", 0, "nested too deep"),
        (MANY, 0, "its aliases make it too large"),
    ],
)
def test_yaml_that_means_harm_is_told_by_its_file(
    tmp_path: Path, content: str, line: int, said: str
) -> None:
    files = {"thresholds.yaml": content, "rules/own.yaml": rule()}
    pack(tmp_path, files=files)
    (found,) = open_library(extra=(tmp_path,)).findings
    assert (found.code, found.place.line) == ("unreadable", line) and said in found.why
    assert found.place.file.endswith("thresholds.yaml")


def test_keys_of_two_kinds_are_refused(tmp_path: Path) -> None:
    pack(tmp_path, files={"thresholds.yaml": "1: a\nx: b\n", "rules/own.yaml": rule()})
    assert {one.code for one in open_library(extra=(tmp_path,)).findings} == {"wrong-shape"}


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    made = pack(tmp_path, files={"rules/own.yaml": rule()})
    os.mkfifo(made / "rules" / "pipe.yaml")
    (found,) = open_library(extra=(tmp_path,)).findings
    assert found.code == "unreadable" and "no file" in found.why


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    made = pack(tmp_path, files={"rules/own.yaml": rule()})
    (made / "rules" / "gone.yaml").symlink_to(tmp_path / "nowhere.yaml")
    with pytest.raises(ContentProblem) as caught:
        corrin.interpret(text(person(b12(190))), as_of=AS_OF, folders=[tmp_path])
    assert [one.code for one in caught.value.findings] == ["unreadable"]
    checked = run("rules", "check", "--packs", str(tmp_path))
    assert checked.returncode == 4 and "gone.yaml" in checked.stdout.decode()


def test_a_linked_pack_is_read_again_and_checked(tmp_path: Path) -> None:
    made = pack(tmp_path / "there", files={"rules/own.yaml": rule("own-before")})
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / made.name).symlink_to(made)
    data = text(person(b12(190)))
    corrin.interpret(data, as_of=AS_OF, folders=[tmp_path / "here"])
    (made / "rules" / "own.yaml").write_text(rule("own-afterwards"), "utf-8")
    after = corrin.interpret(data, as_of=AS_OF, folders=[tmp_path / "here"])
    assert "own-afterwards" in {one.rule for one in after.cannot_say}
    (made / "rules" / "own.yaml").write_text("id: nothing\n", "utf-8")
    checked = run("rules", "check", "--packs", str(tmp_path / "here"))
    assert checked.returncode == 4 and "wrong-shape" in checked.stdout.decode()


@pytest.mark.parametrize("times", [60, 200, 1000])
@pytest.mark.parametrize(("before", "after"), [("not ", ""), ("(vegan and (smoking or ", "))")])
def test_a_condition_nested_too_deep_is_told(
    tmp_path: Path, before: str, after: str, times: int
) -> None:
    when = f'"{before * times}vegan{after * times}"'
    pack(tmp_path, files={"rules/own.yaml": rule(when=when)})
    found = open_library(extra=(tmp_path,)).findings
    assert [one.code for one in found] == ["bad-condition"] and "nested" in found[0].why
