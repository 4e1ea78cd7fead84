"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path


@contextlib.contextmanager
def whole(path: Path, aside: Path) -> Iterator[Path]:
    """A file to write to, put in the place of ``path`` when all went well.

    ``aside`` is a folder of the same file system; a writer that is killed leaves its half file
    there. What was put in place has not been forced to the disk: see :func:`settle`.
    """
    temporary = aside / f"{os.getpid()}-{path.parent.name}-{path.name}"
    try:
        yield temporary
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def put(path: Path, data: bytes, aside: Path) -> None:
    """Write a small file whole or not at all."""
    with whole(path, aside) as temporary:
        temporary.write_bytes(data)


def settle(paths: Iterable[Path]) -> None:
    """Force files, and the folders they are named in, to the disk."""
    folders = set()
    for path in paths:
        _settle(path)
        folders.add(path.parent)
    for folder in sorted(folders):
        _settle(folder)


def _settle(path: Path) -> None:
    if os.name == "nt" and path.is_dir():  # folders cannot be opened there
        return
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
