"""How far Spark is with a phase, asked of its own tracker now and then."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from corrin.batch.progress import Timed

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_EVERY = 0.5


@contextlib.contextmanager
def watched(
    session: SparkSession, progress: Timed, name: str, total: int, run: str
) -> Iterator[None]:
    """Tell a phase, and count its tasks while it lasts. Jobs are called by the phase, no more."""
    context: Any = session.sparkContext
    group = f"corrin-{run}-{name}"
    context.setJobGroup(group, f"corrin batch: {name}", interruptOnCancel=True)
    progress.phase(name, total, "tasks")
    over = threading.Event()
    teller = threading.Thread(
        target=_tell, args=(context.statusTracker(), progress, group, total, over), daemon=True
    )
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _tell(tracker: Any, progress: Timed, group: str, total: int, over: threading.Event) -> None:
    told = 0
    while not over.wait(_EVERY):
        with contextlib.suppress(Exception):  # a context that is gone tells of itself elsewhere
            now = min(total, _done(tracker, group))
            if now > told:
                progress.more(now - told)
                told = now


def _done(tracker: Any, group: str) -> int:
    """Tasks done of the stage that has most of them."""
    most = done = 0
    for job in tracker.getJobIdsForGroup(group):
        found = tracker.getJobInfo(job)
        for stage in found.stageIds if found is not None else ():
            info = tracker.getStageInfo(stage)
            if info is not None and info.numTasks >= most:
                most, done = info.numTasks, info.numCompletedTasks
    return done
