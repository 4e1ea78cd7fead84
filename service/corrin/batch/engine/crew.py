"""The processes that do the jobs of a run: given one job at a time, ended when the run ends."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, cast

from corrin.batch.engine.bench import Bench, Setup
from corrin.batch.engine.failure import failure
from corrin.batch.judge import Judge
from corrin.batch.outcome import RunFailed

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

Told = Callable[[int, int, bool], None]
"""Told of a job: its number, how many rows more were met, whether it is done."""

_TELL_EVERY = 0.5
_ORPHANED = 3


class Crew(Protocol):
    """Does jobs."""

    def run(self, kind: str, numbers: Sequence[int], told: Told) -> None:
        """Do all jobs of a kind, in any order.

        Raises:
            RunFailed: one cannot be done.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


@dataclass(slots=True)
class Alone:
    """This process does everything."""

    bench: Bench

    def run(self, kind: str, numbers: Sequence[int], told: Told) -> None:
        """As :class:`Crew`."""
        for number in numbers:
            before = 0

            def say(rows: int, number: int = number) -> None:
                nonlocal before
                told(number, rows - before, False)
                before = rows

            self.bench.do(kind, number, say)
            told(number, 0, True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        gc.unfreeze()


@dataclass(slots=True)
class Together:
    """Several processes; one that ends unasked ends the run."""

    setup: Setup
    count: int
    _members: dict[Connection, BaseProcess] = field(default_factory=dict)

    def __enter__(self) -> Self:
        context: SpawnContext | ForkServerContext = multiprocessing.get_context("spawn")
        if sys.platform != "win32":
            context = multiprocessing.get_context("forkserver")
        for _ in range(self.count):
            ours, theirs = context.Pipe()
            member = context.Process(target=_work, args=(theirs, self.setup), daemon=True)
            member.start()
            theirs.close()
            self._members[ours] = member
        return self

    def run(self, kind: str, numbers: Sequence[int], told: Told) -> None:
        """As :class:`Crew`."""
        waiting = deque(numbers)
        busy: set[Connection] = set()
        for member in self._members:
            if waiting:
                self._give(member, kind, waiting.popleft())
                busy.add(member)
        while busy:
            for heard in connection.wait(list(busy)):
                member = cast("Connection", heard)
                number, rows, done = self._hear(member)
                told(number, rows, done)
                if done:
                    busy.discard(member)
                    if waiting:
                        self._give(member, kind, waiting.popleft())
                        busy.add(member)

    def _give(self, member: Connection, kind: str, number: int) -> None:
        try:
            member.send((kind, number))
        except OSError as error:
            raise self._ended(member) from error

    def _hear(self, member: Connection) -> tuple[int, int, bool]:
        try:
            said = member.recv()
        except (EOFError, OSError) as error:
            raise self._ended(member) from error
        if isinstance(said, dict):
            raise RunFailed(**said)
        number, rows, done = said
        return int(number), int(rows), bool(done)

    def _ended(self, member: Connection) -> RunFailed:
        process = self._members[member]
        process.join(5)
        code = process.exitcode
        why = f"It was ended by signal {-code}." if code is not None and code < 0 else ""
        return RunFailed(
            "file",
            "A process of the run was ended from outside.",
            why=why or f"It ended with code {code}.",
            do="If the system did so for want of memory, use fewer --workers. All that was "
            "finished is kept: run the same command again with --resume.",
            resumable=True,
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for member, process in self._members.items():
            if error is None:
                with contextlib.suppress(OSError):
                    member.send(None)
            else:
                process.terminate()
        for member, process in self._members.items():
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()
            member.close()
        self._members = {}


def crew(setup: Setup, workers: int, judge: Judge) -> Crew:
    """So many processes; of one job at a time this process does it itself."""
    return Alone(Bench(setup, judge)) if workers == 1 else Together(setup, workers)


def _work(jobs: Connection, setup: Setup) -> None:
    """What a process does until it is told nothing more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked for the run ends it in order
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.freeze()
    bench = Bench(setup)
    with contextlib.suppress(EOFError, OSError):
        while (job := jobs.recv()) is not None:
            kind, number = job
            teller = _Teller(jobs, number)
            try:
                bench.do(kind, number, teller.say)
            except BaseException as error:
                jobs.send(failure(error).as_data())
                return
            teller.done()


@dataclass(slots=True)
class _Teller:
    """Tells of one job, now and then."""

    jobs: Connection
    number: int
    rows: int = 0
    told: int = 0
    last: float = field(default_factory=time.monotonic)

    def say(self, rows: int) -> None:
        """So many rows were met so far."""
        self.rows = rows
        now = time.monotonic()
        if now - self.last >= _TELL_EVERY:
            self.jobs.send((self.number, self.rows - self.told, False))
            self.told, self.last = rows, now

    def done(self) -> None:
        """The job is done."""
        self.jobs.send((self.number, self.rows - self.told, True))


def _end_with_parent() -> None:
    """End this process when the one that asked for the run is gone, killed perhaps."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(_ORPHANED)
