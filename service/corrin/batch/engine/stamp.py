"""What a run was asked for, of which inputs: so that one that is resumed is the same run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from corrin import __version__
from corrin.batch.engine.plan import Plan
from corrin.batch.outcome import RunFailed
from corrin.batch.run import Job
from corrin.batch.sources.source import InputError, Source

_HEAD = 64 * 1024
_INPUTS, _ASKED, _MADE_BY = "inputs", "asked", "made_by"


def stamp(job: Job, plan: Plan, rules: str) -> dict[str, Any]:
    """What makes one run: what is asked, by which rules, of which inputs, with what it is made."""
    named = (job.options.mapping, job.options.codes)
    return {
        _MADE_BY: {"corrin": __version__, "pyarrow": pa.__version__},
        _ASKED: {
            "question": asdict(job.question) | {"packs": list(job.question.packs)},
            "rules": rules,
            "format": job.format,
            "input_format": job.input_format,
            "options": asdict(job.options),
            "files": [file_stamp(name) for name in named if name is not None],
            "partitions": plan.partitions,
            "chunks": len(plan.chunks),
        },
        _INPUTS: {one.name: source_stamp(one) for one in plan.sources},
    }


def source_stamp(source: Source) -> list[Any]:
    """What tells one state of an input from another."""
    return [source.format, *(file_stamp(path) for path in source.files())]


def file_stamp(path: str) -> list[Any]:
    """Size, time of change and a digest of the first bytes; nothing of a file that is not there."""
    try:
        with open(path, "rb") as file:
            head = hashlib.sha256(file.read(_HEAD)).hexdigest()
        found = Path(path).stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns, head]


def same(before: dict[str, Any], now: dict[str, Any], out: Path) -> None:
    """Check that a run that is resumed is the one that was begun.

    Raises:
        RunFailed: it is not; says in what.
    """
    if before[_MADE_BY] != now[_MADE_BY]:
        said = ", ".join(f"{name} {version}" for name, version in before[_MADE_BY].items())
        raise _other(out, "It was begun by another version.", f"Resume it with {said}.")
    was, is_ = before[_INPUTS], now[_INPUTS]
    changed = sorted(name for name in was if name in is_ and was[name] != is_[name])
    gone, new = sorted(was.keys() - is_.keys()), sorted(is_.keys() - was.keys())
    if changed or gone or new:
        parts = (("changed", changed), ("gone", gone), ("new", new))
        why = "; ".join(f"{word}: {_listed(names)}" for word, names in parts if names)
        raise _other(out, f"Inputs are not what they were when it was begun; {why}.")
    if before[_ASKED] != now[_ASKED]:
        names = sorted(
            name for name in now[_ASKED] if now[_ASKED][name] != before[_ASKED].get(name)
        )
        raise _other(out, f"It was asked for something else; what differs: {', '.join(names)}.")


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} others" if len(names) > 5 else "")


def _other(out: Path, why: str, do: str = "") -> RunFailed:
    return RunFailed(
        "usage",
        "The run in that folder cannot be gone on with.",
        str(out),
        why,
        do or "Begin again in another folder, or bring the old state back.",
    )


def changed_since(sources: Iterable[Source], stamped: dict[str, Any]) -> tuple[InputError, ...]:
    """The inputs that were changed while the run read them; one that is gone tells of itself."""
    found = []
    for one in sources:
        before, now = stamped[_INPUTS][one.name], source_stamp(one)
        if [] not in now and now != before:
            found.append(InputError(one.name, "input-changed"))
    return tuple(found)
