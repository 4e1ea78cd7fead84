"""Finished files on their way to the disk while others are still made.

So that there is little left to wait for: the end of a run forces all of them. A disk that fails
tells so once, though, to whoever asks first, so what is told here ends the run.
"""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from types import TracebackType

from corrin.batch.sinks import dataset
from corrin.batch.sinks.whole import settle


class Settling:
    """Forces the files of partitions to the disk, beside everything else."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._done: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._over = threading.Event()
        self._failed: OSError | None = None
        self._thread = threading.Thread(target=self._work, name="settling", daemon=True)

    def partition(self, number: int) -> None:
        """The files of a partition are in their places."""
        self._done.put(number)

    def _work(self) -> None:
        while (number := self._done.get()) is not None and not self._over.is_set():
            try:
                settle(self._out.glob(f"*/{dataset.part_name(number, '*')}"))
            except OSError as error:
                self._failed = self._failed or error

    def __enter__(self) -> Settling:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for the file at hand.

        Raises:
            OSError: the disk is full, or failed.
        """
        self._over.set()
        self._done.put(None)
        self._thread.join()
        if self._failed is not None and error is None:
            raise self._failed
