"""What goes to executors with the job: the package, its rules, packs and files of one's own.

A zip archive that Spark unpacks on every executor: content has to be files, not members of an
archive, and executors need not have Corrin installed, only what it is built on.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import corrin
from corrin.batch.engine.spark_session import USAGE
from corrin.batch.outcome import RunFailed
from corrin.batch.run import Job
from corrin.content import rules_root

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

    Task = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]

_T = TypeVar("_T")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_OWN = "own"
_NOT_SHIPPED = ("__pycache__",)

LACKING = "corrin-lacks:"
"""Before the name of a package that an executor has not."""


class Shipment:
    """The archive of one job, and where what was named by path lies on executors.

    Args:
        session: the archive goes to its executors; with a master ``local`` they are here, and
            nothing is sent.
        job: whose packs, site file and mapping files go too.
    """

    def __init__(self, session: SparkSession, job: Job) -> None:
        self.name: str | None = None
        self.own: dict[str, str] = {}
        master: str = session.sparkContext.master
        if master == "local" or master.startswith("local["):
            return
        from pyspark import SparkFiles

        path, self.own = archive(job, Path(SparkFiles.getRootDirectory()))
        self.name = path.stem
        session.sparkContext.addArchive(f"{path}#{self.name}")  # a second time it is not sent

    def task(self, name: str, given: Any) -> Task:
        """A function of :mod:`corrin.batch.engine.spark_tasks` for ``mapInArrow``.

        It travels by value, and loads Corrin from the archive before anything of ours is read.

        Args:
            name: what the function is called.
            given: a broadcast of its second argument.
        """
        archive_name = self.name

        def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            import importlib
            import sys

            if archive_name is not None:
                from pyspark import SparkFiles

                home = SparkFiles.get(archive_name)
                if home not in sys.path:
                    sys.path.insert(0, home)
            try:
                tasks: Any = importlib.import_module("corrin.batch.engine.spark_tasks")
            except ImportError as error:
                raise ImportError(f"{LACKING}{error.name}:") from None
            yield from tasks.run(name, batches, given.value)

        return run


def archive(job: Job, folder: Path) -> tuple[Path, dict[str, str]]:
    """The archive, and for each path the job names: the path of the same inside it.

    The same content gives the same name, so that a session takes it once.

    Raises:
        RunFailed: a file cannot be read.
    """
    members: dict[str, Path] = {}
    package = Path(corrin.__file__).parent
    members.update(_below(package, "corrin"))
    members.update(_below(rules_root(), "corrin/_rules"))
    own: dict[str, str] = {}
    for at, name in enumerate(_named(job)):
        path = Path(name)
        own[name] = f"{_OWN}/{at}/{path.name or 'folder'}"
        members.update(_below(path, own[name]) if path.is_dir() else {own[name]: path})
    digest = hashlib.sha256()
    try:
        for name in sorted(members):
            digest.update(
                f"{name}\0".encode() + hashlib.sha256(members[name].read_bytes()).digest()
            )
        found = folder / f"corrin-{digest.hexdigest()[:16]}.zip"
        with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as out:
            for name in sorted(members):
                out.writestr(
                    zipfile.ZipInfo(name, _EPOCH), members[name].read_bytes(), zipfile.ZIP_DEFLATED
                )
    except OSError as error:
        raise RunFailed(
            USAGE,
            "A file that is to go with the job cannot be read.",
            str(error.filename or ""),
            error.strerror or "",
            "Name a file or folder that can be read.",
        ) from None
    return found, own


def _named(job: Job) -> Iterator[str]:
    """Paths of files of one's own that executors need."""
    given = (*job.question.folders, job.question.overlay, job.options.mapping, job.options.codes)
    yield from dict.fromkeys(one for one in given if one is not None)


def _below(folder: Path, under: str) -> dict[str, Path]:
    return {
        f"{under}/{path.relative_to(folder).as_posix()}": path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part in _NOT_SHIPPED for part in path.parts)
    }


def there(own: Mapping[str, str], name: str | None) -> dict[str, str]:
    """Paths on the driver → the same on the executor this runs on."""
    if name is None:
        return {}
    from pyspark import SparkFiles

    home = Path(SparkFiles.get(name))
    return {path: str(home / inside) for path, inside in own.items()}


def moved(found: _T, paths: Mapping[str, str]) -> _T:
    """A value with every path in it that is among some, or below one of them, put elsewhere."""
    changed: _T = _moved(found, paths)
    return changed


def _moved(found: Any, paths: Mapping[str, str]) -> Any:
    if isinstance(found, str):
        return _path(found, paths)
    if isinstance(found, Path):
        return Path(_path(str(found), paths))
    if isinstance(found, tuple) and type(found) is tuple:
        return tuple(_moved(one, paths) for one in found)
    if isinstance(found, list):
        return [_moved(one, paths) for one in found]
    if isinstance(found, dict):
        return {key: _moved(one, paths) for key, one in found.items()}
    if is_dataclass(found) and not isinstance(found, type):
        changed = {
            one.name: _moved(getattr(found, one.name), paths) for one in fields(found) if one.init
        }
        return replace(found, **changed)
    return found


def _path(found: str, paths: Mapping[str, str]) -> str:
    for before, after in paths.items():
        if found == before:
            return after
        if found.startswith(f"{before}/"):
            return f"{after}{found[len(before) :]}"
    return found
