"""``corrin batch --engine spark`` as a person meets it: what is lacking, what is said, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import exports, sparked

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("spark")]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exports.export(tmp_path_factory.mktemp("door") / "export", 12)


def start(arguments: list[str], **env: str) -> subprocess.Popen[bytes]:
    """The command in Spark's environment."""
    command = [str(sparked.folder() / "bin" / "corrin"), "batch", *arguments, "--engine", "spark"]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**sparked.environment(), **env},
    )


def run(arguments: list[str], **env: str) -> tuple[int, str]:
    """The same to its end: exit code, and what it said on standard error, in one line."""
    process = start(arguments, **env)
    _, said = process.communicate(timeout=sparked.SECONDS)
    assert b"Traceback" not in said and b"\tat " not in said
    return process.returncode, " ".join(said.decode().split())


def submit(place: Path, arguments: list[str]) -> None:
    """The command as ``spark-submit`` runs it, by which master and settings are given."""
    program = place / "corrin-batch.py"
    program.write_text("from corrin.cli import main; main()\n")
    ran = subprocess.run(
        [
            str(sparked.folder() / "bin" / "spark-submit"),
            "--master",
            "local[1]",
            "--conf",
            "spark.ui.enabled=false",
            str(program),
            "batch",
            *arguments,
            "--engine",
            "spark",
        ],
        capture_output=True,
        timeout=sparked.SECONDS,
        env=sparked.environment(PYSPARK_PYTHON=str(sparked.python())),
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()


def java(place: Path, says: str) -> str:
    """A JAVA_HOME whose Java only tells a version."""
    program = place / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{says}\"' >&2\n")
    program.chmod(0o755)
    return str(place)


def test_java_that_is_not_there(inputs: Path, tmp_path: Path) -> None:
    code, said = run(exports.asked(inputs, tmp_path / "out"), JAVA_HOME=str(tmp_path / "nowhere"))
    assert code == 2
    assert "Java was not found." in said and "apt-get install openjdk-17" in said
    assert not (tmp_path / "out").exists()


def test_java_that_is_too_old(inputs: Path, tmp_path: Path) -> None:
    home = java(tmp_path / "java", "1.8.0_392")
    code, said = run(exports.asked(inputs, tmp_path / "out"), JAVA_HOME=home)
    assert code == 2
    assert "Java is too old." in said and "Java 8" in said


def test_spark_that_is_not_installed(inputs: Path, tmp_path: Path) -> None:
    """In an environment that has the rest."""
    place = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    bare = place / "bin" / "python"
    own = next(place.glob("lib/python3*/site-packages"))
    packages = [one for one in sys.path if one.endswith("site-packages")]
    (own / "packages.pth").write_text("\n".join([*packages, str(exports.places.SERVICE)]) + "\n")
    (own / "pyspark.py").write_text("raise ImportError('pyspark')\n")
    asked = exports.asked(inputs, tmp_path / "out", "--engine", "spark")
    ran = subprocess.run(
        [str(bare), "-c", "import corrin.cli; corrin.cli.main()", "batch", *asked],
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 2
    assert b"pip install 'corrin[spark]'" in ran.stderr


def test_executors_without_python(inputs: Path, tmp_path: Path) -> None:
    """Trouble inside Spark is told in words, and what was begun does not look whole."""
    out = tmp_path / "out"
    code, said = run(exports.asked(inputs, out), PYSPARK_PYTHON=str(tmp_path / "no-python"))
    assert code == 2
    assert "Executors could not start Python." in said and "PYSPARK_PYTHON" in said
    assert [one.name for one in out.iterdir()] == [".corrin"]


def test_interrupted_then_begun_again(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(exports.asked(inputs, out, "--format", "csv"))
    until = time.monotonic() + sparked.SECONDS
    while not (out / ".corrin" / "plan.json").exists():
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.01)
    java_processes = list(exports.descendants(process.pid))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=sparked.SECONDS)
    assert process.returncode == 130, said.decode()
    assert b"--resume" in said and b"Traceback" not in said
    assert [one.name for one in out.iterdir()] == [".corrin"]
    until = time.monotonic() + 60
    while any(os.path.exists(f"/proc/{one}") for one in java_processes):
        assert time.monotonic() < until, "Java goes on"
        time.sleep(0.1)

    code, said_again = run(exports.asked(inputs, out, "--format", "csv"))
    assert code == 2 and "unfinished" in said_again
    submit(tmp_path, exports.asked(inputs, out, "--format", "csv", "--resume"))
    ran = exports.run(*exports.asked(inputs, tmp_path / "local", "--format", "csv"))
    assert ran.returncode == 0
    sparked.same(out, tmp_path / "local")
    assert json.loads((out / "timing.json").read_bytes())["master"] == "local[1]"
