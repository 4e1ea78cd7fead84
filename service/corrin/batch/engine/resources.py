"""How many processes a run uses, and how much each may hold."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from corrin.batch.outcome import RunFailed

MEGABYTE = 1 << 20
PER_WORKER = 384 * MEGABYTE
LEAST_MEMORY = 384 * MEGABYTE
USUAL_MEMORY = 1 << 30
_OWN = 288 * MEGABYTE  # a process with all libraries, rules and the compiled scanner loaded
_TIMES = 10  # what rows come to while they are judged
_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True, slots=True)
class Resources:
    """Processes, and bytes of rows each judges in one go."""

    workers: int
    slice_bytes: int


def resources(workers: int, memory: int, jobs: int) -> Resources:
    """What a run uses.

    Args:
        workers: as asked for; 0 for one per core.
        memory: bytes, as asked for; 0 for :data:`PER_WORKER` for each core, at least
            :data:`USUAL_MEMORY`.
        jobs: how many there are at most at a time.

    Raises:
        RunFailed: so little memory is not enough.
    """
    if memory and memory < LEAST_MEMORY:
        raise RunFailed(
            "usage",
            "So little memory is not enough.",
            "--memory",
            f"A process needs {LEAST_MEMORY // MEGABYTE} MiB.",
            f"Give it {LEAST_MEMORY // MEGABYTE}MiB or more.",
        )
    wanted = workers or cores()
    have = memory or max(USUAL_MEMORY, wanted * PER_WORKER)
    count = max(1, min(wanted, have // PER_WORKER, jobs))
    return Resources(count, (have // count - _OWN) // _TIMES)


def cores() -> int:
    """Cores this process may use, as far as a container's limit tells too."""
    try:
        found = len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        found = os.cpu_count() or 1
    try:
        quota, period = _CPU_MAX.read_text().split()
        found = min(found, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):
        pass
    return found
