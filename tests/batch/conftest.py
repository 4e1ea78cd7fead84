"""What all tests of the batch have in common."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from support import exports, forked


@pytest.fixture(autouse=True)
def _little_to_collect() -> Iterator[None]:
    """Put aside what this process holds already.

    A run collects garbage several times; in a process that holds all tests of the suite each time
    took longer than the run.
    """
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[forked.Forks]:
    """What runs begin from as processes; who asks for it is in the group ``batch-runs``."""
    with forked.forks(tmp_path_factory.mktemp("forks"), exports.environment()) as found:
        yield found
