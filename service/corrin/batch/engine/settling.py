"""Finished files on their way to the disk while others are still made.

Only so that there is little left to wait for: what counts is that the end of a run forces all of
them, and nothing here is relied on.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from pathlib import Path

from corrin.batch.sinks import dataset
from corrin.batch.sinks.whole import settle


class Settling:
    """Forces the files of partitions to the disk, beside everything else."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._done: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="settling", daemon=True)

    def partition(self, number: int) -> None:
        """The files of a partition are in their places."""
        self._done.put(number)

    def _work(self) -> None:
        while (number := self._done.get()) is not None and not self._over.is_set():
            with contextlib.suppress(OSError):  # whoever settles them at the end will be told
                settle(self._out.glob(f"*/{dataset.part_name(number, '*')}"))

    def __enter__(self) -> Settling:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._done.put(None)
        self._thread.join()
