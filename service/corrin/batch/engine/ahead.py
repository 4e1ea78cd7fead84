"""Processes got ready before it is known what they are to do: to load what they need takes longer
than to find that out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain

from corrin.batch.engine.resources import cores

ALONE_BYTES = 16 * 1024 * 1024
"""So small an export is done before other processes have begun."""
_PRELOAD = "corrin.batch.engine.warm"


def begin(inputs: Sequence[str], workers: int) -> None:
    """Begin, where a run over these inputs will surely want several processes.

    Args:
        inputs: files and folders, as they were named.
        workers: as asked for; 0 for one per core.
    """
    if workers > 1 or (workers == 0 and cores() > 1 and _are_many(inputs)):
        prepare()


def prepare() -> None:
    """Begin to load what processes share, while other things are done; where they are forked."""
    if sys.platform != "win32":
        import multiprocessing
        from multiprocessing import forkserver

        multiprocessing.get_context("forkserver").set_forkserver_preload([_PRELOAD])
        forkserver.ensure_running()


def _are_many(inputs: Sequence[str]) -> bool:
    total = 0
    for one in inputs:
        for size in _sizes(one):
            total += size
            if total >= ALONE_BYTES:
                return True
    return False


def _sizes(place: str) -> Iterator[int]:
    """Bytes of a file, or of all files of a folder; nothing of what cannot be looked at."""
    files = (os.path.join(folder, name) for folder, _, names in os.walk(place) for name in names)
    with suppress(ValueError):  # a name that no file can have
        for file in chain((place,), files):
            with suppress(OSError):
                if not os.path.isdir(file):
                    yield os.stat(file).st_size
