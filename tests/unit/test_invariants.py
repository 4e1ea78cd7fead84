"""What import contracts cannot see: the clock, the environment and printing, read from the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from support import places

CORE = ("content", "terminology", "units", "facts", "language", "packs", "evaluate", "notes",
        "comparison")  # fmt: skip
# Written to be run by a person (`python -m ...`), never by an interpretation.
TOOLS = {"units/derive.py"}
MODULES = sorted(places.PACKAGE.rglob("*.py"))
MOST_LINES = 350

CLOCKS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "dt.now", "dt.today",
    "time.time", "time.monotonic", "time.perf_counter", "Moment.now",
}  # fmt: skip
ENVIRONMENT = {"os.environ", "os.getenv", "os.environb", "os.putenv"}
OUTPUT = {"print", "input", "breakpoint", "sys.stdout", "sys.stderr", "sys.stdin"}


def _name(module: Path) -> str:
    return module.relative_to(places.PACKAGE).as_posix()


def _is_core(module: Path) -> bool:
    room = module.relative_to(places.PACKAGE).parts[0].removesuffix(".py")
    return room in CORE and _name(module) not in TOOLS


def _dotted(node: ast.AST) -> str:
    """``a.b.c`` of a name or attribute, keeping the last two parts; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value).rpartition(".")[2]
        return f"{before}.{node.attr}" if before else ""
    return ""


@cache
def nodes(module: Path) -> tuple[ast.AST, ...]:
    """Every node of a module's syntax tree, the module first."""
    return tuple(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))


def _used(module: Path, names: set[str]) -> Iterator[str]:
    for node in nodes(module):
        if isinstance(node, ast.Name | ast.Attribute) and _dotted(node) in names:
            yield f"{_name(module)}:{node.lineno}: {_dotted(node)}"
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if f"{node.module}.{alias.name}" in names:
                    yield f"{_name(module)}:{node.lineno}: {node.module}.{alias.name}"


@pytest.mark.parametrize("module", [m for m in MODULES if _is_core(m)], ids=_name)
def test_core_reads_no_clock_environment_or_terminal(module: Path) -> None:
    assert not list(_used(module, CLOCKS | ENVIRONMENT | OUTPUT))


# Spark tells its executors by these where to work, and is told by them which Python to start.
SPARK_VARIABLES = ("batch/engine/spark_read.py", "batch/engine/spark_session.py")


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_nothing_reads_the_environment(module: Path) -> None:
    if _name(module) not in ("api/settings.py", *SPARK_VARIABLES):
        assert not list(_used(module, ENVIRONMENT))


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_module_is_short_and_says_what_it_is(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert len(text.splitlines()) < MOST_LINES, "split it"
    assert ast.get_docstring(nodes(module)[0]), "a module begins with what it is"  # type: ignore[arg-type]


@pytest.mark.parametrize("module", [m for m in MODULES if _is_core(m)], ids=_name)
def test_core_holds_no_binary_fractions(module: Path) -> None:
    """A float literal here is a clinical figure or an inexact one: neither belongs."""
    # How alike two names must be to suggest one for the other (difflib) is no quantity.
    alike = {
        id(node.value)
        for node in nodes(module)
        if isinstance(node, ast.keyword) and node.arg == "cutoff"
    }
    floats = [
        f"{_name(module)}:{node.lineno}: {node.value}"
        for node in nodes(module)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, float)
        and id(node) not in alike
    ]
    assert not floats


def test_import_contracts_hold(capsys: pytest.CaptureFixture[str]) -> None:
    broken = lint_imports(config_filename=str(places.ROOT / "pyproject.toml"), no_cache=True)
    assert not broken, capsys.readouterr().out


PARTS = (
    ".ci", "Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock",
    "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "GLOSSARY.md",
    "SECURITY.md", "compose.yaml", "deploy", "service", "rules", "tests", "docs",
    "fixtures", "benchmarks", "openapi", "requirements-build.lock", "requirements-healthchain.lock",
)  # fmt: skip
UNWANTED = re.compile(
    r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b"  # an unfinished thought
    r"|(?<![\w.:/])/(home|root|opt|work)/"  # a place on somebody's machine
    r"|py" r"pi\.org|python" r"hosted"  # a package registry
)  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_no_file_names_a_machine_or_registry_or_is_unfinished(part: str) -> None:
    there = places.ROOT / part
    files = sorted(there.rglob("*")) if there.is_dir() else [there]
    found = []
    for file in files:
        if file.is_file() and not {"__pycache__", "node_modules"} & set(file.parts):
            text = file.read_text(encoding="utf-8", errors="replace")
            found += [f"{file.name}: {match.group()}" for match in UNWANTED.finditer(text)]
    assert not found
