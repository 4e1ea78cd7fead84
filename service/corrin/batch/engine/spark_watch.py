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
    """Tell a phase of so many steps while it lasts. Jobs are called by the phase, no more."""
    context: Any = session.sparkContext
    group = f"corrin-{run}-{name}"
    context.setJobGroup(group, f"corrin batch: {name}", interruptOnCancel=True)
    progress.phase(name, total, "steps")
    teller = _Teller(context.statusTracker(), progress, group, total)
    teller.start()
    try:
        yield
        teller.end(total)
    finally:
        teller.end()


class _Teller(threading.Thread):
    """Tells how many steps are done, by the share of tasks that are."""

    def __init__(self, tracker: Any, progress: Timed, group: str, total: int) -> None:
        super().__init__(daemon=True)
        self._tracker, self._progress, self._group, self._total = tracker, progress, group, total
        self._told = 0
        self._over = threading.Event()

    def run(self) -> None:
        """Ask now and then."""
        while not self._over.wait(_EVERY):
            with contextlib.suppress(Exception):  # a context that is gone tells of itself elsewhere
                self._tell(int(self._total * _done(self._tracker, self._group)))

    def end(self, steps: int = 0) -> None:
        """Ask no more; so many steps are done for certain."""
        self._over.set()
        self.join()
        self._tell(steps)

    def _tell(self, steps: int) -> None:
        if steps > self._told:
            self._progress.more(steps - self._told)
            self._told = steps


def _done(tracker: Any, group: str) -> float:
    """How much of the stage that has most tasks is done."""
    most = done = 0
    for job in tracker.getJobIdsForGroup(group):
        found = tracker.getJobInfo(job)
        for stage in found.stageIds if found is not None else ():
            info = tracker.getStageInfo(stage)
            if info is not None and info.numTasks >= most:
                most, done = info.numTasks, info.numCompletedTasks
    return done / most if most else 0.0
