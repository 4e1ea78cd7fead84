"""Hypothesis profiles, and the tests over sample files that may not be there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from support import places

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

_LEFT_OUT = pytest.StashKey[int]()
_WORKER_KEY = "samples_left_out"


@pytest.fixture(scope="session")
def samples() -> Iterator[Path]:
    """The folder of sample files; tests that ask for it carry the marker ``samples``."""
    folder = places.samples()
    assert folder is not None, "a test that reads the samples needs the marker `samples`"
    yield folder


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what reads the samples when they are not there."""
    if places.samples() is not None:
        return
    left_out = [item for item in items if item.get_closest_marker("samples")]
    if left_out:
        items[:] = [item for item in items if not item.get_closest_marker("samples")]
        config.hook.pytest_deselected(items=left_out)
    config.stash[_LEFT_OUT] = len(left_out)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With several processes, tell the first one how many were left out."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_WORKER_KEY] = session.config.stash.get(_LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Hear from a process how many were left out (each collects all, so any one will do)."""
    left_out = getattr(node, "workeroutput", {}).get(_WORKER_KEY, 0)
    node.config.stash[_LEFT_OUT] = left_out


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say in one line that they did not run; on a build server, so that nobody overlooks it."""
    left_out = config.stash.get(_LEFT_OUT, 0)
    if not left_out:
        return
    line = f"Not run: {left_out} over the public samples, which are not there"
    if os.environ.get("CI"):
        terminalreporter.write_sep("!", line, red=True, bold=True)
    else:
        terminalreporter.write_line(f"{line} (CORRIN_SAMPLES names their folder).")
