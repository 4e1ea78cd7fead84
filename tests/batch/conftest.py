"""What all tests of the batch have in common."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import exports, forked, sparked

WARD = "viewfs://ward"
"""A filesystem nobody but Hadoop can open: a table of names over folders of this machine."""


@pytest.fixture(scope="session")
def _told_of_at_the_end() -> Iterator[None]:
    """Else libraries say at the end that what they hold was leaked."""
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _little_to_collect(_told_of_at_the_end: None) -> None:
    """Put aside what this process holds already.

    A run collects garbage several times; in a process that holds all tests of the suite each time
    took longer than the run.
    """
    gc.freeze()


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[forked.Forks]:
    """What runs begin from as processes; who asks for it is in the group ``batch-runs``."""
    with forked.forks(tmp_path_factory.mktemp("forks"), exports.environment()) as found:
        yield found


@pytest.fixture(scope="session")
def spark_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Spark writes its events, and what lies below :data:`WARD` (``away``)."""
    found = tmp_path_factory.mktemp("spark")
    for name in ("events", "away"):
        (found / name).mkdir()
    return found


@pytest.fixture(scope="session")
def spark(spark_place: Path) -> Iterator[sparked.Driver]:
    """One Java for all tests over Spark; who asks for it is in the group ``spark``."""
    conf = {
        "spark.ui.enabled": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": (spark_place / "events").as_uri(),
        "spark.eventLog.compress": "false",
        "spark.hadoop.fs.viewfs.mounttable.ward.linkFallback": (spark_place / "away").as_uri(),
    }
    with sparked.driver("local[2]", conf, spark_place / "driver.log") as found:
        yield found
