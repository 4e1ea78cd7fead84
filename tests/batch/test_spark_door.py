"""``corrin batch --engine spark`` where something it needs is lacking."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from support import command, exports, sparked


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exports.export(tmp_path_factory.mktemp("door") / "export", 12)


def java(place: Path, says: str) -> str:
    """A JAVA_HOME whose Java only tells a version."""
    program = place / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{says}\"' >&2\n")
    program.chmod(0o755)
    return str(place)


def without(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a package not be there."""
    for one in [one for one in sys.modules if one.partition(".")[0] == name]:
        monkeypatch.delitem(sys.modules, one)
    monkeypatch.setitem(sys.modules, name, None)


def there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pyspark be there, as far as Java is looked for."""
    session = type("SparkSession", (), {"getActiveSession": staticmethod(lambda: None)})
    for name in ("pyspark", "pyspark.sql"):
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(sys.modules["pyspark.sql"], "SparkSession", session, raising=False)


def asked(inputs: Path, out: Path) -> list[str]:
    """The usual arguments."""
    return exports.asked(inputs, out, "--engine", "spark")


def said(error: bytes) -> str:
    """What was said on standard error, in one line."""
    assert b"Traceback" not in error and b"\tat " not in error
    return " ".join(error.decode().split())


@pytest.mark.spark
@pytest.mark.xdist_group("spark")
def test_java_that_is_not_there(inputs: Path, tmp_path: Path) -> None:
    """As a person meets it, in Spark's environment."""
    ran = subprocess.run(
        [str(sparked.folder() / "bin" / "corrin"), "batch", *asked(inputs, tmp_path / "out")],
        capture_output=True,
        env={**sparked.environment(), "JAVA_HOME": str(tmp_path / "nowhere")},
        check=False,
    )
    assert ran.returncode == 2
    told = said(ran.stderr)
    assert "Java was not found." in told and "apt-get install openjdk-17" in told
    assert not (tmp_path / "out").exists()


def test_java_that_is_too_old(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setitem(command.ENVIRONMENT, "JAVA_HOME", java(tmp_path / "java", "1.8.0_392"))
        ran = exports.told(*asked(inputs, tmp_path / "out"))
    assert ran.returncode == 2
    told = said(ran.stderr)
    assert "Java is too old." in told and "Java 8" in told
    assert not (tmp_path / "out").exists()


def test_spark_that_is_not_installed(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an environment that has the rest."""
    without("pyspark", monkeypatch)
    ran = exports.told(*asked(inputs, tmp_path / "out"))
    assert ran.returncode == 2
    assert "pip install 'corrin[spark]'" in said(ran.stderr)
