"""What one process needs to do jobs of a run, and how it does them."""

from __future__ import annotations

import errno
import gc
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa

from corrin.batch.engine.judging import JUDGED, Judging
from corrin.batch.engine.plan import Plan
from corrin.batch.engine.reading import AGAIN, READ, read, read_again
from corrin.batch.engine.workplace import Workplace
from corrin.batch.judge import Judge
from corrin.batch.outcome import CountMismatch, RunFailed
from corrin.batch.question import Question, Shared
from corrin.fault import known_by

_FULL = (errno.ENOSPC, errno.EDQUOT)
_ERRNO = re.compile(r"\berrno (\d+)", re.IGNORECASE)
_RESUME = "All that was finished is kept: run the same command again with --resume."


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

    def do(self, kind: str, number: int, say: Callable[[int], None]) -> None:
        """Do one job.

        Raises:
            RunFailed: it cannot be done.
        """
        setup = self.setup
        try:
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
            judge = self.judge or Judge(setup.question, Shared({}))
            self._judging = Judging(setup.plan, judge, setup.form, setup.work, setup.slice_bytes)
            gc.collect()
            gc.freeze()
        gc.disable()  # a judge leaves no cycles behind, and looking for them takes half its time
        try:
            self._judging.judge(partition)
        finally:
            gc.enable()
            gc.collect()


def failure(error: BaseException) -> RunFailed:
    """What to tell of an error; of one that is ours, nothing of its message."""
    match error:
        case RunFailed():
            return error
        case CountMismatch(files=files, read=rows, ended=ended):
            return RunFailed(
                "fault",
                "Rows went in that did not come out; the answers are not to be used.",
                ", ".join(files[:5]) + (" and others" if len(files) > 5 else ""),
                f"{rows:,} rows read, {ended:,} accounted for as used, superseded, not ours or "
                "refused.",
                "Report it with `corrin --version` and the format of the file.",
            )
        case MemoryError() | pa.ArrowMemoryError():
            return RunFailed(
                "file",
                "There is not enough memory.",
                why="A process asked for more than it was given.",
                do=f"Give it more, or use fewer --workers. {_RESUME}",
                resumable=True,
            )
        case OSError():
            return _of_disk(error)
        case _:
            found = known_by(error)
            return RunFailed(
                "fault",
                "A fault of Corrin itself stopped this.",
                found.place,
                f"{found.kind}, fault {found.number}",
                "Report the fault number, the place and `corrin --version` to whoever maintains "
                "this installation. Do not send the results of a patient with it.",
            )


def errno_of(error: OSError) -> int | None:
    """The number of an error of the system; Arrow tells it only in words."""
    if error.errno is not None:
        return error.errno
    found = _ERRNO.search(str(error))
    return int(found[1]) if found else None


def _of_disk(error: OSError) -> RunFailed:
    import os

    number = errno_of(error)
    why = error.strerror or ("" if number is None else os.strerror(number))
    if number in _FULL:
        return RunFailed(
            "file", "The disk is full.", why=f"{why}.",
            do=f"Free some space. {_RESUME}", resumable=True,
        )  # fmt: skip
    where = error.filename if isinstance(error.filename, str) else ""
    return RunFailed(
        "file",
        "A file of the dataset cannot be written or read.",
        where,
        f"{why}." if why else "",
        f"See to the disk. {_RESUME}",
        resumable=True,
    )
