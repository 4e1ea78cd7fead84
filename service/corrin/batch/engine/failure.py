"""Errors of any kind as what stopped a run: what, where, why, what to do."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Sequence

import pyarrow as pa

from corrin import terminology
from corrin.batch.outcome import CountMismatch, RunFailed
from corrin.batch.sources.source import InputError
from corrin.fault import known_by

_FULL = (errno.ENOSPC, errno.EDQUOT)
_ERRNO = re.compile(r"\berrno (\d+)", re.IGNORECASE)
_RESUME = "All that was finished is kept: run the same command again with --resume."


def failure(error: BaseException) -> RunFailed:
    """What to tell of an error; of one that is ours, nothing of its message."""
    match error:
        case RunFailed():
            return error
        case CountMismatch(files=files, read=rows, ended=ended):
            return RunFailed(
                "fault",
                "Rows went in that did not come out; the answers are not to be used.",
                ", ".join(files[:5]) + (" and others" if len(files) > 5 else ""),
                f"{rows:,} rows read, {ended:,} accounted for as used, superseded, not ours or "
                "refused.",
                "Report it with `corrin --version` and the format of the file.",
            )
        case MemoryError() | pa.ArrowMemoryError():
            return RunFailed(
                "file",
                "There is not enough memory.",
                why="A process asked for more than it was given.",
                do=f"Give it more, or use fewer --workers. {_RESUME}",
                resumable=True,
            )
        case OSError():
            return _of_disk(error)
        case _:
            found = known_by(error)
            return RunFailed(
                "fault",
                "A fault of Corrin itself stopped this.",
                found.place,
                f"{found.kind}, fault {found.number}",
                "Report the fault number, the place and `corrin --version` to whoever maintains "
                "this installation. Do not send the results of a patient with it.",
            )


def errno_of(error: OSError) -> int | None:
    """The number of an error of the system; Arrow tells it only in words."""
    if error.errno is not None:
        return error.errno
    found = _ERRNO.search(str(error))
    return int(found[1]) if found else None


def is_full(error: OSError) -> bool:
    """Whether a disk, or a quota of it, is full."""
    return errno_of(error) in _FULL


def _of_disk(error: OSError) -> RunFailed:
    number = errno_of(error)
    why = error.strerror or ("" if number is None else os.strerror(number))
    if number in _FULL:
        return RunFailed(
            "file", "The disk is full.", why=f"{why}.",
            do=f"Free some space. {_RESUME}", resumable=True,
        )  # fmt: skip
    where = error.filename if isinstance(error.filename, str) else ""
    return RunFailed(
        "file",
        "A file of the dataset cannot be written or read.",
        where,
        f"{why}." if why else "",
        f"See to the disk. {_RESUME}",
        resumable=True,
    )


def nothing_to_read(inputs: Sequence[str], problems: Sequence[InputError]) -> RunFailed:
    """Why there is nothing to read, in words."""
    reasons = terminology.load().reasons
    do = (
        "Name files or folders of an export; --input-format says what they are where that "
        "cannot be told."
    )
    if problems:
        do = problems[0].hint or reasons[problems[0].reason].remedy
    why = " ".join(
        f"{one.file}: {reasons[one.reason].sentence} [{one.reason}]" for one in problems[:5]
    )
    return RunFailed(
        "input",
        "There is nothing to read.",
        ", ".join(inputs[:5]),
        why or "No file in it is one that is read here.",
        do,
    )
