"""The built wheel does the main job in an environment of its own, outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from support import places

pytestmark = pytest.mark.xdist_group("wheel")  # built once, by one process
DEMO = places.CASES / "demo" / "request.json"


def _run(*command: str | Path, cwd: Path) -> str:
    """The output of a command that sees nothing of this checkout or this environment."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    ran = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env=kept, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The source distribution, and the wheel built from it (not from the checkout)."""
    out = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, places.ROOT, cwd=out)
    (sdist,) = out.glob("*.tar.gz")
    (wheel,) = out.glob("*.whl")
    return sdist, wheel


def _environment(folder: Path, wheel: Path) -> Path:
    """An environment without pip that holds only the wheel; gives its Python."""
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    _run(
        sys.executable, "-m", "pip", "--python", python, "install", "-qq", "--no-index",
        "--no-deps", "--no-compile", wheel, cwd=folder,
    )  # fmt: skip
    return python


def _lend_dependencies(python: Path) -> None:
    """Let an environment see the packages installed for these tests, but not the checkout.

    A folder named in a .pth file is searched, yet its own .pth files are not read, so the
    editable install of the checkout stays out of sight.
    """
    (own,) = python.parents[1].glob("[Ll]ib/**/site-packages")
    (own / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")


def _interprets(python: Path, cwd: Path) -> None:
    where = Path(_run(python, "-c", "import corrin; print(corrin.__file__)", cwd=cwd).strip())
    assert where.is_relative_to(python.parents[1])
    corrin = python.parent / "corrin"
    request = cwd / "request.json"
    request.write_bytes(DEMO.read_bytes())
    note = _run(corrin, "interpret", request, cwd=cwd)
    assert "B12" in note
    code = (
        "import corrin, pathlib;"
        "print(corrin.interpret(pathlib.Path('request.json').read_bytes()) is not None)"
    )
    assert _run(python, "-c", code, cwd=cwd).strip() == "True"


def test_wheel_holds_the_package_and_its_content(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[1]) as wheel:
        names = set(wheel.namelist())
    for source, target in ((places.PACKAGE, "corrin"), (places.RULES, "corrin/_rules")):
        there = {
            f"{target}/{file.relative_to(source).as_posix()}"
            for file in source.rglob("*")
            if file.is_file() and "__pycache__" not in file.parts
        }
        assert there <= names
    assert {name.split("/")[0] for name in names} == {
        "corrin",
        next(name for name in names if name.endswith("METADATA")).split("/")[0],
    }


def test_sdist_holds_what_is_needed_to_test_it(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[0]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    for part in ("Makefile", "LICENSE", "requirements.lock", "tests/conftest.py", ".ci/run"):
        assert part in names
    assert any(name.startswith("fixtures/fhir/") for name in names)
    assert any(name.startswith("rules/packs/") for name in names)


def test_wheel_interprets_outside_the_checkout(built: tuple[Path, Path], tmp_path: Path) -> None:
    python = _environment(tmp_path / "env", built[1])
    _lend_dependencies(python)
    _interprets(python, tmp_path)


@pytest.mark.network
def test_wheel_works_with_the_locked_dependencies(built: tuple[Path, Path], tmp_path: Path) -> None:
    python = _environment(tmp_path / "env", built[1])
    _run(
        sys.executable, "-m", "pip", "--python", python, "install", "-qq", "--require-hashes",
        "-r", places.ROOT / "requirements.lock", cwd=tmp_path,
    )  # fmt: skip
    _interprets(python, tmp_path)
