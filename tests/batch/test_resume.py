"""Runs that are killed, ended, or meet a full disk, and are gone on with: the same bytes."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from corrin.cli.trouble import ExitCode
from support import exports
from support.forked import Forked, Forks

pytestmark = pytest.mark.xdist_group("batch-runs")

PEOPLE = 60
LINUX = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = exports.export(tmp_path_factory.mktemp("resume") / "export", PEOPLE)
    # Some results once more, in a newer version: what holds them is read a second time.
    newer = [
        exports.result(one, 0, meta={"versionId": "2"}, note=[{"text": "again"}])
        for one in range(0, PEOPLE, 3)
    ]
    (folder / "Observation.newer.ndjson").write_bytes(exports.lines(newer))
    return folder


@pytest.fixture(scope="module")
def finished(inputs: Path) -> Path:
    out = inputs.parent / "finished"
    assert exports.here(*exports.asked(inputs, out, "--workers", "1")) == 0
    return out


@pytest.fixture(scope="module")
def undisturbed(finished: Path) -> dict[str, str]:
    return exports.digests(finished)


@dataclass(frozen=True)
class Killed:
    """A run of several processes that was killed while it judged, and those it had begun."""

    out: Path
    below: list[int]


@pytest.fixture(scope="module")
def killed(inputs: Path) -> Killed:
    """Begun as a person begins it."""
    out = inputs.parent / "unfinished"
    process = exports.start(*asked(inputs, out))
    assert exports.wait_for(process, out, "judged", 2)
    below = list(exports.descendants(process.pid)) if Path("/proc").is_dir() else []
    kill(process)
    return Killed(out, below)


@pytest.fixture(scope="module")
def unfinished(killed: Killed) -> Path:
    return killed.out


def asked(inputs: Path, out: Path, *more: str) -> list[str]:
    return exports.asked(inputs, out, "--workers", "2", *more)


def kill(process: subprocess.Popen[bytes] | Forked) -> None:
    process.kill()
    process.communicate()


def gone_on_with(inputs: Path, out: Path) -> dict[str, str]:
    """The digests of what is made of an unfinished run."""
    assert not (out / "run.json").exists()
    assert exports.here(*exports.asked(inputs, out, "--workers", "1", "--resume")) == 0
    assert not (out / ".corrin").exists()
    return exports.digests(out)


def said(err: bytes | str) -> str:
    """What was told, in one line; never the inside of the program."""
    text = err if isinstance(err, str) else err.decode()
    assert "Traceback" not in text
    return re.sub(r"\s+", " ", text)


def moments(reading: int, judging: int) -> list[tuple[str, int]]:
    """Moments by chance, each after the one before: so many jobs of a kind are done."""
    chance = random.Random(20261101)
    early = sorted(("read", one) for one in chance.sample(range(1, 14), reading))
    late = sorted(("judged", one) for one in chance.sample(range(1, 9), judging))
    return [*early, ("again", 1), *late]


def of_itself(_forks: Forks) -> tuple[Callable[..., Any], tuple[int, ...]]:
    """One process does all itself, or two are told what to do: either can be killed."""
    return exports.start, (1, 2)


def of_another(forks: Forks) -> tuple[Callable[..., Any], tuple[int, ...]]:
    """The same of one process that begins warm."""
    return forks.start, (1,)


@pytest.mark.parametrize("begun", [of_another, pytest.param(of_itself, marks=pytest.mark.soak)])
def test_killed_at_ten_moments_gives_the_same_bytes(
    inputs: Path,
    undisturbed: dict[str, str],
    tmp_path: Path,
    forks: Forks,
    begun: Callable[[Forks], tuple[Callable[..., Any], tuple[int, ...]]],
) -> None:
    out = tmp_path / "out"
    chance = random.Random(11)
    start, workers = begun(forks)
    for kind, count in moments(4, 5):
        resume = ["--resume"] if (out / ".corrin" / "plan.json").exists() else []
        asked = exports.asked(inputs, out, "--workers", str(chance.choice(workers)), *resume)
        process = start(*asked)
        assert exports.wait_for(process, out, kind, count), process.communicate()
        time.sleep(chance.random() / 50)
        kill(process)
    assert gone_on_with(inputs, out) == undisturbed


def test_what_was_done_is_not_done_again(
    inputs: Path, undisturbed: dict[str, str], unfinished: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(unfinished, out)
    parts = [
        out / "reports" / f"part-{int(one.stem):05d}.parquet"
        for one in (out / ".corrin" / "judged").glob("*.json")
    ]
    written = {one: one.stat().st_mtime_ns for one in parts}
    assert len(written) >= 2
    assert gone_on_with(inputs, out) == undisturbed
    assert {one: one.stat().st_mtime_ns for one in parts} == written


def test_after_a_restart_of_the_machine_all_is_done_again(
    inputs: Path, undisturbed: dict[str, str], unfinished: Path, tmp_path: Path
) -> None:
    """What was not forced to the disk may be lost then, whole as its mark looks."""
    out = tmp_path / "out"
    shutil.copytree(unfinished, out)
    for mark in (out / ".corrin").glob("*/*.json"):
        mark.write_bytes(re.sub(rb'"boot": "[^"]*"', b'"boot": "another"', mark.read_bytes()))
    for spill in (out / ".corrin").glob("*/*.arrow"):
        spill.write_bytes(b"")
    assert gone_on_with(inputs, out) == undisturbed


@LINUX
def test_no_process_outlives_a_killed_run(killed: Killed) -> None:
    assert len(killed.below) >= 2
    until = time.monotonic() + 60
    while any(is_running(one) for one in killed.below):
        assert time.monotonic() < until
        time.sleep(0.05)


def is_running(process: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


@pytest.mark.parametrize(
    ("number", "code", "workers"),
    [
        (signal.SIGINT, ExitCode.INTERRUPTED, "2"),
        (signal.SIGTERM, ExitCode.TERMINATED, "1"),
        (signal.SIGTERM, ExitCode.TERMINATED, "2"),
    ],
)
def test_an_ended_run_says_how_to_go_on(
    inputs: Path,
    undisturbed: dict[str, str],
    tmp_path: Path,
    forks: Forks,
    number: int,
    code: ExitCode,
    workers: str,
) -> None:
    out = tmp_path / "out"
    # Ctrl-C goes to every process of the terminal's group.
    process = forks.start(*exports.asked(inputs, out, "--workers", workers))
    assert exports.wait_for(process, out, "read", 3)
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err.decode()
    assert "The run was ended before it was done." in said(err) and "--resume" in said(err)
    assert gone_on_with(inputs, out) == undisturbed


@LINUX
def test_a_killed_worker_ends_the_run_and_nothing_is_lost(
    inputs: Path, undisturbed: dict[str, str], tmp_path: Path, forks: Forks
) -> None:
    out = tmp_path / "out"
    process = forks.start(*asked(inputs, out))
    assert exports.wait_for(process, out, "read", 2)
    workers = [one for one in exports.descendants(process.pid) if is_worker(one, process.pid)]
    os.kill(workers[-1], signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.FILE, err.decode()
    assert "ended by signal 9" in said(err)
    assert gone_on_with(inputs, out) == undisturbed


def is_worker(process: int, top: int) -> bool:
    """Whether a process is one that works: a child of the one that forks them."""
    parent = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return parent != top


def test_an_unfinished_folder_is_not_written_over(
    inputs: Path, unfinished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = exports.digests(unfinished)
    assert exports.here(*asked(inputs, unfinished)) == ExitCode.USAGE
    assert "the same command with --resume" in said(capsys.readouterr().err)
    assert exports.digests(unfinished) == before


def test_two_runs_do_not_write_to_one_folder(
    inputs: Path, tmp_path: Path, forks: Forks, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    first = forks.start(*exports.asked(inputs, out, "--workers", "1"))
    assert exports.wait_for(first, out, "read", 1)
    first.send_signal(signal.SIGSTOP)
    try:
        assert exports.here(*asked(inputs, out)) == ExitCode.USAGE
        assert exports.here(*asked(inputs, out, "--resume")) == ExitCode.USAGE
        assert f"Process {first.pid} is at it." in said(capsys.readouterr().err)
    finally:
        first.send_signal(signal.SIGCONT)
    _, err = first.communicate(timeout=120)
    assert first.returncode == 0, err.decode()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("grown", "changed: Observation.001.ndjson"),
        ("same size", "changed: Observation.001.ndjson"),
        ("gone", "gone: Observation.001.ndjson"),
        ("new", "new: Observation.002.ndjson"),
    ],
)
def test_a_changed_input_is_named(
    inputs: Path,
    unfinished: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: str,
    told: str,
) -> None:
    copy, out = tmp_path / "export", tmp_path / "out"
    shutil.copytree(inputs, copy)
    shutil.copytree(unfinished, out)
    file = copy / "Observation.001.ndjson"
    match change:
        case "grown":
            file.write_bytes(file.read_bytes() + exports.lines([exports.result(1, 1)]))
        case "same size":
            file.write_bytes(file.read_bytes().replace(b"final", b"other", 1))
        case "gone":
            file.unlink()
        case _:
            shutil.copy(file, copy / "Observation.002.ndjson")
    assert exports.here(*asked(copy, out, "--resume")) == ExitCode.USAGE
    found = said(capsys.readouterr().err)
    assert told in found and "Observation.000" not in found


@pytest.mark.parametrize("other", [["--as-of", "2026-10-01"], ["--format", "csv"]])
def test_another_question_is_not_gone_on_with(
    inputs: Path, unfinished: Path, capsys: pytest.CaptureFixture[str], other: list[str]
) -> None:
    assert exports.here(*asked(inputs, unfinished, "--resume", *other)) == ExitCode.USAGE
    assert "asked for something else" in said(capsys.readouterr().err)


def test_a_finished_folder_is_left_as_it_is(
    inputs: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = exports.digests(finished)
    assert exports.here(*asked(inputs, finished)) == ExitCode.USAGE
    assert "A finished dataset is in that folder." in said(capsys.readouterr().err)
    assert exports.here(*asked(inputs, finished, "--resume")) == ExitCode.DONE
    other = exports.here(*asked(inputs, finished, "--resume", "--as-of", "2020-01-01"))
    assert other == ExitCode.USAGE
    assert exports.digests(finished) == before


def test_a_foreign_folder_is_left_as_it_is(inputs: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    assert exports.here(*asked(inputs, tmp_path)) == ExitCode.USAGE
    assert exports.here(*asked(inputs, tmp_path, "--resume")) == ExitCode.USAGE
    assert [one.name for one in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_that_may_not_grow_is_told_and_gone_on_with(
    inputs: Path, undisturbed: dict[str, str], tmp_path: Path, forks: Forks
) -> None:
    out = tmp_path / "out"
    ran = forks.start(*exports.asked(inputs, out, "--workers", "1"), most=6000)
    _, err = ran.communicate()
    assert ran.returncode == ExitCode.FILE, err.decode()
    assert "cannot be written" in said(err) and "--resume" in said(err)
    assert gone_on_with(inputs, out) == undisturbed


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A disk that is nearly full."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=500k", "corrin-test", str(place)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("a small disk is one that is mounted, and a mount needs root")
    return place


@pytest.mark.parametrize("left", [4_000, 60_000, 150_000])
def test_a_full_disk_is_told_and_gone_on_with(
    inputs: Path,
    undisturbed: dict[str, str],
    small_disk: Path,
    capsys: pytest.CaptureFixture[str],
    left: int,
) -> None:
    fill, out = small_disk / "fill", small_disk / "out"
    try:
        fill.write_bytes(b"x" * (500 * 1024 - left))
        arguments = exports.asked(inputs, out, "--workers", "1")
        assert exports.here(*arguments) == ExitCode.FILE
        told = said(capsys.readouterr().err)
        assert "The disk is full." in told and "--resume" in told
        fill.unlink()
        subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
        assert gone_on_with(inputs, out) == undisturbed
    finally:
        subprocess.run(["umount", str(small_disk)], check=False)
