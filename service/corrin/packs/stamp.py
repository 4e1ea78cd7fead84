"""When the files of some folders of packs were last changed, so that a change is read anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def stamp(folders: tuple[Path, ...]) -> Iterator[tuple[str, int, int]]:
    """Which files of packs some folders hold, when each was last changed, and its size."""
    for folder in folders:
        for pattern in ("*.yaml", "rules/*.yaml", "*/*.yaml", "*/rules/*.yaml"):
            for file in sorted(folder.glob(pattern)):
                try:
                    state = file.stat()
                except OSError:  # a link that leads nowhere: reading says what is wrong with it
                    yield str(file), 0, 0
                else:
                    yield str(file), state.st_mtime_ns, state.st_size
