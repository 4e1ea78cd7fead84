"""How ``corrin batch`` ends before its time: what stopped it, and how to go on."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from corrin.cli.trouble import ExitCode, Stopped, Trouble, of

if TYPE_CHECKING:
    from corrin.batch.outcome import RunFailed


class Ended(BaseException):
    """Told to end (SIGTERM)."""


@contextmanager
def told() -> Iterator[None]:
    """Errors of the rooms as what stopped the command."""
    from corrin.batch.outcome import RunFailed

    try:
        yield
    except RunFailed as error:
        raise _failed(error) from error
    except Exception as error:
        raise of(error) from error


@contextmanager
def ending() -> Iterator[None]:
    """Ctrl-C and SIGTERM end a run in order, and it is said how to go on."""

    def end(number: int, frame: object) -> None:
        raise Ended

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt as error:
        raise _interrupted(ExitCode.INTERRUPTED) from error
    except Ended as error:
        raise _interrupted(ExitCode.TERMINATED) from error
    finally:
        signal.signal(signal.SIGTERM, before)


def _failed(error: RunFailed) -> Stopped:
    codes = {
        "usage": ExitCode.USAGE,
        "input": ExitCode.INPUT,
        "file": ExitCode.FILE,
        "fault": ExitCode.FAULT,
    }
    return Stopped(codes[error.kind], Trouble(error.what, error.where, error.why, error.do))


def _interrupted(code: ExitCode) -> Stopped:
    again = [one for one in sys.argv[1:] if one != "--resume"]
    return Stopped(
        code,
        Trouble(
            "The run was ended before it was done.",
            why="All that was finished is kept.",
            do=f"Go on with: corrin {shlex.join(again)} --resume",
        ),
    )


def not_installed(error: ImportError) -> Stopped:
    """What stops the command where a package is lacking."""
    if (error.name or "corrin").partition(".")[0] == "corrin":
        return of(error)
    return Stopped(
        ExitCode.USAGE,
        Trouble(
            "The batch is not installed.",
            why=f"There is no module {error.name}.",
            do="Install Corrin with its batch: pip install 'corrin[batch]'",
        ),
    )
