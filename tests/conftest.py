"""Hypothesis profiles, and the tests over what may not be there: files, programs, packages."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from support import groups, needs, places
from support.validator import Validator
from support.validator import lacking as validator_lacking

settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "soak",
    deadline=None,
    max_examples=20_000,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci")

_LEFT_OUT = pytest.StashKey[needs.LeftOut]()
_WORKER_KEY = "left_out"


@pytest.fixture(scope="session")
def samples() -> Iterator[Path]:
    """The folder of sample files; tests that ask for it carry the marker ``samples``."""
    folder = places.samples()
    assert folder is not None, "a test that reads the samples needs the marker `samples`"
    yield folder


@pytest.fixture(scope="session")
def validator() -> Iterator[Validator]:
    """The independent FHIR validator; tests that ask for it carry the marker ``node``."""
    missing = validator_lacking()
    if missing:
        pytest.fail(f"The independent FHIR validator must run here: {missing}.")
    with Validator(places.profiles()) as found:
        yield found


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs something that is not there, where it may be left out."""
    if config.getoption("loadgroup", False):
        groups.name(items)
    out, lines = needs.leave_out(items)
    if out:
        items[:] = [item for item in items if item not in out]
        config.hook.pytest_deselected(items=list(out))
    config.stash[_LEFT_OUT] = lines


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look no more through what is there for good (modules, items of tests) for garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With several processes, tell the first one what was left out."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_WORKER_KEY] = session.config.stash.get(_LEFT_OUT, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Hear from a process what was left out (each collects all, so any one will do)."""
    left_out = getattr(node, "workeroutput", {}).get(_WORKER_KEY, {})
    node.config.stash[_LEFT_OUT] = left_out


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say in a line each what did not run, loudly where nothing else proves the same."""
    for marker, (count, lacking) in config.stash.get(_LEFT_OUT, {}).items():
        line = needs.line(marker, count, lacking)
        if needs.NEEDS[marker].proof or os.environ.get("CI"):
            terminalreporter.write_sep("!", line, red=True, bold=True)
        else:
            terminalreporter.write_line(f"{line}.")
