"""``corrin batch`` from outside: what it asks for, what it says and never says, how it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

from corrin.cli.trouble import ExitCode
from support import exports
from support.forked import Forks

pytestmark = pytest.mark.xdist_group("batch-runs")

CANARIES = ("Qzx1Jvw", "Qzx2Jvw", "904177361", "1887-04-17", "person-")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exports.export(tmp_path_factory.mktemp("cli") / "export", 20)


def said(text: str) -> str:
    assert "Traceback" not in text
    return re.sub(r"\s+", " ", text)


def test_help_tells_examples_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert exports.here("--help") == ExitCode.DONE
    text = capsys.readouterr().out
    assert "corrin batch export/ --out answers --as-of 2026-11-01 --resume" in text
    for code in (0, 1, 2, 3, 4, 5, 130):
        assert re.search(rf"^  +{code} ", text, re.MULTILINE), code
    assert max(map(len, text.splitlines())) <= 80


def test_map_is_a_command_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert exports.here("map", "--help") == ExitCode.DONE
    assert "Usage: corrin batch map" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ((), "The moment is missing."),
        (("--as-of", "yesterday"), "not a FHIR date"),
        (("--as-of", "2026-11-01", "--memory", "lots"), "Write it as 2GiB"),
        (("--as-of", "2026-11-01", "--memory", "10MB"), "So little memory is not enough."),
        (("--as-of", "2026-11-01", "--profile", "mars"), "mars"),
        (("--as-of", "2026-11-01", "--base", "x"), "--format fhir"),
        (("--as-of", "2026-11-01", "--zone", "Europe/Londen"), "no such time zone. where --zone"),
        (("--as-of", "2026-11-01", "--zone", "../UTC"), "no such time zone. where --zone"),
        (("--as-of", "2026-11-01", "--encoding", "klingon"), "no such encoding"),
        (("--as-of", "2026-11-01", "--complete", "allergies"), "Say medicines"),
        (("--as-of", "2026-11-01", "--master", "local[*]"), "Add --engine spark"),
        (("--as-of", "2026-11-01", "--input-format", "xml"), "fhir, hl7v2, omop, pcornet, table"),
        (("--as-of", "2026-11-01", "--input-format", "xml", "--dry-run"), "called 'xml'"),
        (("--as-of", "2026-11-01", "--compare-with", "nowhere", "--dry-run"), "is not there"),
        (("--as-of", "2026-11-01", "--engine", "abacus"), "abacus"),
    ],
)
def test_what_is_not_understood_is_told(
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    told: str,
) -> None:
    out = tmp_path / "out"
    assert exports.here(str(inputs), "--out", str(out), *more) == ExitCode.USAGE
    assert told in said(capsys.readouterr().err)
    assert not (out / "run.json").exists()


def test_the_folder_is_asked_for(inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exports.here(str(inputs), "--as-of", "2026-11-01") == ExitCode.USAGE
    assert "The folder of the dataset is missing." in said(capsys.readouterr().err)


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
@pytest.mark.parametrize("option", ["--codes", "--mapping"])
def test_a_file_of_codes_that_cannot_be_used_is_told_before_anything_is_written(
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    option: str,
    more: tuple[str, ...],
) -> None:
    out, bad = tmp_path / "out", tmp_path / "bad.yaml"
    bad.write_text("codes: [")
    code = exports.here(*exports.asked(inputs, out, option, str(bad), *more))
    assert code == ExitCode.CONTENT
    assert re.search(r"bad\.yaml ?:2 ", said(capsys.readouterr().err))
    assert not out.exists()


def test_nothing_to_read_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "nowhere"
    assert exports.here(*exports.asked(nowhere, tmp_path / "out")) == ExitCode.INPUT
    told = said(capsys.readouterr().err)
    assert "There is nothing to read." in told
    assert "[input-missing]" in told and "There is no such file." in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["omop", "pcornet", "table"])
def test_an_input_that_is_not_what_it_is_said_to_be_is_a_problem_of_that_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    given, out = exports.export(tmp_path / "export", 1, files=1), tmp_path / "out"
    code = exports.here(*exports.asked(given, out, "--input-format", name, "--workers", "1"))
    assert code == ExitCode.INPUT
    assert "Patient.ndjson" in said(capsys.readouterr().err)
    problems = json.loads((out / "run.json").read_bytes())["problems"]
    assert {one["file"] for one in problems} == {"Patient.ndjson", "Observation.000.ndjson"}


def test_of_a_table_nobody_knows_it_is_told_how_to_name_its_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "labs.csv"
    table.write_text("who,what,how much\nx,B12,300\n")
    assert exports.here(*exports.asked(table, tmp_path / "out")) == ExitCode.INPUT
    told = said(capsys.readouterr().err)
    assert "[input-mapping-unknown]" in told and "corrin batch map" in told


def test_a_folder_that_may_not_be_written_to_is_told(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x")
    out = tmp_path / "file" / "out"
    assert exports.here(*exports.asked(inputs, out)) == ExitCode.FILE
    assert "cannot be written there" in said(capsys.readouterr().err)


def test_an_input_that_cannot_be_read_is_told_and_the_rest_done(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, missing = tmp_path / "out", tmp_path / "missing.ndjson"
    code = exports.here(str(missing), *exports.asked(inputs, out, "--workers", "1"))
    assert code == ExitCode.INPUT
    told = capsys.readouterr()
    assert "missing.ndjson" in said(told.err) and "the rest was done" in said(told.err)
    assert "(partial)" in told.out
    run = json.loads((out / "run.json").read_bytes())
    assert run["state"] == "partial"
    assert [(one["file"], one["reason"]) for one in run["problems"]] == [
        ("missing.ndjson", "input-missing")
    ]
    assert run["counts"]["read"] == 7 * 20 + 2


def test_a_dry_run_writes_nothing_and_tells_where_and_why(
    inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(inputs.parent.iterdir())
    assert exports.here(str(inputs), "--as-of", "2026-11-01", "--dry-run") == ExitCode.DONE
    text = capsys.readouterr().out
    assert sorted(inputs.parent.iterdir()) == before
    assert "Patient.ndjson: fhir" in text
    assert re.search(r"Observation\.000\.ndjson:\d+ Observation\.value\.unit: unit-unknown", text)
    assert "Observation.000.ndjson:61: not-json" in text.replace(" :", ":").replace("  ", " ")
    assert "furlong" not in text and "person" not in text


def test_quiet_says_nothing(
    inputs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert exports.here(*exports.asked(inputs, tmp_path / "o", "--workers", "1", "--quiet")) == 0
    assert capfd.readouterr() == ("", "")


def test_in_a_pipe_progress_is_plain_lines(
    inputs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert exports.here(*exports.asked(inputs, tmp_path / "o", "--workers", "1")) == 0
    told = capfd.readouterr()
    assert "\x1b" not in told.err + told.out
    lines = told.err.splitlines()
    assert all(line.startswith("corrin: ") for line in lines)
    assert [line.split(":")[1].strip() for line in lines] == ["reading", "judging", "finishing"]
    assert "Rows: 142 read = 100 used + 0 superseded + 20 not ours + 22 refused" in told.out


def test_in_a_terminal_progress_is_a_bar(inputs: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*exports.COMMAND, *exports.asked(inputs, tmp_path / "out", "--workers", "1")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=exports.environment(TERM="xterm-256color", COLUMNS="100"),
    )
    os.close(theirs)
    told = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        told += piece
    os.close(ours)
    assert process.wait(60) == 0, told
    assert b"\x1b[" in told and b"reading" in told and b"rows" in told and b"MB/s" in told


def poisoned(folder: Path) -> Path:
    """An export in which every value, name, id and date could be told from anything else."""
    folder.mkdir()
    subject = {"reference": "Patient/Qzx1Jvw", "display": "Qzx2Jvw"}
    odd = {"value": 904177361, "unit": "Qzx2Jvw", "code": "Qzx2Jvw"}
    results = [
        exports.result(1, 0, id="Qzx1Jvw", subject=subject),
        exports.result(1, 1, id="Qzx2Jvw", subject=subject, valueQuantity=odd),
        exports.result(1, 2, subject=subject, effectiveDateTime="1887-04-17"),
        exports.result(1, 3, subject=subject, status="Qzx2Jvw"),
        exports.result(1, 4, subject={"display": "Qzx1Jvw"}),
    ]
    person = exports.patient(1) | {"id": "Qzx1Jvw", "birthDate": "1887-04-17"}
    bad = b'{"resourceType": "Observation", "id": "Qzx1Jvw", "subject": "Qzx2Jvw"\n904177361\n'
    (folder / "data.ndjson").write_bytes(exports.lines([person, *results]) + bad)
    (folder / "other.txt").write_text("Qzx1Jvw 904177361")
    return folder


def test_nothing_of_a_patient_is_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], forks: Forks
) -> None:
    folder = poisoned(tmp_path / "export")
    assert exports.here(*exports.asked(folder, tmp_path / "a", "--dry-run")) == 0
    assert exports.here(*exports.asked(folder, tmp_path / "b", "--workers", "1")) == 0
    ran = forks.start(*exports.asked(folder, tmp_path / "c", "--workers", "2"))
    said_by_several = b"".join(ran.communicate()).decode()
    assert ran.returncode == 0
    told = capfd.readouterr()
    everything = told.out + told.err + said_by_several
    assert "refused" in said_by_several
    assert "refused" in everything
    for canary in CANARIES:
        assert canary not in everything, canary
    names = " ".join(str(one) for out in "abc" for one in (tmp_path / out).rglob("*"))
    for canary in CANARIES:
        assert canary not in names and canary.lower() not in names
    run = (tmp_path / "b" / "run.json").read_text()
    for canary in CANARIES:
        assert canary not in run


WITHOUT = """
import sys
sys.modules["pyarrow"] = None
from corrin.cli import program
sys.exit(program.run(sys.argv[1:]))
"""


def test_without_the_extra_it_says_what_to_install(inputs: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT, "batch", *exports.asked(inputs, tmp_path / "out")],
        capture_output=True,
        env=exports.environment(),
        timeout=60,
        check=False,
    )
    assert ran.returncode == ExitCode.USAGE
    assert "pip install 'corrin[batch]'" in said(ran.stderr.decode())


LOADED = """
import sys
from corrin.cli import program
program.run(["--help"])
heavy = {"pyarrow", "duckdb", "numba", "numpy", "msgspec", "matplotlib", "hl7"}
sys.exit(len(heavy & set(sys.modules)))
"""


def test_help_loads_nothing_heavy() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED],
        capture_output=True,
        env=exports.environment(),
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()
