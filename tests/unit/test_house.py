"""The house itself: versions, locks, what an import costs, what is written where."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import corrin
from support import places

LOCKS = sorted(places.ROOT.glob("requirements*.lock"))
IMPORTED_AS = {
    "fhir.resources": "fhir",
    "pyyaml": "yaml",
    "pyjwt[crypto]": "jwt",
    "prometheus-client": "prometheus_client",
    "pydantic-settings": "pydantic_settings",
    "opentelemetry-api": "opentelemetry",
    "opentelemetry-exporter-otlp-proto-http": "opentelemetry",
    "opentelemetry-sdk": "opentelemetry",
    "python-calamine": "python_calamine",
}
HEAVY = (
    "pint", "ucumvert", "fhir", "fhir_core", "lark", "jinja2", "polars", "rich", "typer",
    "pydantic", "yaml", "logging", "asyncio",
)  # fmt: skip


def _project() -> dict[str, object]:
    with (places.ROOT / "pyproject.toml").open("rb") as file:
        return dict(tomllib.load(file)["project"])


def test_version_is_written_once() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", corrin.__version__)
    assert _project()["dynamic"] == ["version"]
    written = (places.PACKAGE / "__init__.py").read_text(encoding="utf-8")
    assert written.count(corrin.__version__) == 1


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_lock_names_no_place_and_hashes_everything(lock: object) -> None:
    text = places.ROOT.joinpath(str(lock)).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|--(extra-)?index-url|--find-links| @ |^\s*/", text, re.M)
    pins = re.findall(r"^([A-Za-z0-9._-]+)==\S+(.*)$", text, re.M)
    assert pins
    assert len(pins) == len(re.findall(r"^\S+==.*\\\n    --hash=sha256:", text, re.M))


def test_runtime_lock_is_part_of_the_other() -> None:
    def pins(name: str) -> set[str]:
        text = (places.ROOT / name).read_text(encoding="utf-8")
        return set(re.findall(r"^([A-Za-z0-9._-]+==\S+)", text, re.M))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_lock_holds_every_dependency() -> None:
    text = (places.ROOT / "requirements.lock").read_text(encoding="utf-8").lower()
    dependencies = _project()["dependencies"]
    assert isinstance(dependencies, list)
    for dependency in dependencies:
        name = re.sub(r"[._-]+", "-", re.split(r"[<>=~! ]", str(dependency))[0]).lower()
        assert re.search(rf"^{re.escape(name)}==", text, re.M), name


def test_importing_corrin_loads_nothing_heavy() -> None:
    code = f"import corrin, sys; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=places.SERVICE,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ran.stdout.strip() == ""


@pytest.mark.parametrize(
    "name",
    ["README.md", "ARCHITECTURE.md", "GLOSSARY.md", "CONTRIBUTING.md", "SECURITY.md",
     "CHANGELOG.md", "LICENSE", "docs/README.md", "openapi/README.md", "benchmarks/README.md",
     "THIRD-PARTY.md", "service/corrin/api/page/static/vendor/README.md"],
)  # fmt: skip
def test_page_is_there_and_its_links_lead_somewhere(name: str) -> None:
    page = places.ROOT / name
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), target


def test_glossary_is_in_order_and_says_each_word_once() -> None:
    text = (places.ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
    for section in text.split("\n## ")[1:]:
        words = [word.casefold() for word in re.findall(r"^- \*\*(.+?)\*\*", section, re.M)]
        assert words == sorted(set(words))


def test_make_help_names_only_targets_that_exist() -> None:
    makefile = (places.ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "serve", "test", "check", "bench", "docs", "clean", "soak", "lock"):
        assert re.search(rf"^{target}:.*## ", makefile, re.M), target


def _imported(*modules: Path) -> set[str]:
    found = set()
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"corrin"}


def _declared(dependencies: object) -> set[str]:
    assert isinstance(dependencies, list)
    names = {re.split(r"[<>=~!; ]", str(name))[0].lower() for name in dependencies}
    return {IMPORTED_AS.get(name, name) for name in names}


def test_every_library_imported_is_declared() -> None:
    project = _project()
    core = _declared(project["dependencies"])
    extras = project["optional-dependencies"]
    assert isinstance(extras, dict)
    modules = set(places.PACKAGE.rglob("*.py"))
    service = {module for module in modules if module.is_relative_to(places.PACKAGE / "api")}
    batch = {module for module in modules if _is_of_columns(module)}
    held_at_a_version = {"pint"}  # used by way of ucumvert
    assert _imported(*(modules - service - batch)) | held_at_a_version == core

    by_way_of_another = {"anyio", "starlette", "cryptography"}  # FastAPI and PyJWT are made of them
    by_way_of_others = {"httptools", "hl7"}  # of uvicorn, and of the batch's reader of HL7 v2
    declared = _declared(extras["service"]) | _declared(extras["telemetry"])
    assert _imported(*service) - core - by_way_of_another == declared - by_way_of_others - core

    by_way_of_numba_and_pyspark = {"llvmlite", "py4j"}
    wanted_by_pyspark = {"pandas"}
    declared = _declared(extras["batch"]) | _declared(extras["spark"]) - {"corrin[batch]"}
    used = _imported(*batch) - core - by_way_of_numba_and_pyspark
    assert used | wanted_by_pyspark == declared


def _is_of_columns(module: Path) -> bool:
    """Whether a module needs the extra ``batch``."""
    name = module.stem
    return (
        module.is_relative_to(places.PACKAGE / "batch")
        or name in ("batch", "columns", "to_columns")
        or name.startswith(("many", "batch_"))
    )


def test_no_test_holds_a_stopwatch() -> None:
    """How quick something is depends on the machine, and is measured in benchmarks/."""
    watches = re.compile(r"perf_counter|process_time|thread_time|\btimeit\b|time\.time_ns")
    this = Path(__file__).resolve()
    for file in places.ROOT.joinpath("tests").rglob("*.py"):
        if "node_modules" not in file.parts and file not in (
            this,
            this.parent / "test_invariants.py",
        ):
            assert not watches.search(file.read_text(encoding="utf-8")), file
