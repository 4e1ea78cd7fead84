"""Files on any filesystem Hadoop knows (``file:``, ``hdfs:``, ``s3a:``), as the driver uses them.

Only names, sizes and small pieces pass through here; whole exports never do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOCAL = ("", "file")


def is_address(name: str) -> bool:
    """Whether an input or output is an address of a filesystem other than this machine's."""
    scheme = urlsplit(name).scheme
    return len(scheme) > 1 and scheme not in _LOCAL  # one letter is a drive


def local_path(name: str) -> str:
    """The path a name of a local file stands for (``file:///data/a%20b`` → ``/data/a b``)."""
    if urlsplit(name).scheme != "file":
        return name
    return unquote(urlsplit(name).path)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file: its address as Hadoop writes it, and its bytes."""

    address: str
    size: int


class Hadoop:
    """The filesystems a session of Spark can reach, with its settings and credentials."""

    def __init__(self, session: SparkSession) -> None:
        context: Any = session.sparkContext
        self._java = context._jvm
        self._settings = context._jsc.hadoopConfiguration()

    def _path(self, address: str) -> Any:
        made = self._java.org.apache.hadoop.fs.Path
        if is_address(address):
            return made(address)
        return made(Path(local_path(address)).resolve().as_uri())

    def _system(self, path: Any) -> Any:
        return path.getFileSystem(self._settings)

    def full(self, address: str) -> str:
        """An address as Hadoop writes it, with the scheme and the machine named."""
        path = self._path(address)
        found: str = self._system(path).makeQualified(path).toString()
        return found

    def uri(self, address: str) -> str:
        """An address as Spark's column ``_metadata.file_path`` writes it."""
        found: str = self._path(address).toUri().toString()
        return found

    def exists(self, address: str) -> bool:
        """Whether there is such a file or folder."""
        path = self._path(address)
        return bool(self._system(path).exists(path))

    def files(self, address: str) -> Iterator[Entry]:
        """The file of that address, or all files below it, by address.

        Raises:
            FileNotFoundError: there is nothing of that address.
        """
        if not self.exists(address):
            raise FileNotFoundError(address)
        path = self._path(address)
        found = self._system(path).listFiles(path, True)
        entries = []
        while found.hasNext():
            one = found.next()
            entries.append(Entry(one.getPath().toString(), one.getLen()))
        yield from sorted(entries, key=lambda entry: entry.address)

    def names(self, address: str) -> list[str]:
        """Names of what lies in a folder; none when it is not there."""
        path = self._path(address)
        system = self._system(path)
        if not system.exists(path):
            return []
        return sorted(one.getPath().getName() for one in system.listStatus(path))

    def piece(self, address: str, start: int, length: int) -> bytes:
        """Some bytes of a file; fewer at its end."""
        path = self._path(address)
        stream = self._system(path).open(path)
        try:
            stream.seek(start)
            return bytes(stream.readNBytes(length))
        finally:
            stream.close()

    def put(self, address: str, data: bytes) -> None:
        """Write a small file: under another name first, then in its place."""
        path = self._path(address)
        aside = self._path(f"{address}.writing")
        system = self._system(path)
        stream = system.create(aside, True)
        try:
            stream.write(data)
        finally:
            stream.close()
        system.delete(path, False)
        if not system.rename(aside, path):
            raise OSError(f"{address}: could not be put in place")

    def claim(self, address: str, data: bytes) -> bool:
        """Make a file unless it is there already; whether it was made."""
        path = self._path(address)
        system = self._system(path)
        if system.exists(path):
            return False
        try:
            stream = system.create(path, False)
        except Exception:  # somebody else was first, or it cannot be made
            if system.exists(path):
                return False
            raise
        stream.write(data)
        stream.close()
        return True

    def move(self, source: str, target: str) -> None:
        """Give a file or folder another name on its filesystem."""
        before, after = self._path(source), self._path(target)
        system = self._system(before)
        system.mkdirs(after.getParent())
        if not system.rename(before, after):
            raise OSError(f"{target}: could not be put in place")

    def remove(self, address: str) -> None:
        """Remove a file, or a folder with all in it; nothing where it is not there."""
        path = self._path(address)
        self._system(path).delete(path, True)
