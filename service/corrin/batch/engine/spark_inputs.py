"""What Spark is to read: sources found, pieces planned, and how each gets to an executor.

Files on disks that every machine sees are opened where they lie. For files on other filesystems
the driver makes a *shadow*: a tree of the same names and sizes, with only the first and last bytes
in it, which is all that is needed to tell what they are. Their content goes to executors by Spark's
own readers, from there into files of the executor, and so through the same sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from corrin.batch.engine.failure import nothing_to_read
from corrin.batch.engine.plan import Chunk, Plan, partitions_for, plan, size_of
from corrin.batch.engine.spark_hadoop import Entry, Hadoop, is_address, local_path
from corrin.batch.outcome import RunFailed
from corrin.batch.run import Job
from corrin.batch.sources import detect, manifest
from corrin.batch.sources.detect import Found
from corrin.batch.sources.ndjson import NdjsonSource
from corrin.batch.sources.source import CHUNK_BYTES, InputError, Source, Span

SPLIT_BYTES = CHUNK_BYTES
"""Files of lines that are larger are cut by Spark into pieces of this size."""

MOST_WHOLE = 2**31 - 1
_HEAD = 64 * 1024
_SMALL = 1024 * 1024
_SPREADSHEET = b"PK\x03\x04"
_PARQUET = b"PAR1"
_FOOT = 8  # of a Parquet file: the length of what is before, and the sign


@dataclass(frozen=True)
class Inputs:
    """What there is to read, and how.

    Attributes:
        found: the sources.
        plan: their pieces, all of them in order.
        here: numbers of the pieces that executors open themselves.
        lines: addresses of files that Spark cuts into lines.
        files: addresses of files that Spark fetches whole.
        needs: of every address: the sources that need it, and its path below the shadow.
        shadow: the folder.
    """

    found: Found
    plan: Plan
    here: tuple[int, ...]
    lines: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    needs: Mapping[str, tuple[tuple[int, ...], str]] = field(default_factory=dict)
    shadow: str = ""


def inputs(job: Job, hadoop: Hadoop, folder: Path) -> Inputs:
    """Find what a job is to read.

    Args:
        job: what was asked for.
        hadoop: the filesystems.
        folder: where the shadow is made.

    Raises:
        RunFailed: there is nothing; a file cannot be read in this way.
    """
    shadow = Shadow(hadoop, folder)
    given, problems = [], []
    for at, name in enumerate(job.inputs):
        if not is_address(name):
            given.append(local_path(name))
            continue
        try:
            given.append(str(shadow.of(name, at)))
        except FileNotFoundError:
            problems.append(InputError(name, "input-missing"))
    found = detect.find(given, input_format=job.input_format, options=job.options)
    problems += found.problems
    if not found.sources:
        raise nothing_to_read(job.inputs, problems)
    found = replace(found, problems=tuple(problems))
    return _planned(found, shadow)


@dataclass
class Shadow:
    """A tree of files that stand for those of other filesystems."""

    hadoop: Hadoop
    folder: Path
    entries: dict[str, Entry] = field(default_factory=dict)

    def of(self, address: str, number: int) -> Path:
        """The file or folder that stands for an input.

        Raises:
            FileNotFoundError: there is nothing of that address.
        """
        full = self.hadoop.full(address).rstrip("/")
        root = self.folder / str(number) / full.rsplit("/", 1)[1]
        found = list(self.hadoop.files(address))
        if [one.address for one in found] == [full]:
            self._stand(found[0], root)
            if manifest.may_be(root.read_bytes()[:_HEAD]):  # the files it names lie beside it
                above = full.rsplit("/", 1)[0]
                for one in self.hadoop.files(above):
                    self._stand(one, root.parent / one.address[len(above) + 1 :])
            return root
        root.mkdir(parents=True, exist_ok=True)
        for one in found:
            self._stand(one, root / one.address[len(full) + 1 :])
        return root

    def _stand(self, entry: Entry, path: Path) -> None:
        if str(path) in self.entries:
            return
        self.entries[str(path)] = entry
        path.parent.mkdir(parents=True, exist_ok=True)
        head = self.hadoop.piece(entry.address, 0, _SMALL if entry.size <= _SMALL else _HEAD)
        if head.startswith(_SPREADSHEET) or manifest.may_be(head):
            head = self.hadoop.piece(entry.address, 0, entry.size)
        with path.open("wb") as file:
            file.write(head)
            file.truncate(entry.size)
            if len(head) < entry.size and head.startswith(_PARQUET):
                foot = self.hadoop.piece(entry.address, entry.size - _FOOT, _FOOT)
                length = min(entry.size, int.from_bytes(foot[:4], "little") + _FOOT)
                file.seek(entry.size - length)
                file.write(self.hadoop.piece(entry.address, entry.size - length, length))

    def addresses(self, source: Source) -> Iterator[tuple[str, str]]:
        """The addresses of a source's files, each with its path below the folder."""
        for path in source.files():
            if path in self.entries:
                yield self.entries[path].address, str(Path(path).relative_to(self.folder))


def _planned(found: Found, shadow: Shadow) -> Inputs:
    """The pieces of all sources, in the order of the sources."""
    chunks: list[Chunk] = []
    here: list[int] = []
    lines: list[str] = []
    files: list[str] = []
    needs: dict[str, tuple[tuple[int, ...], str]] = {}
    local = plan([one for one in found.sources if not list(shadow.addresses(one))])
    spans: dict[str, list[Chunk]] = {}
    for one in local.chunks:
        spans.setdefault(local.sources[one.source].name, []).append(one)
    for at, source in enumerate(found.sources):
        away = list(shadow.addresses(source))
        for address, path in away:
            before = needs.get(address, ((), path))[0]
            needs[address] = ((*before, at), path)
        if not away:
            for one in spans[source.name]:
                here.append(len(chunks))
                chunks.append(replace(one, number=len(chunks), source=at))
            continue
        size = size_of(source)
        if len(away) == 1 and size > SPLIT_BYTES and _is_lines(source, shadow):
            lines.append(away[0][0])
            for start in range(0, size, SPLIT_BYTES):
                end = min(start + SPLIT_BYTES, size)
                chunks.append(Chunk(len(chunks), at, Span(start, end), end - start))
            continue
        _check_sizes(away, shadow)
        files += [address for address, _ in away if address not in files]
        chunks.append(Chunk(len(chunks), at, Span(), size))
    return Inputs(
        found,
        Plan(found.sources, tuple(chunks), partitions_for(found.sources)),
        tuple(here),
        tuple(lines),
        tuple(files),
        needs,
        str(shadow.folder),
    )


def _is_lines(source: Source, shadow: Shadow) -> bool:
    """Whether a file may be cut at any line: by its first bytes, with lines put after them."""
    if not isinstance(source, NdjsonSource):
        return False
    with open(source.path, "rb") as file:
        head = file.read(_HEAD)
    trial = shadow.folder / "trial"
    trial.write_bytes(head + b"\n{}\n{}\n")
    return len(replace(source, path=str(trial)).spans(_FOOT)) > 1


def _check_sizes(away: Sequence[tuple[str, str]], shadow: Shadow) -> None:
    sizes = {one.address: one.size for one in shadow.entries.values()}
    for address, _ in away:
        if sizes[address] > MOST_WHOLE:
            raise RunFailed(
                "input",
                "The file is too large to be fetched whole.",
                address,
                "Only plain NDJSON can be cut into pieces on its way; all else may have 2 GiB.",
                "Cut it, unpack it, or put it on a disk that all executors see.",
            )


def escaped(address: str) -> str:
    """An address in which no sign stands for others."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", address)
