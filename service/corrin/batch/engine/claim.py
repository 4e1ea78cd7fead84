"""Whose a dataset folder is: nobody's, ours to go on with, another run's, or no dataset at all."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corrin.batch.engine.failure import failure, is_full
from corrin.batch.engine.workplace import NAME, Workplace
from corrin.batch.outcome import RunFailed
from corrin.batch.sinks.dataset import RUN


@dataclass(frozen=True, slots=True)
class Claim:
    """A folder this run may write to.

    ``finished`` is whether a whole dataset stands in it already, with nothing left to do.
    """

    work: Workplace
    finished: bool


@contextlib.contextmanager
def claim(out: Path, resume: bool) -> Iterator[Claim]:
    """Take a folder for one run; nobody else may write to it meanwhile.

    Raises:
        RunFailed: another run writes to it; it holds something else; it holds a dataset, finished
            or not, and ``resume`` does not say to go on.
    """
    work = Workplace(out)
    with _file_trouble(out):
        _look(out, resume)
        if (out / RUN).is_file() and not work.root.exists():
            yield Claim(work, finished=True)
            return
        work.root.mkdir(parents=True, exist_ok=True)
        handle = os.open(work.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(handle, out)
        _look(out, resume)  # another run may have been there before the lock was ours
        with _file_trouble(out):
            work.prepare()
        yield Claim(work, finished=False)
    finally:
        os.close(handle)


def _look(out: Path, resume: bool) -> None:
    if out.exists() and not out.is_dir():
        raise RunFailed("usage", "The dataset cannot be written there.", str(out),
                        "It is a file.", "Name a folder that does not exist yet.")  # fmt: skip
    names = {one.name for one in out.iterdir()} if out.is_dir() else set()
    begun = (out / NAME / "plan.json").is_file()
    if not resume and begun:
        raise RunFailed(
            "usage",
            "An unfinished run is in that folder.",
            str(out),
            "It was interrupted, or is still running.",
            "Go on with it by the same command with --resume, or name another folder.",
        )
    if not resume and RUN in names:
        raise RunFailed(
            "usage",
            "A finished dataset is in that folder.",
            str(out),
            "A run never writes over another one.",
            "Name another folder.",
        )
    if not begun and RUN not in names and names - {NAME}:
        raise RunFailed(
            "usage",
            "The folder holds something that is no dataset of Corrin.",
            str(out),
            "Nothing of others is written over.",
            "Name a folder that is empty or does not exist yet.",
        )


def _lock(handle: int, out: Path) -> None:
    """Lock a file until it is closed, by us or by our end."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        with contextlib.suppress(OSError, ValueError):
            number = json.loads(os.pread(handle, 100, 1))["process"]
            raise _busy(out, f"Process {number} is at it.") from error
        raise _busy(out, "Another process is at it.") from error
    with _file_trouble(out):
        os.ftruncate(handle, 0)
        os.pwrite(handle, b" " + json.dumps({"process": os.getpid()}).encode(), 0)


def _busy(out: Path, why: str) -> RunFailed:
    return RunFailed(
        "usage",
        "Another run is writing to that folder.",
        str(out),
        why,
        "Wait for it, end it, or name another folder.",
    )


@contextlib.contextmanager
def _file_trouble(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise failure(error) from error
        raise RunFailed(
            "file",
            "The dataset cannot be written there.",
            str(out),
            f"{error.strerror}." if error.strerror else "",
            "Name a folder that can be made and written to.",
        ) from error
