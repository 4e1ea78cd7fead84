"""A service started for a measurement: one or several processes on loopback, and their memory."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BASELINE = Path(__file__).resolve().parent / "baseline.py"

_READY = re.compile(r"on http://127\.0\.0\.1:(\d+)")
_START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Running:
    """A service that runs on 127.0.0.1."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def tree(self) -> list[int]:
        """Its process and the processes under it."""
        found = [self.process.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                found += _children(pid)
        return found

    def workers(self) -> list[int]:
        """The processes that answer: those that hold more memory than a helper of Python's does."""
        return [pid for pid in self.tree()[1:] if resident(pid) > 50 * 1024]

    def busiest(self) -> int:
        """The process that answers most: on Linux connections are not shared out evenly."""
        return max(self.workers(), key=_ticks)

    def memory(self) -> int:
        """Resident memory of all its processes, in KiB."""
        return sum(resident(pid) for pid in self.tree())

    def tell(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)


def resident(pid: int) -> int:
    """Resident memory of a process, in KiB; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) if found else 0


@contextlib.contextmanager
def service(
    *, baseline: bool = False, cpus: set[int] | None = None, **settings: object
) -> Iterator[Running]:
    """Run the service until the block ends.

    Args:
        baseline: with the two doors of ``baseline.py``, in one process.
        cpus: the cores it may use.
        settings: by name, in lower case.

    Raises:
        SystemExit: it did not come up.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CORRIN_")}
    given = {"host": "127.0.0.1", "port": 0, "log_level": "info"} | settings
    kept |= {f"CORRIN_{name.upper()}": str(value) for name, value in given.items()}
    start = [str(BASELINE)] if baseline else ["-c", "from corrin.cli import main; main()", "serve"]
    with tempfile.TemporaryDirectory(prefix="corrin-bench-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *start],
                cwd=ROOT,
                env=kept,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            if cpus:
                os.sched_setaffinity(process.pid, cpus)
            yield Running(process, _port(process, log), log)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(40)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _ticks(pid: int) -> int:
    """Time of the processor a process has used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


def _children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task")
    return [
        int(child)
        for thread in threads.iterdir()
        for child in (thread / "children").read_text().split()
    ]


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        found = _READY.search(log.read_text(errors="replace"))
        if found:
            return int(found[1])
        time.sleep(0.05)
    process.kill()
    raise SystemExit(f"The service did not come up:\n{log.read_text(errors='replace')[-3000:]}")


def cores() -> set[int]:
    """The cores this process may use."""
    return os.sched_getaffinity(0)
