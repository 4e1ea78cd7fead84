"""What ``corrin batch`` was asked for, checked before anything is read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from corrin.cli.batch_options import Engine, Form
from corrin.cli.choice import is_service
from corrin.cli.trouble import ExitCode, Stopped, Trouble

_SIZES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}
_SIZE = re.compile(r"(?P<number>\d+)\s*(?P<unit>[kmg]i?)?b?", re.IGNORECASE | re.ASCII)


def moment(as_of: str | None) -> str:
    """The moment that was named; there has to be one.

    Raises:
        Stopped: it cannot be used (exit code 2).
    """
    if as_of is None:
        raise Stopped(
            ExitCode.USAGE,
            Trouble(
                "The moment is missing.",
                "--as-of",
                "By the clock, two runs over one export would tell different things.",
                "Name the day the export was made (--as-of 2026-11-01), or each-result.",
            ),
        )
    return as_of


def base(base: str | None, form: Form) -> str | None:
    """The URL of the service; ``None`` where none was named.

    Raises:
        Stopped: it cannot be used (exit code 2).
    """
    if base is None:
        return None
    if form is not Form.FHIR:
        why, do = "It is of --format fhir.", "Leave it out, or write FHIR."
    elif not is_service(base):
        why, do = "It is not the URL of a service.", "Write it as https://cds.example.org."
    else:
        return base.rstrip("/")
    raise Stopped(ExitCode.USAGE, Trouble("The base cannot be used.", "--base", why, do))


def known_encoding(encoding: str | None) -> None:
    """Check that there is such an encoding.

    Raises:
        Stopped: it cannot be used (exit code 2).
    """
    if encoding is None:
        return
    try:
        "".encode(encoding)
    except (LookupError, ValueError) as error:
        raise Stopped(
            ExitCode.USAGE,
            Trouble(
                "There is no such encoding of text.",
                "--encoding",
                do="Name one as utf-8, latin-1 or cp1252 do.",
            ),
        ) from error


def known_lists(complete: Iterable[str]) -> None:
    """Check that these lists can be called complete.

    Raises:
        Stopped: it cannot be used (exit code 2).
    """
    if set(complete) - {"medicines"}:
        raise Stopped(
            ExitCode.USAGE,
            Trouble(
                "There is no such list to call complete.",
                "--complete",
                do="Say medicines, or leave it out.",
            ),
        )


def place(out: str | None, dry_run: bool) -> str:
    """The folder of the dataset; a look needs none.

    Raises:
        Stopped: it cannot be used (exit code 2).
    """
    if out is None and not dry_run:
        raise Stopped(
            ExitCode.USAGE,
            Trouble(
                "The folder of the dataset is missing.", "--out", do="Name one: --out answers."
            ),
        )
    return out or ""


def size(said: str | None) -> int:
    """A size in bytes; 0 where none was named.

    Raises:
        Stopped: it cannot be used (exit code 2).
    """
    if said is None:
        return 0
    match = _SIZE.fullmatch(said.strip())
    if match is None:
        raise Stopped(
            ExitCode.USAGE,
            Trouble("The size was not understood.", "--memory", do="Write it as 2GiB or 512MiB."),
        )
    return int(match["number"]) * _SIZES[(match["unit"] or "").lower()]


def cluster(master: str | None, engine: Engine) -> str | None:
    """Where Spark runs, if that was named.

    Raises:
        Stopped: another engine was asked for (exit code 2).
    """
    if master is not None and engine is not Engine.SPARK:
        raise Stopped(
            ExitCode.USAGE,
            Trouble(
                "The master cannot be used.",
                "--master",
                "It is of --engine spark; this machine alone would do the work.",
                "Add --engine spark, or leave it out.",
            ),
        )
    return master
