"""Which source reads which file, by what is in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corrin.batch.sources import files
from corrin.batch.sources.ndjson import NdjsonSource
from corrin.batch.sources.source import InputError, Options, Source

_BLANK = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to read.

    Attributes:
        sources: in the order of their names.
        problems: what was asked for and cannot be read; the rest goes on.
        left: names of files in folders that nothing here reads.
    """

    sources: tuple[Source, ...]
    problems: tuple[InputError, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recogniser:
    """One format of a single file.

    Attributes:
        recognise: whether a file is of it, by its path and its first unpacked bytes.
        source: what reads it.
    """

    recognise: Callable[[Path, bytes], bool]
    source: Callable[[str, str, Options], Source]


def is_fhir(_path: Path, head: bytes) -> bool:
    """Whether a file is FHIR in JSON."""
    start = head.lstrip(_BLANK)[:1]
    return start in (b"{", b"[") and b'"resourceType"' in head


FORMATS: Mapping[str, Recogniser] = {
    "fhir": Recogniser(is_fhir, NdjsonSource),
}
"""By what ``--input-format`` calls them."""


def find(
    inputs: Sequence[str], *, input_format: str | None = None, options: Options | None = None
) -> Found:
    """The sources of files and folders that were given.

    Args:
        inputs: paths of files and folders.
        input_format: what every file is; ``None`` to find out.
        options: how they are to be understood.
    """
    options = options or Options()
    sources: list[Source] = []
    problems: list[InputError] = []
    left: list[str] = []
    for given in inputs:
        path = Path(given)
        if path.is_dir():
            for file in _files_of(path):
                name = file.relative_to(path).as_posix()
                try:
                    source = _source_of(file, name, input_format, options)
                except InputError as error:
                    problems.append(error)
                    continue
                if source is None:
                    left.append(name)
                else:
                    sources.append(source)
            continue
        try:
            source = _source_of(path, path.name, input_format, options)
            if source is None:
                raise InputError(path.name, "input-unrecognised")
            sources.append(source)
        except InputError as error:
            problems.append(error)
    sources.sort(key=lambda one: one.name)
    return Found(tuple(sources), tuple(problems), tuple(sorted(left)))


def _source_of(path: Path, name: str, asked: str | None, options: Options) -> Source | None:
    if asked is not None:
        return FORMATS[asked].source(name, str(path), options)
    head = files.head_of(path, name)
    for one in FORMATS.values():
        if one.recognise(path, head):
            return one.source(name, str(path), options)
    return None


def _files_of(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield Path(where) / name
