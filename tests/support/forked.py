"""Runs of the command as processes that begin warm: forked from one that has loaded what they need.

Such a run is a process of its own, with its own signals, streams and end, and nothing of the
process it came from is at work in it; only what starting an interpreter and reading the rules
costs is paid once. A process as a person starts it is tried where that is the point.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Forked:
    """A run; what it is asked is named as by :class:`subprocess.Popen`."""

    pid: int
    returncode: int | None
    _forks: Forks
    _told: tuple[Path, Path]

    def poll(self) -> int | None:
        """How it ended; ``None`` while it goes on."""
        if self.returncode is None:
            self.returncode = self._forks.ask(ended=self.pid)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it goes on."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float) -> int:
        """Wait for its end."""
        until = time.monotonic() + timeout
        while (code := self.poll()) is None:
            assert time.monotonic() < until, "it does not end"
            time.sleep(0.005)
        return code

    def communicate(self, timeout: float = 120) -> tuple[bytes, bytes]:
        """Wait for its end; what it said on either stream."""
        self.wait(timeout)
        out, err = (path.read_bytes() for path in self._told)
        return out, err


@dataclass
class Forks:
    """The process runs are forked from."""

    process: subprocess.Popen[str]
    folder: Path
    count: int = field(default=0, init=False)

    def start(self, *arguments: str, most: int | None = None) -> Forked:
        """``corrin batch`` with small pieces, begun, in a session of its own.

        Args:
            arguments: of the command.
            most: how large a file it writes may become.
        """
        self.count += 1
        told = (self.folder / f"{self.count}.out", self.folder / f"{self.count}.err")
        pid = self.ask(arguments=arguments, streams=[str(one) for one in told], most=most)
        return Forked(pid, None, self, told)

    def ask(self, **what: Any) -> Any:
        """Ask the process for something."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextlib.contextmanager
def forks(folder: Path, env: Mapping[str, str]) -> Iterator[Forks]:
    """The process runs are forked from, with this environment; ``folder`` takes what they say."""
    process = subprocess.Popen(
        [sys.executable, "-m", "support.forked"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(env),
    )
    try:
        yield Forks(process, folder)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(60)


def _serve() -> list[str]:
    """Fork runs until nobody asks any longer; in each of them what it is to do."""
    ended: dict[int, int] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        if "ended" in asked:
            said = _ended(asked["ended"], ended)
        else:
            said = os.fork()
            if said == 0:
                return _begun(asked)
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
    sys.exit()


def _ended(pid: int, known: dict[int, int]) -> int | None:
    if pid not in known:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found == 0:
            return None
        known[pid] = os.waitstatus_to_exitcode(status)
    return known[pid]


def _begun(asked: dict[str, Any]) -> list[str]:
    """Make this process one of its own; the arguments of its command."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in enumerate(asked["streams"], 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
    if asked["most"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["most"], asked["most"]))
    return list(asked["arguments"])


if __name__ == "__main__":
    from corrin.batch.engine import local, plan
    from corrin.batch.judge import Judge
    from corrin.batch.question import Question, Shared
    from corrin.cli import program
    from support import small_pieces

    LOADED = (local, Judge(Question("2026-11-01"), Shared({})))
    for name, size in small_pieces.SIZES.items():
        setattr(plan, name, size)
    sys.exit(program.run(["batch", *_serve()]))
