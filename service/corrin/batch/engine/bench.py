"""What one process needs to do jobs of a run, and how it does them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, field

from corrin.batch import scan
from corrin.batch.engine.failure import failure
from corrin.batch.engine.judging import JUDGED, Judging
from corrin.batch.engine.plan import Plan
from corrin.batch.engine.reading import AGAIN, READ, read, read_again
from corrin.batch.engine.workplace import Workplace
from corrin.batch.judge import Judge
from corrin.batch.outcome import RunFailed
from corrin.batch.question import Question, Shared
from corrin.unswept import unswept

SCANNED_BYTES = 64 * 1024 * 1024
"""From so many on the compiled scanner is made ready first; less is read sooner without."""


_COLLECT_EVERY = 8


@dataclass(frozen=True, slots=True)
class Setup:
    """What a process is told once."""

    plan: Plan
    question: Question
    form: str
    work: Workplace
    slice_bytes: int


@dataclass(slots=True)
class Bench:
    """Does jobs, one after the other; the judge is made when it is first wanted."""

    setup: Setup
    judge: Judge | None = None
    _judging: Judging | None = field(default=None, init=False)
    _judged: int = field(default=0, init=False)

    def do(self, kind: str, number: int, say: Callable[[int], None]) -> None:
        """Do one job.

        Raises:
            RunFailed: it cannot be done.
        """
        setup = self.setup
        try:
            if kind in (READ, AGAIN) and setup.plan.bytes >= SCANNED_BYTES:
                with unswept():
                    scan.load()
            if kind == READ:
                read(setup.plan, number, setup.work, say)
            elif kind == AGAIN:
                read_again(setup.plan, number, setup.work, say)
            elif kind == JUDGED:
                self._judge(number)
            else:
                raise ValueError(kind)
        except RunFailed:
            raise
        except Exception as error:
            raise failure(error) from error

    def _judge(self, partition: int) -> None:
        setup = self.setup
        if self._judging is None:
            scan.release()
            with unswept():
                judge = self.judge or Judge(setup.question, Shared({}))
            self._judging = Judging(setup.plan, judge, setup.form, setup.work, setup.slice_bytes)
            gc.collect()
            gc.freeze()
        gc.disable()  # a judge leaves no cycles behind, and looking for them takes half its time
        try:
            self._judging.judge(partition)
        finally:
            gc.enable()
            self._judged += 1
            if self._judged % _COLLECT_EVERY == 0:
                gc.collect()
