"""The command: exit codes, streams, what it says when something is wrong.

Most run in this process (``support.command``); what only a process has is tried with a real one.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import corrin
from corrin.cli.trouble import ExitCode, Stopped, Trouble, fault
from support import places
from support.command import run

COMMAND = (sys.executable, "-c", "from corrin.cli import main; main()")
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", ""),
    "PYTHONPATH": str(places.SERVICE),
    "PYTHONDONTWRITEBYTECODE": "1",
    "LANG": "C.UTF-8",
}


def b12(value: float, subject: str = "Patient/p", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "b12",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2132-9"}]},
        "subject": {"reference": subject},
        "effectiveDateTime": "2026-03-01",
        "valueQuantity": {
            "value": value,
            "unit": "pg/mL",
            "system": "http://unitsofmeasure.org",
            "code": "pg/mL",
        },
        **more,
    }


def bundle(*resources: dict[str, Any]) -> bytes:
    entries = [{"resource": resource} for resource in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


REQUEST = bundle(
    {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1958-01-01"},
    b12(150),
)


def process(
    *arguments: str, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """The same as ``run``, in a process of its own."""
    return subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        timeout=60,
        env={**ENVIRONMENT, **environment},
        check=False,
    )


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    file = tmp_path / "request.json"
    file.write_bytes(REQUEST)
    return file


def troubled(ran: subprocess.CompletedProcess[bytes], code: ExitCode) -> str:
    """What an unsuccessful run said; nothing on standard output, no trace of the program."""
    said = ran.stderr.decode()
    assert ran.returncode == code, said
    assert ran.stdout == b""
    assert said.startswith("corrin: ")
    assert "Traceback" not in said
    assert all(len(line) <= 80 and line == line.rstrip() for line in said.splitlines())
    return said


# --- an answer ------------------------------------------------------------------------------


def test_a_file_becomes_a_note_in_eighty_plain_columns(request_file: Path) -> None:
    ran = run("interpret", str(request_file), "--as-of", "2026-03-02")
    assert ran.returncode == 0, ran.stderr.decode()
    assert ran.stderr == b""
    said = ran.stdout.decode()
    assert "150 pg/mL" in said and "as of 2026-03-02" in said
    assert "\x1b" not in said
    assert all(len(line) <= 80 for line in said.splitlines())


def test_standard_input_says_the_same_as_a_file(request_file: Path) -> None:
    arguments = ("--as-of", "2026-03-02", "--format", "json")
    from_file = run("interpret", str(request_file), *arguments)
    from_stream = process("interpret", "-", *arguments, stdin=REQUEST)
    assert from_file.returncode == from_stream.returncode == 0
    assert from_file.stdout == from_stream.stdout
    assert from_file.stderr == from_stream.stderr == b""


def test_json_keeps_to_the_schema_the_command_prints(request_file: Path) -> None:
    from jsonschema import Draft202012Validator

    schema = json.loads(run("schema").stdout)
    report = json.loads(run("interpret", str(request_file), "--format", "json").stdout)
    Draft202012Validator(schema).validate(report)
    assert report["corrin"] == corrin.__version__


def test_the_moment_is_printed_when_nobody_gave_one(request_file: Path) -> None:
    report = json.loads(run("interpret", str(request_file), "-f", "json").stdout)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", report["as_of"])


def test_an_answer_goes_to_a_file_whole(request_file: Path, tmp_path: Path) -> None:
    output = tmp_path / "note.html"
    ran = run("interpret", str(request_file), "--format", "html", "--output", str(output))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
    assert output.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["note.html", "request.json"]


def test_explain_adds_to_the_note(request_file: Path) -> None:
    arguments = ("interpret", str(request_file), "--as-of", "2026-03-02")
    short, long = run(*arguments).stdout, run(*arguments, "--explain").stdout
    assert len(long) > len(short)
    assert b"Conditions" in long and b"Conditions" not in short


def test_colour_is_for_terminals_and_can_be_refused(request_file: Path) -> None:
    arguments = ("interpret", str(request_file))
    assert b"\x1b[" not in run(*arguments).stdout
    assert b"\x1b[" in run(*arguments, FORCE_COLOR="1", TERM="xterm").stdout
    assert b"\x1b[" not in run(*arguments, FORCE_COLOR="1", NO_COLOR="1", TERM="xterm").stdout


def test_a_terminal_without_the_characters_gets_escapes(request_file: Path) -> None:
    ran = process("interpret", str(request_file), PYTHONIOENCODING="ascii")
    assert ran.returncode == 0
    ran.stdout.decode("ascii")


def test_nothing_usable_is_an_answer() -> None:
    ran = run("interpret", "-", stdin=bundle({"resourceType": "Patient", "id": "p"}))
    assert ran.returncode == 0, ran.stderr.decode()


# --- no answer ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "not-json"),
        (b"", "empty"),
        (b'{"resourceType": "Bundle", "resourceType": "Bundle"}', "duplicate-key"),
        (b"\xff\xfe\x00", "not-utf8"),
        (bundle(b12(150, "Patient/a"), b12(150, "Patient/b", id="other")), "two-subjects"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_input_refused_whole_says_what_where_why_and_what_to_do(
    data: bytes, reason: str
) -> None:
    said = troubled(run("interpret", "-", stdin=data), ExitCode.INPUT)
    assert "refused whole" in said
    assert "where  standard input" in said
    assert f"[{reason}]" in said
    assert "to do" in said


def test_a_refused_input_names_its_file_and_nothing_of_the_patient(tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_bytes(bundle(b12(150, "Patient/anna"), b12(150, "Patient/zoe", id="other")))
    said = troubled(process("interpret", str(file)), ExitCode.INPUT)
    assert "bad.json" in said.replace("\n         ", "")
    assert "anna" not in said and "zoe" not in said


@pytest.mark.parametrize("name", ["nothing-here.json", ".", "a\x07b", "\x1b[31m.json"])
def test_a_file_that_cannot_be_read(name: str) -> None:
    said = troubled(run("interpret", name), ExitCode.FILE)
    assert "The file cannot be read." in said
    assert "\x1b" not in said and "\x07" not in said


def test_a_place_that_cannot_be_written(request_file: Path) -> None:
    output = str(request_file.parent / "no" / "where.json")
    ran = run("interpret", str(request_file), "--output", output)
    assert "cannot be written" in troubled(ran, ExitCode.FILE)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--profile", "mars"), "mars"),
        (("--pack", "no-such-pack"), "no-such-pack"),
        (("--pack", "ng239@9.9.9"), "9.9.9"),
        (("--as-of", "yesterday"), "2026-11-01"),
        (("--format", "pdf"), "pdf"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_a_question_that_cannot_be_asked(
    request_file: Path, arguments: tuple[str, ...], word: str
) -> None:
    said = troubled(run("interpret", str(request_file), *arguments), ExitCode.USAGE)
    assert word in said
    assert "to do" in said


def test_a_command_that_does_not_exist() -> None:
    assert "prescribe" in troubled(run("prescribe"), ExitCode.USAGE)


@pytest.mark.parametrize("arguments", [(), ("rules",), ("units",), ("analytes",)], ids=" ".join)
def test_no_command_at_all_shows_the_help(arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert (ran.returncode, ran.stdout) == (ExitCode.USAGE, b"")
    assert ran.stderr.startswith(b"Usage: corrin") and b"\nCommands:\n" in ran.stderr


def test_a_file_not_named() -> None:
    assert "FILE" in troubled(run("interpret"), ExitCode.USAGE)


def test_rules_that_cannot_be_used(tmp_path: Path) -> None:
    said = troubled(run("rules", "check", "--rules", str(tmp_path)), ExitCode.FILE)
    assert "packs" in said


def test_a_fault_tells_its_kind_and_place_and_nothing_it_holds() -> None:
    try:
        json.loads("{'patient': 'anna'}")
    except ValueError as error:
        stopped = fault(error)
    again = fault(KeyError("anna"))
    assert stopped.code is ExitCode.FAULT
    for one in (stopped, again):
        assert "anna" not in str(one.troubles)
        assert re.search(r"fault [0-9a-f]{12}", one.troubles[0].why)
    assert stopped.troubles != again.troubles


def test_a_fault_ends_with_one_and_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    from corrin.cli import program

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("anna")

    told: list[Trouble] = []
    monkeypatch.setattr(program, "app", broken)
    monkeypatch.setattr(program, "tell", told.extend)
    assert program.run([]) == ExitCode.FAULT
    assert len(told) == 1 and "anna" not in str(told)


def test_an_interruption_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    from corrin.cli import program

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "app", interrupted)
    assert program.run([]) == ExitCode.INTERRUPTED


def test_an_interrupted_process_leaves_no_trace() -> None:
    # A process started in the background may have been told to ignore the signal.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    started = subprocess.Popen(
        [sys.executable, "-c", f"{heed}; {COMMAND[2]}", "interpret", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    assert started.stdin is not None
    try:
        # Waiting for standard input is what it does once everything is loaded.
        for _ in range(100):
            wait = Path(f"/proc/{started.pid}/wchan")
            if wait.exists() and "pipe" in wait.read_text():
                break
            try:
                started.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                continue
        started.send_signal(signal.SIGINT)
        started.stdin.close()
        started.stdin = None
        output, said = started.communicate(timeout=30)
    finally:
        started.kill()
    assert started.returncode in (ExitCode.INTERRUPTED, -signal.SIGINT)
    assert output == b"" and (b"Traceback" not in said or b"site-packages" not in said)


@pytest.mark.parametrize("arguments", [("--help",), ("rules", "list"), ("schema",)])
def test_a_reader_that_goes_away_is_no_fault(arguments: tuple[str, ...]) -> None:
    started = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    )
    assert started.stdout is not None and started.stderr is not None
    started.stdout.close()
    said = started.stderr.read()
    started.stderr.close()
    started.wait(timeout=60)
    assert said == b""
    assert started.returncode == ExitCode.NOBODY_READS


def test_a_reader_that_goes_away_amid_many_lines_is_no_fault(tmp_path: Path) -> None:
    line = '{"analyte": "total_b12", "value": 240, "from": "pg/mL", "to": "pmol/L"}\n'
    given = tmp_path / "lines.ndjson"
    given.write_text(line * 20_000, encoding="utf-8")
    with given.open("rb") as lines:
        started = subprocess.Popen(
            [*COMMAND, "units", "convert", "-"],
            stdin=lines,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
        )
    assert started.stdout is not None and started.stderr is not None
    assert json.loads(started.stdout.readline()) == {"value": "177.073419066"}
    started.stdout.close()
    said = started.stderr.read()
    started.stderr.close()
    started.wait(timeout=60)
    assert said == b""
    assert started.returncode == ExitCode.NOBODY_READS


# --- the rest -------------------------------------------------------------------------------


def test_version() -> None:
    assert process("--version").stdout.decode() == f"corrin {corrin.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [(), ("interpret",), ("rules",), ("rules", "check"), ("rules", "test"), ("rules", "show"),
     ("rules", "list"), ("schema",), ("analytes",), ("analytes", "show"), ("units",),
     ("units", "convert"), ("units", "explain")],
    ids=" ".join,
)  # fmt: skip
def test_help_fits_and_shows_examples(arguments: tuple[str, ...]) -> None:
    ran = run(*arguments, "--help")
    assert ran.returncode == 0
    said = ran.stdout.decode()
    assert all(len(line) <= 80 for line in said.splitlines())
    if arguments in ((), ("interpret",)) or (arguments[:1] == ("rules",) and len(arguments) > 1):
        assert re.search(r"Examples?:\n\s+corrin ", said)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom corrin.cli.program import run\nrun(['--help'])\n"
        "heavy = {'pint', 'ucumvert', 'fhir', 'lark', 'jinja2', 'polars', 'rich.console'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=ENVIRONMENT, timeout=60, check=False
    )
    assert ran.stderr == b""


def test_stopped_carries_what_to_tell() -> None:
    stopped = Stopped(ExitCode.FILE, Trouble("a"), Trouble("b"))
    assert [trouble.what for trouble in stopped.troubles] == ["a", "b"]
