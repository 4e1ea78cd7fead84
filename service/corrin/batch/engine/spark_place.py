"""Where a dataset of Spark goes: a folder of this machine, or an address Hadoop knows.

Tables are written below ``.corrin`` by Spark's own committer, then moved into their places;
``run.json`` comes last. So whatever ends a run, what lies there does not look whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from corrin import __version__
from corrin.batch.engine.claim import claim
from corrin.batch.engine.spark_hadoop import Hadoop, is_address, local_path
from corrin.batch.engine.spark_session import USAGE
from corrin.batch.engine.workplace import NAME, Workplace
from corrin.batch.outcome import RunFailed
from corrin.batch.sinks import dataset
from corrin.batch.sinks.whole import put, settle

_TABLES = "tables"
_LOCK = "lock"
_MADE_BY = "made_by"


class Place(Protocol):
    """A dataset that is being written."""

    out: str

    @property
    def finished(self) -> bool:
        """Whether a whole dataset stands there already."""

    def table(self, name: str) -> str:
        """The address Spark writes a table to."""

    def settle(self, name: str, ending: str) -> None:
        """Put the files of a table in their places."""

    def put(self, name: str, data: bytes) -> None:
        """Write a small file."""

    def read(self, name: str) -> bytes:
        """A small file."""

    def clear(self) -> None:
        """Remove what was only for the work."""

    def forget(self) -> None:
        """Remove all that a run that did not end well has put in place."""


@contextlib.contextmanager
def taken(out: str, resume: bool, hadoop: Hadoop) -> Iterator[Place]:
    """A place for one run.

    Raises:
        RunFailed: another run writes to it; it holds something else; it holds a dataset, finished
            or not, and ``resume`` does not say to go on.
    """
    if is_address(out):
        yield _Away(out.rstrip("/"), hadoop, resume)
        return
    folder = Path(local_path(out))
    with claim(folder, resume) as claimed:
        yield _Here(claimed.work, claimed.finished)


@dataclass
class _Here:
    """A folder of this machine, which executors see as well."""

    work: Workplace
    finished: bool

    def __post_init__(self) -> None:
        self.out = str(self.work.out)
        if self.finished:
            return
        if self.work.plan.is_file():
            if "pyspark" not in json.loads(self.work.plan.read_bytes()).get(_MADE_BY, {}):
                raise RunFailed(
                    USAGE,
                    "The run in that folder cannot be gone on with.",
                    self.out,
                    "It was begun by the engine local.",
                    "Resume it with --engine local, or name another folder.",
                )
            self.forget()
        put(self.work.plan, _begun(), self.work.aside)

    def table(self, name: str) -> str:
        return (self.work.root / _TABLES / name).resolve().as_uri()

    def settle(self, name: str, ending: str) -> None:
        folder = self.work.root / _TABLES / name
        target = self.work.out / name
        target.mkdir(parents=True, exist_ok=True)
        parts = sorted(one for one in folder.iterdir() if one.name.startswith("part-"))
        for at, one in enumerate(parts):
            os.replace(one, target / dataset.part_name(at, ending))
        settle(sorted(target.iterdir()))

    def put(self, name: str, data: bytes) -> None:
        place = self.work.out / name
        put(place, data, self.work.aside)
        settle([place])

    def read(self, name: str) -> bytes:
        return (self.work.out / name).read_bytes()

    def clear(self) -> None:
        self.work.clear()

    def forget(self) -> None:
        for one in self.work.out.iterdir():
            if one != self.work.root:
                shutil.rmtree(one) if one.is_dir() else one.unlink()
        shutil.rmtree(self.work.root / _TABLES, ignore_errors=True)


class _Away:
    """An address."""

    def __init__(self, out: str, hadoop: Hadoop, resume: bool) -> None:
        self.out, self._hadoop = out, hadoop
        names = set(hadoop.names(out))
        self.finished = dataset.RUN in names and NAME not in names and resume
        if self.finished:
            return
        if dataset.RUN in names:
            raise _refused(out, "A finished dataset is there.", "Name another address.")
        if names and NAME not in names:
            raise _refused(
                out, "Something that is no dataset of Corrin is there.", "Name another address."
            )
        if NAME in names and not resume:
            raise _refused(
                out,
                "An unfinished run is there, or one that still goes on.",
                "When nobody is at it, begin it again by the same command with --resume, which "
                "writes over what it left; or name another address.",
            )
        if NAME in names:
            self.forget()
            hadoop.remove(f"{out}/{NAME}")
        if not hadoop.claim(f"{out}/{NAME}/{_LOCK}", _begun()):
            raise _refused(out, "Another run has just begun there.", "Name another address.")

    def table(self, name: str) -> str:
        return f"{self.out}/{NAME}/{_TABLES}/{name}"

    def settle(self, name: str, ending: str) -> None:
        folder = self.table(name)
        parts = [one for one in self._hadoop.names(folder) if one.startswith("part-")]
        for at, one in enumerate(parts):
            target = f"{self.out}/{name}/{dataset.part_name(at, ending)}"
            self._hadoop.move(f"{folder}/{one}", target)

    def put(self, name: str, data: bytes) -> None:
        self._hadoop.put(f"{self.out}/{name}", data)

    def read(self, name: str) -> bytes:
        return self._hadoop.piece(f"{self.out}/{name}", 0, 2**31 - 1)

    def clear(self) -> None:
        self._hadoop.remove(f"{self.out}/{NAME}")

    def forget(self) -> None:
        for one in self._hadoop.names(self.out):
            if one != NAME:
                self._hadoop.remove(f"{self.out}/{one}")
        self._hadoop.remove(f"{self.out}/{NAME}/{_TABLES}")


def _refused(out: str, why: str, do: str) -> RunFailed:
    return RunFailed(USAGE, "The dataset cannot be written there.", out, why, do)


def _begun() -> bytes:
    import pyspark

    told: dict[str, Any] = {_MADE_BY: {"corrin": __version__, "pyspark": pyspark.__version__}}
    return json.dumps(told).encode() + b"\n"
