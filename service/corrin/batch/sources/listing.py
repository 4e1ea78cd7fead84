"""The files of the inputs that were given, each once, and what each is called."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from corrin.batch.sources.source import InputError


@dataclass(slots=True)
class Given:
    """One input and its files.

    Attributes:
        path: as it was given.
        is_folder: whether its files were looked for; else it is the one file.
        files: by their names, in order.
        problems: what in it cannot be read.
        hidden: names of hidden files and folders, which are left.
    """

    path: Path
    is_folder: bool = False
    files: dict[str, Path] = field(default_factory=dict)
    problems: list[InputError] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)


def listed(inputs: Sequence[str]) -> list[Given]:
    """Every input with its files; a file that is reached twice is listed once, where first met.

    A file is called by its path below the folder that was given; where two of different inputs
    would be called alike, the last part of what was given stands before it, or all of it.
    """
    found = [_given(Path(one)) for one in inputs]
    _once(found)
    for prefix in (_last_part, _all_of):
        names = [name for given in found for name in given.files]
        if len(set(names)) == len(names):
            break
        for given, named in zip(found, map(_given, (one.path for one in found)), strict=True):
            kept = set(given.files.values())
            before = prefix(given)
            given.files = {
                f"{before}{name}": path for name, path in named.files.items() if path in kept
            }
    return found


def _last_part(given: Given) -> str:
    folder = given.path.absolute() if given.is_folder else given.path.absolute().parent
    return f"{folder.name}/"


def _all_of(given: Given) -> str:
    folder = given.path if given.is_folder else given.path.parent
    return f"{folder.as_posix().rstrip('/')}/"


def _given(path: Path) -> Given:
    try:
        is_folder = stat.S_ISDIR(os.stat(path).st_mode)
    except (OSError, ValueError):  # is told when it is opened
        is_folder = False
    given = Given(path, is_folder)
    if not is_folder:
        given.files[path.name or path.as_posix()] = path
        return given
    for name, file in sorted(_walk(path, given, "", ())):
        given.files[name] = file
    return given


def _walk(
    folder: Path, given: Given, before: str, above: tuple[tuple[int, int], ...]
) -> Iterator[tuple[str, Path]]:
    """The files of a folder and of those in it; links are followed, but not round in a circle."""
    try:
        here = _identity(folder)
        if here in above:
            given.problems.append(InputError(before.rstrip("/"), "input-not-a-file"))
            return
        entries = sorted(os.scandir(folder), key=lambda one: one.name)
    except OSError:
        given.problems.append(InputError(before.rstrip("/") or folder.name, "input-unreadable"))
        return
    for entry in entries:
        name = f"{before}{entry.name}"
        if entry.name.startswith("."):
            given.hidden.append(name)
        elif _is_folder(entry):
            yield from _walk(folder / entry.name, given, f"{name}/", (*above, here))
        else:
            yield name, folder / entry.name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links that lead round in a circle
        return False


def _identity(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _once(found: list[Given]) -> None:
    seen: set[tuple[int, int]] = set()

    def first(path: Path) -> bool:
        try:
            identity = _identity(path)
        except (OSError, ValueError):
            return True
        if identity in seen:
            return False
        seen.add(identity)
        return True

    for given in found:
        given.files = _kept(given.files, first)


def _kept(files: dict[str, Path], keep: Callable[[Path], bool]) -> dict[str, Path]:
    return {name: path for name, path in files.items() if keep(path)}
