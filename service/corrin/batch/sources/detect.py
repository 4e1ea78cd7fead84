"""Which source reads which file, by what is in it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from corrin.batch.sources import files, hl7v2, manifest, omop, pcornet, table
from corrin.batch.sources.listing import Given, listed
from corrin.batch.sources.manifest import OUTPUT, Manifest
from corrin.batch.sources.ndjson import NdjsonSource
from corrin.batch.sources.source import InputError, Options, Source

_BLANK = b" \t\r\n"
_JSON = (".ndjson", ".jsonl", ".json")


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to read.

    Attributes:
        sources: in the order of their names.
        problems: what was asked for, or named by a manifest, and cannot be read; the rest goes on.
        left: names of files in folders that nothing here reads.
        notes: sentences about manifests.
    """

    sources: tuple[Source, ...]
    problems: tuple[InputError, ...] = ()
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recogniser:
    """One format of a single file.

    Attributes:
        recognise: whether a file is of it, by its path and its first unpacked bytes.
        source: what reads it, by name, path and options.
    """

    recognise: Callable[[Path, bytes, Options], bool]
    source: Callable[[str, str, Options], Source]


def is_fhir(path: Path, head: bytes, _options: Options) -> bool:
    """Whether a file is FHIR in JSON."""
    start = head.lstrip(_BLANK)
    if not start:  # nothing of anything is in it, and that is what it says
        return any(suffix in path.name.lower() for suffix in _JSON)
    if start[:1] not in (b"{", b"["):
        return False
    return b'"resourceType"' in start or path.name.lower().split(".")[-1] == "ndjson"


def _is_table(path: Path, head: bytes, options: Options) -> bool:
    if options.mapping is not None:
        return table.is_table(path, head)
    return table.recognise(path, head)


FORMATS: Mapping[str, Recogniser] = {
    "fhir": Recogniser(is_fhir, NdjsonSource),
    "hl7v2": Recogniser(lambda path, head, _: hl7v2.recognise(path, head), hl7v2.SOURCE),
    "omop": Recogniser(omop.recognise, omop.SOURCE),
    "pcornet": Recogniser(pcornet.recognise, pcornet.SOURCE),
    "table": Recogniser(_is_table, table.SOURCE),
}
"""By what ``--input-format`` calls them, in the order in which they are asked."""


@dataclass(slots=True)
class _Finder:
    asked: str | None
    options: Options
    sources: list[Source] = field(default_factory=list)
    problems: list[InputError] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def given(self, given: Given) -> None:
        """Find what one input holds."""
        self.problems += given.problems
        self.left += given.hidden
        manifests: dict[str, list[Manifest]] = {}
        known: dict[str, Recogniser | None] = {}  # what each file is; not of those with a problem
        for name, path in given.files.items():
            try:
                head = files.head_of(path, name)
                page = self._manifest(name, path, head)
            except InputError as error:
                self.problems.append(error)
                continue
            if page is None:
                known[name] = self._recognised(path, head)
            else:
                manifests.setdefault(_folder(name), []).append(page)
        if manifests and not given.is_folder:
            self._beside(given, manifests)
            return
        rest = dict(given.files)
        for folder, pages in sorted(manifests.items(), reverse=True):  # the innermost first
            self._follow(folder, pages, rest, known)
        for name, path in rest.items():
            if name in known:
                self._file(name, path, known[name], explicit=not given.is_folder)

    def _manifest(self, name: str, path: Path, head: bytes) -> Manifest | None:
        if self.asked not in (None, "fhir") or not manifest.may_be(head):
            return None
        return manifest.read(path, name)

    def _recognised(self, path: Path, head: bytes) -> Recogniser | None:
        if self.asked is not None:
            return FORMATS[self.asked]
        return next(
            (one for one in FORMATS.values() if one.recognise(path, head, self.options)), None
        )

    def _beside(self, given: Given, manifests: dict[str, list[Manifest]]) -> None:
        """Follow a manifest that was given itself."""
        name, path = next(iter(given.files.items()))
        around = listed([str(path.parent)])[0].files
        rest = {_folder(name) + one: where for one, where in around.items()}
        for folder, pages in manifests.items():
            self._follow(folder, pages, rest, dict.fromkeys(rest), leave=False)

    def _follow(
        self,
        folder: str,
        pages: list[Manifest],
        rest: dict[str, Path],
        known: Mapping[str, Recogniser | None],
        *,
        leave: bool = True,
    ) -> None:
        """Take what the manifests of one folder name out of ``rest``; all else below is left."""
        below = {name: path for name, path in rest.items() if name.startswith(folder)}
        own = {page.path for page in pages}
        near: dict[str, str] = {}
        for name in sorted(below, key=lambda one: (one.count("/"), one)):
            near.setdefault(PurePosixPath(name).name, name)
        named = {one.name: _packed(one.name, near) for page in pages for one in page.listed}
        if leave and named and not any(named.values()):
            # Fetched under other names: all of it is read, and it is said that nobody can tell
            # whether it is all.
            self.problems.append(InputError(f"{folder}{pages[0].path.name}", "input-manifest"))
            for name in [one for one, path in below.items() if path in own]:
                del rest[name]
            return
        taken: set[str] = set()
        for page in pages:
            called = f"{folder}{page.path.name}"
            self.notes.append(f"{called}: an export of {page.time}, {len(page.listed)} files")
            self.problems += [
                InputError(called, "input-manifest", hint=f"several urls end in {one}")
                for one in page.unclear
            ]
            for one in page.listed:
                found = named[one.name]
                if found is None:
                    self.problems.append(
                        InputError(f"{folder}{one.name}", "input-missing", hint=f"see {called}")
                    )
                elif found not in taken:
                    taken.add(found)
                    if found in known:
                        count = one.count if one.role == OUTPUT else None
                        self.sources.append(
                            NdjsonSource(found, str(below[found]), self.options, one.role, count)
                        )
        if all(page.next is not None for page in pages):
            self.problems.append(InputError(f"{folder}{pages[0].path.name}", "input-incomplete"))
        for name, path in below.items():
            del rest[name]
            if leave and name not in taken and path not in own:
                self.left.append(name)

    def _file(self, name: str, path: Path, what: Recogniser | None, *, explicit: bool) -> None:
        """Take one file for what it is."""
        if what is not None:
            self.sources.append(what.source(name, str(path), self.options))
        elif explicit:
            unknown = "input-mapping-unknown" if _looks_like_table(path, name) else ""
            self.problems.append(InputError(name, unknown or "input-unrecognised"))
        else:
            self.left.append(name)


def _packed(name: str, near: Mapping[str, str]) -> str | None:
    """A file by the name a manifest gives it, which may have been packed since."""
    return next((near[name + end] for end in manifest.PACKED if name + end in near), None)


def find(
    inputs: Sequence[str], *, input_format: str | None = None, options: Options | None = None
) -> Found:
    """The sources of files and folders that were given.

    Args:
        inputs: paths of files, folders and manifests.
        input_format: what every file is, of :data:`FORMATS`; ``None`` to find out.
        options: how they are to be understood.
    """
    finder = _Finder(input_format, options or Options())
    for given in listed(inputs):
        finder.given(given)
    return Found(
        tuple(sorted(_apart(finder.sources), key=lambda one: one.name)),
        tuple(sorted(finder.problems, key=lambda one: (one.file, one.line, one.reason))),
        tuple(sorted(finder.left)),
        tuple(finder.notes),
    )


def _looks_like_table(path: Path, name: str) -> bool:
    return table.is_table(path, files.head_of(path, name))


def _apart(sources: list[Source]) -> list[Source]:
    """Each file once, also where a manifest and something else name it; no name twice."""
    once = {os.path.realpath(one.path): one for one in reversed(sources)}
    names = Counter(one.name for one in once.values())
    return [
        one if names[one.name] == 1 else replace(one, name=Path(one.path).as_posix())
        for one in once.values()
    ]


def _folder(name: str) -> str:
    """The folder part of a name, with its slash."""
    return name[: name.rfind("/") + 1]
