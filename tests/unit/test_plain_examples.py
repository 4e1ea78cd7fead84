"""Every example of ``docs/case.md`` and of ``fixtures/cases`` does what is said of it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from corrin import interpret
from corrin.cli.program import run
from corrin.intake.plain import CaseError, read, schema
from corrin.intake.plain.schema import example
from support.places import ROOT

PAGE = (ROOT / "docs" / "case.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(json|sh)([^\n]*)\n(.*?)```", PAGE, re.DOTALL)
CASES = [(says.split(), text) for kind, says, text in BLOCKS if kind == "json"]
COMMANDS = [line for kind, _, text in BLOCKS if kind == "sh" for line in text.splitlines()]
FILES = sorted((ROOT / "fixtures" / "cases").glob("*.json"))

# Of each example: the B12 status, the urgency, and a rule that must speak.
EXPECTED = {
    "below-the-scale": ("deficiency_confirmed", "urgent", "sensory-symptom-with-deficiency"),
    "critical-potassium": ("not_assessable", "emergency", "critical-potassium-high"),
    "indeterminate-closed-lists": (
        "deficiency_unlikely",
        "routine",
        "b12-unlikely-mma-not-raised",
    ),
    "injections-once-given": ("not_assessable", "routine", "b12-not-assessable-on-treatment"),
    "intrinsic-factor-antibody": (
        "deficiency_confirmed",
        "soon",
        "intrinsic-factor-antibody-positive",
    ),
    "pregnant-24-weeks": ("indeterminate", "urgent", "second-trimester-not-anaemia"),
}
VALID = Draft202012Validator(schema())


def test_there_are_examples_of_every_kind() -> None:
    assert len(CASES) > 4
    assert {words[0] for words, _ in CASES if words} == {"refused", "lenient"}
    assert {file.stem for file in FILES} == set(EXPECTED)


@pytest.mark.parametrize("at", range(len(CASES)))
def test_example_of_the_page(at: int) -> None:
    words, text = CASES[at]
    if words[:1] == ["refused"]:
        with pytest.raises(CaseError) as error:
            read(text.encode())
        assert {one.reason for one in error.value.problems} == set(words[1:])
        return
    reading = read(text.encode(), lenient=words[:1] == ["lenient"])
    assert {one.reason for one in reading.refusals} == set(words[1:])
    assert not list(VALID.iter_errors(json.loads(text)))
    assert interpret(text, lenient=bool(words)).notes


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("corrin ")])
def test_command_of_the_page(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert run(shlex.split(line)[1:]) == 0


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_example_file(file: Path) -> None:
    report = interpret(file.read_bytes())
    status, urgency, rule = EXPECTED[file.stem]
    assert report.statuses["b12_status"].status == status
    assert report.urgency == urgency
    assert rule in {note.rule for note in report.notes}
    assert report.refusals == ()
    assert not list(VALID.iter_errors(json.loads(file.read_bytes())))


def test_the_schema_is_one_and_shows_a_case_that_is_read() -> None:
    Draft202012Validator.check_schema(schema())
    assert not list(VALID.iter_errors(example()))
    assert read(json.dumps(example()).encode()).refusals == ()
    assert list(VALID.iter_errors({"patient": {}}))
    assert list(VALID.iter_errors({"results": [{"value": 1}]}))
    assert list(VALID.iter_errors({"results": [], "reslts": []}))


def test_the_command_line_prints_the_schema(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["schema", "--case"]) == 0
    assert json.loads(capsysbinary.readouterr().out) == schema()


def test_the_command_line_tells_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "case.json"
    file.write_text('{"results": [{"test": "B13", "value": 1}]}')
    assert run(["interpret", str(file)]) == 3
    said = " ".join(capsys.readouterr().err.split())
    assert "results[0].test" in said
    assert "Nearest known: B12" in said
    assert run(["interpret", str(file), "--lenient", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["refusals"][0]["reason"] == "name-unknown"
