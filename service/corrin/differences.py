"""The door to differences between packs: two packs, and a folder of cases to try them on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path
from typing import IO, TYPE_CHECKING

from corrin import __version__
from corrin.interpretation import UsageError, choose_reading, moment_of, now, profile_of
from corrin.zone import zone_of

if TYPE_CHECKING:
    from corrin.comparison.cohort import Unread
    from corrin.comparison.pack_diff import PackDiff
    from corrin.facts.case import Case

ONE, MANY = ".json", ".ndjson"
NOT_A_BUNDLE = "The line is no Bundle: a line stands for one patient, not for one resource."


def diff(
    before: str,
    after: str,
    *,
    data: Path | None = None,
    as_of: str | None = None,
    profile: str = "uk",
    zone: str | tzinfo = "UTC",
) -> PackDiff:
    """Say what changed between two packs, and who of some cases comes out differently.

    Args:
        before, after: ids, ``id@version`` (earlier versions too) or folders.
        data: a folder of FHIR files: one patient per ``.json``, one Bundle per line of an
            ``.ndjson``; or one such file. Cases are named by file and line.
        as_of: the moment to ask about; else what each case says, else now.
        profile: whose other packs run, and whose look-back holds.
        zone: where dates and times without a zone were written, as in
            :func:`corrin.interpretation.interpret`.

    Raises:
        UsageError: there is no such profile, pack, moment or zone.
        corrin.packs.finding.ContentProblem: the content of a pack cannot be used.
    """
    from corrin.comparison.difference import Differ
    from corrin.facts.case import Reading, Subject
    from corrin.packs.library import open_library
    from corrin.packs.versions import NoSuchPack

    where = zone_of(zone)
    if as_of is not None:
        moment_of(as_of, Reading(Subject()), where)  # told at once when it is none
    library = open_library().sound()
    try:
        differ = Differ(library, profile_of(library, profile), before, after, __version__)
    except NoSuchPack as error:
        raise UsageError(error.message, error.hint) from error
    if data is None:
        return differ.words()
    return differ.over(_cases(data, as_of, profile, where), as_of)


def _cases(
    data: Path, as_of: str | None, profile: str, zone: tzinfo
) -> Iterator[tuple[str, Case | Unread]]:
    """Every case of a folder; whatever is wrong with one is its own trouble only."""
    from corrin import intake
    from corrin.comparison.cohort import Unread
    from corrin.intake.problem import IntakeError

    today = now(zone)
    for name, content in _contents(data):
        if isinstance(content, OSError):
            yield name, Unread("unreadable", f"{content.strerror or 'It cannot be read'}.")
            continue
        if _is_part(name, content):
            yield name, Unread("not-a-bundle", NOT_A_BUNDLE)
            continue
        try:
            reading = intake.read(content, zone=zone)
            if as_of is None and reading.evaluation_time is None:
                when = today
            else:
                when = moment_of(as_of, reading, zone)
            yield name, choose_reading(reading, when, profile)
        except IntakeError as error:
            first = error.problems[0]
            yield name, Unread(first.reason, first.sentence)
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
            yield name, Unread("fault", f"A fault of Corrin itself ({type(error).__name__}).")


def _is_part(name: str, content: bytes) -> bool:
    """Whether a line holds one resource of somebody, as the files of an export do."""
    file, _, line = name.lower().rpartition(":")
    if not (file.endswith(MANY) and line.isdecimal()):
        return False
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return False  # the reading says what is wrong with it
    kind = found.get("resourceType") if isinstance(found, dict) else None
    return isinstance(kind, str) and kind not in ("Bundle", "Parameters")


def _contents(data: Path) -> Iterator[tuple[str, bytes | OSError]]:
    from corrin.intake.limits import Limits

    most = Limits().bytes
    folder = data if data.is_dir() else data.parent
    files = sorted(data.rglob("*")) if data.is_dir() else [data]
    for file in files:
        if file.suffix.lower() not in (ONE, MANY) or not file.is_file():
            continue
        name = file.relative_to(folder).as_posix()
        try:
            with file.open("rb") as opened:
                if file.suffix.lower() == ONE:
                    yield name, opened.read(most + 1)
                    continue
                for number, line in _lines(opened, most):
                    yield f"{name}:{number}", line
        except OSError as error:
            yield name, error


def _lines(opened: IO[bytes], most: int) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, with their numbers; of one too long only its beginning."""
    number = 0
    while line := opened.readline(most + 1):
        number += 1
        rest = line
        while len(rest) > most and not rest.endswith(b"\n"):
            rest = opened.readline(most + 1)
        if line.strip():
            yield number, line
